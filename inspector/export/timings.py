"""Where the time of an exchange went, in milliseconds.

Pure. A part is there when both its ends have happened; it is never negative, since times come from two processes.
"""

from __future__ import annotations

from datetime import UTC, datetime

from inspector.model import Exchange

#: Name, and what it means; in the order in which they happen.
MEANINGS = {
    "wait": "from the first byte of the request until its head was sent on to the server",
    "queue": "in the server, until it called the application",
    "app": "in the application, until it started its response (or ended without)",
    "server": "server and application together, where no probe saw the call",
    "send": "from the start of the response to its last byte to the client",
    "after": "what the application went on doing after the last byte of its response",
    "ttfb": "from the first byte of the request to the first byte of the response",
    "total": "from the first byte of the request to the last byte of the response, or the cut",
}


def timings(exchange: Exchange) -> dict[str, float]:
    """The parts of ``exchange`` that have happened."""
    e = exchange
    begun = e.opened_ns or e.called_ns
    answered = e.started_ns or e.first_byte_ns
    spans = {
        "wait": (e.opened_ns, e.forwarded_ns),
        "queue": (e.forwarded_ns, e.called_ns),
        "app": (e.called_ns, e.started_ns or e.returned_ns),
        "server": (0 if e.called_ns else e.forwarded_ns, e.first_byte_ns),
        "send": (answered, e.closed_ns),
        "after": (e.last_app_ns, e.returned_ns),
        "ttfb": (e.opened_ns, e.first_byte_ns),
        "total": (begun, e.closed_ns or (0 if e.opened_ns else e.returned_ns)),
    }
    return {name: milliseconds(max(0, end - start)) for name, (start, end) in spans.items() if start and end}


def milliseconds(ns: int) -> float:
    """Nanoseconds as milliseconds, to the microsecond."""
    return round(ns / 1e6, 3)


def moment(wall_ns: int) -> datetime:
    """Nanoseconds since 1970 in UTC, to the microsecond; 1970 itself for what is in no calendar."""
    try:
        return datetime.fromtimestamp(wall_ns // 10**9, UTC).replace(microsecond=wall_ns // 1000 % 10**6)
    except (ValueError, OverflowError, OSError):  # a trace may hold any number
        return datetime.fromtimestamp(0, UTC)
