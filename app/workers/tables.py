"""The lists below the tree: lives and events, the newest first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QTableView

from app.theme import Role, color, px, tip
from app.traffic import formats
from app.traffic.detail.plain_table import PlainTable
from app.workers.evidence import Held
from app.workers.history import Event, Life
from app.workers.words import duration, wall

Index = QModelIndex | QPersistentModelIndex
Row = TypeVar("Row")
_NO_INDEX = QModelIndex()


class ListModel(QAbstractTableModel, Generic[Row]):
    """A table over a list of values that is replaced as a whole: a reset of a thousand rows costs less than a frame."""

    def __init__(
        self,
        columns: tuple[tuple[str, Callable[[Row], str]], ...],
        ink: Callable[[Row, int], Role | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._columns = columns
        self._ink = ink
        self._rows: list[Row] = []

    def show_rows(self, rows: list[Row]) -> None:
        """Show these."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, number: int) -> Row:
        """What is in a row."""
        return self._rows[number]

    def tick(self) -> None:
        """Time went on."""
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(self._columns) - 1))

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802  Qt's name
        """As many as there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802  Qt's name
        """As many as were given."""
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Titles."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return self._columns[section][0] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text and colour."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            text = self._columns[index.column()][1](row)
            return tip(text) if role == Qt.ItemDataRole.ToolTipRole else text
        if role == Qt.ItemDataRole.ForegroundRole:
            ink = self._ink(row, index.column())
            return color(ink) if ink else None
        return None


_EVENT_ROLES = {
    "failed": Role.SERVER_ERROR, "exited": Role.CLIENT_ERROR, "ready": Role.OK, "born": Role.PENDING,
    "started": Role.PENDING, "ended": Role.CLIENT_ERROR, "paused": Role.CLIENT_ERROR, "resumed": Role.OK,
}  # fmt: skip


def events_model(parent: QObject) -> ListModel[Event]:
    """What happened, when, to whom."""
    return ListModel(
        (
            ("Time", lambda event: wall(event.at)),
            ("Application", lambda event: event.app),
            ("Worker", lambda event: f"worker {event.slot}" if event.slot else ""),
            ("PID", lambda event: str(event.pid or "")),
            ("What happened", lambda event: event.text),
        ),
        lambda event, column: _EVENT_ROLES.get(event.kind) if column == 4 else Role.MUTED if column == 0 else None,
        parent,
    )


def lives_model(parent: QObject) -> ListModel[Life]:
    """Every process there was."""
    return ListModel(
        (
            ("Began", lambda life: wall(life.began)),
            ("Application", lambda life: life.app),
            ("Mode", lambda life: life.mode),
            ("Worker", lambda life: f"worker {life.slot}, generation {life.generation}"),
            ("PID", lambda life: str(life.pid)),
            ("Lived", lambda life: duration((life.ended or time.time()) - life.began)),
            ("Had in hand", lambda life: " ".join(f"#{exchange}" for exchange in life.in_hand)),
            ("Now, or how it ended", lambda life: life.outcome or life.state),
        ),
        _life_ink,
        parent,
    )


def _life_ink(life: Life, column: int) -> Role | None:
    if column == 0:
        return Role.MUTED
    if column != 7:
        return None
    if not life.ended:
        return Role.OK
    return Role.SERVER_ERROR if life.alarming else Role.MUTED


def held_model(parent: QObject) -> ListModel[Held]:
    """The requests that a worker has, or had, in hand."""
    return ListModel(
        (
            ("Id", lambda held: f"#{held.id}"),
            ("Request", lambda held: formats.cell(held.request)),
            ("For", lambda held: formats.duration(held.elapsed_ns) if held.elapsed_ns else ""),
            ("Last message", lambda held: formats.cell(f"{held.last}   {held.result}".strip())),
        ),
        lambda _held, column: Role.ACCENT if column == 0 else Role.MUTED if column == 3 else None,
        parent,
    )


def list_table(model: QAbstractItemModel, name: str, widths: tuple[int, ...]) -> QTableView:
    """A table over one of these models; ``widths`` in pixels at the usual size of text, 0 hides a column."""
    table = PlainTable(name, model, ())
    table.setAlternatingRowColors(True)
    for column, width in enumerate(widths):
        table.setColumnHidden(column, not width)
        if width:
            table.setColumnWidth(column, px(width))
    return table
