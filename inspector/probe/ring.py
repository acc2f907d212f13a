"""A byte stream to another process through shared memory: to write costs no system call, and outlives our death.

One writer, one reader. A file of a header and a ring of bytes: word 0 of the header counts the bytes ever written, word
8 those ever read, word 16 is set by a reader that sleeps until it is told (words of 8 bytes, each in a cache line of
its own). The writer puts the bytes first and counts them afterwards, so that what is counted is there.
"""

import _thread
import mmap
import os
import platform

HEADER = 256
CAPACITY = 1 << 20
END = HEADER + CAPACITY

_WRITTEN, _READ, _ASLEEP = 0, 8, 16

#: Processors that let others see writes in their order. For the rest a lock is as good as a fence.
_ORDERED = platform.machine().lower() in ("x86_64", "amd64", "i386", "i686")


def _shared(path):
    """Memory of ``END`` bytes in a new file, or OSError. A lack of room must show now: a page that cannot be had when
    it is written to is a SIGBUS.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, END)
        else:
            os.ftruncate(descriptor, END)
        return mmap.mmap(descriptor, END)
    except OSError:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)


class RingWriter:
    """The writer's end. ``path`` is made, and must not exist. ``wake``: called when the reader must be told. Raises
    OSError.
    """

    __slots__ = ("_end", "_fence", "_memory", "_wake", "_words", "_written")

    def __init__(self, path, wake):
        self._wake = wake
        self._memory = _shared(path)
        self._words = memoryview(self._memory)[:HEADER].cast("Q")
        self._written = 0
        self._end = CAPACITY  # how much may have been written, by what the reader had read when we last looked
        self._fence = None if _ORDERED else _thread.allocate_lock()

    def write(self, data):
        """Write as much of ``data`` as there is room for. Returns how much that was."""
        written = self._written
        words = self._words
        size = len(data)
        if written + size > self._end:
            # Only now: the reader's word is mostly in another processor's cache.
            self._end = words[_READ] + CAPACITY
            if written + size > self._end:
                size = self._end - written
                data = data[:size]
        start = HEADER + written % CAPACITY
        end = start + size
        if end <= END:
            self._memory[start:end] = data
        else:
            split = END - start
            self._memory[start:] = data[:split]
            self._memory[HEADER : end - CAPACITY] = data[split:]
        if self._fence is not None:
            with self._fence:
                pass
        words[_WRITTEN] = self._written = written + size
        if words[_ASLEEP]:
            words[_ASLEEP] = 0
            self._wake()
        return size
