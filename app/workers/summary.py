"""The Summary tab: how one worker stands or how it ended, in a sentence, with the proof below it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.theme import Role, color, mono_font
from app.theme.rows import group
from app.theme.widgets import CopyButton, bold, button, label, look
from app.traffic.detail.plain_table import PlainTable
from app.traffic.formats import lines as printable
from app.workers.causes import ALIVE, Sign
from app.workers.evidence import Evidence, Held
from app.workers.signs import RADIUS, draw_sign
from app.workers.tables import held_model

_ROW_LIMIT = 7  #: rows of the table of requests that are in view at once


@dataclass(frozen=True, slots=True)
class Facts:
    """What is written: the sentence, its sign, pairs of words, and what may be pressed."""

    sentence: str = ""
    sign: Sign = ALIVE
    exit: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    command: str = ""
    paused: bool = False
    before: int = 0  #: the life before this one, to go to
    before_words: str = ""
    ended: bool = False


class SummaryTab(QScrollArea):
    """One worker, or one instance.

    Signals:
        exchange_wanted(int): show this request in the traffic.
        life_wanted(int): show the life of the worker with this id.
        resume_wanted(): let the paused worker go on.
    """

    exchange_wanted = Signal(int)
    life_wanted = Signal(int)
    resume_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("workerSummary")
        self.setAccessibleName("Summary of the worker")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._shown: tuple[Facts, Evidence] | None = None
        self._facts = Facts()
        self.sign = _SignMark()
        self.sentence = label(wrap=True, selectable=True)
        bold(self.sentence, 1.08)
        self.exit = label("", "muted", selectable=True)
        self.resume = button("Let it go on", icon="play", tip="SIGCONT (P)")
        self.resume.clicked.connect(self.resume_wanted)
        self.before_words = label(wrap=True, selectable=True)
        self.before = button("Show it", dress="link", tip="Show the process that the slot had before this one")
        self.before.clicked.connect(lambda: self.life_wanted.emit(self._facts.before))
        self.blocked_words = label(wrap=True, selectable=True)
        self.blocker = button("Show by what", dress="link", tip="Show the request that blocked it longest")
        self.blocker.clicked.connect(self._on_blocker)
        self.words = self._make_words()
        self.copy = CopyButton("Copy the report")
        self.caption = label("", "caption")
        self.held = held_model(self)
        self.table = PlainTable("Requests in hand", self.held, (6, 26, 9, 30))
        self.table.activated.connect(self._on_activated)
        self._pairs = QWidget()
        self._shape: tuple[object, ...] = ()
        self._values: list[QLabel] = []
        self._lay_out()

    def show_facts(self, facts: Facts, evidence: Evidence) -> None:
        """Show these; what has not changed keeps its place and its selection."""
        if self._shown == (facts, evidence):
            return
        self._shown, self._facts = (facts, evidence), facts
        self.sign.show_sign(facts.sign)
        self.sentence.setText(facts.sentence)
        self.exit.setText(facts.exit)
        self.exit.setVisible(bool(facts.exit))
        self.resume.setVisible(facts.paused)
        self.blocked_words.setText(evidence.blocked)
        self.blocker.setVisible(bool(evidence.blocker))
        self._blocked_row.setVisible(bool(evidence.blocked))
        self.before_words.setText(f"Before it: {facts.before_words}.")
        self._before_row.setVisible(bool(facts.before))
        self._show_pairs(facts)
        self._show_words(evidence.words)
        self._show_held(evidence.held, ended=facts.ended)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours."""
        if event.type() == QEvent.Type.PaletteChange:
            self.sign.update()
        super().changeEvent(event)

    def _show_words(self, words: str) -> None:
        self._report.setVisible(bool(words))
        if self.words.toPlainText() != words:
            self.words.setPlainText(printable(words))
            rows = min(9, words.count("\n") + 1)
            self.words.setFixedHeight(rows * self.words.fontMetrics().lineSpacing() + 18)
            self._find_culprit()
        self.copy.text_to_copy = words

    def _find_culprit(self) -> None:
        """faulthandler lists the thread that failed last: bring it into view."""
        found = self.words.document().find("Current thread 0x")
        if not found.isNull():
            self.words.moveCursor(QTextCursor.MoveOperation.End)
            found.clearSelection()
            self.words.setTextCursor(found)

    def _show_held(self, held: tuple[Held, ...], *, ended: bool) -> None:
        when = "at its end" if ended else "now"
        self.caption.setText(f"In hand {when}: {len(held) or 'nothing'}")
        chosen = self.table.currentIndex().row()
        self.held.show_rows(list(held))
        if 0 <= chosen < len(held):
            self.table.setCurrentIndex(self.held.index(chosen, 0))
        self.table.setVisible(bool(held))
        rows = min(_ROW_LIMIT, max(1, len(held)))
        height = (
            rows * self.table.verticalHeader().defaultSectionSize() + self.table.horizontalHeader().sizeHint().height()
        )
        self.table.setFixedHeight(height + 14)

    def _show_pairs(self, facts: Facts) -> None:
        """Changed in place where only values are others: what is selected in them, and the scroll position, stay."""
        shape = (tuple(name for name, _value in facts.pairs), facts.command)
        if shape == self._shape:
            for shown, (_name, value) in zip(self._values, facts.pairs, strict=True):
                shown.setText(value)
            return
        self._shape, self._values = shape, []
        old, self._pairs = self._pairs, QWidget()
        grid = QGridLayout(self._pairs)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        for row, (name, value) in enumerate(facts.pairs):
            grid.addWidget(label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._values.append(label(value, wrap=True, selectable=True))
            grid.addWidget(self._values[-1], row, 1)
        if facts.command:
            shown = label(facts.command, wrap=True, selectable=True)
            shown.setFont(mono_font())
            grid.addWidget(label("Command", "muted"), len(facts.pairs), 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(shown, len(facts.pairs), 1)
        grid.setColumnStretch(1, 1)
        self._column.replaceWidget(old, self._pairs)
        old.hide()
        old.deleteLater()

    def _on_activated(self, index: QModelIndex) -> None:
        self.exchange_wanted.emit(self.held.row(index.row()).id)

    def _on_blocker(self) -> None:
        if self._shown is not None:
            self.exchange_wanted.emit(self._shown[1].blocker)

    def _make_words(self) -> QPlainTextEdit:
        text = QPlainTextEdit()
        text.setReadOnly(True)
        text.setFont(mono_font())
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setTabChangesFocus(True)
        text.setFrameShape(QFrame.Shape.NoFrame)
        text.setAccessibleName("What the worker said of its end")
        return text

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setBackgroundRole(QPalette.ColorRole.Base)
        inner.setAutoFillBackground(True)
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.sentence, 1)
        head.addWidget(self.resume, 0, Qt.AlignmentFlag.AlignTop)
        self._report = QFrame()
        look(self._report, "problem")
        report = QHBoxLayout(self._report)
        report.setContentsMargins(4, 2, 2, 2)
        report.addWidget(self.words, 1)
        report.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        self._report.hide()
        self._column.addLayout(head)
        self._column.addWidget(self.exit)
        self._column.addWidget(self._report)
        self._column.addWidget(self.caption)
        self._column.addWidget(self.table)
        self._blocked_row = group(self.blocked_words, self.blocker, wide=self.blocked_words)
        self._before_row = group(self.before_words, self.before, wide=self.before_words)
        for part in (self._blocked_row, self._pairs, self._before_row):
            self._column.addWidget(part)
        self._column.addStretch(1)
        inner.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setWidget(inner)


class _SignMark(QWidget):
    """A sign, as large as it is on the time line."""

    def __init__(self) -> None:
        super().__init__()
        self._sign = ALIVE
        self.setFixedSize(int(2 * RADIUS) + 4, int(2 * RADIUS) + 6)

    def show_sign(self, sign: Sign) -> None:
        """Show this one."""
        self._sign = sign
        self.setAccessibleName(sign.word)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """A green dot for who lives."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(self.width() / 2, self.height() / 2)
        if self._sign.shape:
            draw_sign(painter, middle, self._sign)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(self._sign.role if self._sign is not ALIVE else Role.OK))
            painter.drawEllipse(middle, 4, 4)
        painter.end()
