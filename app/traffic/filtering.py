"""What the traffic page does with its filter: completion from the trace, highlights, saved filters, searches.

Puts the bar, the list behind the table and the menus of cells together; the page knows only this.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QToolButton

from app.actions import Action, ActionRegistry
from app.feed import TraceFeed
from app.settings import Settings
from app.theme import Role
from app.traffic import formats
from app.traffic.filter_bar import FilterBar
from app.traffic.filter_field import seen_in
from app.traffic.filter_help import FilterHelp
from app.traffic.highlights import COLORS, Highlighter, restored
from app.traffic.listing import Listing
from app.traffic.saved_filters import NamePrompt, SavedFilters
from app.traffic.table_model import ExchangeTableModel
from inspector.query import Query
from inspector.query.language import heavy

_HIGHLIGHTS = "traffic/highlights"


class Filtering(QObject):
    """The filter's parts, at work.

    Signals:
        narrowed(): a term was taken from a context menu, perhaps of another page.
    """

    narrowed = Signal()

    def __init__(
        self, feed: TraceFeed, bar: FilterBar, listing: Listing, actions: ActionRegistry, settings: Settings
    ) -> None:
        super().__init__(bar)
        self._feed, self._settings = feed, settings
        self.bar, self._listing = bar, listing
        self.saved = SavedFilters(settings, actions, self)
        self.highlighter = Highlighter(feed, self)
        self._prompt = NamePrompt(bar)
        self.help = FilterHelp(bar)
        self._naming: Callable[[str], None] = lambda _name: None
        self.saved_button = QToolButton()
        self._make_buttons()
        self._connect()
        self.restore()

    def _make_buttons(self) -> None:
        highlight = QToolButton()
        highlight.setAccessibleName("Highlight what the filter finds")
        highlight.setToolTip("Colour what the filter finds instead of hiding the rest  (Ctrl+H)")
        highlight.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        highlight.clicked.connect(self.bar.highlight_line)
        self.bar.add_button(highlight, "highlight")
        button = self.saved_button
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName("Saved filters")
        button.setToolTip("Saved filters  (Ctrl+Shift+F)")
        self.bar.add_button(button, "star")
        button.clicked.connect(self.show_saved)

    def _connect(self) -> None:
        bar, listing = self.bar, self._listing
        bar.line.source = seen_in(self._feed, "filter completion")
        bar.highlights_changed.connect(self._on_highlights_changed)
        bar.stop_wanted.connect(listing.stop)
        bar.query_changed.connect(self._hide_progress)
        listing.search.progressed.connect(bar.show_progress)
        listing.search.ended.connect(lambda finished: bar.end_progress(finished=finished))
        listing.sorting.connect(self._on_sorting)
        listing.read.connect(bar.show_reading)
        self.saved.wanted.connect(bar.set_text)
        self.help.wanted.connect(bar.set_text)
        self._prompt.named.connect(self._on_named)

    def actions(self, make: Callable[..., Action]) -> list[Action]:
        """What can be done with filters beside typing one; ``make`` knows the page."""
        return [
            make("highlight", "Highlight what the filter finds", self.bar.highlight_line, shortcut="Ctrl+H",
                 icon="highlight", tip="Colour the rows that the filter finds instead of hiding the others"),
            make("saved", "Saved filters…", self.show_saved, shortcut="Ctrl+Shift+F", icon="star"),
            make("save_filter", "Save the filter…", self.save, shortcut="Ctrl+Shift+S", icon="star",
                 enabled_when=lambda: bool(self.bar.text)),
            make("unfilter", "Show what the filter hides", self._toggle_hidden, shortcut="Ctrl+Shift+H", icon="filter",
                 checked_when=self.bar.hidden.isChecked),
            make("filter_help", "The filter language", lambda: self.help.toggle(self.bar), shortcut="Shift+F1",
                 icon="info", tip="Every field of the filter, with examples"),
            make("complete", "Complete the filter", self._complete, icon="filter"),
        ]  # fmt: skip

    def restore(self) -> None:
        """What the project in view remembers."""
        self.bar.set_highlights(restored(self._settings.value(_HIGHLIGHTS, [])))

    def look(self, model: ExchangeTableModel, first: int, last: int) -> None:
        """These rows are on the screen."""
        rows = [model.row_at(at) for at in range(max(0, first), min(last + 1, model.rowCount()))]
        self.highlighter.look([(row.id, row.rev) for row in rows if row is not None])

    def wash(self, identity: int) -> Role | None:
        """The surface behind an exchange's row."""
        return COLORS.get(self.highlighter.color(identity))

    # completion

    def _complete(self) -> None:
        self.bar.line.setFocus()
        self.bar.line.offer()

    # highlights

    def _on_highlights_changed(self) -> None:
        self.highlighter.use(self.bar.highlights)
        self._settings.set_value(_HIGHLIGHTS, [[each.text, each.color] for each in self.bar.highlights])

    def _toggle_hidden(self) -> None:
        if self.bar.text:
            self.bar.hidden.toggle()

    # searches

    def _on_sorting(self, on: bool) -> None:
        if on:
            self.bar.show_progress(0, 0, 0)
        else:
            self.bar.end_progress(finished=True)

    def _hide_progress(self, query: Query | None) -> None:
        if query is None or not heavy(query.node):
            self.bar.end_progress(finished=True)

    # saved ones

    def show_saved(self) -> None:
        """A menu of the saved filters, below their button."""
        menu = QMenu(self.bar)
        menu.aboutToHide.connect(menu.deleteLater)
        self.saved.fill(menu, self.save if self.bar.text and not self.bar.error.isVisible() else None, self._rename)
        menu.popup(self._below())

    def save(self) -> None:
        """Ask for a name for what is in the line."""
        text = self.bar.text
        self.bar.use()
        if not text or self.bar.error.isVisible():
            return
        self._naming = lambda name: self.saved.save(name, text)
        known = next((name for name, held in self.saved.all.items() if held == text), formats.cell(text, 60))
        self._prompt.ask(self._below(), "Save this filter as", known, "Enter saves it; the palette (Ctrl+K) has it too")

    def _rename(self, name: str) -> None:
        self._naming = partial(self.saved.rename, name)
        self._prompt.ask(self._below(), f"Rename {formats.cell(name, 40)}", name, "Enter renames it")

    def _on_named(self, name: str) -> None:
        self._naming(name)

    def _below(self) -> QPoint:
        button = self.saved_button
        if not button.isVisible():
            return QCursor.pos()
        return button.mapToGlobal(QPoint(button.width() - self._prompt.width(), button.height() + 2))

    # cells and fields

    def add_to(self, menu: QMenu, term: str, shown: str = "") -> None:
        """Entries of a context menu for one term; ``shown`` stands for it where it is not to be read."""
        said = formats.cell(shown or term, 70).replace("&", "&&")
        for title, use in (
            ("Filter by", self.bar.add_term),
            ("Exclude", partial(self.bar.add_term, exclude=True)),
            ("Highlight", self.bar.add_highlight),
        ):
            menu.addAction(f"{title}  {said}", partial(self._use, use, term))

    def _use(self, use: Callable[[str], None], term: str) -> None:
        use(term)
        self.narrowed.emit()
