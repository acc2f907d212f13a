"""A line to name a header, or a key of the scope or environ, that is to have a column of its own."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.theme import dress, mono_font
from app.traffic.columns import is_field

_WIDTH = 380
_HINT = "header.NAME, scope.KEY or environ.KEY; Enter adds it"


class ColumnPrompt(QFrame):
    """Pops up at a point; Escape or a click elsewhere closes it.

    Signals:
        named(str): a column is wanted, such as ``header.user-agent``.
    """

    named = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("columnPrompt")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.line = QLineEdit()
        self.line.setFont(mono_font())
        self.line.setAccessibleName("Header or key for a new column")
        self.line.setPlaceholderText("header.user-agent or scope.client")
        self.hint = QLabel(_HINT, textFormat=Qt.TextFormat.PlainText)
        self.hint.setProperty("look", "muted")
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(12)
        completer.activated.connect(self._on_completed)
        if (popup := completer.popup()) is not None:
            dress(popup)  # Qt has it belong to nobody
        self.line.setCompleter(completer)
        self.line.returnPressed.connect(lambda: self._name(self.line.text()))
        self.line.textEdited.connect(lambda _text: self._say(_HINT, wrong=False))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 8)
        column.setSpacing(6)
        column.addWidget(self.line)
        column.addWidget(self.hint)
        self.setFixedWidth(_WIDTH)

    def offer(self, names: Iterable[str]) -> None:
        """What may be named: the fields seen in the traffic."""
        self._names.setStringList(list(names))

    def ask(self, at: QPoint) -> None:
        """Show it at a global point, empty."""
        self.line.clear()
        self._say(_HINT, wrong=False)
        self.adjustSize()
        self.move(at)
        self.show()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def _on_completed(self, name: str) -> None:
        self._name(name)

    def _name(self, text: str) -> None:
        if not self.isVisible():
            return  # Enter in the list of completions comes twice
        name = text.strip()
        if not is_field(name):
            self._say("Write header., scope. or environ. and a name after it", wrong=True)
            return
        self.hide()
        self.named.emit(name)

    def _say(self, text: str, *, wrong: bool) -> None:
        self.hint.setProperty("look", "error" if wrong else "muted")
        self.hint.style().polish(self.hint)
        self.hint.setText(text)
