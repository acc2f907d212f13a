"""Which recorded exchanges are sent again, in what order and when; and the reason for each that is not.

Pure: decides from the exchanges' summaries (bodies need not be there). What only the whole exchange can tell is for
``inspector.replay.request``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from inspector.model import Kind
from inspector.pairing import Asked

#: The speed that waits for nothing but answers.
MAX = "max"
ORIGINAL = "original"


class Summary(Asked, Protocol):
    """What a plan needs to know of an exchange: an ``inspector.model.Exchange`` or a row of a trace."""

    @property
    def replay_run(self) -> int:
        """Not 0 if it is a replay itself."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One request to send, ``at_ns`` after the start (0 throughout at full speed)."""

    original: Summary
    at_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """One exchange that is not sent, and why."""

    original: Summary
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """``paced``: each step leaves at its time, however many are under way; else in turn, as answers come."""

    steps: tuple[Step, ...]
    skipped: tuple[Skipped, ...]
    paced: bool


def factor(speed: str) -> float:
    """How many times faster than recorded; infinity for ``max``. Raises ValueError for what is not a speed."""
    if speed == MAX:
        return math.inf
    if speed == ORIGINAL:
        return 1.0
    try:
        times = float(speed)
    except ValueError:
        times = math.nan
    if not 0 < times < math.inf:
        raise ValueError(f"{speed!r} is not a speed: say original, max, or a factor such as 2 or 0.5")
    return times


def plan(exchanges: Iterable[Summary], speed: str, *, replays_too: bool = False) -> Plan:
    """The plan for ``exchanges``, in the order in which they were opened.

    ``replays_too``: also those that are replays themselves. Raises ValueError for a speed that is none.
    """
    times = factor(speed)
    kept: list[Summary] = []
    skipped: list[Skipped] = []
    for exchange in sorted(exchanges, key=lambda exchange: (exchange.opened_ns, exchange.id)):
        reason = _reason(exchange, replays_too)
        if reason:
            skipped.append(Skipped(exchange, reason))
        else:
            kept.append(exchange)
    paced = math.isfinite(times)
    first = kept[0].opened_ns if kept else 0
    steps = (Step(exchange, int((exchange.opened_ns - first) / times) if paced else 0) for exchange in kept)
    return Plan(tuple(steps), tuple(skipped), paced)


def _reason(exchange: Summary, replays_too: bool) -> str:
    """Why ``exchange`` is not sent again; empty if it is."""
    if exchange.kind == Kind.LIFESPAN:
        return "the lifespan belongs to the server, there is nothing to send"
    if exchange.replay_run and not replays_too:
        return "it is a replay itself"
    if not exchange.method or not exchange.target:
        return "its request was never understood"
    return ""
