"""Memory that the recorder and the scribe share: frames wait in it until they are in the file.

A pipe holds a megabyte, and whoever writes to a full one waits; what waits in the recorder dies with it. This holds
much more, takes a frame in one copy, and outlives the recorder for as long as the scribe has it open. A ring of bytes:
frames are put in and given back in one order. Knows nothing of what is in a frame.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading

#: What is reserved; memory is taken only for what was ever in use at a time.
SIZE = 32 << 20


class Spool:
    """The writing end. ``descriptor`` is for the process that reads; -1 where there can be none: nothing fits then."""

    def __init__(self, size: int = SIZE) -> None:
        self.descriptor = -1
        self._size = 0
        self._head = 0  #: bytes ever put in since it was last empty
        self._tail = 0  #: of those, given back
        self._lock = threading.Lock()
        if sys.platform == "win32":  # descriptors are not inherited there
            return
        with contextlib.suppress(OSError):  # a limit on the size of files, of their number: the pipe has to do
            self.descriptor = _memory()
            os.ftruncate(self.descriptor, size)
            self._size = size

    @property
    def half_empty(self) -> bool:
        """Whether all that is ever sent at a time would fit."""
        return 2 * (self._head - self._tail) < self._size

    def put(self, data: bytes) -> int:
        """Where ``data`` lies now, -1 if there is no room for it."""
        with self._lock:
            if self._head - self._tail + len(data) > self._size:
                return -1
            start = self._head % self._size
            whole = _write(self.descriptor, data, start, self._size)
            if whole:
                self._head += len(data)
            return start if whole else -1

    def give_back(self, length: int) -> None:
        """The oldest ``length`` bytes were read and are needed no more."""
        with self._lock:
            self._tail += length
            if self._tail == self._head:  # from the front again, so that no more memory is touched than need be
                self._head = self._tail = 0

    def close(self) -> None:
        """Let go of it. May be called again."""
        with self._lock:
            self._size = 0
            if self.descriptor >= 0:
                os.close(self.descriptor)
                self.descriptor = -1


def fetch(descriptor: int, start: int, length: int) -> bytes:
    """What was put at ``start``. Raises OSError."""
    size = os.fstat(descriptor).st_size
    first = os.pread(descriptor, min(length, size - start), start)
    return first if len(first) == length else first + os.pread(descriptor, length - len(first), 0)


def _memory() -> int:
    """A file without a name, in memory if the system has such. Raises OSError."""
    if sys.platform == "linux":
        return os.memfd_create("gatescope-spool")
    import tempfile  # here, since it is on the way of the scribe's start, which needs none of it

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _write(descriptor: int, data: bytes, start: int, size: int) -> bool:
    """Put it at ``start``, and what goes over the end at the front; false when the system has no memory left."""
    first = min(len(data), size - start)
    try:
        written = os.pwrite(descriptor, data[:first] if first < len(data) else data, start)
        if first < len(data):
            written += os.pwrite(descriptor, data[first:], 0)
    except OSError:
        return False
    return written == len(data)
