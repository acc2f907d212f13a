"""Granian: a master and workers whose HTTP is written in Rust; for ASGI and for WSGI.

Pure. The facts are those of granian 2. It takes no descriptor: its workers each listen at the instance's own port
(``SO_REUSEPORT``), which the supervisor keeps for it. Its default interface is one of its own (RSGI), so the interface
is always given.
"""

from __future__ import annotations

import signal
from dataclasses import replace

from supervisor.servers.base import Launch, Mode, StopStep
from supervisor.servers.command import mounted, typed, with_adapter

#: Seconds until its master kills a worker that does not end; without it, a hanging one keeps the master for ever.
KILL_TIMEOUT = 5
#: What came before has other insides, and no option for the above.
SINCE = (2, 0)
ROOT_PATH = "--url-path-prefix"


def _command(launch: Launch, interface: str, host: str, port: int) -> list[str]:
    # Without respawning the first death of a worker ends the whole server.
    return [
        "granian", "--interface", interface, "--host", host, "--port", str(port), "--workers", str(launch.workers),
        "--blocking-threads", str(launch.threads if interface == "wsgi" else 1), "--respawn-failed-workers",
        "--workers-kill-timeout", str(KILL_TIMEOUT), *mounted(launch, ROOT_PATH),
    ]  # fmt: skip


def _argv(launch: Launch, interface: str) -> list[str]:
    factory = ["--factory"] if launch.factory else []
    return [*_command(launch, interface, "127.0.0.1", launch.own_port), *factory, launch.target]


def _production(launch: Launch, interface: str, middleware: str) -> str:
    command = _command(launch, interface, launch.host, launch.port)
    if launch.adapted:
        return with_adapter(launch, middleware, [*command, "adapted:app"])
    return typed(*command, *(["--factory"] if launch.factory else []), launch.target)


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


_STOP = (StopStep(signal=signal.SIGTERM, wait=KILL_TIMEOUT + 2.0),)

ASGI = Mode(
    slug="granian",
    title="granian",
    interface="ASGI",
    needs=("granian",),
    least=SINCE,
    takes_socket=False,
    root_option=ROOT_PATH,
    argv=asgi_argv,
    production=asgi_production,
    workers=True,
    reload=signal.SIGHUP,
    stop=_STOP,
    graceful_signals=(signal.SIGTERM,),
    master=True,
    tries_again=True,
    boot_line=r"Worker crash loop detected|ASGI lifespan startup failed",
    why="HTTP in Rust around an event loop in each worker process.",
)

WSGI = replace(
    ASGI,
    slug="granian-wsgi",
    title="granian, for WSGI",
    interface="WSGI",
    argv=wsgi_argv,
    production=wsgi_production,
    threads=True,
    default_threads=4,
    boot_line=r"Worker crash loop detected",
    why="HTTP in Rust around a pool of threads in each worker process.",
)
