"""What each server tells an application that is mounted somewhere, and that nothing on the wire is changed for it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from supervisor.control.client import ControlClient
from supervisor.control.messages import Finished, SwitchMode
from supervisor.servers.catalogue import MODES
from tests.support.load import ask
from tests.support.program import gatescope, running

TOLD = """
import json


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([environ["SCRIPT_NAME"], environ["PATH_INFO"]]).encode()]


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("none")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps([scope["root_path"], scope["path"]]).encode()})
"""

#: What the application is told when the client asks for /api/x and for /x; a number: the answer's status.
EXPECTED: dict[str, tuple[object, object]] = {
    "waitress": (["/api", "/x"], ["/api", "/x"]),
    "gunicorn-sync": (["/api", "/x"], 500),
    "gunicorn-gthread": (["/api", "/x"], 500),
    "gunicorn-gevent": (["/api", "/x"], 500),
    "granian-wsgi": (["/api", "/x"], ["/api", "/"]),  # it cuts off as many letters, whatever they are
    "hypercorn-wsgi": (["/api", "/x"], 404),
    "uvicorn": (["/api", "/api/api/x"], ["/api", "/api/x"]),
    "gunicorn-asgi": (["/api", "/api/x"], ["/api", "/x"]),
    "hypercorn": (["/api", "/api/x"], ["/api", "/x"]),
    "granian": (["/api", "/api/x"], ["/api", "/x"]),
    "daphne": (["/api", "/api/x"], ["/api", "/x"]),
}


def told(url: str) -> object:
    status, body = ask(url)
    return json.loads(body) if status == 200 else status


@pytest.mark.parametrize("interface", ["WSGI", "ASGI"])
def test_what_the_application_is_told(interface: str, tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(TOLD)
    modes = [mode for mode in EXPECTED if MODES[mode].interface == interface]
    arguments = (f"told:{interface.lower()}", "--mode", modes[0], "--root-path", "api/")
    with running(*arguments, cwd=tmp_path) as run, ControlClient(Path(run.control)) as client:
        for mode in modes:
            reply = client.ask(SwitchMode(id=client.next_id(), mode=mode))
            assert isinstance(reply, Finished)
            assert reply.app is not None
            assert (reply.app.mode, reply.app.root_path) == (mode, "/api")
            assert "/api" in reply.app.command
            assert (mode, (told(f"{run.url}/api/x"), told(f"{run.url}/x"))) == (mode, EXPECTED[mode])
        passed = Counter(line["target"] for line in run.finished(2 * len(modes)))
        assert passed == {"/api/x": len(modes), "/x": len(modes)}


def test_servers_that_cannot_be_told(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(TOLD)
    for mode in sorted(set(MODES) - set(EXPECTED)):
        target = f"told:{MODES[mode].interface.lower()}"
        outcome = gatescope("run", target, "--mode", mode, "--root-path", "/api", cwd=tmp_path)
        assert outcome.returncode == 2
        assert f"{mode} has no option for the root path /api" in outcome.stderr
        assert "Take gunicorn-" in outcome.stderr
