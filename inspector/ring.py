"""The reader's end of a worker's shared memory; ``inspector/probe/ring.py`` is the writer's, and describes it.

What is in it comes from another process, and is believed only as far as it cannot lead out of the ring.
"""

from __future__ import annotations

import mmap
import os

HEADER = 256

_WRITTEN, _READ, _ASLEEP = 0, 8, 16


class RingError(ValueError):
    """It is no ring, or its writer does not keep to the rules."""


class RingReader:
    """Reads the ring in the file at ``path``, and takes that away: nobody else is to find it. Raises OSError,
    RingError.
    """

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            os.unlink(path)
            size = os.fstat(descriptor).st_size
            if size <= HEADER:
                raise RingError("too small for a ring")
            self._memory = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
        self._capacity = size - HEADER
        self._words = memoryview(self._memory)[:HEADER].cast("Q")
        self._read = 0

    def read(self) -> bytes:
        """All that was written since; nothing if there is nothing. Raises RingError."""
        size = self._words[_WRITTEN] - self._read
        if not 0 <= size <= self._capacity:
            raise RingError("written past what was read")
        start = HEADER + self._read % self._capacity
        end = start + size
        if end <= HEADER + self._capacity:
            data = self._memory[start:end]
        else:
            data = self._memory[start:] + self._memory[HEADER : end - self._capacity]
        self._read += size
        self._words[_READ] = self._read
        return data

    def sleep(self) -> bool:
        """Ask to be told of what is written next. False if something has come meanwhile, and there is no time to
        sleep.
        """
        self._words[_ASLEEP] = 1
        if self._words[_WRITTEN] == self._read:
            return True
        self._words[_ASLEEP] = 0
        return False

    def close(self) -> None:
        """Let go of the memory."""
        self._words.release()
        self._memory.close()
