"""A server of its own for one demo application, without Gatescope: waitress for WSGI, uvicorn for ASGI."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType

DEMO = Path(__file__).parents[2] / "resources" / "demo"
DEMOS = json.loads((DEMO / "demos.json").read_text())

WAITRESS = """
import importlib, socket, sys, waitress
sys.path.insert(0, "")
module, _, name = sys.argv[2].partition(":")
waitress.serve(getattr(importlib.import_module(module), name), sockets=[socket.socket(fileno=int(sys.argv[1]))])
"""


class PlainServer:
    """The server inherits a listening socket: connections wait in its backlog until it accepts them.

    ``argv`` is what follows the interpreter; ``FD`` in it stands for the socket's number, and the target comes last.
    ``target`` in ``folder`` is served in place of the demo's.
    """

    def __init__(
        self, name: str, *argv: str, output: int = subprocess.DEVNULL, target: str = "", folder: Path = DEMO
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            fd = listener.fileno()
            # What asyncio does for sockets that it opened itself; without it, 40 ms pass between head and body.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.host = f"127.0.0.1:{listener.getsockname()[1]}"
            self.url = f"http://{self.host}"
            options = [part.replace("FD", str(fd)) for part in argv or usual(name)]
            command = [sys.executable, *options, target or DEMOS[name]["target"]]
            env = {"PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}
            self.process = subprocess.Popen(
                command, cwd=folder, env=env, pass_fds=[fd], stdout=output, stderr=subprocess.STDOUT, text=True
            )

    def stop(self) -> None:
        self.process.terminate()  # gunicorn's workers go with their master, which is why it comes before SIGKILL
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:  # /hang keeps a server from ending by itself
            self.process.kill()
        self.process.communicate()

    def __enter__(self) -> PlainServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def usual(name: str) -> list[str]:
    """The plain server of a demo's interface."""
    if DEMOS[name]["interface"] == "WSGI":
        return ["-c", WAITRESS, "FD"]
    return ["-m", "uvicorn", "--fd", "FD", "--timeout-graceful-shutdown", "1"]
