"""Compared modes as text for a terminal: a table, what each takes to be run like that, and what the figures are worth.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.export.comparison import MEASURES, Measure, ModeFigures, Spread, best
from inspector.export.comparison import named as named
from inspector.export.listing import Style, duration, size, visible

_TIMES = ("p50", "p90", "p99", "most", "cpu")
_ROUTES = 5  #: of each mode


def lines(rows: Sequence[ModeFigures], style: Style) -> Iterator[str]:
    """All of it. What is best is starred, the modes that were not tried come last with the reason."""
    tried = [row for row in rows if row.rounds]
    if tried:
        yield from _table(tried, style)
        yield ""
        for row in tried:
            yield from _about(row, style)
    for row in rows:
        if not row.rounds:
            yield f"{row.name}: {row.state}{f'. {visible(row.problem)}' if row.problem else ''}"


def _table(rows: Sequence[ModeFigures], style: Style) -> Iterator[str]:
    winners = {measure.id: best(rows, measure) for measure in MEASURES}
    cells = [
        ["Mode", *(measure.title for measure in MEASURES)],
        *([row.name, *(_cell(row, measure, row.name in winners[measure.id]) for measure in MEASURES)] for row in rows),
    ]
    widths = [max(len(line[at]) for line in cells) for at in range(len(cells[0]))]
    for number, line in enumerate(cells):
        first, *rest = (text.ljust(width) if not at else text.rjust(width) for at, (text, width) in
                        enumerate(zip(line, widths, strict=True)))  # fmt: skip
        shown = "  ".join([first, *rest]).rstrip()
        yield shown if number else style.title(shown)


def _cell(row: ModeFigures, measure: Measure, wins: bool) -> str:
    return f"{'*' if wins else ''}{figure(measure, measure.value(row))}"


def figure(measure: Measure, value: float) -> str:
    """A figure as people read it."""
    if measure.id == "rate":
        return f"{value:,.1f}"
    if measure.id in _TIMES:
        return duration(value / 1e6)
    return size(int(value)) if measure.id == "memory_peak" else f"{int(value):,}"


def _about(row: ModeFigures, style: Style) -> Iterator[str]:
    yield style.title(row.name)
    yield from (f"  {visible(line)}" for line in row.command.splitlines())
    if row.rounds > 1:
        medians = f"{duration(row.medians.least / 1e6)} to {duration(row.medians.greatest / 1e6)}"
        yield f"  {row.rounds} rounds: {_rates(row.rates)} requests/s, median {medians}"
    for route, latency in row.routes[:_ROUTES]:
        middle = ", ".join(f"{name} {duration(ns / 1e6)}" for name, ns in (("median", latency.p50),
                           ("p90", latency.p90), ("p99", latency.p99), ("max", latency.most)))  # fmt: skip
        yield f"  {visible(route)}  {latency.count:,}: {middle}"
    if len(row.routes) > _ROUTES:
        yield style.paint(f"  and {len(row.routes) - _ROUTES} more routes", "dim")


def _rates(spread: Spread) -> str:
    return f"{spread.least:,.1f} to {spread.greatest:,.1f}"


def remarks(rows: Sequence[ModeFigures], *, processors: int, paced: bool, at_once: int) -> Iterator[str]:
    """What has to be known to read the figures rightly. ``processors``: of the machine."""
    cores = "1 processor" if processors == 1 else f"{processors} processors"
    yield (
        f"Client, proxy and server shared this machine's {cores}: the figures compare these modes with each other, "
        "and say nothing of what a server can do alone."
    )
    if paced:
        yield "At a recorded pace requests come no faster in one mode than in another: compare how long they took."
    elif at_once == 1:
        yield "One request was under way at a time: more workers or threads have nothing to do."
    if any(row.rounds > 1 for row in rows):
        yield "A star marks the best, and what differs from it by no more than rounds do."
    if any(row.rounds == 1 for row in rows):
        yield "Each mode had one round: how much its figures vary is not known."
    if at_once > 1 and any(row.differing for row in rows):
        yield (
            f"{at_once} requests were under way at once, so their order was not the recorded one: answers that "
            "depend on it differ. One at a time keeps it."
        )
