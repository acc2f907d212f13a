"""The Replay page between a socket that answers as a supervisor does and real traces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.replay.controls import What
from app.replay.page import ReplayPage
from app.replay.results_model import TITLES, ResultsModel
from app.settings import Settings
from inspector import diff
from inspector.model import Exchange, ReplayResult, ReplayRun
from supervisor.control.messages import (
    CancelReplay,
    Finished,
    Problem,
    ReplayChanged,
    ReplayStatus,
    StartReplay,
    WayOut,
)
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms


class Shown:
    def __init__(self, qtbot: QtBot, link: Any, backend: Any, trace: MadeTrace, settings: Settings) -> None:
        self.qtbot, self.backend, self.trace = qtbot, backend, trace
        self.feed = TraceFeed()
        self.actions = ActionRegistry()
        self.page = ReplayPage(link, self.feed, self.actions, settings)
        qtbot.addWidget(self.page)
        self.page.resize(1100, 640)
        self.page.show()
        link.start()
        with qtbot.waitSignal(self.feed.opened, timeout=DEADLINE):
            self.feed.open(trace.path)

    def started(self) -> StartReplay:
        self.qtbot.waitUntil(lambda: bool(self.backend.of(StartReplay)), timeout=DEADLINE)
        command = self.backend.of(StartReplay)[-1]
        assert isinstance(command, StartReplay)
        return command

    def tell(self, run: int, state: str, sent: int, total: int, **counts: int) -> None:
        figures = {"same": 0, "different": 0, "failed": 0, **counts}
        self.backend.tell(
            ReplayChanged(replay=ReplayStatus(run=run, app="shop", state=state, total=total, sent=sent, **figures))
        )


@pytest.fixture
def shown(qtbot: QtBot, link: Any, backend: Any, trace: MadeTrace, tmp_path: Path) -> Iterator[Shown]:
    made = Shown(qtbot, link, backend, trace, Settings(tmp_path / "replay.ini"))
    yield made
    made.feed.close()


def test_a_replay_from_start_to_results(shown: Shown, trace: MadeTrace) -> None:
    originals = trace.traffic(4)
    shown.page.set_app("shop")
    shown.page.controls.speeds.setCurrentIndex(1)
    shown.page.controls.ignore.setText("X-Seen, $.items[*].id")
    shown.qtbot.mouseClick(shown.page.controls.start, Qt.MouseButton.LeftButton)
    command = shown.started()
    assert (command.app, command.exchanges, command.speed) == ("shop", (), "original")
    assert command.ignore == ("X-Seen", "$.items[*].id")
    assert not shown.page.controls.start.isEnabled()
    run = trace.replay(originals)
    assert trace.writer.flush()
    shown.tell(run, "running", 2, 4, same=1, different=1)
    shown.qtbot.waitUntil(lambda: shown.page.controls.bar.isVisible(), timeout=DEADLINE)
    shown.qtbot.waitUntil(lambda: shown.page.model.total == 4, timeout=DEADLINE)
    shown.tell(run, "finished", 4, 4, same=1, different=2, failed=1)
    shown.qtbot.waitUntil(lambda: shown.page.controls.start.isEnabled(), timeout=DEADLINE)
    assert shown.page.controls.words.text().startswith("Finished. 4 of 4 sent")
    assert shown.page.model.total == 4
    assert "status, body" in shown.page.diff.said.text()
    shown.qtbot.waitUntil(lambda: "HTTP/1.1" in shown.page.diff.left.toPlainText(), timeout=DEADLINE)
    shown.page.controls.differing.setChecked(True)
    assert shown.page.model.rowCount() == 3
    with shown.qtbot.waitSignal(shown.page.exchange_wanted, timeout=DEADLINE):
        shown.page.table.doubleClicked.emit(shown.page.model.index(0, 0))


def test_a_selection_is_replayed_at_once_and_can_be_cancelled(shown: Shown, trace: MadeTrace) -> None:
    with shown.qtbot.waitSignal(shown.page.shown, timeout=DEADLINE):
        shown.page.replay([3, 5])
    assert shown.started().exchanges == (3, 5)
    assert shown.page.controls.what is What.SELECTION
    shown.tell(7, "running", 1, 2, same=1)
    shown.qtbot.waitUntil(lambda: shown.page.controls.bar.value() == 1, timeout=DEADLINE)
    shown.actions.run("replay.cancel")
    shown.qtbot.waitUntil(lambda: bool(shown.backend.of(CancelReplay)), timeout=DEADLINE)
    assert shown.backend.of(CancelReplay)[0].run == 7
    shown.tell(7, "cancelled", 1, 2, same=1)
    shown.qtbot.waitUntil(lambda: "Cancelled" in shown.page.controls.words.text(), timeout=DEADLINE)


def test_a_filter_chooses_what_is_replayed(shown: Shown, trace: MadeTrace) -> None:
    made = [trace.exchange(route) for route in (4, 1, 4)]
    assert trace.writer.flush()
    shown.page.controls.choose(What.FILTER)
    shown.page.controls.filter.setText("status:404")
    shown.actions.run("replay.start")
    assert shown.started().exchanges == (made[0].id, made[2].id)


@pytest.mark.parametrize(("text", "says"), [("status:x", "can't be read"), ("path:/nowhere", "No exchange passes")])
def test_a_filter_that_lets_nothing_through_is_said(shown: Shown, text: str, says: str) -> None:
    shown.page.controls.choose(What.FILTER)
    shown.page.controls.filter.setText(text)
    shown.page.start()
    shown.qtbot.waitUntil(lambda: says in shown.page.controls.wrong.text(), timeout=DEADLINE)
    assert shown.backend.of(StartReplay) == []


def test_another_application_can_be_replayed_to_while_one_is(shown: Shown, trace: MadeTrace) -> None:
    page, start = shown.page, shown.page.controls.start
    trace.traffic(2)
    page.set_app("shop")
    page.start()
    shown.started()
    shown.tell(7, "running", 1, 2)
    shown.qtbot.waitUntil(lambda: page.controls.bar.value() == 1, timeout=DEADLINE)
    page.set_app("other")
    assert start.isEnabled()
    page.set_app("shop")
    shown.tell(7, "running", 2, 2)
    shown.qtbot.waitUntil(lambda: not start.isEnabled(), timeout=DEADLINE)


def test_answers_that_are_recorded_in_another_trace(shown: Shown, trace: MadeTrace, tmp_path: Path) -> None:
    page = shown.page
    trace.replay(trace.traffic(2))
    assert trace.writer.flush()
    page._load_runs()
    shown.qtbot.waitUntil(lambda: page.model.total == 2, timeout=DEADLINE)
    other = str(tmp_path / "other.gatescope")
    figures = {"app": "shop", "state": "running", "total": 2, "same": 1, "different": 0, "failed": 0}
    shown.backend.tell(ReplayChanged(replay=ReplayStatus(run=1, sent=1, trace=other, **figures)))  # not from here
    shown.backend.held.add(StartReplay)
    page.start()
    command = shown.started()
    assert command.source == str(trace.path)
    assert page.model.total == 2
    shown.backend.tell(Finished(id=command.id, replay=ReplayStatus(run=1, sent=0, trace=other, **figures)))
    shown.qtbot.waitUntil(page.empty.isVisible, timeout=DEADLINE)
    assert other in page.empty.advice.text()
    shown.backend.tell(ReplayChanged(replay=ReplayStatus(run=1, sent=1, trace=other, **figures)))
    shown.qtbot.waitUntil(lambda: page.controls.bar.value() == 1, timeout=DEADLINE)
    assert page.model.total == 0
    shown.actions.run("replay.cancel")
    shown.qtbot.waitUntil(lambda: bool(shown.backend.of(CancelReplay)), timeout=DEADLINE)
    assert (shown.backend.of(CancelReplay)[0].run, shown.backend.of(CancelReplay)[0].trace) == (1, other)
    with shown.qtbot.waitSignal(page.trace_wanted, timeout=DEADLINE) as wanted:
        shown.qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
    assert wanted.args == [other]
    page._show_run(1)  # an earlier one, which is here
    shown.qtbot.waitUntil(lambda: page.model.total == 2, timeout=DEADLINE)


@pytest.mark.parametrize("there", [True, False])
def test_originals_in_another_file(shown: Shown, trace: MadeTrace, tmp_path: Path, there: bool) -> None:
    """Their numbers are those of that file, and mean other exchanges in this one."""
    recording = MadeTrace(tmp_path / "recording.gatescope")
    [original] = recording.traffic(1)
    original.method = "PURGE"
    recording.writer.touch(original)
    recording.close()
    if not there:
        recording.path.unlink()
    [again, _] = trace.traffic(2)
    run = trace.writer.new_id("replay_run")
    trace.writer.replay_run(ReplayRun(run, str(recording.path), "http://127.0.0.1", "max", 1, state="finished"))
    trace.writer.replay_result(ReplayResult(run, original.id, again.id, True, "[]"))
    assert trace.writer.flush()
    shown.page._load_runs()
    shown.qtbot.waitUntil(lambda: shown.page.model.total == 1, timeout=DEADLINE)
    assert shown.page.model.index(0, 2).data() == ("PURGE" if there else "")
    right = shown.page.diff.right
    shown.qtbot.waitUntil(lambda: "HTTP/1.1" in right.toPlainText(), timeout=DEADLINE)
    assert ("HTTP/1.1" in shown.page.diff.left.toPlainText()) is there


def test_a_replay_ends_with_its_supervisor(shown: Shown, trace: MadeTrace) -> None:
    page = shown.page
    trace.traffic(2)
    page.set_app("shop")
    page.start()
    shown.started()
    shown.tell(7, "running", 1, 2)
    shown.qtbot.waitUntil(lambda: page.controls.bar.value() == 1, timeout=DEADLINE)
    shown.backend.die()
    shown.qtbot.waitUntil(page.controls.wrong.isVisible, timeout=DEADLINE)
    assert "supervisor is gone" in page.controls.wrong.text()
    assert page.controls.start.isEnabled()


def test_an_empty_selection_and_a_refusal_are_said_on_the_page(shown: Shown) -> None:
    shown.page.controls.choose(What.SELECTION)
    shown.page.start()
    assert "Nothing is selected" in shown.page.controls.wrong.text()
    shown.backend.refusals[StartReplay] = Problem(
        what="Nothing to replay to.", why="The application is stopped.", ways_out=(WayOut(text="Start it."),)
    )
    shown.page.controls.choose(What.ALL)
    shown.page.start()
    wanted = "Nothing to replay to. The application is stopped. Start it."
    shown.qtbot.waitUntil(lambda: shown.page.controls.wrong.text() == wanted, timeout=DEADLINE)
    assert shown.page.controls.start.isEnabled()


def test_earlier_runs_can_be_looked_at(shown: Shown, trace: MadeTrace) -> None:
    first = trace.replay(trace.traffic(2))
    second = trace.replay(trace.traffic(3))
    assert trace.writer.flush()
    shown.page._load_runs()
    shown.qtbot.waitUntil(lambda: shown.page.model.total == 3, timeout=DEADLINE)
    box = shown.page.controls.runs
    assert [box.itemData(at) for at in range(box.count())] == [second, first]
    box.setCurrentIndex(1)
    box.activated.emit(1)
    shown.qtbot.waitUntil(lambda: shown.page.model.total == 2, timeout=DEADLINE)
    shown.feed.close()
    assert shown.page.empty.isVisible()


def test_the_results_model_is_sound(shown: Shown, trace: MadeTrace) -> None:
    run = trace.replay(trace.traffic(4))
    assert trace.writer.flush()
    shown.page._show_run(run)
    shown.qtbot.waitUntil(lambda: shown.page.model.total == 4, timeout=DEADLINE)
    model = ResultsModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    compared = [shown.page.model.compared(row) for row in range(4)]
    model.append(compared[:2])
    model.append(compared[2:])
    for row in range(4):
        for column in range(len(TITLES)):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.ToolTipRole):
                model.data(model.index(row, column), role)
    assert model.index(1, 1).data() == "same"
    assert model.index(3, 1).data() == "failed"
    model.show_differing_only(True)
    assert model.rowCount() == 3
    model.clear()
    assert model.rowCount() == 0
    del tester


def test_runs_are_named_by_their_speed(shown: Shown) -> None:
    shown.page.controls.show_runs([ReplayRun(1, "", "", "2", 3), ReplayRun(2, "", "", "max", 3)], 1)
    assert "2 x" in shown.page.controls.runs.currentText()


def test_what_two_websockets_said_stands_side_by_side(shown: Shown, trace: MadeTrace) -> None:
    sides = []
    for answer in (b'{"n": 1}', b'{"n": 2}'):
        made = Exchange(trace.writer.new_id("exchange"), kind="websocket", state="done", method="GET", target="/ws")
        made.status, made.response_head = 101, b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
        trace.say(made, 1, "wire", "in", "ws.text", b"hello", None)
        trace.say(made, 2, "wire", "out", "ws.text", answer, None)
        sides.append(made)
    differences = diff.dumps([diff.Difference("message", "#1 $.n", 1, 2)])
    trace.writer.replay_run(ReplayRun(1, "", "http://127.0.0.1:1", "max", 1, state="finished"))
    trace.writer.replay_result(ReplayResult(1, sides[0].id, sides[1].id, False, differences))
    assert trace.writer.flush()
    shown.tell(1, "finished", 1, 1, different=1)
    view = shown.page.diff
    shown.qtbot.waitUntil(lambda: "hello" in view.right.toPlainText(), timeout=DEADLINE)
    assert "message" in view.said.text()
    left, right = (text.toPlainText().splitlines()[-4:] for text in (view.left, view.right))
    assert left == ["Client: hello", "Server: {", '  "n": 1', "}"]
    assert right == ["Client: hello", "Server: {", '  "n": 2', "}"]
