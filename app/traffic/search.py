"""A search through a long trace in slices: what is found is there as it is found, with progress, and can be stopped.

For filters that look into bodies, which no index serves. Slices are sized so that each takes a moment: then stopping is
at once, and the reader's thread has room for others between them.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left, insort

from PySide6.QtCore import QObject, Signal

from app.feed import TraceFeed
from inspector.query import Query
from inspector.store.reader import ExchangeRow, Found, TraceReader

_FIRST, _LEAST, _MOST = 400, 25, 50_000  #: exchanges in a slice
_SLICE_MS = 80
_KEY = "search"


class Search(QObject):
    """One search at a time.

    Signals:
        changed(): more was found, or something found is not so any more.
        progressed(int, int, int): looked at so many, of how many, and found; for the first look through a trace.
        ended(bool): the first look is over, or (False) was stopped.
    """

    changed = Signal()
    progressed = Signal(int, int, int)
    ended = Signal(bool)

    def __init__(self, feed: TraceFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._query: Query | None = None
        self.found: array[int] = array("q")
        self.running = False
        self._caught_up = False
        self._last = self.total = self._looked = 0
        self._slice = _FIRST
        self._turn = 0
        feed.failed.connect(lambda _failure: self.stop())

    @property
    def query(self) -> Query | None:
        """What is looked for; None when nothing is."""
        return self._query

    def start(self, query: Query, total: int) -> None:
        """Look for this, from the beginning; ``total`` exchanges are in the trace."""
        self.end()
        self._query, self.total = query, total
        self.found = array("q")
        self._last = self._looked = 0
        self._slice, self._caught_up = _FIRST, False
        self.go_on()

    def end(self) -> None:
        """Look for nothing."""
        self._caught_up = True  # nobody waits for the end
        self.stop()
        self._query = None

    def stop(self) -> None:
        """Leave it at what was found."""
        self._turn += 1
        if self.running:
            self.running = False
            self._feed.cancel(_KEY)
            if not self._caught_up:
                self._query = None
                self.ended.emit(False)

    def go_on(self) -> None:
        """Look at what has come since."""
        if self._query is None or self.running:
            return
        self.running = True
        self._ask()

    def _ask(self) -> None:
        query, after, limit, turn = self._query, self._last, self._slice, self._turn
        if query is None:
            return

        def look(reader: TraceReader) -> tuple[Found, float]:
            began = time.monotonic()
            found = reader.search(query, after, limit)
            return found, (time.monotonic() - began) * 1000

        self._feed.ask(look, lambda answer: self._on_slice(turn, limit, *answer), key=_KEY, slow=True)

    def _on_slice(self, turn: int, limit: int, found: Found, took_ms: float) -> None:
        if turn != self._turn:
            return
        self._last = found.last
        self._looked += limit
        self._slice = int(min(max(limit * min(4.0, _SLICE_MS / max(took_ms, 1.0)), _LEAST), _MOST))
        if found.ids:
            self.found.extend(found.ids)
            self.changed.emit()
        if not self._caught_up:
            self.progressed.emit(min(self._looked, self.total), self.total, len(self.found))
        if not found.over:
            self._ask()
            return
        self.running = False
        if not self._caught_up:
            self._caught_up = True
            self.ended.emit(True)

    def judge(self, rows: list[ExchangeRow]) -> None:
        """These have changed: look again at those that were looked at already."""
        query, turn = self._query, self._turn
        ids = [row.id for row in rows if row.id <= self._last]
        if query is None or not ids:
            return
        self._feed.ask(lambda reader: reader.passing(query, ids), lambda passed: self._on_judged(turn, ids, passed))

    def _on_judged(self, turn: int, asked: list[int], passed: set[int]) -> None:
        if turn != self._turn:
            return
        changed = False
        for identity in asked:
            at = bisect_left(self.found, identity)
            there = at < len(self.found) and self.found[at] == identity
            if there and identity not in passed:
                del self.found[at]
            elif identity in passed and not there:
                insort(self.found, identity)
            changed |= there != (identity in passed)
        if changed:
            self.changed.emit()
