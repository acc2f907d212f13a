"""How cells of the traffic tables are painted: text in its colour also when selected, and phases as a small bar."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.theme import Role, color
<<<<<<< Updated upstream
from app.traffic.columns import running
from app.traffic.phases import Phase, phases
from app.traffic.table_model import AXIS_ROLE, ROW_ROLE
from app.traffic.tones import PHASES
=======
from app.traffic.phases import Phase
from app.traffic.table_model import ROW_ROLE
from app.traffic.tones import phase_ink
>>>>>>> Stashed changes

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


<<<<<<< Updated upstream
class PhasesDelegate(CellDelegate):
    """An exchange's phases: the length by the logarithm of its time, the parts in proportion."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The cell's background as usual, and the bar on it."""
        super().paint(painter, option, index)
        row = index.data(ROW_ROLE)
        if row is None:
            return
        axis = index.data(AXIS_ROLE)
        found = phases(row, axis.now if running(row) else 0)
        area = QRectF(option.rect).adjusted(6, 0, -8, 0)
        bar = QRectF(area.left(), area.center().y() - 4, area.width() * _share(found), 8)
        paint_phases(painter, bar, found)


def _share(found: list[Phase]) -> float:
    """How much of the cell's width the bar takes, 0.02 to 1."""
    total = sum(phase.length_ns for phase in found)
    return min(1.0, max(0.02, math.log1p(total / _BASE_NS) / math.log1p(_FULL_NS / _BASE_NS)))


def paint_phase(painter: QPainter, area: QRectF, name: str, *, running: bool = False) -> None:
    """A stretch in the look of the phase ``name``: its colour, and lines where another party is held up."""
    look = PHASES[name]
    ink = color(look.role)
    ink.setAlphaF(min(look.strength, 0.55 if running else 1.0))
    painter.fillRect(area, ink)
    if look.hatch is not Qt.BrushStyle.NoBrush:
        painter.fillRect(area, QBrush(color(Role.BASE), look.hatch))


=======
>>>>>>> Stashed changes
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
