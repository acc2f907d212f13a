"""What a mode is to the supervisor: its command lines, what it can do, and how it is told to.

Pure: values and functions from values; nothing here starts or signals anything.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What a command line is made from. ``fd`` is the listening socket that the server inherits."""

    target: str
    factory: bool
    interface: str  #: the target's: WSGI, ASGI3, ASGI2
    adapted: bool
    workers: int
    threads: int
    fd: int
    host: str
    port: int
    run_dir: str  #: private folder of the instance, for control sockets and the like
    version: str = ""  #: of the server, as installed in the target's environment; empty: unknown
    own_host: str = "127.0.0.1"
    own_port: int = 0  #: of the instance's own address, for a server that takes no descriptor and listens there itself
    command: str = ""  #: of the mode ``custom``, with its placeholders
    root_path: str = ""  #: what the application is mounted at, ``/api``; only for a mode that can be told


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep:
    """Send ``signal`` to the master, then wait at most ``wait`` seconds for everything to be gone."""

    signal: signal.Signals
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A way to run an application.

    ``needs``: distributions that the target's environment must have, the server's own first. ``argv``: the arguments
    (``argv[0]`` is the server's name) that our launcher gives the server, equal to the production command but for the
    socket. ``production``: the command one would type. ``reload``/``more``/``fewer``: the server's own signal for it,
    or None: a new instance is made.
    """

    slug: str
    title: str
    interface: str  #: "WSGI" or "ASGI": what the server speaks; empty: whatever the target is
    needs: tuple[str, ...]
    argv: Callable[[Launch], list[str]]
    production: Callable[[Launch], str]
    workers: bool = False
    threads: bool = False
    reload: signal.Signals | None = None
    more: signal.Signals | None = None
    fewer: signal.Signals | None = None
    stop: tuple[StopStep, ...] = ()
    graceful_signals: tuple[int, ...] = ()  #: signals that a worker's graceful end may show as (uvicorn: SIGTERM)
    master: bool = False  #: whether a master process stands apart from the workers
    master_from: int = 1  #: the number of workers from which on it does
    boot_line: str = ""  #: regular expression of a log line that says start-up failed
    default_threads: int = 1  #: where nobody says how many
    least: tuple[int, ...] = ()  #: the first version of the server (``needs[0]``) that has this mode
    takes_socket: bool = True  #: whether it serves on a descriptor that it inherits; else on ``Launch.own_port``
    asgi2: bool = False  #: whether it also calls ASGI 2 applications, for which it takes what it does not know
    ends_together: bool = False  #: whether its master ends, and all workers, when one worker does
    tries_again: bool = False  #: whether its master starts another worker for one that could not load the application
    companions: tuple[str, ...] = ()  #: distributions to lend besides where that can be done: without them it does less
    stops_together: bool = False  #: whether ``stop`` is for all its processes, as a terminal's Ctrl-C is
    unknown: bool = False  #: whether nobody knows beforehand what processes it will be, and if the probe will be inside
    lifespan: bool = True  #: ASGI: whether it tells the application of its startup and shutdown
    root_option: str = ""  #: the server's own for ``Launch.root_path``
    root_variable: str = ""  #: where it is an environment variable instead
    why: str = ""  #: who this mode is for, one sentence for somebody who chooses

    def has_master(self, workers: int) -> bool:
        """Whether a master process stands apart from that many workers."""
        return self.master and workers >= self.master_from
