"""What was before the bars that are kept: how much began at each slot in each step of time, summed by the store.

Steps are counted from time 0, so that sums stay good while the view moves; they are asked for slice by slice, and what
is known is not asked for again. Pure. Times are nanoseconds of the monotonic clock.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from app.traffic.lanes.bars import TONES
from app.traffic.lanes.cells import LEVELS, Scale
from app.traffic.lanes.strips import Piece, fill

STEPS = 500  #: in view, at most
_AT_ONCE = 64  #: steps asked for at once: of a million exchanges a tenth of a second
_KEPT = 8  #: times as many steps as are in view, and what is far away is forgotten
_WIDE = 2048  #: columns of a piece
_PIECES = 200
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


Sums = dict[int, tuple[Sum, ...]]  # by slot


@dataclass(frozen=True, slots=True)
class Older:
    """The sums of a stretch of time, by slot; ``step`` is the time of each, but for the last, which may be shorter."""

    begin: int = 0
    end: int = 0
    step: int = 0
    sums: tuple[tuple[int, tuple[Sum, ...]], ...] = ()

    def of(self, slot: int) -> tuple[Sum, ...]:
        """The sums of one slot, in order."""
        return next((found for known, found in self.sums if known == slot), ())

    def at(self, slot: int, t_ns: int) -> Sum | None:
        """The sum of a slot at a moment."""
        sums = self.of(slot)
        found = bisect_right(sums, t_ns, key=lambda one: one.begin) - 1
        return sums[found] if found >= 0 and t_ns < sums[found].end else None


class Wanted(NamedTuple):
    """Which sums a view shows: whole steps, but that the last ends where the bars begin."""

    begin: int
    end: int
    step: int

    def meets(self, older: Older) -> bool:
        """Whether ``older`` is of the same steps and holds some of this, or ends where this begins."""
        return self.step == older.step and older.begin <= self.end and self.begin <= older.end

    def overlaps(self, other: Wanted) -> bool:
        """Whether both want some of the same."""
        return self.step == other.step and self.begin < other.end and other.begin < self.end


class Slice(NamedTuple):
    """What to ask the store for."""

    begin: int
    end: int
    steps: int


def wanted(begin: int, end: int, bars: int) -> Wanted | None:
    """What a view from ``begin`` to ``end`` shows of the time before ``bars`` begin; None: nothing."""
    step = 1 << max(0, (end - begin - 1) // STEPS).bit_length()
    begin = max(0, begin) // step * step
    end = min(bars, -(-end // step) * step)
    return Wanted(begin, end, step) if begin < end else None


class Gathering:
    """Puts ``older`` together from slices, without a gap."""

    def __init__(self) -> None:
        self.older = Older()
        self._known: Sums = {}

    def next(self, wanted: Wanted) -> Slice | None:
        """What is still to be asked for, the newest first; None: all is known."""
        known, step = self.older, wanted.step
        if not wanted.meets(known):
            begin = max(wanted.begin, wanted.end // step * step - _AT_ONCE * step)
            return _slice(begin, wanted.end, step)
        if known.end < wanted.end:
            return _slice(known.end // step * step, wanted.end, step)
        if wanted.begin < known.begin:
            return _slice(max(wanted.begin, known.begin - _AT_ONCE * step), known.begin, step)
        return None

    def take(self, wanted: Wanted, asked: Slice, fresh: Sums) -> None:
        """The answer to what was ``asked`` for."""
        if not wanted.meets(self.older) or (self.older.end - self.older.begin) // wanted.step > _KEPT * STEPS:
            self.older, self._known = Older(asked.begin, asked.begin, wanted.step), {}
        for slot in {*fresh, *self._known}:
            known = self._known.get(slot, ())
            before = known[: bisect_left(known, asked.begin, key=lambda one: one.begin)]
            after = known[bisect_left(known, asked.end, key=lambda one: one.begin) :]
            self._known[slot] = (*before, *fresh.get(slot, ()), *after)
        begin, end = min(self.older.begin, asked.begin), max(self.older.end, asked.end)
        self.older = Older(begin, end, wanted.step, tuple(sorted(self._known.items())))


def sums_of(asked: Slice, loads: Iterable[Load]) -> Sums:
    """What ``loads``, in the order of their steps, tell."""
    found: dict[int, list[Sum]] = {}
    for load in loads:
        found.setdefault(load.slot, []).append(_sum(*asked, load))
    return {slot: tuple(sums) for slot, sums in found.items()}


def _slice(begin: int, end: int, step: int) -> Slice:
    """Whole steps of a stretch of time, or what is left of it if that is less than one."""
    whole = min(_AT_ONCE, (end - begin) // step)
    return Slice(begin, begin + whole * step, whole) if whole else Slice(begin, end, 1)


class Drawn:
    """Sums as pieces of strips, kept while neither they nor the scale change; ``inks`` by tone and strength."""

    def __init__(self, inks: Sequence[Sequence[int]]) -> None:
        self._inks = inks
        self._older, self._step = Older(), 0
        self._pieces: dict[tuple[int, int], Piece] = {}

    def pieces(self, older: Older, slot: int, scale: Scale) -> list[Piece]:
        """What is in view of the sums of a slot."""
        if older is not self._older or scale.step != self._step or len(self._pieces) > _PIECES:
            self._older, self._step, self._pieces = older, scale.step, {}
        begin, end = max(older.begin, scale.begin), min(older.end, scale.end)
        if begin >= end:
            return []
        numbers = range(begin // scale.step // _WIDE, end // scale.step // _WIDE + 1)
        return [self._piece(slot, number) for number in numbers]

    def _piece(self, slot: int, number: int) -> Piece:
        piece = self._pieces.get((slot, number))
        if piece is None:
            piece = self._pieces[slot, number] = self._made(self._older.of(slot), number * _WIDE)
        return piece

    def _made(self, sums: tuple[Sum, ...], column: int) -> Piece:
        step, pixels = self._step, array("I", bytes(4 * _WIDE))
        first = bisect_right(sums, column * step, key=lambda one: one.end)
        last = bisect_left(sums, (column + _WIDE) * step, key=lambda one: one.begin)
        for one in sums[first:last]:
            left, right = ((t_ns + step // 2) // step - column for t_ns in (one.begin, one.end))
            fill(pixels, left, max(left + 1, right), self._inks[one.tone][one.level])
        return Piece(column, pixels, (), _WIDE)


def began_between(begin: int, end: int) -> str:
    """The filter for what began between two moments, both in nanoseconds since 1970 of the user's own clock."""
    return f"time:{_written(begin // _MS)}..{_written(-(-end // _MS))}"


def _written(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03}"


def _sum(begin: int, end: int, steps: int, load: Load) -> Sum:
    left, right = (begin + (end - begin) * step // steps for step in (load.step, load.step + 1))
    tone = "failed" if load.failed else _CLASSES.get(load.worst // 100, "neutral")
    level = min(LEVELS, 1 + LEVELS * load.busy_ns // max(1, right - left))
    return Sum(left, right, load.exchanges, _TONE[tone], level)
