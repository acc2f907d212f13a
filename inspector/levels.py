"""The level of each line that a program prints: as the line names it, or as that of which it is a continuation.

Pure. Knows how servers and the usual loggers write a level: gunicorn, hypercorn (``[date] [pid] [ERROR]``), uvicorn
(``INFO:  ``), granian (``[INFO]``), Twisted (``[name#info]``), ``logging`` (``ERROR:name:words``, or anywhere after a
date), Django's request log, ``warnings``, structlog, loguru, and JSON.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

#: What a level may be, from the mildest.
LEVELS = ("debug", "info", "warning", "error", "critical")

#: What a terminal acts on and does not show: CSI sequences, OSC strings, and other two-character escapes (ECMA-48).
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")

#: ``[2026-01-31 12:00:00 +0000] [4711] [INFO] words`` (gunicorn, hypercorn); the level may be missing.
_DATED = re.compile(r"\[\d{4}-\d\d-\d\d[^\]]*\] \[\d+\](?: \[(?P<level>[A-Z]+)\])?")
#: ``INFO:     words``, ``[INFO] words``, ``2026-01-31 12:00:00,000 INFO words``, ``12:00:00 - name - INFO - words``.
_NAMED = re.compile(
    r"^(?:.{0,60}?[\s\[(|:-])??(?P<level>TRACE|DEBUG|INFO|SUCCESS|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL)\b"
)
_WORD = "(?P<level>trace|debug|info|notice|warning|warn|error|critical|fatal)"
#: ``[daphne.server#info]`` (Twisted), ``[warning  ]`` (structlog).
_BRACKETED = re.compile(rf"\[(?:[\w.]*#)?{_WORD}\s*\]", re.IGNORECASE)
#: ``"levelname": "ERROR"``, ``level=error``; but not as a parameter of a URL.
_KEYED = re.compile(rf"(?:^|[\s{{,\"'])(?:level|levelname|severity)[\"']?\s*[=:]\s*[\"']?{_WORD}\b", re.IGNORECASE)
_SAME = {"trace": "debug", "success": "info", "notice": "info", "warn": "warning", "fatal": "critical"}

#: Lines without a level's name that nevertheless are always of one.
_TELLING = (
    ("critical", re.compile(r"Fatal Python error:")),
    ("error", re.compile(r"Exception (?:in thread|ignored in)\b|Task exception was never retrieved")),
    ("error", re.compile(r"Internal Server Error: /")),
    ("warning", re.compile(r"(?:Bad Request|Forbidden|Not Found|Method Not Allowed|Gone)(?: \([^)]*\))?: /")),
    ("warning", re.compile(r"\S.*:\d+: \w*Warning: ")),
)

_TRACEBACK = re.compile(r"\s*(?:\+ |\| )?(?:Exception Group )?Traceback \(most recent call last\):")
_CHAINED = re.compile(
    r"(?:During handling of the above exception|The above exception was the direct cause)\b|(?:Current t|T)hread 0x"
)
_INDENTED = (" ", "\t")
#: Levels that a traceback after a line of theirs belongs to. After any other it was printed alone.
_GRAVE = frozenset(("warning", "error", "critical"))


def plain(text: str) -> str:
    """``text`` without what a terminal would act on."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def named(text: str) -> str:
    """The level that a line without escapes names; empty for none."""
    bracket = "[" in text  # two patterns cannot match without one, and this is asked of every line
    found = (bracket and _DATED.search(text)) or _NAMED.search(text)
    found = found or (bracket and _BRACKETED.search(text)) or _KEYED.search(text)
    if found:
        word = (found["level"] or "").lower()
        return _SAME.get(word, word)
    return next((level for level, pattern in _TELLING if pattern.match(text)), "")


@dataclass(slots=True)
class _Last:
    """The line before: its level, and whether a traceback goes on or has just come to its end."""

    level: str = ""
    traceback: bool = False
    closing: bool = False


class Levels:
    """Levels of lines that come from several sources, each in its own order."""

    def __init__(self, sources: int = 256) -> None:
        self._sources = sources
        self._last: OrderedDict[Hashable, _Last] = OrderedDict()

    def of(self, source: Hashable, text: str) -> str:
        """The level of the next line of ``source``, without escapes: its own, or that of what it goes on with."""
        last = self._last.setdefault(source, _Last())
        self._last.move_to_end(source)
        if len(self._last) > self._sources:
            self._last.popitem(last=False)
        if _TRACEBACK.match(text):
            level = last.level if last.level in _GRAVE else "error"
            last.level, last.traceback, last.closing = level, True, False
        elif not self._continues(last, text):
            level = named(text)
            last.level, last.traceback, last.closing = level, level == "critical" and _is_fatal(text), False
        return last.level

    @staticmethod
    def _continues(last: _Last, text: str) -> bool:
        """Whether ``text`` belongs to the line before it."""
        if not text or text.startswith(_INDENTED):
            return bool(last.level)
        if not (last.traceback or last.closing):
            return False
        if _CHAINED.match(text):
            return True
        if last.closing or named(text):
            return False
        last.traceback, last.closing = False, True  # the line that says which exception it was
        return True


def _is_fatal(text: str) -> bool:
    """Whether stacks follow, as ``faulthandler`` prints them."""
    return text.startswith("Fatal Python error:")
