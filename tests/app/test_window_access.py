"""The window by keyboard alone, and for those who hear it: names, the way of the Tab key, and each path of a day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget

from app.actions import keys_text
from app.desk import Desk
from app.request import Request
from tests.support.made_trace import MadeTrace

WAIT = 10_000
MOST = 200  #: presses of Tab until it must have come round
PAGES = ("traffic", "workers", "findings", "replay", "logs")


@pytest.fixture
def desk(qapp, link, settings, qtbot, tmp_path: Path) -> Iterator[Desk]:
    """The demo runs, and a trace with an exchange of each kind is in view."""
    trace = MadeTrace(tmp_path / "a.gatescope")
    for number in range(12):
        trace.exchange(number % 8)
    assert trace.writer.flush()
    made = Desk(qapp, settings, link)
    qtbot.addWidget(made.window)
    made.window.resize(1440, 900)
    made.window.show()
    made.window.activateWindow()
    made.open(Request(demo=True))
    qtbot.waitUntil(lambda: made.controller.state == "running", timeout=WAIT)
    made.show_trace(str(trace.path), live=False)
    qtbot.waitUntil(lambda: made.traffic.model.rowCount() == 12, timeout=WAIT)
    made.traffic.table.selectRow(5)
    qtbot.waitUntil(lambda: made.traffic.detail._exchange is not None, timeout=WAIT)
    yield made
    made.window.close()
    trace.close()


def focusable(window: QWidget) -> list[QWidget]:
    """What can have the focus by the Tab key, and is to be used."""
    return [
        widget for widget in window.findChildren(QWidget)
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None and widget.window() is window
    ]  # fmt: skip


def tell(widget: QWidget | None) -> str:
    """The widget's place, for whoever reads a failure."""
    parts = []
    while widget is not None and len(parts) < 5:
        parts.append(f"{type(widget).__name__}#{widget.objectName()}")
        widget = widget.parentWidget()
    return " < ".join(parts)


def spoken(widget: QWidget) -> str:
    """What a screen reader calls it."""
    if isinstance(widget, QComboBox):  # its own answer is the text chosen; the name is to say what it chooses
        return widget.accessibleName()
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def round_trip(window: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Where Tab leads, from its first stop until it is there again."""
    seen: list[QWidget] = []
    for _ in range(MOST):
        before = QApplication.focusWidget()
        press(window, key)
        now = QApplication.focusWidget()
        assert now not in (None, before), f"{tell(before)} keeps the focus"
        if seen and now is seen[0]:
            return seen
        assert now not in seen, f"Tab goes in a circle that leaves something out, by way of {tell(now)}"
        seen.append(now)
    raise AssertionError("Tab does not come round")


def press(window: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key as the window system hands it over: Qt finds out for itself whose it is."""
    QTest.keyClick(window.windowHandle(), key, modifier)


def grouped(widget: QWidget) -> bool:
    """Whether it is one of several of which another one is chosen: the arrow keys lead there."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return group is not None and group.exclusive() and group.checkedButton() not in (None, widget)


def test_tab_comes_to_everything_and_everything_has_a_name(desk: Desk, qtbot) -> None:
    desk.window.show_page("statistics")
    qtbot.waitUntil(lambda: desk.statistics.plots is not None, timeout=WAIT)  # they are loaded when they are wanted
    for page in desk.window._pages:
        desk.window.show_page(page)
        QApplication.processEvents()
        wanted = focusable(desk.window)
        assert [tell(widget) for widget in wanted if not spoken(widget)] == [], page
        there = round_trip(desk.window)
        assert [tell(widget) for widget in wanted if widget not in there and not grouped(widget)] == [], page
        back = round_trip(desk.window, Qt.Key.Key_Backtab)
        assert {id(widget) for widget in back} == {id(widget) for widget in there}, page


def test_tab_goes_as_one_reads(desk: Desk) -> None:
    stops = round_trip(desk.window)
    named = [stops.index(widget) for widget in (
        desk.launch.bar.server, desk.traffic.lanes.canvas, desk.traffic.filter.line, desk.traffic.table,
        desk.traffic.detail.summary,
    )]  # fmt: skip
    assert named == sorted(named)


def test_a_page_that_comes_takes_the_focus(desk: Desk) -> None:
    desk.traffic.table.setFocus()
    for number, page in enumerate(desk.window._pages, start=1):
        press(desk.window, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
        shown = desk.window._pages[page].widget
        assert shown.isVisible()
        now = QApplication.focusWidget()
        assert now is shown or shown.isAncestorOf(now), page


def test_every_action_that_may_be_impossible_says_why(desk: Desk) -> None:
    desk.actions.refresh()
    silent = [action.id for action in desk.actions if not desk.actions.get(action.id).isEnabled()]
    assert silent, "nothing is impossible here: the test looks at nothing"
    assert [identity for identity in silent if not desk.actions.why_not(identity)] == []


def test_a_key_of_what_can_not_be_done_says_why(desk: Desk, qtbot) -> None:
    desk.controller.stop()
    qtbot.waitUntil(lambda: desk.controller.state == "stopped", timeout=WAIT)
    press(desk.window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    said = desk.window.statusBar().currentMessage()
    assert said == "Make some traffic: not now. Only for the demo applications, while one of them runs."


def test_a_letter_without_a_selection_says_what_it_lacks(desk: Desk) -> None:
    table = desk.traffic.table
    table.setFocus()
    table.clearSelection()
    for key in "RCMN":
        desk.window.statusBar().clearMessage()
        press(desk.window, Qt.Key(ord(key)))
        said = desk.window.statusBar().currentMessage()
        assert said.endswith(": not now. Select an exchange in the table first."), key


def test_letters_work_where_nobody_types(desk: Desk, qtbot) -> None:
    desk.traffic.detail.show_tab(0)
    desk.traffic.detail.focus()
    assert desk.traffic.detail.isAncestorOf(QApplication.focusWidget())
    with qtbot.waitSignal(desk.traffic.replay_wanted, timeout=WAIT) as asked:
        press(desk.window, Qt.Key.Key_R)
    assert asked.args == [desk.traffic.table.selected_ids()]
    desk.window.show_page("traffic")
    desk.traffic.focus_filter()
    with qtbot.assertNotEmitted(desk.traffic.replay_wanted):
        press(desk.window, Qt.Key.Key_R)
    assert desk.traffic.filter.text == "r"


def test_every_action_is_in_the_palette_with_its_key(desk: Desk) -> None:
    model = desk.window.palette_view.model
    model.filter("")
    assert {action.id for action in model.shown} == {action.id for action in desk.actions}
    keys = {model.index(at, 0).data(Qt.ItemDataRole.AccessibleTextRole) for at in range(model.rowCount())}
    wanted = [action for action in desk.actions if action.shortcut]
    assert [each.id for each in wanted if not any(words.endswith(keys_text(each)) for words in keys)] == []


def test_escape_goes_back_from_a_page(desk: Desk) -> None:
    for page in ("workers", "replay", "logs", "statistics", "compare", "comparison"):
        desk.window.show_page("traffic")
        desk.window.show_page(page)
        QApplication.processEvents()
        for _ in range(3):  # what is open on the page goes first
            press(desk.window, Qt.Key.Key_Escape)
            if desk.window.page == "traffic":
                break
        assert desk.window.page == "traffic", page
    press(desk.window, Qt.Key.Key_Escape)
    assert desk.window.page == "traffic"
