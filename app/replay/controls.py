"""What to replay, how fast, start and cancel, and how far it is."""

from __future__ import annotations

import enum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.replay.comparison import names_in
from app.theme import Role, mono_font, set_icon
from app.theme.rows import FoldingRow, group
from app.traffic import formats
from app.traffic.detail.parts import caption
from app.traffic.filter_field import FilterField
from inspector.model import ReplayRun
from inspector.query import parse


class What(enum.IntEnum):
    """What is sent again, in the order of the box."""

    ALL = 0
    SELECTION = 1
    FILTER = 2


_SPEEDS = (("As fast as it goes", "max"), ("As recorded", "original"), ("Twice as fast", "2"))


class ReplayControls(QFrame):
    """The bar at the top of the page.

    Signals:
        run_chosen(int): the user wants to see the results of an earlier run.
    """

    run_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "bar")
        self.subject = QComboBox()
        self.filtering = FilterField("Filter of what to replay", "Filter, for example  path:/api", parse)
        self.filter = self.filtering.line
        self.speeds = QComboBox()
        self.at_once = QSpinBox(minimum=1, maximum=64, value=1)
        self.ignore = QLineEdit(placeholderText="date, x-request-id, $.items[*].id", clearButtonEnabled=True)
        self.start = QPushButton("Start the replay")
        self.cancel = QPushButton("Cancel")
        self.runs = QComboBox()
        self.differing = QCheckBox("Only what differs")
        self.bar = QProgressBar(textVisible=False)
        self.words = caption()
        self.wrong = QLabel(wordWrap=True)
        self._dress()
        self._arrange()
        self.subject.currentIndexChanged.connect(lambda at: self.filtering.setVisible(at == What.FILTER))
        self.runs.activated.connect(lambda at: self.run_chosen.emit(self.runs.itemData(at)))

    def _dress(self) -> None:
        names = (
            (self.subject, "What to replay"), (self.speeds, "Speed"),
            (self.at_once, "Requests at once"), (self.runs, "Earlier replays"), (self.bar, "Progress"),
            (self.wrong, "Problem"), (self.words, "Progress in words"), (self.ignore, "What may differ"),
        )  # fmt: skip
        for widget, name in names:
            widget.setAccessibleName(name)
        self.subject.addItems(["The whole trace", "The selection (0)", "What passes a filter"])
        for title, value in _SPEEDS:
            self.speeds.addItem(title, value)
        self.at_once.setToolTip("How many requests may be under way at once")
        self.ignore.setFont(mono_font())
        self.ignore.setToolTip(
            "What may differ without counting as a difference, with commas between: names of headers, and places in "
            "JSON such as $.items[*].id. What always changes, such as Date, need not be named."
        )
        self.filtering.hide()
        self.start.setProperty("look", "primary")
        set_icon(self.start, "replay", Role.ON_ACCENT)
        self.cancel.hide()
        self.bar.setFixedHeight(6)
        self.bar.hide()
        self.wrong.setProperty("look", "error")
        self.wrong.hide()
        self.runs.hide()
        self.runs.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    def _arrange(self) -> None:
        what = group(caption("Replay"), self.subject, self.filtering, wide=self.filtering)
        pace = group(caption("Speed"), self.speeds, caption("At once"), self.at_once)
        row = FoldingRow(what, pace, group(self.start, self.cancel))
        differ = group(caption("May differ"), self.ignore, wide=self.ignore, gap=12)
        state = FoldingRow(differ, self.words, group(self.differing, self.runs, gap=12))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        column.addWidget(row)
        column.addWidget(self.bar)
        column.addWidget(self.wrong)
        column.addWidget(state)

    @property
    def what(self) -> What:
        """What is chosen."""
        return What(self.subject.currentIndex())

    @property
    def speed(self) -> str:
        """As ``StartReplay`` takes it."""
        return str(self.speeds.currentData())

    @property
    def concurrency(self) -> int:
        """Requests at once."""
        return self.at_once.value()

    @property
    def ignored(self) -> tuple[str, ...]:
        """What may differ, as ``StartReplay`` takes it."""
        return names_in(self.ignore.text())

    def choose(self, what: What) -> None:
        """Set what is to be replayed."""
        self.subject.setCurrentIndex(what)

    def say_selected(self, count: int) -> None:
        """How much is selected in the traffic page."""
        self.subject.setItemText(What.SELECTION, f"The selection ({formats.count(count)})")

    def say(self, words: str) -> None:
        """How far it is, in words."""
        self.words.setText(words)

    def problem(self, text: str) -> None:
        """Say what went wrong; empty: nothing."""
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))

    def progress(self, sent: int, total: int, *, over: bool) -> None:
        """Move the bar."""
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(sent)
        self.bar.setVisible(not over)

    def set_running(self, running: bool) -> None:
        """A replay runs, or none does."""
        self.cancel.setVisible(running)
        self.start.setEnabled(not running)
        for widget in (self.subject, self.filter, self.speeds, self.at_once, self.ignore):
            widget.setEnabled(not running)
        if not running:
            self.bar.hide()

    def show_runs(self, runs: list[ReplayRun], current: int) -> None:
        """The runs of the trace, newest first."""
        self.runs.clear()
        for run in reversed(runs):
            speed = {"max": "as fast as it goes", "original": "as recorded"}.get(run.speed, f"{run.speed} x")
            self.runs.addItem(f"Replay {run.id}: {formats.count(run.total)} exchanges, {speed}, {run.state}", run.id)
        self.runs.setCurrentIndex(max(0, self.runs.findData(current)))
        self.runs.setVisible(len(runs) > 1)
