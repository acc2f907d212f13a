"""What was before the bars that are kept: how much began at each slot in each step of time, summed by the store.

Pure. Times are nanoseconds of the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from app.traffic.lanes.bars import TONES
from app.traffic.lanes.cells import LEVELS

_TONE = {name: number for number, name in enumerate(TONES)}
_MS = 1_000_000
_CLASSES = {2: "ok", 3: "redirect", 4: "client_error", 5: "server_error"}


class Load(Protocol):
    """What began in one step of time at one slot, as the store sums it."""

    @property
    def slot(self) -> int: ...  # noqa: D102
    @property
    def step(self) -> int: ...  # noqa: D102
    @property
    def exchanges(self) -> int: ...  # noqa: D102
    @property
    def worst(self) -> int: ...  # noqa: D102
    @property
    def failed(self) -> int: ...  # noqa: D102
    @property
    def busy_ns(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Sum:
    """A stretch of time in a lane: the number of exchanges, a tone of ``TONES``, a strength from 1 to ``LEVELS``."""

    begin: int
    end: int
    exchanges: int
    tone: int
    level: int


@dataclass(frozen=True, slots=True)
class Older:
    """The sums of a stretch of time, by slot."""

    begin: int = 0
    end: int = 0
    sums: tuple[tuple[int, tuple[Sum, ...]], ...] = ()

    def of(self, slot: int) -> tuple[Sum, ...]:
        """The sums of one slot, in order."""
        return next((found for known, found in self.sums if known == slot), ())

    def at(self, slot: int, t_ns: int) -> Sum | None:
        """The sum of a slot at a moment."""
        return next((one for one in self.of(slot) if one.begin <= t_ns < one.end), None)


def began_between(begin: int, end: int) -> str:
    """The filter for what began between two moments, both in nanoseconds since 1970 of the user's own clock."""
    return f"time:{_written(begin // _MS)}..{_written(-(-end // _MS))}"


def _written(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03}"


def older_of(begin: int, end: int, steps: int, loads: Iterable[Load]) -> Older:
    """What ``loads`` of the time from ``begin`` to ``end``, cut into ``steps``, tell."""
    found: dict[int, list[Sum]] = {}
    for load in loads:
        found.setdefault(load.slot, []).append(_sum(begin, end - begin, steps, load))
    return Older(begin, end, tuple((slot, tuple(sums)) for slot, sums in sorted(found.items())))


def _sum(begin: int, span: int, steps: int, load: Load) -> Sum:
    left, right = (begin + span * step // steps for step in (load.step, load.step + 1))
    tone = "failed" if load.failed else _CLASSES.get(load.worst // 100, "neutral")
    level = min(LEVELS, 1 + LEVELS * load.busy_ns // max(1, right - left))
    return Sum(left, right, load.exchanges, _TONE[tone], level)
