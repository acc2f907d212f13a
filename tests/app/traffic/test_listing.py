"""The list behind the table, where the store's answer and the news of traffic cross."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.traffic.columns import COLUMNS, INDEX
from app.traffic.formats import count
from app.traffic.listing import Listing
from app.traffic.page import TrafficPage
from app.traffic.table_model import ExchangeTableModel
from inspector.query import parse
from inspector.store.facets import SIZE
from inspector.store.reader import ExchangeRow, TraceReader
from tests.support.long_trace import LongTrace
from tests.support.made_trace import MadeTrace

DEADLINE = 10_000  #: ms
COUNT = 5 * SIZE


@pytest.fixture
def row(trace: MadeTrace) -> Callable[[int], ExchangeRow]:
    """Rows like one of a real trace."""
    trace.traffic(1)
    assert trace.writer.flush()
    with TraceReader(trace.path) as reader:
        [pattern] = reader.exchanges(limit=1)
    return lambda identity: pattern._replace(id=identity)


def test_what_came_after_the_list_was_read_stays(qtbot: QtBot, row: Callable[[int], ExchangeRow]):
    model, feed = ExchangeTableModel(), TraceFeed()
    listing = Listing(feed, model)
    feed.opened.emit("")  # asks for the list, of a trace that is not there
    feed.rows_changed.emit([row(3), row(4)])
    listing._on_listed(array("q", [1, 2, 3]))
    assert list(model.ids) == [1, 2, 3, 4]
    listing.refresh()
    feed.rows_changed.emit([row(5), row(6)])
    listing.leave_out({6})
    listing._on_listed(array("q", [1, 2, 3]))
    assert list(model.ids) == [1, 2, 3, 5]
    listing.refresh()
    listing._on_listed(array("q", [1, 2]))  # deleted, by the user
    assert list(model.ids) == [1, 2]


# a sort by a header, which takes long


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrafficPage]:
    """A page on a trace in which each exchange has another value of a header, which has a column."""
    monkeypatch.setattr("app.traffic.listing._TELL_S", 0)
    monkeypatch.setattr("inspector.store.field_order._MOST_VALUES", 100)
    LongTrace(tmp_path / "long.gatescope").write(COUNT)
    with closing(TraceFeed()) as feed:
        made = TrafficPage(feed, ActionRegistry(), Settings(tmp_path / "settings.ini"))
        qtbot.addWidget(made)
        made.resize(1200, 700)
        made.show()
        feed.open(tmp_path / "long.gatescope", live=False)
        made.table.add_field("header.x-request-id")
        qtbot.waitUntil(lambda: made.model.rowCount() == COUNT, timeout=DEADLINE)
        yield made


def sort(page: TrafficPage, column: int, direction: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
    page.table.horizontalHeader().setSortIndicator(column, direction)


def sorted_by(page: TrafficPage) -> tuple[int, Qt.SortOrder]:
    header = page.table.horizontalHeader()
    return header.sortIndicatorSection(), header.sortIndicatorOrder()


def test_a_sort_by_a_header_says_how_far_it_is(page: TrafficPage, qtbot: QtBot, tmp_path: Path) -> None:
    said: list[tuple[int, int, str]] = []
    page.listing.read.connect(lambda done, every: said.append((done, every, page.filter.searched.text())))
    sort(page, len(COLUMNS))
    with TraceReader(tmp_path / "long.gatescope") as reader:
        expected = reader.ids(order="header.x-request-id")
    qtbot.waitUntil(lambda: page.model.ids == expected, timeout=DEADLINE)
    assert [done for done, _, _ in said] == [SIZE - 1, *(SIZE * part - 1 for part in range(2, 6)), COUNT]
    assert said[-1] == (COUNT, COUNT, f"Sorting: read {count(COUNT)} of {count(COUNT)}")
    assert (page.filter.bar.maximum(), page.filter.stop.isHidden()) == (0, False)  # of the sort itself nobody knows
    assert not page.filter.progress.isVisible()


@pytest.mark.parametrize("how", ["button", "escape"])
def test_a_sort_that_is_given_up_leaves_the_table_as_it_was(page: TrafficPage, qtbot: QtBot, how: str) -> None:
    sort(page, INDEX["status"], Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: not page.model.ascending and page.model.rowCount() == COUNT, timeout=DEADLINE)
    before, order = array("q", page.model.ids), sorted_by(page)
    lists: list[int] = []
    page.model.modelReset.connect(lambda: lists.append(page.model.rowCount()))
    with qtbot.waitSignal(page.listing.read, timeout=DEADLINE):
        sort(page, len(COLUMNS))
    assert page.filter.progress.isVisible()
    if how == "button":
        page.filter.stop.click()
    else:
        page.back()
    assert not page.filter.progress.isVisible()
    assert sorted_by(page) == order
    page.listing.refresh()  # the next answer comes after whatever there would still be
    with qtbot.waitSignal(page.listing.settled, timeout=DEADLINE):
        pass
    assert page.model.ids == before
    assert not lists


def test_given_up_with_another_filter_it_is_the_filters_list_as_it_came(page: TrafficPage, qtbot: QtBot) -> None:
    sort(page, len(COLUMNS))
    qtbot.waitUntil(lambda: not page.model.ascending and page.model.rowCount() == COUNT, timeout=DEADLINE)
    page.listing.read.connect(page.listing.stop, Qt.ConnectionType.SingleShotConnection)  # before the list can come
    page.listing.set_query(parse("status:200"))
    qtbot.waitUntil(lambda: sorted_by(page)[0] == -1, timeout=DEADLINE)
    qtbot.waitUntil(lambda: page.model.ascending, timeout=DEADLINE)
    assert 0 < page.model.rowCount() < COUNT


def test_a_list_that_is_asked_for_is_waited_for(page: TrafficPage, qtbot: QtBot) -> None:
    """Traffic that goes on asks for lists more often than a long sort takes."""
    sort(page, len(COLUMNS))
    answers: list[None] = []
    page.listing.settled.connect(lambda: answers.append(None))
    page.listing._on_again()
    assert not answers
    assert page.listing._again.isActive()
    qtbot.waitUntil(lambda: len(answers) > 1, timeout=DEADLINE)
