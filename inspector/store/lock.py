"""One writer to a trace: two would give the same ids to different exchanges.

A lock file beside the trace, locked for as long as its process lives: the system frees it however that ends. The trace
itself cannot be locked this way, since SQLite's own locks on it are of a kind that gets lost when any descriptor of the
file is closed (https://www.sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from inspector.store.errors import TraceError


class WriterLock:
    """Held from construction to ``release``. Raises TraceError when another process (or this one) holds it."""

    def __init__(self, trace: Path) -> None:
        self._path = trace.with_name(trace.name + "-lock")
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            why = f"{error.strerror}: {self._path}."
            raise TraceError(
                f"{trace} cannot be recorded to.", why, "Choose a folder that exists and is yours."
            ) from None
        if not (_lock(self._descriptor) and self._is_at_path()):
            os.close(self._descriptor)
            raise TraceError(
                f"{trace} is being recorded to already.", "", "Stop that recording or choose another file."
            )

    def _is_at_path(self) -> bool:
        """Whether the next writer would find this file: the last owner may just have removed it."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """Let the next writer in."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._descriptor)


if sys.platform == "win32":  # pragma: no cover

    def _lock(descriptor: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
