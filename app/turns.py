"""One heavy piece of work in a turn of the window's event loop, so that keys and clicks come between.

Timers that are due together are run together, and paint together. Who can wait asks first whether somebody has just
had a turn, and comes again ``APART_MS`` later. Knows nothing of what the work is.
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer

APART_MS = 10  #: between two pieces, where one can wait
_PATIENCE_MS = 30  #: so long nobody was let in: then it is done all the same


class Turns:
    """Shared by those who should not work in one turn."""

    def __init__(self) -> None:
        self._since = QElapsedTimer()  # somebody's work was done
        self._refused = QElapsedTimer()  # since the first of those who were not let in

    def took(self) -> None:
        """A piece of work is done."""
        self._since.start()

    def free(self) -> bool:
        """Whether another may be done now."""
        if self._since.isValid() and self._since.elapsed() < APART_MS:
            if not self._refused.isValid():
                self._refused.start()
            if self._refused.elapsed() < _PATIENCE_MS:
                return False
        self._refused.invalidate()
        return True
