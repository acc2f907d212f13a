"""What stands above the lines: which ones to show, a text to find, and what to do with them."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget

from app.logs.lines import LEVELS, Wanted
from app.theme.widgets import icon_button, label, look

ALL = "All applications"
TRACE = "The open trace"


class LogsBar(QWidget):
    """Signals:

    wanted_changed(Wanted): other lines are asked for.
    source_changed(str): those of an application, of ``ALL``, or of ``TRACE``.
    next_wanted(bool): the next match, or backwards; copy_wanted(); clear_wanted().
    """

    wanted_changed = Signal(object)
    source_changed = Signal(str)
    next_wanted = Signal(bool)
    copy_wanted = Signal()
    clear_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("logsBar")
        look(self, "bar")
        self.apps = _choice("Application whose lines are shown", 11)
        self.apps.addItem(ALL)
        self.levels = _choice("Level from which on lines are shown", 9)
        for level, words in LEVELS:
            self.levels.addItem(words, level)
        self.slots = _choice("Worker whose lines are shown", 8)
        self._offer_slots(())
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find in the lines (Ctrl+F)")
        self.search.setAccessibleName("Find in the lines")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(self.fontMetrics().averageCharWidth() * 14)
        self.only = QToolButton()
        self.only.setText("Only these")
        self.only.setCheckable(True)
        self.only.setAccessibleName("Show only the lines with this text")
        self.only.setToolTip("Show only the lines with this text; else they are marked among the others")
        self.found = label("", "muted")
        self._lay_out()
        self.apps.currentTextChanged.connect(self.source_changed)
        self.levels.currentIndexChanged.connect(self._on_changed)
        self.slots.currentIndexChanged.connect(self._on_changed)
        self.search.textChanged.connect(self._on_changed)
        self.only.toggled.connect(self._on_changed)
        self.search.returnPressed.connect(lambda: self.next_wanted.emit(False))

    @property
    def wanted(self) -> Wanted:
        """What is asked for."""
        return Wanted(self.levels.currentData(), self.slots.currentData(), self.search.text(), self.only.isChecked())

    def offer_workers(self, slots: tuple[int, ...]) -> None:
        """The workers there are to choose from."""
        known = tuple(self.slots.itemData(row) for row in range(2, self.slots.count()))
        if known != slots:
            self._offer_slots(slots)

    def _offer_slots(self, slots: tuple[int, ...]) -> None:
        chosen = self.slots.currentData()
        with QSignalBlocker(self.slots):
            self.slots.clear()
            self.slots.addItem("All workers", None)
            self.slots.addItem("Not a worker", 0)
            for slot in slots:
                self.slots.addItem(f"Worker {slot}", slot)
            self.slots.setCurrentIndex(max(0, self.slots.findData(chosen)) if chosen is not None else 0)

    def show_found(self, count: int) -> None:
        """How many lines have the text."""
        self.found.setText(f"{count:,} found" if self.search.text() else "")

    def offer(self, source: str) -> None:
        """Let ``source`` be chosen."""
        if self.apps.findText(source) < 0:
            self.apps.addItem(source)

    def withdraw(self, source: str) -> None:
        """Let it not be chosen any more."""
        if (at := self.apps.findText(source)) >= 0:
            if at == self.apps.currentIndex():
                self.apps.setCurrentIndex(0)
            self.apps.removeItem(at)

    def _on_changed(self) -> None:
        self.wanted_changed.emit(self.wanted)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(8)
        previous = icon_button("chevron-left", "Previous match")
        previous.clicked.connect(lambda: self.next_wanted.emit(True))
        following = icon_button("chevron-right", "Next match")
        following.clicked.connect(lambda: self.next_wanted.emit(False))
        copy = icon_button("copy", "Copy", "Copy the selected lines, or all")
        copy.clicked.connect(self.copy_wanted)
        clear = icon_button("clear", "Clear", "Show only what is printed from now on; the trace keeps all")
        clear.clicked.connect(self.clear_wanted)
        for choice in (self.apps, self.levels, self.slots):
            row.addWidget(choice)
        row.addWidget(self.search, 1)
        for widget in (self.only, previous, following, self.found, copy, clear):
            row.addWidget(widget)


def _choice(name: str, letters: int) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    made.setMinimumContentsLength(letters)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return made
