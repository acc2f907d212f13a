"""The recorder: takes what happens on the event loop's thread, and has it written by a process of its own, the scribe.

The loop's side only appends to lists (``list.append`` and slicing are atomic under the interpreter lock, so there is no
other). The sending thread sleeps while there is nothing, gathers for ``flush_seconds`` when there is, and sends all of
it in one frame, which the scribe writes in one transaction: what is older than a gathering survives SIGKILL, of the
recorder and of the scribe. A busy machine may not let that thread run for a while: the loop's then does its work. When
the scribe falls behind, payloads and messages are dropped first, then bodies, each counted;
the row of an exchange never is. When the file cannot be written any more, recording stops, ``problem`` says why, and
traffic does not notice.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from inspector.model import (
    Body,
    Exchange,
    Instance,
    LogLine,
    ReplayResult,
    ReplayRun,
    Stall,
    State,
    Trial,
    Worker,
    WorkerEvent,
)
from inspector.recording import MessageRow
from inspector.store import session
from inspector.store.link import Link, Parcel
from inspector.store.lock import WriterLock
from inspector.store.schema import DROPPED, RECORDED
from inspector.store.shape import Frame, Row, pack, plain
from inspector.store.sieve import mesh
from inspector.store.snapshot import LATE_NS, Snapshots

if TYPE_CHECKING:
    from inspector.query import Query

#: How many gatherings old what waits may become before the loop's thread sends it itself.
_PATIENCE = 2

_T = TypeVar("_T")
_OPEN = State.OPEN


class TraceWriter:
    """A trace that is being recorded; an ``inspector.recording.Recorder``.

    ``path`` must not exist unless ``append``: then ids go on where they were, and what an earlier writer left open
    is closed as interrupted. ``file_limit`` in bytes; ``max_messages`` and ``max_bytes`` bound what may wait for the
    scribe. Raises TraceError when the file cannot be made.
    """

    _mesh: Row = ()  #: which of the exchanges that are over stay, for the scribe

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        body_head: int = 262_144,
        body_tail: int = 16_384,
        file_limit: int = 2 << 30,
        flush_seconds: float = 0.025,
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
        self._overdue_ns = 0  #: when the loop's thread loses its patience; 0 while nothing waits
        self._sending = threading.Lock()  #: held by who gathers and sends
        self._fault: Exception | None = None  #: what went wrong when the loop's thread did
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._monotonic_ns = monotonic_ns
        self._dirty: list[Exchange] = []
        self._messages: list[MessageRow] = []
        self._others: dict[str, list[Row]] = {}
        self._weights: list[int] = []  #: bytes of payloads and bodies handed over and not yet taken
        self._queued = 0  #: sum of all weights ever; of this thread
        self._taken = 0  #: sum of those in the file; of the thread that takes the scribe's answers
        self._drops: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()  #: what could not be sent; of the sending thread
        self._told: Counter[str] = Counter()  #: the drops that the scribe knows of
        self._snapshots = Snapshots()
        self._numbers = itertools.count(1)
        self._waiters: list[threading.Event] = []
        self._asleep = self._closing = self._stopped = False
        self._wake, self._hurry = threading.Event(), threading.Event()
        limits = {"body_head": body_head, "body_tail": body_tail, "file_limit": file_limit}
        self._lock = WriterLock(self.path)
        try:
            self._begin(limits, program, wall_ns(), append=append)
            self._link = Link(self.path, self._lock.descriptor, file_limit, self._arrived, self._wake.set)
        except BaseException:
            self._lock.release()
            raise
        self._thread = threading.Thread(target=self._run, name="trace-sender", daemon=True)
        self._thread.start()

    def _begin(self, limits: dict[str, int], program: str, wall_ns: int, *, append: bool) -> None:
        """Make the file ready for the scribe here, where it can still be said that it cannot be."""
        connection = session.open_for_writing(self.path, append=append)
        with contextlib.closing(connection), session.mapped(f"{self.path} cannot be recorded to."):
            first = session.begin(connection, limits, program, monotonic_ns=self._monotonic_ns(), wall_ns=wall_ns)
            tally = dict(connection.execute("SELECT what, count FROM tally"))
        self._ids = {table: itertools.count(number) for table, number in first.items()}
        tally.pop(RECORDED, 0)
        self._dropped_before = {what.removeprefix(DROPPED): count for what, count in tally.items()}

    # --- the loop's side ----------------------------------------------------------------------------------------------

    def new_id(self, table: str) -> int:
        """The next id for ``exchange``, ``instance``, ``worker``, ``replay_run`` or ``trial``."""
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
            now = time.monotonic_ns()
            if not self._overdue_ns:
                self._overdue_ns = now + int(_PATIENCE * self._flush_seconds * 1e9)
            elif now > self._overdue_ns:
                self._overtake()

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
        *columns, in_hand, _cost = astuple(worker)  # the cost is written as events
        self._put("worker", (*columns, json.dumps(in_hand)))

    def worker_event(self, event: WorkerEvent) -> None:
        """Append."""
        detail = json.dumps(event.detail, default=str)
        self._put("worker_event", (event.worker, event.t_ns, event.event, detail))
        self._hurry.set()  # they are few, and somebody may be waiting to see one

    def log(self, line: LogLine) -> None:
        """Append."""
        if len(self._others.get("log", ())) >= self._max_messages:
            self._drops["logs"] += 1
        else:
            self._put("log", (line.t_ns, line.instance, line.worker, line.stream, line.text, line.exchange, line.level))

    def stall(self, stall: Stall) -> None:
        """Append."""
        self._put("stall", astuple(stall))

    def replay_run(self, run: ReplayRun) -> None:
        """Insert or update."""
        self._put("replay_run", astuple(run))

    def replay_result(self, result: ReplayResult) -> None:
        """Append."""
        self._put("replay_result", astuple(result))

    def trial(self, trial: Trial) -> None:
        """Insert or update."""
        self._put("trial", astuple(trial))

    def dropped(self, what: str, count: int) -> None:
        """Detail that could not be recorded."""
        self._drops[what] += count
        if self._asleep:
            self._wake.set()

    def capture(self, query: Query | None) -> None:
        """Of the exchanges that are over from now on keep only what ``query`` lets through; None: everything."""
        zone_ns = (time.localtime().tm_gmtoff or 0) * 10**9
        self._mesh = mesh(query, time.time_ns() - self._monotonic_ns(), zone_ns)

    @property
    def not_captured(self) -> int:
        """How many exchanges ``capture`` has let go of since this recorder began, as far as the scribe has told."""
        return self._link.sifted

    @property
    def drops(self) -> dict[str, int]:
        """What is not in the file, by kind, in all."""
        # Copies, made in one step each: another thread may be adding a kind.
        parts = (dict(self._dropped_before), dict(self._drops), dict(self._lost), dict(self._link.lost))
        return dict(sum(map(Counter, parts), Counter()))

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was handed over before is in the file; false if not within ``timeout`` seconds."""
        done = threading.Event()
        self._waiters.append(done)
        self._hurry.set()
        self._wake.set()
        return self._thread.is_alive() and done.wait(timeout) and not self.problem

    def close(self) -> None:
        """Have what is left written and the trace left as one file. Blocks until that is done; may be called again."""
        self._closing = True
        self._hurry.set()
        self._wake.set()
        self._thread.join()

    def _put(self, table: str, row: Row) -> None:
        if not self._stopped:
            self._others.setdefault(table, []).append(plain(row))
            if self._asleep:
                self._wake.set()

    def _overtake(self) -> None:
        """Do the sending thread's work, unless it is at it, or that would have to wait for the scribe."""
        if self._sending.acquire(blocking=False):
            try:
                if self._link.roomy and not self._stopped:
                    self._link.send(self._gather([]))
            except Exception as error:  # traffic goes on; the thread will see to the recording
                self._fault = error
                self._wake.set()
            finally:
                self._sending.release()

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

    # --- the thread that takes the scribe's answers ------------------------------------------------------------------

    def _arrived(self, parcel: Parcel) -> None:
        self._taken += parcel.weight
        for waiter in parcel.waiters:
            waiter.set()

    # --- the sending thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._sleep():
                self._cycle()
            self._cycle()  # what was counted last
        except Exception as error:  # whatever it is: recording stops, traffic goes on
            self._stop(f"{type(error).__name__}: {error}.")
        self._finish()

    def _sleep(self) -> bool:
        """Wait until there is something to send, and gather; false when closed and all is sent."""
        self._asleep = True
        if not (self._pending() or self._closing):
            self._wake.wait(LATE_NS / 1e9 if self._snapshots.late else None)
        self._asleep = False
        self._wake.clear()
        if self._closing and not (self._pending() or self._snapshots.late):
            return False
        self._hurry.wait(self._flush_seconds)
        if not self._closing:
            self._hurry.clear()
        return True

    def _pending(self) -> bool:
        news = (self._link.ended or self._fault) and not self._stopped
        return bool(self._dirty or self._messages or self._waiters or news) or any(self._others.values())

    def _cycle(self) -> None:
        waiters = _take(self._waiters)
        try:
            with self._sending:
                if not self._stopped:
                    self._link.mend()
                    parcel = self._gather(waiters)
                    waiters = []  # they wait for the scribe now
                    self._link.send(parcel)
                    if self._link.verdict:
                        self._stop(self._link.verdict)
        finally:
            for waiter in waiters:
                waiter.set()

    def _gather(self, waiters: list[threading.Event]) -> Parcel:
        """All there is now. Weights before payloads: one that is weighed too late counts with the next batch."""
        if self._fault is not None:
            raise self._fault
        self._overdue_ns = 0
        now = self._monotonic_ns() + (LATE_NS if self._closing else 0)  # at the end nothing waits for later
        weight = sum(_take(self._weights))
        exchanges = _take(self._dirty)
        for late in self._snapshots.take_late(now):
            if not late.dirty:
                late.dirty = True
                exchanges.append(late)
        others = {table: rows for table in list(self._others) if (rows := _take(self._others[table]))}
        messages = _take(self._messages)
        rows = self._snapshots.take(exchanges, now)
        self._lost["rows"] += len(exchanges) - len(rows)
        number = next(self._numbers)
        frame = ("batch", number, rows, messages, others, self._new_drops(), self._mesh)
        return Parcel(number, _packed(frame), weight, len(exchanges), len(messages), waiters)

    def _new_drops(self) -> dict[str, int]:
        """What was dropped since the last batch, by kind."""
        now = Counter(dict(self._drops)) + Counter(self._lost)
        new = now - self._told
        self._told = now
        return dict(new)

    def _stop(self, why: str) -> None:
        """Record nothing more. What waits is counted and let go, so that memory does not grow."""
        self.problem = (
            f"Recording to {self.path} has stopped. {why} Traffic goes on. See to the disk, then start a new recording."
        )
        self._stopped = True
        self._snapshots.late.clear()
        left = _take(self._dirty)
        for exchange in left:
            exchange.dirty = False
        sent = self._link.give_up()
        self._lost["exchanges"] += len(left) + sum(parcel.exchanges for parcel in sent)
        self._lost["messages"] += len(_take(self._messages)) + sum(parcel.messages for parcel in sent)
        for rows in list(self._others.values()):
            rows.clear()
        for parcel in sent:
            for waiter in parcel.waiters:
                waiter.set()

    def _finish(self) -> None:
        if not self._stopped:
            self._link.finish(self._monotonic_ns())
            if self._link.verdict:
                self._stop(self._link.verdict)
        self._lock.release()
        for waiter in _take(self._waiters):
            waiter.set()


def _packed(frame: Frame) -> bytes:
    """``frame`` as bytes. Members of enums are no plain strings: messages of the application's side have them."""
    with contextlib.suppress(ValueError):
        return pack(frame)
    with contextlib.suppress(ValueError, TypeError):
        messages = [(*row[:3], *map(str.__str__, row[3:6]), *row[6:]) for row in frame[3]]
        return pack((*frame[:3], messages, *frame[4:]))
    return pack(plain(frame))  # a string or a number of a kind of its own somewhere in it


def _take(items: list[_T]) -> list[_T]:
    """All that is in ``items`` now, which stays the list that the other thread appends to."""
    count = len(items)
    taken = items[:count]
    del items[:count]
    return taken
