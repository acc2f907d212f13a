"""The stacks of a worker as a tree: threads and tasks, under each its frames, the innermost last."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QGuiApplication

from app.theme import Role, color, mono_font, tip
from app.workers import stack_words as words
from supervisor.control.messages import Frame, Stack

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("Thread or task, and its calls", "Where", "Code")
EXCHANGE_ROLE = int(Qt.ItemDataRole.UserRole)
_NO_INDEX = QModelIndex()


class StacksModel(QAbstractItemModel):
    """Two levels, replaced as a whole with each dump. The id of a frame's index is its stack's row, counted from 1."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stacks: list[Stack] = []
        self._lines: list[list[words.Line]] = []

    def show_stacks(self, stacks: list[Stack], *, all_calls: bool = False) -> None:
        """Show these, with the calls in libraries or without."""
        self.beginResetModel()
        self.stacks = stacks
        self._lines = [words.lines(stack, all_calls=all_calls) for stack in stacks]
        self.endResetModel()

    def index(self, row: int, column: int, parent: Index = _NO_INDEX) -> QModelIndex:
        """Of a stack, or of one of its frames."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index = _NO_INDEX) -> QModelIndex:  # type: ignore[override]  # QObject has one too
        """A frame's stack."""
        if not index.isValid() or index.internalId() == 0:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, 0)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802  Qt's name
        """Stacks, or frames."""
        if not parent.isValid():
            return len(self.stacks)
        if parent.internalId() or parent.column() > 0:
            return 0
        return len(self._lines[parent.row()])

    def columnCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: ARG002, N802  Qt's name
        """The same for all."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return Qt.AlignmentFlag.AlignLeft if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, font, colour; the request that a stack works on."""
        if not index.isValid():
            return None
        owner = index.internalId()
        stack = self.stacks[owner - 1 if owner else index.row()]
        if role == EXCHANGE_ROLE:
            return stack.exchange
        if owner:
            return _line_data(self._lines[owner - 1][index.row()], index.column(), role)
        return _stack_data(stack, index.column(), role)


def _stack_data(stack: Stack, column: int, role: int) -> Any:
    works = f"works on #{stack.exchange}" if stack.exchange else ""
    texts = (words.heading(stack), words.state(stack), f"{works}  {words.innermost(stack)}".strip())
    match role:
        case Qt.ItemDataRole.DisplayRole:
            return texts[column]
        case Qt.ItemDataRole.ToolTipRole:
            return tip(f"{works}: Enter or a double click shows it in the traffic" if works else texts[column])
        case Qt.ItemDataRole.FontRole if column == 0:
            font = QFont(QGuiApplication.font())
            font.setWeight(QFont.Weight.DemiBold)
            return font
        case Qt.ItemDataRole.ForegroundRole if column:
            return color(Role.ACCENT if works and column == 2 else Role.MUTED)
    return None


def _line_data(line: words.Line, column: int, role: int) -> Any:
    if not isinstance(line, words.Folded):
        return _frame_data(line, column, role)
    if role == Qt.ItemDataRole.DisplayRole:
        return line.words if column == 0 else ""
    return color(Role.MUTED) if role == Qt.ItemDataRole.ForegroundRole else None


def _frame_data(frame: Frame, column: int, role: int) -> Any:
    match role:
        case Qt.ItemDataRole.DisplayRole:
            return (frame.function, words.place(frame), frame.code)[column]
        case Qt.ItemDataRole.ToolTipRole:
            return tip(f"{frame.file}:{frame.line}, in {frame.function}\n{frame.code}")
        case Qt.ItemDataRole.FontRole if column == 2:
            return mono_font()
        case Qt.ItemDataRole.ForegroundRole:
            return None if words.own(frame) else color(Role.MUTED)
    return None
