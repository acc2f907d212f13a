"""Deaths by SIGKILL and the like; that of a worker and that of a master, in each mode, are in ``lifecycle``."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from supervisor.tree.proc import session
from tests.support.apps import project
from tests.support.load import Asking, ask
from tests.support.program import gatescope, running, trace_lines


def status(run: Any) -> dict[str, Any]:
    return dict(json.loads(gatescope("status", "--control", run.control, "--json").stdout))


def busy(run: Any) -> dict[str, Any]:
    """The worker that has a request in hand, as soon as one has."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for process in status(run)["processes"]:
            if process["in_hand"]:
                return dict(process)
    raise AssertionError("no worker got the request")


SMALL_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
"""


def test_a_worker_without_shared_memory_is_recorded_all_the_same(tmp_path: Path) -> None:
    """No process of this server may make a file of more than a page, as where the temporary folder is nearly full."""
    (project(tmp_path) / "gunicorn.conf.py").write_text(SMALL_FILES)
    with running("wsgi:app", "--mode", "gunicorn-sync", "--workers", 2, cwd=tmp_path) as run:
        assert ask(run.url)[0] == 200
        run.finished(1)
        slow = Asking(f"{run.url}/slow?60")
        victim = busy(run)
        os.kill(victim["pid"], signal.SIGKILL)
        death = run.wait_for(lambda line: line.get("worker") == "exited")
        assert (death["cause"], death["in_hand"]) == ("killed", victim["in_hand"])
        slow.join(30)
    first = trace_lines(run.trace)[0]
    assert "call" in [message["type"] for message in first["messages"] if message["side"] == "app"]
    assert first["environ"]["PATH_INFO"] == "/"


def test_a_worker_that_exits_by_itself(tmp_path: Path) -> None:
    with running("wsgi:app", "--mode", "gunicorn-sync", "--workers", "2", cwd=project(tmp_path)) as run:
        ask(f"{run.url}/exit")
        death = run.wait_for(lambda line: line.get("worker") == "exited")
        assert (death["cause"], death["exit_code"]) == ("exit", 9)
        assert len(death["in_hand"]) == 1


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


SHORT = """
import os, pathlib, threading, time
from {real} import app
seen = pathlib.Path(__file__).with_suffix(".seen")
if seen.exists():
    def die():
        time.sleep(0.8)
        os._exit(5)
    threading.Thread(target=die, daemon=True).start()
"""


@pytest.mark.parametrize(
    ("real", "mode"), [("wsgi", "gunicorn-sync"), ("asgi", "uvicorn"), ("asgi", "gunicorn-uvicorn")]
)
def test_workers_that_die_right_after_their_start_are_held(tmp_path: Path, real: str, mode: str) -> None:
    """Left alone these masters start them for ever, several a second. Held, then mended, it serves again."""
    folder = project(tmp_path)
    (folder / "short.py").write_text(SHORT.format(real=real))
    with running("short:app", "--mode", mode, "--workers", 2, cwd=folder) as run:
        assert ask(run.url)[0] == 200
        (folder / "short.seen").touch()
        for pid in {line["pid"] for line in run.lines if line.get("worker") == "ready"}:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 40
        while "held" not in (problem := status(run)["problem"] or {}).get("why", ""):
            assert time.monotonic() < deadline, problem
        assert "again and again" in problem["what"]
        began = len(run.lines)
        (folder / "short.seen").unlink()
        run.wait_for(lambda line: line.get("worker") == "ready" and line in run.lines[began:])
        assert ask(run.url)[0] == 200
        assert status(run)["state"] == "running"


def test_workers_that_never_live_are_given_up(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "short.py").write_text(SHORT.format(real="wsgi").replace("0.8", "0.02"))
    with running("short:app", "--mode", "gunicorn-sync", cwd=folder) as run:
        (folder / "short.seen").touch()
        os.kill(run.wait_for(lambda line: line.get("worker") == "ready")["pid"], signal.SIGKILL)
        crashed = run.wait_for(lambda line: line.get("state") == "crashed")
        assert "again and again" in crashed["problem"]["what"]
        assert "not started again" in crashed["problem"]["why"]
        began = time.monotonic()
        code, body = ask(run.url)
        assert (code, time.monotonic() - began < 5) == (503, True)
        assert b"again and again" in body
        assert session(run.lines[0]["server_pid"]) == []
