"""Which stretch of time is in view, how it moves, and the ticks of its axis.

Pure. Times are nanoseconds of the monotonic clock; ticks stand at round wall-clock times, so whoever asks for them says
how far the two clocks are apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

SECOND = 1_000_000_000
_SHORTEST = SECOND // 10_000  #: 0.1 ms across the whole width
_LONGEST = 7 * 24 * 3600 * SECOND
_EDGE = 0.02  #: of the span is left free at the right, so that the newest is not stuck to the frame

_STEPS = tuple(
    [digit * 10**power for power in range(3, 9) for digit in (1, 2, 5)]
    + [s * SECOND for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """``begin`` and ``span`` in nanoseconds; ``following``: the right edge stays at the newest."""

    begin: int = 0
    span: int = 30 * SECOND
    following: bool = True

    @property
    def end(self) -> int:
        """The right edge."""
        return self.begin + self.span

    def follow(self, now: int) -> View:
        """With the newest at the right edge, from now on."""
        return replace(self, begin=now - round(self.span * (1 - _EDGE)), following=True)

    def zoom(self, at: int, factor: float) -> View:
        """``factor`` times as long, with ``at`` where it is; while following the right edge stays instead."""
        span = max(_SHORTEST, min(_LONGEST, round(self.span * factor)))
        if self.following:
            newest = self.begin + round(self.span * (1 - _EDGE))
            return View(0, span).follow(newest)
        share = (at - self.begin) / self.span
        return View(at - round(span * share), span, False)

    def pan(self, by: int) -> View:
        """Moved by nanoseconds; that ends following."""
        return View(self.begin + by, self.span, False)

    def fit(self, first: int, last: int) -> View:
        """All from ``first`` to ``last``, with a little air at both ends."""
        span = max(_SHORTEST, min(_LONGEST, round((last - first) * 1.04)))
        return View(last - round(span * 0.98), span, False)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis at ``t_ns``; ``label`` is its time of day."""

    t_ns: int
    label: str


def ticks(view: View, most: int, offset: int) -> Iterator[Tick]:
    """Up to about ``most`` ticks at round times; wall time, local, is the monotonic time plus ``offset``."""
    step = next((step for step in _STEPS if view.span <= step * most), _STEPS[-1])
    wall = -(-(view.begin + offset) // step) * step
    while wall - offset < view.end:
        yield Tick(wall - offset, _label(wall, step))
        wall += step


def _label(wall: int, step: int) -> str:
    seconds, rest = divmod(wall, SECOND)
    text = f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}"
    if step >= 60 * SECOND:
        return text
    text += f":{seconds % 60:02d}"
    digits = next(digits for digits in (0, 1, 2, 3, 4, 5, 6) if step % 10 ** (9 - digits) == 0)
    return f"{text}.{rest // 10 ** (9 - digits):0{digits}d}" if digits else text


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lane is: its slot, the rows it shows, top and height in pixels, and the height of one row."""

    slot: int
    rows: int
    top: int
    height: int
    row_height: int


_PADDING = 3  #: above and below the rows of a lane
TALLEST = 16
_LOWEST = 3


def arrange(needed: dict[int, int], room: int, name_height: int) -> list[Place]:
    """Lanes under each other, those of workers by slot and slot 0 last, as high as ``room`` allows.

    ``needed`` is the rows of each; ``name_height`` the least that a lane's name needs. What does not fit even with the
    lowest rows goes beyond ``room``.
    """
    slots = sorted(needed, key=lambda slot: (slot == 0, slot))

    def height(slot: int, row: int) -> int:
        return max(name_height, needed[slot] * row + 2 * _PADDING)

    row = next((row for row in range(TALLEST, _LOWEST, -1) if sum(height(s, row) for s in slots) <= room), _LOWEST)
    places, top = [], 0
    for slot in slots:
        places.append(Place(slot, needed[slot], top, height(slot, row), row))
        top += height(slot, row)
    return places
