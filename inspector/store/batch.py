"""What the writer thread takes at one time, and how it becomes rows in one transaction.

Knows the model and the tables. Knows no threads: ``TraceWriter`` calls it from the writer thread only. Exchanges are
live objects that traffic goes on changing; whatever changes after the snapshot is touched again and written again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from operator import attrgetter

from inspector.model import Body, Direction, Exchange, Kind, Side, State, WorkerState
from inspector.recording import MessageRow
from inspector.store.bulk import MAX_BYTES, BulkInsert, Row
from inspector.store.schema import DROPPED, RECORDED

#: A live body beyond this is rewritten at most every ``LATE_NS``, not with every event that adds to it.
LARGE_BODY = 64 << 10
LATE_NS = 500_000_000

# Members of our enums are strings; without an adapter sqlite3 looks one up in several slow places, for every value.
for _enum in (Kind, State, Side, Direction, WorkerState):
    sqlite3.register_adapter(_enum, str.__str__)

_UPSERTED = ("instance", "worker", "replay_run")
_APPENDED = ("worker_event", "log", "replay_result")
_SCALARS = attrgetter(
    "kind", "state", "instance", "worker", "client", "method", "target", "http_version", "status", "opened_ns",
    "forwarded_ns", "called_ns", "started_ns", "first_byte_ns", "last_app_ns", "returned_ns", "closed_ns", "interface",
    "task", "error", "replay_of", "replay_run", "messages", "dropped",
)  # fmt: skip

Signature = tuple[int, int, int, int, int, int]


@dataclass(slots=True)
class Batch:
    """What is written in one transaction. ``dropped`` holds totals, not increments. ``weight``: bytes of payloads."""

    exchanges: list[Exchange] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    others: dict[str, list[Row]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    weight: int = 0


@dataclass(slots=True)
class _Written:
    """What of an open exchange's detail is in the file, and since when."""

    signature: Signature
    at_ns: int


class BatchWriter:
    """Writes batches through ``connection``. ``rev``: the last change number; ``recorded``: messages in the file."""

    def __init__(self, connection: sqlite3.Connection, rev: int, recorded: int = 0) -> None:
        self.rev = rev
        self.recorded = recorded
        self.late: dict[int, Exchange] = {}  #: open exchanges whose large body waits for ``LATE_NS`` to pass
        self._connection = connection
        limit = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        tables = ("exchange", "detail", "message", "tally", *_UPSERTED, *_APPENDED)
        upserted = {"exchange", "detail", "tally", *_UPSERTED}
        self._bulk = {
            table: BulkInsert(table, upsert=table in upserted, max_variables=min(limit, 32_766)) for table in tables
        }
        self._written: dict[int, _Written] = {}

    def write(self, batch: Batch, now_ns: int) -> int:
        """Write ``batch`` in one transaction; how many rows the tables did not take.

        Raises sqlite3.Error; then nothing of it is in the file.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            lost = self._rows(batch, now_ns)
            self._connection.execute("COMMIT")
        except BaseException:
            # After some errors (disk full) SQLite has rolled back by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return lost

    def _rows(self, batch: Batch, now_ns: int) -> int:
        for table in _UPSERTED:
            self._upsert_latest(table, batch.others.get(table, ()))
        lost = self._exchanges(batch.exchanges, now_ns)
        messages = self._bulk["message"]
        put = messages.write_split if batch.weight > MAX_BYTES else messages.write
        refused = put(self._connection, batch.messages)
        for table in _APPENDED:
            lost += self._bulk[table].write(self._connection, batch.others.get(table, ()))
        self._tally(batch, len(batch.messages) - refused)
        return lost + refused

    def _tally(self, batch: Batch, messages: int) -> None:
        tally = [(DROPPED + what, count) for what, count in batch.dropped.items()]
        if messages:
            tally.append((RECORDED, self.recorded + messages))
        self._bulk["tally"].write(self._connection, tally)
        self.recorded += messages

    def _upsert_latest(self, table: str, rows: Iterable[Row]) -> None:
        latest = {row[0]: row for row in rows}
        self._bulk[table].write(self._connection, list(latest.values()))

    def _exchanges(self, exchanges: list[Exchange], now_ns: int) -> int:
        rows: list[Row] = []
        details: list[Row] = []
        broken = 0
        for exchange in exchanges:
            exchange.dirty = False  # before the snapshot: a change after it is announced anew
            self.rev += 1
            try:
                row = exchange_row(exchange, self.rev)
                finished = row[3] != State.OPEN
                if self._wants_detail(exchange, finished, now_ns):
                    details.append(detail_row(exchange, finished=finished))
                rows.append(row)
            except (AttributeError, TypeError, ValueError):  # a field that is not what the model says: that one goes
                broken += 1
        bulk = self._bulk["detail"]
        large = sum(len(row[3]) + len(row[6]) for row in details) > MAX_BYTES
        refused = self._bulk["exchange"].write(self._connection, rows)
        return broken + refused + (bulk.write_split if large else bulk.write)(self._connection, details)

    def _wants_detail(self, exchange: Exchange, finished: bool, now_ns: int) -> bool:
        """Whether there is something new in it; a large body that still grows is put off to ``late``."""
        if finished:
            if self._written:
                self._written.pop(exchange.id, None)
                self.late.pop(exchange.id, None)
            return True
        signature = _signature(exchange)
        written = self._written.get(exchange.id)
        if written is None:
            self._written[exchange.id] = _Written(signature, now_ns)
            return True
        if signature == written.signature:
            return False
        if _live_bytes(exchange) > LARGE_BODY and now_ns - written.at_ns < LATE_NS:
            self.late[exchange.id] = exchange
            return False
        written.signature, written.at_ns = signature, now_ns
        return True

    def take_late(self, now_ns: int) -> list[Exchange]:
        """The exchanges whose body has waited long enough."""
        if not self.late:
            return []
        due = [e for i, e in self.late.items() if i not in self._written or now_ns - self._written[i].at_ns >= LATE_NS]
        for exchange in due:
            del self.late[exchange.id]
        return due


def exchange_row(exchange: Exchange, rev: int) -> Row:
    """The narrow row, in the order of ``COLUMNS["exchange"]``."""
    scalars = _SCALARS(exchange)
    return (
        exchange.id,
        rev,
        *scalars,
        exchange.request_body.size,
        exchange.response_body.size,
        _duration(exchange) if scalars[1] != State.OPEN else None,
        _content_type(exchange.response_head) if exchange.response_head else "",
        1 if exchange.exception else 0,
    )


def detail_row(exchange: Exchange, *, finished: bool) -> Row:
    """The wide row, in the order of ``COLUMNS["detail"]``."""
    request, response = exchange.request_body, exchange.response_body
    return (
        exchange.id,
        exchange.request_head,
        exchange.response_head,
        request.head,
        request.tail,
        _hash(request, finished) if request.size else "",
        response.head,
        response.tail,
        _hash(response, finished) if response.size else "",
        exchange.context,
        exchange.exception,
    )


def _hash(body: Body, finished: bool) -> str:
    if body.sha256 or not finished or body.truncated:
        return body.sha256
    return sha256(body.head + body.tail if body.tail else body.head).hexdigest()


def _duration(exchange: Exchange) -> int | None:
    end = exchange.closed_ns or exchange.returned_ns
    return max(0, end - exchange.opened_ns) if end and exchange.opened_ns else None


def _content_type(head: bytes) -> str:
    start = head.lower().find(b"\ncontent-type:")
    if start < 0:
        return ""
    end = head.find(b"\n", start + 1)
    return head[start + 14 : end if end > 0 else None].strip().decode("latin-1")


def _signature(exchange: Exchange) -> Signature:
    return (
        len(exchange.request_head),
        len(exchange.response_head),
        exchange.request_body.size,
        exchange.response_body.size,
        len(exchange.context),
        len(exchange.exception),
    )


def _live_bytes(exchange: Exchange) -> int:
    return len(exchange.request_body.head) + len(exchange.response_body.head)
