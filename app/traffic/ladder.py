"""The sequence diagram's layout: who a message goes from and to, and how far below the last one it stands.

Pure. The distance between two messages grows with the time between them, up to a limit: a longer gap is cut and marked
as such. Positions are pixels from the top, times monotonic nanoseconds.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from app.traffic import formats
from inspector.model import Direction, Message, Side

CLIENT, PROXY, SERVER, APPLICATION = range(4)
#: Where each lifeline stands, of the width there is for them.
LIFELINES = (0.0, 0.21, 0.52, 1.0)

ROW = 24  #: pixels of one message, where text has its usual size
LONGEST = 60  #: pixels of a gap, at most
_USUAL = 18  #: pixels that a gap of mean length gets
_STATUS = re.compile(r'"status"\s*:\s*"?(\d{3})')
_GONE = {"client.gone": CLIENT, "upstream.gone": SERVER}
_ALARMING = frozenset({*_GONE, "raise"})


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one lifeline to another; the same twice for an end of one. ``alarming``: something went wrong there."""

    source: int
    target: int
    alarming: bool = False

    @property
    def passes_proxy(self) -> bool:
        """Whether the proxy saw it on its way."""
        return self.source != self.target and APPLICATION not in (self.source, self.target)


def arrow(message: Message) -> Arrow:
    """Who says it to whom. A wire message is seen by the proxy between client and server."""
    if message.type in _GONE:
        return Arrow(_GONE[message.type], _GONE[message.type], True)
    near, far = (CLIENT, SERVER) if message.side == Side.WIRE else (SERVER, APPLICATION)
    ends = (near, far) if message.direction == Direction.IN else (far, near)
    return Arrow(*ends, message.type in _ALARMING)


def title(message: Message) -> str:
    """A message's name, with the status where it carries one."""
    found = _STATUS.search(message.info[:200])
    return f"{message.type} {found.group(1)}" if found else message.type


def weight(message: Message) -> str:
    """Its size, empty when it carries nothing."""
    return formats.size(message.size) if message.size else ""


class Layout:
    """Where each message of an exchange stands. ``fill`` again from the first row that is new or another one.

    ``row``: pixels of one message; ``set_row`` is for text of another size.
    """

    def __init__(self) -> None:
        self.row = ROW
        self.tops = array("q")
        self.broken: set[int] = set()  #: rows before which a gap was cut
        self.ns_per_pixel = 1
        self._times: list[int] = []
        self._fitted = 0  # how many rows the scale was chosen for

    def __len__(self) -> int:
        return len(self.tops)

    @property
    def height(self) -> int:
        """All of it."""
        return self.tops[-1] + self.row if self.tops else 0

    def set_row(self, pixels: int) -> None:
        """Messages are so high from now on: all are placed anew."""
        if pixels != self.row:
            self.row = pixels
            self._place(0)

    def fill(self, times: Sequence[int], first: int = 0) -> None:
        """Messages at ``times`` from row ``first`` on; those before it stay, and there are none after."""
        self._times[first:] = times
        count = len(self._times)
        if not first or count >= 2 * self._fitted:
            first = 0
            self._fitted = count
            span = self._times[-1] - self._times[0] if count else 0
            self.ns_per_pixel = _round_up(span // (_USUAL * max(1, count - 1)))
        self._place(first)

    def gap(self, row: int) -> int:
        """The pixels between the message in ``row`` and the one before it."""
        return self.tops[row] - self.tops[row - 1] - self.row if row else 0

    def visible(self, top: int, bottom: int) -> range:
        """The rows of which something, or the gap before them, lies between two heights."""
        first = max(0, bisect_right(self.tops, top - self.row))
        return range(first, min(len(self.tops), bisect_right(self.tops, bottom + LONGEST)))

    def row_at(self, y: int) -> int:
        """The message at a height; in a gap the one before it; -1 without any."""
        return max(0, bisect_right(self.tops, y) - 1) if self.tops else -1

    def _place(self, first: int) -> None:
        del self.tops[first:]
        self.broken = {row for row in self.broken if row < first} if first else set()
        top = self.tops[-1] + self.row if first else 0
        before = self._times[first - 1] if first else (self._times[0] if self._times else 0)
        for row in range(first, len(self._times)):
            gap = max(0, self._times[row] - before) // self.ns_per_pixel
            before = self._times[row]
            if gap > LONGEST:
                self.broken.add(row)
                gap = LONGEST
            self.tops.append(top + gap)
            top += gap + self.row


def _round_up(value: int) -> int:
    """The next of 1, 2, 5, 10, 20, ..., so that a live exchange is not laid out anew for every message."""
    power = 1
    while power * 10 <= value:
        power *= 10
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)
