"""How cells of the traffic tables are painted: text in its colour also when selected, and phases as a small bar."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.theme import Role, color
from app.traffic.phases import Phase
from app.traffic.table_model import ROW_ROLE
from app.traffic.tones import PHASES

Index = QModelIndex | QPersistentModelIndex


#: What stands behind an exchange's row, None for nothing of its own.
Wash = Callable[[int], QBrush | None]


class CellDelegate(QStyledItemDelegate):
    """A cell without a focus frame (the row is what is chosen), which keeps its ink on the selection's colour."""

    wash: Wash | None = None

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802
        """Qt's own, and then ours."""
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        if option.state & QStyle.StateFlag.State_Selected:
            option.palette.setBrush(QPalette.ColorRole.HighlightedText, option.palette.brush(QPalette.ColorRole.Text))
        if self.wash is not None and (row := index.data(ROW_ROLE)) is not None:
            behind = self.wash(row.id)
            if behind is not None:
                option.backgroundBrush = behind


def paint_phase(painter: QPainter, area: QRectF, name: str, *, running: bool = False) -> None:
    """A stretch in the look of the phase ``name``: its colour, and lines where another party is held up."""
    look = PHASES[name]
    ink = color(look.role)
    ink.setAlphaF(min(look.strength, 0.55 if running else 1.0))
    painter.fillRect(area, ink)
    if look.hatch is not Qt.BrushStyle.NoBrush:
        painter.fillRect(area, QBrush(color(Role.BASE), look.hatch))


def paint_phases(painter: QPainter, bar: QRectF, found: list[Phase], gap: float = 0.0) -> None:
    """``found`` as a bar in proportion; every phase gets a pixel at least, one that still runs an open end."""
    total = sum(phase.length_ns for phase in found)
    if not total:
        return
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    left = bar.left()
    for phase in found:
        width = max(1.0, bar.width() * phase.length_ns / total)
        stretch = QRectF(left, bar.top(), max(1.0, width - gap), bar.height())
        paint_phase(painter, stretch, phase.name, running=phase.running)
        left += width
    if found[-1].running:
        painter.fillRect(QRectF(left, bar.top() - 1, 2, bar.height() + 2), color(Role.PENDING))
    painter.restore()
