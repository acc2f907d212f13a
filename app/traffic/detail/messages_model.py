"""The list of an exchange's messages by their time, filtered.

The messages of the wire and of the application come by two ways, so that one which happened earlier may arrive later:
it is put where it belongs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush

from app.theme import Role, color, mono_font
from app.traffic import formats, sequence
from app.traffic.sequence import MessageFilter
from inspector.model import Direction, Message

Index = QModelIndex | QPersistentModelIndex

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_RIGHT_COLUMNS = (0, 1, 5)


class MessagesModel(QAbstractTableModel):
    """Messages in the order of their time at the interface; ``begin`` is the moment they are counted from."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._begin = 0
        self._all: list[Message] = []
        self._shown: list[Message] = []
        self._filter = MessageFilter()
        self._deeper: set[int] = set()  # messages that have the text where this model does not hold it

    @property
    def total(self) -> int:
        """Messages before the filter."""
        return len(self._all)

    @property
    def began(self) -> int:
        """The moment that times are counted from, monotonic nanoseconds."""
        return self._begin

    def times(self, first: int = 0) -> list[int]:
        """When the messages shown happened, from a row on."""
        return [message.t_ns for message in self._shown[first:]]

    @property
    def last_seq(self) -> int:
        """The number of the newest message, -1 without any."""
        return self._all[-1].seq if self._all else -1

    def start(self, begin: int) -> None:
        """Forget all; what comes belongs to an exchange that began at ``begin``, monotonic nanoseconds."""
        self.beginResetModel()
        self._begin, self._all, self._shown = begin, [], []
        self._deeper.clear()
        self.endResetModel()

    def append(self, messages: Sequence[Message], deeper: Iterable[int] = ()) -> None:
        """More messages of the same exchange. ``deeper``: the numbers of those that pass by what they are without."""
        self._all.extend(messages)
        self._deeper.update(deeper)
        fresh = sorted((m for m in messages if self._passes(m)), key=_moment)
        last = _moment(self._shown[-1]) if self._shown else (0, -1)
        later = [message for message in fresh if _moment(message) > last]
        for message in fresh[: len(fresh) - len(later)]:
            at = bisect_left(self._shown, _moment(message), key=_moment)
            self.beginInsertRows(QModelIndex(), at, at)
            self._shown.insert(at, message)
            self.endInsertRows()
        if later:
            first = len(self._shown)
            self.beginInsertRows(QModelIndex(), first, first + len(later) - 1)
            self._shown.extend(later)
            self.endInsertRows()

    @property
    def filter(self) -> MessageFilter:
        """What passes."""
        return self._filter

    def set_filter(self, wanted: MessageFilter, deeper: Iterable[int] = ()) -> None:
        """Show only what ``wanted`` accepts, and those numbered ``deeper``, whose whole payload it was tried on."""
        found = set(deeper)
        if (wanted, found) == (self._filter, self._deeper):
            return
        self.beginResetModel()
        self._filter, self._deeper = wanted, found
        self._shown = sorted((m for m in self._all if self._passes(m)), key=_moment)
        self.endResetModel()

    def _passes(self, message: Message) -> bool:
        return message.seq in self._deeper or self._filter.accepts(message)

    def find(self, wanted: MessageFilter, start: int, by: int, deeper: Container[int] = ()) -> int:
        """The next row from ``start`` on, forwards or backwards and round the end, with the text; -1 for none."""
        count = len(self._shown)
        for distance in range(1, count + 1):
            message = self._shown[row := (start + by * distance) % count]
            if wanted.mentions(message) or message.seq in deeper:
                return row
        return -1

    def text(self) -> str:
        """All that is shown as lines, for the clipboard."""
        return "\n".join(sequence.line(message, self._begin) for message in self._shown)

    def message(self, row: int) -> Message:
        """The message in a row of the list. Raises IndexError."""
        return self._shown[row]

    def row_of(self, seq: int) -> int:
        """The row that shows message number ``seq``, or -1."""
        if seq < 0:
            return -1
        return next((row for row, message in enumerate(self._shown) if message.seq == seq), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Messages the filter lets through."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """See ``sequence.COLUMNS``."""
        return 0 if parent.isValid() else len(sequence.COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Titles."""
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return sequence.COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in _RIGHT_COLUMNS else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One cell."""
        if not index.isValid():
            return None
        message = self.message(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(index.row(), index.column(), message)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in _RIGHT_COLUMNS:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole:
            return _ink(index.column(), message)
        if role == Qt.ItemDataRole.FontRole and index.column() == len(sequence.COLUMNS) - 1:
            return mono_font()
        return None

    def _text(self, row: int, column: int, message: Message) -> str:
        match column:
            case 0:
                return formats.interval(message.t_ns - self._begin)
            case 1:
                return formats.interval(message.t_ns - self.message(row - 1).t_ns) if row else ""
            case 2:
                return sequence.side(message)
            case 3:
                return sequence.arrow(message)
            case 4:
                return message.type
            case 5:
                return formats.size(message.size) if message.size else ""
            case _:
                return sequence.preview(message)


def _moment(message: Message) -> tuple[int, int]:
    return message.t_ns, message.seq


def _ink(column: int, message: Message) -> QBrush | None:
    if column == 3:
        return QBrush(color(Role.ACCENT if message.direction == Direction.IN else Role.OK))
    if message.type in ("raise", "client.gone", "upstream.gone"):
        return QBrush(color(Role.SERVER_ERROR))
    return None if column in (4, 6) else QBrush(color(Role.MUTED))
