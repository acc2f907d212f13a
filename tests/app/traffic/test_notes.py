"""Marks, comments and deletions on the real page: real keys, a real trace, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.traffic import notes as notes_module
from app.traffic.columns import INDEX, SIGN
from app.traffic.marks import MARKS, mark_icon, mark_ink, mark_wash, next_mark
from app.traffic.page import TrafficPage
from inspector.model import State
from inspector.store.annotations import Field, Note, write
from inspector.store.errors import TraceError
from inspector.store.reader import TraceReader
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms


@pytest.fixture
def trace(tmp_path: Path) -> Iterator[MadeTrace]:
    """Eleven that are over and one in flight."""
    made = MadeTrace(tmp_path / "a.gatescope")
    made.traffic(11)
    made.exchange(1, state=State.OPEN)
    assert made.writer.flush()
    yield made
    made.close()


@pytest.fixture
def page(qtbot: QtBot, trace: MadeTrace, tmp_path: Path) -> Iterator[TrafficPage]:
    feed = TraceFeed()
    made = TrafficPage(feed, ActionRegistry(), Settings(tmp_path / "s.ini"))
    qtbot.addWidget(made)
    made.resize(1400, 800)
    made.show()
    feed.open(trace.path, live=True)
    qtbot.waitUntil(lambda: made.model.rowCount() == 12, timeout=DEADLINE)
    yield made
    feed.close()
    feed.deleteLater()


def choose(page: TrafficPage, *places: int) -> list[int]:
    """Select the rows at these places; their ids."""
    page.table.setFocus()
    page.table.go_to(page.model.id_at(places[0]))
    for at in places[1:]:
        flags = page.table.selectionModel().SelectionFlag
        page.table.selectionModel().select(page.model.index(at, 0), flags.Select | flags.Rows)
    return [page.model.id_at(at) for at in places]


def press(page: TrafficPage, identity: str) -> None:
    page._actions.run(f"traffic.{identity}")


def shown(page: TrafficPage, at: int, key: str, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> object:
    return page.model.data(page.model.index(at, INDEX[key]), int(role))


def test_m_walks_through_the_colours_of_all_that_is_selected(qtbot: QtBot, page: TrafficPage) -> None:
    first, second = choose(page, 1, 3)
    qtbot.keyClick(page.table, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: page.notes.of(first).mark == page.notes.of(second).mark == "red", timeout=DEADLINE)
    assert shown(page, 1, "mark") == SIGN
    assert shown(page, 1, "mark", Qt.ItemDataRole.AccessibleTextRole) == "red"
    assert shown(page, 1, "mark", Qt.ItemDataRole.ForegroundRole) == mark_ink("red")
    assert shown(page, 1, "path", Qt.ItemDataRole.BackgroundRole) == mark_wash("red")
    assert shown(page, 2, "path", Qt.ItemDataRole.BackgroundRole) is None
    qtbot.keyClick(page.table, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: page.notes.of(second).mark == "orange", timeout=DEADLINE)
    page.filter_by("mark:orange")
    qtbot.waitUntil(lambda: list(page.model.ids) == [first, second], timeout=DEADLINE)
    choose(page, 0)
    menu = page.annotating.marks_menu(page)
    blue = next(action for action in menu.actions() if "Blue" in action.text())
    assert blue.text().startswith("&5")
    blue.trigger()
    qtbot.waitUntil(lambda: list(page.model.ids) == [second], timeout=DEADLINE)  # it passes the filter no more
    press(page, "undo")
    qtbot.waitUntil(lambda: list(page.model.ids) == [first, second], timeout=DEADLINE)


@pytest.mark.qt_log_ignore("grabbing the keyboard", "propagateSizeHints", "does not support raise", extend=True)
def test_a_comment_is_written_where_it_stands(qtbot: QtBot, page: TrafficPage) -> None:
    [first] = choose(page, 2)
    assert page.table.isColumnHidden(INDEX["comment"])
    qtbot.keyClick(page.table, Qt.Key.Key_N)
    assert page.annotating.prompt.isVisible()
    assert not page.table.isColumnHidden(INDEX["comment"])
    qtbot.keyClicks(page.annotating.prompt.line, "slow today")
    qtbot.keyClick(page.annotating.prompt.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.notes.of(first).comment == "slow today", timeout=DEADLINE)
    assert shown(page, 2, "comment") == "slow today"
    press(page, "undo")
    qtbot.waitUntil(lambda: page.notes.of(first) == Note(), timeout=DEADLINE)
    press(page, "redo")
    qtbot.waitUntil(lambda: page.notes.of(first).comment == "slow today", timeout=DEADLINE)


def test_what_is_deleted_leaves_everywhere_and_comes_back(qtbot: QtBot, page: TrafficPage, trace: MadeTrace) -> None:
    gone = choose(page, 4, 5, 11)  # the last is in flight
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: page.model.rowCount() == 9, timeout=DEADLINE)
    qtbot.waitUntil(
        lambda: "9" in page.filter.counts.text() and "12" not in page.filter.counts.text(), timeout=DEADLINE
    )
    assert not set(gone) & set(page.model.ids)
    assert page.annotating.deleted.isVisible()
    qtbot.waitUntil(lambda: not any(identity in page.lanes.lanes for identity in gone), timeout=DEADLINE)
    trace.exchange(0)
    assert trace.writer.flush()
    qtbot.waitUntil(lambda: page.model.rowCount() == 10, timeout=DEADLINE)
    qtbot.mouseClick(page.annotating.deleted.undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.model.rowCount() == 13, timeout=DEADLINE)
    qtbot.waitUntil(lambda: gone[0] in page.lanes.lanes, timeout=DEADLINE)
    assert page.annotating.deleted.isHidden()
    press(page, "redo")
    qtbot.waitUntil(lambda: page.model.rowCount() == 10, timeout=DEADLINE)


def test_clear_all_leaves_nothing_until_something_comes(qtbot: QtBot, page: TrafficPage, trace: MadeTrace) -> None:
    press(page, "clear")
    qtbot.waitUntil(lambda: page.model.rowCount() == 0, timeout=DEADLINE)
    trace.exchange(0)
    assert trace.writer.flush()
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=DEADLINE)
    press(page, "undo")
    qtbot.waitUntil(lambda: page.model.rowCount() == 13, timeout=DEADLINE)
    page.table.selectAll()
    press(page, "delete")  # all there is: the same
    qtbot.waitUntil(lambda: page.model.rowCount() == 0, timeout=DEADLINE)
    with TraceReader(trace.path) as reader:
        assert reader.annotations() == {}
        assert reader.counts().exchanges == 0


def test_to_open_a_trace_lists_it_once(qtbot: QtBot, page: TrafficPage, trace: MadeTrace) -> None:
    write(trace.path, Field.DELETED, {page.model.id_at(0): 1})
    qtbot.waitUntil(lambda: page.model.rowCount() == 11, timeout=DEADLINE)
    page._feed.close()
    with qtbot.waitSignal(page.notes.changed, timeout=DEADLINE) as heard:
        page._feed.open(trace.path, live=True)
    assert heard.args == [set(), False]
    qtbot.waitUntil(lambda: page.model.rowCount() == 11, timeout=DEADLINE)


def test_another_window_on_the_trace_sees_it(qtbot: QtBot, page: TrafficPage, trace: MadeTrace) -> None:
    write(trace.path, Field.MARK, {page.model.id_at(0): "green"})
    qtbot.waitUntil(lambda: page.notes.of(page.model.id_at(0)).mark == "green", timeout=DEADLINE)
    write(trace.path, Field.DELETED, {page.model.id_at(0): 1})
    qtbot.waitUntil(lambda: page.model.rowCount() == 11, timeout=DEADLINE)


def test_what_cannot_be_written_says_so_and_can_be_tried_again(
    qtbot: QtBot, page: TrafficPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first] = choose(page, 0)
    press(page, "mark")
    qtbot.waitUntil(lambda: page.notes.of(first).mark == "red", timeout=DEADLINE)

    def refused(_path: Path) -> None:
        raise TraceError("It could not be written to.", "It is read-only.", "Make a copy.")

    monkeypatch.setattr("inspector.store.annotations._refuse_others", lambda path, _what: refused(path))
    press(page, "undo")
    qtbot.waitUntil(lambda: "read-only" in page.annotating.deleted.accessibleName(), timeout=DEADLINE)
    assert page.annotating.deleted.undo.isHidden()
    assert page.notes.stack.canUndo()
    monkeypatch.undo()
    press(page, "undo")
    qtbot.waitUntil(lambda: page.notes.of(first).mark == "", timeout=DEADLINE)


def test_a_saved_trace_is_marked_too(qtbot: QtBot, page: TrafficPage, trace: MadeTrace) -> None:
    trace.close()
    page._feed.open(trace.path, live=False)
    qtbot.waitUntil(lambda: page.model.rowCount() == 12, timeout=DEADLINE)
    [first, second] = choose(page, 0, 1)
    press(page, "mark")
    qtbot.waitUntil(lambda: page.notes.of(first).mark == "red", timeout=DEADLINE)
    press(page, "delete")
    qtbot.waitUntil(lambda: page.model.rowCount() == 10, timeout=DEADLINE)
    assert page.notes.of(second).deleted


def test_colours_go_round_and_foreign_ones_are_grey(qtbot: QtBot) -> None:
    seen = [""]
    for _ in range(len(MARKS) + 1):
        seen.append(next_mark(seen[-1]))
    assert seen == ["", *MARKS, ""]
    assert next_mark("plaid") == "red"
    assert mark_ink("plaid") == mark_ink("grey")
    assert mark_ink("") is mark_wash("") is None
    assert not mark_icon("").isNull()
    assert notes_module._counted({1: 1}) == "1 exchange"
