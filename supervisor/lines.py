"""What a line of a server's output says: whose it is, and what it tells about a worker's end.

Pure. Knows the words of gunicorn, uvicorn, hypercorn and granian; levels are read by ``inspector.levels``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector.levels import plain as plain
from supervisor.death import Remark

#: ``[2026-01-31 12:00:00 +0000] [4711] [INFO] words`` (gunicorn, hypercorn).
_DATED = re.compile(r"\[\d{4}-\d\d-\d\d[^\]]*\] \[(?P<pid>\d+)\]")
#: ``Started server process [4711]`` (uvicorn), which the process says of itself.
_OF_ITSELF = re.compile(r"\b(?:Started|Finished) server process \[(?P<pid>\d+)\]")

# Each pattern stands behind words that it cannot match without: the lines of a program that prints without end are
# read on the event loop that carries its requests, and looking for words takes a tenth of the time.
_PIDS = (("] [", _DATED), ("server process [", _OF_ITSELF))
#: What is said about one worker. Without a pid in the words it is about whoever says it.
_ABOUT_WORKER = (
    (Remark.TIMEOUT, "WORKER TIMEOUT", re.compile(r"\bWORKER TIMEOUT \(pid:(?P<pid>\d+)\)")),
    (Remark.MAX_REQUESTS, "Autorestarting", re.compile(r"\bAutorestarting worker after current request\b")),
    (Remark.MAX_REQUESTS, "Maximum request", re.compile(r"\bMaximum request limit of \d+ exceeded\b")),
)

#: Why a master begins to end workers.
_REASONS = (
    (Remark.RELOAD, "Handling signal", re.compile(r"\bHandling signal: (?:hup|usr2)\b")),
    (Remark.RELOAD, "Received SIGHUP", re.compile(r"\bReceived SIGHUP, restarting processes")),
    (Remark.RELOAD, "HUP signal", re.compile(r"\bHUP signal received, gracefully respawning")),
    (Remark.RELOAD, "Changes detected", re.compile(r"\bChanges detected, reloading workers")),
    (Remark.SCALE_DOWN, "Handling signal", re.compile(r"\bHandling signal: ttou\b")),
    (Remark.SCALE_DOWN, "Received SIGTTOU", re.compile(r"\bReceived SIGTTOU, decreasing")),
    (Remark.LIFETIME, "lifetime expired", re.compile(r"\bworker-\d+ lifetime expired\b")),
    (Remark.STOP, "Handling signal", re.compile(r"\bHandling signal: (?:term|int|quit|winch)\b")),
    (Remark.STOP, "Received SIG", re.compile(r"\bReceived SIG(?:TERM|INT), exiting")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A line, understood.

    ``pid``: of the process that says so of itself, 0 where none does. ``remark`` is about the worker ``about`` (0:
    whoever says it), ``reason`` about what the master does.
    """

    text: str
    pid: int = 0
    remark: Remark | None = None
    about: int = 0
    reason: Remark | None = None


def understand(line: str) -> Said:
    """What ``line`` says."""
    text = plain(line)
    pid = _pid(text)
    remark, about = _remark(text)
    about = about or (pid if remark else 0)
    return Said(text=text, pid=pid, remark=remark, about=about, reason=_reason(text))


def _pid(text: str) -> int:
    for words, pattern in _PIDS:
        if words in text and (found := pattern.search(text)):
            return int(found["pid"])
    return 0


def _remark(text: str) -> tuple[Remark | None, int]:
    for remark, words, pattern in _ABOUT_WORKER:
        if words in text and (found := pattern.search(text)):
            return remark, int(found["pid"]) if "pid" in pattern.groupindex else 0
    return None, 0


def _reason(text: str) -> Remark | None:
    for reason, words, pattern in _REASONS:
        if words in text and pattern.search(text):
            return reason
    return None
