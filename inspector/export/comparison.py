"""One recording under several modes, in figures: how fast each answered, how alike, and at what cost.

Pure: the trials of a comparison and what their replays brought in, figures out. Times are nanoseconds, memory is bytes.
Latencies are those of the proxy, from a request's first byte to its answer's last; those of all rounds count together,
and what the rounds differ by is kept beside them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.export.routes import percentile, route_of
from inspector.model import NOT_REPLAYED, Instance, Trial

if TYPE_CHECKING:
    from inspector.store.rows import Replayed

#: Points of a curve: more than a plot has pixels to show.
POINTS = 400


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure of several rounds: the least and the greatest that one of them had."""

    least: float = 0.0
    greatest: float = 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Of so many answers."""

    count: int = 0
    least: int = 0
    p50: int = 0
    p90: int = 0
    p99: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """A mode with what its trials came to.

    ``state`` is that of its best trial: ``finished`` if one was. ``rounds``: those that were finished. ``errors``:
    requests without a whole answer, or with a status of 5xx. ``differing``: answers unlike the original's.
    """

    mode: str
    workers: int
    threads: int
    state: str
    problem: str = ""
    adapted: bool = False
    command: str = ""
    rounds: int = 0
    sent: int = 0
    errors: int = 0
    differing: int = 0
    left_out: int = 0
    rate: float = 0.0  #: answers a second
    rates: Spread = Spread()
    latency: Latency = Latency()
    medians: Spread = Spread()
    curve: tuple[tuple[int, float], ...] = ()  #: a time, and the share of answers that took no longer
    memory_peak: int = 0
    memory_mean: int = 0
    cpu_ns: float = 0.0  #: of a round
    deaths: int = 0
    routes: tuple[tuple[str, Latency], ...] = ()
    runs: tuple[int, ...] = ()  #: the replays, a round each

    @property
    def name(self) -> str:
        """The mode with its numbers, as the command line writes it."""
        return named(self.mode, self.workers, self.threads)

    @property
    def cpu_per_request_ns(self) -> float:
        """Processor time that an answer took."""
        return self.cpu_ns * self.rounds / self.sent if self.sent else 0.0


def named(mode: str, workers: int, threads: int) -> str:
    """``gunicorn-gthread*2x4``: two workers of four threads; what is one is left away."""
    size = f"*{workers}" if workers > 1 or threads > 1 else ""
    return f"{mode}{size}{f'x{threads}' if threads > 1 else ''}"


def figures(
    trials: Iterable[Trial], instances: Iterable[Instance], replayed: Mapping[int, Sequence[Replayed]]
) -> list[ModeFigures]:
    """A row for each mode, in the order of their first trials. ``replayed`` by the number of the run."""
    launched = {instance.id: instance for instance in instances}
    groups: dict[tuple[str, int, int], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.mode, trial.workers, trial.threads), []).append(trial)
    return [_of_mode(group, launched, replayed) for group in groups.values()]


def _of_mode(
    trials: Sequence[Trial], launched: Mapping[int, Instance], replayed: Mapping[int, Sequence[Replayed]]
) -> ModeFigures:
    done = [trial for trial in trials if trial.state == "finished"]
    best = done[0] if done else trials[0]
    instance = launched.get(best.instance)
    rounds = [[row for row in replayed.get(trial.run, ()) if not _left_out(row)] for trial in done]
    rows = [row for taken in rounds for row in taken]
    answered = [row for row in rows if not row.error and row.status]
    ordered = sorted(row.took_ns for row in answered)
    return ModeFigures(
        mode=best.mode, workers=best.workers, threads=best.threads, state=best.state, problem=best.problem,
        adapted=instance.adapted if instance else False,
        command=instance.command if instance else "",
        rounds=len(done),
        sent=len(rows),
        errors=sum(_failed(row) for row in rows),
        differing=sum(not row.same for row in rows),
        left_out=sum(_left_out(row) for trial in done for row in replayed.get(trial.run, ())),
        rate=_rate(rounds),
        rates=_spread(_rate([taken]) for taken in rounds),
        latency=_latency(ordered),
        medians=_spread(_median(taken) for taken in rounds),
        curve=_curve(ordered),
        memory_peak=max((trial.memory_peak for trial in done), default=0),
        memory_mean=round(_mean([trial.memory_mean for trial in done])),
        cpu_ns=_mean([trial.cpu_ns for trial in done]),
        deaths=sum(trial.deaths for trial in trials),
        routes=_routes(answered),
        runs=tuple(trial.run for trial in done),
    )  # fmt: skip


def _left_out(row: Replayed) -> bool:
    return row.error.startswith(NOT_REPLAYED)


def _failed(row: Replayed) -> bool:
    return bool(row.error) or not row.status or row.status >= 500


def _rate(rounds: Iterable[Sequence[Replayed]]) -> float:
    """Answers a second, over the time that the rounds took: in each from its first request to its last answer."""
    count, took = 0, 0
    for rows in rounds:
        times = [(row.opened_ns, row.opened_ns + row.took_ns) for row in rows if not row.error and row.opened_ns]
        if times:
            count += len(times)
            took += max(end for _, end in times) - min(begin for begin, _ in times)
    return count * 1e9 / took if took else 0.0


def _median(rows: Iterable[Replayed]) -> float:
    return float(_latency(sorted(row.took_ns for row in rows if not row.error and row.status)).p50)


def _latency(ordered: Sequence[int]) -> Latency:
    if not ordered:
        return Latency()
    p50, p90, p99 = (percentile(ordered, percent) for percent in (50, 90, 99))
    return Latency(len(ordered), ordered[0], p50, p90, p99, ordered[-1])


def _curve(ordered: Sequence[int]) -> tuple[tuple[int, float], ...]:
    """The share of answers that came within a time, at so many places as there are answers, or ``POINTS``."""
    count = len(ordered)
    places = range(1, min(count, POINTS) + 1)
    ranks = (math.ceil(place * count / min(count, POINTS)) for place in places)
    return tuple((ordered[rank - 1], rank / count) for rank in ranks)


def _spread(values: Iterable[float]) -> Spread:
    found = [value for value in values if value]
    return Spread(min(found), max(found)) if found else Spread()


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0


def _routes(rows: Iterable[Replayed]) -> tuple[tuple[str, Latency], ...]:
    """Each method and route with its latency, the one with the most time in all first."""
    times: dict[str, list[int]] = {}
    for row in rows:
        times.setdefault(f"{row.method} {route_of(row.target.partition('?')[0])}", []).append(row.took_ns)
    busiest = sorted(times.items(), key=lambda item: (-sum(item[1]), item[0]))
    return tuple((route, _latency(sorted(found))) for route, found in busiest)


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that modes are compared by.

    ``better``: 1 where more is, -1 where less is. ``spread``: what single rounds had, where that is kept.
    """

    id: str
    title: str
    meaning: str
    value: Callable[[ModeFigures], float]
    better: int = -1
    spread: Callable[[ModeFigures], Spread] | None = None

    def overlap(self, one: ModeFigures, other: ModeFigures) -> bool:
        """Whether two modes differ by no more than their own rounds do."""
        if self.value(one) == self.value(other):
            return True
        if self.spread is None or min(one.rounds, other.rounds) < 2:
            return False
        mine, theirs = self.spread(one), self.spread(other)
        return mine.least <= theirs.greatest and theirs.least <= mine.greatest


MEASURES = (
    Measure("rate", "Requests/s", "Whole answers a second", lambda f: f.rate, 1, lambda f: f.rates),
    Measure("p50", "Median", "Half of the answers took no longer", lambda f: f.latency.p50,
            spread=lambda f: f.medians),
    Measure("p90", "p90", "90 % of the answers took no longer", lambda f: f.latency.p90),
    Measure("p99", "p99", "99 % of the answers took no longer", lambda f: f.latency.p99),
    Measure("most", "Max", "The slowest answer", lambda f: f.latency.most),
    Measure("errors", "Errors", "Requests without a whole answer, or with a status of 5xx", lambda f: f.errors),
    Measure("differing", "Differ", "Answers unlike the recorded ones", lambda f: f.differing),
    Measure("memory_peak", "Memory", "The most that all its processes had together; shared pages count once",
            lambda f: f.memory_peak),
    Measure("cpu", "CPU/request", "Processor time of its processes, by the answers", lambda f: f.cpu_per_request_ns),
    Measure("deaths", "Deaths", "Workers that ended otherwise than in peace", lambda f: f.deaths),
)  # fmt: skip


def best(rows: Iterable[ModeFigures], measure: Measure) -> frozenset[str]:
    """The names of the modes that do best by ``measure``, with those that cannot be told from the best.

    None where all do alike, or only one was tried.
    """
    tried = [row for row in rows if row.rounds and row.sent]
    if not tried:
        return frozenset()
    ranked = sorted(tried, key=lambda row: -measure.better * measure.value(row))
    alike = list(itertools.takewhile(lambda row: measure.overlap(ranked[0], row), ranked))
    return frozenset(row.name for row in alike) if len(alike) < len(tried) else frozenset()


def record(row: ModeFigures) -> dict[str, Any]:
    """A mode for JSON: times in milliseconds, processor time in seconds, memory in bytes."""
    return {
        "event": "mode", "mode": row.mode, "workers": row.workers, "threads": row.threads, "name": row.name,
        "state": row.state, "problem": row.problem, "adapted": row.adapted, "command": row.command,
        "rounds": row.rounds, "sent": row.sent, "errors": row.errors, "different": row.differing,
        "left_out": row.left_out,
        "requests_per_second": round(row.rate, 2),
        "requests_per_second_by_round": [round(row.rates.least, 2), round(row.rates.greatest, 2)],
        "latency": _plain(row.latency),
        "median_by_round": [row.medians.least / 1e6, row.medians.greatest / 1e6],
        "routes": {route: _plain(latency) for route, latency in row.routes},
        "memory_peak": row.memory_peak, "memory_mean": row.memory_mean,
        "cpu_seconds": round(row.cpu_ns / 1e9, 3),
        "deaths": row.deaths, "runs": list(row.runs),
    }  # fmt: skip


def _plain(latency: Latency) -> dict[str, float]:
    return {
        "count": latency.count,
        **{
            name: round(ns / 1e6, 3)
            for name, ns in (
                ("min", latency.least), ("median", latency.p50), ("p90", latency.p90), ("p99", latency.p99),
                ("max", latency.most),
            )
        },
    }  # fmt: skip
