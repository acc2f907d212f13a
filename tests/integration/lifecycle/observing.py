"""Observing one mode: its cells in sequence, and those of applications in trouble beside them."""

from __future__ import annotations

import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.lifecycle import subject, trouble
from tests.integration.lifecycle.life import Life
from tests.integration.lifecycle.scene import MARK, Scene, marked
from tests.integration.lifecycle.table import ROWS, Fact, Facts, Situation, expected
from tests.support.program import GatescopeRun, running


@dataclass(slots=True)
class Cell:
    """What was expected and what was seen."""

    expected: Facts
    seen: Facts = field(default_factory=Facts)
    seconds: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether it was reached and gone through."""
        return bool(self.seen) and "error" not in self.seen

    @property
    def differences(self) -> dict[str, tuple[Fact | None, Fact | None]]:
        """The facts that are not as expected: what they should be, and what they are."""
        if not self.seen:
            return {"reached": (True, False)}
        if "error" in self.seen:
            return {"error": (None, self.seen["error"])}
        names = [*self.expected, *(name for name in self.seen if name not in self.expected)]
        pairs = {name: (self.expected.get(name), self.seen.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


class Observation:
    """The cells of one mode. A sequence of them ends at the first that cannot be finished."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.cells = {situation: Cell(facts) for situation, facts in expected(slug).items()}
        self.seconds = 0.0

    @property
    def differences(self) -> list[str]:
        """A line for each fact that is not as expected."""
        return [
            f"{self.slug}, {situation}: {name}: expected {pair[0]!r}, seen {pair[1]!r}"
            for situation, cell in self.cells.items()
            for name, pair in cell.differences.items()
        ]

    def in_sequence(self, acts: list[tuple[Situation, Callable[[], Facts]]]) -> None:
        """Carry out ``acts``; what one raises is what was seen."""
        for situation, act in acts:
            cell, began = self.cells[situation], time.monotonic()
            try:
                cell.seen |= act()
            except Exception as error:
                cell.seen["error"] = f"{type(error).__name__}: {error}"
                return
            finally:
                cell.seconds += time.monotonic() - began


def observe(slug: str, output: int | None = None) -> Observation:
    """Start the program in the mode ``slug`` and see what comes of each situation.

    ``output``: where what the servers print goes, as ``subprocess`` takes it.
    """
    found, began, mark = Observation(slug), time.monotonic(), uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="gatescope-lifecycle-") as place:
        folder = subject.write(Path(place) / "project", ROWS[slug].interface)
        start = ROWS[slug].start(slug, "life:app")
        arguments = ["life:app", "--mode", start["mode"], "--env", f"{MARK}={mark}"]
        arguments += ["--command", start["custom"]] if "custom" in start else []
        with running(*arguments, cwd=folder, output=output) as run:
            beside = threading.Thread(target=_trouble, args=(found, run, folder, mark))
            beside.start()
            with Scene(run.control, str(run.lines[0]["app"]), run.trace, mark) as scene:
                life = Life(run, scene, slug, folder)
                found.in_sequence(_acts(life))
                beside.join()
                found.in_sequence([(Situation.STOP, life.end)])
    left = [pid for each in (mark, f"{mark}-late", f"{mark}-hang") for pid in marked(each)]
    found.cells[Situation.STOP].seen["processes left"] = len(left)
    found.seconds = time.monotonic() - began
    return found


def _acts(life: Life) -> list[tuple[Situation, Callable[[], Facts]]]:
    return [
        (Situation.START, life.start),
        (Situation.SERVE, life.serve),
        (Situation.TWO, life.two),
        (Situation.KILL_WORKER, life.kill_worker),
        (Situation.KILL_MASTER, life.kill_master),
        (Situation.RELOAD, life.reload),
        (Situation.SCALE, life.scale),
        (Situation.STOP, life.stop),
    ]


def _trouble(found: Observation, run: GatescopeRun, folder: Path, mark: str) -> None:
    def late() -> Facts:
        with Scene(run.control, "late", run.trace.with_name("late.gatescope"), f"{mark}-late") as scene:
            return trouble.boot_error(scene, found.slug, folder)

    def hang() -> Facts:
        with Scene(run.control, "hang", run.trace.with_name("hang.gatescope"), f"{mark}-hang") as scene:
            return trouble.hang(scene, found.slug, folder)

    found.in_sequence([(Situation.BOOT_ERROR, late)])
    found.in_sequence([(Situation.HANG, hang)])
