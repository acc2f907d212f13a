"""The Workers page: the process tree, the lives of workers on a time line, and the details of what is chosen.

The tree is live from the supervisor; lives, events and details are from the trace in view, which may be a saved one:
then there is nothing to act on. It knows link, feed and actions; a wish to see a request leaves as a signal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QDateTime, QEvent, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QMenu,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.link import LinkState, SupervisorLink
from app.settings import Settings
from app.theme import px
from app.traffic.empty import EmptyState
from app.traffic.lanes.marks import marks_of
from app.traffic.terms import FieldTerm, quoted
from app.workers import questions
from app.workers.bar import WorkersBar
from app.workers.cells import ProcessDelegate
from app.workers.commands import WorkerCommands
from app.workers.details import STACKS, SUMMARY, DetailsPanel
from app.workers.evidence import Evidence, Held
from app.workers.history import InHand, Life, Story
from app.workers.means import Aim
from app.workers.model import IN_HAND, PROCESS, WorkersModel
from app.workers.notice import Notice, notice_of
from app.workers.processes import Kind, Node, forest, summary
from app.workers.refusal import Refusal
from app.workers.tables import events_model, list_table, lives_model
from app.workers.timeline import Timeline
from supervisor.control.messages import AppStatus, Problem

#: How often the trace is asked while somebody looks, and elapsed times tick.
FLUSH_MS = 500
#: How often CPU and memory are taken down: as often as the supervisor measures them.
SAMPLE_MS = 1000
_WIDTHS = (226, 92, 66, 42, 64, 102, 120, 86)
_LOCAL = 1_000_000_000
#: What an empty page offers, the first that can be done.
_OFFERS = {"launch.start-stop": "Start the application", "launch.demo": "Try the demo"}


class WorkersPage(QWidget):
    """Shows what the supervisor reports, and what the trace tells of it.

    Signals:
        exchange_wanted(int): show this request in the traffic.
    """

    exchange_wanted = Signal(int)

    def __init__(self, link: SupervisorLink, feed: TraceFeed, settings: Settings, actions: ActionRegistry) -> None:
        super().__init__()
        self.setObjectName("workersPage")
        self._link, self._feed, self._actions = link, feed, actions
        self._held = InHand()
        self.offer: Callable[[QMenu, Sequence[FieldTerm]], None] = lambda _menu, _terms: None  #: to filter by these
        self._statuses: dict[str, AppStatus] = {}
        self._story = Story()
        self._evidence = Evidence()
        self._nodes: tuple[Node, ...] = ()
        self._life = 0  #: the worker's id of the life that is shown
        self._node: Node | None = None  #: the row of the tree that is shown, if it is one
        self.model = WorkersModel(self._held, self)
        self.lives = lives_model(self)
        self.events = events_model(self)
        self.commands = WorkerCommands(link, actions, self)
        self.bar = WorkersBar(self.commands, actions)
        self.problem = Refusal()
        self.notice = Notice()
        self.empty = EmptyState()
        self.tree = self._make_tree()
        self.timeline = Timeline()
        self.details = DetailsPanel()
        self.lists = self._make_lists()
        self._flush = QTimer(self, interval=FLUSH_MS)
        self._sample = QTimer(self, interval=SAMPLE_MS)
        self._lay_out(settings)
        self._register()
        self._connect()
        self._render()

    # what others tell

    def on_app_changed(self, status: AppStatus) -> None:
        """Take in the next status."""
        self._held.see(status, time.monotonic())
        self._statuses[status.name] = status
        self._render()
        if not self._sample.isActive():
            self._sample.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Catch up, and tick."""
        self._on_flush()
        self._flush.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Nobody looks."""
        self._flush.stop()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours: the models hand out new ones."""
        if event.type() == QEvent.Type.PaletteChange:
            self.tree.viewport().update()
        super().changeEvent(event)

    # choosing

    def choose_life(self, identity: int) -> None:
        """Show a life; if it is the process that a slot has now, its row in the tree as well.

        One that is over stays in view when its slot gets another process, as a row of a running tree would not.
        """
        life = self._story.life(identity)
        over = life is not None and life.ended_ns and bool(self._statuses)
        node = (
            None if over else next((node for node in self.model.nodes() if identity and node.worker == identity), None)
        )
        self._life = identity
        if node is not None and (self._node is None or self._node.key != node.key):
            self.tree.setCurrentIndex(self.model.find(node.key))
        elif node is None:
            self._node = None
            self.tree.selectionModel().clear()
        self._show_chosen()

    def choose_node(self, node: Node | None) -> None:
        """Show a row of the tree."""
        self._node = node
        self._life = node.worker if node is not None and node.kind is Kind.WORKER else 0
        self._show_chosen()

    def show_details(self) -> None:
        """Into the details."""
        self.details.focus()

    @property
    def chosen(self) -> Life | None:
        """The life that is shown."""
        return self._story.life(self._life) if self._life else None

    # reactions

    def _on_current(self, current: QModelIndex) -> None:
        node = self.model.node(current)
        if node is not None:
            self.choose_node(node)

    def _on_clicked(self, index: QModelIndex) -> None:
        node = self.model.node(index)
        if node is not None and index.column() == IN_HAND and node.in_hand:
            self.details.tabs.setCurrentIndex(SUMMARY)
            self.details.summary.table.setFocus()

    def _on_link_changed(self, state: LinkState) -> None:
        if state is LinkState.LOST:  # whatever it started is gone with it
            self._statuses.clear()
            self._sample.stop()
        self._render()

    def _on_opened(self, _path: str) -> None:
        self._life, self._node = 0, None
        self.timeline.fit()
        self._render()
        self._on_flush()

    def _on_closed(self) -> None:
        self._life = 0
        self._on_story(Story())

    def _on_flush(self) -> None:
        self.model.tick()
        self._render_notice()
        if self._feed.is_open:
            self._feed.ask(partial(questions.story, over=not self._feed.live), self._on_story, key="workers")
            self._ask_evidence()

    def _on_story(self, story: Story) -> None:
        """Draw anew only what is new: a reset would take the selection along."""
        before, self._story = self._story, story
        if story.lives != before.lives:
            self.lives.show_rows(list(story.lives))
        else:
            self.lives.tick()
        if story.events != before.events:
            self.events.show_rows(list(story.events))
        zone = QDateTime.currentDateTime().offsetFromUtc() * _LOCAL
        self.timeline.live = self._feed.live and self._link.state is LinkState.ON
        switches = marks_of(story.instances, ()).switches
        self.timeline.show_lives(story.lives, switches, story.last_ns, story.offset + zone)
        self._render()

    def _on_evidence(self, evidence: Evidence) -> None:
        if evidence.worker == self._life:
            self._evidence = evidence
            self._show_details()

    def _on_refused(self, problem: Problem) -> None:
        self.problem.say(problem)

    def _on_stacks_refused(self, problem: Problem) -> None:
        self.details.stacks.show_problem(problem)

    def _on_stacks_asked(self) -> None:
        self.details.tabs.setCurrentIndex(STACKS)
        self.details.stacks.show_asking()

    # showing

    def _render(self) -> None:
        """The tree as it stands, and all that follows from it."""
        self._nodes = forest(self._statuses.values(), self._story, self._feed.path)
        self.model.show_nodes(self._nodes)
        self._keep_chosen()
        self._render_notice()
        there = bool(self._nodes or self._story.lives)
        self._pages.setCurrentIndex(1 if there else 0)
        self.bar.setVisible(there and bool(self._statuses))
        self.tree.setAccessibleDescription(summary(self._nodes))
        self._show_chosen()

    def _keep_chosen(self) -> None:
        """The chosen row stands for its slot: it goes on with the next process. With nothing chosen, the first one."""
        if self._node is not None:
            self._node = next((node for node in self.model.nodes() if self._node and node.key == self._node.key), None)
            if self._node is not None and self._node.kind is Kind.WORKER:
                self._life = self._node.worker
        if self._node is None and not self._life:
            workers = [node for node in self.model.nodes() if node.kind is Kind.WORKER]
            first = next((node for node in workers if node.live), workers[0] if workers else None)
            if first is not None:
                self.tree.setCurrentIndex(self.model.find(first.key))

    def _render_notice(self) -> None:
        status = self._aimed()
        self.notice.show_words(
            notice_of(self._link, status, recorded=bool(self._story.instances) and not self._statuses)
        )
        if not self._nodes:
            verb = self._start_action()
            advice = "Its master, its workers, what each has in hand, and how those before them ended show up here."
            self.empty.say("No application has run yet", advice, _OFFERS.get(verb, ""))

    def _show_chosen(self) -> None:
        status = self._aimed()
        worker = self._node if self._node is not None and self._node.kind is Kind.WORKER and self._node.live else None
        self.commands.aim_at(Aim(status, worker))
        self.bar.show_subject(f"Worker {worker.slot}" if worker else "")
        if self._evidence.worker != self._life:
            held = tuple(Held(identity, "", 0, "") for identity in self._in_hand())
            self._evidence = Evidence(self._life, held)
        self._show_details()
        self.timeline.choose(self._life)
        if self.isVisible():
            self._ask_evidence()

    def _show_details(self) -> None:
        node = self._node
        if node is not None and node.kind is not Kind.WORKER:
            self.details.show_group(node, self._story, Evidence())
        else:
            self.details.show_life(self.chosen, node, self._story, self._evidence)

    def _ask_evidence(self) -> None:
        life = self.chosen
        if life is None or not self._feed.is_open:
            return
        until = life.ended_ns or self.timeline.now()
        question = partial(
            questions.evidence,
            worker=life.id,
            ids=self._in_hand(),
            until_ns=until,
            ended_ns=life.ended_ns,
            cause=life.cause,
        )
        self._feed.ask(question, self._on_evidence, key="worker-evidence")

    def _in_hand(self) -> tuple[int, ...]:
        """The requests that the chosen worker has, or had at its end."""
        if self._node is not None:
            return self._node.in_hand
        return self.chosen.in_hand if self.chosen is not None else ()

    def _aimed(self) -> AppStatus | None:
        """What is acted on: the application of the chosen row, else the one whose trace is in view, or the only one."""
        if self._node is not None and self._node.app in self._statuses:
            return self._statuses[self._node.app]
        own = [status for status in self._statuses.values() if status.trace == self._feed.path]
        return next(iter(own or (list(self._statuses.values()) if len(self._statuses) == 1 else [])), None)

    def _start_action(self) -> str:
        """What can be started from here, if anything can."""
        self._actions.refresh()
        there = {action.id for action in self._actions}
        offered = [verb for verb in _OFFERS if verb in there]
        return next((verb for verb in offered if self._actions.get(verb).isEnabled()), "")

    # building

    def _connect(self) -> None:
        self._link.app_changed.connect(self.on_app_changed)
        self._link.state_changed.connect(self._on_link_changed)
        self._feed.follow(self._on_opened)
        self._feed.closed.connect(self._on_closed)
        self._flush.timeout.connect(self._on_flush)
        self._sample.timeout.connect(self.model.sample)
        self.commands.stands.connect(self.on_app_changed)
        self.commands.refused.connect(self._on_refused)
        self.commands.told.connect(self._on_told)
        self.commands.asked_stacks.connect(self._on_stacks_asked)
        self.commands.stacks.connect(self.details.stacks.show_stacks)
        self.commands.stacks_refused.connect(self._on_stacks_refused)
        self.problem.way_taken.connect(lambda _way: self.problem.say(None))
        self.notice.pressed.connect(self._on_notice)
        self.empty.button.clicked.connect(lambda: self._actions.run(self._start_action() or "workers.details"))
        self.details.exchange_wanted.connect(self.exchange_wanted)
        self.details.life_wanted.connect(self.choose_life)
        self.details.stacks.wanted.connect(self.commands.take_stacks)
        self.details.stacks.resume_wanted.connect(self.commands.resume)
        self.details.summary.resume_wanted.connect(self.commands.resume)
        self.timeline.life_chosen.connect(self.choose_life)
        self.timeline.life_entered.connect(self.show_details)
        self.timeline.menu_wanted.connect(self._show_menu)

    def _on_told(self, text: str) -> None:
        if text:
            self.problem.say(None)

    def _on_notice(self) -> None:
        if self._link.state is LinkState.LOST:
            self._link.start()
        else:
            self.commands.restart()

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        self.offer(menu, _terms(self._node, self.chosen))
        self.bar.fill(menu)
        menu.popup(at)

    def _register(self) -> None:
        for action in (
            Action("workers.details", "Go to the worker's details", self.show_details, group="Workers", scope=self,
                   shortcut="D", menu=False),
            Action("workers.fit", "Show all lives on the time line", self.timeline.fit, group="Workers", icon="fit",
                   menu=False),
            Action("workers.copy-stacks", "Copy the worker's stacks", self.details.stacks.copy_text, group="Workers",
                   icon="copy", menu=False, enabled_when=lambda: self.details.stacks.dumped is not None),
        ):  # fmt: skip
            self._actions.add(action)

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setObjectName("workersTree")
        tree.setAccessibleName("Processes: applications, their instances, and their workers")
        tree.setModel(self.model)
        tree.setItemDelegate(ProcessDelegate(tree))
        tree.setUniformRowHeights(True)
        tree.setAllColumnsShowFocus(True)
        tree.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        tree.setFrameShape(QTreeView.Shape.NoFrame)
        tree.setExpandsOnDoubleClick(False)
        tree.setIndentation(14)
        tree.setMinimumHeight(90)
        for column, width in enumerate(_WIDTHS):
            tree.setColumnWidth(column, px(width))
        tree.header().setObjectName("workersTreeHeader")
        tree.header().setStretchLastSection(True)
        tree.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(lambda at: self._show_menu(tree.viewport().mapToGlobal(at)))
        tree.selectionModel().currentRowChanged.connect(lambda current, _before: self._on_current(current))
        tree.clicked.connect(self._on_clicked)
        tree.activated.connect(lambda _index: self.show_details())
        self.model.rowsInserted.connect(self._on_rows_inserted)
        return tree

    def _on_rows_inserted(self, parent: QModelIndex, first: int, last: int) -> None:
        """Everything is open from the start."""
        for row in range(first, last + 1):
            self.tree.expandRecursively(self.model.index(row, PROCESS, parent))
        if parent.isValid():
            self.tree.expand(parent.siblingAtColumn(PROCESS))

    def _make_lists(self) -> QTabWidget:
        lists = QTabWidget()
        lists.setObjectName("workersLists")
        lists.setDocumentMode(True)
        lists.setAccessibleName("Lives and events of the trace")
        lists.addTab(self.timeline, "Time line")
        table = list_table(self.lives, "Lives of workers", (90, 0, 120, 170, 70, 90, 110))
        table.selectionModel().currentRowChanged.connect(self._on_life_row)
        table.activated.connect(lambda _index: self.show_details())
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(lambda at: self._show_menu(table.viewport().mapToGlobal(at)))
        lists.addTab(table, "Lives")
        lists.addTab(list_table(self.events, "Events", (90, 0, 84, 70)), "Events")
        return lists

    def _on_life_row(self, current: QModelIndex) -> None:
        if current.isValid():
            self.choose_life(self.lives.row(current.row()).id)

    def _lay_out(self, settings: Settings) -> None:
        below = QSplitter(Qt.Orientation.Horizontal)
        below.setObjectName("workersDetailSplitter")
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setObjectName("workersSplitter")
        for one, widgets, sizes in (
            (below, (self.lists, self.details), [480, 520]),
            (splitter, (self.tree, below), [200, 400]),
        ):
            one.setChildrenCollapsible(False)
            one.setHandleWidth(1)
            for widget in widgets:
                one.addWidget(widget)
            one.setSizes(sizes)
        splitter.setStretchFactor(1, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(splitter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.notice)
        column.addWidget(self.problem)
        column.addWidget(self._pages, 1)
        settings.remember(splitter)
        settings.remember(below)
        settings.remember(self.tree.header())
        settings.keep_checked(self.details.stacks.all_calls, "workers/all-calls")


def _terms(node: Node | None, life: Life | None) -> list[FieldTerm]:
    """The requests of what is chosen: of a process, of its slot, of its instance; those it has or had in hand."""
    one: Node | Life | None = life or node
    if one is None:
        return []
    wanted = (f"pid:{one.pid}" if one.slot else "", f"worker:{one.slot}" if one.slot else "",
              f"instance:{one.instance}" if one.instance else "", f"app:{quoted(f'={one.app}')}" if one.app else "",
              f"id:{','.join(map(str, one.in_hand))}" if one.in_hand else "")  # fmt: skip
    return [FieldTerm(term) for term in wanted if term]
