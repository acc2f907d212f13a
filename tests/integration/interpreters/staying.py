"""One mode in one environment: started, asked, switched, a worker killed, stopped; what was expected and what was seen.

The facts are those of the table of lives (``tests/integration/lifecycle``): another Python changes none of them.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.control.messages import AppStatus, Problem, SwitchMode
from supervisor.servers.catalogue import MODES
from tests.integration.interpreters.environments import Environment
from tests.integration.lifecycle import subject
from tests.integration.lifecycle.life import Life
from tests.integration.lifecycle.observing import Cell
from tests.integration.lifecycle.scene import MARK, Scene, marked
from tests.integration.lifecycle.table import ROWS, Facts, Situation, expected
from tests.support.program import running

SITUATIONS = ("start", "serve", "switch", "2 workers", "kill -9 worker", "stop")


@dataclass(slots=True)
class Stay:
    """The cells of a mode under an interpreter, or why there are none."""

    version: str
    slug: str
    skipped: str = ""
    cells: dict[str, Cell] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def differences(self) -> list[str]:
        """A line for each fact that is not as expected."""
        return [
            f"{self.version}, {self.slug}, {name}: {fact}: expected {pair[0]!r}, seen {pair[1]!r}"
            for name, cell in self.cells.items()
            for fact, pair in cell.differences.items()
        ]


def stay(environment: Environment, slug: str, output: int | None = None) -> Stay:
    """Have the mode ``slug`` in ``environment``. ``output``: where servers print to, as ``subprocess`` has it."""
    found, began = Stay(environment.version, slug), time.monotonic()
    found.skipped = environment.lacks(MODES[slug])
    if not found.skipped:
        try:
            _have(found, environment, _partner(environment, slug), output)
        except AssertionError as error:  # it does not start
            found.cells["start"].seen["error"] = str(error)
    found.seconds = time.monotonic() - began
    return found


def _partner(environment: Environment, slug: str) -> str:
    """A mode to switch to and back from: another server of the same interface, or with none the same again."""
    likely = ("wsgiref",) if MODES[slug].interface == "WSGI" else ("uvicorn", "hypercorn")
    return next((one for one in likely if one != slug and not environment.lacks(MODES[one])), slug)


def _have(found: Stay, environment: Environment, partner: str, output: int | None) -> None:
    found.cells = {name: Cell(dict(facts)) for name, facts in _expected(found, partner).items()}
    mark = uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="gatescope-interpreters-") as place:
        folder = subject.write(Path(place) / "project", MODES[found.slug].interface)
        arguments = ["life:app", "--mode", found.slug, "--python", environment.python, "--env", f"{MARK}={mark}"]
        with (
            running(*arguments, cwd=folder, output=output) as run,
            Scene(run.control, str(run.lines[0]["app"]), run.trace, mark) as scene,
        ):
            life = Life(run, scene, found.slug, folder)
            acts: dict[str, Callable[[], Facts]] = {
                "start": lambda: life.start() | {"python": _minor(scene.status()), "lent": len(scene.status().lent)},
                "serve": life.serve,
                "switch": lambda: _switch(life, scene, (partner, found.slug)),
                "2 workers": life.two,
                "kill -9 worker": life.kill_worker,
                "stop": lambda: life.stop() | life.end(),
            }
            _in_sequence(found, acts)
    if "stop" in found.cells and found.cells["stop"].finished:
        found.cells["stop"].seen["processes left"] = len(marked(mark))


def _expected(found: Stay, partner: str) -> dict[str, Facts]:
    table = expected(found.slug)
    cells = {name: table[Situation(name)] for name in SITUATIONS if name != "switch"}
    cells["start"] = cells["start"] | {"python": found.version, "lent": 0}
    cells["switch"] = {"modes": f"{partner}, {found.slug}", "state": "running", "failed": 0}
    return {name: cells[name] for name in SITUATIONS}


def _in_sequence(found: Stay, acts: dict[str, Callable[[], Facts]]) -> None:
    for name, act in acts.items():
        cell, began = found.cells[name], time.monotonic()
        try:
            cell.seen |= act()
        except Exception as error:
            cell.seen["error"] = f"{type(error).__name__}: {error}"
            return
        finally:
            cell.seconds = time.monotonic() - began


def _switch(life: Life, scene: Scene, slugs: tuple[str, ...]) -> Facts:
    """There and back again, under load."""
    taken = []
    with life.load() as load:
        for slug in slugs:
            status = scene.tell(SwitchMode, mode=slug, app=scene.name)
            if isinstance(status, Problem):
                raise AssertionError(f"{status.what} {status.why}")
            taken.append(status.mode)
            load.more(5)
    return {"modes": ", ".join(taken), "state": scene.status().state, "failed": len(load.failed)}


def _minor(status: AppStatus) -> str:
    return ".".join(status.python_version.split(".")[:2])


def slugs(only: list[str] | None = None) -> list[str]:
    """The modes to have, in the order of the table of lives."""
    return [slug for slug in ROWS if slug in MODES and (not only or slug in only)]
