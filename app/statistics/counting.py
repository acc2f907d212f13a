"""Keeps sums true to the trace while somebody looks: a helping of exchanges at a time, in the reader's slow thread.

Knows the feed; no widget. The sums are touched in that thread alone; what comes out are figures that nobody changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from app.feed import TraceFeed
from app.statistics.sums import Figures, Sums
from inspector.query import Query
from inspector.store.reader import TraceReader

HELPING = 2_000  #: exchanges read at once: some ten milliseconds, between which lists are answered
EVERY_MS = 500  #: at most so often there are new figures
PAUSE_S = 2.0  #: after a question that failed, before the next: what was wrong is told each time
_KEY = "statistics"


@dataclass(frozen=True, slots=True)
class _Answer:
    sums: Sums
    figures: Figures | None
    more: bool


class Counting(QObject):
    """Counts the exchanges of the trace in view that are over, those that a query lets through.

    Signals:
        counted(Figures, bool): new figures; whether there is more to count.
    """

    counted = Signal(object, bool)

    def __init__(self, feed: TraceFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._query: Query | None = None
        self._sums = Sums()
        self._asked = False
        self._told = self._not_before = 0.0
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._ask)
        feed.follow(lambda _path: self.restart())
        feed.closed.connect(self._on_closed)
        feed.failed.connect(lambda _failure: self._on_failed())

    def set_query(self, query: Query | None) -> None:
        """Count what ``query`` lets through; None: everything."""
        if query != self._query:
            self._query = query
            self.restart()

    def look(self, *, on: bool) -> None:
        """Somebody looks, or nobody does any more: then nothing is read."""
        if on:
            self._not_before = 0.0
            self._timer.start()
            self._ask()
        else:
            self._timer.stop()

    def restart(self) -> None:
        """Count anew: other exchanges are to be counted."""
        self._feed.cancel(_KEY)
        self._sums, self._asked, self._told, self._not_before = Sums(), False, 0.0, 0.0
        if self._timer.isActive():
            self._ask()

    def _on_closed(self) -> None:
        self._sums, self._asked = Sums(), False
        self.counted.emit(Figures(), False)

    def _on_failed(self) -> None:
        """Perhaps it was ours, to which no answer comes then. One that comes all the same is as good."""
        self._asked, self._not_before = False, monotonic() + PAUSE_S

    def _ask(self) -> None:
        if self._asked or not self._feed.is_open or monotonic() < self._not_before:
            return
        self._asked = True
        due = (monotonic() - self._told) * 1000 >= EVERY_MS
        self._feed.ask(
            partial(_count, sums=self._sums, query=self._query, due=due), self._on_answer, key=_KEY, slow=True
        )

    def _on_answer(self, answer: _Answer) -> None:
        self._asked, self._not_before = False, 0.0
        if answer.sums is not self._sums:
            return
        if answer.figures is not None:
            self._told = monotonic()
            self.counted.emit(answer.figures, answer.more)
        if answer.more and self._timer.isActive():
            self._ask()


def _count(reader: TraceReader, *, sums: Sums, query: Query | None, due: bool) -> _Answer:
    """Runs in the reader's thread."""
    meta = reader.meta()
    rows, through = reader.over(sums.since, HELPING, query)
    sums.add(rows, meta.wall)
    sums.since = through
    more = len(rows) == HELPING
    return _Answer(sums, sums.figures() if due or not more else None, more)
