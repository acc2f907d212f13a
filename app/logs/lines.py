"""Lines of output: cleaned for showing, and the level they speak of. Pure."""

from __future__ import annotations

import re

#: Longer lines are cut: one line of a megabyte would stop the view.
LONGEST = 4000

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_LEVELS = (
    ("error", re.compile(r"\b(?:ERROR|CRITICAL|FATAL|Traceback|Exception|[A-Za-z]+Error)\b|\[(?:error|critical)\]")),
    ("warning", re.compile(r"\b(?:WARNING|WARN|[A-Za-z]+Warning)\b|\[warning\]")),
    ("debug", re.compile(r"\bDEBUG\b|\[debug\]")),
)


def plain(line: str) -> str:
    """``line`` without terminal colours, with control characters made visible, cut if it is very long."""
    clean = _ESCAPES.sub("", line).rstrip("\r\n")
    if len(clean) > LONGEST:
        clean = f"{clean[:LONGEST]}… ({len(clean) - LONGEST:,} characters more)"
    return "".join(c if c >= " " or c == "\t" else chr(0x2400 + ord(c)) for c in clean)


def level_of(line: str) -> str:
    """``error``, ``warning``, ``debug``, or an empty string for the rest."""
    return next((name for name, pattern in _LEVELS if pattern.search(line)), "")
