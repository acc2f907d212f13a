"""Sums over any number of exchanges, in memory that does not grow with them: by route, and by step of time.

Pure; rows of the trace in, figures out. Times are counted in logarithmic classes less than one percent wide, of which
percentiles are read off; steps of time get twice as long whenever there are too many. Nanoseconds throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING

from app.traffic.timing import route_of

if TYPE_CHECKING:
    from inspector.store.rows import Over

STEPS = 240  #: of time, at most
FIRST_STEP_NS = 1_000_000_000
MOST_ROUTES = 2_000
OTHERS = "(all other routes)"
_MAPPED = (
    1 << 27
)  #: exchanges up to this number are remembered by a bit each, others, which no recorder makes, one by one
_SPREAD = 16  #: steps across which one exchange is counted as in flight one by one
_FINE = 7  #: bits kept of a time: classes are at most 1/64 wide, their middle at most 1/128 off

Times = dict[int, int]


def class_of(ns: int) -> int:
    """The class that counts a time; classes are in the order of their times."""
    shift = ns.bit_length() - _FINE
    return (shift << _FINE) + (ns >> shift) if shift > 0 else max(0, ns)


def middle(number: int) -> int:
    """The time that stands for a class."""
    shift = number >> _FINE
    return ((number & ((1 << _FINE) - 1)) << shift) + ((1 << shift) >> 1)


def percentiles(times: Mapping[int, int], *wanted: int) -> tuple[int, ...]:
    """The smallest times that so many of a hundred are not above (nearest rank); ``wanted`` in order. 0 without any."""
    total = sum(times.values())
    found: list[int] = []
    ranks = [max(1, ceil(total * percent / 100)) for percent in wanted]
    seen = 0
    for number in sorted(times):
        seen += times[number]
        while len(found) < len(ranks) and seen >= ranks[len(found)]:
            found.append(middle(number))
    return tuple(found) or (0,) * len(wanted)


@dataclass(slots=True)
class _Route:
    count: int = 0
    errors: int = 0
    bytes: int = 0
    slowest: int = 0
    times: Times = field(default_factory=dict)


@dataclass(slots=True)
class _Step:
    count: int = 0
    errors: int = 0
    times: Times = field(default_factory=dict)
    busy: Times = field(default_factory=dict)  # by slot: how long exchanges were in flight, together


@dataclass(frozen=True, slots=True)
class RouteFigures:
    """A route in figures; times in nanoseconds."""

    method: str
    route: str
    count: int
    errors: int
    p50: int
    p90: int
    p99: int
    slowest: int
    bytes: int

    @property
    def name(self) -> str:
        """Method and route."""
        return f"{self.method} {self.route}".strip()


@dataclass(frozen=True, slots=True)
class Course:
    """What went on, step by step: ``at`` is the middle of each, in seconds; the rest has a value for each.

    Latencies are in milliseconds and None where nothing began; rates are per second; ``in_flight`` is the mean number
    by slot.
    """

    step_s: float = 1.0
    at: tuple[float, ...] = ()
    p50: tuple[float | None, ...] = ()
    p90: tuple[float | None, ...] = ()
    p99: tuple[float | None, ...] = ()
    rate: tuple[float, ...] = ()
    errors: tuple[float, ...] = ()
    in_flight: Mapping[int, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """All there is to show: by route in the order they were first seen, over time, and of how many exchanges."""

    routes: tuple[RouteFigures, ...] = ()
    course: Course = Course()
    count: int = 0


class Sums:
    """Adds up. ``since`` is the last change of the trace that is in it."""

    def __init__(self) -> None:
        self.since = 0
        self.count = 0
        self._routes: dict[tuple[str, str], _Route] = {}
        self._steps: dict[int, _Step] = {}
        self._step_ns = FIRST_STEP_NS
        self._seen = bytearray()
        self._seen_beyond: set[int] = set()

    def add(self, rows: Iterable[Over], wall: Callable[[int, int], int]) -> None:
        """Count these, each once however often it comes; ``wall(ns, id)`` puts an exchange's times on one clock."""
        for row in rows:
            if self._is_new(row.id):
                self.count += 1
                self._add_to_route(row)
                self._add_to_steps(row, wall(row.began_ns, row.id))

    def _is_new(self, identity: int) -> bool:
        if not 0 <= identity < _MAPPED:
            known = identity in self._seen_beyond
            self._seen_beyond.add(identity)
            return not known
        at, bit = identity >> 3, 1 << (identity & 7)
        if at >= len(self._seen):
            self._seen.extend(bytes(at + 4096 - len(self._seen)))
        if self._seen[at] & bit:
            return False
        self._seen[at] |= bit
        return True

    def _add_to_route(self, row: Over) -> None:
        key = (row.method, _route(row.target))
        route = self._routes.get(key)
        if route is None:
            if len(self._routes) >= MOST_ROUTES:
                key = ("", OTHERS)
            route = self._routes.setdefault(key, _Route())
        route.count += 1
        route.errors += row.failed
        route.bytes += row.bytes
        route.slowest = max(route.slowest, row.took_ns)
        number = class_of(row.took_ns)
        route.times[number] = route.times.get(number, 0) + 1

    def _add_to_steps(self, row: Over, began: int) -> None:
        step = self._step(began // self._step_ns)
        step.count += 1
        step.errors += row.failed
        number = class_of(row.took_ns)
        step.times[number] = step.times.get(number, 0) + 1
        if row.slot:
            self._add_busy(row.slot, began, began + row.took_ns)
        while len(self._steps) > STEPS:
            self._widen()

    def _add_busy(self, slot: int, begin: int, end: int) -> None:
        """In each step the part that lies in it; of a very long one, evenly in those that there are."""
        width = self._step_ns
        first, last = begin // width, max(begin, end - 1) // width
        among: Iterable[int] = range(first, last + 1)
        if last - first >= _SPREAD:
            among = [number for number in self._steps if first <= number <= last]
        for number in among:
            part = min(end, (number + 1) * width) - max(begin, number * width)
            busy = self._step(number).busy
            busy[slot] = busy.get(slot, 0) + part

    def _step(self, number: int) -> _Step:
        found = self._steps.get(number)
        if found is None:
            found = self._steps[number] = _Step()
        return found

    def _widen(self) -> None:
        """Twice as long steps: two become one."""
        self._step_ns *= 2
        before, self._steps = self._steps, {}
        for number, step in before.items():
            into = self._step(number // 2)
            into.count += step.count
            into.errors += step.errors
            for held, more in ((into.times, step.times), (into.busy, step.busy)):
                for key, value in more.items():
                    held[key] = held.get(key, 0) + value

    def figures(self) -> Figures:
        """What it comes to now."""
        return Figures(tuple(_figures(*key, route) for key, route in self._routes.items()), self._course(), self.count)

    def _course(self) -> Course:
        if not self._steps:
            return Course()
        first, last = min(self._steps), max(self._steps)
        numbers = list(islice(range(first, last + 1), 4 * STEPS))  # of traces of two days only the steps that there are
        if last - first >= 4 * STEPS:
            numbers = sorted(self._steps)
        nothing, seconds = _Step(), self._step_ns / 1e9
        steps = [self._steps.get(number, nothing) for number in numbers]
        latencies = [percentiles(step.times, 50, 90, 99) if step.count else None for step in steps]
        slots = sorted({slot for step in steps for slot in step.busy})
        return Course(
            seconds,
            tuple((number + 0.5) * seconds for number in numbers),
            _in_ms(latencies, 0),
            _in_ms(latencies, 1),
            _in_ms(latencies, 2),
            tuple(step.count / seconds for step in steps),
            tuple(step.errors / seconds for step in steps),
            {slot: tuple(step.busy.get(slot, 0) / self._step_ns for step in steps) for slot in slots},
        )


def _in_ms(latencies: Iterable[tuple[int, ...] | None], at: int) -> tuple[float | None, ...]:
    return tuple(found[at] / 1e6 if found else None for found in latencies)


def _figures(method: str, name: str, route: _Route) -> RouteFigures:
    p50, p90, p99 = (min(ns, route.slowest) for ns in percentiles(route.times, 50, 90, 99))
    return RouteFigures(method, name, route.count, route.errors, p50, p90, p99, route.slowest, route.bytes)


@lru_cache(maxsize=20_000)
def _route(target: str) -> str:
    return route_of(target.partition("?")[0])
