"""The bars of all lanes: which lane and row each request is in, and where its parts begin and end.

Pure: rows of the trace in, arrays out; no Qt, no clock. Bars of one row never overlap and stand in the order of their
start, so that what a stretch of time holds is found by bisection. Times are nanoseconds of the monotonic clock.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from app.traffic import formats, secrecy
from app.traffic.phases import Times
from inspector.model import Kind, State

if TYPE_CHECKING:
    from inspector.store.reader import ExchangeRow

#: Colours by gravity: of several bars in one pixel the last of these is seen.
TONES = ("neutral", "ok", "info", "redirect", "open", "client_error", "server_error", "failed")
_TONE = {name: number for number, name in enumerate(TONES)}

MOST = 200_000  #: bars kept; the oldest go
OPEN = 2**62  #: the end of what has not ended

_AT_ONCE = 64  #: such a part of the bars goes at once: little enough for a frame
_SAMPLE = 16  #: every such bar is looked at to know which are the oldest

_LABEL = 80


class Parts(NamedTuple):
    """Where a bar's parts end; each begins where the one before ends. ``end`` is ``OPEN`` while it is in flight.

    Waiting until ``called``, the application until ``answered``, sending until ``closed``, after that until ``end``.
    """

    start: int
    called: int
    answered: int
    closed: int
    end: int


def parts(row: Times, *, running: bool) -> Parts:
    """The parts of an exchange; what has not come yet of a running one ends at ``OPEN``.

    Where no probe saw the call, server and application together count as the application.
    """
    start, called, closed = row.opened_ns or row.called_ns, row.called_ns, row.closed_ns
    answered = row.started_ns or row.first_byte_ns
    if not running and start <= called <= answered <= closed:  # nearly all: each after the other
        return Parts(start, called, answered, closed, max(closed, row.forwarded_ns, row.returned_ns))
    called = called or (0 if running and not answered else row.forwarded_ns)
    last = max(start, row.forwarded_ns, row.called_ns, answered, row.closed_ns, row.returned_ns)
    end = OPEN if running else last
    called = min(max(start, called or end), end)
    answered = min(max(called, answered or row.closed_ns or end), end)
    closed = min(max(answered, row.closed_ns or end), end)
    return Parts(start, called, answered, closed, end)


class Look(NamedTuple):
    """What a bar shows beside its times: a colour of ``TONES``, the status, and what was asked for."""

    tone: int
    status: int
    label: str


def in_order(rows: Iterable[ExchangeRow]) -> list[ExchangeRow]:
    """As they began, which is how they need the fewest rows of a lane."""
    return sorted(rows, key=lambda row: (row.opened_ns or row.called_ns, row.id))


def look(row: ExchangeRow) -> Look:
    """How the bar of ``row`` looks."""
    target = secrecy.target(row.target)
    asked = f"{row.method} {target}" if row.method else target
    return Look(_TONE[formats.tone(row.status, row.state)], row.status, formats.cell(asked, _LABEL))


@dataclass(slots=True, eq=False)
class Row:
    """Bars one after the other, as parallel arrays; ``solid`` and ``held`` are sums over all bars before one.

    ``changed`` is the earliest moment of what has changed since somebody, who draws it, put it to ``OPEN``;
    ``emptied``: before which moment bars have been taken away, since that was put to 0. ``free_from`` is when
    another bar fits, ``gone`` the number of bars that were taken away at the beginning.
    """

    slot: int = 0

    ids: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q"))
    called: array[int] = field(default_factory=lambda: array("q"))
    answered: array[int] = field(default_factory=lambda: array("q"))
    closed: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    solid: array[int] = field(default_factory=lambda: array("q"))
    held: array[int] = field(default_factory=lambda: array("q"))
    tones: bytearray = field(default_factory=bytearray)
    statuses: array[int] = field(default_factory=lambda: array("i"))
    labels: list[str] = field(default_factory=list)
    changed: int = OPEN
    emptied: int = 0
    free_from: int = 0
    gone: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    def append(self, identity: int, cut: Parts, look: Look) -> None:
        """One more bar, which begins when the last one is over. Written out: it is done for each exchange."""
        start, called, answered, closed, end = cut
        if start < self.changed:
            self.changed = start
        solid = held = 0
        if self.ids:
            shared = min(self.ends[-1], start)
            solid = self.solid[-1] + min(self.closed[-1], shared) - min(self.called[-1], shared)
            held = self.held[-1] + shared - self.starts[-1]
        self.ids.append(identity)
        self.starts.append(start)
        self.called.append(called)
        self.answered.append(answered)
        self.closed.append(closed)
        self.ends.append(end)
        self.solid.append(solid)
        self.held.append(held)
        self.tones.append(look.tone)
        self.statuses.append(look.status)
        self.labels.append(look.label)
        self.free_from = end

    def change(self, at: int, cut: Parts, look: Look) -> None:
        """The bar at ``at`` went on. One that has ended keeps its times: another may stand right behind it."""
        self.changed = min(self.changed, self.starts[at])
        if at == len(self.ids) - 1:
            for values, value in zip((self.called, self.answered, self.closed, self.ends), cut[1:], strict=True):
                values[at] = max(value, self.starts[at])
            self.free_from = self.ends[at]
        self.tones[at], self.statuses[at], self.labels[at] = look.tone, look.status, look.label

    def pop(self) -> None:
        """Take the last bar away."""
        self.changed = min(self.changed, self.starts[-1])
        for values in self._columns():
            del values[-1]
        self.free_from = self.ends[-1] if self.ends else 0

    def drop_before(self, t_ns: int) -> list[int]:
        """Take away the bars that ended before ``t_ns``; which they were."""
        end = bisect_left(self.ends, t_ns)
        gone = list(self.ids[:end])
        if gone:
            self.emptied, self.gone = self.ends[end - 1], self.gone + end
            for values in self._columns():
                del values[:end]
        return gone

    def find(self, identity: int, start: int) -> int:
        """Where the bar of an exchange is, which began at about ``start``; -1 if it is not in this row."""
        for at in range(bisect_left(self.starts, start), bisect_right(self.starts, start)):
            if self.ids[at] == identity:
                return at
        return next((at for at, found in enumerate(self.ids) if found == identity), -1)

    def at(self, t_ns: int, slack: int = 0) -> int:
        """The bar that is at a moment, or not further from it than ``slack``; -1 for none."""
        here = bisect_right(self.starts, t_ns) - 1
        if here >= 0 and self.ends[here] >= t_ns - slack:
            return here
        return here + 1 if here + 1 < len(self.ids) and self.starts[here + 1] <= t_ns + slack else -1

    def between(self, begin: int, end: int) -> range:
        """The bars of which something lies in a stretch of time."""
        first = bisect_right(self.starts, begin) - 1
        if first < 0 or self.ends[first] < begin:
            first += 1
        return range(first, max(first, bisect_left(self.starts, end)))

    def _columns(self) -> tuple[array[int] | bytearray | list[str], ...]:
        return (
            self.ids, self.starts, self.called, self.answered, self.closed, self.ends, self.solid, self.held,
            self.tones, self.statuses, self.labels,
        )  # fmt: skip


class Lanes:
    """Every lane by its slot. ``take`` is the only way in; what a row of the trace says replaces what was known."""

    def __init__(self, most: int = MOST) -> None:
        self.rows: dict[int, list[Row]] = {}
        self.first = OPEN  #: the earliest start there is
        self.last = 0  #: the latest moment that anything is known of
        self.since = 0  #: of what began before, not all is here
        self.version = 0  #: grows with every change
        self._most = most
        self._where: dict[int, Row] = {}
        self._alone: dict[int, int] = {}  # instance -> the slot of its only worker
        self._waiting: dict[int, ExchangeRow] = {}

    def __len__(self) -> int:
        return len(self._where)

    def __contains__(self, identity: int) -> bool:
        return identity in self._where

    def clear(self) -> None:
        """Another trace."""
        self.version += 1
        self.rows.clear()
        self._where.clear()
        self._waiting.clear()
        self._alone.clear()
        self.first, self.last, self.since = OPEN, 0, 0

    def take(self, changed: Iterable[ExchangeRow]) -> None:
        """New and changed exchanges, in any order."""
        self.version += 1
        for row in in_order(changed):
            if row.kind != Kind.LIFESPAN and (row.opened_ns or row.called_ns):
                self._take(row)
        if len(self._where) > self._most:
            self._let_go()

    def leave_out(self, gone: Iterable[int]) -> None:
        """Take away exchanges that were in flight and are not in the trace any more."""
        self.version += 1
        for identity in gone:
            self._waiting.pop(identity, None)
            if (row := self._where.pop(identity, None)) is not None:
                self._move_out(identity, row)

    def know_alone(self, alone: Mapping[int, int]) -> None:
        """Instances that have one worker, and its slot: what waits for such an instance can only wait for that one."""
        if alone == self._alone:
            return
        self._alone = dict(alone)
        self.version += 1
        for row in list(self._waiting.values()):
            self._take(row)

    def find(self, identity: int, start: int) -> tuple[int, Row, int] | None:
        """An exchange's slot, row and place in it."""
        row = self._where.get(identity)
        return None if row is None else (row.slot, row, row.find(identity, start))

    def label(self, identity: int) -> str:
        """What an exchange asked for; empty if it is not among the bars."""
        row = self._where.get(identity)
        return "" if row is None else row.labels[row.find(identity, 0)]

    def between(self, begin: int, end: int) -> list[int]:
        """The ids of the exchanges that were under way in a stretch of time, in order."""
        every = (row for rows in self.rows.values() for row in rows)
        return sorted(row.ids[at] for row in every for at in row.between(begin, end))

    def slots(self, begin: int, end: int) -> dict[int, int]:
        """The slots that hold a bar in a stretch of time, and how many rows each needs there."""
        found: dict[int, int] = {}
        for slot, rows in self.rows.items():
            needed = next((at + 1 for at in reversed(range(len(rows))) if rows[at].between(begin, end)), 0)
            if needed:
                found[slot] = needed
        return found

    def _take(self, row: ExchangeRow) -> None:
        running = row.state == State.OPEN
        cut = parts(row, running=running)
        slot = row.worker_slot or self._alone.get(row.instance, 0)
        self._note(cut)
        if running and not row.worker_slot:
            self._waiting[row.id] = row
        else:
            self._waiting.pop(row.id, None)
        known = self._where.get(row.id)
        if known is not None:
            if known.slot == slot:
                known.change(known.find(row.id, cut.start), cut, look(row))
                return
            self._move_out(row.id, known)
        self._place(slot, row.id, cut, look(row))

    def _note(self, cut: Parts) -> None:
        self.first = min(self.first, cut.start)
        if cut.end < OPEN:  # the latest of its moments
            self.last = max(self.last, cut.end)
        else:
            self.last = max(self.last, *(at for at in cut if at < OPEN))

    def _place(self, slot: int, identity: int, cut: Parts, bar: Look) -> None:
        rows = self.rows.setdefault(slot, [])
        for row in rows:
            if row.free_from <= cut.start:
                break
        else:
            row = Row(slot)
            rows.append(row)
        row.append(identity, cut, bar)
        self._where[identity] = row

    def _move_out(self, identity: int, row: Row) -> None:
        """Only what was in flight moves, and nothing stands behind that."""
        if row.ids[-1] == identity:
            row.pop()
        rows = self.rows[row.slot]
        while rows and not rows[-1]:
            rows.pop()

    def _let_go(self) -> None:
        """A part of the oldest bars: a little and often, since whoever looks on would notice all at once."""
        sample = sorted(start for row in self._every() for start in row.starts[::_SAMPLE])
        line = sample[max(1, len(sample) // _AT_ONCE)]
        self.since = max(self.since, line)
        for row in self._every():
            for identity in row.drop_before(line):
                del self._where[identity]
        self.first = min(row.starts[0] for row in self._every() if row)

    def _every(self) -> Iterator[Row]:
        return (row for rows in self.rows.values() for row in rows)


def runs(ids: Iterable[int], known: Lanes, most: int = 40) -> str:
    """Sorted ids as the filter language lists them, ``3,7..12``; what lanes do not know does not part a run.

    With more than ``most`` runs the earliest are joined to one: they are long ago, and the rest is exact.
    """
    found: list[list[int]] = []
    for identity in ids:
        if found and not any(between in known for between in range(found[-1][1] + 1, identity)):
            found[-1][1] = identity
        else:
            found.append([identity, identity])
    if len(found) > most:
        found[: len(found) - most + 1] = [[found[0][0], found[len(found) - most][1]]]
    return ",".join(str(first) if first == last else f"{first}..{last}" for first, last in found)
