"""A filter for something else than the table: the line with completion and older filters, and what is wrong below it.

Knows the filter language; what the filter is for, and which filters that takes, whoever makes one says.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.feed import TraceFeed
from app.settings import Setting, Settings
from app.theme.widgets import label
from app.traffic.filter_line import HISTORY, FilterLine, Seen, Source
from inspector.query import Query, QueryError
from inspector.query.completion import Place
from inspector.store.reader import TraceReader

#: Makes a filter of a text, None of an empty one. Raises QueryError.
Read = Callable[[str], Query | None]


def seen_in(feed: TraceFeed, key: str) -> Source:
    """What the trace in view has to offer to a line; of several questions with ``key`` the newest is answered."""

    def ask(at: Place, take: Callable[[Seen], None]) -> None:
        def seen(reader: TraceReader) -> Seen:
            values = reader.seen(at.wants_values, at.typed) if at.wants_values else []
            return values, reader.field_names() if at.wants_names else []

        feed.ask(seen, take, key=key)

    return ask


def keep_history(field: FilterField, settings: Settings, key: str) -> None:
    """Have each project remember the filters that were used in ``field``."""
    line = field.line

    def put(history: list[str]) -> None:
        line.history = [text for text in history if isinstance(text, str)][:HISTORY]

    settings.keep(Setting(line, key, lambda: list(line.history), put), line.remembered)


class FilterField(QWidget):
    """A line that is read when it is complete: by Enter, and when the focus leaves it.

    Signals:
        used(str): a filter that can be read, or an empty text, and another one than before.
    """

    used = Signal(str)

    def __init__(self, name: str, hint: str, read: Read, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._read, self._used = read, ""
        self.line = FilterLine()
        self.line.setAccessibleName(name)
        self.line.setPlaceholderText(hint)
        self.error: QLabel = label("", "error", wrap=True)
        self.error.setAccessibleName(f"What is wrong with {name[:1].lower()}{name[1:]}")
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.line)
        column.addWidget(self.error)
        self.setFocusProxy(self.line)
        self.line.textEdited.connect(lambda _text: self.check(patient=True))
        self.line.editingFinished.connect(self.use)

    @property
    def text(self) -> str:
        """What is in the line."""
        return self.line.text().strip()

    def set_text(self, text: str) -> None:
        """Show what is used already, unless something else is being typed."""
        if not self.line.isModified() or text == self.text:
            self._used = text
            self.line.setText(text)
            self.check()

    def check(self, *, patient: bool = False) -> bool:
        """Whether it can be read, and show where not; ``patient``: only take back what is not wrong any more."""
        try:
            self._read(self.text)
        except QueryError as error:
            if not patient or self.error.isVisible():
                self.error.setText(self.line.complain(error))
                self.error.show()
            return False
        self.line.mark(-1)
        self.error.hide()
        return True

    def use(self) -> None:
        """Hand over what is in the line, if it can be read and is another than before."""
        if not self.check():
            return
        self.line.setModified(False)
        if self.text != self._used:
            self._used = self.text
            self.line.remember(self.text)
            self.used.emit(self.text)
