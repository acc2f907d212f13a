"""The filter bar at work on a real trace: completion, errors, chips, history, highlights, saved filters, searches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.theme import Role
from app.theme import color as theme_color
from app.traffic.columns import INDEX
from app.traffic.field_menu import context_term, header_term
from app.traffic.flow import FlowLayout
from app.traffic.highlights import COLORS, Highlight, restored, with_text
from app.traffic.page import TrafficPage
from app.traffic.terms import is_negated, narrowed, negated, parts
from inspector.model import Exchange, State
from inspector.query import parse
from inspector.query.vocabulary import GUIDE
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms
KEY, HELD = Qt.Key, Qt.KeyboardModifier


class Shown:
    """A traffic page on a live trace."""

    def __init__(self, qtbot: QtBot, trace: MadeTrace, tmp_path: Path) -> None:
        self.trace, self.qtbot = trace, qtbot
        self.settings = Settings(tmp_path / "settings.ini")
        self.feed, self.actions = TraceFeed(), ActionRegistry()
        self.page = TrafficPage(self.feed, self.actions, self.settings)
        self.bar, self.line = self.page.filter, self.page.filter.line
        qtbot.addWidget(self.page)
        self.page.resize(1200, 700)
        self.page.show()
        self.page.activateWindow()
        qtbot.waitExposed(self.page)
        self.line.setFocus()
        self.feed.open(trace.path)

    def wait(self, holds: object) -> None:
        self.qtbot.waitUntil(holds, timeout=DEADLINE)

    def wait_rows(self, count: int) -> None:
        self.wait(lambda: self.page.model.rowCount() == count)

    def type(self, text: str) -> None:
        self.line.setFocus()
        self.qtbot.keyClicks(self.line, text)

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = HELD.NoModifier) -> None:
        self.qtbot.keyClick(self.line, key, held)

    @property
    def offered(self) -> list[str]:
        return [each.text for each in self.line.offered.model.shown] if self.line.offered.isVisible() else []

    @property
    def chips(self) -> list[str]:
        return [chip.words.text() for chip in self.bar.chips.chips]


@pytest.fixture
def shown(qtbot: QtBot, tmp_path: Path) -> Iterator[Shown]:
    trace = MadeTrace(tmp_path / "a.gatescope")
    for route in (0, 1, 1, 4, 5, 2):
        trace.exchange(route)
    made = Shown(qtbot, trace, tmp_path)
    made.wait_rows(6)
    yield made
    made.feed.close()
    trace.close()


# what comes next


def test_fields_names_and_values_are_offered_as_one_types(shown: Shown) -> None:
    shown.type("sta")
    assert shown.offered[0] == "status:"
    shown.page.grab()
    shown.press(KEY.Key_Tab)
    assert shown.line.text() == "status:"
    shown.wait(lambda: shown.offered[:1] == ["200"])
    assert shown.line.offered.model.shown[0].count == 3
    shown.type("4")
    shown.wait(lambda: shown.offered == ["404", "4xx"])
    shown.press(KEY.Key_Down)
    shown.press(KEY.Key_Return)
    assert shown.line.text() == "status:404 "
    shown.wait_rows(1)
    shown.type("response.header.ser")
    shown.wait(lambda: shown.offered[:1] == ["response.header.server:"])
    shown.press(KEY.Key_Tab)
    shown.wait(lambda: shown.offered == ["uvicorn"])
    shown.press(KEY.Key_Up)
    shown.press(KEY.Key_Enter)
    assert shown.bar.text == "status:404 response.header.server:uvicorn"
    assert not shown.offered


def test_the_list_of_what_may_come_goes_before_the_filter_does(shown: Shown) -> None:
    shown.type("path:/api")
    shown.wait(lambda: shown.offered == ["/api/items", "/api/basket"])
    shown.page.back()
    assert (shown.offered, shown.bar.text) == ([], "path:/api")
    shown.page.back()
    assert shown.bar.text == ""
    shown.press(KEY.Key_Space, HELD.ControlModifier)
    assert "method:" in shown.offered
    shown.press(KEY.Key_PageDown)
    shown.press(KEY.Key_Up)
    assert shown.line.offered.chosen is not None
    shown.page.table.setFocus()
    assert not shown.offered
    shown.actions.run("traffic.complete")
    assert shown.offered


def test_a_field_that_is_being_chosen_is_not_looked_for_yet(shown: Shown) -> None:
    with shown.qtbot.assertNotEmitted(shown.bar.query_changed, wait=400):
        shown.type("dur")
    shown.page.back()
    shown.wait_rows(0)


def test_what_is_wrong_is_marked_at_its_place_and_the_list_stays(shown: Shown) -> None:
    shown.bar.set_text("status:404")
    shown.wait_rows(1)
    shown.bar.set_text("status:404 staus:5xx x")
    assert shown.bar.error.isVisible()
    assert "Did you mean status?" in shown.bar.error.text()
    assert shown.line._wrong == (11, 20)
    shown.page.grab()
    assert shown.page.model.rowCount() == 1
    assert shown.chips == ["status:404"]
    shown.bar.set_text("status:500")
    assert not shown.bar.error.isVisible()
    assert shown.line._wrong[0] == -1


def test_arrows_bring_older_filters_and_what_one_was_typing(shown: Shown) -> None:
    for text in ("status:404", "method:POST"):
        shown.line.setText(text)
        shown.press(KEY.Key_Return)
    shown.line.setText("draft")
    shown.line.setFocus()
    found = []
    for key in (KEY.Key_Up, KEY.Key_Up, KEY.Key_Up, KEY.Key_Down, KEY.Key_Down, KEY.Key_Down):
        shown.press(key)
        found.append(shown.line.text())
    assert found == ["method:POST", "status:404", "status:404", "method:POST", "draft", "draft"]


# chips


def test_chips_are_turned_around_and_taken_away_by_mouse_and_keys(shown: Shown) -> None:
    shown.bar.set_text("status:404 (path:/a or path:/missing)")
    assert shown.chips == ["status:404", "(path:/a or path:/missing)"]
    shown.wait_rows(1)
    shown.qtbot.mouseClick(shown.bar.chips.chips[0].words, Qt.MouseButton.LeftButton)
    assert shown.bar.text == "-status:404 (path:/a or path:/missing)"
    first = shown.bar.chips.chips[0].words
    first.setFocus()
    shown.qtbot.keyClick(first, KEY.Key_Right)
    second = shown.bar.chips.chips[1].words
    assert second.hasFocus()
    shown.qtbot.keyClick(second, KEY.Key_N)
    assert shown.bar.text == "-status:404 -(path:/a or path:/missing)"
    shown.qtbot.keyClick(shown.bar.chips.chips[1].words, KEY.Key_Delete)
    assert shown.bar.text == "-status:404"
    assert shown.bar.chips.chips[0].words.hasFocus()
    shown.qtbot.mouseClick(shown.bar.chips.chips[0].close_button, Qt.MouseButton.LeftButton)
    assert shown.bar.text == ""
    assert not shown.bar.chips.isVisible()
    shown.wait_rows(6)


def test_what_is_hidden_is_shown_for_a_while(shown: Shown) -> None:
    shown.bar.set_text("status:404")
    shown.wait_rows(1)
    assert shown.bar.hidden.text() == "Show 5 hidden"
    shown.actions.run("traffic.unfilter")
    shown.wait_rows(6)
    assert (shown.bar.text, shown.bar.hidden.text()) == ("status:404", "Filter again")
    shown.qtbot.mouseClick(shown.bar.hidden, Qt.MouseButton.LeftButton)
    shown.wait_rows(1)
    shown.actions.run("traffic.unfilter")
    shown.bar.set_text("status:500")
    shown.wait_rows(1)
    assert not shown.bar.hidden.isChecked()


def test_chips_go_on_in_the_next_line(shown: Shown) -> None:
    shown.bar.set_text(" ".join(f"-path:/a/long/path/number/{n}" for n in range(12)))
    tops = {chip.y() for chip in shown.bar.chips.chips}
    layout = shown.bar.chips.layout()
    assert isinstance(layout, FlowLayout)
    assert layout.heightForWidth(400) > layout.heightForWidth(1200) > 0
    shown.wait(lambda: len({chip.y() for chip in shown.bar.chips.chips}) > 1 or len(tops) > 1)
    assert layout.takeAt(99) is None


def test_terms_are_put_together_and_taken_apart() -> None:
    assert parts("a and -b (c or d)") == ["a", "-b", "(c or d)"]
    assert parts("a or") == []
    for text in ("a", "a or b", '"x y" or b', "(a or b)", "status:404,410", "-a", "not a"):
        assert parse(negated(text)).node != parse(text).node
        assert parse(negated(negated(text))).node == parse(text).node
    assert [is_negated(text) for text in ("-a", "not a", "not(a)", '"-a"')] == [True, True, False, False]
    assert narrowed("a b", "a") == "a b"
    assert narrowed("a -b", "b") == "a b"
    assert narrowed("a", "b or c") == "a (b or c)"
    assert narrowed("", "b or c") == "b or c"


# highlights


def test_highlights_colour_rows_and_hide_none(shown: Shown) -> None:
    shown.line.setText("status:404")
    shown.actions.run("traffic.highlight")
    shown.bar.add_highlight("path:/api")
    shown.bar.add_highlight("path:/api")
    assert (shown.bar.text, shown.chips) == ("", ["status:404", "path:/api"])
    shown.wait_rows(6)
    ids = list(shown.page.model.ids)
    color = shown.page.filtering.highlighter.color
    shown.wait(lambda: [color(identity) for identity in ids] == ["", "amber", "amber", "green", "", "amber"])
    table = shown.page.table
    picture = table.viewport().grab().toImage()
    behind = [picture.pixelColor(1, table.rowViewportPosition(row) + 1) for row in range(6)]
    roles = (Role.BASE, Role.WARN_BACK, Role.WARN_BACK, Role.OK_BACK, Role.BASE, Role.WARN_BACK)
    assert behind == [theme_color(role) for role in roles]
    again = shown.trace.begin(4)
    shown.wait_rows(7)
    shown.wait(lambda: color(again.id) == "")
    shown.trace.finish(again)
    shown.wait(lambda: color(again.id) == "green")
    assert restored(shown.settings.value("traffic/highlights", [])) == shown.bar.highlights
    shown.bar.chips.chips[0].words.click()
    assert (shown.bar.text, shown.chips) == ("status:404", ["status:404", "path:/api"])
    shown.wait(lambda: color(ids[3]) == "")
    shown.bar.chips.chips[1].close_button.click()
    assert shown.bar.highlights == []


def test_colours_are_given_out_in_turn_and_kept_ones_are_checked() -> None:
    held: list[Highlight] = []
    for number in range(5):
        held = with_text(held, f"id:{number}")
    assert [each.color for each in held] == [*COLORS, "green"]
    assert restored([["a", "green"], ["a or", "green"], ["a", "pink"], 7, ["a"]]) == [Highlight("a", "green")]


# saved ones


def test_saved_filters_are_in_menu_and_palette_and_belong_to_the_project(shown: Shown) -> None:
    saved = shown.page.filtering.saved
    shown.bar.set_text("status:404")
    saved.save("Missing", shown.bar.text)
    saved.save("Errors & more", "is:error")
    assert [shown.actions.describe(f"filter.saved.{n}").title for n in (0, 1)] == [
        "Filter: Missing",
        "Filter: Errors & more",
    ]
    shown.actions.run("filter.saved.1")
    assert shown.bar.text == "is:error"
    saved.rename("Missing", "Not there")
    menu = QMenu()
    saved.fill(menu, None, lambda _name: None)
    assert [action.text().partition("\t")[0] for action in menu.actions()][2:4] == ["Not there", "Errors && more"]
    shown.settings.use_project("/elsewhere")
    assert saved.all == {}
    with pytest.raises(KeyError):
        shown.actions.get("filter.saved.0")
    shown.settings.use_project("")
    assert list(saved.all) == ["Not there", "Errors & more"]
    saved.delete("Not there")
    assert shown.settings.value("traffic/saved", []) == [["Errors & more", "is:error"]]


@pytest.mark.qt_log_ignore("grabbing the keyboard", "propagateSizeHints", "does not support raise", extend=True)
def test_a_filter_is_saved_under_a_name_and_renamed(shown: Shown) -> None:
    filtering = shown.page.filtering
    shown.bar.set_text("status:")
    shown.actions.run("traffic.save_filter")
    assert not filtering._prompt.isVisible()
    shown.bar.set_text("status:404")
    shown.actions.run("traffic.save_filter")
    assert filtering._prompt.isVisible()
    filtering._prompt.line.setText("Missing")
    shown.qtbot.keyClick(filtering._prompt.line, KEY.Key_Return)
    assert filtering.saved.all == {"Missing": "status:404"}
    filtering._rename("Missing")
    filtering._prompt.line.setText(" ")
    shown.qtbot.keyClick(filtering._prompt.line, KEY.Key_Return)
    assert filtering._prompt.isVisible()
    filtering._prompt.line.setText("Gone")
    shown.qtbot.keyClick(filtering._prompt.line, KEY.Key_Return)
    assert filtering.saved.all == {"Gone": "status:404"}


# bodies


def test_bodies_are_searched_in_slices_with_what_comes_later(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.traffic.search._FIRST", 2)
    seen: list[tuple[int, int, int]] = []
    shown.page.listing.search.progressed.connect(lambda *told: seen.append(told))
    shown.bar.set_text('body:"items"')
    shown.wait_rows(2)
    shown.wait(lambda: not shown.bar.progress.isVisible() and not shown.page.listing.search.running)
    assert seen[0][0] == 2
    assert seen[-1] == (6, 6, 2)
    shown.trace.exchange(1)
    shown.wait_rows(3)
    later = shown.trace.begin(1)
    assert shown.trace.writer.flush()
    shown.qtbot.wait(300)
    shown.trace.finish(later)
    shown.wait_rows(4)
    shown.page.table.horizontalHeader().setSortIndicator(INDEX["status"], Qt.SortOrder.DescendingOrder)
    shown.wait(lambda: not shown.page.listing._sorting)
    shown.wait_rows(4)
    shown.bar.set_text("")
    shown.wait_rows(8)


def test_what_is_deleted_leaves_a_search_and_comes_back(shown: Shown) -> None:
    shown.bar.set_text("body:items")
    shown.wait_rows(2)
    shown.page.table.go_to(shown.page.model.id_at(0))
    shown.actions.run("traffic.delete")
    shown.wait_rows(1)
    shown.trace.exchange(1)
    shown.wait_rows(2)
    shown.actions.run("traffic.undo")
    shown.wait_rows(3)


def test_a_filter_by_age_is_asked_again_as_time_goes_by(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.traffic.listing._AGES_MS", 50)
    shown.bar.set_text("age:<1h")
    shown.wait_rows(6)
    with shown.qtbot.waitSignals([shown.page.listing.settled] * 2, timeout=DEADLINE):
        pass


def test_a_search_is_stopped_and_says_how_far_it_came(shown: Shown) -> None:
    search = shown.page.listing.search
    search.start(parse("body:items"), 6)
    shown.bar.show_progress(2, 6, 1)
    assert shown.bar.searched.text() == "Searched 2 of 6, 1 found"
    shown.bar.stop.click()
    assert not search.running
    assert search.query is None
    assert shown.bar.searched.text() == "Stopped at 2 of 6, 1 found"
    shown.bar.set_text("status:404")
    assert not shown.bar.progress.isVisible()


# anywhere


def test_headers_and_keys_are_terms_of_the_filter(shown: Shown) -> None:
    exchange = shown.trace.exchange(2)
    found = header_term(exchange, "request", "User-Agent")
    assert found is not None
    assert (found.term, found.column) == ("request.header.User-Agent:=made/1", "header.user-agent")
    scope = context_term(exchange, ("asgi", "spec_version"))
    assert scope is not None
    assert (scope.term, scope.column) == ("scope.asgi.spec_version:=2.4", "scope.asgi.spec_version")
    assert context_term(exchange, ("headers", "accept")) == header_term(exchange, "request", "accept")
    assert context_term(exchange, ("headers",)) is None
    assert header_term(exchange, "response", "x-none") is None
    wsgi = Exchange(9, interface="WSGI", context='{"HTTP_COOKIE": "a=b", "odd key": "1"}', state=State.DONE)
    cookie = context_term(wsgi, ("HTTP_COOKIE",))
    assert cookie is not None
    assert cookie.term == "environ.HTTP_COOKIE:=a=b"
    assert "a=b" not in cookie.shown
    assert context_term(wsgi, ("odd key",)) is None


@pytest.mark.qt_log_ignore("grabbing the keyboard", "propagateSizeHints", "does not support raise", extend=True)
def test_a_header_in_the_detail_filters_and_becomes_a_column(shown: Shown) -> None:
    page = shown.page
    page.table.go_to(page.model.id_at(3))
    shown.wait(lambda: page.detail.exchange is not None)
    page.detail.show_tab(3)
    tree = page.detail.request.headers
    shown.wait(lambda: tree.topLevelItemCount() == 3)
    item = tree.topLevelItem(2)
    tree.setCurrentItem(item)
    tree.customContextMenuRequested.emit(tree.visualItemRect(item).center())  # what the menu key sends too
    menu = next(found for found in tree.findChildren(QMenu) if found.isVisible())
    titles = {action.text(): action for action in menu.actions()}
    assert "Filter by  request.header.User-Agent:=made/1" in titles
    titles["Show header.user-agent as a column"].trigger()
    titles["Exclude  request.header.User-Agent:=made/1"].trigger()
    menu.close()
    assert page.model.fields == ("header.user-agent",)
    assert shown.bar.text == "-request.header.User-Agent:=made/1"
    shown.wait_rows(0)


@pytest.mark.qt_log_ignore("grabbing the keyboard", "propagateSizeHints", "does not support raise", extend=True)
def test_the_menu_key_asks_for_the_cell_and_the_row_the_keyboard_is_on(shown: Shown) -> None:
    page = shown.page
    page.table.go_to(page.model.id_at(3))
    page.table.menu_wanted.disconnect(page._show_menu)
    with shown.qtbot.waitSignal(page.table.menu_wanted, timeout=DEADLINE) as asked:
        press_menu_key(page.table)
    assert asked.args is not None
    assert asked.args[1] == page.table.currentIndex().column()
    shown.wait(lambda: page.detail.exchange is not None)
    page.detail.show_tab(2)
    tree = page.detail.context.tree
    shown.wait(lambda: tree.topLevelItemCount() > 3)
    tree.setCurrentItem(tree.topLevelItem(2))
    press_menu_key(tree)
    menu = next(found for found in tree.findChildren(QMenu) if found.isVisible())
    assert menu.actions()[0].text().startswith("Filter by  scope.")
    menu.close()


def press_menu_key(widget: QWidget) -> None:
    """What Qt makes of the menu key in the widget that has the focus."""
    at = widget.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, widget.mapToGlobal(at))
    QCoreApplication.sendEvent(widget, event)


# the language


def test_the_language_is_shown_and_its_examples_are_tried(shown: Shown) -> None:
    page = shown.page.filtering.help
    shown.actions.run("traffic.filter_help")
    assert page.isVisible()
    text = page.page.toPlainText()
    assert all(entry.name in text for _title, entries in GUIDE for entry in entries)
    page.page.anchorClicked.emit(QUrl("try:body%3A%22out%20of%20stock%22"))
    assert shown.bar.text == 'body:"out of stock"'
    shown.qtbot.keyClick(page, KEY.Key_Escape)
    assert not page.isVisible()
    shown.actions.run("traffic.filter_help")
    shown.actions.run("traffic.filter_help")
    assert not page.isVisible()


def test_the_readme_lists_every_field() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    missing = [entry.name for _title, entries in GUIDE for entry in entries if f"| `{entry.name}` |" not in readme]
    assert missing == []
