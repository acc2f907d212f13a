"""Uvicorn: one process with an event loop, or a master with several.

Pure. The facts are those of uvicorn 0.32 to 0.54.
"""

from __future__ import annotations

import signal

from supervisor.servers.base import Launch, Mode, StopStep
from supervisor.servers.command import mounted, typed, with_adapter

#: Puts the path in front of every request's, as if a proxy had taken it off.
ROOT_PATH = "--root-path"


def argv(launch: Launch) -> list[str]:
    """The command line. The number of workers is always given: ``WEB_CONCURRENCY`` would decide otherwise."""
    factory = ["--factory"] if launch.factory else []
    command = ["uvicorn", "--fd", str(launch.fd), "--workers", str(launch.workers)]
    return [*command, *mounted(launch, ROOT_PATH), *factory, launch.target]


def production(launch: Launch) -> str:
    """What one would type."""
    command = ["uvicorn", "--host", launch.host, "--port", str(launch.port)]
    if launch.workers > 1:
        command += ["--workers", str(launch.workers)]
    command += mounted(launch, ROOT_PATH)
    if launch.adapted:
        return with_adapter(launch, "WSGIMiddleware", [*command, "adapted:app"])
    return typed(*command, *(["--factory"] if launch.factory else []), launch.target)


UVICORN = Mode(
    slug="uvicorn",
    title="uvicorn",
    interface="ASGI",
    needs=("uvicorn",),
    companions=("wsproto",),  # WebSockets: without it, or websockets, uvicorn refuses them
    argv=argv,
    production=production,
    workers=True,
    reload=signal.SIGHUP,
    more=signal.SIGTTIN,
    fewer=signal.SIGTTOU,
    # A second SIGINT forces a single process out; a master with a blocked worker never ends by itself.
    stop=(StopStep(signal=signal.SIGTERM, wait=8.0), StopStep(signal=signal.SIGINT, wait=1.0)),
    graceful_signals=(signal.SIGTERM, signal.SIGINT),  # it raises the signal again once everything is cleaned up
    master=True,
    master_from=2,
    tries_again=True,
    boot_line=r"Error loading ASGI app|Application startup failed",
    asgi2=True,
    root_option=ROOT_PATH,
    why="An event loop runs many requests at a time in each process.",
)
