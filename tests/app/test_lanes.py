"""The lanes in the traffic page: real traces, real mouse and keys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import feed as feed_module
from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.theme import px
from app.traffic.lanes import canvas as canvas_module
from app.traffic.lanes import older as older_module
from app.traffic.lanes import panel as panel_module
from app.traffic.lanes.bars import Lanes
from app.traffic.lanes.canvas import AXIS, NAMES, LanesCanvas
from app.traffic.lanes.marks import marks_of
from app.traffic.lanes.names import Processes, name_of
from app.traffic.lanes.paint import name_fonts
from app.traffic.lanes.view import SECOND, View
from app.traffic.page import TrafficPage
from inspector.model import Exchange, Stall, State, Worker
from inspector.store.rows import ExchangeRow
from supervisor.control.messages import WorkerStatus
from tests.bench.lanes import FRAME_MS, measure
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms


class Shown:
    """The page beside a trace under construction."""

    def __init__(self, qtbot: QtBot, trace: MadeTrace, folder: Path) -> None:
        self.qtbot, self.trace = qtbot, trace
        self.feed, self.settings = TraceFeed(), Settings(folder / "s.ini")
        self.page = TrafficPage(self.feed, ActionRegistry(), self.settings)
        self.canvas: LanesCanvas = self.page.lanes.canvas
        qtbot.addWidget(self.page)
        self.page.resize(1200, 800)
        self.page.show()
        self.page.activateWindow()
        qtbot.waitUntil(self.page.isActiveWindow, timeout=DEADLINE)
        self.page.table.setFocus()

    def open(self, *, live: bool = False) -> None:
        assert self.trace.writer.flush()
        with self.qtbot.waitSignal(self.feed.opened, timeout=DEADLINE):
            self.feed.open(self.trace.path, live=live)

    def wait(self, count: int) -> None:
        self.qtbot.waitUntil(lambda: len(self.canvas.lanes) == count, timeout=DEADLINE)
        self.qtbot.waitUntil(lambda: self.page.model.rowCount() == count, timeout=DEADLINE)
        self.canvas.grab()

    def place(self, made: Exchange) -> QPoint:
        """The middle of a bar on the screen."""
        found = self.canvas.lanes.find(made.id, made.opened_ns)
        assert found is not None
        slot, row, at = found
        place = next(place for place in self.canvas.places if place.slot == slot)
        number = self.canvas.lanes.rows[slot].index(row)
        scale = self.canvas.scale()
        x = NAMES + round(scale.x((row.starts[at] + row.ends[at]) // 2))
        return QPoint(x, self.canvas._top(place) + 3 + number * place.row_height + place.row_height // 2)


@pytest.fixture
def shown(qtbot: QtBot, trace: MadeTrace, tmp_path: Path) -> Iterator[Shown]:
    made = Shown(qtbot, trace, tmp_path)
    yield made
    made.feed.close()


def drag(canvas: LanesCanvas, begin: QPoint, end: QPoint, button: Qt.MouseButton) -> None:
    """As a hand would: press, two moves, release."""
    for kind, at, held in (
        (QEvent.Type.MouseButtonPress, begin, button), (QEvent.Type.MouseMove, (begin + end) / 2, button),
        (QEvent.Type.MouseMove, end, button), (QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.NoButton),
    ):  # fmt: skip
        where = QPointF(canvas.viewport().mapToGlobal(at))
        event = QMouseEvent(kind, QPointF(at), where, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas.viewport(), event)


def wheel(canvas: LanesCanvas, at: QPoint, notches: int, keys: Qt.KeyboardModifier) -> None:
    where = QPointF(canvas.viewport().mapToGlobal(at))
    turned, phase = QPoint(0, 120 * notches), Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(QPointF(at), where, QPoint(), turned, Qt.MouseButton.NoButton, keys, phase, False)
    QApplication.sendEvent(canvas.viewport(), event)


def test_a_saved_trace_is_shown_whole_and_a_click_selects(shown: Shown) -> None:
    made = shown.trace.traffic(30)
    shown.open()
    shown.wait(30)
    canvas = shown.canvas
    assert canvas.view.begin <= made[0].opened_ns
    assert canvas.view.end >= made[-1].returned_ns
    assert {place.slot for place in canvas.places} == {1, 2}
    longest = max(made, key=lambda e: e.returned_ns - e.opened_ns)
    shown.qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=shown.place(longest))
    assert shown.page.table.current_id() == longest.id
    shown.qtbot.waitUntil(lambda: canvas.chosen[0] == longest.id, timeout=DEADLINE)
    assert "2 lanes" in canvas.describe()


def test_the_pointer_names_the_request_and_what_happened_to_workers(shown: Shown) -> None:
    [made] = shown.trace.traffic(1)
    shown.open()
    shown.wait(1)
    canvas = shown.canvas
    found = canvas.hit(shown.place(made))
    assert found is not None
    words = canvas._bar_words(found[1], found[2])
    assert f"{made.method} {made.target}  →  {made.status}" in words
    assert "waited" in words
    assert "application" in words
    drag(canvas, shown.place(made), shown.place(made), Qt.MouseButton.NoButton)
    assert canvas._hover is not None
    dead = Worker(
        9, 1, 1, 1, 77, "exited", born_ns=made.opened_ns, ready_ns=made.opened_ns + 1, ended_ns=made.closed_ns
    )
    dead.cause = dead.outcome = "killed"
    canvas.marks = marks_of([], [dead])
    canvas.grab()
    x = NAMES + round(canvas.scale().x(made.closed_ns))
    assert canvas._mark_words(QPoint(x, AXIS + 30)) == "worker 1, pid 77, generation 1: killed"
    assert canvas._mark_words(QPoint(3, AXIS + 30)) == "worker 1, pid 77\nkilled"
    QApplication.sendEvent(canvas.viewport(), QEvent(QEvent.Type.Leave))
    assert canvas._hover is None


def test_a_recording_cut_off_before_the_first_request_shows_its_workers(shown: Shown) -> None:
    """Only a lifespan was under way, which has no bar: the axis tells the time of the worker's life."""
    born = time.monotonic_ns()
    worker = Worker(7, 1, 3, 1, 77, "ready", born_ns=born, ready_ns=born + 200_000_000)
    lifespan = Exchange(91, kind="lifespan", worker=7, called_ns=born + 100_000_000)
    shown.trace.writer.worker(worker)
    shown.trace.writer.touch(lifespan)
    shown.open()
    canvas = shown.canvas
    shown.qtbot.waitUntil(lambda: bool(canvas.marks.lives), timeout=DEADLINE)
    canvas.grab()
    assert canvas.view.begin < worker.born_ns < worker.ready_ns < canvas.view.end
    assert canvas.view.span < 600_000_000_000
    assert 3 in [place.slot for place in canvas.places]


def test_a_range_where_only_sums_are_kept_filters_by_time(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shown.trace.traffic(60)
    monkeypatch.setattr(feed_module, "HISTORY", 10)
    shown.open()
    canvas, page = shown.canvas, shown.page
    shown.qtbot.waitUntil(lambda: page.model.rowCount() == 60, timeout=DEADLINE)
    first, last = made[10].opened_ns, made[19].opened_ns
    canvas.set_view(View(made[0].opened_ns, made[-1].opened_ns - made[0].opened_ns, False))
    shown.qtbot.waitUntil(lambda: bool(canvas.older.sums), timeout=DEADLINE)
    scale = canvas.scale()
    left, right = (NAMES + round(scale.x(t)) for t in (first, last))
    drag(canvas, QPoint(left, AXIS + 30), QPoint(right, AXIS + 30), Qt.MouseButton.LeftButton)
    assert page.filter.text.startswith("time:")
    begin, end = canvas.range or (0, 0)
    inside = [e.id for e in made if begin <= e.opened_ns <= end]
    shown.qtbot.waitUntil(lambda: 0 < page.model.rowCount() < 60, timeout=DEADLINE)
    assert len(inside) <= page.model.rowCount() <= len(inside) + 2
    assert set(inside) <= set(page.model.ids)


def test_sums_and_bars_together_are_all_there_is_wherever_one_looks_and_after_a_deletion(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown.trace.traffic(60)
    monkeypatch.setattr(feed_module, "HISTORY", 10)
    monkeypatch.setattr(older_module, "_AT_ONCE", 9)
    shown.open()
    canvas, lanes = shown.canvas, shown.page.lanes

    def complete() -> bool:
        sums = [one for _slot, every in canvas.older.sums for one in every]
        starts = [start for rows in canvas.lanes.rows.values() for row in rows for start in row.starts]
        return sum(one.exchanges for one in sums) + sum(start >= canvas.lanes.since for start in starts) == 60

    shown.qtbot.waitUntil(complete, timeout=DEADLINE)
    before = canvas.older
    canvas.set_view(View(made[20].opened_ns, made[30].opened_ns - made[20].opened_ns, False))
    shown.qtbot.waitUntil(lambda: canvas.older.step < before.step, timeout=DEADLINE)
    lanes.fit()
    shown.qtbot.waitUntil(complete, timeout=DEADLINE)
    lanes.forget()
    assert canvas.older.sums == ()
    shown.feed.look(anew=True)
    shown.qtbot.waitUntil(complete, timeout=DEADLINE)


def test_a_range_filters_the_table_and_escape_lets_go(shown: Shown) -> None:
    made = shown.trace.traffic(40)
    shown.open()
    shown.wait(40)
    canvas, page = shown.canvas, shown.page
    page.filter.set_text("-status:500")
    before = page.filter.text
    middle = [e for e in made if e.opened_ns >= made[10].opened_ns][:8]
    scale = canvas.scale()
    left, right = (NAMES + round(scale.x(t)) for t in (middle[0].opened_ns, middle[-1].opened_ns))
    drag(canvas, QPoint(left, AXIS + 30), QPoint(right, AXIS + 30), Qt.MouseButton.LeftButton)
    assert page.filter.text.startswith(f"{before} id:")
    shown.qtbot.waitUntil(lambda: 0 < page.model.rowCount() < 30, timeout=DEADLINE)
    shown.qtbot.keyClick(page.table, Qt.Key.Key_Escape)
    assert page.filter.text == before
    assert canvas.range is None
    drag(canvas, QPoint(left, AXIS + 30), QPoint(right, AXIS + 30), Qt.MouseButton.LeftButton)
    page.filter.set_text("status:200")
    assert canvas.range is None
    assert page.filter.text == "status:200"
    drag(canvas, QPoint(left, AXIS + 30), QPoint(right, AXIS + 30), Qt.MouseButton.LeftButton)
    shown.qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert page.filter.text == "status:200"


def test_wheel_and_keys_zoom_and_move(shown: Shown) -> None:
    shown.trace.traffic(10)
    shown.open()
    shown.wait(10)
    canvas = shown.canvas
    whole = canvas.view
    at = QPoint(NAMES + 300, AXIS + 20)
    under = canvas.scale().t(300)
    wheel(canvas, at, 2, Qt.KeyboardModifier.NoModifier)
    assert canvas.view.span < whole.span
    assert abs(canvas.scale().t(300) - under) < canvas.scale().step * 3
    begin = canvas.view.begin
    wheel(canvas, at, -1, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.view.begin > begin
    shown.qtbot.keyClick(canvas, Qt.Key.Key_Left)
    shown.qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.view.span < whole.span
    shown.qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.view == whole
    drag(canvas, QPoint(NAMES + 300, 8), QPoint(NAMES + 400, 8), Qt.MouseButton.LeftButton)
    assert canvas.view.begin < whole.begin
    shown.qtbot.mouseClick(shown.page.lanes.follow_button, Qt.MouseButton.LeftButton)
    assert canvas.view == whole, "nothing new will come: the whole again"


def test_a_live_trace_is_followed_until_one_looks_elsewhere(shown: Shown) -> None:
    shown.trace.now = time.monotonic_ns() - SECOND
    shown.trace.exchange(1, state=State.OPEN)
    shown.open(live=True)
    shown.wait(1)
    canvas = shown.canvas
    assert canvas.live
    begin = canvas.view.begin
    shown.qtbot.waitUntil(lambda: canvas.view.begin > begin, timeout=DEADLINE)
    assert not shown.page.lanes.follow_button.isEnabled()
    shown.qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert not canvas.view.following
    assert shown.page.lanes.follow_button.isEnabled()
    shown.qtbot.keyClick(canvas, Qt.Key.Key_End)
    assert canvas.view.following
    shown.feed.set_live(False)
    shown.qtbot.waitUntil(lambda: not canvas.live, timeout=DEADLINE)


def test_what_comes_while_traffic_runs_is_taken_in_pieces_and_all_of_it(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[int] = []
    take = Lanes.take

    def watched(lanes: Lanes, rows: list[ExchangeRow]) -> None:
        pieces.append(len(rows))
        take(lanes, rows)

    monkeypatch.setattr(Lanes, "take", watched)
    monkeypatch.setattr(panel_module, "_TAKE_S", 0)
    monkeypatch.setattr(panel_module, "_PIECE", 7)
    shown.trace.now = time.monotonic_ns() - SECOND
    made = shown.trace.traffic(40)
    shown.open(live=True)
    shown.wait(40)
    assert max(pieces) <= 7
    assert sum(pieces) >= 40
    assert shown.canvas.lanes.between(0, 2**62) == [exchange.id for exchange in made]


def test_a_frame_drawn_ahead_looks_as_one_painted_at_once_and_is_not_shown_when_more_has_happened(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.trace.now = time.monotonic_ns() - SECOND
    made = shown.trace.traffic(40)
    shown.open(live=True)
    shown.wait(40)
    canvas, now = shown.canvas, time.monotonic_ns()
    monkeypatch.setattr(canvas, "now", lambda: now)
    monkeypatch.setattr(canvas_module, "_BUDGET", DEADLINE)
    shown.page.lanes._frame.stop()
    canvas.tick()
    drawn: list[object] = []
    monkeypatch.setattr(canvas, "_draw", lambda target: (drawn.append(target), LanesCanvas._draw(canvas, target)))
    ahead = canvas.viewport().grab().toImage()
    assert not drawn
    assert canvas.viewport().grab().toImage() == ahead
    assert len(drawn) == 1
    canvas.tick()
    canvas.choose(made[-1].id, made[-1].opened_ns)
    assert canvas.viewport().grab().toImage() != ahead
    canvas.resize(canvas.width(), 0)
    canvas.tick()


def test_lanes_are_hidden_and_that_is_remembered(shown: Shown) -> None:
    page = shown.page
    shown.qtbot.mouseClick(page.lanes.hide_button, Qt.MouseButton.LeftButton)
    assert page.lanes.isHidden()
    assert shown.settings.value("traffic/lanes", True) is False
    again = TrafficPage(shown.feed, ActionRegistry(), shown.settings)
    shown.qtbot.addWidget(again)
    assert again.lanes.isHidden()


def test_names_say_how_a_worker_is(qapp: QApplication) -> None:
    ready = WorkerStatus(slot=2, generation=1, pid=41, state="ready", cpu=12.4, rss=54 << 20, in_hand=(1, 2))
    assert name_of(2, ready, None, live=True).figures == "2 in hand  CPU 12 %  54 MiB"
    starting = WorkerStatus(slot=2, generation=1, pid=0, state="starting")
    assert name_of(2, starting, None, live=True).figures.startswith("starting")
    assert name_of(0, None, None, live=False).figures == "reached no worker"
    assert name_of(3, None, None, live=True).title == "worker 3"
    life = marks_of([], [Worker(9, 1, 1, 1, 77, "exited", ended_ns=3, cause="killed", outcome="killed")]).newest(1)
    assert name_of(1, ready, life, live=False).figures == "killed"
    busy = WorkerStatus(slot=2, generation=1, pid=41, state="ready", cpu=100.0, rss=512 << 20, in_hand=tuple(range(10)))
    figures = QFontMetrics(name_fonts(QApplication.font())[1]).horizontalAdvance(
        name_of(2, busy, None, live=True).figures
    )
    assert figures <= px(NAMES) - 33  # nothing of them is cut off
    course = Processes()
    for second in range(100):
        course.show([ready], float(second))
    course.show([ready], 99.1)
    assert [len(found) for found in course.courses(2)] == [60, 60]
    assert course.courses(9) == ([], [])


@pytest.mark.qt_log_ignore("grabbing the keyboard", "propagateSizeHints", "does not support raise", extend=True)
def test_a_blocked_loop_is_shaded_named_and_its_stack_shown(shown: Shown) -> None:
    made = shown.trace.traffic(30)
    slow = max(made, key=lambda e: e.returned_ns - e.opened_ns)
    begin, until = slow.called_ns, slow.called_ns + 312_000_000
    stack = '  File "/srv/shop/main.py", line 42, in handler\n    time.sleep(0.3)\n'
    for end in (0, until):  # noticed, and over
        shown.trace.writer.stall(Stall(slow.worker, begin, end, slow.id, stack))
    shown.open()
    shown.wait(30)
    canvas = shown.canvas
    shown.qtbot.waitUntil(lambda: bool(canvas.marks.blocked), timeout=DEADLINE)
    canvas.grab()
    [place] = [place for place in canvas.places if place.slot in canvas.marks.blocked]
    edge = QPoint(NAMES + round(canvas.scale().x((begin + until) // 2)), canvas._top(place) + 1)
    blocked = canvas.blocked_at(edge)
    assert blocked is not None
    words = canvas.blocked_words(blocked)
    assert words == f"Event loop blocked 312 ms, in main.py:42 in handler, by {slow.method} {slow.target} #{slow.id}"
    drag(canvas, edge, edge, Qt.MouseButton.NoButton)
    shown.qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=edge)
    card = shown.page.lanes.card
    assert card.isVisible()
    assert "blocked for 312 ms" in card.title.text()
    assert "time.sleep(0.3)" in card.stack.text()
    card.later.click()
    card.request.click()
    assert not card.isVisible()
    assert shown.page.table.current_id() == slow.id
    canvas.set_view(View(begin + 10 * SECOND, SECOND, False))
    shown.qtbot.keyClick(canvas, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.view.begin < begin < canvas.view.end
    assert card.isVisible()
    card.hide()


def test_without_a_trace_the_axis_tells_no_time(qtbot: QtBot) -> None:
    canvas = LanesCanvas(Lanes())
    qtbot.addWidget(canvas)
    canvas.resize(800, 120)
    image = canvas.grab().toImage()
    for y in (px(AXIS) // 2, 100):  # no label, and no line of the grid
        assert len({image.pixel(x, y) for x in range(px(NAMES) + 1, 800)}) == 1


def test_a_frame_of_a_hundred_thousand_bars_is_in_time(qapp: QApplication) -> None:
    found = measure(100_000, 120)
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert max(values["p50"] for values in found.values()) < FRAME_MS, found
