"""Where control sockets lie, and which supervisors are running.

A socket is ``<runtime directory>/gatescope/<pid>.sock``. The directory is the user's alone: whoever can connect can run
programs as that user, so one that others could enter is refused, not repaired.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import tempfile
from pathlib import Path

#: ``sun_path`` of a Unix socket address holds 108 bytes on Linux, 104 elsewhere, with the final zero.
LONGEST_SOCKET_PATH = 103


class UnsafeDirectoryError(Exception):
    """The directory of the sockets belongs to, or can be entered by, somebody else."""


def runtime_directory() -> Path:
    """The user's own directory for sockets: ``$XDG_RUNTIME_DIR/gatescope``, or one below the temporary directory."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and Path(given).is_dir() and os.access(given, os.W_OK):
        return Path(given) / "gatescope"
    return Path(tempfile.gettempdir()) / f"gatescope-{os.getuid()}"


def secure(directory: Path) -> Path:
    """``directory``, made if need be, once it is sure that only this user can enter it.

    Raises UnsafeDirectoryError.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafeDirectoryError(f"{directory} is not a directory (a link does not count)")
    if found.st_uid != os.getuid():
        raise UnsafeDirectoryError(f"{directory} belongs to another user (uid {found.st_uid})")
    if found.st_mode & 0o077:
        raise UnsafeDirectoryError(
            f"{directory} can be entered by other users (mode {stat.S_IMODE(found.st_mode):o}); chmod it to 700"
        )
    return directory


def default_socket(pid: int) -> Path:
    """The control socket of the supervisor with that process id."""
    return runtime_directory() / f"{pid}.sock"


def running() -> list[Path]:
    """Sockets somebody answers on. Those of supervisors that were killed are removed."""
    directory = runtime_directory()
    if not directory.is_dir():
        return []
    return [path for path in sorted(directory.glob("*.sock")) if _answers(path)]


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return False
        except OSError:  # busy, or not ours: it is somebody's
            return False
    return True
