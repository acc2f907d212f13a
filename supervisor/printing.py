"""Lines to standard output and error from a thread of their own: a slow reader does not slow the traffic."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from typing import TextIO

#: Lines that may wait for a slow reader; what comes then is left out, and counted in a line of its own.
MOST = 100_000


class Lines:
    """Prints in order. ``broken`` is called, in the thread, when nobody reads standard output any more."""

    def __init__(self, broken: Callable[[], object]) -> None:
        self._broken = broken
        self._waiting: queue.Queue[tuple[TextIO, str] | None] = queue.Queue(MOST)
        self._left_out = 0
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

    def _put(self, stream: TextIO, text: str) -> None:
        try:
            if self._left_out:
                self._waiting.put_nowait((sys.stderr, f"gatescope: {self._left_out} lines left out: nobody read them"))
                self._left_out = 0
            self._waiting.put_nowait((stream, text))
        except queue.Full:
            self._left_out += 1

    def _run(self) -> None:
        broken = False
        while (item := self._waiting.get()) is not None:
            stream, text = item
            try:
                if not broken:
                    stream.write(f"{text}\n")
                    if self._waiting.empty():
                        stream.flush()
            except (OSError, ValueError):  # the other end of the pipe is closed
                broken = True
                self._broken()
        if not broken:
            sys.stdout.flush()
