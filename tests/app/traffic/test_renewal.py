"""What changes while a filter hides it is shown as it is when the filter lets it through again."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.feed import TraceFeed
from app.traffic.listing import Listing
from app.traffic.table_model import ExchangeTableModel
from inspector.model import State
from inspector.query import parse
from tests.support.made_trace import MadeTrace

WAIT = 10_000


def test_an_exchange_that_ended_while_it_was_hidden(qtbot: QtBot, trace: MadeTrace) -> None:
    other, hidden = trace.begin(5), trace.begin(1)
    assert hidden.target.partition("?")[0] != other.target.partition("?")[0]
    assert trace.writer.flush()
    feed, model = TraceFeed(), ExchangeTableModel()
    listing = Listing(feed, model)

    def state() -> str:
        for at in range(model.rowCount()):
            model.index(at, 0).data()  # as a view does, which asks for what is not here
        row = model.known(hidden.id)
        return str(row.state) if row else ""

    def listed(*ids: int) -> bool:
        return list(model.ids) == list(ids)

    try:
        feed.open(trace.path, live=True)
        qtbot.waitUntil(lambda: state() == State.OPEN, timeout=WAIT)
        listing.set_query(parse(f"path:{other.target.partition('?')[0]}"))
        qtbot.waitUntil(lambda: listed(other.id), timeout=WAIT)
        trace.finish(hidden)
        assert trace.writer.flush()
        qtbot.waitUntil(lambda: state() == State.DONE, timeout=WAIT)
        listing.set_query(None)
        qtbot.waitUntil(lambda: listed(other.id, hidden.id), timeout=WAIT)
        assert state() == State.DONE
    finally:
        feed.close()
        model.deleteLater()
