"""The line a filter is typed in: a wave under what is wrong, older filters by the arrows, and what may come next.

Knows the filter language, and asks for what was seen in the traffic through a function that it is given.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QLineEdit, QWidget

from app.theme import Role, color, mono_font
from app.traffic.suggesting import SuggestionList
from inspector.query import QueryError
from inspector.query.completion import Place, Suggestion, place, suggestions

HISTORY = 50
Seen = tuple[list[tuple[str, int]], list[str]]
#: Asks for values and names that fit a place, and hands them over when they are here.
Source = Callable[[Place, Callable[[Seen], None]], None]

_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


class FilterLine(QLineEdit):
    """The line itself.

    Signals:
        remembered(): ``history`` is another one.
    """

    remembered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Filter")
        self.setAccessibleDescription("Ctrl+Space offers what may come next, Tab takes it, Up brings older filters.")
        self.setPlaceholderText("Filter, for example  status:5xx or path:/api   (Ctrl+F)")
        self.setFont(mono_font())
        self.setTextMargins(4, 0, 4, 0)
        self.setClearButtonEnabled(True)
        self.history: list[str] = []  #: newest first
        self.source: Source | None = None
        self.offered = SuggestionList(self)
        self._wrong = (-1, -1)
        self._place = Place("", "", 0, 0)
        self._at, self._draft = -1, ""
        self._seen: tuple[str, Seen] = ("", ([], []))  # for which field, and what was seen last
        self.textEdited.connect(self._on_edited)
        self.textChanged.connect(self._on_changed)
        self.offered.taken.connect(self._take)

    # what is wrong

    def complain(self, error: QueryError) -> str:
        """Mark the place of ``error`` in what is typed, with the spaces before it; what is wrong as a sentence."""
        leading = len(self.text()) - len(self.text().lstrip())
        self.mark(error.position + leading, error.end + leading)
        return f"{error.message[:1].upper()}{error.message[1:]}"

    def mark(self, position: int, end: int = -1) -> None:
        """Draw a wave from ``position`` to ``end``; -1 for none."""
        self._wrong = (position, end)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The line, and the wave."""
        super().paintEvent(event)
        begin, end = self._wrong
        if begin < 0 or not self.text():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.rect().adjusted(5, 0, -5, 0))
        painter.setPen(QPen(color(Role.SERVER_ERROR), 1.3))
        left, right = self._x(begin), self._x(max(end, begin + 1))
        base = self.rect().bottom() - 4.5
        wave = [QPointF(left + x, base + (0 if x // 3 % 2 else 2)) for x in range(0, int(right - left) + 3, 3)]
        painter.drawPolyline(QPolygonF(wave))
        painter.end()

    def _x(self, at: int) -> float:
        """Where the character at ``at`` begins, whatever the line has scrolled to."""
        caret, metrics = self.cursorPosition(), self.fontMetrics()
        low, high = sorted((at, caret))
        between = metrics.horizontalAdvance(self.text()[low:high].ljust(high - low, "m"))
        return self.cursorRect().center().x() + (between if at > caret else -between)

    # what may come next

    def offer(self, *, asked: bool = True) -> None:
        """Show what may come next; ``asked`` for it, also where nothing was typed yet."""
        text, cursor = self.text(), self.cursorPosition()
        self._place = at = place(text, cursor)
        if not asked and not at.field and not at.typed:
            self.offered.hide()
            return
        field = at.wants_values or (at.typed.partition(".")[0] if at.wants_names else "")
        self._show(suggestions(at, *(self._seen[1] if field and field == self._seen[0] else ([], []))))
        if self.source is not None and (at.wants_values or at.wants_names):
            self.source(at, lambda seen: self._on_seen(at, field, seen))

    def _on_seen(self, at: Place, field: str, seen: Seen) -> None:
        self._seen = (field, seen)
        if at == self._place and self.hasFocus():
            self._show(suggestions(at, *seen))

    def setText(self, text: str | None, /) -> None:  # noqa: N802
        """Another filter: what was offered was for the one before."""
        self.offered.hide()
        super().setText(text)

    @property
    def choosing(self) -> bool:
        """Whether a field is being typed for which there are suggestions: not yet what one looks for."""
        return self.offered.isVisible() and not self._place.field and bool(self._place.typed)

    def _show(self, found: list[Suggestion]) -> None:
        held = self.text()[self._place.begin : self._place.end]
        if not [each for each in found if each.text != held]:
            self.offered.hide()
            return
        self.offered.show_below(self, int(self._x(self._place.begin)), found)

    def _take(self, chosen: Suggestion) -> None:
        begin, end = self._place.begin, self._place.end
        rest = self.text()[end:]
        after = " " if chosen.over and not rest else ""
        self.setText(self.text()[:begin] + chosen.text + after + rest)
        self.setCursorPosition(begin + len(chosen.text) + len(after))
        self.offered.hide()
        if not chosen.over:
            self.offer()

    def _on_changed(self, text: str) -> None:
        if not text:  # by the line's own button, too
            self.offered.hide()

    def _on_edited(self, _text: str) -> None:
        self._at = -1
        self.offer(asked=False)

    # older ones

    def remember(self, text: str) -> None:
        """``text`` was used."""
        self._at = -1
        if text:
            self.history = [text, *(old for old in self.history if old != text)][:HISTORY]
            self.remembered.emit()

    def _walk(self, by: int) -> None:
        """Up is older, down is newer and at last what one was typing."""
        if self._at < 0:
            self._draft = self.text()
        at = self._at + by
        while 0 <= at < len(self.history) and self.history[at] == self.text():
            at += by
        if at < len(self.history):
            self._at = max(-1, at)
            self.offered.hide()
            self.setText(self.history[self._at] if self._at >= 0 else self._draft)

    # keys

    def event(self, event: QEvent) -> bool:
        """Tab takes what is offered; Qt would leave the line."""
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and event.key() == Qt.Key.Key_Tab and self.offered.isVisible():  # type: ignore[attr-defined]
            self.offered.take_best()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """In the list while it is there, else through the older filters."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if key == Qt.Key.Key_Space and held == Qt.KeyboardModifier.ControlModifier:
            self.offer()
        elif key in _STEPS and self.offered.isVisible():
            self.offered.step(_STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.offered.chosen is not None:
            self.offered.take_best()
        elif key == Qt.Key.Key_Escape and self.offered.isVisible():
            self.offered.hide()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._walk(1 if key == Qt.Key.Key_Up else -1)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Nothing is offered to somebody who is elsewhere."""
        super().focusOutEvent(event)
        self.offered.hide()
