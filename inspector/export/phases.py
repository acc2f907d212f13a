"""Where the time of one exchange went: consecutive phases on one axis, cut from its timestamps.

Pure; knows neither Qt nor the store. All times are nanoseconds of the machine's monotonic clock; a timestamp of 0 has
not happened. ``now`` stands in for the end of an exchange that still runs.

Three parties take turns: the client, the server, and the application in it. Every moment belongs to one of them, so
that the phases of an exchange add up to its time. How long the client did not take what there was for it is known as a
sum (``held_ns``); it is put at the end, where it belongs but for a client that was slow and then was not.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from inspector.model import Kind

#: Names of the phases in order, with what each is.
MEANINGS = {
    "wait": "from the first byte of the request until its head was sent on to the server",
    "queue": "in the server before the application was called: parsing, waiting for a free worker",
    "app": "in the application, until it started its response (or ended without)",
    "server": "server and application together, where no probe saw the call",
    "sending": "the application handing over its response, until its last byte",
    "buffered": "the server alone, when the application was done: sending what it still held, or closing",
    "held": "the client slow to take what there was for it",
    "connected": "the WebSocket open, until it was closed",
    "after": "background work and clean-up after the response, which keep the worker busy",
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
    def last_app_ns(self) -> int: ...  # noqa: D102
    @property
    def answered_ns(self) -> int: ...  # noqa: D102
    @property
    def returned_ns(self) -> int: ...  # noqa: D102
    @property
    def closed_ns(self) -> int: ...  # noqa: D102
    @property
    def held_ns(self) -> int: ...  # noqa: D102


class Phase(NamedTuple):
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
    return [phase for phase in _cut(times, now) if phase.length_ns]


def lengths(times: Times) -> dict[str, int]:
    """How long each phase took that is over; an empty one only where its ends are known and not inferred."""
    known = {"wait", "queue", "app", *(("sending", "buffered", "held", "after") if times.answered_ns else ())}
    return {phase.name: phase.length_ns for phase in _cut(times, 0) if phase.length_ns or phase.name in known}


def total_ns(times: Times, now: int = 0) -> int:
    """From the first byte of the request to the last of the response (or ``now``); 0 when that is not known.

    Work after the response is not part of it: the client does not wait for it.
    """
    start = times.opened_ns or times.called_ns
    end = times.closed_ns or (0 if times.forwarded_ns else times.returned_ns) or now  # without a wire the return is it
    return max(0, end - start) if start else 0


# --- where one ends ---------------------------------------------------------------------------------------------------

#: A phase with when it ended, 0 when it has not; what a later event proves over ends with that event.
_Mark = tuple[str, int]


def _cut(times: Times, now: int) -> list[Phase]:
    found: list[Phase] = []
    position = times.opened_ns or times.called_ns
    for name, end in _marks(times, now):
        if not end:
            if now > position:
                found.append(Phase(name, position, now, running=True))
            break
        begun, position = position, max(position, end)
        found.append(Phase(name, begun, position))
    return found


def _marks(times: Times, now: int) -> list[_Mark]:
    called, over = times.called_ns, times.closed_ns
    if called and not times.forwarded_ns:  # without a wire the application's return is the end
        over = over or times.returned_ns
    begun = _begun(times, over)
    marks = _before(times, begun or over)
    if times.kind == Kind.WEBSOCKET:
        marks += [("connected", over)] if begun else []
    elif begun and (times.started_ns or times.first_byte_ns):
        marks += _response(times, begun, over, now)
    elif begun:
        marks.append(("buffered", over))
    if over and called:
        marks.append(("after", times.returned_ns))
    return marks


def _begun(times: Times, over: int) -> int:
    """When the response began; where the application ended without one, when that was."""
    ended = times.returned_ns if times.called_ns else 0
    known = [t for t in (times.started_ns or times.first_byte_ns, 0 if times.started_ns else ended) if t]
    return min([*known, over] if over else known) if known else 0


def _before(times: Times, begun: int) -> list[_Mark]:
    """What comes before the response, which began (or was cut off) at ``begun``."""
    if times.called_ns and not times.forwarded_ns:  # called without a proxy: what the server did before is not known
        return [("app", begun)]
    if times.called_ns:
        return [("wait", times.forwarded_ns), ("queue", times.called_ns), ("app", begun)]
    if begun:
        return [("wait", times.forwarded_ns or begun), ("server", begun)]
    return [("wait", times.forwarded_ns), ("queue", 0)]


def _response(times: Times, begun: int, over: int, now: int) -> list[_Mark]:
    """What comes after: the application, the server, the client, in this order."""
    end = over or now
    if not end:
        return [("sending", 0)]
    held = max(times.held_ns, end - times.answered_ns if times.answered_ns else 0)
    free = max(begun, end - held)
    handed = min(free, (times.last_app_ns or times.returned_ns or free) if times.called_ns else free)
    marks = [("sending", handed), ("buffered", free), ("held", over)]
    if not over and free >= now:  # the client takes all there is
        marks = [("sending", handed), ("buffered", 0)] if handed < free else [("sending", 0)]
    return marks if times.called_ns else [mark for mark in marks if mark[0] != "buffered"]
