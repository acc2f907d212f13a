"""The window with everything real behind it: supervisor, server, worker, proxy, trace."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from app.desk import Desk
from app.link import LinkState, SupervisorLink
from app.link.place import alive, claim, secure, session_key
from app.link.process import SupervisorProcess
from app.request import Request
from app.settings import Settings
from tests.support.nets import come_up

WAIT = 60_000
pytestmark = pytest.mark.usefixtures("no_stalls")
pytest.importorskip("fastapi", reason="the demo applications are not installed")


@pytest.fixture
def process(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = SupervisorProcess((sys.executable, "-m", "supervisor", "--linger", "15"))
    yield made
    assert made.ended(), "the supervisor is left over"


@pytest.fixture
def make_desk(qapp, tmp_path, process, qtbot):
    desks = []

    def make(path: Path) -> Desk:
        own = SupervisorProcess() if desks else process  # the second window starts none: it finds the first one's
        desk = Desk(qapp, Settings(tmp_path / "s.ini"), SupervisorLink(path, own))
        desk.window.resize(1200, 800)
        come_up(desk.window)
        desks.append(desk)
        return desk

    yield make
    for desk in desks:
        desk.window.close()
    qtbot.waitUntil(process.ended, timeout=WAIT)
    for desk in desks:
        desk.window.deleteLater()


def test_demo_traffic_switch_and_a_window_that_comes_back(make_desk, tmp_path, qtbot):
    folder, session = secure(tmp_path / "sockets"), session_key("demo")
    first = make_desk(claim(folder, session, 4_194_301, alive))
    first.open(Request(demo=True))
    qtbot.waitUntil(lambda: first.controller.state == "running" and not first.controller.busy, timeout=WAIT)
    first.actions.run("launch.make-traffic")
    qtbot.waitUntil(lambda: first.traffic.model.rowCount() > 5, timeout=WAIT)
    first.controller.set_mode("gunicorn-uvicorn")
    first.controller.set_workers(2)
    qtbot.waitUntil(
        lambda: first.controller.status.mode == "gunicorn-uvicorn" and len(first.controller.status.processes) == 2,
        timeout=WAIT,
    )
    qtbot.waitUntil(lambda: first.controller.state == "running" and not first.controller.busy, timeout=WAIT)
    first.window.show_page("workers")
    qtbot.waitUntil(lambda: first.workers.lives.rowCount() >= 3, timeout=WAIT)
    killed = first.controller.status.processes[0].pid
    os.kill(killed, signal.SIGKILL)
    qtbot.waitUntil(lambda: killed not in {w.pid for w in first.controller.status.processes}, timeout=WAIT)
    ends = first.workers.lives
    qtbot.waitUntil(lambda: any("SIGKILL" in ends.index(row, 7).data() for row in range(ends.rowCount())), timeout=WAIT)
    first.link.close()  # as a killed window does: no farewell
    path = claim(folder, session, 4_194_302, lambda _pid: False)
    assert path.exists(), "the supervisor lingers"
    second = make_desk(path)
    second.open(Request(demo=True))
    qtbot.waitUntil(lambda: second.controller.state == "running", timeout=WAIT)
    assert second.controller.choice.mode == "gunicorn-uvicorn"
    qtbot.waitUntil(lambda: second.traffic.model.rowCount() > 5, timeout=WAIT)


def test_a_killed_supervisor_is_said_and_started_again(make_desk, tmp_path, qtbot):
    desk = make_desk(secure(tmp_path / "sockets") / "w1-1.sock")
    desk.open(Request(demo=True))
    qtbot.waitUntil(lambda: desk.controller.state == "running" and not desk.controller.busy, timeout=WAIT)
    desk.actions.run("launch.make-traffic")
    qtbot.waitUntil(lambda: desk.traffic.model.rowCount() > 5, timeout=WAIT)
    os.kill(desk.link.supervisor_pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: desk.link.state is LinkState.LOST, timeout=WAIT)
    assert not desk.launch.problem.isHidden()
    assert desk.traffic.model.rowCount() > 5, "what was recorded is still shown"
    desk.traffic.table.selectRow(2)  # and can be looked into
    qtbot.waitUntil(lambda: desk.traffic.detail.shown == desk.traffic.table.current_id() != 0, timeout=WAIT)
    qtbot.waitUntil(lambda: desk.traffic.detail.tabs.isVisible(), timeout=WAIT)
    desk.launch.problem.way_taken.emit(desk.link.problem.ways_out[-1])
    qtbot.waitUntil(lambda: desk.link.state is LinkState.ON, timeout=WAIT)
    qtbot.waitUntil(lambda: desk.controller.can_start, timeout=WAIT)
    desk.controller.start()
    qtbot.waitUntil(lambda: desk.controller.state == "running" and not desk.controller.busy, timeout=WAIT)
