"""Each path through the window, on the real one: a hand on mouse and keys, real servers, real traffic.

One window serves all tests of this file; each takes it as it is and needs nothing from another. All the while the
window's thread is watched: none of this may hold it up.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QAbstractItemModel, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication
from websockets.sync.client import connect

from app.desk import Desk
from app.request import Request
from app.theme import Scheme
from app.workers.processes import Kind as NodeKind
from inspector.model import Kind
from inspector.store.reader import ExchangeRow
from tests.support.desk import button_named, click, press, real_desk, rows, serves, type_text, wait_for
from tests.support.load import Asking
from tests.support.nets import HARMLESS, no_leaks, no_stalls, pytest_runtest_teardown, quick_to_look

__all__ = ["no_leaks", "no_stalls", "pytest_runtest_teardown", "quick_to_look"]

pytest.importorskip("fastapi", reason="the demo applications are not installed")
pytestmark = [pytest.mark.qt_log_level_fail("WARNING"), pytest.mark.qt_log_ignore(*HARMLESS, extend=True)]

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def shared(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The window, on the demo, from its first page on."""
    with real_desk(qapp, tmp_path_factory.mktemp("paths")) as desk:
        desk.open(Request())
        wait_for(lambda: desk.welcome.demo.isVisible(), "the first page")
        click(desk.welcome.demo)
        wait_for(lambda: serves(desk, "uvicorn"), "the demo")
        yield desk


@pytest.fixture(scope="module")
def models(shared: Desk) -> list[QAbstractItemModel]:
    """The window's own models, not those that Qt makes for its widgets."""
    views = shared.window.findChildren(QAbstractItemView)
    every = {*shared.window.findChildren(QAbstractItemModel), *(view.model() for view in views)}
    return [model for model in every if type(model).__module__.startswith("app.")]


@pytest.fixture
def desk(shared: Desk) -> Desk:
    """The window on its traffic page, without a filter, the application running."""
    shared.window.activateWindow()  # where there is no window manager, a tip that goes leaves none active
    wait_for(shared.window.isActiveWindow, "the window in front")
    shared.window.show_page("traffic")
    shared.traffic.filter.set_text("")
    shared.traffic.table.setFocus()
    wait_for(lambda: serves(shared), "the application")
    return shared


def ask(desk: Desk, path: str) -> Asking:
    """One request, without waiting for its answer."""
    return Asking(desk.controller.status.url + path)


def comes(desk: Desk, path: str, *, over: bool = True) -> ExchangeRow:
    """The newest exchange with this target, when the table shows it."""

    def found() -> list[ExchangeRow]:
        return [row for row in rows(desk) if row.target == path and (bool(row.closed_ns) or not over)]

    wait_for(found, f"{path} in the table")
    return found()[-1]


def visit(desk: Desk, path: str) -> ExchangeRow:
    """Ask, and select what comes of it in the table."""
    asked = ask(desk, path)
    row = comes(desk, path)
    asked.join(60)
    desk.traffic.show_exchange(row.id)
    wait_for(lambda: desk.traffic.detail.exchange is not None and desk.traffic.detail.shown == row.id, "the detail")
    return row


def tab(desk: Desk, title: str) -> None:
    click(button_named(desk.traffic.detail.tabs, title))


def test_the_application_is_scaled_reloaded_stopped_and_started(desk: Desk, no_stalls: None) -> None:
    bar, controller = desk.launch.bar, desk.controller
    bar.workers.setFocus()
    press(desk, Qt.Key.Key_Up)
    wait_for(lambda: serves(desk) and len(controller.status.processes) >= 2, "a second worker")
    press(desk, Qt.Key.Key_Down)
    wait_for(lambda: serves(desk) and controller.status.workers == 1, "one worker")
    instance = controller.status.instance
    click(bar.reload)
    wait_for(lambda: serves(desk) and controller.status.instance != instance, "a new instance")
    click(bar.start)
    wait_for(lambda: controller.status.state == "stopped" and not controller.busy, "the stop")
    click(bar.start)
    wait_for(lambda: serves(desk), "the start")
    ask(desk, "/json?again=1")
    comes(desk, "/json?again=1")


def test_a_filter_narrows_tells_mistakes_and_goes(desk: Desk, no_stalls: None) -> None:
    for path in ("/json", "/error", "/html"):
        ask(desk, path)
        comes(desk, path)
    line = desk.traffic.filter
    press(desk, Qt.Key.Key_F, CTRL)
    assert line.line.hasFocus()
    type_text("status:5xx")
    press(desk, Qt.Key.Key_Return)
    wait_for(lambda: rows(desk) and {row.status for row in rows(desk)} == {500}, "only errors")
    press(desk, Qt.Key.Key_F, CTRL)
    type_text("duration:>soon")
    press(desk, Qt.Key.Key_Return)
    wait_for(line.error.isVisible, "what is wrong")
    assert {row.status for row in rows(desk)} == {500}, "the list stays as it was"
    press(desk, Qt.Key.Key_Escape)
    wait_for(lambda: {row.status for row in rows(desk)} >= {200, 500}, "all again")
    assert line.error.isHidden()


def test_every_tab_of_an_exchange_has_something_to_say(desk: Desk, no_stalls: None) -> None:
    visit(desk, "/json?colour=green")
    detail = desk.traffic.detail
    tab(desk, "Summary")
    wait_for(lambda: "/json" in detail.summary.headline.text(), "the headline")
    tab(desk, "Messages")
    wait_for(lambda: detail.messages.model.rowCount() > 3, "messages")
    tab(desk, "Scope")
    wait_for(lambda: detail.context.tree.topLevelItemCount() > 5, "the scope")
    tab(desk, "Request")
    wait_for(lambda: "colour=green" in detail.request.start_line.text(), "the request line")
    tab(desk, "Response")
    wait_for(lambda: "200" in detail.response.start_line.text(), "the status line")
    assert detail.response.headers.topLevelItemCount() > 1
    tab(desk, "Timing")
    wait_for(lambda: detail.timing.words.text(), "words about its times")
    tab(desk, "Logs")
    wait_for(detail.logs.isVisible, "logs")


def test_keys_move_in_the_table_and_copy(desk: Desk, no_stalls: None) -> None:
    for number in range(3):
        visit(desk, f"/html?n={number}")
    table = desk.traffic.table
    table.setFocus()
    press(desk, Qt.Key.Key_K)
    above = table.current_id()
    press(desk, Qt.Key.Key_J)
    assert table.current_id() != above
    press(desk, Qt.Key.Key_Up)
    assert table.current_id() == above
    QGuiApplication.clipboard().clear()
    press(desk, Qt.Key.Key_C)
    wait_for(lambda: QGuiApplication.clipboard().text().startswith("curl "), "a command of curl")
    press(desk, Qt.Key.Key_Return)
    wait_for(lambda: desk.traffic.detail.isAncestorOf(QApplication.focusWidget()), "the detail")
    press(desk, Qt.Key.Key_Escape)
    assert table.hasFocus()


def test_what_is_deleted_comes_back(desk: Desk, no_stalls: None) -> None:
    row = visit(desk, "/json?delete=1")
    table = desk.traffic.table
    table.setFocus()
    press(desk, Qt.Key.Key_Delete)
    wait_for(lambda: row.id not in {one.id for one in rows(desk)}, "its removal")
    press(desk, Qt.Key.Key_Z, CTRL)
    wait_for(lambda: row.id in {one.id for one in rows(desk)}, "its return")


def test_a_bar_in_the_lanes_is_clicked_and_a_range_is_taken(desk: Desk, no_stalls: None) -> None:
    row = visit(desk, "/slow?seconds=0.3")
    lanes = desk.traffic.lanes
    click(lanes.fit_button)
    canvas = lanes.canvas
    wait_for(lambda: _bars(desk), "bars")
    at, identity = _bars(desk)[-1]
    desk.traffic.table.clearSelection()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    wait_for(lambda: desk.traffic.table.current_id() == identity, "the exchange of the bar")
    shown = len(rows(desk))
    view, left, right = canvas.viewport(), QPoint(at.x() - 40, at.y()), QPoint(at.x() + 8, at.y())
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=left)
    for point in (left + QPoint(20, 0), right):
        QTest.mouseMove(view, point)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=right)
    wait_for(lambda: 0 < len(rows(desk)) <= shown and desk.traffic.filter.text, "a range")
    assert row.id
    desk.traffic.lanes.give_up_range()


def _bars(desk: Desk) -> list[tuple[QPoint, int]]:
    """Where bars are under the pointer, and of which exchanges, from the left."""
    canvas = desk.traffic.lanes.canvas
    size = canvas.viewport().size()
    found: dict[int, QPoint] = {}
    for y in range(0, size.height(), 4):
        for x in range(0, size.width(), 2):
            if (hit := canvas.hit(QPoint(x, y))) is not None:
                found[hit[1].ids[hit[2]]] = QPoint(x, y)
    return sorted(((at, identity) for identity, at in found.items()), key=lambda one: one[0].x())


def test_a_stream_is_in_the_table_while_it_lasts_and_grows(desk: Desk, no_stalls: None) -> None:
    asked = ask(desk, "/sse")
    row = comes(desk, "/sse", over=False)
    desk.traffic.show_exchange(row.id)
    tab(desk, "Messages")
    messages = desk.traffic.detail.messages.model
    wait_for(lambda: messages.rowCount() > 2, "its first messages")
    first = messages.rowCount()
    wait_for(lambda: messages.rowCount() > first, "more messages")
    asked.join(60)
    wait_for(lambda: comes(desk, "/sse").closed_ns, "its end")


def test_a_websocket_is_seen_message_by_message(desk: Desk, no_stalls: None) -> None:
    address = desk.controller.status.url.replace("http://", "ws://") + "/ws/echo"
    with connect(address, proxy=None) as socket:
        row = comes(desk, "/ws/echo", over=False)
        assert row.kind == Kind.WEBSOCKET
        desk.traffic.show_exchange(row.id)
        tab(desk, "Messages")
        messages = desk.traffic.detail.messages.model
        for number in range(3):
            before = messages.rowCount()
            socket.send(f"hello {number}")
            wait_for(lambda before=before: messages.rowCount() > before, "the message")
    wait_for(lambda: comes(desk, "/ws/echo"), "its end")


def test_a_replay_stands_beside_its_originals(desk: Desk, no_stalls: None) -> None:
    visit(desk, "/json?replay=1")
    desk.traffic.table.setFocus()
    press(desk, Qt.Key.Key_R)
    wait_for(lambda: desk.window.page == "replay", "the replay page")
    wait_for(lambda: desk.replay.model.rowCount() >= 1 and desk.replay.controls.start.isEnabled(), "its results")


def test_a_worker_is_killed_and_its_end_is_told(desk: Desk, no_stalls: None) -> None:
    press(desk, Qt.Key.Key_2, CTRL)
    assert desk.window.page == "workers"
    page = desk.workers
    pid = desk.controller.status.processes[-1].pid

    def node() -> object:
        return next((one for one in page.model.nodes() if one.pid == pid and one.kind is NodeKind.WORKER), None)

    wait_for(node, "the worker in the tree")
    page.tree.setCurrentIndex(page.model.find(node().key))
    wait_for(page.bar.kill.isEnabled, "what can be done to it")
    page.tree.setFocus()
    press(desk, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    wait_for(lambda: serves(desk) and desk.controller.status.processes[-1].pid != pid, "its successor")
    ends = page.lives
    said = lambda: [str(ends.index(row, column).data()) for row in range(ends.rowCount()) for column in range(8)]  # noqa: E731
    wait_for(lambda: any("SIGKILL" in text for text in said()), "the cause of its end")


def test_what_is_printed_is_on_the_logs_page(desk: Desk, no_stalls: None) -> None:
    visit(desk, "/error")
    click(button_named(desk.window, "Logs page"))
    wait_for(lambda: desk.logs.model.rowCount() > 0, "lines")
    desk.logs.bar.search.setFocus()
    type_text("Error")
    wait_for(lambda: desk.logs.bar.found.text(), "how many have it")


def run_from_palette(desk: Desk, words: str) -> None:
    press(desk, Qt.Key.Key_K, CTRL)
    wait_for(desk.window.palette_view.isVisible, "the palette")
    type_text(words)
    press(desk, Qt.Key.Key_Return)
    assert not desk.window.palette_view.isVisible()


def test_the_palette_and_the_keys(desk: Desk, no_stalls: None) -> None:
    run_from_palette(desk, "go to workers")
    wait_for(lambda: desk.window.page == "workers", "the page")
    press(desk, Qt.Key.Key_F1)
    wait_for(desk.window._keys.isVisible, "the keys")
    press(desk, Qt.Key.Key_F1)
    wait_for(desk.workers.isVisible, "the page before")


def test_the_colours_change(desk: Desk) -> None:
    """To dress all widgets anew takes longer than the watch allows: it is asked for, and once."""
    for words, scheme in (("dark colours", Scheme.DARK), ("light colours", Scheme.LIGHT)):
        run_from_palette(desk, words)
        wait_for(lambda scheme=scheme: desk.theme.scheme is scheme, "the colours")


def test_every_page_opens(desk: Desk, no_stalls: None) -> None:
    visit(desk, "/html")
    for name, page in desk.window._pages.items():
        click(button_named(desk.window, f"{page.title} page"))
        wait_for(page.widget.isVisible, name)
        assert desk.window.page == name


def test_models_keep_their_promises(desk: Desk, models: list[QAbstractItemModel]) -> None:
    """Qt's own tester on every model in the window, while there is traffic and pages are looked at."""
    mode = QAbstractItemModelTester.FailureReportingMode.Warning
    testers = [QAbstractItemModelTester(model, mode) for model in models]
    assert len(testers) > 10
    for path in ("/json", "/error", "/stream"):
        visit(desk, path)
    for name in desk.window._pages:
        desk.window.show_page(name)
        QTest.qWait(30)
    desk.window.show_page("traffic")
    desk.traffic.filter.set_text("status:200")
    wait_for(lambda: {row.status for row in rows(desk)} == {200}, "the filtered table")
    for tester in testers:
        tester.deleteLater()
