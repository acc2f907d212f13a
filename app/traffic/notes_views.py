"""Where notes are written and deletions told: the line for a comment, and the quiet strip with its Undo."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.theme.widgets import button, icon_button, label, look
from inspector.store.annotations import LONGEST

_WIDTH = 420
_STAY_MS = 20_000


class CommentPrompt(QFrame):
    """A line over the cell that the comment stands in. Enter keeps it, Escape or a click elsewhere does not.

    Signals:
        written(list[int], str): this is to be the comment of these exchanges.
    """

    written = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("commentPrompt")
        look(self, "popup")
        self._ids: list[int] = []
        self.line = QLineEdit()
        self.line.setMaxLength(LONGEST)
        self.line.setAccessibleName("Comment")
        self.line.setPlaceholderText("What is there to say about it?")
        self.line.returnPressed.connect(self._write)
        self.hint = QLabel(textFormat=Qt.TextFormat.PlainText)
        look(self.hint, "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 6)
        column.setSpacing(4)
        column.addWidget(self.line)
        column.addWidget(self.hint)
        self.setFixedWidth(_WIDTH)

    def ask(self, at: QPoint, ids: list[int], comment: str) -> None:
        """Show it at a global point for these exchanges, with the comment of the first."""
        self._ids = ids
        self.line.setText(comment)
        self.line.selectAll()
        many = f" for all {len(ids):,}" if len(ids) > 1 else ""
        self.hint.setText(f"Enter keeps it{many}; an empty one is taken away")
        self.adjustSize()
        self.move(at)
        self.show()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def _write(self) -> None:
        self.hide()
        self.written.emit(self._ids, self.line.text())


class DeletedStrip(QFrame):
    """``3 exchanges deleted``, with the way back; goes by itself after a while.

    Signals:
        undo_wanted(): bring them back.
    """

    undo_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deletedStrip")
        look(self, "bar")
        self._text = label()
        self.undo = button("Undo", dress="link", tip="Bring them back (Ctrl+Z)")
        self.undo.clicked.connect(self.undo_wanted)
        close = icon_button("close", "Hide this line")
        close.clicked.connect(self.hide)
        self._stay = QTimer(self, singleShot=True, interval=_STAY_MS)
        self._stay.timeout.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 8, 2)
        row.setSpacing(8)
        row.addWidget(self._text)
        row.addWidget(self.undo)
        row.addStretch(1)
        row.addWidget(close)
        self.hide()

    def say(self, words: str, *, undo: bool = True) -> None:
        """Show the line for a while; ``undo``: whether there is something to bring back."""
        self._text.setText(words)
        look(self, "bar" if undo else "problem")
        self.undo.setVisible(undo)
        self.setAccessibleName(words)
        self.show()
        self._stay.start()
