"""The Workers page: a sound model with stable rows, and lists that follow."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.workers.history import History
from app.workers.model import COLUMNS, CPU, IN_HAND, LAST, MEMORY, PID, PROCESS, RESTARTS, STATE, WorkersModel
from app.workers.page import WorkersPage
from app.workers.tables import events_model, lives_model
from supervisor.control.messages import AppChanged, AppStatus, TargetSpec, WorkerStatus

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def worker(slot: int, **more: object) -> WorkerStatus:
    usual: dict[str, object] = {"generation": 1, "pid": 100 + slot, "state": "ready", "cpu": 10.0, "rss": 50 * 2**20}
    return WorkerStatus(slot=slot, **{**usual, **more})  # type: ignore[arg-type]


def app(name: str, *workers: WorkerStatus, **more: object) -> AppStatus:
    usual: dict[str, object] = {"target": TargetSpec(target="x:y"), "mode": "uvicorn", "state": "running", "pid": 99}
    return AppStatus(name=name, processes=workers, **{**usual, **more})  # type: ignore[arg-type]


@pytest.fixture
def model(qapp):
    made = WorkersModel(History())
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


def test_the_page_follows_the_supervisor(link, backend, settings, qtbot):
    page = WorkersPage(link, settings)
    qtbot.addWidget(page)
    page.resize(900, 500)
    page.show()
    assert page._stack.currentIndex() == 0
    link.start()
    qtbot.waitUntil(lambda: len(backend.commands) == 2, timeout=5000)
    status = app("shop", worker(1, in_hand=(5,)), worker(2))
    backend.tell(AppChanged(app=status))
    qtbot.waitUntil(lambda: page.lives.rowCount() == 2, timeout=5000)
    assert page._stack.currentIndex() == 1
    assert page.tree.isExpanded(page.model.index(0, 0))
    after = dataclasses.replace(status, processes=(worker(1, pid=500, generation=2, last_outcome="died"), worker(2)))
    backend.tell(AppChanged(app=after))
    qtbot.waitUntil(lambda: page.lives.rowCount() == 3, timeout=5000)
    ends = [page.lives.index(number, 6).data() for number in range(3)]
    assert "died" in ends
    assert "died, with #5 in hand" in [page.events.index(number, 4).data() for number in range(page.events.rowCount())]
    assert not page.grab().isNull()
    page.hide()


def test_the_lists_are_sound(qapp):
    history = History()
    history.see(app("shop", worker(1, in_hand=(5,))), 1.0)
    history.see(app("shop", state="stopped"), 2.0)
    lives, events = lives_model(qapp), events_model(qapp)
    for model, rows in ((lives, history.lives), (events, history.events)):
        tester = QAbstractItemModelTester(model, FATAL)
        model.tick()
        model.show_rows(list(rows))
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
