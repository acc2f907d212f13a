"""The reference server of the standard library: one process, one request at a time.

Pure.
"""

from __future__ import annotations

import signal

from supervisor.servers.base import Launch, Mode, StopStep
from supervisor.servers.command import typed


def argv(launch: Launch) -> list[str]:
    """It has no command line of its own; our launcher calls ``make_server``."""
    return ["wsgiref", launch.target]


def production(launch: Launch) -> str:
    """What one would type: nobody runs it in production, so this is the shortest program that does the same."""
    module, _, attribute = launch.target.partition(":")
    imports = f"from {module} import {attribute} as app"
    app = "app()" if launch.factory else "app"
    if launch.adapted:
        imports += "; from a2wsgi import ASGIMiddleware"
        app = f"ASGIMiddleware({app})"
    serve = f"make_server({launch.host!r}, {launch.port}, {app}).serve_forever()"
    return typed("python", "-c", f"from wsgiref.simple_server import make_server; {imports}; {serve}")


WSGIREF = Mode(
    slug="wsgiref",
    title="wsgiref, the reference server",
    interface="WSGI",
    needs=(),
    argv=argv,
    production=production,
    # During a request SIGINT is taken for the application's failure, and it serves on; hence SIGTERM after it.
    stop=(StopStep(signal=signal.SIGINT, wait=2.0), StopStep(signal=signal.SIGTERM, wait=1.0)),
    graceful_signals=(signal.SIGINT,),
    why="The standard library's own: the contract at its barest, one request at a time. Not for production.",
)
