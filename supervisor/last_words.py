"""What a worker leaves behind: the requests that it had in hand, and the stack that it printed when it crashed.

Pure. Knows nothing of why workers end.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from inspector.model import Exchange

#: Lines of one report that are kept: of a process with many threads, those of the first ones.
MOST_LINES = 200

_BEGINS = "Fatal Python error:"
_CURRENT = re.compile(r"Current thread \S+ .*\(most recent call first\):")
_FRAME = re.compile(r'  File "(?P<file>[^"]*)", line (?P<line>\d+) in (?P<function>.+)')


def held(exchange: Exchange, now: int) -> dict[str, Any]:
    """What ``exchange`` was doing at ``now``: how long it had been in hand, and which message was its last.

    The query is left out: it may hold secrets, and events of workers are not masked.
    """
    return {
        "exchange": exchange.id,
        "method": exchange.method,
        "path": exchange.target.partition("?")[0],
        "elapsed_ms": _milliseconds(now - exchange.called_ns),
        "last": exchange.last_type,
        "last_age_ms": _milliseconds(now - (exchange.last_ns or exchange.called_ns)),
    }


def _milliseconds(ns: int) -> float:
    return round(max(0, ns) / 1e6, 3)


class CrashReport:
    """Picks what ``faulthandler`` prints at a fatal signal out of a worker's output."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def take(self, line: str) -> None:
        """The worker printed ``line``."""
        if line.startswith(_BEGINS):
            self._lines = [line]
        elif self._lines and len(self._lines) < MOST_LINES:
            self._lines.append(line)

    @property
    def text(self) -> str:
        """The report; empty where there was none."""
        return "\n".join(self._lines).strip()

    @property
    def place(self) -> str:
        """The innermost Python frame of the thread that crashed, as ``shop.py:12, in total``; empty if unknown."""
        for line, following in zip(self._lines, self._lines[1:], strict=False):
            if _CURRENT.match(line) and (frame := _FRAME.match(following)):
                return f"{_short(frame['file'])}:{frame['line']}, in {frame['function']}"
        return ""


def _short(file: str) -> str:
    """A file's name, with its folder where the name alone says nothing."""
    path = PurePath(file)
    return f"{path.parent.name}/{path.name}" if path.name == "__init__.py" else path.name
