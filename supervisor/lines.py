"""What a line of a server's output says: its level, whose it is, and what it tells about a worker's end.

Pure. Knows the words of gunicorn, uvicorn, hypercorn and granian, and the usual shapes of Python's ``logging``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from supervisor.death import Remark

#: What a terminal acts on and does not show: CSI sequences, OSC strings, and other two-character escapes (ECMA-48).
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")

#: ``[2026-01-31 12:00:00 +0000] [4711] [INFO] words`` (gunicorn, hypercorn); the level may be missing.
_DATED = re.compile(r"\[\d{4}-\d\d-\d\d[^\]]*\] \[(?P<pid>\d+)\](?: \[(?P<level>[A-Z]+)\])?")
#: ``Started server process [4711]`` (uvicorn), which the process says of itself.
_OF_ITSELF = re.compile(r"\b(?:Started|Finished) server process \[(?P<pid>\d+)\]")
#: ``INFO:     words``, ``[INFO] words``, ``2026-01-31 12:00:00,000 INFO words``, ``12:00:00 - name - INFO - words``.
_LEVEL = re.compile(r"^(?:.{0,60}?[\s\[(|:-])??(?P<level>DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)\b")
_LEVELS = {"WARN": "warning", "FATAL": "critical"}

#: What is said about one worker. Without a pid in the words it is about whoever says it.
_ABOUT_WORKER = (
    (Remark.TIMEOUT, re.compile(r"\bWORKER TIMEOUT \(pid:(?P<pid>\d+)\)")),
    (Remark.MAX_REQUESTS, re.compile(r"\bAutorestarting worker after current request\b")),
    (Remark.MAX_REQUESTS, re.compile(r"\bMaximum request limit of \d+ exceeded\b")),
)

#: Why a master begins to end workers.
_REASONS = (
    (Remark.RELOAD, re.compile(r"\bHandling signal: (?:hup|usr2)\b|\bReceived SIGHUP, restarting processes")),
    (Remark.RELOAD, re.compile(r"\bHUP signal received, gracefully respawning|\bChanges detected, reloading workers")),
    (Remark.SCALE_DOWN, re.compile(r"\bHandling signal: ttou\b|\bReceived SIGTTOU, decreasing")),
    (Remark.LIFETIME, re.compile(r"\bworker-\d+ lifetime expired\b")),
    (Remark.STOP, re.compile(r"\bHandling signal: (?:term|int|quit|winch)\b|\bReceived SIG(?:TERM|INT), exiting")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A line, understood.

    ``level``: ``debug info warning error critical``, or empty. ``pid``: of the process that says so of itself, 0 where
    none does. ``remark`` is about the worker ``about`` (0: whoever says it), ``reason`` about what the master does.
    """

    text: str
    level: str = ""
    pid: int = 0
    remark: Remark | None = None
    about: int = 0
    reason: Remark | None = None


def plain(text: str) -> str:
    """``text`` without what a terminal would act on."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def understand(line: str) -> Said:
    """What ``line`` says."""
    text = plain(line)
    own = _DATED.search(text) or _OF_ITSELF.search(text)
    pid = int(own["pid"]) if own else 0
    remark, about = _remark(text)
    reason = next((reason for reason, pattern in _REASONS if pattern.search(text)), None)
    about = about or (pid if remark else 0)
    return Said(text=text, level=level(text), pid=pid, remark=remark, about=about, reason=reason)


def level(text: str) -> str:
    """The level that a line without escapes names."""
    found = _DATED.search(text) or _LEVEL.search(text)
    named = found["level"] if found else None
    return _LEVELS.get(named, named.lower()) if named else ""


def _remark(text: str) -> tuple[Remark | None, int]:
    for remark, pattern in _ABOUT_WORKER:
        if found := pattern.search(text):
            return remark, int(found["pid"]) if "pid" in pattern.groupindex else 0
    return None, 0
