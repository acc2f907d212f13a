"""Where a window's supervisor listens, and which one a restarted window takes over.

No Qt. The socket is ``<runtime directory>/<session>-<pid of the window>.sock``, in the folder where the command line
looks for supervisors too. A supervisor whose window died keeps its applications running; the next window of the same
session claims it by giving the socket its own name, which only one window can do.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

_NAME = re.compile(r"(?P<session>[a-z0-9]+)-(?P<pid>[0-9]+)\.sock")


class UnsafeFolderError(Exception):
    """The folder for sockets could be entered by somebody else; says why and what to do."""


def runtime_folder() -> Path:
    """``$XDG_RUNTIME_DIR/gatescope``, or a folder of the user's own below the temporary one."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and Path(given).is_dir() and os.access(given, os.W_OK):
        return Path(given) / "gatescope"
    return Path(tempfile.gettempdir()) / f"gatescope-{os.getuid()}"


def secure(folder: Path) -> Path:
    """``folder``, made if need be, when nobody but this user can enter it. Raises UnsafeFolderError or OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafeFolderError(f"{folder} is not a folder. Remove it and start again.")
    if found.st_uid != os.getuid():
        raise UnsafeFolderError(f"{folder} belongs to another user. Remove it, or set XDG_RUNTIME_DIR.")
    if found.st_mode & 0o077:
        raise UnsafeFolderError(f"Other users can enter {folder}. Close it with: chmod 700 {folder}")
    return folder


def session_key(what: str) -> str:
    """A short name for a session, from what it is about: a project's folder, a trace, the demo, or nothing."""
    return "w" + hashlib.sha256(what.encode()).hexdigest()[:10]


def claim(folder: Path, session: str, pid: int, alive: Callable[[int], bool]) -> Path:
    """The socket for the window ``pid``: one that a dead window of the session left, renamed, or a fresh name.

    ``alive`` tells whether a process is there. A supervisor may be listening at the path returned, or not.
    """
    mine = folder / f"{session}-{pid}.sock"
    for path in sorted(folder.glob(f"{session}-*.sock")):
        matched = _NAME.fullmatch(path.name)
        if matched is None or path == mine or alive(int(matched["pid"])):
            continue
        try:
            path.rename(mine)
        except FileNotFoundError:  # another window was quicker
            continue
        return mine
    return mine


def alive(pid: int) -> bool:
    """Whether a process of that id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
