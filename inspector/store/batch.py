"""A batch as it comes from the recorder, and how it becomes rows in one transaction.

Knows the tables; knows neither the pipe it came through nor when it is written. Belongs to the scribe's process, and
imports little, since that one is to start quickly.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

from inspector.store.bulk import BulkInsert, Row
from inspector.store.schema import COUNT, DROPPED, RECORDED
from inspector.store.shape import EXCHANGE, NARROW

_UPSERTED = ("instance", "worker", "replay_run", "trial")
_APPENDED = ("worker_event", "log", "stall", "replay_result")
_AT = {name: index for index, name in enumerate(EXCHANGE)}
_STATE, _OPENED, _RETURNED, _CLOSED = (_AT[name] for name in ("state", "opened_ns", "returned_ns", "closed_ns"))
_COPIED = _AT["response_head"]  #: up to here the items are columns
_LATER = _AT["answered_ns"]  #: from here to ``NARROW`` too, behind those that are worked out
_RESPONSE_HEAD, _EXCEPTION = _AT["response_head"], _AT["exception"]
_REQUEST_SIZE, _RESPONSE_SIZE = _AT["request_size"], _AT["response_size"]


class BatchWriter:
    """Writes batches through ``connection``. ``rev``: the last change number; ``number``: of the last batch written.

    ``wrote`` hears the ids of the exchanges in a batch, and ``sift`` may take some of those away again, both within its
    transaction.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        wrote: Callable[[Iterable[int]], None] = lambda _ids: None,
        sift: Callable[[Sequence[Row]], None] = lambda _exchanges: None,
    ) -> None:
        self._wrote = wrote
        self._sift = sift
        [(rev,)] = connection.execute("SELECT ifnull(max(rev), 0) FROM exchange")
        self.rev = int(rev)
        [(self.number,)] = connection.execute("SELECT ifnull(max(value), 0) FROM meta WHERE key = 'batch'")
        self._connection = connection
        limit = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        tables = ("exchange", "detail", "message", *_UPSERTED, *_APPENDED)
        upserted = {"exchange", "detail", *_UPSERTED}
        self._bulk = {
            table: BulkInsert(table, upsert=table in upserted, max_variables=min(limit, 32_766)) for table in tables
        }

    def next_rev(self) -> int:
        """A change number for a change that others make, in a transaction of theirs."""
        self.rev += 1
        return self.rev

    def write(
        self,
        number: int,
        exchanges: Sequence[Row],
        messages: Sequence[Row],
        others: Mapping[str, Sequence[Row]],
        dropped: Mapping[str, int],
        *,
        large: bool = False,
    ) -> int:
        """Write all of it in one transaction; how many rows the tables did not take.

        ``number`` goes into the file with it: one that is there already is not written again. ``large``: there may be
        more bytes in it than one statement should have. Raises sqlite3.Error; then nothing of it is in the file.
        """
        if number <= self.number:
            return 0
        rev = self.rev
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            lost = self._rows(exchanges, messages, others, dropped, large=large)
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('batch', ?)", (number,))
            self._connection.execute("COMMIT")
        except BaseException:
            self.rev = rev
            # After some errors (disk full) SQLite has rolled back by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self.number = number
        return lost

    def _rows(
        self,
        exchanges: Sequence[Row],
        messages: Sequence[Row],
        others: Mapping[str, Sequence[Row]],
        dropped: Mapping[str, int],
        *,
        large: bool,
    ) -> int:
        for table in _UPSERTED:
            self._upsert_latest(table, others.get(table, ()))
        lost = self._exchanges(exchanges, large=large)
        bulk = self._bulk["message"]
        refused = (bulk.write_split if large else bulk.write)(self._connection, messages)
        for table in _APPENDED:
            lost += self._bulk[table].write(self._connection, others.get(table, ()))
        lost += refused
        counts = {RECORDED: len(messages) - refused, DROPPED + "rows": lost}
        for what, count in dropped.items():
            counts[DROPPED + what] = counts.get(DROPPED + what, 0) + count
        self._connection.executemany(COUNT, [item for item in counts.items() if item[1]])
        self._sift(exchanges)
        return lost

    def _upsert_latest(self, table: str, rows: Iterable[Row]) -> None:
        latest = {row[0]: row for row in rows}
        self._bulk[table].write(self._connection, list(latest.values()))

    def _exchanges(self, exchanges: Sequence[Row], *, large: bool) -> int:
        first = self.rev + 1
        rows = [exchange_row(made, rev) for rev, made in enumerate(exchanges, start=first)]
        details = [detail_row(made) for made in exchanges if len(made) > NARROW]
        self.rev += len(rows)
        refused = self._bulk["exchange"].write(self._connection, rows)
        self._wrote(made[0] for made in exchanges)
        bulk = self._bulk["detail"]
        return refused + (bulk.write_split if large else bulk.write)(self._connection, details)


def exchange_row(made: Row, rev: int) -> Row:
    """The narrow row, in the order of ``COLUMNS["exchange"]``."""
    head = made[_RESPONSE_HEAD]
    return (
        made[0],
        rev,
        *made[1:_COPIED],
        _duration(made) if made[_STATE] != "open" else None,
        _content_type(head) if head else "",
        1 if made[_EXCEPTION] else 0,
        *made[_LATER:NARROW],
    )


def detail_row(made: Row) -> Row:
    """The wide row, in the order of ``COLUMNS["detail"]``."""
    request_head, request, request_tail, request_hash, response, response_tail, response_hash, context = made[NARROW:]
    finished = made[_STATE] != "open"
    return (
        made[0],
        request_head,
        made[_RESPONSE_HEAD],
        request,
        request_tail,
        _hash(made[_REQUEST_SIZE], request, request_tail, request_hash, finished=finished),
        response,
        response_tail,
        _hash(made[_RESPONSE_SIZE], response, response_tail, response_hash, finished=finished),
        context,
        made[_EXCEPTION],
    )


def _hash(size: int, head: bytes, tail: bytes, known: str, *, finished: bool) -> str:
    """Of a complete body, once it is complete; a truncated one's is known only to those who saw it pass."""
    if not size:
        return ""
    if known or not finished or size > len(head) + len(tail):
        return known
    return sha256(head + tail if tail else head).hexdigest()


def _duration(made: Row) -> int | None:
    end, opened = made[_CLOSED] or made[_RETURNED], made[_OPENED]
    return max(0, end - opened) if end and opened else None


def _content_type(head: bytes) -> str:
    start = head.lower().find(b"\ncontent-type:")
    if start < 0:
        return ""
    end = head.find(b"\n", start + 1)
    return head[start + 14 : end if end > 0 else None].strip().decode("latin-1")
