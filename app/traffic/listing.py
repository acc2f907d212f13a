"""Keeps the table's list of exchanges true to the trace, the filter and the order, while traffic goes on.

With neither filter nor order, what the feed reports is appended. Otherwise the store is asked for the list again,
and left in peace for ten times as long as its answer took, so that a slow filter on a long trace stays in the
background.
"""

from __future__ import annotations

from inspector.store.reader import ExchangeRow
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from app.feed import TraceFeed
from app.traffic.columns import Axis
from app.traffic.table_model import ExchangeTableModel
from inspector.query import Query

_AGAIN_MS = 250  #: at the soonest
_RATIO = 10


class Listing(QObject):
    """The list behind the table.

    Signals:
        settled(): the list was made anew, for a filter, an order or another trace.
    """

    settled = Signal()

    def __init__(self, feed: TraceFeed, model: ExchangeTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._model = model
        self.query: Query | None = None
        self._order, self._descending = "", False
        self._listed = False  # whether the first list of this trace is here
        self._asked = QElapsedTimer()
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self._ask)
        self._cost_ms = 0
        feed.opened.connect(self._on_opened)
        feed.closed.connect(self._on_closed)
        feed.rows_changed.connect(self._on_rows_changed)
        model.rows_wanted.connect(lambda ids: feed.load_rows(ids, model.fill))

    @property
    def plain(self) -> bool:
        """Whether the list is everything, as it came."""
        return self.query is None and not self._order

    def set_query(self, query: Query | None) -> None:
        """Show what ``query`` lets through; None: everything."""
        self.query = query
        self._ask()

    def set_order(self, order: str, descending: bool) -> None:
        """Sort by the store's name for a column; empty: as it came."""
        self._order, self._descending = order, descending
        self._ask()

    def _on_opened(self, _path: str) -> None:
        self._model.clear()
        self._listed = False
        self._ask()

    def _on_closed(self) -> None:
        self._again.stop()
        self._model.clear()

    def _ask(self) -> None:
        self._again.stop()
        self._asked.start()
        self._feed.run_query(
            self.query, self._on_listed, order=self._order or "id", descending=self._descending, key="listing"
        )

    def _on_listed(self, ids: list[int]) -> None:
        self._listed = True
        self._cost_ms = self._asked.elapsed()
        ascending = not self._order or (self._order == "id" and not self._descending)
        self._model.set_ids(ids, ascending=ascending)
        self.settled.emit()

    def _on_rows_changed(self, rows: list[ExchangeRow]) -> None:
        if not self._listed:
            return  # the list that was asked for will have them
        if self.plain:
            self._model.take_changes(rows)
            return
        self._model.update_rows(rows)
        if not self._again.isActive():
            self._again.start(max(_AGAIN_MS, self._cost_ms * _RATIO))

    def tick(self, axis: Axis, on_screen: tuple[int, int]) -> None:
        """Time has passed."""
        self._model.tick(axis, *on_screen)
