"""The list behind the table, where the store's answer and the news of traffic cross."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from app.feed import TraceFeed
from app.traffic.listing import Listing
from app.traffic.table_model import ExchangeTableModel
from inspector.store.reader import ExchangeRow, TraceReader
from tests.support.made_trace import MadeTrace


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
