"""Reads a trace, while it is being written or after, whoever wrote it and however that ended.

Opens read-only and runs nothing that a file brings with it. Use it in the thread that made it. Every method raises
TraceError when the file turns out to be damaged. Its questions are parted by what they are about; here is what
concerns the trace as a whole.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from inspector.store.access import json_value
from inspector.store.errors import TraceError
from inspector.store.exchange_lists import ORDERS, ExchangeLists
from inspector.store.exchange_parts import ExchangeParts
from inspector.store.log_lines import LogFilter
from inspector.store.replay_records import ReplayRecords
from inspector.store.rows import ExchangeRow, Found, LogRow, Session, TraceCounts, TraceMeta, integer, text
from inspector.store.schema import DROPPED, RECORDED, SIFTED
from inspector.store.server_records import ServerRecords
from inspector.store.whole import listed

__all__ = [
    "ORDERS", "ExchangeRow", "Found", "LogFilter", "LogRow", "Session", "TraceCounts", "TraceError", "TraceMeta",
    "TraceReader",
]  # fmt: skip

#: SQL that changes when exchanges up to an id have gone: to make room, or at their end by a filter of the recording.
_GONE = (
    "SELECT (SELECT ifnull(sum(count), 0) FROM tally WHERE what = 'dropped exchanges') || ' ' || CASE WHEN EXISTS"
    f" (SELECT 1 FROM tally WHERE what = '{SIFTED}')"
    " THEN (SELECT count(*) FROM exchange WHERE state = 'open' AND id <= ?) ELSE '' END"
)
_YOUNG = 20_000  #: among so many of the newest ids one may still come late


class TraceReader(ExchangeLists, ExchangeParts, ServerRecords, ReplayRecords):
    """The trace at ``path``, read-only. Raises TraceError when there is none, or it cannot be read.

    What its user has deleted is left out of every list and count, unless ``deleted``; asked for by id it is there.
    """

    def __init__(self, path: str | os.PathLike[str], *, deleted: bool = False) -> None:
        super().__init__(path, deleted=deleted)
        self._counted: tuple[int, int, object] = (0, 0, None)  # up to which id, how many, what had gone by then

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def meta(self) -> TraceMeta:
        """Who recorded it, when, with what limits."""
        with self._mapped():
            [(version,)] = self._connection.execute("PRAGMA user_version")
            columns = listed("id first_exchange monotonic_ns wall_ns", "host program", "pid ended_ns")
            sessions = [Session(*row) for row in self._connection.execute(f"SELECT {columns} FROM session ORDER BY id")]
            found = self._connection.execute(f"SELECT {text('value')} FROM meta WHERE key = 'limits'").fetchone()
        limits = json_value(found[0] if found else "", dict)
        kept = {str(name): value for name, value in limits.items() if isinstance(value, int)}
        return TraceMeta(str(self.path), int(version), tuple(sessions), kept)

    def counts(self) -> TraceCounts:
        """How much there is, and what is not."""
        with self._mapped():
            exchanges = self._count()
            shown = self._annotations.condition()
            unfinished_of = f"SELECT count(*) FROM exchange AS e WHERE e.state = 'open' AND {shown}"
            [(unfinished,)] = self._connection.execute(unfinished_of)
            tally = dict(self._connection.execute(f"SELECT {text('what')}, {integer('count')} FROM tally"))
        messages, sifted = int(tally.pop(RECORDED, 0)), int(tally.pop(SIFTED, 0))
        dropped = {what.removeprefix(DROPPED): count for what, count in tally.items() if count}
        size = sum(_size(self.path.with_name(self.path.name + suffix)) for suffix in ("", "-wal"))
        return TraceCounts(exchanges, unfinished, messages, dropped, size, sifted)

    def _count(self) -> int:
        """How many exchanges there are: a live window asks often, so those long there are not counted each time."""
        known, count, gone = self._counted
        [(last, now_gone)] = self._connection.execute(f"SELECT (SELECT max(id) FROM exchange), ({_GONE})", (known,))
        if now_gone != gone:
            known, count = 0, 0
        if (last or 0) - known > 2 * _YOUNG:
            count += self._counted_between(known, last - _YOUNG)
            known = last - _YOUNG
            [(now_gone,)] = self._connection.execute(f"SELECT ({_GONE})", (known,))
            self._counted = (known, count, now_gone)
        return count + self._counted_between(known, last or 0) - self._annotations.left_out(now_gone)

    def _counted_between(self, after: int, last: int) -> int:
        if not after:  # from an index that is smaller than the table
            [(count, later)] = self._connection.execute(
                "SELECT (SELECT count(*) FROM exchange), (SELECT count(*) FROM exchange WHERE id > ?)", (last,)
            )
            return int(count) - int(later)
        sql = "SELECT count(*) FROM exchange WHERE id > ? AND id <= ?"
        return int(self._connection.execute(sql, (after, last)).fetchone()[0])

    def data_version(self) -> int:
        """A number that changes when somebody wrote to the trace: cheap to ask before asking anything else."""
        with self._mapped():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
