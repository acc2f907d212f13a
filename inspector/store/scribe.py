"""The process that writes a trace: reads batches from its standard input, writes them, and says so on its output.

Started by the recorder (``link``) as a script, with the path of the trace, the descriptor that holds its lock, the
limit of the file, and the descriptor of the spool. It lives for as long as its input does: when the recorder is killed,
what it had sent is still written, and the file is left in good order; signals that are meant for the recorder do not
end it. So SQLite's work costs traffic nothing but the sending. Knows nothing of the model.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

if __name__ == "__main__":
    # Started with -I -S: no site-packages, no current folder, and only this package's parent besides the library.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from inspector.store import schema, session
from inspector.store.batch import BatchWriter
from inspector.store.bulk import MAX_BYTES
from inspector.store.errors import TraceError, explain
from inspector.store.facets import FacetBuilder
from inspector.store.judging import Judging
from inspector.store.retention import Retention
from inspector.store.schema import SIFTED
from inspector.store.shape import PREFIX, Frame, pack, read, unpack
from inspector.store.sieve import Sieve
from inspector.store.spool import fetch

#: Between two looks at the size of the file, unless much was written.
_RETENTION_NS = 250_000_000
#: How long a lock of another program on the file is borne before recording stops. SQLite itself waits 1 s each time.
_BUSY_PATIENCE_NS = 10_000_000_000
#: How long what is left is judged at the end, and then facets are made: whoever stops a recording waits for it.
_LAST_JUDGING_NS = 1_000_000_000
_LAST_FACETS_NS = 500_000_000
#: Until the next try, when the file would not take what was to make it quicker to look through.
_PAUSE_SECONDS = 0.5


class Scribe:
    """Takes frames and writes them through ``connection``. ``answer`` sends a frame back."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        file_limit: int,
        answer: Callable[[Frame], None],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.stopped = ""  #: why nothing more is written
        self._connection = connection
        self._answer = answer
        self._clock = clock
        self._facets = FacetBuilder(connection)
        self._sieve = Sieve(connection)
        self._batches = BatchWriter(connection, self._wrote, self._sieve.sift)
        self._judging = Judging(connection, self._batches.next_rev, clock)
        self._retention = Retention(connection, file_limit)
        self._retention_at = clock()
        self._since_retention = 0

    def batch(self, frame: Frame, size: int) -> None:
        """Write a batch whose frame has ``size`` bytes, and say so; or stop, and say why."""
        try:
            lost: Counter[str] = Counter(rows=self._write(frame, size))
            lost += self._retain(frame, size)
            lost[SIFTED] = self._sieve.went
        except sqlite3.Error as error:
            self.stopped = explain(error)
            self._answer(("stopped", self.stopped))
        else:
            self._answer(("done", frame[1], dict(+lost)))

    def idle(self) -> float | None:
        """There is time: judge, and make the trace quicker to look through. Seconds until there is more to do, None
        when there is nothing.
        """
        if self.stopped:
            return None
        try:
            rest = self._judging.step()
            return 0.0 if rest != 0.0 and self._facets.step() else rest
        except sqlite3.Error:  # those are judged, or that block is read, by whoever asks
            return _PAUSE_SECONDS

    def end(self, ended_ns: int) -> None:
        """Close the session (unless ``ended_ns`` is 0: it was cut off), and leave one file if nobody reads it now.

        Whoever reads it in WAL mode keeps that, and loses nothing.
        """
        with contextlib.suppress(sqlite3.Error):
            if ended_ns and not self.stopped:
                self._connection.execute(
                    "UPDATE session SET ended_ns = ? WHERE id = (SELECT max(id) FROM session)", (ended_ns,)
                )
            elif not self.stopped:
                session.close_what_was_left(self._connection)
            if not self.stopped:
                self._rest()
            self._connection.execute("PRAGMA busy_timeout = 0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.execute("PRAGMA journal_mode = DELETE")
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def _wrote(self, ids: Iterable[int]) -> None:
        known = list(ids)
        self._facets.wrote(known)
        self._judging.wrote(known)

    def _rest(self) -> None:
        """Nothing more comes: a little time is left for what makes the trace quick to look through."""
        with contextlib.suppress(sqlite3.Error):  # no room for it: the trace is whole without
            self._judging.finish(self._clock() + _LAST_JUDGING_NS)
            until = self._clock() + _LAST_FACETS_NS
            while self._clock() < until and self._facets.step():
                pass
        with contextlib.suppress(sqlite3.Error):
            schema.rest(self._connection)

    def _write(self, frame: Frame, size: int) -> int:
        _, number, exchanges, messages, others, dropped, mesh = frame
        self._sieve.use(mesh)
        patience = self._clock() + _BUSY_PATIENCE_NS
        while True:
            try:
                return self._batches.write(number, exchanges, messages, others, dropped, large=size > MAX_BYTES)
            except sqlite3.Error as error:
                if not _is_busy(error) or self._clock() > patience:
                    raise

    def _retain(self, frame: Frame, size: int) -> Counter[str]:
        """Make room if it is time to look; what had to go."""
        now = self._clock()
        self._since_retention += size + 1000 * len(frame[2]) + 200 * len(frame[3])
        much = self._since_retention > self._retention.limit // 50
        if not much and now - self._retention_at <= _RETENTION_NS:
            return Counter()
        self._retention_at, self._since_retention = now, 0
        try:
            went = self._retention.trim()
        except sqlite3.Error as error:
            if not _is_busy(error):
                raise
            return Counter()
        if went["exchanges"]:
            self._facets.gone(self._retention.last)
            self._judging.gone()
        if went:
            self._retention_at = 0  # look again after the next batch
        return went


def _is_busy(error: sqlite3.Error) -> bool:
    return str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY")


def serve(
    scribe: Scribe, frames: BinaryIO, spool: int = -1, waits: Callable[[float], bool] = lambda _seconds: True
) -> bool:
    """Write what comes until it ends; whether it ended in good order. ``spool``: where frames lie that are named.

    While nothing ``waits`` in the pipe, or comes within so many seconds, the time is the scribe's.
    """
    while not scribe.stopped:
        rest: float | None = 0.0
        while rest is not None and not waits(rest):
            rest = scribe.idle()
        body = read(frames)
        if body is None:
            break
        frame = unpack(body)
        if frame[0] == "spooled":
            body = fetch(spool, frame[1], frame[2])[PREFIX:]
            frame = unpack(body)
        if frame[0] == "end":
            scribe.end(frame[1])
            return True
        scribe.batch(frame, len(body))
    scribe.end(0)
    return False


def quick_binding() -> None:
    """Save sqlite3 the search for an adapter that bytes and None do not need: a third of the time of a batch."""
    sqlite3.register_adapter(bytes, bytes.__bytes__)
    nothing: dict[None, None] = {}
    sqlite3.register_adapter(type(None), nothing.get)  # written in C, and None for None


def main() -> None:
    """What the process runs. Arguments: the path, the descriptor that holds the trace's lock or -1, the limit, the
    descriptor of the spool or -1.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    gc.disable()  # rows have no cycles, and looking for some costs as much as reading them
    quick_binding()
    path, lock, limit, spool = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    frames, answers = open(0, "rb", buffering=0), open(1, "wb", buffering=0)  # noqa: SIM115 - for good

    def answer(frame: Frame) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more: what was sent is still written
            answers.write(pack(frame))

    try:
        with session.mapped(f"{path} cannot be recorded to."):
            scribe = Scribe(session.reopen(path), limit, answer)
    except TraceError as error:
        answer(("stopped", error.why))
        return
    in_order = serve(scribe, frames, spool, lambda seconds: bool(select.select([frames], [], [], seconds)[0]))
    if lock >= 0 and not in_order and not scribe.stopped:
        # The recorder was killed and cannot remove the lock's file; the lock itself is held until we are gone.
        with contextlib.suppress(OSError):
            os.unlink(f"{path}-lock")


if __name__ == "__main__":
    main()
