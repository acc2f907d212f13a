"""Where the time of an exchange went, in milliseconds.

Pure. A part is there when both its ends have happened; it is never negative, since times come from two processes.
"""

from __future__ import annotations

from datetime import UTC, datetime

from inspector.export import phases
from inspector.model import Exchange

#: Name, and what it means: the phases in the order in which they happen, and spans over several of them.
MEANINGS = {
    **phases.MEANINGS,
    "send": "from the start of the response to its last byte to the client",
    "ttfb": "from the first byte of the request to the first byte of the response",
    "total": "from the first byte of the request to the last byte of the response, or the cut",
}


def timings(exchange: Exchange) -> dict[str, float]:
    """The phases of ``exchange`` that are over, and the spans of which both ends have happened."""
    e = exchange
    spans = {
        "send": (e.started_ns or e.first_byte_ns, e.closed_ns),
        "ttfb": (e.opened_ns, e.first_byte_ns),
        "total": (e.opened_ns or e.called_ns, e.closed_ns or (0 if e.opened_ns else e.returned_ns)),
    }
    parts = phases.lengths(e)
    if not e.forwarded_ns:
        parts.pop("wait", None)
    parts |= {name: max(0, end - start) for name, (start, end) in spans.items() if start and end}
    return {name: milliseconds(length) for name, length in parts.items()}


def milliseconds(ns: int) -> float:
    """Nanoseconds as milliseconds, to the microsecond."""
    return round(ns / 1e6, 3)


def moment(wall_ns: int) -> datetime:
    """Nanoseconds since 1970 in UTC, to the microsecond; 1970 itself for what is in no calendar."""
    try:
        return datetime.fromtimestamp(wall_ns // 10**9, UTC).replace(microsecond=wall_ns // 1000 % 10**6)
    except (ValueError, OverflowError, OSError):  # a trace may hold any number
        return datetime.fromtimestamp(0, UTC)
