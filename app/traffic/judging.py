"""Judging what the recording of the trace in view has not: it had no time to, or is from before there were rules.

Off the window's thread, a few exchanges at a time; what is found stays with the readers of this window, since a trace
that is looked at is not written to. A trace that is still recorded is left to its recording.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from app.feed import TraceFeed
from inspector.store.judgement import Judgement
from inspector.store.reader import TraceReader

_AT_ONCE = 60  #: a few ten milliseconds: other questions come between


class RestJudging(QObject):
    """Signals:

    progressed(): ``done`` has grown.
    ended(): there is nothing more to judge, or somebody stopped it; what was found counts everywhere now.
    """

    progressed = Signal()
    ended = Signal()

    def __init__(self, feed: TraceFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self.running = False
        self.done = 0  #: judged here, of the trace in view
        self._complete = False
        self._asked = False  # a step is under way, also after a stop
        feed.opened.connect(self._on_other)
        feed.closed.connect(self._on_other)

    def start(self) -> None:
        """Judge what is left, unless that goes on, or was done, or the recording does."""
        if not (self.running or self._complete or self._feed.live or not self._feed.is_open):
            self.running = True
            if not self._asked:
                self._step()

    def stop(self) -> None:
        """Leave it at what was judged; ``start`` goes on from there."""
        if self.running:
            self._end()

    def _step(self) -> None:
        self._asked = True
        self._feed.ask(partial(_judge_some, limit=_AT_ONCE), self._on_some, slow=True)

    def _on_some(self, judged: list[Judgement]) -> None:
        self._asked = False
        if judged:
            self.done += len(judged)
            self._feed.ask(partial(_take, judged=judged), lambda _nothing: None)
            self.progressed.emit()
        else:
            self._complete = True
        if self.running and judged:
            self._step()
        elif self.running:
            self._end()

    def _end(self) -> None:
        self.running = False
        if self.done:
            self._feed.look(anew=True)  # the rows that were read before have no findings yet
        self.ended.emit()

    def _on_other(self, _path: str = "") -> None:
        self.running = self._complete = self._asked = False
        self.done = 0


def _judge_some(reader: TraceReader, *, limit: int) -> list[Judgement]:
    return reader.findings.judge_some(limit)


def _take(reader: TraceReader, *, judged: list[Judgement]) -> None:
    reader.findings.take(judged)
