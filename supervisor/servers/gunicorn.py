"""Gunicorn's modes: sync workers, threaded workers, greenlets, and for ASGI its own worker and uvicorn's.

Pure. The facts are those of gunicorn 20 to 27. An arbiter (its word for the master) always stands apart from the
workers.
"""

from __future__ import annotations

import signal
from dataclasses import replace

from supervisor.servers.base import Launch, Mode, StopStep
from supervisor.servers.command import mounted, typed, version_tuple, with_adapter

#: The control socket came with 25.1. Its default path is one for all gunicorns of a user, the second of which takes the
#: first's away, so each gets a private one.
CONTROL_SOCKET_SINCE = (25, 1)

#: The ASGI worker came with 24 and was declared stable in 25.1.
ASGI_SINCE = (25, 1)

#: Of its own ASGI workers. For WSGI it reads the environment; uvicorn's workers take neither.
ROOT_PATH = "--root-path"
ROOT_VARIABLE = "SCRIPT_NAME"


def _name(launch: Launch) -> str:
    """Gunicorn calls a factory itself when the target is written as a call."""
    return f"{launch.target}()" if launch.factory else launch.target


def _workers(launch: Launch, kind: str) -> list[str]:
    """The options that choose the workers, all given: else ``WEB_CONCURRENCY`` or a config file would decide."""
    threads = launch.threads if kind == "gthread" else 1
    return ["--worker-class", kind, "--workers", str(launch.workers), "--threads", str(threads)]


def _argv(launch: Launch, kind: str) -> list[str]:
    control: list[str] = []
    if version_tuple(launch.version) >= CONTROL_SOCKET_SINCE:
        control = ["--control-socket", f"{launch.run_dir}/gunicorn.ctl"]
    root = mounted(launch, ROOT_PATH) if kind == "asgi" else []
    return ["gunicorn", "--bind", f"fd://{launch.fd}", *_workers(launch, kind), *control, *root, _name(launch)]


def _production(launch: Launch, kind: str, middleware: str) -> str:
    short = ["-k", kind, "-w", str(launch.workers)]
    if kind == "gthread":
        short += ["--threads", str(launch.threads)]
    if kind == "asgi":
        short += mounted(launch, ROOT_PATH)
    variable = [f"{ROOT_VARIABLE}={launch.root_path}"] if launch.root_path and kind != "asgi" else []
    command = [*variable, "gunicorn", "-b", f"{launch.host}:{launch.port}", *short]
    if launch.adapted:
        return with_adapter(launch, middleware, [*command, "adapted:app"])
    return typed(*command, _name(launch))


def sync_argv(launch: Launch) -> list[str]:
    """The command line of sync workers."""
    return _argv(launch, "sync")


def gthread_argv(launch: Launch) -> list[str]:
    """The command line of threaded workers."""
    return _argv(launch, "gthread")


def gevent_argv(launch: Launch) -> list[str]:
    """The command line of workers with greenlets."""
    return _argv(launch, "gevent")


def asgi_argv(launch: Launch) -> list[str]:
    """The command line of gunicorn's own ASGI workers."""
    return _argv(launch, "asgi")


def uvicorn_argv(launch: Launch) -> list[str]:
    """The command line of uvicorn's workers."""
    return _argv(launch, "uvicorn_worker.UvicornWorker")


def sync_production(launch: Launch) -> str:
    """What one would type for sync workers."""
    return _production(launch, "sync", "ASGIMiddleware")


def gthread_production(launch: Launch) -> str:
    """What one would type for threaded workers."""
    return _production(launch, "gthread", "ASGIMiddleware")


def gevent_production(launch: Launch) -> str:
    """What one would type for workers with greenlets."""
    return _production(launch, "gevent", "ASGIMiddleware")


def asgi_production(launch: Launch) -> str:
    """What one would type for gunicorn's own ASGI workers."""
    return _production(launch, "asgi", "WSGIMiddleware")


def uvicorn_production(launch: Launch) -> str:
    """What one would type for uvicorn's workers."""
    return _production(launch, "uvicorn_worker.UvicornWorker", "WSGIMiddleware")


# The proxy has let the requests finish before the first step, so that these limits are for background work and for
# clean-up, and are shorter than gunicorn's own 30 s.
_STOP = (StopStep(signal=signal.SIGTERM, wait=8.0), StopStep(signal=signal.SIGQUIT, wait=2.0))

SYNC = Mode(
    slug="gunicorn-sync",
    title="gunicorn, sync workers",
    interface="WSGI",
    needs=("gunicorn",),
    argv=sync_argv,
    production=sync_production,
    root_variable=ROOT_VARIABLE,
    workers=True,
    reload=signal.SIGHUP,
    more=signal.SIGTTIN,
    fewer=signal.SIGTTOU,
    stop=_STOP,
    master=True,
    boot_line=r"Worker failed to boot|App failed to load",
    why="One request at a time in each worker process; the rest wait in the queue.",
)

GTHREAD = replace(
    SYNC,
    slug="gunicorn-gthread",
    title="gunicorn, threaded workers",
    argv=gthread_argv,
    production=gthread_production,
    threads=True,
    default_threads=4,
    why="Several requests at a time in each worker process, one a thread.",
)

GEVENT = replace(
    SYNC,
    slug="gunicorn-gevent",
    title="gunicorn, gevent workers",
    needs=("gunicorn", "gevent", "packaging"),  # the last came with gunicorn itself before 27
    argv=gevent_argv,
    production=gevent_production,
    why="Up to a thousand requests at a time in each worker process, one a greenlet; needs code that gevent can patch.",
)

UVICORN = replace(
    SYNC,
    slug="gunicorn-uvicorn",
    title="gunicorn with uvicorn workers",
    interface="ASGI",
    needs=("gunicorn", "uvicorn", "uvicorn-worker"),
    companions=("wsproto",),  # for uvicorn's WebSockets
    argv=uvicorn_argv,
    production=uvicorn_production,
    root_variable="",
    # SIGINT and SIGQUIT leave these workers serving for the whole graceful timeout, so nothing but SIGTERM is sent.
    stop=(StopStep(signal=signal.SIGTERM, wait=8.0),),
    graceful_signals=(signal.SIGTERM,),
    asgi2=True,
    why="Gunicorn looks after the worker processes; in each, uvicorn runs an event loop.",
)

ASGI = replace(
    SYNC,
    slug="gunicorn-asgi",
    title="gunicorn, its own ASGI workers",
    interface="ASGI",
    least=ASGI_SINCE,
    argv=asgi_argv,
    production=asgi_production,
    boot_line=rf"{SYNC.boot_line}|ASGI lifespan startup failed",
    root_variable="",
    root_option=ROOT_PATH,
    why="Gunicorn looks after the worker processes and runs the event loop in each itself, without uvicorn.",
)
