"""The lines as a table's model: numbers of lines, and of those on the screen the lines themselves.

Knows neither where lines come from nor how they look.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from app.logs.lines import Line

COLUMNS = ("Time", "Level", "Worker", "Line")
LINE_ROLE = Qt.ItemDataRole.UserRole
#: Lines around one that is looked at which are asked for with it, and how many are remembered.
AROUND = 100
REMEMBERED = 20_000

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class LinesModel(QAbstractTableModel):
    """Signals: ``missing(list[int])``: the lines with these ids are looked at and not there; see ``fill``."""

    missing = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ids: array[int] = array("q")
        self._lines: dict[int, Line] = {}
        self._asked: set[int] = set()
        self._looked_at: set[int] = set()
        self._ask = QTimer(self, singleShot=True, interval=0)
        self._ask.timeout.connect(self._on_ask)

    def show(self, ids: Iterable[int], lines: Iterable[Line] = ()) -> None:
        """Show these and no others."""
        self.beginResetModel()
        self.ids = array("q", ids)
        self._lines = {line.id: line for line in lines}
        self._asked.clear()
        self._looked_at.clear()
        self.endResetModel()

    def append(self, ids: Iterable[int], lines: Iterable[Line] = ()) -> None:
        """Show these too, at the end."""
        more = array("q", ids)
        self._lines.update((line.id, line) for line in lines)
        if more:
            self.beginInsertRows(QModelIndex(), len(self.ids), len(self.ids) + len(more) - 1)
            self.ids.extend(more)
            self.endInsertRows()

    def keep(self, most: int) -> None:
        """Leave the first ones out, if there are more than ``most``."""
        count = len(self.ids) - most
        if count > 0:
            self.beginRemoveRows(QModelIndex(), 0, count - 1)
            for identity in self.ids[:count]:
                self._lines.pop(identity, None)
            del self.ids[:count]
            self.endRemoveRows()

    def fill(self, lines: Iterable[Line]) -> None:
        """What was missing."""
        if len(self._lines) > REMEMBERED:
            self._lines.clear()
            self._asked.clear()
        rows = []
        for line in lines:
            row = self.row_of(line.id)
            if row < len(self.ids) and self.ids[row] == line.id:  # else others were asked for meanwhile
                self._lines[line.id] = line
                rows.append(row)
        if rows:
            self.dataChanged.emit(self.index(min(rows), 0), self.index(max(rows), len(COLUMNS) - 1))

    def line(self, row: int) -> Line | None:
        """The line in ``row``, if it is there."""
        return self._lines.get(self.ids[row])

    def row_of(self, identity: int) -> int:
        """The row of a line, or the one it would be in."""
        return bisect_left(self.ids, identity)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:  # noqa: N802  Qt's name
        """How many lines."""
        return 0 if parent.isValid() else len(self.ids)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:  # noqa: N802  Qt's name
        """Time, level, worker, text."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:  # noqa: N802
        """The columns' names."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: _Index, role: int = 0) -> object:
        """One cell."""
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, LINE_ROLE):
            return None
        line = self.line(index.row())
        if line is None:
            self._look_at(index.row())
            return None
        if role == LINE_ROLE:
            return line
        if role == Qt.ItemDataRole.ToolTipRole:
            return line.note or None
        return (line.at, line.level, line.worker, line.text)[index.column()]

    def _look_at(self, row: int) -> None:
        identity = self.ids[row]
        if identity not in self._asked:
            self._looked_at.add(row)
            self._ask.start()

    def _on_ask(self) -> None:
        rows, self._looked_at = self._looked_at, set()
        if not rows or max(rows) >= len(self.ids):
            return
        around = self.ids[max(0, min(rows) - AROUND) : max(rows) + AROUND]
        wanted = [identity for identity in around if identity not in self._lines and identity not in self._asked]
        self._asked.update(wanted)
        if wanted:
            self.missing.emit(wanted)
