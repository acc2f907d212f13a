"""A line to search with, under what is searched: Enter for the next place, Shift+Enter for the last, Esc to leave."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget

from app.theme.widgets import icon_button, label, look


class FindBar(QFrame):
    """Hidden until it is opened.

    Signals:
        wanted_changed(str): other text to look for; empty for none.
        next_wanted(), previous_wanted(): go to another place.
        closed(): the user is done.
    """

    wanted_changed = Signal(str)
    next_wanted = Signal()
    previous_wanted = Signal()
    closed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        look(self, "bar")
        self.line = QLineEdit(placeholderText="Find", clearButtonEnabled=True)
        self.line.setAccessibleName(f"Find in {name.lower()}")
        self.said = label("", "muted")
        before = icon_button("chevron-left", "Previous match", "Previous match (Shift+Enter, Shift+F3)")
        after = icon_button("chevron-right", "Next match", "Next match (Enter, F3)")
        done = icon_button("close", "Close the search", "Close the search (Esc)")
        before.clicked.connect(self.previous_wanted)
        after.clicked.connect(self.next_wanted)
        done.clicked.connect(self.close_bar)
        self.line.textChanged.connect(self.wanted_changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 6, 3)
        row.setSpacing(6)
        row.addWidget(self.line, 1)
        for widget in (self.said, before, after, done):
            row.addWidget(widget)
        self.hide()

    def open_bar(self) -> None:
        """Search."""
        self.show()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def close_bar(self) -> None:
        """Stop searching."""
        self.hide()
        self.closed.emit()

    def say(self, text: str) -> None:
        """How the search went."""
        self.said.setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter and Shift+Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self.previous_wanted if back else self.next_wanted).emit()
        else:
            super().keyPressEvent(event)
