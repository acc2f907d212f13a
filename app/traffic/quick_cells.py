"""How cells of the exchange table are painted: to the pixel as Qt would, in half the time.

Qt lays each cell out anew, through the style sheet, after asking the model seven times; and the table is painted twenty
times a second. A cell that is only text is drawn at once here; what is chosen, or under the pointer, is left to Qt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QTableView

from app.traffic.columns import running
from app.traffic.painting import CellDelegate, paint_phases
from app.traffic.phases import Phase, phases
from app.traffic.table_model import Cell, ExchangeTableModel

_FULL_NS = 10_000_000_000  #: an exchange this long fills its cell
_BASE_NS = 100_000  #: the scale is logarithmic above this

Index = QModelIndex | QPersistentModelIndex
_State = QStyle.StateFlag

# Plain numbers: the operators of Python's flags take as long as the drawing.
_LOOKED_AT = (_State.State_Enabled | _State.State_Selected | _State.State_MouseOver).value
_PLAIN = _State.State_Enabled.value


@dataclass(frozen=True, slots=True)
class _Face:
    """A font and its measures in pixels."""

    font: QFont
    metrics: QFontMetricsF
    ascent: float
    height: int
    widest: float

    @classmethod
    def of(cls, font: QFont) -> Self:
        metrics = QFontMetricsF(font)
        return cls(font, metrics, metrics.ascent(), round(metrics.height()), metrics.maxWidth())


class QuickCells(CellDelegate):
    """A cell of text, a wash behind it where there is one."""

    def __init__(self, model: ExchangeTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model

    def begin(self, table: QTableView) -> None:
        """A frame of ``table`` begins: what is the same for all of its cells."""
        strong = QFont(table.font())
        strong.setWeight(QFont.Weight.DemiBold)
        self._faces = _Face.of(table.font()), _Face.of(strong)
        self._margin = 1 + table.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, table)
        self._ink = table.palette().color(QPalette.ColorRole.Text)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The text as the model has it, within the margins that Qt keeps."""
        cell = self._model.cell(index.row(), index.column())
        if cell is None or option.state.value & _LOOKED_AT != _PLAIN:
            super().paint(painter, option, index)
            return
        behind = self.wash(cell.identity) if self.wash is not None else None
        if behind is not None or cell.behind is not None:
            painter.fillRect(option.rect, behind or cell.behind)
        if cell.text:
            painter.setPen(self._ink if cell.ink is None else cell.ink)
            self._write(painter, option, cell)

    def _write(self, painter: QPainter, option: QStyleOptionViewItem, cell: Cell) -> None:
        face, text, margin = self._faces[cell.bold], cell.text, self._margin
        rect: tuple[int, int, int, int] = option.rect.getRect()  # type: ignore[assignment]
        left, top, width, height = rect
        room, at = width - 2 * margin, float(left + margin)
        if cell.right or len(text) * face.widest > room:
            needed = face.metrics.horizontalAdvance(text)
            if needed > room:
                text = face.metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
                needed = face.metrics.horizontalAdvance(text)
            if cell.right:
                at += room - needed
        painter.setFont(face.font)
        painter.drawText(QPointF(at, top + (height - face.height) // 2 + face.ascent), text)


class PhasesCells(QuickCells):
    """An exchange's phases: the length by the logarithm of its time, the parts in proportion."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The cell's background as usual, and the bar on it."""
        super().paint(painter, option, index)
        row = self._model.row_at(index.row())
        if row is None:
            return
        found = phases(row, self._model.axis.now if running(row) else 0)
        area = QRectF(option.rect).adjusted(6, 0, -8, 0)
        bar = QRectF(area.left(), area.center().y() - 4, area.width() * _share(found), 8)
        paint_phases(painter, bar, found)


def _share(found: list[Phase]) -> float:
    """How much of the cell's width the bar takes, 0.02 to 1."""
    total = sum(phase.length_ns for phase in found)
    return min(1.0, max(0.02, math.log1p(total / _BASE_NS) / math.log1p(_FULL_NS / _BASE_NS)))
