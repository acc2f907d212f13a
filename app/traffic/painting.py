"""How cells of the traffic tables are painted: text in its colour also when selected, and phases as a small bar."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.theme import Role, color, colors
from app.theme.roles import Colors
from app.traffic.phases import Phase
from app.traffic.tones import PHASES

Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """A cell without a focus frame (the row is what is chosen), which keeps its ink on the selection's colour."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802
        """Qt's own, and then ours."""
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        if option.state & QStyle.StateFlag.State_Selected:
            option.palette.setBrush(QPalette.ColorRole.HighlightedText, option.palette.brush(QPalette.ColorRole.Text))


@cache
def _brushes(name: str, ink: str, base: str, running: bool) -> tuple[QBrush, ...]:
    """What the phase ``name`` is painted with in these colours, one over the other."""
    look, faint = PHASES[name], QColor(ink)
    faint.setAlphaF(min(look.strength, 0.55 if running else 1.0))
    if look.hatch is Qt.BrushStyle.NoBrush:
        return (QBrush(faint),)
    return QBrush(faint), QBrush(QColor(base), look.hatch)


def paint_phase(painter: QPainter, area: QRectF, name: str, *, running: bool = False) -> None:
    """A stretch in the look of the phase ``name``: its colour, and lines where another party is held up."""
    _fill(painter, area, name, colors(), running=running)


def paint_phases(
    painter: QPainter, bar: QRectF, found: list[Phase], gap: float = 0.0, *, worn: Colors | None = None
) -> None:
    """``found`` as a bar in proportion; every phase gets a pixel at least, one that still runs an open end.

    ``worn`` is what ``colors()`` says, for who has asked already.
    """
    total = sum(phase.length_ns for phase in found)
    if not total:
        return
    worn, stretch = worn or colors(), QRectF(bar)
    left, top, length, height = bar.left(), bar.top(), bar.width(), bar.height()
    for phase in found:
        width = max(1.0, length * phase.length_ns / total)
        stretch.setRect(left, top, max(1.0, width - gap), height)
        _fill(painter, stretch, phase.name, worn, running=phase.running)
        left += width
    if found[-1].running:
        painter.fillRect(QRectF(left, top - 1, 2, height + 2), color(Role.PENDING))


def _fill(painter: QPainter, area: QRectF, name: str, worn: Colors, *, running: bool) -> None:
    for brush in _brushes(name, worn[PHASES[name].role], worn[Role.BASE], running):
        painter.fillRect(area, brush)
