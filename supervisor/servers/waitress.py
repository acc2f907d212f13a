"""Waitress: one process, a pool of threads.

Pure. The facts are those of waitress 3.
"""

from __future__ import annotations

import signal

from supervisor.servers.base import Launch, Mode, StopStep
from supervisor.servers.command import mounted, typed, with_adapter

ROOT_PATH = "--url-prefix"


def argv(launch: Launch) -> list[str]:
    """The command line. Its own has no option for a descriptor: our launcher passes the socket to ``serve``."""
    call = ["--call"] if launch.factory else []
    return ["waitress-serve", "--threads", str(launch.threads), *mounted(launch, ROOT_PATH), *call, launch.target]


def production(launch: Launch) -> str:
    """What one would type."""
    command = ["waitress-serve", "--listen", f"{launch.host}:{launch.port}", "--threads", str(launch.threads)]
    command += mounted(launch, ROOT_PATH)
    if launch.adapted:
        return with_adapter(launch, "ASGIMiddleware", [*command, "adapted:app"])
    return typed(*command, *(["--call"] if launch.factory else []), launch.target)


WAITRESS = Mode(
    slug="waitress",
    title="waitress",
    interface="WSGI",
    needs=("waitress",),
    argv=argv,
    production=production,
    threads=True,
    default_threads=4,
    root_option=ROOT_PATH,
    # SIGTERM would end it at once, with what it had in hand; SIGINT lets its threads finish.
    stop=(StopStep(signal=signal.SIGINT, wait=8.0), StopStep(signal=signal.SIGTERM, wait=1.0)),
    graceful_signals=(signal.SIGINT,),
    why="One process with a pool of threads; also runs where gunicorn does not, on Windows.",
)
