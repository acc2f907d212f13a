"""What an application is mounted at (ASGI's ``root_path``, WSGI's ``SCRIPT_NAME``), and which servers can be told.

Pure. It is the server that tells the application, each in its own way; what the proxy passes on stays as the client
sent it.
"""

from __future__ import annotations

import re

from supervisor.control.messages import Problem, WayOut
from supervisor.servers.base import Mode
from supervisor.servers.catalogue import MODES

#: Path segments without what a shell, a query or an escape would make of them.
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$'()*+,;=:@-]+)*")
#: Modes to offer at once.
_MOST = 3


def normal(root_path: str) -> str:
    """As servers want it: a slash before it and none after it; empty for the root."""
    inner = root_path.strip().strip("/")
    return f"/{inner}" if inner else ""


def refusal(mode: Mode, root_path: str, arguments: tuple[str, ...] = ()) -> Problem | None:
    """Why the server of ``mode`` cannot be told of ``root_path``, which is ``normal``, or None."""
    if not root_path:
        return None
    if not _PATH.fullmatch(root_path):
        why = "It is a path such as /api/v2: no query, no spaces, nothing escaped."
        return Problem(what=f"{root_path!r} is nothing to mount an application at.", why=why, usage=True)
    if mode.unknown:
        way = WayOut(text="Write the option of its own into the command, where it has one.")
        why = "What a command of yours tells the application is for its own options to say."
        return Problem(what=f"{mode.slug} cannot be given a root path.", why=why, ways_out=(way,), usage=True)
    if not _can_be_told(mode):
        return _not_told(mode, root_path)
    if mode.root_option in (one.partition("=")[0] for one in arguments):
        way = WayOut(text=f"Leave {mode.root_option} away from the arguments.")
        return Problem(what="The root path is given twice.", ways_out=(way,), usage=True)
    return None


def _can_be_told(mode: Mode) -> bool:
    return bool(mode.root_option or mode.root_variable)


def _not_told(mode: Mode, root_path: str) -> Problem:
    others = [one for one in MODES.values() if one.interface == mode.interface and _can_be_told(one)]
    others.sort(key=lambda one: one.slug.partition("-")[0] != mode.slug.partition("-")[0])  # the same server first
    ways = [WayOut(text=f"Take {one.slug}, which can be told.", mode=one.slug) for one in others[:_MOST]]
    text = "Or let the application know it by itself, as FastAPI(root_path=...) or a middleware of its own does."
    return Problem(
        what=f"{mode.slug} has no option for the root path {root_path}.",
        why="Its server always tells the application that it is mounted at the root.",
        ways_out=(*ways, WayOut(text=text)),
        usage=True,
    )
