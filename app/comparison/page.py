"""The Compare page: one recording under several modes, each with what it cost, and the curves of their latency.

Asks the supervisor by the link and reads what was found from the comparison's own trace.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QHeaderView, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry
from app.comparison import rows as shown
from app.comparison.answers import DifferingAnswers
from app.comparison.controls import ComparisonControls
from app.comparison.model import WIDTHS, ModesModel
from app.comparison.plots import ComparisonPlots
from app.comparison.results import Found, Results
from app.feed import TraceFeed
from app.link import LinkState, SupervisorLink
from app.link.words import told
from app.settings import Settings
from app.theme.rows import ScrolledPage
from app.theme.widgets import CopyButton, ElidedLabel, button, look
from app.traffic.detail.parts import PairTable, caption
from app.traffic.detail.plain_table import PlainTable
from app.traffic.detail.tabs import Tabs
from app.traffic.empty import EmptyState
from app.traffic.filter_field import keep_history, seen_in
from app.traffic.formats import count, duration
from inspector.export.comparison import ModeFigures
from supervisor.control.messages import (
    CancelComparison,
    ComparisonStatus,
    Finished,
    ModesListed,
    Refused,
    Reply,
    StartComparison,
    TargetSpec,
    TrialMode,
)

_ANSWERS = 2  #: number of the tab
_ROWS = 4  #: of the table that are in view however little room there is


class ComparisonPage(QWidget):
    """Modes side by side on the trace in view.

    Signals:
        said(str): something for the status bar.
        trace_wanted(str): open this trace.
        shown(): a trace was opened that holds a comparison; bring this page to the front.
    """

    said = Signal(str)
    trace_wanted = Signal(str)
    shown = Signal()

    def __init__(
        self,
        link: SupervisorLink,
        feed: TraceFeed,
        actions: ActionRegistry,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("comparisonPage")
        self._link, self._feed, self._actions, self._settings = link, feed, actions, settings
        self._spec: TargetSpec | None = None
        self._listed: ModesListed | None = None
        self._status: ComparisonStatus | None = None
        self._found = Found()
        self._asked = False  # a comparison was asked for, and nothing is known of it yet
        self._ended = 0  # turns that were over when figures were last asked for
        self._left = ""  # the trace that was opened from here, to see its traffic
        self._chosen = ""  # the mode that differing answers are shown of
        self.results = Results(self)
        self.controls = ComparisonControls()
        self.model = ModesModel(self)
        self.table = PlainTable("Compared modes", self.model, WIDTHS)
        self.command = ElidedLabel(mono=True)
        self.copy_command = CopyButton("Copy the command for production")
        self.plots = ComparisonPlots()
        self.routes = PairTable("Routes", ("Route", "Answers", "Min", "Median", "p90", "p99", "Max"))
        self.answers = DifferingAnswers(self.results)
        self.tabs = Tabs("Compared modes in detail")
        self.empty = EmptyState()
        self._arrange()
        self._register()
        self._connect()
        controls = self.controls
        controls.filtering.line.source = seen_in(feed, "comparison filter completion")
        keep_history(controls.filtering, settings, "comparison/filters")
        self._render()

    # building

    def _arrange(self) -> None:
        self._splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self._splitter.setObjectName("comparisonSplitter")
        self._splitter.setHandleWidth(1)
        self._splitter.addWidget(self._upper())
        self._splitter.addWidget(self.tabs)
        self._splitter.setSizes([220, 380])
        self.tabs.add("Plots", self.plots)
        self.tabs.add("Routes", self.routes)
        self.tabs.add("Differing answers", self.answers)
        self._over = QStackedWidget()
        self._over.addWidget(self._splitter)
        self._over.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(ScrolledPage(self.controls, self._over))
        self.setFocusProxy(self.table)
        self._settings.remember(self._splitter)

    def _upper(self) -> QWidget:
        """The table over the command of the mode that is chosen in it."""
        upper, bar = QWidget(), QFrame()
        look(bar, "bar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(8)
        self.command.setAccessibleName("The command for production")
        row.addWidget(caption("In production"))
        row.addWidget(self.command, 1)
        row.addWidget(self.copy_command)
        self.open_trace = button("Open its trace", icon="open", tip="Every request and answer of the comparison")
        row.addWidget(self.open_trace)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._keep_rows()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 1)
        column.addWidget(bar)
        return upper

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Text of another size, or another style sheet: rows and header have another height."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "empty"):
            self._keep_rows()

    def _keep_rows(self) -> None:
        """Some rows stay in view, however little room there is."""
        rows = _ROWS * self.table.verticalHeader().defaultSectionSize()
        self.table.setMinimumHeight(self.table.horizontalHeader().sizeHint().height() + rows + 2)

    def _register(self) -> None:
        def make(verb: str, title: str, run: object, **more: Any) -> Action:
            return Action(id=f"comparison.{verb}", title=title, run=run, group="Compare", scope=self, **more)  # type: ignore[arg-type]

        for action in (
            make("start", "Start the comparison of modes", self.start, icon="play", shortcut="Ctrl+Return",
                 enabled_when=lambda: self._can_start),
            make("cancel", "Cancel the comparison of modes", self.cancel, icon="stop",
                 enabled_when=lambda: self.running),
            make("copy", "Copy the compared modes", self.copy_table, icon="copy", shortcut="Ctrl+Shift+C",
                 enabled_when=lambda: bool(self.model.rows)),
            make("copy-command", "Copy the command of the chosen mode", self.copy_command.copy, icon="terminal",
                 enabled_when=lambda: bool(self.copy_command.text_to_copy)),
            make("open", "Open the trace of the comparison", self._open_trace, icon="open",
                 enabled_when=lambda: bool(self._other_trace)),
        ):  # fmt: skip
            self._actions.add(action)

    def _connect(self) -> None:
        controls = self.controls
        controls.start.clicked.connect(self.start)
        controls.cancel.clicked.connect(self.cancel)
        controls.copy.clicked.connect(self.copy_table)
        controls.modes.changed.connect(self._on_modes_changed)
        self.empty.button.clicked.connect(self.start)
        self.open_trace.clicked.connect(self._open_trace)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.tabs.current_changed.connect(lambda _number: self._show_answers())
        self.answers.counted.connect(self._say_differing)
        self.results.found.connect(self._on_found)
        self._link.comparison_changed.connect(self._on_status)
        self._link.state_changed.connect(self._on_link_changed)
        self._feed.follow(self._on_opened)
        self._feed.closed.connect(self._render)

    # what others may ask

    def set_target(self, spec: TargetSpec | None, listed: ModesListed | None) -> None:
        """The application in view, and the modes there are for it."""
        if spec != self._spec or listed is not self._listed:
            self._spec, self._listed = spec, listed
            kept: list[Any] = self._settings.value("comparison/modes", [])
            self.controls.modes.offer(listed, _modes_in(kept))
            self._render()

    @property
    def running(self) -> bool:
        """Whether a comparison goes on."""
        return self._asked or (self._status is not None and self._status.state == "running")

    @property
    def _source(self) -> str:
        """The recording: what is in view, or if that is a comparison itself, what that was made from."""
        path = self._feed.path
        return self._found.source if path and path == self.results.path and self._found.source else path

    @property
    def _can_start(self) -> bool:
        return not self.running and self._spec is not None and bool(self._source) and bool(self.controls.modes.modes)

    # starting and cancelling

    def start(self) -> None:
        """Start what the controls say."""
        field, controls = self.controls.filtering, self.controls
        if self.running:
            return
        if self._spec is None or not self._source or not controls.modes.modes:
            controls.problem(self._missing())
            return
        if not field.check():  # which shows what is wrong, and where
            field.line.setFocus()
            return
        field.line.remember(field.text)
        controls.problem("")
        self._asked, self._ended = True, 0
        self._link.send(
            StartComparison(
                id=0, target=self._spec, source=self._source, modes=controls.modes.modes, filter=field.text,
                speed=controls.speed, concurrency=controls.at_once.value(), rounds=controls.rounds.value(),
                adapt=controls.modes.adapt,
            ),
            self._on_reply,
        )  # fmt: skip
        self._render()

    def _missing(self) -> str:
        if self._spec is None:
            return "Choose an application at the top first: it is run once in each mode."
        if not self._source:
            return "There is no recording yet. Start the application and use it, or open a trace."
        return "Add the modes that are to be compared."

    def cancel(self) -> None:
        """End the comparison; what was measured stays."""
        if self._status is not None and self._status.state == "running":
            self.controls.cancel.setEnabled(False)
            self._link.send(CancelComparison(id=0, comparison=self._status.number), self._on_reply)

    def _on_reply(self, reply: Reply) -> None:
        self._asked = False
        if isinstance(reply, Refused):
            self.controls.problem(told(reply.problem))
            self._render()
        elif isinstance(reply, Finished) and reply.comparison is not None:
            self._on_status(reply.comparison)

    def _on_status(self, status: ComparisonStatus) -> None:
        """The comparison moved on. One that was under way when this window came is taken up."""
        known = self._status is not None and self._status.trace == status.trace
        self._status, self._asked = status, False
        if not known or self.results.path != status.trace:
            self._found, self._ended = Found(), 0
            self.results.open(status.trace)
        ended = sum(trial.state not in ("waiting", "starting", "running") for trial in status.trials)
        if ended > self._ended or status.state != "running":
            self._ended = ended
            self.results.refresh()
        self._render()

    def _on_link_changed(self, state: LinkState) -> None:
        """Without a supervisor nothing is compared; what was measured is in the trace."""
        if state is LinkState.LOST and self._status is not None and self._status.state == "running":
            why = "The supervisor is gone."
            self._on_status(dataclasses.replace(self._status, state="failed", error=why))

    # results

    def _on_opened(self, path: str) -> None:
        """Another trace is in view; it may be that of a comparison."""
        if not self.running and path != self.results.path:
            self._status, self._found = None, Found()
            self.results.open("")
            self._feed.ask(lambda reader: bool(reader.trials()), partial(self._on_looked, path), key="comparison-there")
        self._render()

    def _on_looked(self, path: str, there: bool) -> None:
        if there and not self.running:
            self.results.open(path)
            self.results.refresh()
            if path != self._left:
                self.shown.emit()

    def _on_found(self, found: Found) -> None:
        changed, self._found = found.figures != self._found.figures, found
        self._render()
        if changed and found.figures and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.model.index(0, 0))
        if changed:
            self._chosen = ""
            self._on_current_changed(self.table.currentIndex())

    @property
    def _figures(self) -> ModeFigures | None:
        """Of the mode that is chosen in the table."""
        at = self.table.currentIndex().row()
        return self.model.rows[at].figures if 0 <= at < len(self.model.rows) else None

    def _on_current_changed(self, _current: QModelIndex, _previous: QModelIndex | None = None) -> None:
        figures = self._figures
        command = figures.command if figures else ""
        self.command.show_text(" ⏎ ".join(command.splitlines()))
        self.copy_command.text_to_copy = command
        self.copy_command.setEnabled(bool(command))
        self.routes.show_pairs([_route(route, latency) for route, latency in figures.routes] if figures else [])
        self._say_differing(figures.differing if figures else 0)
        self._show_answers()
        self._actions.refresh()

    def _say_differing(self, _number: int) -> None:
        figures = self._figures
        number = figures.differing if figures else 0
        self.tabs.set_title(_ANSWERS, f"Differing answers ({count(number)})" if number else "Differing answers")

    def _show_answers(self) -> None:
        """Those of the chosen mode, once somebody looks at them."""
        figures = self._figures
        if self.tabs.current is not self.answers or figures is None or figures.name == self._chosen:
            return
        self._chosen = figures.name
        self.answers.expect(figures.name)
        self.results.ask_differing(figures)

    # showing

    def _render(self) -> None:
        """Everything, as things stand."""
        status, controls = self._status, self.controls
        self.model.show(shown.rows(status, self._found.figures))
        controls.set_running(self.running)
        controls.cancel.setEnabled(status is not None and status.state == "running")
        controls.start.setEnabled(self._can_start)
        controls.copy.setEnabled(bool(self.model.rows))
        controls.what.show_text(self._what())
        if status is not None:
            done, total = shown.progress(status)
            controls.progress(done, total, over=status.state != "running")
            controls.words.setText(shown.words(status))
        else:
            controls.words.setText("")
        self.open_trace.setVisible(bool(self._other_trace) and not self.running)
        self.plots.show_figures(
            [(at, row.figures) for at, row in enumerate(self.model.rows) if row.measured and row.figures]
        )
        self._say_empty()
        self._actions.refresh()

    def _what(self) -> str:
        recording = Path(self._source).name if self._source else "no recording"
        through = f" through {self._spec.target}" if self._spec else ""
        at_once = self._found.at_once
        pace = f", {at_once} at once" if self._found.figures and at_once else ""
        return f"{recording}{through}{pace}"

    def _say_empty(self) -> None:
        if self.model.rows:
            self._over.setCurrentWidget(self._splitter)
            return
        if self._asked:
            self.empty.say("Looking at the application…", "The comparison begins in a moment.")
        else:
            self.empty.say(
                "Which server is best for this application?",
                "Each mode above is started in turn, beside what runs, and gets the requests of the recording. You see "
                "how fast it answered, whether its answers are the recorded ones, and what memory and processor time "
                "it took.",
                "Start the comparison" if self._can_start else "",
            )
            self.controls.what.show_text(self._what() if self._can_start else self._missing())
        self._over.setCurrentWidget(self.empty)

    # doing

    def copy_table(self) -> None:
        """Copy the table, to be pasted into a sheet."""
        QGuiApplication.clipboard().setText(shown.as_text(self.model.rows))
        self.said.emit("Copied the compared modes")

    @property
    def _other_trace(self) -> str:
        """The comparison's own trace, unless it is the one in view."""
        path = self.results.path
        return path if path and path != self._feed.path and self.model.rows else ""

    def _open_trace(self) -> None:
        if self._other_trace:
            self._left = self._other_trace
            self.trace_wanted.emit(self._left)

    def _on_modes_changed(self) -> None:
        kept = [[mode.mode, mode.workers, mode.threads] for mode in self.controls.modes.modes]
        self._settings.set_value("comparison/modes", kept)
        self._render()


def _modes_in(kept: list[Any]) -> tuple[TrialMode, ...]:
    """The modes that were chosen the last time; what is of unknown form is left out."""
    return tuple(
        TrialMode(mode=one[0], workers=one[1], threads=one[2])
        for one in kept
        if isinstance(one, list) and [type(part) for part in one] == [str, int, int]
    )


def _route(route: str, latency: Any) -> tuple[str, ...]:
    times = (latency.least, latency.p50, latency.p90, latency.p99, latency.most)
    return (route, count(latency.count), *(duration(ns) for ns in times))
