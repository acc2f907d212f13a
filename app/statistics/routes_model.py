"""The table of routes: a row each, in figures that sort as numbers; and the same as text to copy or to save."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.statistics.sums import OTHERS, RouteFigures
from app.theme import Role, color, tip
from app.traffic import formats
from app.traffic.timing import filter_of_route

Index = QModelIndex | QPersistentModelIndex
VALUE_ROLE = int(Qt.ItemDataRole.UserRole)  #: what to sort by

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  #: how what a spreadsheet would compute begins


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    value: Callable[[RouteFigures], int | str]
    text: Callable[[Any], str]
    meaning: str


COLUMNS = (
    _Column("Route", lambda r: r.name, lambda name: formats.cell(str(name)), "Method and path; {} stands for an id"),
    _Column("Count", lambda r: r.count, formats.count, "Exchanges that are over"),
    _Column("Errors", lambda r: r.errors, lambda n: formats.count(n) if n else "", "Failed, 5xx, or an exception"),
    _Column("p50", lambda r: r.p50, formats.duration, "Half of them took no longer; to within 1 %"),
    _Column("p90", lambda r: r.p90, formats.duration, "90 % of them took no longer; to within 1 %"),
    _Column("p99", lambda r: r.p99, formats.duration, "99 % of them took no longer; to within 1 %"),
    _Column("Max", lambda r: r.slowest, formats.duration, "The slowest"),
    _Column("Bytes", lambda r: r.bytes, formats.size, "Of all response bodies together"),
)
_ERRORS = 2


class RoutesModel(QAbstractTableModel):
    """Routes in the order they were first seen; a proxy sorts them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[RouteFigures, ...] = ()

    def show(self, rows: tuple[RouteFigures, ...]) -> None:
        """Show these. Where only figures have changed, or routes come after those before, selection stays."""
        before = self.rows
        same = len(rows) >= len(before) and all(a.name == b.name for a, b in zip(before, rows, strict=False))
        if not same:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        if len(rows) > len(before):
            self.beginInsertRows(QModelIndex(), len(before), len(rows) - 1)
            self.rows = rows
            self.endInsertRows()
        self.rows = rows
        if before and before != rows[: len(before)]:
            self.dataChanged.emit(self.index(0, 0), self.index(len(before) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Routes."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Figures of each, with its name."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Titles, aligned as their cells, with what each means."""
        if orientation == Qt.Orientation.Vertical or not 0 <= section < len(COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(COLUMNS[section].meaning)
        return (_RIGHT if section else _LEFT) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Text, value to sort by, and red for errors."""
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        value = column.value(row)
        if role == VALUE_ROLE:
            return value
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole and not index.column():
            return tip(str(value))
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == _ERRORS and value:
            return color(Role.SERVER_ERROR)
        return None


def as_text(rows: list[RouteFigures], separator: str) -> str:
    """A table with a line of titles; times in milliseconds. What a spreadsheet would compute is made text."""
    out = StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(["method", "route", "count", "errors", "p50 ms", "p90 ms", "p99 ms", "max ms", "response bytes"])
    for row in rows:
        times = [f"{ns / 1e6:.3f}" for ns in (row.p50, row.p90, row.p99, row.slowest)]
        writer.writerow([_harmless(row.method), _harmless(row.route), row.count, row.errors, *times, row.bytes])
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def filter_of(row: RouteFigures) -> str:
    """The filter that shows a route's exchanges; empty for what is not one route."""
    return "" if row.route == OTHERS else filter_of_route(row.method, row.route)
