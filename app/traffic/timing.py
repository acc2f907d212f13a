"""How one exchange stands among those of its route: which those are, percentiles, and what each phase usually takes.

Pure. What a route is says ``inspector.export.routes``. Times are nanoseconds.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.traffic.phases import Times, phases, total_ns
from app.traffic.terms import quoted
from inspector.export.routes import percentile as percentile
from inspector.export.routes import route_of as route_of

LOOKED_AT = 2_000  #: exchanges of a route, at most: the newest
RECENT = 100_000  #: ids before the newest that are searched for them
ENOUGH = 5  #: with fewer, percentiles say nothing

BINS = 48


def query_of(method: str, path: str, newest: int) -> str:
    """The filter for what is over of a route."""
    return f"{filter_of_route(method, route_of(path))} -is:open id:>={max(0, newest - RECENT)}"


def filter_of_route(method: str, route: str) -> str:
    """The filter for all of a route, as ``route_of`` names it."""
    if "{}" in route:
        parts = (("[^/]+" if part == "{}" else re.escape(part)) for part in route.split("/"))
        wanted = quoted(f"~^{'/'.join(parts)}$")
    else:
        wanted = quoted(f"={route}")
    return f"method:{quoted(method)} path:{wanted}" if method else f"path:{wanted}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A route's exchanges in figures. ``slower_than`` is the share, 0 to 1, that took less time than this one.

    ``bins`` counts them on a logarithmic axis from ``low`` to ``high``; ``usual`` is the median of each phase, ``most``
    what nine of ten are not above; those that have no such phase count as 0.
    """

    route: str
    count: int
    slower_than: float = 0.0
    p50: int = 0
    p90: int = 0
    p99: int = 0
    low: int = 0
    high: int = 0
    bins: tuple[int, ...] = ()
    usual: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    def position(self, ns: int) -> float:
        """Where a time stands on the axis, 0 to 1."""
        if self.high <= self.low:
            return 0.5
        return min(1.0, max(0.0, math.log(max(ns, self.low) / self.low) / math.log(self.high / self.low)))


def standing(route: str, total: int, others: Iterable[Times]) -> Standing:
    """Where a time of ``total`` stands among ``others`` of ``route``, which it may be one of."""
    rows = list(others)
    totals = sorted(max(1, total_ns(row)) for row in rows)
    if not totals:
        return Standing(route, 0)
    low, high = min(totals[0], max(1, total)), max(totals[-1], total)
    found = Standing(
        route, len(totals), bisect_left(totals, total) / len(totals), percentile(totals, 50), percentile(totals, 90),
        percentile(totals, 99), low, high,
    )  # fmt: skip
    bins = [0] * BINS
    for value in totals:
        bins[min(BINS - 1, int(found.position(value) * BINS))] += 1
    return Standing(
        found.route, found.count, found.slower_than, found.p50, found.p90, found.p99, low, high, tuple(bins),
        *_by_phase(rows),
    )  # fmt: skip


def _by_phase(rows: Sequence[Times]) -> tuple[dict[str, int], dict[str, int]]:
    spent: dict[str, list[int]] = {}
    for row in rows:
        for phase in phases(row):
            spent.setdefault(phase.name, []).append(phase.length_ns)
    ordered = {name: [*[0] * (len(rows) - len(found)), *sorted(found)] for name, found in spent.items()}
    usual, most = ({name: percentile(found, percent) for name, found in ordered.items()} for percent in (50, 90))
    return usual, most


def sentence(found: Standing) -> str:
    """How one stands, in words."""
    asked = f"{found.count:,} answered requests of {found.route}"
    if found.count < ENOUGH:
        few = "1 answered request" if found.count == 1 else f"{found.count} answered requests"
        return f"Only {few} of {found.route} so far: too few to compare with."
    if found.slower_than <= 0:
        return f"The fastest of the {asked}."
    if found.slower_than >= 1 - 1 / found.count:
        return f"The slowest of the {asked}."
    return f"Slower than {found.slower_than:.0%} of the {asked}.".replace("%", " %")


def scale(total: int, most: int) -> list[int]:
    """Round times for an axis from 0 to ``total``, at most ``most`` steps."""
    if total <= 0:
        return [0]
    power = 10 ** max(0, int(math.log10(total)) - 1)
    step = next(digit * power for digit in (1, 2, 5, 10, 20, 50, 100) if total <= digit * power * most)
    return list(range(0, total + 1, step))
