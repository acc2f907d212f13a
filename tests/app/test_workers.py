"""The Workers page: a sound model with stable rows, and lists that follow."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.feed import TraceFeed
from app.workers.history import Event, InHand, Life
from app.workers.model import COLUMNS, CPU, IN_HAND, LAST, MEMORY, PID, PROCESS, RESTARTS, STATE, WorkersModel
from app.workers.page import WorkersPage
from app.workers.tables import events_model, lives_model
from inspector.model import Worker
from supervisor.control.messages import AppChanged, AppStatus, TargetSpec, WorkerStatus
from tests.support.made_trace import MadeTrace

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def worker(slot: int, **more: object) -> WorkerStatus:
    usual: dict[str, object] = {"generation": 1, "pid": 100 + slot, "state": "ready", "cpu": 10.0, "rss": 50 * 2**20}
    return WorkerStatus(slot=slot, **{**usual, **more})  # type: ignore[arg-type]


def app(name: str, *workers: WorkerStatus, **more: object) -> AppStatus:
    usual: dict[str, object] = {"target": TargetSpec(target="x:y"), "mode": "uvicorn", "state": "running", "pid": 99}
    return AppStatus(name=name, processes=workers, **{**usual, **more})  # type: ignore[arg-type]


@pytest.fixture
def model(qapp):
    made = WorkersModel(InHand())
    QAbstractItemModelTester(made, FATAL)
    return made


def row(model: WorkersModel, number: int, parent: QModelIndex | None = None) -> list[str]:
    return [model.index(number, column, parent or QModelIndex()).data() for column in range(len(COLUMNS))]


def test_applications_and_their_slots(model):
    model.show_status(app("shop", worker(1), worker(2, restarts=3, last_outcome="killed by SIGKILL"), in_flight=2))
    model.show_status(app("blog"))
    assert model.rowCount() == 2
    shop = model.index(0, 0)
    assert row(model, 0)[:3] == ["shop   uvicorn", "running", "99"]
    assert (row(model, 0)[RESTARTS], row(model, 0)[CPU], row(model, 0)[MEMORY]) == ("3", "20 %", "100 MiB")
    assert row(model, 0)[IN_HAND] == "2 in flight"
    assert row(model, 1, shop)[PROCESS] == "worker 2"
    assert row(model, 1, shop)[LAST] == "killed by SIGKILL"
    assert row(model, 1)[CPU] == ""


def test_rows_are_stable_over_lives(model):
    model.show_status(app("shop", worker(1), worker(2)))
    second = QPersistentModelIndex(model.index(1, PID, model.index(0, 0)))
    model.show_status(app("shop", worker(1), worker(2, pid=777, generation=2)))
    assert second.data() == "777"
    model.show_status(app("shop", worker(1), worker(2, pid=777), worker(3), worker(4)))
    assert second.data() == "777"
    model.show_status(app("shop", worker(1)))
    assert not second.isValid()
    model.show_status(app("shop", state="stopped"))
    assert model.rowCount(model.index(0, 0)) == 0


def test_colours_and_sides(model):
    model.show_status(app("shop", worker(1, state="exited"), worker(2, state="other")))
    shop = model.index(0, 0)
    role = Qt.ItemDataRole.ForegroundRole
    dead, odd = model.index(0, STATE, shop), model.index(1, STATE, shop)
    assert dead.data(role) != model.index(0, STATE).data(role) != odd.data(role)
    assert model.index(0, PID, shop).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
    assert model.index(0, PID, shop).data(Qt.ItemDataRole.FontRole).fixedPitch() in (True, False)
    assert model.headerData(PID, Qt.Orientation.Horizontal) == "PID"
    assert model.headerData(PID, Qt.Orientation.Vertical) is None


def test_what_is_in_hand_ages(model, qtbot):
    model.tick()
    model.show_status(app("shop", worker(1, in_hand=(7, 8))))
    shop = model.index(0, 0)
    assert row(model, 0, shop)[IN_HAND] == "#7 0.0 s  #8 0.0 s"
    with qtbot.waitSignal(model.dataChanged):
        model.tick()


@pytest.fixture
def feed(qapp):
    made = TraceFeed()
    yield made
    made.close()


@pytest.fixture
def page(link, feed, settings, qtbot):
    made = WorkersPage(link, feed, settings)
    qtbot.addWidget(made)
    made.resize(900, 500)
    made.show()
    yield made
    made.hide()


def test_the_tree_follows_the_supervisor(page, link, backend, qtbot):
    assert page._stack.currentIndex() == 0
    link.start()
    qtbot.waitUntil(lambda: len(backend.commands) == 2, timeout=5000)
    backend.tell(AppChanged(app=app("shop", worker(1, in_hand=(5,)), worker(2))))
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=5000)
    assert page._stack.currentIndex() == 1
    assert page.tree.isExpanded(page.model.index(0, 0))
    assert not page.grab().isNull()


def test_lives_and_events_follow_the_trace(page, feed, tmp_path, qtbot):
    made = MadeTrace(tmp_path / "t.gatescope", workers=2)
    made.writer.flush()
    feed.open(made.path)
    qtbot.waitUntil(lambda: page.lives.rowCount() == 2, timeout=10_000)
    assert page.lives.index(0, 3).data() == "worker 2, generation 1"
    assert page.events.rowCount() == 2
    identity = made.writer.new_id("worker")
    dead = Worker(identity, made.instance, 1, 2, 4200, "exited", born_ns=made.now, ended_ns=made.now + 10**9,
                  cause="killed", outcome="killed by SIGKILL", in_hand=(5,))  # fmt: skip
    made.writer.worker(dead)
    made.writer.flush()
    qtbot.waitUntil(lambda: page.lives.rowCount() == 3, timeout=10_000)
    assert page.lives.index(0, 7).data() == "killed by SIGKILL"
    assert page.events.index(0, 4).data() == "killed by SIGKILL, with #5 in hand"
    made.close()
    feed.close()
    assert page.lives.rowCount() == 0


def test_the_lists_are_sound(qapp):
    lives = [Life("shop", "uvicorn", 1, 1, 100, "ready", 1.0),
             Life("shop", "uvicorn", 1, 1, 100, "exited", 1.0, 2.0, "died", alarming=True, in_hand=(5,))]  # fmt: skip
    events = [Event(1.0, "shop", "failed", "died", 1, 100), Event(1.0, "shop", "other", "odd")]
    for model, rows in ((lives_model(qapp), lives), (events_model(qapp), events)):
        tester = QAbstractItemModelTester(model, FATAL)
        model.tick()
        model.show_rows(rows)
        model.tick()
        assert model.rowCount() == len(rows)
        assert model.headerData(0, Qt.Orientation.Vertical) is None
        assert model.headerData(0, Qt.Orientation.Horizontal)
        for line in range(model.rowCount()):
            for column in range(model.columnCount()):
                assert isinstance(model.index(line, column).data(), str)
                model.index(line, column).data(Qt.ItemDataRole.ForegroundRole)
        tester.deleteLater()
        model.deleteLater()
