"""One writer to a trace: two would give the same ids to different exchanges.

A lock file beside the trace, locked for as long as a process has it open: the recorder's, and the scribe's, which
inherits it. The system frees it however they end. The trace itself cannot be locked this way, since SQLite's own locks
on it are of a kind that gets lost when any descriptor of the file is closed
(https://www.sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

from inspector.store.errors import TraceError

#: How long to wait for the scribe of a recorder that was killed: it still writes what it had been sent.
_PATIENCE_SECONDS = 3.0


class WriterLock:
    """Held from construction to ``release``. Raises TraceError when another process (or this one) holds it.

    ``descriptor`` may be inherited; the lock is then held until both are closed (not on Windows).
    """

    def __init__(self, trace: Path) -> None:
        self._path = trace.with_name(trace.name + "-lock")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            self.descriptor = self._open(trace)
            if _lock(self.descriptor) and self._is_at_path():
                break
            left_behind = not _is_alive(_owner(self.descriptor))
            os.close(self.descriptor)
            if not left_behind or time.monotonic() > deadline:
                raise TraceError(
                    f"{trace} is being recorded to already.", "", "Stop that recording or choose another file."
                )
            time.sleep(0.02)
        os.ftruncate(self.descriptor, 0)
        os.write(self.descriptor, b"%d" % os.getpid())

    def _open(self, trace: Path) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            why = f"{error.strerror}: {self._path}."
            raise TraceError(
                f"{trace} cannot be recorded to.", why, "Choose a folder that exists and is yours."
            ) from None

    def _is_at_path(self) -> bool:
        """Whether the next writer would find this file: the last owner may just have removed it."""
        try:
            return os.path.samestat(os.fstat(self.descriptor), self._path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """Let the next writer in."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self.descriptor)


def _owner(descriptor: int) -> int:
    """The process that took the lock; 0 when it has not said so (yet), or has gone in good order."""
    with contextlib.suppress(OSError, ValueError):
        return int(os.read(descriptor, 20))
    return 0


if sys.platform == "win32":  # pragma: no cover

    def _lock(descriptor: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _is_alive(process: int) -> bool:  # noqa: ARG001 - the system frees a lock with the process that took it
        return True

else:

    def _lock(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _is_alive(process: int) -> bool:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        except OSError:
            pass
        return True
