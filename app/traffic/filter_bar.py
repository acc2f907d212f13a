"""The filter bar: one line of the filter language, what it is made of as chips, what is wrong with it, and how much
it lets through.

Highlights are in it too: filters that colour rows. Knows the language; what is done with a filter is the page's.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.theme import set_icon
from app.traffic import formats
from app.traffic.chips import ChipRow, ChipText
from app.traffic.filter_line import HISTORY, FilterLine
from app.traffic.highlights import Highlight, with_text
from app.traffic.terms import is_negated, narrowed, negated, parts
from inspector.query import Query, QueryError, parse

_PAUSE_MS = 200  #: after the last key until the filter is used
_NEGATE = "A click excludes it instead"
_INCLUDE = "A click asks for it instead"
_TO_FILTER = "Colours rows. A click makes it the filter"


class FilterBar(QWidget):
    """The line with its error, its history, its chips, and counts at the right.

    Signals:
        query_changed(object): a ``Query``, or None when the line is empty or what it hides is shown for a while. Not
            sent for a line that can't be read.
        highlights_changed(): ``highlights`` are others.
        stop_wanted(): leave the search at what was found.
        escaped(): back to the table.
    """

    query_changed = Signal(object)
    highlights_changed = Signal()
    stop_wanted = Signal()
    escaped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._used = ""
        self.highlights: list[Highlight] = []
        self.line = FilterLine()
        self.error = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.error.setProperty("look", "error")
        self.error.setAccessibleName("What is wrong with the filter")
        self.error.setWordWrap(True)
        self.error.hide()
        self.counts = QLabel()
        self.counts.setProperty("look", "muted")
        self.counts.setAccessibleName("Shown of all exchanges")
        self.hidden = QToolButton()
        self.hidden.setCheckable(True)
        self.hidden.setProperty("look", "flat")
        self.hidden.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hidden.hide()
        self.chips = ChipRow()
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(2)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(lambda: self.use(patient=True))
        self._arrange()
        self._connect()

    def _connect(self) -> None:
        self.line.textChanged.connect(lambda _text: self._pause.start())
        self.line.offered.gone.connect(self._pause.start)
        self.line.returnPressed.connect(self._on_return)
        self.hidden.toggled.connect(self._on_hidden_toggled)
        self.chips.wanted.connect(self._on_chip)
        self.stop.clicked.connect(self.stop_wanted)

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(8, 5, 6, 5)
        row.setSpacing(8)
        row.addWidget(self.line, 1)
        row.addWidget(self.counts)
        row.addWidget(self.hidden)
        row.addLayout(self.buttons)
        self.error.setContentsMargins(14, 0, 8, 5)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.error)
        column.addWidget(self.chips)
        column.addWidget(self._progress())

    def _progress(self) -> QWidget:
        self.progress = QWidget()
        self.bar = QProgressBar(textVisible=False)
        self.bar.setFixedHeight(4)
        self.bar.setProperty("look", "thin")
        self.bar.setAccessibleName("How far the search is")
        self.searched = QLabel()
        self.searched.setProperty("look", "muted")
        self.stop = QPushButton("Stop")
        self.stop.setProperty("look", "link")
        self.stop.setAccessibleName("Stop the search")
        row = QHBoxLayout(self.progress)
        row.setContentsMargins(14, 0, 8, 4)
        row.setSpacing(10)
        row.addWidget(self.searched)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        self.progress.hide()
        return self.progress

    # what is in it

    @property
    def text(self) -> str:
        """What is in the line."""
        return self.line.text().strip()

    @property
    def history(self) -> list[str]:
        """Filters that were used, newest first."""
        return self.line.history

    def set_history(self, used: Sequence[str]) -> None:
        """Filters of earlier sessions."""
        self.line.history = list(used[:HISTORY])

    def set_text(self, text: str) -> None:
        """Write and use a filter."""
        self.line.setText(text)
        self.use()

    def add_term(self, term: str, *, exclude: bool = False) -> None:
        """Narrow the filter by one more term."""
        self.set_text(narrowed(self.text, negated(term) if exclude else term))
        self.line.remember(self.text)

    def add_highlight(self, text: str) -> None:
        """Colour what this lets through."""
        self.set_highlights(with_text(self.highlights, text))

    def set_highlights(self, highlights: Sequence[Highlight]) -> None:
        """Colour by these."""
        self.highlights = list(highlights)
        self._show_chips()
        self.highlights_changed.emit()

    def highlight_line(self) -> None:
        """Colour by what is in the line instead of hiding the rest; from an empty line to typing."""
        self.use()
        if not self.text:
            self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif not self.error.isVisible():
            text = self.text
            self.line.remember(text)
            self.set_text("")
            self.add_highlight(text)

    def add_button(self, button: QToolButton, icon: str) -> None:
        """Put a button at the right end."""
        button.setProperty("look", "flat")
        set_icon(button, icon)
        self.buttons.addWidget(button)

    # using it

    def use(self, *, patient: bool = False) -> None:
        """Read the line and say what came of it; ``patient`` with what is still being typed."""
        self._pause.stop()
        if patient and self.line.choosing:
            return  # until the list has gone
        text = self.text
        try:
            query: Query | None = parse(text) if text else None
        except QueryError as error:
            if not (patient and self.line.offered.isVisible() and error.end >= len(text)):
                self._refuse(error)
            return
        self.line.mark(-1)
        self.error.hide()
        if text != self._used:
            self._used = text
            self._show_all(False)
            self._show_chips()
            self.query_changed.emit(query)

    def _refuse(self, error: QueryError) -> None:
        self.error.setText(self.line.complain(error))
        self.error.show()

    def _on_return(self) -> None:
        self.use()
        if not self.error.isVisible():
            self.line.remember(self.text)
            self.line.offered.hide()
            self.escaped.emit()

    def escape(self) -> None:
        """First what is offered goes, then what runs, then what is typed, then the focus."""
        if self.line.offered.isVisible():
            self.line.offered.hide()
        elif self.give_up():
            return
        elif self.line.text():
            self.set_text("")
        else:
            self.escaped.emit()

    def give_up(self) -> bool:
        """Stop the search or sort that runs; whether one did."""
        runs = self.stop.isVisible()
        if runs:
            self.stop_wanted.emit()
        return runs

    # what it hides

    def show_counts(self, shown: int, total: int) -> None:
        """How much passes."""
        text = formats.count(shown) if shown == total else f"{formats.count(shown)} of {formats.count(total)}"
        self.counts.setText(text if total else "")
        hiding = total - shown if self._used else 0
        self.hidden.setVisible(bool(hiding) or self.hidden.isChecked())
        if self.hidden.isChecked():
            self.hidden.setText("Filter again")
            self.hidden.setToolTip("The filter is off: everything is shown")
        else:
            self.hidden.setText(f"Show {formats.count(hiding)} hidden")
            self.hidden.setToolTip("Leave the filter off for a while, without losing it")
        self.hidden.setAccessibleName(self.hidden.text())

    def _show_all(self, on: bool) -> None:
        self.hidden.blockSignals(True)
        self.hidden.setChecked(on)
        self.hidden.blockSignals(False)

    def _on_hidden_toggled(self, off: bool) -> None:
        self.query_changed.emit(None if off or not self._used else parse(self._used))

    # chips

    def _show_chips(self) -> None:
        held = parts(self._used)
        shown = [ChipText(part, is_negated(part), "", _INCLUDE if is_negated(part) else _NEGATE) for part in held]
        shown += [ChipText(each.text, False, each.color, _TO_FILTER) for each in self.highlights]
        self.chips.show_chips(shown)

    def _on_chip(self, at: int, what: str) -> None:
        held = parts(self._used)
        if at >= len(held):
            self._on_highlight(at - len(held), what)
            return
        held[at : at + 1] = [] if what == "remove" else [negated(held[at])]
        self.set_text(" ".join(held))

    def _on_highlight(self, at: int, what: str) -> None:
        text = self.highlights[at].text
        self.set_highlights([each for number, each in enumerate(self.highlights) if number != at])
        if what == "press":
            self.add_term(text)

    # a search that takes long

    def show_progress(self, looked: int, total: int, found: int) -> None:
        """How far a search is; without a ``total`` nobody knows."""
        self.bar.setRange(0, total)
        self.bar.setValue(looked)
        said = f"Searched {formats.count(looked)} of {formats.count(total)}, {formats.count(found)} found"
        self.searched.setText(said if total else "Searching and sorting")
        self.stop.show()
        self.progress.show()

    def show_reading(self, read: int, total: int) -> None:
        """How far it is with what has to be read to be sorted; of the sort itself nobody knows."""
        self.show_progress(read, total, 0)
        self.bar.setRange(0, total if read < total else 0)
        self.searched.setText(f"Sorting: read {formats.count(read)} of {formats.count(total)}")

    def end_progress(self, *, finished: bool) -> None:
        """It is over, or was stopped."""
        if finished:
            self.progress.hide()
        else:
            self.searched.setText(self.searched.text().replace("Searched", "Stopped at"))
            self.stop.hide()
