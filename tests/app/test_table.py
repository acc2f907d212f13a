"""The exchange table: its model under Qt's own checker, and the page around it with real keys on real traces."""

from __future__ import annotations

import sqlite3
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.traffic.columns import COLUMNS, INDEX, Axis, columns
from app.traffic.page import TrafficPage
from app.traffic.table_model import ROW_ROLE, ExchangeTableModel
from app.traffic.table_view import ExchangeTable
from app.traffic.terms import quoted, term
from inspector.model import State
from inspector.query import parse
from inspector.query.capturing import parse_capture
from inspector.store.annotations import Note
from inspector.store.reader import ExchangeRow, TraceCounts, TraceReader
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms
DISPLAY = Qt.ItemDataRole.DisplayRole
ROWS = QItemSelectionModel.SelectionFlag.Rows


@pytest.fixture
def rows(trace: MadeTrace) -> list[ExchangeRow]:
    """Twelve rows out of a real trace, the last in flight."""
    trace.traffic(11)
    trace.exchange(1, state=State.OPEN)
    assert trace.writer.flush()
    with TraceReader(trace.path) as reader:
        return reader.exchanges()


@pytest.fixture
def model(qapp: QApplication) -> Iterator[ExchangeTableModel]:
    made = ExchangeTableModel()
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    yield made
    del tester


def text(model: ExchangeTableModel, position: int, key: str) -> str:
    return str(model.data(model.index(position, INDEX[key]), DISPLAY))


def test_new_rows_are_appended_and_late_ones_put_in_their_place(
    model: ExchangeTableModel, rows: list[ExchangeRow]
) -> None:
    model.take_changes([rows[0], rows[3], rows[2]])
    model.take_changes([rows[1], rows[4]])
    assert list(model.ids) == [row.id for row in rows[:5]]
    assert [model.position(row.id) for row in rows[:6]] == [0, 1, 2, 3, 4, -1]


def test_a_change_changes_its_row_and_no_other(model: ExchangeTableModel, rows: list[ExchangeRow]) -> None:
    model.take_changes(rows)
    assert text(model, 11, "status") == "···"
    model.take_changes([rows[11]._replace(status=418, state=State.DONE)])
    assert model.rowCount() == len(rows)
    assert text(model, 11, "status") == "418"


def test_what_is_in_flight_grows(qtbot: QtBot, model: ExchangeTableModel, rows: list[ExchangeRow]) -> None:
    model.take_changes(rows)
    assert text(model, 11, "duration") == "unfinished"
    with qtbot.waitSignal(model.dataChanged):
        model.tick(Axis(now=rows[11].opened_ns + 1_500_000_000), 0, 11)
    assert text(model, 11, "duration") == "1.50 s"


def test_rows_that_are_not_here_are_asked_for_once(
    qtbot: QtBot, model: ExchangeTableModel, rows: list[ExchangeRow]
) -> None:
    model.set_ids([row.id for row in rows], ascending=True)
    with qtbot.waitSignal(model.rows_wanted, timeout=DEADLINE) as asked:
        assert text(model, 5, "path") == "…"
    assert asked.args == [[row.id for row in rows]]
    with qtbot.assertNotEmitted(model.rows_wanted, wait=50):
        assert text(model, 6, "path") == "…"
    model.fill(rows)
    assert text(model, 5, "path") == rows[5].target


def test_a_list_that_only_grew_keeps_its_rows(qtbot: QtBot, model: ExchangeTableModel, rows: list[ExchangeRow]) -> None:
    ids = [row.id for row in rows]
    assert model.set_ids(ids[:5], ascending=True) is False
    with qtbot.assertNotEmitted(model.modelReset):
        assert model.set_ids(ids, ascending=True) is False
    assert model.set_ids(ids[::-1], ascending=False) is True
    assert [model.position(identity) for identity in (ids[0], ids[-1], 999)] == [len(ids) - 1, 0, -1]
    model.update_rows(rows)
    assert text(model, 0, "status") == "···"
    model.clear()
    assert model.rowCount() == 0


def test_what_the_trace_let_go_of_leaves_and_nothing_else_moves(qtbot: QtBot, model: ExchangeTableModel) -> None:
    model.set_ids([1, 2, 3, 4, 5, 6], ascending=True)
    with qtbot.assertNotEmitted(model.modelReset):
        assert model.set_ids([1, 3, 5, 6, 7], ascending=True) is False  # 1 and 3 are in flight
        assert model.set_ids([6, 7], ascending=True) is False
    assert list(model.ids) == [6, 7]
    assert model.set_ids([5, 6, 7], ascending=True) is True
    assert model.set_ids([], ascending=True) is True


def test_a_million_are_chosen_at_once(qtbot: QtBot) -> None:
    model = ExchangeTableModel()  # without Qt's checker, which looks at each row
    table = ExchangeTable(model)
    qtbot.addWidget(table)
    model.set_ids(array("q", range(1, 1_000_001)), ascending=True)
    spent = time.thread_time()
    table.selectAll()
    assert len(table.selected_ids()) == table.selected_count() == 1_000_000
    table.selectionModel().select(model.index(499_999, 3), ROWS | QItemSelectionModel.SelectionFlag.Deselect)
    chosen = table.selected_ids()
    assert time.thread_time() - spent < 0.5, "some milliseconds, but for who else is here"
    assert (chosen[499_998], chosen[499_999], len(chosen)) == (499_999, 500_001, 999_999)


def test_an_exchange_is_found_in_any_order(model: ExchangeTableModel) -> None:
    ids = [5, 256, 1, 1 << 40, 2, (1 << 40) + 1]
    model.set_ids(ids, ascending=False)
    assert [model.position(identity) for identity in ids] == list(range(6))
    assert model.position(3) == -1
    assert model.position(1 << 32) == -1


def test_every_column_says_something_of_a_row(model: ExchangeTableModel, rows: list[ExchangeRow]) -> None:
    model.take_changes(rows)
    for number, column in enumerate(COLUMNS):
        index = model.index(0, number)
        for role in (DISPLAY, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.FontRole):
            model.data(index, role)
        assert model.headerData(number, Qt.Orientation.Horizontal, DISPLAY) == column.title
    assert model.data(model.index(0, 0), ROW_ROLE) is rows[0]


def test_terms_are_read_by_the_filter_language(rows: list[ExchangeRow]) -> None:
    odd = rows[0]._replace(target='/a "b"(c)', status=404)
    for column in columns(lambda _identity: Note("red", 'say "why"')):
        made = term(column, odd)
        assert bool(made) == bool(column.field)
        if made:
            parse(made)
    assert term(COLUMNS[INDEX["status"]], odd) == "status:404"
    assert term(COLUMNS[INDEX["status"]], odd._replace(status=0)) == ""
    assert quoted("a b\\") == '"a b\\\\"'


def test_a_hundred_thousand_rows_are_taken_batch_by_batch(qapp: QApplication, rows: list[ExchangeRow]) -> None:
    model = ExchangeTableModel()  # without the checker, which looks at every row after every change
    done = rows[0]
    longest = 0.0
    for start in range(1, 100_001, 2_000):
        batch = [done._replace(id=identity) for identity in range(start, start + 2_000)]
        begun = time.perf_counter()
        model.take_changes(batch)
        longest = max(longest, time.perf_counter() - begun)
    assert model.rowCount() == 100_000
    assert model.position(99_999) == 99_998
    assert longest < 0.25, "a batch costs what the batch costs"


# the page


class Shown:
    """A traffic page on a live trace."""

    def __init__(self, qtbot: QtBot, trace: MadeTrace, tmp_path: Path) -> None:
        self.trace, self.qtbot = trace, qtbot
        self.feed = TraceFeed()
        self.actions = ActionRegistry()
        self.page = TrafficPage(self.feed, self.actions, Settings(tmp_path / "settings.ini"))
        qtbot.addWidget(self.page)
        self.page.resize(1200, 700)
        self.page.show()
        self.page.activateWindow()
        qtbot.waitExposed(self.page)
        self.feed.open(trace.path)

    def wait_rows(self, count: int) -> None:
        self.qtbot.waitUntil(lambda: self.page.model.rowCount() == count, timeout=DEADLINE)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.page.table, key, modifier)


@pytest.fixture
def shown(qtbot: QtBot, trace: MadeTrace, tmp_path: Path) -> Iterator[Shown]:
    made = Shown(qtbot, trace, tmp_path)
    yield made
    made.feed.close()


@pytest.mark.parametrize("text", ["", "method:GET", "body:item"])
def test_what_the_recording_lets_go_of_when_it_is_over_leaves_the_window(
    shown: Shown, trace: MadeTrace, text: str
) -> None:
    page = shown.page
    trace.exchange(1)
    page.filter.set_text(text)
    hanging = trace.begin(1)
    shown.qtbot.waitUntil(lambda: hanging.id in page.lanes.lanes, timeout=DEADLINE)
    if text != "body:item":  # which it has not got yet
        shown.qtbot.waitUntil(lambda: page.table.go_to(hanging.id), timeout=DEADLINE)
        shown.qtbot.waitUntil(lambda: page.detail.shown == hanging.id, timeout=DEADLINE)
    said: list[str] = []
    page.said.connect(said.append)
    counted: list[TraceCounts] = []
    shown.feed.counts_changed.connect(counted.append)
    trace.writer.capture(parse_capture("status:5xx"))
    trace.finish(hanging)
    shown.qtbot.waitUntil(lambda: hanging.id not in page.lanes.lanes, timeout=DEADLINE)
    shown.qtbot.waitUntil(lambda: page.model.position(hanging.id) < 0, timeout=DEADLINE)
    assert page.detail.shown == 0
    assert said == ([] if text == "body:item" else [said[0]])
    last = trace.exchange(2)
    shown.qtbot.waitUntil(lambda: bool(counted) and counted[-1].not_captured == 2, timeout=DEADLINE)
    assert page.model.position(last.id) < 0


def test_what_was_chosen_in_one_trace_is_not_chosen_in_the_next(shown: Shown, trace: MadeTrace) -> None:
    made = trace.traffic(5)
    shown.wait_rows(5)
    shown.page.table.go_to(made[1].id)
    assert shown.actions.get("traffic.copy_curl").isEnabled()
    told: list[list[int]] = []
    shown.page.selection_changed.connect(lambda ids: told.append(list(ids)))
    shown.feed.close()
    assert told == [[]]  # or its ids would be replayed, of another trace
    assert not shown.actions.get("traffic.copy_curl").isEnabled()


def test_the_table_follows_the_newest_until_one_scrolls_up(shown: Shown, trace: MadeTrace) -> None:
    table = shown.page.table
    trace.traffic(80)
    shown.wait_rows(80)
    shown.qtbot.waitUntil(lambda: table.verticalScrollBar().maximum() > 0, timeout=DEADLINE)
    assert table.following
    assert table.verticalScrollBar().value() == table.verticalScrollBar().maximum()
    table.verticalScrollBar().setValue(3)
    assert not table.following
    trace.traffic(20)
    shown.wait_rows(100)
    assert table.verticalScrollBar().value() == 3
    shown.actions.run("traffic.follow")
    assert table.following
    assert table.verticalScrollBar().value() == table.verticalScrollBar().maximum()


def test_keys_walk_and_what_is_walked_to_is_shown(shown: Shown, trace: MadeTrace) -> None:
    made = trace.traffic(10)
    shown.wait_rows(10)
    for _ in range(3):
        shown.press(Qt.Key.Key_K)
    shown.press(Qt.Key.Key_J)
    assert shown.page.table.current_id() == made[1].id
    shown.qtbot.waitUntil(lambda: shown.page.detail.shown == made[1].id, timeout=DEADLINE)
    shown.qtbot.waitUntil(lambda: made[1].target in shown.page.detail.summary.headline.text(), timeout=DEADLINE)
    shown.press(Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
    shown.press(Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert list(shown.page.table.selected_ids()) == [made[1].id, made[2].id]


def test_a_filter_narrows_and_a_wrong_one_says_where(shown: Shown, trace: MadeTrace) -> None:
    for route in (0, 1, 4, 4, 5):
        trace.exchange(route)
    shown.wait_rows(5)
    bar = shown.page.filter
    bar.set_text("status:404")
    shown.wait_rows(2)
    trace.exchange(4)
    shown.wait_rows(3)  # live traffic passes the filter too
    assert "of" in bar.counts.text()
    bar.set_text("status:nonsense")
    assert bar.error.isVisible()
    assert "nonsense" in bar.error.text()
    shown.page.grab()  # the wave is drawn
    bar.set_text("path:/nowhere")
    shown.wait_rows(0)
    assert shown.page.empty.isVisible()
    shown.qtbot.mouseClick(shown.page.empty.button, Qt.MouseButton.LeftButton)
    shown.wait_rows(6)
    assert not bar.error.isVisible()


def test_right_click_filters_by_the_cell_and_excludes(shown: Shown, trace: MadeTrace) -> None:
    made = [trace.exchange(route) for route in (4, 1, 1)]
    shown.wait_rows(3)
    shown.page.table.go_to(made[0].id)
    shown.qtbot.waitUntil(lambda: shown.page.model.known(made[0].id) is not None, timeout=DEADLINE)
    menu = shown.page.context_menu(INDEX["status"])
    titles = [action.text() for action in menu.actions()]
    assert titles[:2] == ["Filter by  status:404", "Exclude  status:404"]
    menu.actions()[1].trigger()
    shown.wait_rows(2)
    assert shown.page.filter.text == "-status:404"
    shown.page.filter.add_term("method:GET")
    assert shown.page.filter.text == "-status:404 method:GET"
    shown.page.filter.set_text("status:404 or status:200")
    shown.page.filter.add_term("method:GET")
    assert shown.page.filter.text == "(status:404 or status:200) method:GET"
    menu.deleteLater()


def test_a_header_click_sorts_and_a_third_goes_back(shown: Shown, trace: MadeTrace) -> None:
    for route in (4, 1, 5, 2):
        trace.exchange(route)
    shown.wait_rows(4)
    header = shown.page.table.horizontalHeader()
    header.setSortIndicator(INDEX["status"], Qt.SortOrder.DescendingOrder)
    shown.qtbot.waitUntil(lambda: text(shown.page.model, 0, "status") == "500", timeout=DEADLINE)
    trace.exchange(5)
    shown.wait_rows(5)
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    shown.qtbot.waitUntil(lambda: list(shown.page.model.ids) == sorted(shown.page.model.ids), timeout=DEADLINE)
    for column in COLUMNS:
        if column.order:
            header.setSortIndicator(INDEX[column.key], Qt.SortOrder.AscendingOrder)
            shown.qtbot.waitSignal(shown.page.listing.settled, timeout=DEADLINE).wait()
            assert shown.page.model.rowCount() == 5
    header.setSortIndicator(INDEX["waterfall"], Qt.SortOrder.AscendingOrder)
    assert header.sortIndicatorSection() == -1


def test_a_list_made_anew_keeps_what_is_selected(shown: Shown, trace: MadeTrace) -> None:
    made = [trace.exchange(route) for route in (1, 4, 1, 4, 4)]
    shown.wait_rows(5)
    table = shown.page.table
    table.go_to(made[1].id)
    shown.qtbot.waitUntil(lambda: shown.page.detail.shown == made[1].id, timeout=DEADLINE)
    shown.page.filter.set_text("status:404")
    shown.wait_rows(3)
    assert (table.current_id(), list(table.selected_ids())) == (made[1].id, [made[1].id])
    assert shown.page.detail.shown == made[1].id
    shown.page.filter.set_text("status:200")
    shown.wait_rows(2)
    assert (table.current_id(), list(table.selected_ids()), shown.page.detail.shown) == (0, [], 0)


def test_columns_are_chosen_and_one_stays(shown: Shown) -> None:
    table = shown.page.table
    menu = table.columns_menu()
    ticks = {action.text(): action for action in menu.actions() if action.isCheckable()}
    assert not ticks["Client"].isChecked()
    ticks["Client"].trigger()
    assert not table.isColumnHidden(INDEX["client"])
    for number in range(len(COLUMNS)):
        table.show_column(number, False)
    assert table.horizontalHeader().hiddenSectionCount() == len(COLUMNS) - 1
    table.reset_columns()
    assert table.isColumnHidden(INDEX["client"])
    menu.deleteLater()


def test_copy_as_curl_and_wish_for_a_replay(shown: Shown, trace: MadeTrace) -> None:
    made = trace.traffic(3)
    shown.wait_rows(3)
    shown.page.table.go_to(made[1].id)
    with shown.qtbot.waitSignal(shown.page.said, timeout=DEADLINE) as said:
        shown.actions.run("traffic.copy_curl")
    assert said.args == ["Copied 1 as curl"]
    assert f"http://127.0.0.1{made[1].target}" in QGuiApplication.clipboard().text()
    with shown.qtbot.waitSignal(shown.page.said, timeout=DEADLINE) as said:
        shown.actions.run("traffic.copy_curl_secrets")
    assert said.args == ["Copied 1 as curl, secrets and all"]
    shown.page.table.setFocus()
    with shown.qtbot.waitSignal(shown.page.edit_wanted, timeout=DEADLINE) as wanted:
        shown.press(Qt.Key.Key_E)
    assert wanted.args == [made[1].id]
    with shown.qtbot.waitSignal(shown.page.replay_wanted, timeout=DEADLINE) as wanted:
        shown.press(Qt.Key.Key_R)
    assert [list(ids) for ids in wanted.args] == [[made[1].id]]


def test_another_exchange_is_shown_even_if_the_filter_hid_it(shown: Shown, trace: MadeTrace) -> None:
    made = [trace.exchange(route) for route in (4, 1)]
    shown.wait_rows(2)
    shown.page.filter.set_text("status:404")
    shown.wait_rows(1)
    shown.page.show_exchange(made[1].id)
    shown.qtbot.waitUntil(lambda: shown.page.table.current_id() == made[1].id, timeout=DEADLINE)


def test_an_exchange_that_is_gone_is_said_to_be_and_the_filter_stays(shown: Shown, trace: MadeTrace) -> None:
    trace.exchange(4)
    shown.page.filter.set_text("status:404")
    shown.wait_rows(1)
    with shown.qtbot.waitSignal(shown.page.said, timeout=DEADLINE) as said:
        shown.page.show_exchange(4711)
    assert said.args == ["Exchange 4711 is not in the trace: it was not captured, or had to make room"]
    assert shown.page.filter.text == "status:404"


def test_an_empty_table_says_what_to_do(shown: Shown) -> None:
    shown.qtbot.waitUntil(lambda: shown.page.empty.headline.text() == "No requests yet", timeout=DEADLINE)
    shown.page.set_address("http://127.0.0.1:8123")
    assert "http://127.0.0.1:8123" in shown.page.empty.advice.text()
    shown.feed.close()
    assert shown.page.empty.headline.text() == "Nothing to show yet"
    shown.feed.open("/nowhere/at.all", live=False)
    shown.qtbot.waitUntil(lambda: "nowhere" in shown.page.empty.headline.text(), timeout=DEADLINE)


def test_the_detail_goes_beside_the_table_and_back(shown: Shown) -> None:
    shown.actions.run("traffic.beside")
    assert shown.page.splitter.orientation() == Qt.Orientation.Horizontal
    shown.actions.run("traffic.beside")
    assert shown.page.splitter.orientation() == Qt.Orientation.Vertical


def test_a_right_click_on_another_row_selects_it(shown: Shown, trace: MadeTrace) -> None:
    made = trace.traffic(3)
    shown.wait_rows(3)
    table = shown.page.table
    table.menu_wanted.disconnect(shown.page._show_menu)  # a menu that pops up is for those with a screen
    at = table.visualRect(table.model().index(2, 1)).center()
    with shown.qtbot.waitSignal(table.menu_wanted, timeout=DEADLINE) as asked:
        table.customContextMenuRequested.emit(at)
    assert table.current_id() == made[2].id
    assert asked.args is not None
    assert asked.args[1] == 1
    table.customContextMenuRequested.emit(QPoint(5, 600))


def test_enter_and_escape_go_to_the_detail_and_back(shown: Shown, trace: MadeTrace) -> None:
    made = trace.traffic(3)
    shown.wait_rows(3)
    page = shown.page
    page.table.setFocus()
    page.table.go_to(made[1].id)
    shown.qtbot.waitUntil(lambda: page.detail.shown == made[1].id, timeout=DEADLINE)
    page.detail.show_tab(2)
    shown.press(Qt.Key.Key_Return)
    shown.qtbot.waitUntil(page.detail.context.tree.hasFocus, timeout=DEADLINE)
    page.back()
    assert page.table.hasFocus()
    shown.actions.run("traffic.filter")
    assert page.filter.line.hasFocus()
    with shown.qtbot.assertNotEmitted(page.replay_wanted):
        shown.qtbot.keyClicks(page.filter.line, "status:200 ref")
    assert page.filter.text == "status:200 ref"
    page.back()
    assert page.filter.text == ""
    page.back()
    assert page.table.hasFocus()
    page.back()
    assert not page.table.selected_ids()
    assert page.table.following


def test_every_control_has_a_name_for_those_who_cannot_see_it(shown: Shown) -> None:
    unnamed = [
        widget
        for kind in (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView)
        for widget in shown.page.findChildren(kind)
        if widget.isVisibleTo(shown.page) and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        if not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]
    assert unnamed == []


def test_a_trace_that_let_go_of_exchanges_is_listed_again(shown: Shown, trace: MadeTrace) -> None:
    trace.traffic(6)
    shown.wait_rows(6)
    assert trace.writer.flush()
    other = sqlite3.connect(trace.path)
    with other:
        other.execute("DELETE FROM exchange WHERE id < 4")
    other.close()
    trace.writer.dropped("exchanges", 3)
    trace.exchange(1)
    shown.qtbot.waitUntil(lambda: list(shown.page.model.ids) == [4, 5, 6, 7], timeout=DEADLINE)


# columns for headers and keys


def field_text(shown: Shown, row: int, name: str) -> str:
    model = shown.page.model
    number = [column.key for column in model.columns].index(name)
    return str(model.data(model.index(row, number), DISPLAY))


def test_a_header_or_key_has_a_column_filled_for_what_is_in_view(shown: Shown, trace: MadeTrace) -> None:
    trace.traffic(30)
    shown.wait_rows(30)
    table = shown.page.table
    for name in ("header.user-agent", "header.content-type", "scope.client", "scope.asgi.version"):
        table.add_field(name)
    wanted = {"header.user-agent": "made/1", "scope.client": "127.0.0.1:51324", "scope.asgi.version": "3.0"}
    shown.qtbot.waitUntil(lambda: {name: field_text(shown, 29, name) for name in wanted} == wanted, timeout=DEADLINE)
    assert field_text(shown, 29, "header.content-type")
    assert field_text(shown, 29, "scope.client") == "127.0.0.1:51324"
    trace.exchange(2)
    shown.wait_rows(31)
    shown.qtbot.waitUntil(lambda: field_text(shown, 30, "header.user-agent") == "made/1", timeout=DEADLINE)


def test_columns_that_were_added_are_filtered_and_sorted_by_remembered_and_removed(
    shown: Shown, trace: MadeTrace
) -> None:
    trace.traffic(20)
    shown.wait_rows(20)
    page, table = shown.page, shown.page.table
    table.add_field("header.content-type")
    shown.qtbot.waitUntil(lambda: bool(field_text(shown, 3, "header.content-type")), timeout=DEADLINE)
    table.go_to(table.exchanges.id_at(3))
    number = len(COLUMNS)
    filtering = page.context_menu(number).actions()[0]
    assert "header.content-type:=" in filtering.text()
    table.horizontalHeader().setSortIndicator(number, Qt.SortOrder.AscendingOrder)

    def column() -> list[str]:
        return [field_text(shown, at, "header.content-type") for at in range(table.exchanges.rowCount())]

    shown.qtbot.waitUntil(lambda: all(column()) and column() == sorted(column()), timeout=DEADLINE)
    filtering.trigger()
    shown.qtbot.waitUntil(lambda: len(set(column())) == 1 and len(column()) < 20, timeout=DEADLINE)
    assert page._settings.value("traffic/fields", []) == ["header.content-type"]
    table.remove_field("header.content-type")
    assert page._settings.value("traffic/fields", ["x"]) == []
    assert table.exchanges.columnCount() == len(COLUMNS)
    page.filter.set_text("")
    shown.wait_rows(20)


@pytest.mark.qt_log_ignore("grabbing the keyboard", "propagateSizeHints", "does not support raise", extend=True)
def test_a_column_is_named_with_completion_from_the_traffic(shown: Shown, trace: MadeTrace) -> None:
    trace.traffic(3)
    shown.wait_rows(3)
    prompt = shown.page._prompt
    shown.page.ask_column()
    completer = prompt.line.completer()
    assert completer is not None
    shown.qtbot.waitUntil(lambda: completer.model().rowCount() > 10, timeout=DEADLINE)
    names = {completer.model().index(at, 0).data() for at in range(completer.model().rowCount())}
    assert {"header.user-agent", "header.server", "scope.path", "scope.asgi.spec_version"} <= names
    prompt.line.setText("nonsense")
    prompt.line.returnPressed.emit()
    assert prompt.isVisible()
    prompt.line.setText("scope.path")
    prompt.line.returnPressed.emit()
    assert not prompt.isVisible()
    assert shown.page.model.fields == ("scope.path",)


@pytest.mark.parametrize("text", ["", "status:>=500"])
def test_a_trace_that_cannot_be_opened_is_told_whatever_the_filter(
    shown: Shown, trace: MadeTrace, tmp_path: Path, text: str
) -> None:
    page = shown.page
    trace.exchange(5)
    shown.wait_rows(1)
    page.filter.set_text(text)
    shown.qtbot.waitUntil(lambda: (page.listing.query is not None) == bool(text), timeout=DEADLINE)
    counts: list[tuple[int, int]] = []
    page.shown_changed.connect(lambda few, total: counts.append((few, total)))
    odd = tmp_path / "odd.gatescope"
    odd.write_bytes(b"not a database at all" * 100)
    with shown.qtbot.waitSignal(shown.feed.failed, timeout=DEADLINE) as failed:
        shown.feed.open(odd, live=False)
    what = failed.args[0].what
    assert (page.empty.headline.text(), page.empty.isVisible(), counts[-1]) == (what, True, (0, 0))
    page.filter.set_text("method:POST")
    shown.qtbot.waitUntil(lambda: page.listing.query is not None, timeout=DEADLINE)
    page._say_empty()
    assert page.empty.headline.text() == what
    shown.feed.open(trace.path)
    page.filter.set_text("")
    shown.wait_rows(1)
