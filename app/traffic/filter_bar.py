"""The filter bar: one line of the filter language, what is wrong with it at the place, and how much it lets through."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from app.theme import Role, color, mono_font, set_icon
from app.traffic.terms import narrowed
from inspector.query import Query, QueryError, parse

_PAUSE_MS = 200  #: after the last key until the filter is used
_HISTORY = 50


class FilterLine(QLineEdit):
    """The line itself, with a wave under what can't be read."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Filter")
        self.setPlaceholderText("Filter, for example  status:5xx or path:/api   (Ctrl+F)")
        self.setFont(mono_font())
        self.setTextMargins(4, 0, 4, 0)
        self.setClearButtonEnabled(True)
        self._wrong = -1

    def mark(self, position: int) -> None:
        """Draw a wave from ``position`` on; -1 for none."""
        self._wrong = position
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The line, and the wave."""
        super().paintEvent(event)
        if self._wrong < 0 or not self.text():
            return
        at = min(self._wrong, max(0, len(self.text()) - 1))
        unit = self.fontMetrics().horizontalAdvance("m")
        caret = self.cursorRect().center().x() - unit * (self.cursorPosition() - at)
        length = unit * max(1, len(self.text()) - at)
        base = self.rect().bottom() - 3.5
        wave = [QPointF(caret + x, base + (0 if x // 3 % 2 else 2)) for x in range(0, length, 3)]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color(Role.SERVER_ERROR), 1.2))
        painter.drawPolyline(QPolygonF(wave))
        painter.end()


class FilterBar(QWidget):
    """The line with its error, its history, and counts at the right.

    Signals:
        query_changed(object): a ``Query``, or None when the line is empty. Not sent for a line that can't be read.
        escaped(): back to the table.
    """

    query_changed = Signal(object)
    escaped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._used = ""
        self.line = FilterLine()
        self.error = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.error.setProperty("look", "error")
        self.error.setAccessibleName("What is wrong with the filter")
        self.error.setWordWrap(True)
        self.error.hide()
        self.counts = QLabel()
        self.counts.setProperty("look", "muted")
        self.counts.setAccessibleName("Shown of all exchanges")
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(2)
        self._history = QStringListModel(self)
        self._complete()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self.use)
        self._arrange()
        self.line.textChanged.connect(lambda _text: self._pause.start())
        self.line.returnPressed.connect(self._on_return)

    def _complete(self) -> None:
        completer = QCompleter(self._history, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.line.setCompleter(completer)

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(8, 5, 6, 5)
        row.setSpacing(8)
        row.addWidget(self.line, 1)
        row.addWidget(self.counts)
        row.addLayout(self.buttons)
        self.error.setContentsMargins(14, 0, 8, 5)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.error)

    @property
    def text(self) -> str:
        """What is in the line."""
        return self.line.text().strip()

    @property
    def history(self) -> list[str]:
        """Filters that were used, newest first."""
        return self._history.stringList()

    def set_history(self, used: list[str]) -> None:
        """Filters of earlier sessions."""
        self._history.setStringList(used[:_HISTORY])

    def set_text(self, text: str) -> None:
        """Write and use a filter."""
        self.line.setText(text)
        self.use()

    def add_term(self, term: str, *, exclude: bool = False) -> None:
        """Narrow the filter by one more term."""
        term = f"-{term}" if exclude else term
        self.set_text(narrowed(self.text, term))

    def use(self) -> None:
        """Read the line and say what came of it."""
        self._pause.stop()
        text = self.text
        try:
            query: Query | None = parse(text) if text else None
        except QueryError as error:
            self._refuse(str(error.message), error.position)
            return
        self.line.mark(-1)
        self.error.hide()
        if text != self._used:
            self._used = text
            self.query_changed.emit(query)

    def add_button(self, button: QToolButton, icon: str) -> None:
        """Put a button at the right end."""
        button.setProperty("look", "flat")
        set_icon(button, icon)
        self.buttons.addWidget(button)

    def _refuse(self, message: str, position: int) -> None:
        leading = len(self.line.text()) - len(self.line.text().lstrip())
        self.line.mark(position + leading)
        self.error.setText(f"{message[:1].upper()}{message[1:]}")
        self.error.show()

    def _on_return(self) -> None:
        self.use()
        if not self.error.isVisible():
            self._remember()
            self.escaped.emit()

    def _remember(self) -> None:
        if self.text:
            self.set_history([self.text, *(old for old in self.history if old != self.text)])

    def escape(self) -> None:
        """Once to clear, once more to leave."""
        if self.line.text():
            self.set_text("")
        else:
            self.escaped.emit()
