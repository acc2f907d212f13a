"""The Compare page between a socket that answers as a supervisor does and real traces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QAbstractSpinBox
from pytestqt.qtbot import QtBot

from app.actions import ActionRegistry
from app.comparison.model import TITLES, ModesModel
from app.comparison.page import ComparisonPage
from app.feed import TraceFeed
from app.launch.modes_list import SLUG
from app.settings import Settings
from inspector.model import Body, Exchange, Instance, ReplayResult, ReplayRun, State, Trial
from inspector.store.writer import TraceWriter
from supervisor.control.messages import (
    CancelComparison,
    ComparisonChanged,
    ComparisonStatus,
    Finished,
    Problem,
    StartComparison,
    TargetSpec,
    TrialMode,
    TrialStatus,
    WayOut,
)
from tests.app.conftest import SocketSupervisor, make_listed
from tests.support.made_trace import MadeTrace

DEADLINE = 20_000  #: ms; the plots' library is loaded meanwhile
SPEC = TargetSpec(target="shop:app")
MS = 1_000_000
DIFFERENT = '[{"where": "body", "path": "$.a", "original": 1, "replay": 2, "change": "changed", "volatile": false}]'


class Comparing:
    """The trace of a comparison under construction, and what a supervisor would tell of it."""

    def __init__(self, path: Path, source: str) -> None:
        self.path, self.source = path, source
        self.writer = TraceWriter(path)
        self.trials: list[TrialStatus] = []

    def add(self, mode: str, *times: int, state: str = "finished", workers: int = 1, problem: str = "") -> None:
        """A mode that answered two requests in so many milliseconds, the second otherwise than recorded."""
        writer = self.writer
        trial = Trial(writer.new_id("trial"), mode, workers, 1, 1, 8, state=state, problem=problem)
        if times:
            instance = Instance(writer.new_id("instance"), "shop", "shop:app", mode, "ASGI3", workers, 1)
            instance.command = f"{mode} shop:app"
            writer.instance(instance)
            trial.instance, trial.run = instance.id, writer.new_id("replay_run")
            trial.memory_peak, trial.cpu_ns = 40_000_000 * workers, 4 * MS
            writer.replay_run(ReplayRun(trial.run, self.source, "http://x", "max", len(times), state="finished"))
            for number, took in enumerate(times, 1):
                self._answer(trial.run, number, took)
        writer.trial(trial)
        told = Problem(what=problem) if problem else None
        self.trials.append(TrialStatus(mode=mode, workers=workers, threads=1, round=1, state=state, problem=told))

    def _answer(self, run: int, number: int, took: int) -> None:
        answer = Exchange(
            self.writer.new_id("exchange"), state=State.DONE, method="GET", target="/items/1", status=200,
            opened_ns=10**9, closed_ns=10**9 + took * MS, replay_of=number, replay_run=run,
            request_head=b"GET /items/1 HTTP/1.1\r\n\r\n", response_head=b"HTTP/1.1 200 OK\r\n\r\n",
            response_body=Body(8, b'{"a": 2}'),
        )  # fmt: skip
        self.writer.touch(answer)
        same = number == 1
        self.writer.replay_result(ReplayResult(run, number, answer.id, same, "[]" if same else DIFFERENT))

    def status(self, state: str = "running", *more: TrialStatus) -> ComparisonStatus:
        assert self.writer.flush()
        return ComparisonStatus(
            number=1, target=SPEC, source=self.source, trace=str(self.path), state=state, rounds=1,
            trials=(*self.trials, *more),
        )  # fmt: skip


class Shown:
    def __init__(self, qtbot: QtBot, link: Any, backend: SocketSupervisor, path: Path, settings: Settings) -> None:
        self.qtbot, self.backend = qtbot, backend
        self.feed = TraceFeed()
        self.actions = ActionRegistry()
        self.page = ComparisonPage(link, self.feed, self.actions, settings)
        qtbot.addWidget(self.page)
        self.page.resize(1200, 760)
        self.page.show()
        link.start()
        with qtbot.waitSignal(self.feed.opened, timeout=DEADLINE):
            self.feed.open(path, live=False)
        self.page.set_target(SPEC, make_listed())

    def until(self, happened: Any) -> None:
        self.qtbot.waitUntil(lambda: bool(happened()), timeout=DEADLINE)

    def tell(self, status: ComparisonStatus) -> None:
        self.backend.tell(ComparisonChanged(comparison=status))

    def cells(self, row: int) -> dict[str, str]:
        model = self.page.model
        return {title: model.data(model.index(row, at)) for at, title in enumerate(TITLES)}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    made = MadeTrace(tmp_path / "a.gatescope")
    made.traffic(4)
    made.close()
    return made.path


@pytest.fixture
def comparing(tmp_path: Path, recording: Path) -> Iterator[Comparing]:
    made = Comparing(tmp_path / "modes.gatescope", str(recording))
    yield made
    made.writer.close()


@pytest.fixture
def settings_of_page(tmp_path: Path, qapp: object) -> Settings:
    return Settings(tmp_path / "comparison.ini")


@pytest.fixture
def shown(
    qtbot: QtBot, link: Any, backend: SocketSupervisor, recording: Path, settings_of_page: Settings
) -> Iterator[Shown]:
    made = Shown(qtbot, link, backend, recording, settings_of_page)
    yield made
    made.page.results.close()
    made.feed.close()


def test_modes_are_chosen_from_those_that_there_are(shown: Shown, settings_of_page: Settings) -> None:
    chosen = shown.page.controls.modes
    assert [mode.mode for mode in chosen.modes] == ["uvicorn", "gunicorn-uvicorn"]
    assert not chosen.adapt
    rows = {chosen.add.itemData(at, SLUG): at for at in range(chosen.add.count())}
    chosen.add.activated.emit(rows["uvicorn"])
    chosen.add.activated.emit(rows["gunicorn-sync"])
    assert chosen.modes[2:] == (TrialMode(mode="uvicorn", workers=2), TrialMode(mode="gunicorn-sync"))
    assert chosen.adapt
    spin = chosen.chips[1].workers
    assert spin is not None
    spin.setFocus()
    shown.qtbot.keyClick(spin, Qt.Key.Key_Up)
    assert chosen.modes[1].workers == 2
    shown.qtbot.mouseClick(chosen.chips[0].remove, Qt.MouseButton.LeftButton)
    assert [mode.mode for mode in chosen.modes] == ["gunicorn-uvicorn", "uvicorn", "gunicorn-sync"]
    kept = settings_of_page.value("comparison/modes", [])
    assert kept == [["gunicorn-uvicorn", 2, 0], ["uvicorn", 2, 0], ["gunicorn-sync", 1, 0]]
    shown.page.set_target(TargetSpec(target="other:app"), make_listed())
    assert [mode.mode for mode in chosen.modes] == ["gunicorn-uvicorn", "uvicorn", "gunicorn-sync"]
    names = [spin.accessibleName() for chip in chosen.chips for spin in chip.findChildren(QAbstractSpinBox)]
    assert names[0] == "Workers of gunicorn-uvicorn"


def test_a_comparison_from_start_to_figures(shown: Shown, comparing: Comparing, recording: Path) -> None:
    page, controls = shown.page, shown.page.controls
    assert page.empty.isVisible()
    controls.filtering.line.setText("path:/api")
    controls.rounds.setValue(1)
    shown.qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
    shown.until(lambda: shown.backend.of(StartComparison))
    command = shown.backend.of(StartComparison)[0]
    assert isinstance(command, StartComparison)
    assert (command.source, command.filter, command.rounds) == (str(recording), "path:/api", 1)
    assert [mode.mode for mode in command.modes] == ["uvicorn", "gunicorn-uvicorn"]
    comparing.add("uvicorn", 10, 20)
    going = TrialStatus(mode="granian", workers=1, threads=1, round=1, state="running", total=4, sent=1)
    shown.tell(comparing.status("running", going))
    shown.until(lambda: page.model.rows and page.model.rows[0].measured)
    assert shown.cells(0)["Median"] == "10.0 ms"
    assert shown.cells(1)["State"] == "round 1: 1 of 4"
    assert controls.cancel.isVisible()
    assert "granian" in controls.words.text()
    comparing.add("granian", 5, 6, workers=2)
    comparing.add("gunicorn-sync", state="impossible", problem="It is WSGI.")
    shown.tell(comparing.status("finished"))
    shown.until(lambda: page.model.rows[1].measured)
    assert controls.start.isVisible()
    assert (shown.cells(1)["Median"], shown.cells(1)["Memory"]) == ("5.00 ms", "80.0 MB")
    assert shown.cells(2)["State"] == "impossible"
    index = page.model.index(1, TITLES.index("Median"))
    assert page.model.data(index, Qt.ItemDataRole.AccessibleTextRole) == "5.00 ms, the best"
    assert page.model.data(page.model.index(2, 0), Qt.ItemDataRole.ToolTipRole) == "It is WSGI."
    assert page.open_trace.isVisible()


def test_curves_bars_routes_and_the_command(shown: Shown, comparing: Comparing) -> None:
    comparing.add("uvicorn", 10, 20)
    comparing.add("granian", 5, 6)
    shown.tell(comparing.status("finished"))
    page = shown.page
    shown.until(lambda: page.plots.curves is not None and page.model.rows and page.model.rows[1].measured)
    assert page.plots.curves is not None
    assert "granian: median 5.00 ms" in page.plots.curves.view.accessibleDescription()
    assert "uvicorn: 40.0 MB" in page.plots.memory.accessibleDescription()
    page.table.setCurrentIndex(page.model.index(1, 0))
    assert page.command.text() == "granian shop:app"
    page.copy_command.copy()
    assert QGuiApplication.clipboard().text() == "granian shop:app"
    item = page.routes.topLevelItem(0)
    assert item is not None
    assert [item.text(at) for at in range(3)] == ["GET /items/{}", "2", "5.00 ms"]
    page.copy_table()
    assert QGuiApplication.clipboard().text().startswith("Mode\tRequests/s\t")
    page.plots.resize(600, 200)
    assert not page.plots.grab().isNull()


def test_answers_that_differ_open_beside_the_originals(shown: Shown, comparing: Comparing) -> None:
    comparing.add("uvicorn", 10, 20)
    shown.tell(comparing.status("finished"))
    page = shown.page
    shown.until(lambda: page.tabs.title(2) == "Differing answers (1)")
    page.tabs.show_page(2)
    shown.until(lambda: page.answers.model.total == 1)
    assert page.answers.model.compared(0).result.original == 2
    assert "Exchange 2 of the recording" in page.answers.diff.said.text()
    shown.until(lambda: '"a": 2' in page.answers.diff.right.toPlainText())
    assert page.answers.diff.left.toPlainText()


def test_answers_are_shown_though_the_recording_is_gone(shown: Shown, comparing: Comparing, recording: Path) -> None:
    comparing.add("waitress", 3, 5)
    recording.rename(recording.with_suffix(".elsewhere"))
    shown.tell(comparing.status("finished"))
    shown.until(lambda: shown.page.model.rows)
    shown.page.tabs.show_page(2)
    shown.until(lambda: shown.page.answers.model.total == 1)
    shown.until(lambda: '"a": 2' in shown.page.answers.diff.right.toPlainText())


def test_cancelling(shown: Shown, comparing: Comparing) -> None:
    comparing.add("uvicorn", state="running")
    shown.tell(comparing.status())
    shown.until(shown.page.controls.cancel.isEnabled)
    shown.actions.run("comparison.cancel")
    shown.until(lambda: shown.backend.of(CancelComparison))
    assert not shown.page.controls.cancel.isEnabled()
    shown.tell(comparing.status("cancelled"))
    shown.until(lambda: not shown.page.running)
    assert shown.page.controls.words.text().startswith("Cancelled")


def test_the_end_of_the_supervisor_ends_a_comparison(shown: Shown, comparing: Comparing) -> None:
    comparing.add("uvicorn", 10, 20)
    shown.tell(comparing.status())
    shown.until(lambda: shown.page.running)
    shown.backend.die()
    shown.until(lambda: not shown.page.running)
    assert "The supervisor is gone" in shown.page.controls.words.text()
    assert shown.page.model.rows[0].name == "uvicorn"


def test_a_refusal_is_told_in_place(shown: Shown) -> None:
    problem = Problem(
        what="There is nothing to replay.", why="None matches.", ways_out=(WayOut(text="Choose others."),)
    )
    shown.backend.refusals[StartComparison] = problem
    shown.actions.run("comparison.start")
    shown.until(lambda: shown.page.controls.wrong.isVisible())
    assert shown.page.controls.wrong.text() == "There is nothing to replay. None matches. Choose others."
    assert not shown.page.running
    shown.page.controls.filtering.line.setText("foo:bar:")
    shown.page.start()
    assert shown.page.controls.filtering.error.isVisible()
    assert len(shown.backend.of(StartComparison)) == 1


def test_what_lacks_is_said(shown: Shown) -> None:
    shown.page.set_target(None, None)
    assert not shown.page.controls.start.isEnabled()
    shown.page.start()
    assert "Choose an application" in shown.page.controls.wrong.text()
    shown.page.set_target(SPEC, make_listed())
    shown.feed.close()
    shown.page.start()
    assert "no recording" in shown.page.controls.wrong.text()
    for chip in list(shown.page.controls.modes.chips):
        chip.remove.click()
    assert shown.page.controls.modes.modes == ()


def test_a_trace_of_a_comparison_shows_it_and_can_be_compared_again(
    qtbot: QtBot, link: Any, backend: SocketSupervisor, comparing: Comparing, settings_of_page: Settings
) -> None:
    comparing.add("uvicorn", 10, 20)
    comparing.status()
    fronts: list[int] = []
    shown = Shown(qtbot, link, backend, comparing.path, settings_of_page)
    shown.page.shown.connect(lambda: fronts.append(1))
    shown.until(lambda: shown.page.model.rows)
    assert shown.cells(0)["State"] == "finished"
    assert not shown.page.open_trace.isVisible()
    assert fronts == [1]
    shown.page.start()
    shown.until(lambda: backend.of(StartComparison))
    command = backend.of(StartComparison)[0]
    assert isinstance(command, StartComparison)
    assert command.source == comparing.source
    backend.tell(Finished(id=command.id, comparison=comparing.status("finished")))
    shown.page.results.close()
    shown.feed.close()


def test_the_model_is_a_model(qtbot: QtBot) -> None:
    model = ModesModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert model.headerData(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole) == "Mode"
    assert model.rowCount() == 0
