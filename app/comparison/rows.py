"""The modes of a comparison as rows: what is known of each while it goes on, and its figures once there are any.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.traffic import formats
from inspector.export.comparison import MEASURES, Measure, ModeFigures, best, named
from supervisor.control.messages import ComparisonStatus, TrialStatus

_TIMES = ("p50", "p90", "p99", "most", "cpu")
#: Which of a mode's trials tells how it stands.
_RANK = {"running": 0, "starting": 1, "failed": 2, "impossible": 3, "cancelled": 4, "finished": 5, "waiting": 6}


@dataclass(frozen=True, slots=True)
class Row:
    """A mode. ``state`` in words; ``figures`` are None while no round of it is over."""

    name: str
    state: str
    problem: str = ""
    figures: ModeFigures | None = None
    wins: frozenset[str] = frozenset()  #: the ids of the measures that it is best in

    @property
    def measured(self) -> bool:
        """Whether there is anything to show but its state."""
        return self.figures is not None and bool(self.figures.rounds)


def rows(status: ComparisonStatus | None, figures: Iterable[ModeFigures]) -> list[Row]:
    """In the order in which modes were chosen. ``status``: of the comparison, if it goes on or has just ended."""
    found = {row.name: row for row in figures}
    winners = {measure.id: best(found.values(), measure) for measure in MEASURES}
    trials: dict[str, list[TrialStatus]] = {}
    for trial in status.trials if status else ():
        trials.setdefault(named(trial.mode, trial.workers, trial.threads), []).append(trial)
    return [_row(name, trials.get(name, []), found.get(name), winners) for name in dict.fromkeys([*trials, *found])]


def _row(name: str, trials: list[TrialStatus], figures: ModeFigures | None, winners: dict[str, frozenset[str]]) -> Row:
    wins = frozenset(measure for measure, names in winners.items() if name in names)
    state, problem = (figures.state, figures.problem) if figures else ("waiting", "")
    if trials:
        state = _standing(trials)
        told = next((trial.problem for trial in trials if trial.problem), None)
        problem = f"{told.what} {told.why}".strip() if told else ""
    elif figures and figures.rounds > 1:
        state = f"{figures.rounds} rounds"
    return Row(name, state, problem, figures, wins)


def _standing(trials: list[TrialStatus]) -> str:
    now = min(trials, key=lambda trial: (_RANK.get(trial.state, 9), trial.round))
    done = sum(trial.state == "finished" for trial in trials)
    if now.state == "running":
        return f"round {now.round}: {now.sent} of {now.total}"
    if now.state == "starting":
        return f"round {now.round}: starting"
    if done and now.state in ("finished", "waiting", "cancelled"):
        return "finished" if len(trials) == 1 else f"{done} of {len(trials)} rounds"
    return now.state


def text(row: Row, measure: Measure) -> str:
    """A figure for a cell; empty where there is none."""
    if row.figures is None or not row.measured:
        return ""
    return figure(measure, measure.value(row.figures))


def figure(measure: Measure, value: float) -> str:
    """A figure as people read it."""
    if measure.id == "rate":
        return f"{value:.1f}" if value < 1000 else formats.count(round(value))
    if measure.id in _TIMES:
        return formats.duration(round(value))
    if measure.id == "memory_peak":
        return formats.size(int(value))
    return formats.count(int(value)) if value else ""


def spread(row: Row, measure: Measure) -> str:
    """How much a figure differed from round to round, in a sentence; empty where that is not known."""
    figures = row.figures
    if figures is None or measure.spread is None or figures.rounds < 2:
        return ""
    found = measure.spread(figures)
    return f"{figure(measure, found.least)} to {figure(measure, found.greatest)} in {figures.rounds} rounds"


def progress(status: ComparisonStatus) -> tuple[int, int]:
    """How much of a comparison is done, in thousandths of a turn, and how much that is in all."""
    parts = [1000 if t.state not in ("waiting", "starting", "running") else _part(t) for t in status.trials]
    return sum(parts), 1000 * len(parts)


def _part(trial: TrialStatus) -> int:
    return 1000 * trial.sent // trial.total if trial.total else 0


def words(status: ComparisonStatus) -> str:
    """How far a comparison is, in a line."""
    now = next((trial for trial in status.trials if trial.state in ("starting", "running")), None)
    now = now if status.state == "running" else None
    over = sum(trial.state not in ("waiting", "starting", "running") for trial in status.trials)
    if now is not None:
        what = "starting" if now.state == "starting" else f"{now.sent} of {now.total} sent"
        name = named(now.mode, now.workers, now.threads)
        return f"Turn {over + 1} of {len(status.trials)}: {name}, round {now.round}, {what}"
    ending = {"finished": "Finished", "cancelled": "Cancelled", "failed": "Failed"}.get(status.state, "Under way")
    return f"{ending}. {over} of {len(status.trials)} turns{f'. {status.error}' if status.error else ''}"


def as_text(found: Iterable[Row]) -> str:
    """The table with tabs between cells, to be pasted into a sheet."""
    lines = ["\t".join(["Mode", *(measure.title for measure in MEASURES), "Command"])]
    for row in found:
        command = " ".join(row.figures.command.split()) if row.figures else ""
        cells: list[str] = [text(row, measure) for measure in MEASURES]
        lines.append("\t".join([row.name, *cells, command]))
    return "\n".join(lines) + "\n"
