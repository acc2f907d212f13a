"""Keeps the table's list of exchanges true to the trace, the filter and the order, while traffic goes on.

With neither filter nor order, what the feed reports is appended. Otherwise the store is asked for the list again,
and left in peace for ten times as long as its answer took, so that a slow filter on a long trace stays in the
background. To sort a long trace takes a second: what comes first in the order is asked for first, and shown. To sort by
a header may take many: the table stays as it is until then, and who gives up has the order before. A filter that looks
into bodies is a ``Search``, which shows what it has found while it goes on.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, SignalInstance

from app.cancel import Abandoned
from app.feed import TraceFeed
from app.traffic.columns import Axis
from app.traffic.search import Search
from app.traffic.table_model import ExchangeTableModel
from inspector.query import Query
from inspector.query.language import ages, heavy
from inspector.store.reader import ORDERS, ExchangeRow, TraceCounts, TraceReader

_AGAIN_MS = 250  #: at the soonest
_RATIO = 10
_AGES_MS = 2_000  #: a list that depends on the hour is made anew
FIRST = 500  #: of a sorted list: more than a screen
_TELL_S = 0.25  #: until a sort says how far it is, and between two times


class Listing(QObject):
    """The list behind the table.

    Signals:
        settled(): the list was made anew, for a filter, an order or another trace.
        sorting(bool): a list has begun that takes long, or is over. Until ``read`` nobody can say how far it is.
        read(int, int): so many exchanges were read, of so many, to be sorted.
        order_left(str, bool): the order that was asked for was given up; it is this one again.
    """

    settled = Signal()
    sorting = Signal(bool)
    read = Signal(int, int)
    order_left = Signal(str, bool)
    _told = Signal(object, int, int)  # by a reader's thread

    def __init__(self, feed: TraceFeed, model: ExchangeTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._model = model
        self.query: Query | None = None
        self.search = Search(feed, self)
        self.search.changed.connect(self._on_search_changed)
        self._sorting = False
        self._left_out: set[int] = set()  # of what the search found
        self._order, self._descending = "", False
        self._held: tuple[Query | None, str, bool] = (None, "", False)  # what the list in the table is of
        self._sort: _Sort | None = None  # that is under way
        self._listed = False  # whether the first list of this trace is here
        self._asked = QElapsedTimer()
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self._on_again)
        self._told.connect(self._on_told, Qt.ConnectionType.QueuedConnection)
        self._cost_ms = 0
        self._came: set[int] | None = None  # what came since the list was asked for; None: it is here
        self._total = 0  # exchanges in the trace
        self._gone = 0  # exchanges that the trace let go of, to keep within its limit
        feed.opened.connect(self._on_opened)
        feed.closed.connect(self._on_closed)
        feed.rows_changed.connect(self._on_rows_changed)
        feed.rows_skipped.connect(self._on_rows_skipped)
        feed.counts_changed.connect(self._on_counts_changed)
        feed.failed.connect(self._on_failed)
        model.rows_wanted.connect(self._on_rows_wanted)

    @property
    def plain(self) -> bool:
        """Whether the list is everything, as it came."""
        return self.query is None and not self._order

    def set_query(self, query: Query | None) -> None:
        """Show what ``query`` lets through; None: everything."""
        self.query = query
        self._ask(anew=True)

    def stop(self) -> None:
        """Leave a search at what was found."""
        self.search.stop()
        if not self._sorting:
            return
        by_field = self._sort is not None
        self._give_up()
        self._say_sorting(on=False)
        if by_field:
            self._leave_order()

    def _give_up(self) -> None:
        """Nobody waits for the list any more."""
        self._feed.cancel("listing")
        self._came = None
        if self._sort is not None:
            self._sort.given_up = True
            self._sort = None

    def _leave_order(self) -> None:
        """Have the order of the list in the table again, or none where that is of another filter."""
        query, order, descending = self._held
        same = query == self.query and self._listed
        self._order, self._descending = (order, descending) if same else ("", False)
        self.order_left.emit(self._order, self._descending)
        if not same:
            self._ask(anew=True)

    @property
    def _searching(self) -> bool:
        """Whether the list is what a search has found so far."""
        return self.query is not None and not self._order and heavy(self.query.node)

    def _say_sorting(self, *, on: bool) -> None:
        if on != self._sorting:
            self._sorting = on
            self.sorting.emit(on)

    def set_order(self, order: str, descending: bool) -> None:
        """Sort by the store's name for a column; empty: as it came."""
        self._order, self._descending = order, descending
        self._ask(anew=True)

    def refresh(self) -> None:
        """Something else than traffic has changed what is to be listed."""
        if self._searching:
            held = array("q", self.search.found)
            self._feed.ask(
                lambda reader: set(held).difference(reader.ids()), self._on_gone, key="search gone", slow=True
            )
        elif self._listed:
            self._ask()

    def _on_gone(self, gone: set[int]) -> None:
        """Some of what a search found is not in the trace any more, or is again."""
        self._left_out = gone
        self._on_search_changed()

    def _on_opened(self, _path: str) -> None:
        self._model.clear()
        self._listed, self._gone = False, 0
        self._ask(anew=True)

    def _on_closed(self) -> None:
        self._again.stop()
        self._give_up()
        self._say_sorting(on=False)
        self.search.end()
        self._model.clear()

    def _ask(self, *, anew: bool = False) -> None:
        """Ask for the list; ``anew`` when it is another one than before, whose first rows are worth having early."""
        self._again.stop()
        self._asked.start()
        if self._searching and self.query is not None:
            self._search(anew=anew)
            return
        self.search.end()
        self._give_up()
        self._say_sorting(on=bool(anew and self.query is not None and heavy(self.query.node)))
        if self._order and self._order not in ORDERS:
            self._feed.cancel("listing first")
            self._came = set()
            self._run_sort(_Sort(self.query, self._order, self._descending, self._told, anew=anew))
            return
        if anew and self._order and self._total > FIRST:
            self._run(self._on_first, FIRST, "listing first")
        else:
            self._feed.cancel("listing first")
        self._came = set()
        self._run(self._on_listed, None, "listing")

    def _search(self, *, anew: bool) -> None:
        self._give_up()
        self._feed.cancel("listing first")
        self._say_sorting(on=False)
        if anew or self.query is None:
            self._left_out = set()
            self._model.set_ids(array("q"), ascending=True)
            if self.query is not None:
                self.search.start(self.query, self._total)
        else:
            self.search.go_on()
        self._listed = True

    def _on_search_changed(self) -> None:
        if not self._searching:
            return
        found, gone = self.search.found, self._left_out
        left = (identity for identity in found if identity not in gone) if gone else found
        self._model.set_ids(array("q", left), ascending=True)
        self.settled.emit()

    def _run(self, callback: Callable[[array[int]], None], limit: int | None, key: str) -> None:
        order, descending = self._order or "id", self._descending
        self._feed.run_query(self.query, callback, order=order, descending=descending, limit=limit, key=key)

    def _run_sort(self, sort: _Sort) -> None:
        self._sort = sort
        self._feed.ask(sort.sorted, self._on_listed, key="listing", slow=True)

    def _on_told(self, sort: _Sort, done: int, every: int) -> None:
        if sort is self._sort and sort.anew:
            self._say_sorting(on=True)
            self.read.emit(done, every)

    def _on_again(self) -> None:
        """Time for another list; where one is still asked for, after that."""
        if self._came is None:
            self._ask()
        else:
            self._again.start(max(_AGAIN_MS, self._asked.elapsed()))

    def _on_failed(self, _failure: object) -> None:
        self._model.forget_asked()
        self._give_up()
        self._say_sorting(on=False)

    def _on_first(self, ids: array[int]) -> None:
        """The top of a list whose rest is still being sorted."""
        self._model.set_ids(ids, ascending=False)
        self.settled.emit()

    def _on_listed(self, ids: array[int]) -> None:
        self._listed = True
        self._cost_ms = self._asked.elapsed()
        self._say_sorting(on=False)
        if self.plain:  # the list may have been read before what was told of meanwhile
            last = ids[-1] if ids else 0
            ids.extend(sorted(identity for identity in self._came or () if identity > last))
        self._came = self._sort = None
        self._held = (self.query, self._order, self._descending)
        ascending = not self._order or (self._order == "id" and not self._descending)
        self._model.set_ids(ids, ascending=ascending)
        self.settled.emit()

    def _on_rows_changed(self, rows: list[ExchangeRow]) -> None:
        if self._came is not None:
            self._came.update(row.id for row in rows)
        if not self._listed:
            self._model.renew(rows)
            return  # the list that was asked for will have them
        if self.plain:
            self._model.take_changes(rows)
            return
        self._model.update_rows(rows)
        if self._searching:
            self.search.judge(rows)
        if not self._again.isActive():
            self._again.start(max(_AGAIN_MS, self._cost_ms * _RATIO))

    def leave_out(self, gone: set[int]) -> None:
        """The recording let go of these, which the table may show as under way."""
        if self._searching:
            self._left_out |= gone
        if self._came is not None:
            self._came -= gone
        self._model.leave_out(gone)

    def _on_rows_skipped(self) -> None:
        """There are exchanges that nobody told of."""
        if self._listed and not self._again.isActive():
            self._again.start(_AGAIN_MS)

    def _on_rows_wanted(self, ids: list[int]) -> None:
        fields = self._model.fields

        def take(found: tuple[list[ExchangeRow], dict[int, tuple[str, ...]]]) -> None:
            rows, values = found
            same = fields == self._model.fields
            self._model.fill(rows, values if same else None, ids)
            if len(rows) < len(ids):  # the rest is not in the trace any more
                self._on_rows_skipped()

        self._feed.ask(lambda reader: (reader.rows(ids), reader.fields(ids, fields) if fields else {}), take)

    def _on_counts_changed(self, counts: TraceCounts) -> None:
        """Exchanges that are gone from the trace leave the table too; nothing else tells which they are."""
        self._total = self.search.total = counts.exchanges
        gone = counts.dropped.get("exchanges", 0)
        if gone > self._gone and self._listed and not self._again.isActive():
            self._again.start(max(_AGAIN_MS, self._cost_ms * _RATIO))
        self._gone = gone

    def tick(self, axis: Axis, on_screen: tuple[int, int]) -> None:
        """Time has passed."""
        old = self._asked.elapsed() > max(_AGES_MS, self._cost_ms * _RATIO)
        if old and self._came is None and self.query is not None and ages(self.query.node):
            self._ask()
        self._model.tick(axis, *on_screen)


class _Sort:
    """The exchanges that pass a filter in the order of a header or key; works in a reader's thread.

    Emits ``told``, with itself, how many were read, and of how many.
    """

    def __init__(self, query: Query | None, order: str, descending: bool, told: SignalInstance, *, anew: bool) -> None:
        self.anew = anew  #: somebody waits for it
        self.given_up = False
        self._asked = (query, order, descending)
        self._told = told
        self._next = 0.0

    def sorted(self, reader: TraceReader) -> array[int]:
        """The ids. Raises TraceError, and Abandoned when it was given up."""
        self._next = time.monotonic() + _TELL_S
        return reader.ids(*self._asked, told=self._step)

    def _step(self, done: int, every: int) -> None:
        if self.given_up:
            raise Abandoned
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _TELL_S
            self._told.emit(self, done, every)
