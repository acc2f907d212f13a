"""The Replay page: what to send again and how fast, how far it is, and the results beside the originals.

Asks the supervisor by the link and reads results by the feed; both may be away, and the page says so where it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.link import LinkState, SupervisorLink
from app.link.words import told
from app.replay import reading
from app.replay.comparison import Verdict, brief, differences, progress, verdict
from app.replay.controls import ReplayControls, What
from app.replay.diff_view import DiffView
from app.replay.reading import Whole
from app.replay.results_model import WIDTHS, Compared, ResultsModel
from app.settings import Settings
from app.theme.rows import ScrolledPage
from app.traffic import formats
from app.traffic.detail.plain_table import PlainTable
from app.traffic.empty import EmptyState
from app.traffic.filter_field import keep_history, seen_in
from inspector.model import ReplayResult, ReplayRun
from inspector.query import parse
from supervisor.control.messages import CancelReplay, Finished, Refused, ReplayStatus, Reply, StartReplay

_READ_MS = 200  #: how soon after a step the results are read


class ReplayPage(QWidget):
    """Replays of the trace in view. Answers are recorded in the trace of the application, which may be another.

    Signals:
        exchange_wanted(int): show an exchange in the traffic page.
        trace_wanted(str): open the trace that has the answers.
        shown(): a replay was started from elsewhere; bring this page to the front.
    """

    exchange_wanted = Signal(int)
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
        self.setObjectName("replayPage")
        self._link, self._feed, self._actions = link, feed, actions
        self._app = ""
        self._selected: Sequence[int] = ()
        self._run = 0  # whose results are shown
        self._running = False
        self._started = ("", 0)  # what was started here last: the trace it is recorded in, and its number there
        self._read_of_run = 0
        self.controls = ReplayControls()
        self.model = ResultsModel(self)
        self.table = PlainTable("Replayed exchanges", self.model, WIDTHS)
        self.diff = DiffView()
        self.empty = EmptyState()
        self.splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self._read = QTimer(self, singleShot=True, interval=_READ_MS)
        self._read.timeout.connect(self._load_results)
        self._arrange()
        self._register()
        self._connect()
        settings.remember(self.splitter)
        self.controls.filter.source = seen_in(feed, "replay filter completion")
        keep_history(self.controls.filtering, settings, "replay/filters")
        self.controls.ignore.setText(settings.value("replay/ignore", ""))
        self.controls.ignore.editingFinished.connect(
            lambda: settings.set_value("replay/ignore", self.controls.ignore.text())
        )
        self._say_empty()

    def _arrange(self) -> None:
        self.splitter.setObjectName("replaySplitter")
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.diff)
        self.splitter.setSizes([320, 320])
        self._over = QStackedWidget()
        self._over.addWidget(self.splitter)
        self._over.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(ScrolledPage(self.controls, self._over))

    def _register(self) -> None:
        start = Action(
            id="replay.start", title="Start the replay", run=self.start, group="Replay", icon="play", scope=self,
            shortcut="Ctrl+Return", enabled_when=lambda: not self._running,
        )  # fmt: skip
        cancel = Action(
            id="replay.cancel", title="Cancel the replay", run=self.cancel, group="Replay", icon="stop", scope=self,
            enabled_when=lambda: self._running,
        )  # fmt: skip
        for action in (start, cancel):
            self._actions.add(action)

    def _connect(self) -> None:
        self.controls.start.clicked.connect(self.start)
        self.controls.cancel.clicked.connect(self.cancel)
        self.controls.differing.toggled.connect(self.model.show_differing_only)
        self.controls.run_chosen.connect(self._show_run)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.table.doubleClicked.connect(self._on_row_opened)
        self.empty.button.clicked.connect(self._on_empty_pressed)
        self._link.replay_changed.connect(self._on_replay_changed)
        self._link.state_changed.connect(self._on_link_changed)
        self._feed.follow(self._on_opened)
        self._feed.closed.connect(self._forget)

    # what others may ask

    def set_app(self, name: str) -> None:
        """Replay through this application's proxy; empty: the only one there is."""
        if name != self._app:
            self._app = name
            self._end()  # of what runs for the other one nothing more is told here

    def set_selection(self, ids: Sequence[int]) -> None:
        """What is selected in the traffic page."""
        self._selected = ids
        self.controls.say_selected(len(ids))

    def replay(self, ids: Sequence[int]) -> None:
        """Replay these at once and show the page."""
        self.set_selection(ids)
        self.controls.choose(What.SELECTION if ids else What.ALL)
        self.shown.emit()
        self.start()

    # starting and cancelling

    def start(self) -> None:
        """Start what the controls say."""
        if self._running:
            return
        match self.controls.what:
            case What.SELECTION if not self._selected:
                self.controls.problem("Nothing is selected. Select exchanges in the traffic page, or take all of them.")
            case What.SELECTION:
                self._send(tuple(self._selected))
            case What.FILTER:
                self._start_filtered()
            case _:
                self._send(())

    def cancel(self) -> None:
        """Stop the replay that runs; what came back stays."""
        trace, run = self._started
        if self._running and run:
            self._link.send(CancelReplay(id=0, run=run, trace=trace), self._on_reply)

    def _start_filtered(self) -> None:
        field = self.controls.filtering
        if not field.check():  # which shows what is wrong, and where
            self.controls.problem("The filter can't be read.")
            field.line.setFocus()
            return
        field.line.remember(field.text)
        query = parse(field.text)
        self._feed.run_query(query, self._on_filtered, key="replay-filter")

    def _on_filtered(self, ids: Sequence[int]) -> None:
        if ids:
            self._send(tuple(ids))
        else:
            self.controls.problem("No exchange passes the filter.")

    def _send(self, ids: tuple[int, ...]) -> None:
        self.controls.problem("")
        self._running, self._run, self._started = True, 0, ("", 0)
        self._set_running(True)
        self._link.send(
            StartReplay(
                id=0,
                app=self._app,
                exchanges=ids,
                source=self._feed.path,
                speed=self.controls.speed,
                concurrency=self.controls.concurrency,
                ignore=self.controls.ignored,
            ),
            self._on_reply,
        )

    def _on_reply(self, reply: Reply) -> None:
        if isinstance(reply, Refused):
            self.controls.problem(told(reply.problem))
            self._set_running(False)
        elif isinstance(reply, Finished) and reply.replay is not None:
            self._started = reply.replay.trace, reply.replay.run
            if self._elsewhere:
                self._clear_results()
            self._on_replay_changed(reply.replay)

    def _on_replay_changed(self, status: ReplayStatus) -> None:
        if self._app and status.app and status.app != self._app:
            return
        here = status.trace in ("", self._feed.path)
        if not here and (status.trace, status.run) != self._started:
            return  # another window's, which shows that trace
        self._started = status.trace, status.run
        if here and status.run != self._run:
            self._run = status.run
            self._clear_results()
        over = status.state != "running"
        self.controls.progress(status.sent, status.total, over=over)
        words = progress(status.sent, status.total, status.same, status.different, status.failed)
        ending = {"cancelled": "Cancelled. ", "failed": "Failed. ", "finished": "Finished. "}.get(status.state, "")
        self.controls.say(f"{ending}{words}")
        if status.error:
            self.controls.problem(status.error)
        self._set_running(not over)
        if not here:
            self._say_empty()
            return
        if not self._read.isActive():
            self._read.start()
        if over:
            self._load_runs()

    def _on_link_changed(self, state: LinkState) -> None:
        """Without a supervisor nothing is sent; what came back is in the trace."""
        if state is LinkState.LOST and self._running:
            self._end()
            self.controls.problem("The supervisor is gone, and the replay with it. What came back is kept.")

    def _end(self) -> None:
        """Nothing runs here, as far as anybody can tell."""
        if self._running:
            self.controls.say("")
            self._set_running(False)

    def _set_running(self, running: bool) -> None:
        self._running = running
        self.controls.set_running(running)
        self._actions.refresh()

    # results

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Somebody looks: have what there is."""
        super().showEvent(event)
        if not self._run:
            self._load_runs()

    def _on_opened(self, _path: str) -> None:
        self._load_runs()
        self._say_empty()

    def _load_runs(self) -> None:
        self._feed.ask(lambda reader: reader.replay_runs(), self._on_runs, key="replay-runs")

    def _on_runs(self, runs: list[ReplayRun]) -> None:
        self.controls.show_runs(runs, self._run)
        if runs and not self._run and not self._running:
            self._show_run(runs[-1].id)

    def _show_run(self, run: int) -> None:
        if run != self._run or not self.model.total:
            self._run = run
            self._clear_results()
            self._load_results()

    def _clear_results(self) -> None:
        self._read_of_run = 0
        self.model.clear()
        self.diff.clear("")
        self._say_empty()

    def _load_results(self) -> None:
        if self._run:
            call = partial(reading.results, run=self._run, start=self._read_of_run)
            self._feed.ask(call, partial(self._on_results, self._run, self._read_of_run), key="replay-results")

    def _on_results(self, run: int, start: int, compared: list[Compared]) -> None:
        if run != self._run or start != self._read_of_run:
            return
        self._read_of_run += len(compared)
        self.model.append(compared)
        self._say_empty()
        if compared and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.model.index(0, 0))
        if self._running:
            self._read.start()

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid():
            self.diff.clear("")
            return
        result = self.model.compared(current.row()).result
        self.diff.show_differences(differences(result.differences), _sentence(result))
        self._feed.ask(partial(reading.both, result=result), partial(self._on_both, result), key="replay-pair")

    def _on_both(self, result: ReplayResult, pair: tuple[Whole, Whole]) -> None:
        current = self.table.currentIndex()
        if current.isValid() and self.model.compared(current.row()).result is result:
            (original, asked), (replay, again) = pair
            self.diff.show_responses(original, replay, (asked, again))

    def _on_row_opened(self, index: QModelIndex) -> None:
        result = self.model.compared(index.row()).result
        self.exchange_wanted.emit(result.exchange or result.original)

    @property
    def _elsewhere(self) -> str:
        """The trace that has the answers of what was started here, unless it is the one in view."""
        path = self._started[0]
        return path if self._feed.is_open and path != self._feed.path else ""

    def _on_empty_pressed(self) -> None:
        if self._elsewhere:
            self.trace_wanted.emit(self._elsewhere)
        else:
            self.start()

    def _forget(self) -> None:
        self._run = 0
        self._clear_results()
        self.controls.show_runs([], 0)

    def _say_empty(self) -> None:
        if self.model.total:
            self._over.setCurrentWidget(self.splitter)
            return
        if self._elsewhere:
            self.empty.say(
                "The answers are in another trace",
                f"They are recorded where the application's traffic is:\n{self._elsewhere}",
                "Open that trace",
            )
        elif self._running:
            self.empty.say("Replaying…", "Results appear here as they come back.")
        else:
            self.empty.say(
                "Nothing replayed yet",
                "Send what was recorded again, through the application as it runs now, and compare the answers.",
                "Replay the whole trace" if self._feed.is_open else "",
            )
        self._over.setCurrentWidget(self.empty)


def _sentence(result: ReplayResult) -> str:
    match verdict(result):
        case Verdict.SAME:
            return f"Exchange {result.original} came back the same as exchange {result.exchange}."
        case Verdict.DIFFERENT:
            return f"Exchange {result.original} came back different as exchange {result.exchange}: {brief(result)}."
        case Verdict.LEFT_OUT:
            return f"Exchange {result.original} was left out: {formats.cell(brief(result))}."
        case _:
            return f"Exchange {result.original} could not be replayed: {formats.cell(result.error) or 'not sent'}."
