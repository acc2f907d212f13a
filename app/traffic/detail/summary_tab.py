"""The Summary tab: what happened in plain lines, where the time went, who served it, and what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.theme import Role, color, mono_font, tip
from app.theme.widgets import look
from app.traffic import finding_words, formats, narrative, syntax, tracebacks
from app.traffic.blocked import Blocked, HeldUp
from app.traffic.columns import Axis
from app.traffic.detail.line_view import LineView
from app.traffic.detail.parts import caption
from app.traffic.detail.phases_bar import PhasesBar
from app.traffic.detail.stall_card import StallCard
from app.traffic.narrative import Placed
from app.traffic.phases import phases
from app.traffic.terms import FieldTerm, fact_terms, last_line, searched
from app.traffic.tones import TONES
from inspector.model import Exchange, Finding, State

if TYPE_CHECKING:  # the window starts without the rules
    from inspector.contract import Rule


class SummaryTab(QScrollArea):
    """The overview of one exchange.

    Signals:
        exchange_wanted(int): the user wants to see another exchange, the original of a replay.
        worker_wanted(int): the user wants to see the worker with this id.
        findings_wanted(): the user wants to see what rules it breaks.
    """

    exchange_wanted = Signal(int)
    worker_wanted = Signal(int)
    findings_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Summary")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._tone = Role.TEXT
        self.headline = _line("Headline")
        self.story = _line("What happened")
        self.held = _line("Blocked event loop")
        self.held.setProperty("look", "error")
        self.stack = QPushButton("Show the stack")
        self.stack.setProperty("look", "link")
        self.stack.clicked.connect(self._show_stack)
        self.offer: Callable[[QMenu, Sequence[FieldTerm]], None] = lambda _menu, _terms: None  #: to filter by these
        self._terms: dict[str, list[FieldTerm]] = {}
        self._held, self._placed = HeldUp(), Placed()
        self._card: StallCard | None = None  # made when the first stack is looked at
        self.findings = _line("Findings")
        self.findings_link = QPushButton("Show the findings")
        self.findings_link.setProperty("look", "link")
        self.findings_link.clicked.connect(self.findings_wanted)
        self.bar = PhasesBar()
        self.facts = QGridLayout()
        self._values: dict[str, QLabel] = {}
        self.problem = LineView("Exception", wrap=False)
        self._problem = ""
        self.problem_title = caption("Exception that left the application")
        self.original = QPushButton("Show the original")
        self.original.setProperty("look", "link")
        self._original = 0
        self.original.clicked.connect(lambda: self.exchange_wanted.emit(self._original))
        self.worker = QPushButton("Go to the worker")
        self.worker.setProperty("look", "link")
        self._worker = 0
        self.worker.clicked.connect(lambda: self.worker_wanted.emit(self._worker))
        self._arrange()

    def _arrange(self) -> None:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.15)
        font.setWeight(QFont.Weight.DemiBold)
        self.headline.setFont(font)
        self._make_facts()
        self._give_menu(self.headline, "Headline")
        self.problem.offer = self._offer_exception
        self.problem.setMinimumHeight(120)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(10)
        links = QHBoxLayout()
        links.setSpacing(16)
        links.addWidget(self.original)
        links.addWidget(self.worker)
        links.addWidget(self.findings_link)
        links.addWidget(self.stack)
        links.addStretch(1)
        column.addWidget(self.headline)
        column.addWidget(self.story)
        column.addWidget(self.held)
        column.addWidget(self.findings)
        column.addLayout(links)
        column.addWidget(self.bar)
        column.addWidget(self.problem_title)
        column.addWidget(self.problem, 1)
        column.addLayout(self.facts)
        column.addStretch(0)
        self.setWidget(body)
        self.show_held(HeldUp())

    def _make_facts(self) -> None:
        self.facts.setHorizontalSpacing(14)
        self.facts.setVerticalSpacing(4)
        for number, name in enumerate(_FACTS):
            line, column = divmod(number, 3)
            label = caption(name)
            value = _line(name)
            value.setFont(mono_font())
            value.setWordWrap(False)
            self._give_menu(value, name)
            self._values[name] = value
            self.facts.addWidget(label, line, column * 2)
            self.facts.addWidget(value, line, column * 2 + 1)
        for column in range(3):
            self.facts.setColumnStretch(column * 2 + 1, 1)

    def show_exchange(self, exchange: Exchange, placed: Placed, axis: Axis) -> None:
        """Show ``exchange``, which ``placed`` served, as things stand at ``axis``."""
        self._placed = placed
        now = axis.now if exchange.state == State.OPEN else 0
        self.headline.setText(narrative.headline(exchange))
        self._tone = TONES[formats.tone(exchange.status, exchange.state)]
        self._ink_headline()
        self.story.setText("\n".join(narrative.story(exchange, placed, now)))
        found = phases(exchange, now)
        self.bar.show_phases(found)
        self.bar.setVisible(bool(found))
        self._show_facts(exchange, placed, axis)
        self._original = exchange.replay_of
        self.original.setVisible(bool(exchange.replay_of))
        self._worker = exchange.worker
        self.worker.setText(f"Go to worker {placed.slot}" if placed.slot else "Go to the worker")
        self.worker.setVisible(bool(exchange.worker))
        self.problem_title.setVisible(bool(exchange.exception))
        self.problem.setVisible(bool(exchange.exception))
        if self._problem != exchange.exception:
            self._problem = exchange.exception
            self._show_traceback(exchange.exception)

    def show_held(self, held: HeldUp) -> None:
        """Who held the event loop up meanwhile; nothing where nobody did."""
        self._held = held
        self.held.setText("\n".join(held.words))
        self.held.setVisible(bool(held.words))
        self.stack.setVisible(held.longest is not None and bool(held.longest.stack))

    def _show_stack(self) -> None:
        """Where the loop was, of the longest time."""
        stall = self._held.longest
        if stall is None:
            return
        if self._card is None:
            self._card = StallCard(self)
            self._card.exchange_wanted.connect(self.exchange_wanted)
            for step in (self._card.earlier, self._card.later):
                step.hide()
        slot, pid = self._placed.slot, self._placed.pid
        blocked = Blocked(slot, pid, stall.from_ns, stall.until_ns, stall.exchange, stall.stack, 0)
        self._card.show_stall(blocked, self._held.by, time.monotonic_ns())
        self._card.pop_up(self.stack.mapToGlobal(self.stack.rect().bottomLeft()))

    def show_findings(self, findings: Sequence[Finding], rules: Mapping[str, Rule]) -> None:
        """The first few rules that it breaks, the application's first; nothing where it breaks none."""
        ordered = sorted(findings, key=finding_words.rank)
        lines = [finding_words.sentence(found, rules.get(found.rule)) for found in ordered[:_MOST_FINDINGS]]
        if len(findings) > len(lines):
            lines.append(f"and {len(findings) - len(lines)} more")
        self.findings.setText("\n".join(lines))
        look(self.findings, "error" if ordered and finding_words.alarming(ordered[0]) else "")
        for widget in (self.findings, self.findings_link):
            widget.setVisible(bool(findings))

    def _show_traceback(self, text: str) -> None:
        """In the colours of its language, the innermost frame of the user's own code before a ground of its own."""
        self.problem.show_lines(syntax.colored(text[-_LONGEST:], "pytb"))
        frame = tracebacks.innermost_own(text[-_LONGEST:])
        if frame is not None:
            self.problem.emphasize(range(frame.first, frame.last + 1))
            self.problem.go_to(frame.first)

    def _ink_headline(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, color(self._tone))
        self.headline.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours: the headline's too."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._ink_headline()

    def _give_menu(self, label: QLabel, name: str) -> None:
        label.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        label.customContextMenuRequested.connect(lambda at: self.menu(name).popup(label.mapToGlobal(at)))

    def menu(self, name: str) -> QMenu:
        """What can be done with the headline or a fact."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.offer(menu, self._terms.get(name, []))
        label = self.headline if name == "Headline" else self._values[name]
        menu.addAction("Copy", lambda: QGuiApplication.clipboard().setText(label.selectedText() or label.text()))
        return menu

    def _offer_exception(self, menu: QMenu, selected: str) -> None:
        self.offer(menu, searched("exception", selected or last_line(self._problem)))

    def _show_facts(self, exchange: Exchange, placed: Placed, axis: Axis) -> None:
        self._terms = fact_terms(exchange, slot=placed.slot, pid=placed.pid, mode=placed.mode)
        began = exchange.opened_ns or exchange.called_ns
        facts = {
            "Exchange": str(exchange.id),
            "Kind": formats.kind(exchange.kind),
            "Began": axis.clock(began, exchange.id),
            "Mode": placed.mode,
            "Interface": exchange.interface,
            "Client": exchange.client,
            "Worker": f"slot {placed.slot}" if placed.slot else "",
            "Process": f"pid {placed.pid}, generation {placed.generation}" if placed.pid else "",
            "Ran in": exchange.task,
        }
        for name, value in facts.items():
            self._values[name].setText(formats.cell(value, 60) or "not known")
            self._values[name].setEnabled(bool(value))
            self._values[name].setToolTip(tip(value))


_MOST_FINDINGS = 3
_LONGEST = 60_000  #: characters of a traceback: its end says what happened
_FACTS = ("Exchange", "Kind", "Began", "Mode", "Interface", "Client", "Worker", "Process", "Ran in")


def _line(name: str) -> QLabel:
    label = QLabel(wordWrap=True)
    label.setAccessibleName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
