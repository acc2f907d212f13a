"""Hypercorn: one process with an event loop, or a master with several; for ASGI, and for WSGI in a pool of threads.

Pure. The facts are those of hypercorn 0.14 to 0.18. Its master never replaces a worker: the first one that ends,
however that happened, takes all the others and the master with it, and the exit status is 0. Starting again is up to
us.
"""

from __future__ import annotations

import signal
from dataclasses import replace

from supervisor.servers.base import Launch, Mode, StopStep
from supervisor.servers.command import mounted, typed, with_adapter

ROOT_PATH = "--root-path"


def _workers(launch: Launch) -> str:
    """``0`` is one process that serves; ``1``, its default, would be one that serves and a master above it."""
    return str(launch.workers) if launch.workers > 1 else "0"


def _name(launch: Launch, interface: str) -> str:
    """The target with its interface, which hypercorn would guess otherwise; a factory is written as a call."""
    return f"{interface}:{launch.target}{'()' if launch.factory else ''}"


def _argv(launch: Launch, interface: str) -> list[str]:
    command = ["hypercorn", "--bind", f"fd://{launch.fd}", "--workers", _workers(launch)]
    return [*command, *mounted(launch, ROOT_PATH), _name(launch, interface)]


def _production(launch: Launch, interface: str, middleware: str) -> str:
    command = ["hypercorn", "-b", f"{launch.host}:{launch.port}", "-w", _workers(launch)]
    command += mounted(launch, ROOT_PATH)
    if launch.adapted:
        return with_adapter(launch, middleware, [*command, f"{interface}:adapted:app"])
    return typed(*command, _name(launch, interface))


def asgi_argv(launch: Launch) -> list[str]:
    """The command line for an ASGI application."""
    return _argv(launch, "asgi")


def wsgi_argv(launch: Launch) -> list[str]:
    """The command line for a WSGI application."""
    return _argv(launch, "wsgi")


def asgi_production(launch: Launch) -> str:
    """What one would type for an ASGI application."""
    return _production(launch, "asgi", "WSGIMiddleware")


def wsgi_production(launch: Launch) -> str:
    """What one would type for a WSGI application."""
    return _production(launch, "wsgi", "ASGIMiddleware")


# SIGHUP would stop every worker before the first new one starts, hence no signal for a reload.
_STOP = (StopStep(signal=signal.SIGTERM, wait=8.0), StopStep(signal=signal.SIGINT, wait=1.0))

ASGI = Mode(
    slug="hypercorn",
    title="hypercorn",
    interface="ASGI",
    needs=("hypercorn",),
    argv=asgi_argv,
    production=asgi_production,
    workers=True,
    stop=_STOP,
    graceful_signals=(signal.SIGTERM,),  # by which its master ends whom it does not wait for
    master=True,
    master_from=2,
    ends_together=True,
    root_option=ROOT_PATH,
    why="An event loop in each process, HTTP/2 as well; when one worker dies, it ends them all and is started again.",
)

WSGI = replace(
    ASGI,
    slug="hypercorn-wsgi",
    title="hypercorn, for WSGI",
    interface="WSGI",
    argv=wsgi_argv,
    production=wsgi_production,
    why="Each request in a thread of a pool beside the event loop, which reads the whole body first.",
)
