"""Event loops that were held up, in words and as JSON objects: by what, for how long, and while who waited.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from inspector.export.timings import milliseconds
from inspector.model import Exchange, Stall, State

_FRAME = re.compile(r'^ *File "(?P<file>[^"\n]+)", line (?P<line>\d+), in (?P<name>.+)$', re.MULTILINE)
_INSTALLED = re.compile(r"[/\\](?:site-packages|dist-packages|lib[/\\]python\d[\d.]*)[/\\]|^<")


def place(stack: str) -> str:
    """The innermost line of the user's own in a stack, as ``handler main.py:42``; without one, the innermost of all."""
    frames = list(_FRAME.finditer(stack))
    own = [frame for frame in frames if not _INSTALLED.search(frame["file"])] or frames
    if not own:
        return ""
    name, file, line = own[-1].group("name", "file", "line")
    return f"{name} {file.replace(chr(92), '/').rpartition('/')[2]}:{line}"


def during(stalls: Iterable[Stall], exchange: Exchange) -> list[Stall]:
    """Of the ``stalls`` of the exchange's worker: those it held the loop up with itself, or waited in."""
    begin = exchange.opened_ns or exchange.called_ns
    end = max(begin, exchange.started_ns, exchange.closed_ns, exchange.returned_ns)
    running = exchange.state == State.OPEN
    return [
        stall for stall in stalls if (running or stall.from_ns < end) and (not stall.until_ns or stall.until_ns > begin)
    ]


def sentence(stall: Stall, exchange: int = 0) -> str:
    """What happened; ``exchange`` is the one that it is told to, 0 for none."""
    length = f"{milliseconds(stall.until_ns - stall.from_ns):.0f} ms" if stall.until_ns else "and did not come back"
    where, by = place(stall.stack), ""
    if stall.exchange:
        by = ", by this exchange" if stall.exchange == exchange else f", by exchange {stall.exchange}"
    return f"event loop blocked {length}" + (f" in {where}" if where else "") + by


def stall_record(stall: Stall) -> dict[str, Any]:
    """``from_ns`` and ``until_ns`` (null while it lasts) by the monotonic clock, the length in milliseconds."""
    return {
        "from_ns": stall.from_ns,
        "until_ns": stall.until_ns or None,
        "blocked": milliseconds(stall.until_ns - stall.from_ns) if stall.until_ns else None,
        "exchange": stall.exchange,
        "place": place(stall.stack),
        "stack": stall.stack,
    }
