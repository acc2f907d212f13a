"""What the Logs page asks of a trace. The functions run in the reader's thread; no Qt."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.logs.lines import Line, Wanted, make_line
from inspector.store.reader import LogFilter, TraceReader


@dataclass(frozen=True, slots=True)
class Found:
    """What is new: ``ids`` of the lines to show, of those the ``matches`` with the text, and how far was looked."""

    ids: array[int]
    matches: array[int]
    newest: int
    slots: tuple[int, ...] = ()
    names: dict[int, str] = field(default_factory=dict)  #: ``slot.generation`` of each worker


def look(reader: TraceReader, *, wanted: Wanted, after: int) -> Found:
    """The lines above ``after`` that are wanted."""
    last = reader.logs(limit=1, newest=True)  # first: what comes while we look is found the next time
    workers = reader.workers()
    chosen: tuple[int, ...] | None = None
    if wanted.slot is not None:
        chosen = tuple(worker.id for worker in workers if worker.slot == wanted.slot) if wanted.slot else (0,)
    every = LogFilter(wanted.level, chosen)
    matching = LogFilter(wanted.level, chosen, wanted.text)
    matches = reader.log_ids(matching, after=after) if wanted.text else array("q")
    ids = matches if wanted.text and wanted.only else reader.log_ids(every, after=after)
    newest = max(after, last[0].id if last else 0, ids[-1] if ids else 0, matches[-1] if matches else 0)
    slots = tuple(sorted({worker.slot for worker in workers}))
    return Found(ids, matches, newest, slots, {w.id: f"{w.slot}.{w.generation}" for w in workers})


def lines(reader: TraceReader, *, ids: Sequence[int], names: dict[int, str]) -> list[Line]:
    """The lines with these ids."""
    meta = reader.meta()
    made = []
    for row in reader.log_rows(ids):
        at = datetime.fromtimestamp(meta.wall(row.t_ns) / 1e9)
        note = f"{at:%Y-%m-%d %H:%M:%S.%f}, {row.stream}" + (f", in request #{row.exchange}" if row.exchange else "")
        clock = f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}"
        worker = names.get(row.worker, "")
        more = {"at": clock, "level": row.level, "worker": worker, "note": note}
        made.append(make_line(row.id, row.text, exchange=row.exchange, **more))
    return made
