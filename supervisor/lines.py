"""What a line of a server's output says: its level, whose it is, and what it tells about a worker's end.

Pure. Knows the words of gunicorn, uvicorn, hypercorn and granian; levels are read by ``inspector.levels``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector.levels import named as level
from inspector.levels import plain as plain
from supervisor.death import Remark

#: ``[2026-01-31 12:00:00 +0000] [4711] [INFO] words`` (gunicorn, hypercorn).
_DATED = re.compile(r"\[\d{4}-\d\d-\d\d[^\]]*\] \[(?P<pid>\d+)\]")
#: ``Started server process [4711]`` (uvicorn), which the process says of itself.
_OF_ITSELF = re.compile(r"\b(?:Started|Finished) server process \[(?P<pid>\d+)\]")
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


def understand(line: str) -> Said:
    """What ``line`` says."""
    text = plain(line)
    own = _DATED.search(text) or _OF_ITSELF.search(text)
    pid = int(own["pid"]) if own else 0
    remark, about = _remark(text)
    reason = next((reason for reason, pattern in _REASONS if pattern.search(text)), None)
    about = about or (pid if remark else 0)
    return Said(text=text, level=level(text), pid=pid, remark=remark, about=about, reason=reason)


def _remark(text: str) -> tuple[Remark | None, int]:
    for remark, pattern in _ABOUT_WORKER:
        if found := pattern.search(text):
            return remark, int(found["pid"]) if "pid" in pattern.groupindex else 0
    return None, 0
