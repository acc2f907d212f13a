"""Daphne: one process with an event loop under Twisted; the server of Django Channels.

Pure. The facts are those of daphne 4. It has neither workers nor lifespan, and no option for a factory.
"""

from __future__ import annotations

import signal

from supervisor.servers.base import Launch, Mode, StopStep
from supervisor.servers.command import from_factory, mounted, typed, with_adapter

ROOT_PATH = "--root-path"


def argv(launch: Launch) -> list[str]:
    """The command line. A factory is called by our launcher."""
    return ["daphne", "--fd", str(launch.fd), *mounted(launch, ROOT_PATH), launch.target]


def production(launch: Launch) -> str:
    """What one would type."""
    command = ["daphne", "-b", launch.host, "-p", str(launch.port), *mounted(launch, ROOT_PATH)]
    if launch.adapted:
        return with_adapter(launch, "WSGIMiddleware", [*command, "adapted:app"])
    if launch.factory:
        return from_factory(launch, [*command, "made:app"])
    return typed(*command, launch.target)


DAPHNE = Mode(
    slug="daphne",
    title="daphne",
    interface="ASGI",
    needs=("daphne",),
    argv=argv,
    production=production,
    # It drops what it has in hand; the proxy has let that finish before.
    stop=(StopStep(signal=signal.SIGTERM, wait=4.0), StopStep(signal=signal.SIGINT, wait=1.0)),
    boot_line=r"Listen failure",
    asgi2=True,
    lifespan=False,
    root_option=ROOT_PATH,
    why="One process, the server of Django Channels; lifespan (startup and shutdown of the application) never runs.",
)
