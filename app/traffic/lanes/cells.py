"""What of a row of bars is drawn where: bars that are wide enough one by one, all others gathered by pixel column.

Pure, and the hot path of painting: its cost goes with the pixels of a row, not with the bars in it. Hence the one long
loop, and tuples.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from app.traffic.lanes.bars import Row

LEVELS = 4  #: strengths of a cell

#: Left column, number of columns, tone, and strength from 1 (faint) to ``LEVELS`` (full).
Cell = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Scale:
    """From nanoseconds to pixel columns: ``begin`` is the left edge, ``step`` the nanoseconds of one column.

    ``grain`` is the columns that a cell takes: more than one where there are more rows than can be drawn in time.
    """

    begin: int
    step: int
    columns: int
    grain: int = 1

    @property
    def end(self) -> int:
        """The right edge."""
        return self.begin + self.step * self.columns

    def x(self, t_ns: int) -> float:
        """The pixel of a moment."""
        return (t_ns - self.begin) / self.step

    def t(self, x: float) -> int:
        """The moment of a pixel."""
        return self.begin + round(x * self.step)


def cells(row: Row, scale: Scale, now: int) -> tuple[list[int], list[Cell]]:
    """The bars at least two cells wide, and cells for the others.

    Cells are counted from time 0 and not from the left edge, so that one keeps its bars while the view moves.
    """
    big: list[int] = []
    small: list[Cell] = []
    grain = scale.grain
    step = scale.step * grain
    starts, ends, tones, held, solid = row.starts, row.ends, row.tones, row.held, row.solid
    found = row.between(scale.begin, scale.end)
    at, last, count = found.start, found.stop, len(row)
    origin = scale.begin // scale.step
    while at < last:
        start = starts[at]
        if min(ends[at], now) - start >= 2 * step:
            big.append(at)
            at += 1
            continue
        column = start // step
        end = bisect_left(starts, (column + 1) * step, at + 1, last)
        if end - at > 1 and min(ends[end - 1], now) - starts[end - 1] >= 2 * step:
            end -= 1
        if end < count:
            worked, spent = solid[end] - solid[at], held[end] - held[at]
        else:
            worked, spent = _up_to_last(row, at, now)
        level = min(LEVELS, 1 + LEVELS * (2 * worked + spent) // (3 * step))
        _add(small, (column * grain - origin, grain, max(tones[at:end]), level))
        at = end
    return big, small


def _add(small: list[Cell], cell: Cell) -> None:
    """One cell more; joined to the one before it if they look alike and touch."""
    if small:
        left, width, tone, level = small[-1]
        if left + width == cell[0] and tone == cell[2] and level == cell[3]:
            small[-1] = (left, width + cell[1], tone, level)
            return
    small.append(cell)


def _up_to_last(row: Row, at: int, now: int) -> tuple[int, int]:
    """Time in the application, and at all, from the bar ``at`` to the end of the row."""
    over = max(row.starts[-1], min(now, row.ends[-1]))
    worked = row.solid[-1] - row.solid[at] + min(row.closed[-1], over) - min(row.called[-1], over)
    return worked, row.held[-1] - row.held[at] + over - row.starts[-1]
