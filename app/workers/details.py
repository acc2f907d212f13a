"""The details of the worker, life or instance that is chosen: summary, stacks, events, output."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from app.logs.lines import plain
from app.theme import mono_font
from app.theme.roles import Role
from app.theme.widgets import ElidedLabel, bold
from app.workers.causes import CUT_OFF, UNSEEN, Sign, exit_words, sentence
from app.workers.evidence import Evidence
from app.workers.history import Life, Story
from app.workers.processes import Kind, Node
from app.workers.stacks_view import StacksView
from app.workers.summary import Facts, SummaryTab
from app.workers.tables import events_model, list_table
from app.workers.words import counted, cpu, duration, memory, wall
from inspector.export.cost_words import of_a_call
from inspector.model import Instance

SUMMARY, STACKS, EVENTS, OUTPUT = range(4)


class DetailsPanel(QWidget):
    """Says what the page knows of one thing.

    Signals:
        exchange_wanted(int): show this request in the traffic.
        life_wanted(int): show the life of the worker with this id.
    """

    exchange_wanted = Signal(int)
    life_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("workersDetails")
        self.title = ElidedLabel()
        bold(self.title)
        self.summary = SummaryTab()
        self.stacks = StacksView()
        self.events = events_model(self)
        self.output = self._make_output()
        self.tabs = QTabWidget()
        self.tabs.setObjectName("workersDetailTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Details of the worker")
        self.tabs.addTab(self.summary, "Summary")
        self.tabs.addTab(self.stacks, "Stacks")
        self.tabs.addTab(list_table(self.events, "Events of the worker", (90, 0, 84, 76)), "Events")
        self.tabs.addTab(self.output, "Output")
        self.summary.exchange_wanted.connect(self.exchange_wanted)
        self.summary.life_wanted.connect(self.life_wanted)
        self.stacks.exchange_wanted.connect(self.exchange_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 12, 2)
        head.addWidget(self.title)
        column.addLayout(head)
        column.addWidget(self.tabs, 1)
        self._lines: tuple[str, ...] = ()
        self.setMinimumWidth(300)

    def show_life(self, life: Life | None, node: Node | None, story: Story, evidence: Evidence) -> None:
        """One process: ``life`` from the trace, ``node`` while it is the slot's process now."""
        state = node.state if node is not None else life.state if life is not None else ""
        subject = life or node
        if subject is None:
            self._say("", Facts("Choose a worker in the tree or on the time line."), Evidence(), None)
            return
        self._say(f"Worker {subject.slot}, generation {subject.generation}, pid {subject.pid}",
                  facts_of(life, node, state, story), evidence, node)  # fmt: skip
        identity = life.id if life else -1
        self.events.show_rows([event for event in story.events if event.worker == identity])

    def show_group(self, node: Node, story: Story, evidence: Evidence) -> None:
        """An application or an instance."""
        instance = story.instance(node.instance) if node.instance else None
        name = f"Application {node.app}" if node.kind is Kind.APP else f"{node.title}, instance {node.instance}"
        self._say(name, group_facts(node, instance, story), evidence, node)
        of_app = node.kind is Kind.APP
        self.events.show_rows([event for event in story.events if of_app or event.instance == node.instance])

    def focus(self) -> None:
        """Into the tab that is shown."""
        self.tabs.currentWidget().setFocus()

    def _say(self, title: str, facts: Facts, evidence: Evidence, node: Node | None) -> None:
        self.title.show_text(title)
        self.title.setVisible(bool(title))
        self.summary.show_facts(facts, evidence)
        self.stacks.show_node(node)
        if evidence.lines != self._lines:
            self._lines = evidence.lines
            bar = self.output.verticalScrollBar()
            at_end = bar.value() >= bar.maximum() - 2
            self.output.setPlainText("\n".join(plain(line) for line in evidence.lines))
            bar.setValue(bar.maximum() if at_end else bar.value())

    def _make_output(self) -> QPlainTextEdit:
        text = QPlainTextEdit()
        text.setObjectName("workerOutput")
        text.setAccessibleName("Last lines that the worker printed")
        text.setReadOnly(True)
        text.setFont(mono_font())
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setTabChangesFocus(True)
        text.setFrameShape(QFrame.Shape.NoFrame)
        text.setPlaceholderText("It printed nothing, as far as the trace tells. The Logs page has the lines of all.")
        return text


def facts_of(life: Life | None, node: Node | None, state: str, story: Story) -> Facts:
    """What the summary says of one process."""
    live = node is not None and node.live
    outcome = life.outcome if life else ("" if live or node is None else node.last)
    sign = life.sign if life else Sign("", Role.OK, "alive")
    if state == "paused":
        sign = Sign("", Role.CLIENT_ERROR, "paused")
    pairs = _figures(node) if node is not None and live else []
    cost = node.cost if node is not None and live else ""
    if life is not None:
        pairs += _times(life, story)
        cost = cost or (of_a_call(life.cost.probe_ns, life.cost.call_ns) if life.cost else "")
    if cost:
        pairs.append(("Probe", f"costs {cost}"))
    before = _before(life, story)
    words = f"generation {before.generation} {before.outcome or 'ended'}" if before else ""
    if before is None and live and node is not None and node.last:
        pairs.append(("Before it", f"the slot's previous process {node.last}"))
    return Facts(
        sentence=sentence(outcome if not live else "", state),
        sign=sign,
        exit=exit_words(life.exit_code, life.signal) if life else "",
        pairs=tuple(pairs),
        paused=state == "paused" and live,
        before=before.id if before else 0,
        before_words=words,
        ended=not live,
    )


def _figures(node: Node) -> list[tuple[str, str]]:
    return [("Uses", f"{cpu(node.cpu or 0.0)} of a core, {memory(node.rss) or 'memory unknown'}")]


def _times(life: Life, story: Story) -> list[tuple[str, str]]:
    pairs = [("Mode", life.mode), ("Began", wall(life.began))]
    if life.ready_ns:
        pairs.append(("Ready after", duration((life.ready_ns - life.born_ns) / 1e9)))
    if life.ended:
        pairs.append(("Ended", f"{wall(life.ended)}, after {duration(life.ended - life.began)}"))
    if life.pauses:
        told = [f"{wall((at + story.offset) / 1e9)} for {duration((until - at) / 1e9)}" if until
                else f"since {wall((at + story.offset) / 1e9)}" for at, until in life.pauses[-3:]]  # fmt: skip
        pairs.append(("Paused", "; ".join(told)))
    return pairs


def _before(life: Life | None, story: Story) -> Life | None:
    """The slot's process before this one."""
    if life is None:
        return None
    return next((one for one in story.lives if (one.instance, one.slot) == (life.instance, life.slot)
                 and one.generation == life.generation - 1), None)  # fmt: skip


def group_facts(node: Node, instance: Instance | None, story: Story) -> Facts:
    """What the summary says of an application or an instance."""
    workers = [one for one in node.walk() if one.kind is Kind.WORKER]
    living = sum(one.live for one in workers)
    pairs = [("State", node.state), ("Workers", counted(living, "living process", "living processes"))]
    if node.pid:
        pairs.append(("Master", f"pid {node.pid}"))
    if node.cpu is not None:
        pairs.append(("Uses", f"{cpu(node.cpu)} of a core, {memory(node.rss)}, all workers together"))
    if node.restarts:
        pairs.append(("Restarts", str(node.restarts)))
    if instance is not None:
        pairs.append(("Serves" if not instance.ended_ns else "Served", instance.target))
        if instance.started_ns:
            pairs.append(("Started", wall((instance.started_ns + story.offset) / 1e9)))
        if instance.ready_ns:
            ready = duration((instance.ready_ns - instance.started_ns) / 1e9)
            pairs.append(("Ready", f"{wall((instance.ready_ns + story.offset) / 1e9)}, after {ready}"))
        if instance.ended_ns:
            pairs.append(("Ended", wall((instance.ended_ns + story.offset) / 1e9)))
    said = instance.outcome if instance is not None and not node.live else ""
    words = f"The instance {said.rstrip('.')}." if said else f"{node.title} is {node.state}."
    if node.state == CUT_OFF:
        words = f"{node.title}: the recording ends before its processes do."
    sign = UNSEEN if node.state == CUT_OFF else Sign("", _ROLES.get(node.state, Role.MUTED), node.state)
    return Facts(
        sentence=words, sign=sign, pairs=tuple(pairs), command=node.command, ended=True,
    )  # fmt: skip


_ROLES = {"running": Role.OK, "starting": Role.PENDING, "switching": Role.PENDING, "crashed": Role.SERVER_ERROR}
