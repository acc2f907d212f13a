"""The page that shows two exchanges side by side, on real traces, with a socket that answers as a supervisor does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.traffic.compare.page import ComparePage
from app.traffic.compare.sides import load, verdict
from app.traffic.page import TrafficPage
from inspector.store.reader import TraceReader
from supervisor.control.messages import (
    BesideProgress,
    Finished,
    ModesListed,
    ModeStatus,
    Problem,
    ReplayBeside,
    TargetSpec,
    WayOut,
)
from tests.app.conftest import make_status
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms
SPEC = TargetSpec(target="demo:asgi")


class Shown:
    def __init__(self, qtbot: QtBot, link: Any, backend: Any, trace: MadeTrace, settings: Settings) -> None:
        self.qtbot, self.backend, self.trace = qtbot, backend, trace
        self.feed = TraceFeed()
        self.page = ComparePage(link, self.feed, ActionRegistry(), settings)
        qtbot.addWidget(self.page)
        self.page.resize(1100, 700)
        self.page.show()
        link.start()
        with qtbot.waitSignal(self.feed.opened, timeout=DEADLINE):
            self.feed.open(trace.path)

    def until(self, true: Any) -> None:
        self.qtbot.waitUntil(true, timeout=DEADLINE)

    def sent(self) -> ReplayBeside:
        self.until(lambda: bool(self.backend.of(ReplayBeside)))
        command = self.backend.of(ReplayBeside)[-1]
        assert isinstance(command, ReplayBeside)
        return command


@pytest.fixture
def shown(qtbot: QtBot, link: Any, backend: Any, trace: MadeTrace, tmp_path: Path) -> Iterator[Shown]:
    backend.listed = ModesListed(
        id=0, target=SPEC, interface="ASGI3", framework="", python_version="3.11",
        modes=(ModeStatus(slug="waitress", title="waitress", interface="WSGI", state="adaptable"),),
    )  # fmt: skip
    backend.held = {ReplayBeside}
    made = Shown(qtbot, link, backend, trace, Settings(tmp_path / "compare.ini"))
    yield made
    made.page.clear()
    made.feed.close()


def test_with_nothing_to_compare_it_says_how_and_leads_there(shown: Shown) -> None:
    page = shown.page
    assert page.empty.isVisible()
    for widget in (page.back, page.cancel, page.busy, page.wrong):  # nothing is under way
        assert not widget.isVisible()
    with shown.qtbot.waitSignal(page.left, timeout=DEADLINE):
        page.empty.button.click()


def test_two_of_a_trace(shown: Shown, trace: MadeTrace) -> None:
    page, view = shown.page, shown.page.view
    first, second = trace.exchange(1), trace.exchange(5)
    for each in (first, second):
        trace.say(each, each.called_ns - 1, "app", "in", "call", None, {})
    assert trace.writer.flush()
    assert not page.copy.isVisible()
    with shown.qtbot.waitSignal(page.shown, timeout=DEADLINE):
        page.show_two(first.id, second.id)
    shown.until(lambda: bool(view.rows))
    assert page.titles[0].text() == "ASGI · gunicorn-uvicorn"
    assert page.requests[1].text() == f"#{second.id}  POST /checkout → 500"
    assert page.verdict.text().startswith("The answers differ in: status")
    assert page.payloads[0].toPlainText().startswith("call(scope)\ntype: 'http'")
    without = len(view.rows)
    page.wire.setChecked(True)
    assert len(view.rows) > without
    view.grab()
    shown.qtbot.keyClick(view, Qt.Key.Key_N)
    assert view.rows[view.current].difference or not view.rows[view.current].paired
    there = view.current
    shown.qtbot.keyClick(view, Qt.Key.Key_N)
    shown.qtbot.keyClick(view, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert view.current == there
    shown.qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.current == len(view.rows) - 1
    assert view.accessibleDescription().startswith(f"{len(view.rows)} of {len(view.rows)}: ")
    with shown.qtbot.waitSignal(view.opened, timeout=DEADLINE):
        shown.qtbot.keyClick(view, Qt.Key.Key_Return)
    shown.qtbot.mouseClick(page.copy, Qt.MouseButton.LeftButton)
    assert "http.response.start 500" in QGuiApplication.clipboard().text()
    page.show_two(first.id, 999)
    shown.until(lambda: page.wrong.isVisible())
    assert "not in the trace" in page.wrong.text()


def socket_saying(trace: MadeTrace, *texts: bytes) -> int:
    made = trace.begin(0)
    made.kind, made.status, made.state, made.closed_ns = "websocket", 101, "done", made.called_ns + 1
    made.response_head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    for text in texts:
        trace.say(made, made.called_ns, "wire", "out", "ws.text", text, {})
    trace.writer.touch(made)
    return made.id


def test_what_two_websockets_said_counts(trace: MadeTrace) -> None:
    one, same, other = (socket_saying(trace, b"hello", last) for last in (b"Ada", b"Ada", b"Bob"))
    long, longer = socket_saying(trace, *[b"x"] * 201), socket_saying(trace, *[b"x"] * 200, b"y")
    assert trace.writer.flush()
    with TraceReader(trace.path) as reader:
        loaded = {number: load(reader, identity=number) for number in (one, same, other, long, longer)}
    assert verdict(loaded[one], loaded[same]).startswith("The answers are the same.")
    assert verdict(loaded[one], loaded[other]).startswith("The answers differ in: message #2.")
    assert verdict(loaded[long], loaded[longer]).startswith("The handshakes are the same;")


def test_one_beside_its_replay(shown: Shown, trace: MadeTrace) -> None:
    page = shown.page
    original = trace.exchange(1)
    assert trace.writer.flush()
    page.show_other(original.id, SPEC)
    command = shown.sent()
    assert (command.target.target, command.mode, command.adapt) == ("demo:wsgi", "waitress", False)
    assert (command.source, command.exchange) == (str(trace.path), original.id)
    assert page.offers.count() == 2
    assert page.cancel.isVisible()
    shown.backend.tell(BesideProgress(id=command.id, text="Starting it…"))
    shown.until(lambda: page.step.text() == "Starting it…")
    other = MadeTrace(Path(command.trace), asgi=False)
    other.replay([other.exchange(1), other.exchange(1)])
    other.close()
    shown.backend.tell(Finished(id=command.id, app=make_status("twin", target=command.target)))
    shown.until(lambda: bool(page.view.rows))
    assert page.titles[1].text().startswith("WSGI · gunicorn-sync · demo:wsgi")
    assert "lifespan.startup" in page.note.text()
    assert not page.rerun.running
    assert page.again.isVisible()

    page.offers.setCurrentIndex(1)
    shown.backend.refusals[ReplayBeside] = Problem(what="It broke.", why="So.", ways_out=(WayOut(text="Mend it."),))
    shown.backend.held.clear()
    shown.qtbot.mouseClick(page.again, Qt.MouseButton.LeftButton)
    shown.until(lambda: page.wrong.text() == "It broke. So. Mend it.")
    assert shown.sent().adapt
    assert not page.view.rows


def test_it_is_cancelled_by_hanging_up(shown: Shown, trace: MadeTrace) -> None:
    page = shown.page
    original = trace.exchange(1)
    assert trace.writer.flush()
    page.show_other(original.id, SPEC)
    shown.sent()
    shown.qtbot.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
    assert not page.rerun.running
    assert page.wrong.text().startswith("Cancelled")
    assert page.again.isVisible()
    assert page.view.rows == []


def test_why_it_cannot_be(shown: Shown, trace: MadeTrace) -> None:
    page = shown.page
    original, unseen = trace.exchange(1), trace.exchange(1)
    unseen.interface = ""
    trace.writer.touch(unseen)
    assert trace.writer.flush()
    page.show_other(unseen.id, SPEC)
    shown.until(lambda: page.wrong.text().startswith("No probe saw"))
    shown.backend.listed = ModesListed(
        id=0, target=SPEC, interface="ASGI3", framework="", python_version="3.11", modes=()
    )
    page.show_other(original.id, SPEC)
    shown.until(lambda: page.wrong.text().startswith("Nothing here can run"))
    shown.backend.listed = ModesListed(
        id=0, target=SPEC, interface="", framework="", python_version="", modes=(), problem=Problem(what="Not there.")
    )
    page.show_other(original.id, SPEC)
    shown.until(lambda: page.wrong.text() == "Not there.")
    assert not page.cancel.isVisible()


def test_the_table_offers_it(shown: Shown, trace: MadeTrace, settings: Settings) -> None:
    trace.traffic(4)
    assert trace.writer.flush()
    actions = ActionRegistry()
    feed = TraceFeed()
    traffic = TrafficPage(feed, actions, settings)
    shown.qtbot.addWidget(traffic, before_close_func=lambda _page: feed.close())
    traffic.show()
    feed.open(trace.path)
    shown.until(lambda: traffic.model.rowCount() == 4)
    traffic.set_known(True)
    traffic.show_exchange(2)
    shown.until(lambda: traffic.table.current_id() == 2)
    shown.until(actions.get("traffic.compare_other").isEnabled)
    assert not actions.get("traffic.compare").isEnabled()
    with shown.qtbot.waitSignal(traffic.other_wanted, timeout=DEADLINE) as wanted:
        actions.run("traffic.compare_other")
    assert wanted.args == [2]
    shown.qtbot.keyClick(traffic.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert len(traffic.table.selected_ids()) == 2
    with shown.qtbot.waitSignal(traffic.compare_wanted, timeout=DEADLINE) as both:
        actions.run("traffic.compare")
    assert both.args == sorted(traffic.table.selected_ids())
