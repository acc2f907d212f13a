"""What a comparison found, read from its trace in a thread of its own; and both sides of an answer that differs.

The trace is a file of its own, beside the recording that was replayed. Knows feeds; nothing of the supervisor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.feed import TraceFeed
from app.replay.results_model import Compared
from inspector.export.comparison import ModeFigures, figures
from inspector.model import Exchange, ReplayResult
from inspector.store.reader import ExchangeRow, TraceReader
from inspector.store.rows import Replayed

#: Answers of a mode that are listed because they differ.
MOST_DIFFERING = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """What a trace holds of a comparison. ``source``: the recording; ``at_once`` is 0 at a recorded pace."""

    figures: tuple[ModeFigures, ...] = ()
    source: str = ""
    at_once: int = 0


class Results(QObject):
    """The comparison in one trace at a time.

    Signals:
        found(Found): there are figures, or others than before.
        differing(str, list[Compared]): answers of a mode that are not as recorded.
        pair(ReplayResult, Exchange | None, Exchange | None): both sides of one.
    """

    found = Signal(object)
    differing = Signal(str, object)
    pair = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trace, self._source = _quiet(self), _quiet(self)
        self._source.failed.connect(self._on_source_failed)
        self._alone: Callable[[], None] | None = None  # tells of the last answer asked for without its original
        self._read: dict[int, list[Replayed]] = {}  # by run; touched in the reader's thread alone
        self.path = ""

    def open(self, path: str) -> None:
        """Look at this trace; of another one nothing is told any more. Empty: at none."""
        self._trace.close()
        self._source.close()
        self._read, self._alone = {}, None
        self.path = path
        if path:
            self._trace.open(path, live=False)

    def refresh(self) -> None:
        """More may have been found."""
        call = partial(_found, read=self._read)
        self._trace.ask(call, self._on_found, key="comparison-found", slow=True)

    def ask_differing(self, row: ModeFigures) -> None:
        """The answers of this mode that differ."""
        call = partial(_differing, runs=row.runs)
        self._trace.ask(call, lambda rows: self.differing.emit(row.name, rows), key="comparison-differing", slow=True)

    def ask_pair(self, result: ReplayResult) -> None:
        """Both exchanges of a result, which lie in two files."""
        self._trace.ask(
            lambda reader: reader.exchange(result.exchange) if result.exchange else None,
            partial(self._on_replay, result), key="comparison-pair",
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the files."""
        self.open("")

    def _on_found(self, found: Found) -> None:
        if found.source and found.source != self._source.path:
            self._source.open(found.source, live=False)
        self.found.emit(found)

    def _on_replay(self, result: ReplayResult, replay: Exchange | None) -> None:
        def show(original: Exchange | None) -> None:
            self._alone = None
            self.pair.emit(result, original, replay)

        self._alone = partial(show, None)
        if self._source.path:
            self._source.load_exchange(result.original, show, key="comparison-original")
        else:
            show(None)

    def _on_source_failed(self, _failure: object) -> None:
        """The recording is gone: answers stand without their originals."""
        self._source.close()
        if self._alone is not None:
            self._alone()


def _quiet(parent: QObject) -> TraceFeed:
    """A feed that is only asked, and looks at nothing by itself."""
    feed = TraceFeed(parent)
    feed.set_visible(False)
    return feed


def _found(reader: TraceReader, *, read: dict[int, list[Replayed]]) -> Found:
    """Runs in the reader's thread. A run that is over is read once."""
    trials = reader.trials()
    for trial in trials:
        if trial.state == "finished" and trial.run not in read:
            read[trial.run] = reader.replayed(trial.run)
    source = next((run.source for run in reader.replay_runs() if run.source), "")
    return Found(tuple(figures(trials, reader.instances(), read)), source, trials[0].concurrency if trials else 0)


def _differing(reader: TraceReader, *, runs: tuple[int, ...]) -> list[Compared]:
    results = [result for run in runs for result in reader.replay_results(run) if result.exchange and not result.same]
    del results[MOST_DIFFERING:]
    rows: dict[int, ExchangeRow] = {row.id: row for row in reader.rows([result.exchange for result in results])}
    # The original lies in another file; what is asked is the same.
    return [Compared(result, rows.get(result.exchange), rows.get(result.exchange)) for result in results]
