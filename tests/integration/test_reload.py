"""``--reload``: changed files are loaded anew, beside what serves, of which nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.control.client import ControlClient
from supervisor.control.messages import AppStatus, GetStatus, StatusReported, StopApp
from tests.integration.lifecycle.scene import until
from tests.support.load import Load, ask
from tests.support.program import running

WSGI = """
from part import VERSION


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [VERSION]
"""
ASGI = """
from part import VERSION


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("none")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": VERSION})
"""


def status(client: ControlClient) -> AppStatus:
    reply = client.ask(GetStatus(id=client.next_id()))
    assert isinstance(reply, StatusReported)
    return reply.apps[0]


@pytest.mark.parametrize(("mode", "text"), [("gunicorn-sync", WSGI), ("uvicorn", ASGI)])
def test_changed_code_is_loaded_and_broken_code_is_not(tmp_path: Path, mode: str, text: str) -> None:
    part = tmp_path / "part.py"
    (tmp_path / "main.py").write_text(text)
    part.write_text("VERSION = b'first'\n")
    with (
        running("main:app", "--mode", mode, "--reload", cwd=tmp_path) as run,
        ControlClient(Path(run.control)) as client,
    ):
        first = status(client)
        assert first.reload
        load = Load(run.url, threads=2, pause=0.02)
        try:
            load.more(5)
            part.write_text("VERSION = b'the second'\n")
            until(lambda: ask(run.url) == (200, b"the second"), "the new code")
            assert status(client).instance > first.instance
            part.write_text("VERSION = b'the third'\nraise RuntimeError('the sky is falling')\n")
            problem = until(lambda: status(client).problem, "what is wrong")
            assert problem.what.startswith("The code changed (part.py) and could not be loaded;")
            assert "the sky is falling" in problem.why
            assert 'part.py", line 2' in problem.detail
            assert (status(client).state, ask(run.url)) == ("running", (200, b"the second"))
            part.write_text("VERSION = b'the fourth one'\n")
            until(lambda: ask(run.url) == (200, b"the fourth one"), "the mended code")
            assert status(client).problem is None
            load.more(5)
        finally:
            load.stop()
        assert load.failed == []
        client.ask(StopApp(id=client.next_id()))
        stopped = status(client)
        assert (stopped.state, stopped.reload) == ("stopped", False)


def test_what_a_project_says(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(WSGI)
    (tmp_path / "part.py").write_text("VERSION = b'1'\n")
    (tmp_path / "pyproject.toml").write_text(
        "[tool.gatescope.apps.x]\ntarget = 'main:app'\nmode = 'wsgiref'\nreload = true\n"
    )
    with running("x", cwd=tmp_path) as run, ControlClient(Path(run.control)) as client:
        assert status(client).reload
