"""What a command asks for, made of its words, the project's and what runs; and why that cannot be.

Nothing here starts, stops or waits for anything.
"""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from supervisor import arguments, commands, modes, mounting
from supervisor.arguments import server
from supervisor.boot import MORE_FILES
from supervisor.control.messages import Problem, StartApp, SwitchMode, WayOut
from supervisor.modes import Subject
from supervisor.policy import DRAIN_LIMIT
from supervisor.servers.base import Mode
from supervisor.setting import Setting
from supervisor.target.resolve import Resolved
from supervisor.target.settings import AppSettings
from supervisor.tree.ports import listener_of

if TYPE_CHECKING:
    from inspector.query import Query


class RefusalError(Exception):
    """A command that cannot be carried out; ``problem`` is for the user."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def started(command: StartApp, mode: Mode, said: AppSettings | None) -> Setting:
    """What the command says, else the project, else the least. Raises RefusalError."""
    workers, threads = command.workers, command.threads
    if said is not None:
        workers = said.workers if workers is None and mode.workers else workers
        threads = said.threads if threads is None and mode.threads else threads
    drain = said.drain if command.drain is None and said is not None else command.drain
    return Setting(
        mode=mode,
        workers=1 if workers is None else workers,
        threads=mode.default_threads if threads is None else threads,
        adapt=command.adapt or (said is not None and said.adapt),
        arguments=command.args or (said.args if said else ()),
        command=command.custom or (_command(mode, said) if mode.unknown else ""),
        root_path=mounting.normal(command.root_path or (said.root_path if said else "")),
        reload=command.reload or (said is not None and said.reload),
        drain=_drain(drain, DRAIN_LIMIT),
    )


def switched(command: SwitchMode, mode: Mode, old: Setting | None, said: AppSettings | None) -> Setting:
    """What the command says, else as it is, as far as the new mode can have it. Raises RefusalError."""
    arguments = command.args
    if arguments is None:
        arguments = old.arguments if old and server(old.mode) == server(mode) else ()
    threads = old.threads if old and old.mode.threads and mode.threads else mode.default_threads
    root_path = command.root_path if command.root_path is not None else old.root_path if old else ""
    reload = command.reload if command.reload is not None else old is not None and old.reload
    return Setting(
        mode=mode,
        workers=command.workers or (old.workers if old and mode.workers else 1),
        threads=command.threads or threads,
        adapt=command.adapt or (old is not None and old.adapt and old.mode is mode),
        arguments=arguments,
        command=command.custom or (_command(mode, said, old) if mode.unknown else ""),
        root_path=mounting.normal(root_path),
        reload=reload,
        drain=_drain(command.drain, old.drain if old else DRAIN_LIMIT),
    )


def _drain(asked: int | None, otherwise: float) -> float:
    if asked is not None and asked < 0:
        raise RefusalError(Problem(what=f"{asked} seconds to finish in?", why="It must be 0 or more.", usage=True))
    return otherwise if asked is None else asked


def _command(mode: Mode, said: AppSettings | None, old: Setting | None = None) -> str:
    """The command that runs already in ``mode``, or the project's."""
    if old is not None and old.mode is mode:
        return old.command
    return said.command if said is not None else ""


def refusal(resolved: Resolved, setting: Setting) -> Problem | None:
    """Why ``resolved`` cannot be run as ``setting`` says, or None."""
    mode = setting.mode
    return (
        modes.refusal(mode, resolved.subject, workers=setting.workers, threads=setting.threads, adapt=setting.adapt)
        or arguments.refusal(mode, setting.arguments)
        or commands.refusal(mode, setting.command, resolved)
        or mounting.refusal(mode, setting.root_path, setting.arguments)
    )


def captured(text: str) -> Query | None:
    """The filter of a recording; None: everything is kept. Raises RefusalError, which shows the place."""
    from inspector.query import QueryError  # few runs have a filter
    from inspector.query.capturing import parse_capture

    try:
        return parse_capture(text)
    except QueryError as error:
        marked = f"{text}\n{' ' * error.position}{'^' * max(1, error.end - error.position)}"
        what = f"Nothing can be captured by this filter: {error.message}."
        raise RefusalError(Problem(what=what, detail=marked, usage=True)) from None


def mode_called(slug: str) -> Mode:
    """The mode. Raises RefusalError."""
    found = modes.find(slug)
    if isinstance(found, Problem):
        raise RefusalError(found)
    return found


def no_mode(subject: Subject) -> RefusalError:
    """Neither the command nor the project names a mode for ``subject``."""
    way = WayOut(text="Or see all modes that there are for it.", command="gatescope modes TARGET")
    why = "The project's settings name none for it either."
    ways = (*modes.likely(subject), way)
    return RefusalError(Problem(what="Say in which mode.", why=why, ways_out=ways, usage=True))


def address(listen: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``, ``PORT`` or nothing. Raises RefusalError."""
    if not listen:
        return "127.0.0.1", 0
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        why = "The form is HOST:PORT, for example 127.0.0.1:8000; port 0 takes a free one."
        raise RefusalError(Problem(what=f"{listen!r} is not an address.", why=why, usage=True))
    return host.strip("[]") or "127.0.0.1", int(port)


def taken(host: str, port: int, error: OSError) -> Problem:
    """The words for an address that could not be had."""
    who = listener_of(port) if port else ""
    why = f"{who} listens there." if who else f"{error.strerror or error}."
    way = WayOut(text="Take another port, or 0 for a free one.", command="--listen 127.0.0.1:0")
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        why = f"{host} is no address of this machine." if error.errno == errno.EADDRNOTAVAIL else why
        text = "Take one of this machine's: 127.0.0.1 for itself alone, 0.0.0.0 for all that reach it."
        way = WayOut(text=text, command=f"--listen 127.0.0.1:{port}")
    elif error.errno in (errno.EACCES, errno.EPERM):
        way = WayOut(
            text="Ports below 1024 are mostly the administrator's; take one above.", command="--listen 127.0.0.1:8000"
        )
    elif error.errno in (errno.EMFILE, errno.ENFILE):
        way = MORE_FILES
    return Problem(what=f"Cannot listen on {host}:{port}.", why=why, ways_out=(way,))
