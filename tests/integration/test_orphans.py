"""Whatever is killed with SIGKILL, and in whatever order: no process is left, and the trace opens."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from supervisor.tree.proc import session
from tests.integration.test_actions import workers
from tests.integration.test_switch import command
from tests.support.apps import project
from tests.support.load import ask
from tests.support.program import GATESCOPE, running, trace_lines

ORDERS = [
    ("supervisor",),
    ("master", "supervisor"),
    ("worker", "supervisor"),
    ("worker", "master", "supervisor"),
]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
@pytest.mark.parametrize(
    ("target", "mode", "count"),
    [
        ("wsgi:app", "gunicorn-gthread", 2),
        ("asgi:app", "gunicorn-uvicorn", 2),
        ("asgi:app", "uvicorn", 3),
        ("wsgi:app", "waitress", 1),
    ],
)
def test_nothing_is_left(tmp_path: Path, target: str, mode: str, count: int, order: tuple[str, ...]) -> None:
    with running(target, "--mode", mode, "--workers", count, cwd=project(tmp_path)) as run:
        assert ask(run.url)[0] == 200
        run.finished(1)
        master = run.lines[0]["server_pid"]
        victims = {"supervisor": run.process.pid, "master": master, "worker": workers(run)[0]["pid"]}
        for victim in order:
            os.kill(victims[victim], signal.SIGKILL)
        run.process.wait(30)
        assert gone(master)
    assert trace_lines(run.trace)


def test_a_paused_worker_goes_with_the_others(tmp_path: Path) -> None:
    with running("asgi:app", "--mode", "uvicorn", "--workers", 2, cwd=project(tmp_path)) as run:
        master = run.lines[0]["server_pid"]
        command(run, "pause", 1)
        run.process.kill()
        run.process.wait(30)
        assert gone(master)


def test_a_switch_is_cut_in_the_middle(tmp_path: Path) -> None:
    """Two instances are there at that moment."""
    folder = project(tmp_path)
    (folder / "late.py").write_text("import os, time\nfrom wsgi import app\n")
    with running("late:app", "--mode", "gunicorn-sync", cwd=folder) as run:
        first = run.lines[0]["server_pid"]
        (folder / "late.py").write_text(
            "import os, pathlib, sys, time\nfrom wsgi import app\n"
            "if 'gunicorn' in sys.modules:\n"
            "    pathlib.Path('session').write_text(str(os.getsid(0)))\n"
            "    time.sleep(60)\n"
        )
        reload = subprocess.Popen([*GATESCOPE, "reload", "--control", run.control], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not (told := folder / "session").exists() or not told.read_text():
            assert time.monotonic() < deadline
        second = int(told.read_text())
        assert second != first
        run.process.kill()
        run.process.wait(30)
        assert reload.wait(30) == 1
        assert gone(first)
        assert gone(second)


def gone(sid: int) -> bool:
    """Whether nothing of the session ``sid`` is left, within seconds."""
    deadline = time.monotonic() + 5
    while session(sid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return session(sid) == []
