"""The Summary tab: what happened in plain lines, where the time went, who served it, and what went wrong."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.theme import Role, color, mono_font, tip
from app.traffic import formats, narrative
from app.traffic.columns import Axis
from app.traffic.detail.parts import MonoText, caption
from app.traffic.detail.phases_bar import PhasesBar
from app.traffic.narrative import Placed
from app.traffic.phases import phases
from app.traffic.tones import TONES
from inspector.model import Exchange, State


class SummaryTab(QScrollArea):
    """The overview of one exchange.

    Signals:
        exchange_wanted(int): the user wants to see another exchange, the original of a replay.
    """

    exchange_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Summary")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._tone = Role.TEXT
        self.headline = _line("Headline")
        self.story = _line("What happened")
        self.bar = PhasesBar()
        self.facts = QGridLayout()
        self._values: dict[str, QLabel] = {}
        self.problem = MonoText("Exception", wrap=False)
        self.problem_title = caption("Exception that left the application")
        self.original = QPushButton("Show the original")
        self.original.setProperty("look", "link")
        self._original = 0
        self.original.clicked.connect(lambda: self.exchange_wanted.emit(self._original))
        self._arrange()

    def _arrange(self) -> None:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.15)
        font.setWeight(QFont.Weight.DemiBold)
        self.headline.setFont(font)
        self._make_facts()
        self.problem.setMinimumHeight(120)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(10)
        for part in (self.headline, self.story, self.original, self.bar):
            column.addWidget(part)
        column.setAlignment(self.original, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.problem_title)
        column.addWidget(self.problem, 1)
        column.addLayout(self.facts)
        column.addStretch(0)
        self.setWidget(body)

    def _make_facts(self) -> None:
        self.facts.setHorizontalSpacing(14)
        self.facts.setVerticalSpacing(4)
        for number, name in enumerate(_FACTS):
            line, column = divmod(number, 3)
            label = caption(name)
            value = _line(name)
            value.setFont(mono_font())
            value.setWordWrap(False)
            self._values[name] = value
            self.facts.addWidget(label, line, column * 2)
            self.facts.addWidget(value, line, column * 2 + 1)
        for column in range(3):
            self.facts.setColumnStretch(column * 2 + 1, 1)

    def show_exchange(self, exchange: Exchange, placed: Placed, axis: Axis) -> None:
        """Show ``exchange``, which ``placed`` served, as things stand at ``axis``."""
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
        self.problem_title.setVisible(bool(exchange.exception))
        self.problem.setVisible(bool(exchange.exception))
        if self.problem.toPlainText() != exchange.exception:
            self.problem.setPlainText(exchange.exception)

    def _ink_headline(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, color(self._tone))
        self.headline.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours: the headline's too."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._ink_headline()

    def _show_facts(self, exchange: Exchange, placed: Placed, axis: Axis) -> None:
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


_FACTS = ("Exchange", "Kind", "Began", "Mode", "Interface", "Client", "Worker", "Process", "Ran in")


def _line(name: str) -> QLabel:
    label = QLabel(wordWrap=True)
    label.setAccessibleName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
