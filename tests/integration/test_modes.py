"""Every mode, on its real server: it starts, serves and records, replaces what dies, says why it cannot start, and
leaves no process behind.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.metadata
import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from supervisor.servers.base import Mode
from supervisor.servers.catalogue import MODES
from supervisor.tree.watch import session
from tests.support.apps import project
from tests.support.program import GatescopeRun, Line, gatescope, running

DEADLINE = 30.0

#: Breaks only where a server loads it: whoever looks at it beforehand finds an application.
BREAKS_LATE = """
import sys
from {module} import app

def load():
    raise RuntimeError("the sky is falling")

if any(name in sys.modules for name in {servers}):
    load()
"""
SERVERS = ("wsgiref.simple_server", "waitress", "gunicorn", "uvicorn", "hypercorn", "granian", "daphne")


def installed(mode: Mode) -> bool:
    try:
        return all(importlib.metadata.version(name) for name in mode.needs)
    except importlib.metadata.PackageNotFoundError:
        return False


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Mode:
    found = MODES[request.param]
    if not installed(found):
        pytest.skip(f"{' and '.join(found.needs)} not installed")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path / "project")


class Client:
    """One connection to the proxy, kept."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=DEADLINE)

    def get(self, path: str) -> tuple[int, bytes]:
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def client_of() -> Iterator[Callable[[GatescopeRun], Client]]:
    made: list[Client] = []

    def make(run: GatescopeRun) -> Client:
        made.append(Client(run.url))
        return made[-1]

    yield make
    for client in made:
        client.close()


def whole(run: GatescopeRun, identity: int) -> dict[str, Any]:
    """All that the trace holds of an exchange."""
    outcome = gatescope("show", run.trace, identity, "--json")
    assert outcome.returncode == 0, outcome.stderr
    return dict(json.loads(outcome.stdout))


def said(exchange: dict[str, Any], interface: str) -> list[str]:
    """What the application was called with and said, as types of messages."""
    assert (exchange["interface"], exchange["state"], exchange["error"]) == (interface, "done", "")
    return [message["type"] for message in exchange["messages"] if message["side"] == "app"]


def remarks(run: GatescopeRun) -> list[str]:
    """What Gatescope itself put among the lines that were printed."""
    with contextlib.closing(sqlite3.connect(run.trace)) as trace:
        return [text for (text,) in trace.execute("SELECT text FROM log WHERE stream = 'gatescope'")]


def until_stopped(run: GatescopeRun, masters: set[int]) -> list[Line]:
    """Stop it, look whether anything is left, and give the ends of its workers."""
    assert run.stop(signal.SIGTERM) == 0
    assert [pid for master in masters for pid in session(master)] == []
    return [line for line in run.lines if line.get("worker") == "exited"]


def test_it_serves_the_demo_and_records_it_whole(mode: Mode, client_of: Callable[[GatescopeRun], Client]) -> None:
    asgi = mode.interface == "ASGI"
    with running("demo:starlette" if asgi else "demo:flask", "--mode", mode.slug) as run:
        ready = run.lines[0]
        client = client_of(run)
        paths = ["/json", "/stream?chunks=3&pause=0.05", "/sse?events=2&pause=0.05"]
        answers = [client.get(path) for path in paths]
        assert [status for status, _ in answers] == [200, 200, 200]
        assert json.loads(answers[0][1])["interface"] == mode.interface
        assert answers[1][1] == b"chunk 1 of 3\nchunk 2 of 3\nchunk 3 of 3\n"
        assert answers[2][1].count(b"event: tick") == 2
        if asgi:
            echo(run.url)
        lines = {line["target"]: line for line in run.finished(4 if asgi else 3)}
        client.close()
        [ended] = until_stopped(run, {ready["server_pid"]})
        assert ended["cause"] == "graceful"
    for path in paths:
        line = lines[path]
        assert (line["status"], line["state"], line["slot"], line["pid"]) == (200, "done", 1, ended["pid"])
        expected = "ASGI3" if asgi else "WSGI"
        exchange = whole(run, line["exchange"])
        types = said(exchange, expected)
        assert types[0] == "call"
        assert "http.response.start" in types if asgi else "start_response" in types
        assert types.count("http.response.body" if asgi else "iterate") >= 1
        assert "gatescope-exchange" not in json.dumps(exchange["scope" if asgi else "environ"]).lower()
    if asgi:
        types = said(whole(run, lines["/ws/echo"]["exchange"]), "ASGI3")
        assert types.count("websocket.send") == types.count("websocket.receive") == 2
        assert "websocket.disconnect" in types


def echo(url: str) -> None:
    with connect(url.replace("http", "ws") + "/ws/echo", proxy=None, open_timeout=DEADLINE) as socket:
        for text in ("hello", b"\x00\xff"):
            socket.send(text)
            assert socket.recv(DEADLINE) == text


def test_a_killed_worker_has_a_successor(mode: Mode, folder: Path, client_of: Callable[[GatescopeRun], Client]) -> None:
    target = f"{mode.interface.lower()}:app"
    workers = 2 if mode.workers else 1
    with running(target, "--mode", mode.slug, "--workers", workers, cwd=folder) as run:
        master = run.lines[0]["server_pid"]
        born = run.wait_for_count(lambda line: line.get("worker") == "ready", workers)
        assert {line["slot"] for line in born} == set(range(1, workers + 1))
        assert client_of(run).get("/")[0] == 200
        [served] = run.finished(1)
        assert served["pid"] in {line["pid"] for line in born}
        assert (served["pid"] == master) == (not mode.has_master(workers))
        victim = born[0]
        os.kill(victim["pid"], signal.SIGKILL)
        death = run.wait_for(lambda line: line.get("worker") == "exited" and line["pid"] == victim["pid"])
        assert (death["cause"], death["signal"], death["slot"]) == ("killed", 9, victim["slot"])
        successor = run.wait_for(
            lambda line: line.get("worker") == "ready" and line["slot"] == victim["slot"] and line["generation"] == 2
        )
        assert successor["pid"] != victim["pid"]
        assert client_of(run).get("/")[0] == 200
        status = json.loads(gatescope("status", "--control", run.control, "--json").stdout)
        assert status["state"] == "running"
        ours = mode.ends_together or not mode.workers  # it was for us to start the server again, and to say so
        if ours:
            assert status["pid"] != master
        else:
            assert status["pid"] == master
        ends = until_stopped(run, {master, status["pid"]})
    assert any("it is started again" in text for text in remarks(run)) == ours
    alive = {line["pid"] for line in run.lines if line.get("worker") == "ready"} - {victim["pid"]}
    assert {line["pid"] for line in ends} == alive | {victim["pid"]}
    assert {line["cause"] for line in ends if line["pid"] != victim["pid"]} <= {"graceful"}


def test_a_server_that_cannot_load_it_says_why(mode: Mode, folder: Path) -> None:
    late = BREAKS_LATE.format(module=mode.interface.lower(), servers=SERVERS)
    folder.joinpath("late.py").write_text(late)
    outcome = gatescope("run", "late:app", "--mode", mode.slug, cwd=folder)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("gatescope: late:app could not be loaded.\n  RuntimeError: the sky is falling")
    assert 'late.py", line 6, in load' in outcome.stderr
    assert "_gatescope_probe" not in outcome.stderr
    assert "inspector/probe" not in outcome.stderr
