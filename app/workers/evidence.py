"""What is left of a worker's end: its last words, and the requests that it had in hand. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.traffic.formats import count, duration
from inspector.export.stalls import place
from inspector.model import CLIENT_LEFT, LogLine, Message, Stall, WorkerEvent, by_time

#: What was printed longer than this before the end had nothing to do with it.
_LATELY = 2_000_000_000
#: Causes whose worker may have said why: what a traceback says before a peaceful end is another matter.
_TELLING = frozenset({"exit", "boot error", "crash", "timeout", "forced", "unknown", "replaced"})
_TRACEBACK = "Traceback (most recent call last):"
_OF_WORKER = "its worker "  #: how the error of an exchange begins that went down with its worker
_FATAL = "Fatal Python error:"
_CHAIN = re.compile(r"^(During handling of the above exception|The above exception was the direct cause)")
_FATAL_PART = re.compile(
    r"^(\s|$|Fatal Python error|Python runtime state|Current thread |Thread 0x|Stack \(most|Extension modules|"
    r"Current thread's C stack trace|  <)"
)


@dataclass(frozen=True, slots=True)
class Held:
    """A request that a worker had, or has, in hand. ``elapsed_ns``: until its worker's end, or until now."""

    id: int
    request: str
    elapsed_ns: int
    last: str  #: the last message there was, and how long before the end
    result: str = ""  #: what became of it


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the trace keeps of one worker beside its row."""

    worker: int = 0
    held: tuple[Held, ...] = ()
    lines: tuple[str, ...] = ()
    words: str = ""  #: a traceback or faulthandler's report from its end
    blocked: str = ""  #: how often its event loop was blocked, and the longest of it
    blocker: int = 0  #: the exchange that blocked it longest; 0: none, or unknown


def blocked(stalls: Sequence[Stall], *, until_ns: int) -> tuple[str, int]:
    """How often the event loop was blocked, in a sentence, and by which exchange for longest; ``until_ns``: now."""
    if not stalls:
        return "", 0
    longest = max(stalls, key=lambda stall: (stall.until_ns or until_ns) - stall.from_ns)
    took = duration((longest.until_ns or until_ns) - longest.from_ns)
    times = f"once, for {took}" if len(stalls) == 1 else f"{count(len(stalls))} times, for {took} at most"
    at = place(longest.stack)
    return f"Its event loop was blocked {times}{f', in {at}' if at else ''}.", longest.exchange


def last_words(lines: Sequence[LogLine], events: Iterable[WorkerEvent], *, ended_ns: int, cause: str) -> str:
    """The report of a worker's end among what it printed, or with what was noted of it; empty where there is none."""
    for event in events:
        noted = [text for text in event.detail.values() if isinstance(text, str) and "\n" in text]
        if event.event == "exited" and noted:
            return max(noted, key=len).rstrip()
    if not ended_ns or cause not in _TELLING:
        return ""
    late = [line.text for line in lines if line.t_ns >= ended_ns - _LATELY]
    return _fatal(late) or _traceback(late)


def _fatal(lines: list[str]) -> str:
    """What ``faulthandler`` wrote: https://docs.python.org/3/library/faulthandler.html."""
    start = next((at for at, line in enumerate(lines) if line.startswith(_FATAL)), -1)
    if start < 0:
        return ""
    block = []
    for line in lines[start:]:
        if not _FATAL_PART.match(line):
            break
        block.append(line)
    return "\n".join(block).rstrip()


def _traceback(lines: list[str]) -> str:
    """The last traceback, with those that it says led to it."""
    blocks: list[list[str]] = []
    inside = chained = False
    for line in lines:
        if line.lstrip().startswith(_TRACEBACK):
            if not (chained and blocks):
                blocks.append([])
            inside, chained = True, False
        if inside:
            blocks[-1].append(line)
            if not line.startswith((" ", "\t")) and _TRACEBACK not in line:
                inside = False  # the line that names the exception
        elif blocks and _CHAIN.match(line):
            chained = True
            blocks[-1] += ["", line, ""]
        elif line.strip():
            chained = False
    return "\n".join(blocks[-1]).rstrip() if blocks else ""


def noted_at_end(events: Iterable[WorkerEvent]) -> dict[int, dict[str, Any]]:
    """What the supervisor noted, as a worker ended, of each request that it had in hand."""
    listed = [event.detail.get("held") for event in events if event.event == "exited"]
    details = [detail for one in listed if isinstance(one, list) for detail in one if isinstance(detail, dict)]
    return {detail["exchange"]: detail for detail in details if isinstance(detail.get("exchange"), int)}


def as_noted(found: Held, detail: Mapping[str, Any]) -> Held:
    """``found`` with what was ``noted_at_end``, which knows messages also where they were not recorded."""
    last, age, elapsed = (detail.get(name) for name in ("last", "last_age_ms", "elapsed_ms"))
    if not isinstance(last, str) or not isinstance(age, int | float) or not isinstance(elapsed, int | float):
        return found
    words = f"{last}, {age / 1000:.1f} s before the end" if last else found.last
    return replace(found, elapsed_ns=round(elapsed * 1e6), last=words)


def held(
    identity: int,
    method: str,
    target: str,
    *,
    since: int,
    until: int,
    messages: Sequence[Message],
    error: str = "",
    ended: bool = True,
) -> Held:
    """One request in hand from ``since`` to ``until``, the end of its worker if that has ``ended``."""
    last = ""
    seen = [message for message in by_time(messages) if not until or message.t_ns <= until + _LATELY // 100]
    if seen:
        before = max(0, until - seen[-1].t_ns) / 1e9
        last = f"{seen[-1].type}, {before:.1f} s {'before the end' if ended else 'ago'}"
    # That its worker ended is what everything around it says.
    result = "the client had left" if error.startswith(CLIENT_LEFT) else "" if error.startswith(_OF_WORKER) else error
    return Held(identity, f"{method} {target}".strip(), max(0, until - since) if since else 0, last, result)
