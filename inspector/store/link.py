"""The scribe's process as the recorder has it: started, sent to, and started again when it ends before its time.

What was sent is kept until the scribe says that it is in the file; a scribe that takes over gets it once more, and
leaves out what its predecessor has written. A batch goes into the spool, and through the pipe only where in it: so
sending does not wait for a scribe that is behind, and what is on its way does not end with the recorder. Two threads:
the recorder's own sends, and one here takes the answers.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from inspector.store.errors import TraceError
from inspector.store.schema import SIFTED
from inspector.store.shape import Frame, pack, read, unpack
from inspector.store.spool import Spool

log = logging.getLogger(__name__)

_SCRIPT = Path(__file__).with_name("scribe.py")
#: How often a scribe may end before its time without anything having been written in between.
_MOST_DEATHS = 3
#: What a pipe may hold on Linux, unless the system was told otherwise: a batch under full load.
_PIPE_BYTES = 1 << 20


@dataclass(slots=True)
class Parcel:
    """A batch on its way. ``weight``: bytes of payloads and bodies; ``waiters`` are set when it is in the file.

    ``frame`` is what goes through the pipe: the whole, or where in the spool the whole of ``spooled`` bytes lies.
    """

    number: int
    frame: bytes
    weight: int = 0
    exchanges: int = 0
    messages: int = 0
    waiters: list[threading.Event] = field(default_factory=list)
    spooled: int = 0


class Link:
    """The way to a scribe. ``arrived`` is called with each batch that is in the file; ``wake`` when there is news for
    the sending thread: it has to ``mend``. Both are called in a thread of its own.

    All methods are for one thread at a time. Raises TraceError when there can be no process.
    """

    def __init__(
        self, path: Path, lock: int, file_limit: int, arrived: Callable[[Parcel], None], wake: Callable[[], None]
    ) -> None:
        self.lost: Counter[str] = Counter()  #: what the scribe could not write, or took out to make room
        self.sifted = 0  #: exchanges that the user's filter did not let through
        self.verdict = ""  #: why nothing more will be written
        self.pending: deque[Parcel] = deque()  #: sent, and not known to be in the file
        self.ended = False  #: the process has closed its side
        self._path = path.absolute()
        self._lock = lock if sys.platform != "win32" else -1
        self._file_limit = file_limit
        self._arrived = arrived
        self._wake = wake
        self._deaths = 0
        self._spool = Spool()
        try:
            self._start()
        except OSError as error:
            self._spool.close()
            why = f"The process that writes it cannot be started: {error.strerror or error}."
            raise TraceError(
                f"{path} cannot be recorded to.", why, "End some other programs, then try again."
            ) from None

    @property
    def roomy(self) -> bool:
        """Whether there is a scribe, and ``send`` will not have to wait for it."""
        return not self.ended and self._spool.half_empty

    @property
    def pid(self) -> int:
        """Of the scribe."""
        return self._process.pid

    def send(self, parcel: Parcel) -> None:
        """Blocks while the scribe is so far behind that the spool is full. ``mend`` sends again what was not heard."""
        place = self._spool.put(parcel.frame)
        if place >= 0:
            parcel.spooled = len(parcel.frame)
            parcel.frame = pack(("spooled", place, parcel.spooled))
        self.pending.append(parcel)
        self._write(parcel.frame)

    def mend(self) -> None:
        """A new scribe in place of the one that has ended, with all that it may not have written; or a verdict."""
        while self.ended and not self.verdict:
            how = self._bury()
            if self.verdict:  # it has said so itself, with its last words
                return
            self._deaths += 1
            if self._deaths > _MOST_DEATHS:
                self.verdict = f"The process that writes it ended {self._deaths} times, the last time {how}."
                return
            log.warning("the process that writes %s ended %s; another takes over", self._path, how)
            try:
                self._start()
            except OSError as error:
                self.verdict = f"The process that writes it cannot be started: {error.strerror or error}."
                return
            for parcel in list(self.pending):
                self._write(parcel.frame)

    def give_up(self) -> list[Parcel]:
        """Send nothing more, wait until the process is gone; what is not in the file."""
        self._bury()
        self._spool.close()
        return list(self.pending)

    def finish(self, ended_ns: int) -> None:
        """Let it write what is left and end the session; returns when the process is gone."""
        while not self.verdict:
            self._write(pack(("end", ended_ns)))
            self._hang_up()
            self._listener.join()
            if not self.pending and self._process.wait() == 0:
                break
            self.mend()
        self._bury()
        self._spool.close()

    def _start(self) -> None:
        numbers = (self._lock, self._file_limit, self._spool.descriptor)
        arguments = [sys.executable, "-I", "-S", str(_SCRIPT), str(self._path), *map(str, numbers)]
        # A session of its own: what is sent to the recorder's group, Ctrl-C above all, is not for the scribe.
        self._process = subprocess.Popen(  # noqa: S603
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[descriptor for descriptor in (self._lock, self._spool.descriptor) if descriptor >= 0],
        )
        assert self._process.stdin is not None
        _widen(self._process.stdin.fileno())
        self.ended = False
        self._listener = threading.Thread(target=self._listen, args=(self._process,), name="trace-answers", daemon=True)
        self._listener.start()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it is gone, or about to: its end wakes us
            descriptor = self._process.stdin.fileno()
            while view:
                view = view[os.write(descriptor, view) :]

    def _hang_up(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _bury(self) -> str:
        """Take leave of the process that has ended, or is about to; how it ended. May be called again."""
        self._hang_up()
        self._listener.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        status = self._process.wait()
        return f"with signal {-status}" if status < 0 else f"with status {status}"

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Of the answering thread: until the process closes its side."""
        while (body := read(cast(BinaryIO, process.stdout))) is not None:
            self._heard(unpack(body))
        self.ended = True
        self._wake()

    def _heard(self, frame: Frame) -> None:
        if frame[0] == "stopped":
            self.verdict = frame[1]
            return
        self._deaths = 0
        self.sifted += frame[2].pop(SIFTED, 0)
        self.lost.update(frame[2])
        while self.pending and self.pending[0].number <= frame[1]:
            parcel = self.pending.popleft()
            if parcel.spooled:
                self._spool.give_back(parcel.spooled)
            self._arrived(parcel)


def _widen(descriptor: int) -> None:
    """Make room in a pipe for what is sent at a time, so that a batch is handed over in one go."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
