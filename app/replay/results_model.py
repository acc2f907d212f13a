"""The results of a replay as a table: original beside replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QFont

from app.replay.comparison import Verdict, brief, verdict
from app.theme import Role, color, tip
from app.traffic import formats, secrecy
from app.traffic.phases import total_ns
from inspector.model import ReplayResult
from inspector.store.reader import ExchangeRow

Index = QModelIndex | QPersistentModelIndex

TITLES = ("#", "Result", "Method", "Path", "Original", "Replay", "Original took", "Replay took", "Change", "Differs in")
WIDTHS = (6, 10, 8, 34, 9, 9, 14, 14, 10, 30)
_RIGHT_COLUMNS = (0, 4, 5, 6, 7, 8)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_VERDICTS = {
    Verdict.SAME: Role.OK,
    Verdict.DIFFERENT: Role.CLIENT_ERROR,
    Verdict.FAILED: Role.SERVER_ERROR,
    Verdict.LEFT_OUT: Role.MUTED,
}
_ALIKE = (Verdict.SAME, Verdict.LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Compared:
    """A result with the rows of both exchanges, as far as the trace has them."""

    result: ReplayResult
    original: ExchangeRow | None
    replay: ExchangeRow | None


class ResultsModel(QAbstractTableModel):
    """The compared exchanges, in the order they came back. Grows at its end."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Compared] = []
        self._shown: list[int] = []
        self._differing_only = False
        self._bold = QFont()
        self._bold.setWeight(QFont.Weight.DemiBold)

    @property
    def total(self) -> int:
        """Results there are."""
        return len(self._all)

    def clear(self) -> None:
        """Forget all."""
        self.beginResetModel()
        self._all, self._shown = [], []
        self.endResetModel()

    def append(self, compared: Sequence[Compared]) -> None:
        """More results of the same run."""
        held = len(self._all)
        self._all.extend(compared)
        fresh = [at for at in range(held, len(self._all)) if self._passes(at)]
        if fresh:
            first = len(self._shown)
            self.beginInsertRows(QModelIndex(), first, first + len(fresh) - 1)
            self._shown.extend(fresh)
            self.endInsertRows()

    def show_differing_only(self, only: bool) -> None:
        """Leave out what came back the same."""
        self.beginResetModel()
        self._differing_only = only
        self._shown = [at for at in range(len(self._all)) if self._passes(at)]
        self.endResetModel()

    def compared(self, row: int) -> Compared:
        """The result in a row. Raises IndexError."""
        return self._all[self._shown[row]]

    def _passes(self, at: int) -> bool:
        return not self._differing_only or verdict(self._all[at].result) not in _ALIKE

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Results shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """See ``TITLES``."""
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Titles."""
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in _RIGHT_COLUMNS else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One cell."""
        if not index.isValid():
            return None
        compared = self.compared(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return _text(compared, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in _RIGHT_COLUMNS:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole:
            return _ink(compared, index.column())
        if role == Qt.ItemDataRole.FontRole and index.column() == 1:
            return self._bold
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == len(TITLES) - 1:
            return tip(brief(compared.result))
        return None


def _text(compared: Compared, column: int) -> str:
    original, replay = compared.original, compared.replay
    match column:
        case 0:
            return str(compared.result.original)
        case 1:
            return verdict(compared.result).value
        case 2:
            return original.method if original else ""
        case 3:
            return formats.cell(secrecy.target(original.target)) if original else ""
        case 4 | 5:
            row = original if column == 4 else replay
            return str(row.status) if row and row.status else ""
        case 6 | 7:
            row = original if column == 6 else replay
            return formats.duration(total_ns(row) or None) if row else ""
        case 8:
            return change(original, replay)
        case _:
            return formats.cell(brief(compared.result))


def change(original: ExchangeRow | None, replay: ExchangeRow | None) -> str:
    """How much longer or shorter the replay took, in percent; as a factor when it is more than twice."""
    before = total_ns(original) if original else 0
    after = total_ns(replay) if replay else 0
    if not before or not after:
        return ""
    ratio = after / before
    return f"{ratio:.1f} x" if ratio >= 2 else f"{100 * (ratio - 1):+.0f} %"


def _ink(compared: Compared, column: int) -> QBrush | None:
    if column == 1:
        return QBrush(color(_VERDICTS[verdict(compared.result)]))
    if column in (4, 5):
        statuses = {row.status for row in (compared.original, compared.replay) if row}
        return QBrush(color(Role.CLIENT_ERROR)) if len(statuses) > 1 else None
    return None if column in (3, 9) else QBrush(color(Role.MUTED))
