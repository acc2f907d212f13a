"""What to compare and how: recording, filter, modes, speed, rounds; start and cancel, and how far it is."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QProgressBar, QPushButton, QSpinBox, QVBoxLayout, QWidget

from app.comparison.modes_chosen import ModesChosen
from app.theme.rows import FoldingRow, group
from app.theme.widgets import ElidedLabel, button, icon_button, label, look
from app.traffic.detail.parts import caption
from app.traffic.filter_field import FilterField
from inspector.query import parse

SPEEDS = (("As fast as it goes", "max"), ("As recorded", "original"), ("Twice as fast", "2"))
_ROUNDS = 3


class ComparisonControls(QFrame):
    """The bar at the top of the page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, "bar")
        self.what = ElidedLabel()
        self.what.setAccessibleName("What is compared")
        self.filtering = FilterField("Filter of what to compare", "All of the trace, or a filter:  path:/api", parse)
        self.speeds = QComboBox()
        self.at_once = QSpinBox(minimum=1, maximum=256, value=8)
        self.rounds = QSpinBox(minimum=1, maximum=99, value=_ROUNDS)
        self.modes = ModesChosen()
        self.start = button("Start the comparison", icon="play", dress="primary")
        self.cancel = QPushButton("Cancel")
        self.copy = icon_button("copy", "Copy the table", "Copy the table, with tabs between its cells")
        self.bar = QProgressBar(textVisible=False)
        self.words = caption()
        self.wrong = label("", "error", wrap=True, selectable=True)
        self._dress()
        self._arrange()
        self.speeds.currentIndexChanged.connect(self._on_speed)

    def _dress(self) -> None:
        for title, value in SPEEDS:
            self.speeds.addItem(title, value)
        names = (
            (self.speeds, "Speed"), (self.at_once, "Requests at once"), (self.rounds, "Rounds"),
            (self.bar, "Progress"), (self.words, "Progress in words"), (self.wrong, "Problem"),
        )  # fmt: skip
        for widget, name in names:
            widget.setAccessibleName(name)
        self.at_once.setToolTip("How many requests are under way at once; one at a time keeps the recorded order")
        self.rounds.setToolTip("How often each mode is tried, in turn with the others: shows how much figures vary")
        self.cancel.hide()
        self.bar.setFixedHeight(6)
        self.bar.hide()
        self.wrong.hide()

    def _arrange(self) -> None:
        figures = [widget for text, box in (("Speed", self.speeds), ("At once", self.at_once), ("Rounds", self.rounds))
                   for widget in (caption(text), box)]  # fmt: skip
        first = FoldingRow(self.filtering, group(*figures), group(self.start, self.cancel))
        state = QHBoxLayout()
        state.setSpacing(12)
        state.addWidget(self.what, 1)
        state.addWidget(self.words)
        state.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        column.addWidget(first)
        column.addWidget(self.modes)
        column.addWidget(self.bar)
        column.addWidget(self.wrong)
        column.addLayout(state)

    @property
    def speed(self) -> str:
        """As ``StartComparison`` takes it."""
        return str(self.speeds.currentData())

    def _on_speed(self) -> None:
        """At a recorded pace requests leave when they did, and a round takes as long as the recording."""
        self.at_once.setEnabled(self.speed == "max")
        self.rounds.setValue(_ROUNDS if self.speed == "max" else 1)

    def problem(self, text: str) -> None:
        """Say what went wrong; empty: nothing."""
        self.wrong.setText(text)
        self.wrong.setVisible(bool(text))

    def progress(self, done: int, total: int, *, over: bool) -> None:
        """Move the bar."""
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        self.bar.setVisible(not over)

    def set_running(self, running: bool) -> None:
        """A comparison runs, or none does."""
        self.start.setVisible(not running)
        self.modes.setHidden(running)  # the table has them
        self.cancel.setVisible(running)
        for widget in (self.filtering, self.speeds, self.rounds):
            widget.setEnabled(not running)
        self.at_once.setEnabled(not running and self.speed == "max")
        if not running:
            self.bar.hide()
