"""The modes of a comparison as a table: a row a mode, a column a figure, the best of each quietly marked."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QFont, QIcon

from app.comparison import rows as shown
from app.comparison.rows import Row
from app.theme import Role, color, icon, tip
from app.theme.series import role_of
from app.traffic import formats
from inspector.export.comparison import MEASURES

Index = QModelIndex | QPersistentModelIndex

TITLES = ("Mode", "State", *(measure.title for measure in MEASURES))
WIDTHS = (24, 18, 12, 10, 10, 10, 10, 8, 8, 10, 14, 8)
_MEASURED = 2  #: the first column of a measure
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_BAD = ("errors", "differing", "deaths")


class ModesModel(QAbstractTableModel):
    """Rows as ``app.comparison.rows`` makes them. A mode's colour is that of its line in the plot."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._bold = QFont()
        self._bold.setWeight(QFont.Weight.DemiBold)

    def show(self, rows: list[Row]) -> None:
        """Show these; where only figures have changed, the selection stays."""
        if [row.name for row in rows] == [row.name for row in self.rows]:
            changed = rows != self.rows
            self.rows = rows
            if changed and rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(TITLES) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Modes."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """See ``TITLES``."""
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Titles, with what each means."""
        if orientation == Qt.Orientation.Vertical or not 0 <= section < len(TITLES):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section >= _MEASURED else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole and section >= _MEASURED:
            return tip(MEASURES[section - _MEASURED].meaning)
        return None

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """One cell."""
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._text(row, column)}{', the best' if self._wins(row, column) else ''}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column >= _MEASURED else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._told(row, column))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(row, column)
        if role == Qt.ItemDataRole.FontRole and self._wins(row, column):
            return self._bold
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return self._sign(row, index.row())
        return None

    @staticmethod
    def _text(row: Row, column: int) -> str:
        if column < _MEASURED:
            return formats.cell((row.name, row.state)[column])
        return shown.text(row, MEASURES[column - _MEASURED])

    @staticmethod
    def _wins(row: Row, column: int) -> bool:
        return column >= _MEASURED and MEASURES[column - _MEASURED].id in row.wins

    def _told(self, row: Row, column: int) -> str:
        if column < _MEASURED:
            return row.problem or row.name
        measure = MEASURES[column - _MEASURED]
        best = "The best of these. " if self._wins(row, column) else ""
        return f"{best}{shown.spread(row, measure) or measure.meaning}" if row.measured else ""

    def _ink(self, row: Row, column: int) -> QBrush | None:
        if column == 1:
            bad = row.state in ("impossible", "failed")
            return QBrush(color(Role.SERVER_ERROR if bad else Role.MUTED))
        if column >= _MEASURED and MEASURES[column - _MEASURED].id in _BAD:
            return QBrush(color(Role.CLIENT_ERROR))
        return QBrush(color(Role.OK)) if self._wins(row, column) else None

    @staticmethod
    def _sign(row: Row, number: int) -> QIcon:
        """A dot in the colour of its line, a ring for one that has none."""
        return icon("dot", role_of(number)) if row.measured else icon("ring", Role.MUTED)
