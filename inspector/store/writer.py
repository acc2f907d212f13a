"""The recorder: takes what happens on the event loop's thread, and writes it from one thread of its own.

The loop's side only appends to lists (``list.append`` and slicing are atomic under the interpreter lock, so there is no
other). The writer thread sleeps while there is nothing, gathers for ``flush_seconds`` when there is, and writes all of
it in one transaction: what is older than a gathering and a commit survives SIGKILL. When it falls behind, payloads and
messages are dropped first, then bodies, each counted; the row of an exchange never is. When the file cannot be written
any more, recording stops, ``problem`` says why, and traffic does not notice.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import TypeVar

from inspector.model import Body, Exchange, Instance, LogLine, ReplayResult, ReplayRun, State, Worker, WorkerEvent
from inspector.recording import MessageRow
from inspector.store import session
from inspector.store.batch import LATE_NS, Batch, BatchWriter
from inspector.store.bulk import Row
from inspector.store.errors import explain
from inspector.store.lock import WriterLock
from inspector.store.retention import Retention
from inspector.store.schema import DROPPED, RECORDED

_T = TypeVar("_T")
_OPEN = State.OPEN
#: Between two looks at the size of the file, unless much was written.
_RETENTION_NS = 250_000_000
#: How long a lock of another program on the file is borne before recording stops. SQLite itself waits 1 s each time.
_BUSY_PATIENCE_NS = 10_000_000_000


class TraceWriter:
    """A trace that is being recorded; an ``inspector.recording.Recorder``.

    ``path`` must not exist unless ``append``: then ids go on where they were, and what an earlier writer left open
    is closed as interrupted. ``file_limit`` in bytes; ``max_messages`` and ``max_bytes`` bound what may wait for the
    thread. Raises TraceError when the file cannot be made.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        body_head: int = 262_144,
        body_tail: int = 16_384,
        file_limit: int = 2 << 30,
        flush_seconds: float = 0.04,
        append: bool = False,
        max_messages: int = 200_000,
        max_bytes: int = 64 << 20,
        program: str = "gatescope",
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.path = Path(path)
        self.body_head = body_head
        self.body_tail = body_tail
        self.problem = ""  #: why recording has stopped, for the user; empty while all is well
        self._flush_seconds = flush_seconds
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._monotonic_ns = monotonic_ns
        self._dirty: list[Exchange] = []
        self._messages: list[MessageRow] = []
        self._others: dict[str, list[Row]] = {}
        self._weights: list[int] = []  #: bytes of payloads and bodies handed over and not yet taken
        self._queued = 0  #: sum of all weights ever; of this thread
        self._taken = 0  #: sum of those written; of the writer thread
        self._drops: Counter[str] = Counter()
        self._waiters: list[threading.Event] = []
        self._asleep = False
        self._closing = False
        self._stopped = False
        self._wake = threading.Event()
        self._hurry = threading.Event()
        limits = {"body_head": body_head, "body_tail": body_tail, "file_limit": file_limit}
        self._lock = WriterLock(self.path)
        try:
            self._connection = session.open_for_writing(self.path, append=append)
            with session.mapped(f"{self.path} cannot be recorded to."):
                self._begin(limits, program, wall_ns())
        except BaseException:
            self._lock.release()
            raise
        self._thread = threading.Thread(target=self._run, name="trace-writer", daemon=True)
        self._thread.start()

    # Of the writer thread alone, once it runs: what this sets.
    def _begin(self, limits: dict[str, int], program: str, wall_ns: int) -> None:
        connection = self._connection
        first = session.begin(connection, limits, program, monotonic_ns=self._monotonic_ns(), wall_ns=wall_ns)
        self._ids = {table: itertools.count(number) for table, number in first.items()}
        [(rev,)] = connection.execute("SELECT ifnull(max(rev), 0) FROM exchange")
        tally = dict(connection.execute("SELECT what, count FROM tally"))
        self._batches = BatchWriter(connection, rev, tally.pop(RECORDED, 0))
        self._retention = Retention(connection, limits["file_limit"])
        self._dropped_before = {what.removeprefix(DROPPED): count for what, count in tally.items()}
        self._written_drops = dict(self._dropped_before)
        self._lost: Counter[str] = Counter()  #: what the writer thread could not write
        self._retry: Batch | None = None
        self._busy_since = 0
        self._retention_at = 0
        self._since_retention = 0

    # --- the loop's side ----------------------------------------------------------------------------------------------

    def new_id(self, table: str) -> int:
        """The next id for ``exchange``, ``instance``, ``worker`` or ``replay_run``."""
        return next(self._ids[table])

    def touch(self, exchange: Exchange) -> None:
        """``exchange`` is new or has changed."""
        if exchange.state != _OPEN:
            self._weigh_bodies(exchange)
        if not exchange.dirty:
            if self._stopped:
                self._drops["exchanges"] += exchange.state != _OPEN
                return
            exchange.dirty = True
            self._dirty.append(exchange)
            if self._asleep:
                self._wake.set()

    def message(self, exchange: Exchange, row: MessageRow) -> None:
        """One message of ``exchange``, which counts as touched."""
        exchange.messages += 1
        if self._stopped or len(self._messages) >= self._max_messages:
            exchange.dropped += 1
            self._drops["messages"] += 1
        else:
            payload = row[7]
            if payload:
                weight = len(payload) + len(row[8])
                if self._queued - self._taken + weight > self._max_bytes:
                    exchange.dropped += 1
                    self._drops["payloads"] += 1
                    row = (*row[:7], None, b"", *row[9:])
                else:
                    self._queued += weight
                    self._weights.append(weight)
            self._messages.append(row)
        if not exchange.dirty:
            self.touch(exchange)

    def instance(self, instance: Instance) -> None:
        """Insert or update."""
        self._put("instance", astuple(instance))

    def worker(self, worker: Worker) -> None:
        """Insert or update."""
        self._put("worker", (*astuple(worker)[:-1], json.dumps(worker.in_hand)))

    def worker_event(self, event: WorkerEvent) -> None:
        """Append."""
        detail = json.dumps(event.detail, default=str)
        self._put("worker_event", (event.worker, event.t_ns, event.event, detail))

    def log(self, line: LogLine) -> None:
        """Append."""
        if len(self._others.get("log", ())) >= self._max_messages:
            self._drops["logs"] += 1
        else:
            self._put("log", (line.t_ns, line.instance, line.worker, line.stream, line.text, line.exchange))

    def replay_run(self, run: ReplayRun) -> None:
        """Insert or update."""
        self._put("replay_run", astuple(run))

    def replay_result(self, result: ReplayResult) -> None:
        """Append."""
        self._put("replay_result", astuple(result))

    def dropped(self, what: str, count: int) -> None:
        """Detail that could not be recorded."""
        self._drops[what] += count
        if self._asleep:
            self._wake.set()

    @property
    def drops(self) -> dict[str, int]:
        """What is not in the file, by kind, in all."""
        # Copies, made in one step each: another thread may be adding a kind.
        parts = (dict(self._dropped_before), dict(self._drops), dict(self._lost), dict(self._retention.went))
        return dict(sum(map(Counter, parts), Counter()))

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was handed over before is in the file; false if not within ``timeout`` seconds."""
        done = threading.Event()
        self._waiters.append(done)
        self._hurry.set()
        self._wake.set()
        return self._thread.is_alive() and done.wait(timeout) and not self.problem

    def close(self) -> None:
        """Write what is left and leave the trace as a single file. Blocks until that is done; may be called again."""
        self._closing = True
        self._hurry.set()
        self._wake.set()
        self._thread.join()

    def _put(self, table: str, row: Row) -> None:
        if not self._stopped:
            self._others.setdefault(table, []).append(row)
            if self._asleep:
                self._wake.set()

    def _weigh_bodies(self, exchange: Exchange) -> None:
        """A finished exchange brings its bodies; when too much waits already they stay out."""
        request, response = exchange.request_body, exchange.response_body
        weight = len(request.head) + len(request.tail) + len(response.head) + len(response.tail)
        if not weight:
            return
        if self._queued - self._taken + weight > self._max_bytes:
            exchange.request_body = Body(request.size, sha256=request.sha256)
            exchange.response_body = Body(response.size, sha256=response.sha256)
            exchange.dropped += 1
            self._drops["bodies"] += bool(request.size) + bool(response.size)
        else:
            self._queued += weight
            self._weights.append(weight)

    # --- the writer thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._sleep():
                self._cycle()
            self._cycle()  # what was counted last
        except Exception as error:  # whatever it is: recording stops, traffic goes on
            self._stop(f"{type(error).__name__}: {error}.")
        self._finish()

    def _sleep(self) -> bool:
        """Wait until there is something to write, and gather; false when closed and all is written."""
        self._asleep = True
        if not (self._pending() or self._closing):
            self._wake.wait(LATE_NS / 1e9 if self._batches.late else None)
        self._asleep = False
        self._wake.clear()
        if self._closing and not (self._pending() or self._batches.late):
            return False
        self._hurry.wait(self._flush_seconds)
        if not self._closing:
            self._hurry.clear()
        return True

    def _pending(self) -> bool:
        return bool(self._dirty or self._messages or self._waiters or self._retry) or any(self._others.values())

    def _cycle(self) -> None:
        waiters = _take(self._waiters)
        now = self._monotonic_ns() + (LATE_NS if self._closing else 0)  # at the end nothing waits for later
        batch = self._retry or self._gather(now)
        try:
            self._write(batch, now)
        finally:
            if self._retry is not None:
                self._waiters[:0] = waiters
            else:
                self._taken += batch.weight
                for waiter in waiters:
                    waiter.set()

    def _write(self, batch: Batch, now: int) -> None:
        if self._stopped:
            return
        try:
            self._lost["rows"] += self._batches.write(batch, now)
        except sqlite3.Error as error:
            self._failed(batch, error)
            return
        self._retry, self._busy_since = None, 0
        self._written_drops.update(batch.dropped)
        self._retain(batch, now)

    def _gather(self, now: int) -> Batch:
        """All there is now. Weights before payloads: one that is weighed too late counts with the next batch."""
        weight = sum(_take(self._weights))
        exchanges = _take(self._dirty)
        for late in self._batches.take_late(now):
            if not late.dirty:
                late.dirty = True
                exchanges.append(late)
        others = {table: rows for table in list(self._others) if (rows := _take(self._others[table]))}
        messages = _take(self._messages)
        drops = self.drops
        changed = {what: count for what, count in drops.items() if self._written_drops.get(what) != count}
        return Batch(exchanges, messages, others, changed, weight)

    def _retain(self, batch: Batch, now: int) -> None:
        self._since_retention += batch.weight + 1000 * len(batch.exchanges) + 200 * len(batch.messages)
        much = self._since_retention > self._retention.limit // 50
        if not much and now - self._retention_at <= _RETENTION_NS:
            return
        self._retention_at, self._since_retention = now, 0
        try:
            if went := self._retention.trim():
                self._batches.recorded -= went["messages"]
                self._retention_at = 0  # look again after the next batch
        except sqlite3.Error as error:
            if not _is_busy(error):
                self._stop(explain(error))

    def _failed(self, batch: Batch, error: sqlite3.Error) -> None:
        now = self._monotonic_ns()
        self._busy_since = self._busy_since or now
        if _is_busy(error) and now - self._busy_since <= _BUSY_PATIENCE_NS:
            self._retry = batch
            return
        self._lost["exchanges"] += len(batch.exchanges)
        self._lost["messages"] += len(batch.messages)
        self._stop(explain(error))

    def _stop(self, why: str) -> None:
        """Record nothing more. What waits is counted and let go, so that memory does not grow."""
        self.problem = (
            f"Recording to {self.path} has stopped. {why} Traffic goes on. See to the disk, then start a new recording."
        )
        self._stopped = True
        self._retry = None
        self._batches.late.clear()
        left = _take(self._dirty)
        for exchange in left:
            exchange.dirty = False
        self._lost["exchanges"] += len(left)
        self._lost["messages"] += len(_take(self._messages))
        for rows in list(self._others.values()):
            rows.clear()

    def _finish(self) -> None:
        """Leave one file if nobody reads it now; whoever reads it in WAL mode keeps that, and loses nothing."""
        with contextlib.suppress(sqlite3.Error):
            if not self._stopped:
                self._connection.execute(
                    "UPDATE session SET ended_ns = ? WHERE id = (SELECT max(id) FROM session)", (self._monotonic_ns(),)
                )
            self._connection.execute("PRAGMA busy_timeout = 0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.execute("PRAGMA journal_mode = DELETE")
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._lock.release()
        for waiter in _take(self._waiters):
            waiter.set()


def _take(items: list[_T]) -> list[_T]:
    """All that is in ``items`` now, which stays the list that the other thread appends to."""
    count = len(items)
    taken = items[:count]
    del items[:count]
    return taken


def _is_busy(error: sqlite3.Error) -> bool:
    return str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
