"""The probe in every interpreter that is at hand, from CPython 3.8 on: its wrappers, and a server from start to
stop.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environments import interpreter
from tests.support.probed import PROBE, FrameSink, frame_sink, server

VERSIONS = tuple(f"3.{minor}" for minor in range(8, 15))
SITE = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]
"""


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    found = interpreter(request.param)
    if found is None:
        pytest.skip(f"there is no CPython {request.param} here")
    return found


@pytest.fixture
def sink() -> Iterator[FrameSink]:
    with frame_sink() as made:
        yield made


def test_the_wrappers_keep_the_contract(python: str) -> None:
    script = Path(__file__).with_name("checks.py")
    outcome = subprocess.run([python, "-B", str(script), str(PROBE)], capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "checks passed" in outcome.stdout


def test_a_server_from_start_to_stop(python: str, sink: FrameSink, tmp_path: Path) -> None:
    tmp_path.joinpath("site_app.py").write_text(SITE)
    with server(sink, "wsgiref", tmp_path, python=python) as running:
        running.ready()
        assert running.exchange(7, "/x", method="POST", body=b"hello") == (200, b"hello")
        call, messages, done = sink.call()
        assert running.stop() == 0, running.output
        assert "Traceback" not in running.output
    assert (call[1], call[6]["PATH_INFO"], done[3]) == (7, "/x", "")
    assert [message[2] for message in messages] == ["start_response", "input.read", "return", "iterate"]
