"""Rows of bars as strips of pixels one line high, kept in pieces, so that a frame costs what is new in it.

Pure: bars in, colours out; a clock is handed in. A piece covers a fixed stretch of time at one scale, counted from time
0, so that it stays good while the view moves. Where a row has changed, or the present has gone on, pieces are drawn
again; what cannot be in the time of one frame waits for the next, and until then the older piece does, or the scale
before.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.traffic.lanes.bars import OPEN, Row
from app.traffic.lanes.cells import LEVELS, Scale, cells

CELLS = 256  #: of one piece
WIDE = 44  #: columns of a bar that has room for words
_FINE = 5  #: a bar narrower than this many columns has no parts
_NEAR = _FINE + 1  #: columns by which a bar that grows may change its look before it had grown
_KEPT = 64  #: pieces of one row at one scale, about ten times what a screen holds
_CLEAR = 0


@dataclass(frozen=True, slots=True)
class Colors:
    """One tone's colours, each 32 bits: alpha, red, green, blue, multiplied by alpha."""

    waiting: int
    solid: int
    sending: int
    after: int
    levels: tuple[int, ...]


@dataclass(slots=True)
class Piece:
    """Part of a strip: the first column, counted from time 0, a colour for each, and which bars are ``WIDE``.

    Those by their numbers in the row, counted from its first bar ever. ``good`` is how many columns at the left are as
    they should be. ``image`` is for whoever puts it on the screen.
    """

    column: int
    pixels: array[int]
    wide: tuple[int, ...]
    good: int
    image: object = None


@dataclass(slots=True)
class _Strip:
    """What is drawn of one row: pieces by number, at this scale and at the one before.

    ``now`` is up to when its bar in flight has been drawn.
    """

    scale: tuple[int, int] = (0, 0)
    pieces: dict[int, Piece] = field(default_factory=dict)
    before: dict[int, Piece] = field(default_factory=dict)
    scale_before: tuple[int, int] = (0, 0)
    now: int = 0


class Strips:
    """The strips of all rows, in the colours of ``palette``."""

    def __init__(self, palette: Sequence[Colors]) -> None:
        self._palette = palette
        self._strips: dict[Row, _Strip] = {}
        self._now = 0  #: up to when bars in flight are drawn

    def begin(self, rows: list[Row], now: int) -> None:
        """A frame begins, which shows ``rows`` as they are at ``now``."""
        if len(self._strips) > 2 * len(rows) + 50:
            wanted = set(rows)
            self._strips = {row: strip for row, strip in self._strips.items() if row in wanted}
        for row in rows:
            strip = self._strips.setdefault(row, _Strip())
            since = row.changed
            if len(row) and row.ends[-1] > strip.now:  # in flight when it was drawn
                since = min(since, max(strip.now, row.starts[-1]))
            if since < OPEN:
                _spoil(strip, since)
            if row.emptied:
                _spoil_before(strip, row.emptied)
            row.changed, row.emptied, strip.now = OPEN, 0, now
        self._now = now

    def draw(self, row: Row, scale: Scale, may_go_on: Callable[[], bool]) -> tuple[list[Piece], bool]:
        """The pieces of a row in view, and whether they are as they should be.

        ``may_go_on`` says, before each that has to be drawn, whether there is time for it.
        """
        strip = self._strips.setdefault(row, _Strip())
        key = (scale.step, scale.grain)
        if strip.scale != key:
            if strip.pieces:
                strip.before, strip.scale_before = strip.pieces, strip.scale
            strip.scale, strip.pieces = key, {}
        width = CELLS * scale.grain
        first = scale.begin // scale.step // width
        last = (scale.begin // scale.step + scale.columns) // width
        complete = True
        found: list[Piece] = []
        for number in range(first, last + 1):
            piece = strip.pieces.get(number)
            if piece is None or piece.good < width:
                if may_go_on():
                    piece = strip.pieces[number] = self._piece(row, number * width, width, scale, piece)
                else:
                    complete = False
            if piece is not None:
                found.append(piece)
        _forget(strip.pieces, (first + last) // 2)
        return found, complete

    def before(self, row: Row) -> tuple[int, list[Piece]]:
        """The nanoseconds of a column, and the pieces, at the scale before, for where there are none yet."""
        strip = self._strips.get(row)
        return (strip.scale_before[0], list(strip.before.values())) if strip else (0, [])

    def _piece(self, row: Row, column: int, width: int, scale: Scale, known: Piece | None) -> Piece:
        """A piece, of which what is good of ``known`` is not drawn again."""
        good = known.good if known is not None else 0
        here = Scale((column + good) * scale.step, scale.step, width - good, scale.grain)
        pixels, wide = self._drawn(row, here)
        if known is None or not good:
            return Piece(column, pixels, tuple(wide), width)
        return Piece(column, known.pixels[:good] + pixels, tuple({*known.wide, *wide}), width)

    def _drawn(self, row: Row, scale: Scale) -> tuple[array[int], list[int]]:
        pixels = array("I", bytes(4 * scale.columns))
        big, small = cells(row, scale, self._now)
        for left, wide, tone, level in small:
            fill(pixels, left, left + wide, self._palette[tone].levels[level])
        for at in big:
            _bar(pixels, row, at, scale, self._now, self._palette[row.tones[at]])
        least = WIDE * scale.step
        return pixels, [at + row.gone for at in big if min(row.ends[at], self._now) - row.starts[at] >= least]


def _spoil(strip: _Strip, since: int) -> None:
    """What is drawn of the time after a moment is no longer so, and of the cells that may have grown together there."""
    for pieces, (step, grain) in ((strip.pieces, strip.scale), (strip.before, strip.scale_before)):
        for piece in pieces.values():
            column = since // step - piece.column - _NEAR - 2 * grain
            if column < piece.good:
                piece.good = max(0, column // grain * grain)


def _spoil_before(strip: _Strip, until: int) -> None:
    for pieces, (step, _grain) in ((strip.pieces, strip.scale), (strip.before, strip.scale_before)):
        for piece in pieces.values():
            if piece.column * step <= until:
                piece.good = 0


def _forget(pieces: dict[int, Piece], middle: int) -> None:
    """Keep those that the view may come back to soon."""
    if len(pieces) > _KEPT:
        for number in sorted(pieces, key=lambda number: abs(number - middle))[_KEPT // 2 :]:
            del pieces[number]


def _bar(pixels: array[int], row: Row, at: int, scale: Scale, now: int, colors: Colors) -> None:
    """One bar with its parts, and a column of air at its end."""
    edges = [_column(min(now, value[at]), scale) for value in (row.starts, row.called, row.answered, row.closed)]
    end = _column(min(now, row.ends[at]), scale)
    begin = edges[0]
    air = 1 if end - begin > 3 else 0
    if end - begin < _FINE:
        fill(pixels, begin, max(begin + 1, end - air), colors.levels[LEVELS - 1])
        return
    end -= air
    called, answered, closed = (min(end, edge) for edge in edges[1:])
    fill(pixels, begin, called, colors.waiting)
    fill(pixels, answered, closed, colors.sending)
    fill(pixels, closed, end, colors.after)
    fill(pixels, called, max(called + 1, answered), colors.solid)


def _column(t_ns: int, scale: Scale) -> int:
    return (t_ns - scale.begin + scale.step // 2) // scale.step


def fill(pixels: array[int], begin: int, end: int, color: int) -> None:
    """Give columns from ``begin`` up to ``end`` a colour, as far as there are any."""
    begin, end = max(0, begin), min(len(pixels), end)
    if begin < end:
        pixels[begin:end] = array("I", (color,)) * (end - begin)
