"""Which life is drawn in which row of the time line, and how one walks from life to life. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.workers.history import Life

#: Nanoseconds by which a life may begin before the one ahead of it has ended and still be drawn behind it.
_TOUCH = 100_000_000
_FOREVER = 1 << 62


@dataclass(slots=True)
class Row:
    """Lives of a slot, one after the other. ``sub`` counts the rows of the same slot from 0.

    A slot has a second row where a process lives beside another: an instance that comes while the one before it leaves.
    """

    slot: int
    sub: int
    lives: list[Life] = field(default_factory=list)
    borns: list[int] = field(default_factory=list)

    def between(self, begin: int, end: int, now: int) -> list[Life]:
        """The lives of which a part lies in a stretch of time."""
        last = bisect_right(self.borns, end)
        first = bisect_left(self.borns, begin)
        while first > 0 and (self.lives[first - 1].ended_ns or now) >= begin:
            first -= 1
        return self.lives[first:last]

    def nearest(self, t_ns: int, now: int) -> Life | None:
        """The life at a moment, or the one that is closest to it."""
        return min(self.lives, key=lambda life: _distance(life, t_ns, now), default=None)


def rows_of(lives: Iterable[Life]) -> list[Row]:
    """``lives`` in rows, by slot and then as they came."""
    slots: dict[int, list[Row]] = {}
    for life in sorted(lives, key=lambda life: (life.born_ns, life.id)):
        rows = slots.setdefault(life.slot, [])
        row = next((row for row in rows if _end(row.lives[-1]) <= life.born_ns + _TOUCH), None)
        if row is None:
            row = Row(life.slot, len(rows))
            rows.append(row)
        row.lives.append(life)
        row.borns.append(life.born_ns)
    return [row for slot in sorted(slots) for row in slots[slot]]


def place_of(rows: list[Row], identity: int) -> tuple[int, int]:
    """Row and position of a life, by its worker's id; (-1, -1) if it is not there."""
    for at, row in enumerate(rows):
        for number, life in enumerate(row.lives):
            if life.id == identity:
                return at, number
    return -1, -1


def step(rows: list[Row], identity: int, *, along: int, across: int, now: int) -> Life | None:
    """The life that many steps along the row, or across to another row at the same time; from none: the newest."""
    at, number = place_of(rows, identity)
    if at < 0:
        return max((row.lives[-1] for row in rows), key=lambda life: life.born_ns, default=None)
    here = rows[at]
    if along:
        return here.lives[max(0, min(len(here.lives) - 1, number + along))]
    target = rows[max(0, min(len(rows) - 1, at + across))]
    life = here.lives[number]
    return target.nearest((life.born_ns + (life.ended_ns or now)) // 2, now) if target is not here else life


def span(lives: Iterable[Life], last: int) -> tuple[int, int]:
    """The first birth and the last moment, at least ``last``."""
    borns, ends = [], [last]
    for life in lives:
        borns.append(life.born_ns or last)
        ends.append(life.ended_ns)
    return min(borns, default=last), max(ends)


def _end(life: Life) -> int:
    return life.ended_ns or _FOREVER


def _distance(life: Life, t_ns: int, now: int) -> int:
    return max(life.born_ns - t_ns, t_ns - (life.ended_ns or now), 0)
