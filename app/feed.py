"""The window's view of the trace file: reads it in a thread of its own and hands rows to the window in batches.

Knows the store's reader and Qt's threads; knows no widget, and nothing of the supervisor. The GUI thread never touches
the file: it asks, and is answered later by a queued signal. What may take long (a list of all that passes a filter, a
search) is asked in a second thread, so that rows for the screen do not wait for it; a question that a newer one has
made needless is broken off. A poll is only sent when the one before it was answered, so that a slow window is not
flooded, and none is sent while nobody looks.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, QTimer, Signal, Slot

from inspector.model import Exchange, Message, State
from inspector.query import Query, parse
from inspector.store.annotations import Note
from inspector.store.reader import ExchangeRow, TraceError, TraceReader

POLL_MS = 30  #: what comes in between is on the screen within the 25 ms that the recorder gathers and this
NEXT_MS = 5  #: until the next poll where one did not bring all: others have a turn between
BATCH = 400  #: rows of one poll: what the thread reads and the window takes in within a frame or two
HISTORY = 50_000  #: rows before the newest that a fresh look at a trace delivers as changes
LIVE_HISTORY = 10_000  #: the same while somebody records, since the newest are what one looks for
BEHIND = 5_000  #: changes that come to be waiting while one looks; of more some are skipped, for the newest
_OPEN_PATIENCE = 100  #: polls to wait for a live trace's file to appear: five seconds


@dataclass(frozen=True, slots=True)
class FeedFailure:
    """What went wrong with the trace, why, and what to do; for the user."""

    what: str
    why: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class _Job:
    """One thing to do with the reader. A job is skipped when a younger one has the same ``key``."""

    token: int
    key: str
    call: Callable[[TraceReader], Any]


@dataclass(frozen=True, slots=True)
class _Polled:
    """An answer to a poll. ``version`` changes whenever somebody writes; while it does not, nothing else was read.

    ``notes``: what is written to exchanges, when that is not what ``noted`` stood for before. ``gone``: exchanges that
    were under way and, over, did not pass the filter of the recording.
    """

    version: int
    rows: list[ExchangeRow]
    counts: Any
    skipped: bool = False
    noted: int = -1
    notes: dict[int, Note] | None = None
    open: array[int] | None = None  #: on the first look: what was under way then
    gone: frozenset[int] = frozenset()


class _ReaderThread(QThread):
    """Owns the ``TraceReader``: opens, uses and closes it in this thread alone.

    Signals: ``reader_opened()``; ``answered(token, result, failure)``, failure being a ``FeedFailure`` or None.
    """

    reader_opened = Signal()
    answered = Signal(int, object, object)

    def __init__(self, path: Path, patience: int, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._path = path
        self._patience = patience
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._latest: dict[str, int] = {}
        self._ending = False
        self._at_work = Lock()  # held to look at, or to change, what runs
        self._running: tuple[TraceReader, str] | None = None

    def put(self, job: _Job) -> None:
        """Do ``job`` after those before it, but for older ones with its key."""
        if job.key:
            self.cancel(job.key, job.token)
        self._jobs.put(job)

    def cancel(self, key: str, newest: int = 0) -> None:
        """Break off and leave out the jobs with this key that are older than ``newest``."""
        self._latest[key] = newest
        self._break_off(key)

    def end(self) -> None:
        """Leave out what is queued, close the reader and wait for the thread."""
        self._ending = True
        self._jobs.put(None)
        self._break_off()
        self.wait()

    def _break_off(self, key: str = "") -> None:
        with self._at_work:
            if self._running is not None and key in ("", self._running[1]):
                self._running[0].interrupt()

    def run(self) -> None:
        """The thread."""
        reader = self._open()
        if reader is None:
            return
        self.reader_opened.emit()
        try:
            while not self._ending:
                job = self._jobs.get()
                if job is None:
                    break
                if self._is_wanted(job):
                    self._do(reader, job)
        finally:
            reader.close()

    def _open(self) -> TraceReader | None:
        """The reader; a live trace's file may not be there yet and is waited for."""
        while True:
            try:
                return TraceReader(self._path)
            except TraceError as error:
                if self._patience <= 0 or self._ending:
                    self.answered.emit(0, None, _failure(error))
                    return None
            self._patience -= 1
            self.msleep(POLL_MS)

    def _is_wanted(self, job: _Job) -> bool:
        return not self._ending and (not job.key or self._latest[job.key] == job.token)

    def _do(self, reader: TraceReader, job: _Job) -> None:
        result, failure = None, None
        with self._at_work:
            self._running = (reader, job.key)
        try:
            result = job.call(reader)
        except TraceError as error:
            failure = _failure(error)
        except Exception as error:  # one question that goes wrong must not leave all others without an answer
            failure = FeedFailure("The trace could not be read.", f"{type(error).__name__}: {error}", "Open it again.")
        finally:
            with self._at_work:
                self._running = None
        if failure is None or self._is_wanted(job):  # to be broken off is no failure
            self.answered.emit(job.token, result, failure)


def _failure(error: TraceError) -> FeedFailure:
    return FeedFailure(error.what, error.why, error.next)


class TraceFeed(QObject):
    """A trace as the window sees it, live or finished.

    Signals:
        opened(path): the trace can be asked; rows and counts follow.
        closed(): no trace is open any more.
        rows_changed(list[ExchangeRow]): new and changed exchanges, in the order of their changes.
        rows_gone(set[int]): these were under way; when they were over the filter of the recording let go of them.
        rows_skipped(): traffic was too much for this machine; some changes are only in the trace, not told.
        counts_changed(object): what ``TraceReader.counts()`` gave, when it differs from the last.
        notes_changed(dict[int, Note]): marks, comments and what is deleted, by exchange, when they are others.
        failed(FeedFailure): the trace could not be opened or read.
    """

    opened = Signal(str)
    closed = Signal()
    rows_changed = Signal(object)
    rows_gone = Signal(object)
    rows_skipped = Signal()
    counts_changed = Signal(object)
    notes_changed = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("feed")
        self.path = ""
        self.live = False
        self.is_open = False
        self._thread: _ReaderThread | None = None
        self._slow: _ReaderThread | None = None  # for what may take long
        self._waiting: dict[int, Callable[[Any], None]] = {}
        self._newest: dict[str, int] = {}
        self._token = 0
        self._since = self._version = -1
        self._polling = self._again = False
        self._noted = -1
        self._caught_up = False
        self._visible = True
        self._counts: Any = None
        self._under_way: set[int] = set()
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)  # a thread must not outlive its feed
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._next = QTimer(self, singleShot=True, interval=NEXT_MS)
        self._next.timeout.connect(self._poll)

    def open(self, path: str | Path, *, live: bool = True) -> None:
        """Look at the trace at ``path`` from now on; ``live`` while somebody still writes it."""
        self.close()
        self.path, self.live = str(path), live
        self._since = self._version = self._noted = -1
        self._counts, self._polling, self._caught_up = None, False, False
        self._under_way.clear()
        self._thread = _ReaderThread(Path(path), _OPEN_PATIENCE if live else 0, "trace-reader")
        self._slow = _ReaderThread(Path(path), 0, "trace-lister")
        self._thread.reader_opened.connect(self._on_opened, Qt.ConnectionType.QueuedConnection)
        for thread in (self._thread, self._slow):
            thread.answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)
        self._thread.start(QThread.Priority.LowPriority)

    def follow(self, opened: Callable[[str], object]) -> None:
        """Call ``opened`` with the path whenever a trace can be asked; soon, if one can be now."""
        self.opened.connect(opened)
        if self.is_open:
            QTimer.singleShot(0, self, lambda: opened(self.path) if self.is_open else None)

    def close(self) -> None:
        """Let go of the trace and end the threads. Calls that wait for an answer will not get one."""
        self._timer.stop()
        self._next.stop()
        self._waiting.clear()
        threads, self._thread, self._slow = (self._thread, self._slow), None, None
        if threads[0] is None:
            return
        for thread in threads:
            if thread is not None:
                thread.end()
                thread.deleteLater()
        was_open, self.is_open, self.path, self.live = self.is_open, False, "", False
        if was_open:
            self.closed.emit()

    def set_live(self, live: bool) -> None:
        """Whether the trace still grows. What was written until now is delivered all the same."""
        self.live = live
        self._resume()

    def set_visible(self, visible: bool) -> None:
        """Nobody looks: stop polling. Somebody looks again: catch up."""
        self._visible = visible
        self._resume()

    def look(self, *, anew: bool = False) -> None:
        """Something was written to the trace: see what; ``anew``: tell of the exchanges as when it was opened."""
        if anew:
            self._since, self._caught_up = -1, False
        self._version = -1
        self._again = self._polling
        self._poll()

    def _resume(self) -> None:
        if self._visible and self.is_open:
            self._timer.start()
            self._poll()
        else:
            self._timer.stop()

    def ask(
        self,
        call: Callable[[TraceReader], Any],
        callback: Callable[[Any], None],
        *,
        key: str = "",
        slow: bool = False,
    ) -> None:
        """Run ``call(reader)`` in a reader's thread and hand its result to ``callback`` in this one.

        Of several questions with the same ``key`` only the newest needs an answer; the others are dropped, and one that
        runs is broken off. ``slow`` questions have a thread of their own; a key is for either one or the other. Nothing
        happens when no trace is open. A ``TraceError`` becomes ``failed``.
        """
        thread = self._slow if slow else self._thread
        if thread is None:
            return
        self._token += 1
        if key:
            self._waiting.pop(self._newest.get(key, 0), None)
            self._newest[key] = self._token
        self._waiting[self._token] = callback
        thread.put(_Job(self._token, key, call))

    def cancel(self, key: str) -> None:
        """No answer to the question with this ``key`` is needed any more; if it runs, break it off."""
        self._waiting.pop(self._newest.pop(key, 0), None)
        for thread in (self._thread, self._slow):
            if thread is not None:
                thread.cancel(key)

    def load_exchange(
        self, identity: int, callback: Callable[[Exchange | None], None], *, key: str = "exchange"
    ) -> None:
        """One exchange complete; None when the trace has no such."""
        self.ask(partial(_exchange, identity=identity), callback, key=key)

    def load_messages(
        self,
        identity: int,
        start: int,
        callback: Callable[[list[Message]], None],
        *,
        limit: int | None = None,
        key: str = "messages",
    ) -> None:
        """The messages of an exchange from number ``start``."""
        self.ask(lambda reader: reader.messages(identity, start=start, limit=limit), callback, key=key)

    def load_rows(self, ids: list[int], callback: Callable[[list[ExchangeRow]], None], *, key: str = "") -> None:
        """The rows of these exchanges."""
        self.ask(lambda reader: reader.rows(ids), callback, key=key)

    def run_query(
        self,
        query: Query | None,
        callback: Callable[[array[int]], None],
        *,
        order: str = "id",
        descending: bool = False,
        limit: int | None = None,
        key: str = "query",
    ) -> None:
        """The ids of the exchanges that ``query`` lets through, in order, all or the first ``limit``."""
        self.ask(
            partial(_ids, query=query, order=order, descending=descending, limit=limit), callback, key=key, slow=True
        )

    @Slot()
    def _on_opened(self) -> None:
        if self.sender() is not self._thread:
            return  # of a trace closed in the meantime
        self.is_open = True
        if self._slow is not None:
            self._slow.start(QThread.Priority.LowPriority)
        self.opened.emit(self.path)
        self._resume()

    @Slot(int, object, object)
    def _on_answered(self, token: int, result: Any, failure: FeedFailure | None) -> None:
        if self.sender() not in (self._thread, self._slow):
            return
        callback = self._waiting.pop(token, None)
        if failure is not None:
            self._polling = False
            self.failed.emit(failure)
        elif callback is not None:
            callback(result)

    def _poll(self) -> None:
        if self._polling or not self.is_open:
            return
        self._polling = True
        history = LIVE_HISTORY if self.live else HISTORY
        behind = BEHIND if self._caught_up else BEHIND + history
        call = partial(
            _changes, since=self._since, version=self._version, noted=self._noted, counts=self._counts, behind=behind,
            under_way=frozenset(self._under_way), history=history,
        )  # fmt: skip
        self.ask(call, self._on_polled)

    def _on_polled(self, polled: _Polled) -> None:
        self._polling = False
        if self._again:  # it may have been read before what was written
            self._again = False
            self._poll()
            return
        self._version = polled.version
        if polled.notes is not None:
            self._noted = polled.noted
            self.notes_changed.emit(polled.notes)
        self._under_way.update(polled.open or ())
        if polled.rows:
            self._since = polled.rows[-1].rev
            self._under_way.difference_update(row.id for row in polled.rows if row.state != State.OPEN)
            self._under_way.update(row.id for row in polled.rows if row.state == State.OPEN)
            self.rows_changed.emit(polled.rows)
        if polled.gone:
            self._under_way -= polled.gone
            self.rows_gone.emit(set(polled.gone))
        if polled.skipped:
            self.rows_skipped.emit()
        self._caught_up = self._caught_up or len(polled.rows) < BATCH
        if polled.counts != self._counts:
            self._counts = polled.counts
            self.counts_changed.emit(polled.counts)
        if len(polled.rows) == BATCH:
            self._next.start()
        elif not self.live:
            self._timer.stop()


def _exchange(reader: TraceReader, *, identity: int) -> Exchange | None:
    return reader.exchange(identity)


def _ids(reader: TraceReader, *, query: Query | None, order: str, descending: bool, limit: int | None) -> array[int]:
    return reader.ids(query, order, descending, limit)


def _changes(
    reader: TraceReader,
    *,
    since: int,
    version: int,
    noted: int,
    counts: Any,
    behind: int,
    under_way: frozenset[int],
    history: int,
) -> _Polled:
    """The next changes. ``behind``: of more than so many only the newest are taken. ``history``: of the first look."""
    now = reader.data_version()
    if now == version:
        return _Polled(now, [], counts, noted=noted)
    skipped, unfinished = False, None
    if since < 0:  # the first look at this trace: not all of a long history
        unfinished = reader.ids(parse("is:open"))
        since = max(0, reader.newest_rev() - history)
    elif (newest := reader.newest_rev()) - since > behind:
        since, skipped = newest - BATCH, True
    rows = reader.changes(since, BATCH)
    annotated = reader.annotations_version()
    notes = reader.annotations() if annotated != noted else None
    counted, gone = reader.counts(), frozenset[int]()
    if counts is not None and counted.not_captured > counts.not_captured:
        gone = under_way.difference(row.id for row in reader.rows(sorted(under_way)))
    return _Polled(now if len(rows) < BATCH else -1, rows, counted, skipped, annotated, notes, unfinished, gone)
