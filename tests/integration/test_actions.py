"""What can be done to an application and its workers while it serves: restart, kill, pause, dump the stacks.

Scaling and reloading are in ``lifecycle``.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from supervisor.policy import DRAIN_LIMIT
from tests.integration.test_switch import command
from tests.support.apps import project
from tests.support.load import Asking, Load, ask
from tests.support.probed import until
from tests.support.program import gatescope, running


def workers(run: Any) -> list[dict[str, Any]]:
    return [process for process in command(run, "status")["processes"] if process["state"] != "exited"]


def test_scale_refuses_what_cannot_be(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with running("wsgi:app", "--mode", "gunicorn-sync", cwd=folder) as run:
        control = ("--control", run.control)
        assert command(run, "scale", 1)["workers"] == 1
        assert gatescope("scale", 0, *control).returncode == 2
        assert gatescope("scale", 1000, *control).returncode == 2
        (folder / "wsgi.py").write_text("raise RuntimeError('newly broken')")
        refused = gatescope("scale", 2, *control)  # gunicorn itself would stop altogether
        assert refused.returncode == 1
        assert "newly broken" in refused.stderr
        assert len(workers(run)) == 1
        assert ask(run.url)[0] == 200
    with running("wsgi:app", "--mode", "waitress", cwd=project(tmp_path / "other")) as run:
        refused = gatescope("scale", 2, "--control", run.control)
        assert refused.returncode == 2
        assert "always one process" in refused.stderr


@pytest.mark.parametrize(("target", "mode"), [("wsgi:app", "gunicorn-sync"), ("asgi:app", "uvicorn")])
def test_restart(tmp_path: Path, target: str, mode: str) -> None:
    with running(target, "--mode", mode, cwd=project(tmp_path)) as run:
        before = command(run, "status")["pid"]
        load = Load(run.url, threads=2)
        try:
            load.more()
            after = command(run, "restart")
            load.more()
        finally:
            load.stop()
        assert load.failures == []
        assert (after["state"], after["pid"] == before) == ("running", False)
        ended = run.wait_for(lambda line: line.get("worker") == "exited")
        assert ended["cause"] == "reload"


@pytest.mark.parametrize(("arguments", "number", "cause"), [((), 9, "killed"), (("--signal", "SEGV"), 11, "killed")])
def test_kill_a_worker(tmp_path: Path, arguments: tuple[str, ...], number: int, cause: str) -> None:
    with running("wsgi:app", "--mode", "gunicorn-sync", "--workers", 2, cwd=project(tmp_path)) as run:
        command(run, "kill-worker", 2, *arguments)
        death = run.wait_for(lambda line: line.get("worker") == "exited")
        assert (death["slot"], death["signal"], death["cause"]) == (2, number, cause)
        assert "which Gatescope was asked to send" in death["outcome"]
        born = run.wait_for(lambda line: line.get("worker") == "ready" and line["generation"] == 2)
        assert born["slot"] == 2
        control = ("--control", run.control)
        assert gatescope("kill-worker", 7, *control).returncode == 2
        unknown = gatescope("kill-worker", 1, "--signal", "BOOM", *control)
        assert unknown.returncode == 2
        assert "no signal 'BOOM'" in unknown.stderr


def test_pause_and_resume(tmp_path: Path) -> None:
    with running("asgi:app", "--mode", "uvicorn", cwd=project(tmp_path)) as run:
        assert command(run, "pause", 1)["processes"][0]["state"] == "paused"
        run.wait_for(lambda line: line.get("worker") == "paused")
        slow = Asking(run.url)
        silent = gatescope("stacks", 1, "--control", run.control)
        assert silent.returncode == 1
        assert "It is paused." in silent.stderr
        assert slow.is_alive()
        assert command(run, "resume", 1)["processes"][0]["state"] == "ready"
        slow.join(30)
        assert slow.answer[0] == 200
        command(run, "pause", 1)
        began = time.monotonic()
        assert run.stop() == 0  # it is let go on, to end as it should
        assert time.monotonic() - began < 6
        assert [line["cause"] for line in run.lines if line.get("worker") == "exited"] == ["graceful"]


BUSY = """
import asyncio, threading, time
import wsgi, asgi


def deep(seconds):
    time.sleep(seconds)


def app(environ, start_response):
    if environ["PATH_INFO"] == "/hang":
        deep(60)
    return wsgi.app(environ, start_response)


async def patient():
    await asyncio.sleep(60)


async def later(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/wait":
        await patient()
    if scope["type"] == "http" and scope["path"] == "/block":
        deep(60)
    await asgi.app(scope, receive, send)
"""


def stacks(run: Any, function: str) -> dict[str, Any]:
    """The stack that has ``function`` in it, as soon as there is one."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        dump = command(run, "stacks", 1)
        for stack in dump["stacks"]:
            if any(frame["function"].endswith(function) for frame in stack["frames"]):
                return dict(stack)
    raise AssertionError(f"nobody is in {function}: {json.dumps(dump)}")


@pytest.mark.parametrize(
    ("target", "mode", "path", "function", "kind"),
    [
        ("busy:app", "gunicorn-sync", "/hang", "deep", "thread"),
        ("busy:app", "gunicorn-gthread", "/hang", "deep", "thread"),
        ("busy:app", "waitress", "/hang", "deep", "thread"),
        ("busy:later", "uvicorn", "/wait", "patient", "task"),
        ("busy:later", "uvicorn", "/block", "deep", "thread"),
        ("busy:later", "gunicorn-uvicorn", "/block", "deep", "thread"),
    ],
)
def test_stacks(tmp_path: Path, target: str, mode: str, path: str, function: str, kind: str) -> None:
    folder = project(tmp_path)
    (folder / "busy.py").write_text(BUSY)
    with running(target, "--mode", mode, cwd=folder) as run:
        slow = Asking(f"{run.url}{path}")
        stack = stacks(run, function)
        assert stack["kind"] == kind
        frame = next(frame for frame in stack["frames"] if frame["function"] == function)
        assert frame["file"].endswith("busy.py")
        assert "sleep" in frame["code"]
        assert not any("gatescope" in frame["file"] or "/probe/" in frame["file"] for frame in stack["frames"])
        if path != "/block":  # there the main thread hangs in a task, whose name is on the task
            assert stack["exchange"] > 0
        text = gatescope("stacks", 1, "--control", run.control).stdout
        assert f"in {function}" in text
        run.process.send_signal(2)
        run.wait_for(lambda line: line.get("state") == "stopping")
        run.stop()
        slow.join(30)


def test_the_control_socket_survives_many_dumps_at_once(tmp_path: Path) -> None:
    with running("asgi:app", "--mode", "uvicorn", cwd=project(tmp_path)) as run:
        dumps: list[dict[str, Any]] = []
        threads = [threading.Thread(target=lambda: dumps.append(command(run, "stacks", 1))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(dumps) == 4
        assert all(dump["stacks"] for dump in dumps)


def test_stop_need_not_wait_for_a_request(tmp_path: Path) -> None:
    with running("asgi:app", "--mode", "uvicorn", cwd=project(tmp_path)) as run:
        hanging = Asking(f"{run.url}/slow?300")
        run.wait_for(lambda line: line.get("worker") == "ready")
        until(lambda: any(process["in_hand"] for process in workers(run)), "a request in hand")
        waiting = threading.Thread(target=gatescope, args=("stop", "--control", run.control))
        waiting.start()
        until(lambda: command(run, "status")["state"] == "stopping", "a stop that waits")
        begun = time.monotonic()
        assert command(run, "stop", "--now")["state"] == "stopped"
        waiting.join(60)
        assert time.monotonic() - begun < DRAIN_LIMIT / 2  # all of which it would have waited
        hanging.join(60)
        assert hanging.answer[0] != 200
        run.wait_for(lambda line: line.get("worker") == "exited")
