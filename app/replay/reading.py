"""A replay's results as a trace has them, with both exchanges of each; runs in the reader's thread.

A replay's originals may lie in another file than its answers: that is opened beside, and answers stand alone if it is
gone. Knows nothing of windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from app.replay import said
from app.replay.results_model import Compared
from inspector.model import Exchange, Kind, Message, ReplayResult
from inspector.store.reader import ExchangeRow, TraceError, TraceReader

#: An exchange, if it is there, with its messages, if it is a WebSocket.
Whole = tuple[Exchange | None, Sequence[Message]]


def results(reader: TraceReader, *, run: int, start: int) -> list[Compared]:
    """What ``run`` found, from result number ``start`` on."""
    found = reader.replay_results(run)[start:]
    replays = _rows(reader, [result.exchange for result in found])
    with _originals(reader, run) as other:
        originals = _rows(other, [result.original for result in found])
    return [Compared(result, originals.get(result.original), replays.get(result.exchange)) for result in found]


def both(reader: TraceReader, *, result: ReplayResult) -> tuple[Whole, Whole]:
    """The original and its replay."""
    with _originals(reader, result.run) as other:
        original = _whole(other, result.original)
    return original, _whole(reader, result.exchange)


@contextmanager
def _originals(reader: TraceReader, run: int) -> Iterator[TraceReader | None]:
    """The trace that has the originals of ``run``; None when it cannot be read."""
    source = next((one.source for one in reader.replay_runs() if one.id == run), "")
    if not source:
        yield reader
        return
    try:
        other = TraceReader(source)
    except TraceError:
        yield None
        return
    with other:
        yield other


def _rows(reader: TraceReader | None, ids: Sequence[int]) -> dict[int, ExchangeRow]:
    wanted = sorted({identity for identity in ids if identity})
    return {row.id: row for row in reader.rows(wanted)} if reader is not None else {}


def _whole(reader: TraceReader | None, identity: int) -> Whole:
    found = reader.exchange(identity) if reader is not None and identity else None
    if reader is None or found is None or found.kind != Kind.WEBSOCKET:
        return found, ()
    return found, reader.messages(identity, limit=said.MOST * 2)  # what the application saw is among them
