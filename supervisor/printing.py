"""Lines to standard output and error from a thread of their own: a slow reader does not slow the traffic, and one that
goes away does not end it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from typing import TextIO

#: Lines that may wait for a slow reader; what comes then is left out, and counted in a line of its own.
MOST = 100_000


class Lines:
    """Prints in order. What nobody reads any more (``| head``) or what was never there is left out, and no error."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[TextIO | None, str] | None] = queue.Queue(MOST)
        self._left_out = 0
        self._broken: set[TextIO] = set()
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def out(self, text: str) -> None:
        """A line for standard output."""
        self._put(sys.stdout, text)

    def error(self, text: str) -> None:
        """A line for standard error."""
        self._put(sys.stderr, text)

    def close(self, patience: float = 2.0) -> None:
        """Print what waits, but not for ever for a reader that does not read."""
        try:
            self._waiting.put(None, timeout=patience)
        except queue.Full:
            return
        self._thread.join(patience)

    def _put(self, stream: TextIO | None, text: str) -> None:
        try:
            if self._left_out:
                self._waiting.put_nowait((sys.stderr, f"gatescope: {self._left_out} lines left out: nobody read them"))
                self._left_out = 0
            self._waiting.put_nowait((stream, text))
        except queue.Full:
            self._left_out += 1

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            stream, text = item
            self._guarded(stream, f"{text}\n", flush=self._waiting.empty())
        for stream in (sys.stdout, sys.stderr):
            self._guarded(stream, "", flush=True)

    def _guarded(self, stream: TextIO | None, text: str, *, flush: bool) -> None:
        if stream is None or stream in self._broken:
            return
        try:
            if text:
                stream.write(text)
            if flush:
                stream.flush()
        except (OSError, ValueError):  # the other end of the pipe is closed
            self._broken.add(stream)
            to_nowhere(stream)


def to_nowhere(stream: TextIO) -> None:
    """Let what ``stream`` still holds, and all that comes, vanish: Python writes it at exit at the latest."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def fill_standard_streams() -> None:
    """Open what of the descriptors 0 to 2 is closed (``>&-``): else the next file or socket would get the number."""
    opened = os.open(os.devnull, os.O_RDWR)
    while opened <= 2:
        os.set_inheritable(opened, True)
        opened = os.open(os.devnull, os.O_RDWR)
    os.close(opened)
