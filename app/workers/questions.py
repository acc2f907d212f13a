"""What the page asks the trace. These run in the reader's thread and touch nothing but the reader."""

from __future__ import annotations

from app.traffic import secrecy
from app.workers.evidence import Evidence, Held, as_noted, blocked, held, last_words, noted_at_end
from app.workers.history import Story, story_of
from inspector.store.reader import ExchangeRow, TraceReader

#: Lines of a worker that are shown, and requests in hand.
_LINES = 300
_HELD = 100
#: Times that an event loop was blocked, which are counted.
_STALLS = 10_000
#: Messages that are looked through for the last: they are numbered as they came to be known, not as they happened.
_NEWEST = 8


def story(reader: TraceReader, *, over: bool) -> Story:
    """All that happened to workers. ``over``: nobody writes the trace any more."""
    meta = reader.meta()
    newest = reader.exchanges(order="rev", descending=True, limit=1)
    moments = [session.ended_ns or session.monotonic_ns for session in meta.sessions]
    moments += [max(row.opened_ns, row.closed_ns, row.returned_ns) for row in newest]
    return story_of(
        reader.instances(), reader.workers(), reader.worker_events(), wall=meta.wall, last_ns=max(moments, default=0),
        over=over,
    )  # fmt: skip


def evidence(
    reader: TraceReader, *, worker: int, ids: tuple[int, ...], until_ns: int, ended_ns: int, cause: str
) -> Evidence:
    """What the trace keeps of a worker. ``ids`` are in its hand, until ``until_ns``."""
    lines = reader.logs(worker=worker, limit=_LINES, newest=True) if worker else []
    events = reader.worker_events(worker) if worker else []
    found = [_held(reader, row, until_ns, ended=bool(ended_ns)) for row in reader.rows(ids[:_HELD])]
    noted = noted_at_end(events)
    stalls = reader.stalls(worker, newest=_STALLS) if worker else []
    told, blocker = blocked(stalls, until_ns=until_ns)
    return Evidence(
        worker=worker,
        held=tuple(as_noted(one, noted.get(one.id, {})) for one in found),
        lines=tuple(line.text for line in lines),
        words=last_words(lines, events, ended_ns=ended_ns, cause=cause),
        blocked=told,
        blocker=blocker,
    )


def _held(reader: TraceReader, row: ExchangeRow, until_ns: int, *, ended: bool) -> Held:
    messages = reader.messages(row.id, start=max(0, row.messages - _NEWEST))
    since = row.called_ns or row.forwarded_ns or row.opened_ns
    return held(
        row.id,
        row.method,
        secrecy.target(row.target),
        since=since,
        until=until_ns,
        messages=messages,
        error=row.error,
        ended=ended,
    )
