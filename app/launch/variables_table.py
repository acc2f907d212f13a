"""The variables of an application as a table to type in; values of secrets are masked until they are asked for."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableWidget, QTableWidgetItem

from app.launch.extras import is_secret
from app.theme import mono_font

_MASK = "••••••••"


class VariablesTable(QTableWidget):
    """Names and values, and an empty row for the next.

    Signals:
        edited: a name or a value was typed, or a row removed.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__(0, 2)
        self.shown = False
        self.setHorizontalHeaderLabels(["Variable", "Value"])
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.setColumnWidth(0, 190)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(26)
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)
        self.setFont(mono_font())
        self.setAccessibleName("Variables of the application")
        self.setTabKeyNavigation(False)
        self.setItemDelegateForColumn(1, _Value(self))
        self.cellChanged.connect(self._on_changed)

    def rows(self) -> list[tuple[str, str]]:
        """What is typed."""
        return [(self._text(row, 0), self._text(row, 1)) for row in range(self.rowCount())]

    def fill(self, rows: tuple[tuple[str, str], ...]) -> None:
        """Show ``rows``, unless they are what is shown."""
        if [row for row in self.rows() if any(row)] == list(rows):
            self._keep_an_empty_row()
            return
        with QSignalBlocker(self):
            self.setRowCount(0)
            for name, value in rows:
                self._add(name, value)
        self._keep_an_empty_row()

    def show_values(self, shown: bool) -> None:
        """Show secrets, or mask them again."""
        self.shown = shown
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Del removes the row; Enter begins to type."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.currentRow() >= 0:
            self.removeRow(self.currentRow())
            self._keep_an_empty_row()
            self.edited.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self.editItem(self.currentItem())
        else:
            super().keyPressEvent(event)

    def _on_changed(self, _row: int, _column: int) -> None:
        self._keep_an_empty_row()
        self.edited.emit()

    def _keep_an_empty_row(self) -> None:
        rows = self.rows()
        if not rows or any(rows[-1]):
            with QSignalBlocker(self):
                self._add("", "")

    def _add(self, name: str, value: str) -> None:
        row = self.rowCount()
        self.insertRow(row)
        for column, text in enumerate((name, value)):
            self.setItem(row, column, QTableWidgetItem(text))

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return item.text() if item is not None else ""


class _Value(QStyledItemDelegate):
    """Shows signs instead of a secret."""

    def __init__(self, table: VariablesTable) -> None:
        super().__init__(table)
        self._table = table

    def initStyleOption(  # noqa: N802  Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """As it is, but for the text."""
        super().initStyleOption(option, index)
        name = index.sibling(index.row(), 0).data() or ""
        if index.data() and not self._table.shown and is_secret(name):
            option.text = _MASK
