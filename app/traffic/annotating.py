"""Marks, comments and deletions of what is selected in the table: how they are asked for, and what they change there.

Knows the table, its list and the notes of the trace; neither the lanes nor the detail.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.feed import TraceFeed
from app.traffic.columns import INDEX
from app.traffic.listing import Listing
from app.traffic.marks import MARKS, mark_icon
from app.traffic.notes import Notes
from app.traffic.notes_views import CommentPrompt, DeletedStrip
from app.traffic.table_view import ExchangeTable


class Annotating(QObject):
    """What the user writes to exchanges, and deletes of them.

    Signals:
        others(): exchanges went or came back otherwise than by traffic: who keeps sums of them has to read them anew.
    """

    others = Signal()

    def __init__(self, feed: TraceFeed, table: ExchangeTable, listing: Listing, parent: QWidget) -> None:
        super().__init__(parent)
        self._feed, self._table, self._listing = feed, table, listing
        self.notes = Notes(feed, self)
        self.prompt = CommentPrompt(parent)
        self.deleted = DeletedStrip()
        self.notes.changed.connect(self._on_changed)
        self.notes.deleted.connect(self.deleted.say)
        self.notes.settled.connect(self.deleted.hide)
        self.notes.failed.connect(lambda why: self.deleted.say(why, undo=False))
        self.deleted.undo_wanted.connect(self.notes.undo)
        self.prompt.written.connect(self._on_written)

    def mark_next(self) -> None:
        """Give what is selected the next colour."""
        self.notes.mark_next(self._table.selected_ids())

    def marks_menu(self, parent: QWidget) -> QMenu:
        """Colours for what is selected, each with its number key."""
        menu = QMenu("Mark", parent)
        ids = self._table.selected_ids()
        for number, mark in enumerate(("", *MARKS)):
            action = menu.addAction(mark_icon(mark), f"&{number}  {mark.capitalize() or 'No mark'}")
            action.triggered.connect(partial(self._mark, ids.tolist(), mark))
        return menu

    def ask_comment(self) -> None:
        """Let the user write a comment to what is selected, where the table shows it."""
        table, column = self._table, INDEX["comment"]
        ids = table.selected_ids().tolist()
        if not ids:
            return
        index = table.exchanges.index(table.currentIndex().row(), column)
        if table.isColumnHidden(column):
            table.show_column(column, shown=True)
        table.scrollTo(index)
        viewport = table.viewport()
        at = table.visualRect(index).topLeft()
        at.setX(max(0, min(at.x(), viewport.width() - self.prompt.width())))
        self.prompt.ask(viewport.mapToGlobal(at), ids, self.notes.of(table.current_id()).comment)

    def delete(self) -> None:
        """Leave out what is selected from now on."""
        ids = self._table.selected_ids()
        if len(ids) == self._table.exchanges.rowCount() and self._listing.query is None:
            self.notes.clear()
        else:
            self.notes.delete(ids)

    def _mark(self, ids: list[int], mark: str, _checked: bool = False) -> None:
        self.notes.mark(ids, mark)

    def _on_written(self, ids: list[int], comment: str) -> None:
        self.notes.comment(ids, comment)
        self._table.setFocus()

    def _on_changed(self, gone: set[int], other: bool) -> None:
        """``gone``: deleted now; ``other``: the list may have become another in another way."""
        self._table.exchanges.set_notes(self.notes.all)
        if gone:
            self._table.exchanges.leave_out(gone)
        if gone or other:
            self.others.emit()
            self._feed.look(anew=True)
        if gone or other or self._listing.query is not None:
            self._listing.refresh()
