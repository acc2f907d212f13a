"""A table of text of any length: fields of a form, events of a stream, parts of a body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QWidget

from app.theme import Role, color, mono_font, tip
from app.traffic import formats
from app.traffic.detail.plain_table import PlainTable

_WIDEST = 34  #: characters of a column but the widest
_LOOKED_AT = 200  #: rows that decide how wide columns are

Row = tuple[str, ...]
#: The role that a row's text has in a column; None: that of text.
Ink = Callable[[Row, int], Role | None]
Index = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractTableModel):
    """Rows under titles, or those of them that match."""

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self.titles: tuple[str, ...] = ()
        self.rows: list[Row] = []
        self._shown: list[Row] = []
        self._wanted = ""

    def show(self, titles: tuple[str, ...], rows: list[Row]) -> bool:
        """Other rows; whether they are those in view with some more at the end, which keeps selection and place."""
        grown = titles == self.titles and 0 < len(self.rows) <= len(rows) and rows[: len(self.rows)] == self.rows
        if grown and not self._wanted:
            if len(rows) > len(self.rows):
                self.beginInsertRows(QModelIndex(), len(self.rows), len(rows) - 1)
                self.rows = self._shown = rows
                self.endInsertRows()
            return True
        self.beginResetModel()
        self.titles, self.rows = titles, rows
        self._shown = self._matching()
        self.endResetModel()
        return False

    def narrow(self, wanted: str) -> int:
        """Show the rows that have ``wanted`` in them, whatever its case; how many those are."""
        if wanted.casefold() != self._wanted:
            self.beginResetModel()
            self._wanted = wanted.casefold()
            self._shown = self._matching()
            self.endResetModel()
        return len(self._shown)

    def _matching(self) -> list[Row]:
        if not self._wanted:
            return self.rows
        return [row for row in self.rows if any(self._wanted in text.casefold() for text in row)]

    def row(self, number: int) -> Row:
        """One of those in view."""
        return self._shown[number]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Those in view."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """As many as there are titles."""
        return 0 if parent.isValid() else len(self.titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """The titles."""
        if orientation == Qt.Orientation.Horizontal and section < len(self.titles):
            if role == Qt.ItemDataRole.DisplayRole:
                return self.titles[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text on one line, the whole as a tip."""
        if not index.isValid():
            return None
        text = self._shown[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return formats.cell(text)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(formats.lines(text)) if len(text) > 20 else None
        if role == Qt.ItemDataRole.FontRole and index.column():
            return mono_font()
        if role == Qt.ItemDataRole.ForegroundRole:
            ink = self._ink(self._shown[index.row()], index.column())
            return color(ink) if ink is not None else None
        return None


def _names_stand_back(_row: Row, column: int) -> Role | None:
    return None if column else Role.MUTED


class RowsTable(PlainTable):
    """The table; Ctrl+C copies the selected rows."""

    def __init__(self, name: str, parent: QWidget | None = None, *, ink: Ink = _names_stand_back) -> None:
        self.rows = RowsModel(ink)
        super().__init__(name, self.rows, (), parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)

    def show_rows(self, titles: tuple[str, ...], rows: list[Row]) -> None:
        """Show these."""
        if self.rows.show(titles, rows):
            return
        unit = self.fontMetrics().averageCharWidth()
        for column, title in enumerate(titles[:-1]):
            longest = max((len(row[column]) for row in rows[:_LOOKED_AT]), default=0)
            self.setColumnWidth(column, (max(min(longest, _WIDEST), len(title)) + 3) * unit + 8)
        if rows:
            self.setCurrentIndex(self.rows.index(0, 0))

    def show_matching(self, wanted: str) -> int:
        """Only the rows that have ``wanted``; how many."""
        return self.rows.narrow(wanted)

    def selected(self) -> list[Row]:
        """The rows that are selected, in order."""
        chosen: Sequence[QModelIndex] = self.selectionModel().selectedRows()
        return [self.rows.row(number) for number in sorted(index.row() for index in chosen)]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Copy."""
        if event.matches(QKeySequence.StandardKey.Copy):
            text = "\n".join(": ".join(part for part in row if part) for row in self.selected())
            QGuiApplication.clipboard().setText(text)
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours: ask for them again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()
