"""Where the time of one exchange went: consecutive phases on one axis, cut from its timestamps.

Pure; knows neither Qt nor the store. All times are nanoseconds of the machine's monotonic clock; a timestamp of 0 has
not happened. ``now`` stands in for the end of an exchange that still runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from inspector.model import Kind

#: Names of the phases in order, with what each says to the reader.
MEANINGS = {
    "client": "Waiting for the client: from the first byte of the request until its head was sent on.",
    "queue": "In the server before the application: accept queue, parsing, a free thread or worker.",
    "application": "The application at work, until it started its response.",
    "server": "Server and application together, until the first byte came back (no probe saw the call).",
    "sending": "The response on its way, until its last byte went to the client: the application's next chunks, what"
    " the server holds back, and a client that is slow to take it.",
    "connected": "The WebSocket open, until it was closed.",
    "after": "After the response: background tasks and clean-up; the worker is still held.",
}

TITLES = {
    "client": "Client wait",
    "queue": "Queue in server",
    "application": "Application",
    "server": "Server and application",
    "sending": "Sending",
    "connected": "Connected",
    "after": "After response",
}


class Times(Protocol):
    """What an exchange and a row of the table have in common."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def opened_ns(self) -> int: ...  # noqa: D102
    @property
    def forwarded_ns(self) -> int: ...  # noqa: D102
    @property
    def called_ns(self) -> int: ...  # noqa: D102
    @property
    def started_ns(self) -> int: ...  # noqa: D102
    @property
    def first_byte_ns(self) -> int: ...  # noqa: D102
    @property
    def returned_ns(self) -> int: ...  # noqa: D102
    @property
    def closed_ns(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of an exchange. ``running``: it has not ended; its end is the ``now`` that was asked with."""

    name: str
    start_ns: int
    end_ns: int
    running: bool = False

    @property
    def length_ns(self) -> int:
        """How long it took, never negative."""
        return self.end_ns - self.start_ns


def phases(times: Times, now: int = 0) -> list[Phase]:
    """The phases of an exchange, without gaps; empty ones are left out.

    ``now`` is 0 for an exchange that is over or abandoned. A missing later timestamp of a running exchange means that
    its current phase goes on until ``now``.
    """
    marks = _marks(times)
    found: list[Phase] = []
    position = times.opened_ns or times.called_ns
    for name, end in marks:
        if end:
            if end > position:
                found.append(Phase(name, position, end))
                position = end
        elif now > position:
            found.append(Phase(name, position, now, running=True))
            break
    return found


def _marks(times: Times) -> list[tuple[str, int]]:
    """Each phase with when it ended, 0 when it has not; what a later event proves over ends with that event."""
    began = times.called_ns
    answered = times.started_ns or times.first_byte_ns
    over = times.closed_ns
    if not times.forwarded_ns and began:  # called without a proxy: what the server did before is not known
        marks = [("application", answered or over)]
    elif began:
        marks = [("client", times.forwarded_ns), ("queue", began), ("application", answered or over)]
    elif answered or over:
        marks = [("client", times.forwarded_ns or over), ("server", answered or over)]
    else:
        marks = [("client", times.forwarded_ns), ("queue", 0)]
    if not times.forwarded_ns and began and not over:  # without a wire the application's return is the end
        over = times.returned_ns
        marks[-1] = ("application", answered or over)
    marks.append(("connected" if times.kind == Kind.WEBSOCKET else "sending", over))
    if began:
        marks.append(("after", times.returned_ns))
    return marks


def total_ns(times: Times, now: int = 0) -> int:
    """From the first byte of the request to the last of the response (or ``now``); 0 when that is not known.

    Work after the response is not part of it: the client does not wait for it.
    """
    start = times.opened_ns or times.called_ns
    end = times.closed_ns or (times.returned_ns if not times.opened_ns else 0) or now
    return max(0, end - start) if start else 0
