"""Deaths by SIGKILL: of a worker with a request in hand, of a master, of the supervisor itself."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from supervisor.tree.watch import session
from tests.support.apps import project
from tests.support.program import gatescope, running, trace_lines


def ask(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.status, bytes(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError as error:
        return 0, repr(error).encode()


class Asking(threading.Thread):
    """One request, asked in the background."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.answer: tuple[int, bytes] = (0, b"")
        self.start()

    def run(self) -> None:
        self.answer = ask(self.url)


def busy(run: Any) -> dict[str, Any]:
    """The worker that has a request in hand, as soon as one has."""
    import json

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = json.loads(gatescope("status", "--control", run.control, "--json").stdout)
        for process in status["processes"]:
            if process["in_hand"]:
                return dict(process)
    raise AssertionError("no worker got the request")


@pytest.mark.parametrize(
    ("target", "mode", "workers"),
    [
        ("wsgi:app", "gunicorn-sync", 2),
        ("asgi:app", "uvicorn", 2),
        ("asgi:app", "gunicorn-uvicorn", 2),
        ("asgi:app", "uvicorn", 1),
        ("wsgi:app", "waitress", 1),
    ],
)
def test_a_worker_is_killed_with_a_request_in_hand(tmp_path: Path, target: str, mode: str, workers: int) -> None:
    with running(target, "--mode", mode, "--workers", workers, cwd=project(tmp_path)) as run:
        slow = Asking(f"{run.url}/slow?60")
        victim = busy(run)
        began = time.monotonic()
        os.kill(victim["pid"], signal.SIGKILL)
        death = run.wait_for(lambda line: line.get("worker") == "exited")
        assert time.monotonic() - began < 1
        slow.join(30)
        assert slow.answer[0] == 502
        assert (death["pid"], death["slot"], death["signal"]) == (victim["pid"], victim["slot"], 9)
        assert death["cause"] == "killed"
        assert death["in_hand"] == victim["in_hand"]
        cut = run.wait_for(lambda line: line.get("exchange") == victim["in_hand"][0])
        assert cut["state"] == "failed"
        assert "was killed by SIGKILL" in cut["error"]
        born = run.wait_for(lambda line: line.get("worker") == "ready" and line["generation"] == 2)
        assert born["slot"] == victim["slot"]
        assert ask(run.url)[0] == 200


def test_a_worker_that_exits_by_itself(tmp_path: Path) -> None:
    with running("wsgi:app", "--mode", "gunicorn-sync", "--workers", "2", cwd=project(tmp_path)) as run:
        ask(f"{run.url}/exit")
        death = run.wait_for(lambda line: line.get("worker") == "exited")
        assert (death["cause"], death["exit_code"]) == ("exit", 9)
        assert len(death["in_hand"]) == 1


@pytest.mark.parametrize(("target", "mode"), [("wsgi:app", "gunicorn-sync"), ("asgi:app", "uvicorn")])
def test_a_master_is_killed(tmp_path: Path, target: str, mode: str) -> None:
    with running(target, "--mode", mode, "--workers", "2", cwd=project(tmp_path)) as run:
        master = run.lines[0]["server_pid"]
        os.kill(master, signal.SIGKILL)
        deaths = run.wait_for_count(lambda line: line.get("worker") == "exited", 2)
        assert {line["cause"] for line in deaths} == {"orphaned"}
        run.wait_for_count(lambda line: line.get("worker") == "ready" and line["generation"] == 2, 2)
        assert ask(run.url)[0] == 200
        assert session(master) == []


def test_one_that_dies_again_and_again_is_given_up(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with running("asgi:app", "--mode", "uvicorn", cwd=folder) as run:
        (folder / "asgi.py").write_text("raise RuntimeError('broken meanwhile')")
        ask(f"{run.url}/exit")
        crashed = run.wait_for(lambda line: line.get("state") == "crashed")
        assert "broken meanwhile" in crashed["problem"]["detail"]
        assert ask(run.url)[0] == 503
        assert run.stop() == 1


@pytest.mark.parametrize(("target", "mode"), [("wsgi:app", "gunicorn-sync"), ("asgi:app", "uvicorn")])
def test_the_supervisor_is_killed(tmp_path: Path, target: str, mode: str) -> None:
    with running(target, "--mode", mode, "--workers", "2", cwd=project(tmp_path)) as run:
        assert ask(run.url)[0] == 200
        run.finished(1)
        slow = Asking(f"{run.url}/slow?60")
        busy(run)
        master = run.lines[0]["server_pid"]
        time.sleep(0.2)  # what is older than that must be in the trace
        run.process.kill()
        run.process.wait()
        deadline = time.monotonic() + 3
        while session(master) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert session(master) == []
        slow.join(30)
    lines = [line for line in trace_lines(run.trace) if line.get("kind") != "lifespan"]
    assert len(lines) == 2
    with sqlite3.connect(run.trace) as trace:
        assert trace.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    trace.close()
