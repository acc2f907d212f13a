"""What each server tells an application that is mounted somewhere, and that nothing on the wire is changed for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("mode", EXPECTED)
def test_what_the_application_is_told(mode: str, tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(TOLD)
    target = f"told:{MODES[mode].interface.lower()}"
    with running(target, "--mode", mode, "--root-path", "api/", cwd=tmp_path) as run:
        assert (told(f"{run.url}/api/x"), told(f"{run.url}/x")) == EXPECTED[mode]
        assert "/api" in run.lines[0]["command"]
        assert {line["target"] for line in run.finished(2)} == {"/api/x", "/x"}


def test_servers_that_cannot_be_told(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(TOLD)
    for mode in sorted(set(MODES) - set(EXPECTED)):
        target = f"told:{MODES[mode].interface.lower()}"
        outcome = gatescope("run", target, "--mode", mode, "--root-path", "/api", cwd=tmp_path)
        assert outcome.returncode == 2
        assert f"{mode} has no option for the root path /api" in outcome.stderr
        assert "Take gunicorn-" in outcome.stderr
