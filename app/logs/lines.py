"""Lines of output as they are shown, and what is wanted of them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.logs.ansi import Span, dressed

#: Longer lines are cut: one line of a megabyte would stop the view.
LONGEST = 4000

_LEVELS = (
    ("error", re.compile(r"\b(?:ERROR|CRITICAL|FATAL|Traceback|Exception|[A-Za-z]+Error)\b|\[(?:error|critical)\]")),
    ("warning", re.compile(r"\b(?:WARNING|WARN|[A-Za-z]+Warning)\b|\[warning\]")),
    ("debug", re.compile(r"\bDEBUG\b|\[debug\]")),
)

#: What can be asked for: the level from which on lines are shown, and how that is called.
LEVELS = (
    ("", "All levels"),
    ("info", "From info"),
    ("warning", "From warning"),
    ("error", "From error"),
    ("critical", "Critical"),
)
_GRAVITY = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is shown. ``text`` without what a terminal acts on; its colours are in ``spans``."""

    id: int
    text: str
    spans: tuple[Span, ...] = ()
    at: str = ""  #: time of day
    level: str = ""
    worker: str = ""  #: ``slot.generation``
    note: str = ""  #: the rest, for a tip
    exchange: int = 0  #: the request in which it was printed, where that is known


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown. ``slot``: of the worker; 0: printed by none; None: by anybody. ``only``: no line without
    ``text``; else those with it are counted and marked.
    """

    level: str = ""
    slot: int | None = None
    text: str = ""
    only: bool = False


def make_line(identity: int, raw: str, *, exchange: int = 0, **more: str) -> Line:
    """A line from what was printed."""
    text, spans = dressed(raw.rstrip("\r\n"))
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(text) - LONGEST:,} characters more)"
    return Line(identity, text, spans, exchange=exchange, **more)


def plain(line: str) -> str:
    """``line`` without terminal colours, with control characters made visible, cut if it is very long."""
    return make_line(0, line).text


def level_of(line: str) -> str:
    """``error``, ``warning``, ``debug``, or an empty string for the rest."""
    return next((name for name, pattern in _LEVELS if pattern.search(line)), "")


def is_at_least(level: str, wanted: str) -> bool:
    """Whether a line of ``level`` is shown where ``wanted`` is asked for."""
    if not wanted:
        return True
    return level in _GRAVITY and _GRAVITY.index(level) >= _GRAVITY.index(wanted)


def has(line: Line, text: str) -> bool:
    """Whether ``text`` is in a line; case does not matter."""
    return text.lower() in line.text.lower()
