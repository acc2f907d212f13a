"""How the cells of the process tree are painted: states as pills, CPU and memory as a number beside its course."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.theme import color
from app.workers.model import COURSE_ROLE, CPU, LAST, MEMORY, NODE_ROLE, SAMPLES, STATE, Index
from app.workers.signs import RADIUS, draw_sign
from app.workers.words import NO_LOOK, STATE_LOOKS

_COURSE = 48  #: pixels that a course takes at most
_NUMBERS = {CPU: "100.0 %", MEMORY: "99.9 MiB"}  #: what always has room beside it, so that courses stand in a column
_FLOORS = {CPU: 100.0, MEMORY: 1.0}  #: what fills the height at least: one core


class ProcessDelegate(QStyledItemDelegate):
    """Keeps the ink of a cell also when its row is chosen."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802  Qt's name
        """Room for a pill."""
        return QSize(super().sizeHint(option, index).width(), option.fontMetrics.height() + 10)

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802  Qt's name
        """Qt's own, and then ours: what is chosen is the row."""
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        option.palette.setBrush(
            option.palette.ColorRole.HighlightedText, option.palette.brush(option.palette.ColorRole.Text)
        )

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """A cell."""
        column = index.column()
        if column == LAST:
            self._last(painter, option, index)
            return
        if column not in (STATE, CPU, MEMORY):
            super().paint(painter, option, index)
            return
        self._background(painter, option, index)
        text = index.data()
        if column == STATE:
            draw_pill(painter, QRectF(option.rect).adjusted(4, 0, -4, 0), text)
        elif text:
            self._figure(painter, option, index, text)

    def _last(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The sign of the end, then its words."""
        sign = index.data(NODE_ROLE).last_sign
        if sign is None or not sign.shape:
            super().paint(painter, option, index)
            return
        self._background(painter, option, index)
        moved = QStyleOptionViewItem(option)
        moved.rect = option.rect.adjusted(int(2 * RADIUS) + 8, 0, 0, 0)
        super().paint(painter, moved, index)
        draw_sign(painter, QPointF(option.rect.left() + RADIUS + 5, option.rect.center().y() + 0.5), sign)

    def _background(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        blank = QStyleOptionViewItem(option)
        self.initStyleOption(blank, index)
        blank.text = ""
        style = blank.widget.style() if blank.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, blank, painter, blank.widget)

    def _figure(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, text: str) -> None:
        area = QRectF(option.rect).adjusted(6, 0, -8, 0)
        course = index.data(COURSE_ROLE)
        longest = max(map(option.fontMetrics.horizontalAdvance, (text, _NUMBERS[index.column()])))
        width = min(_COURSE, area.width() - longest - 6)
        painter.save()
        painter.setFont(option.font)
        painter.setPen(option.palette.color(option.palette.ColorRole.Text))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), text)
        if width >= 16 and course:
            box = QRectF(area.left(), area.top() + 5, width, area.height() - 10)
            draw_course(painter, box, course, _FLOORS[index.column()], color(STATE_LOOKS["ready"][0]))
        painter.restore()


def draw_pill(painter: QPainter, area: QRectF, state: str) -> None:
    """A state's word in a rounded field of its colour, at the left of ``area``; a paused one has bars, not a dot."""
    if not state:
        return
    ink, back = (color(role) for role in STATE_LOOKS.get(state, NO_LOOK))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = painter.fontMetrics()
    height = min(area.height() - 4, metrics.height() + 4.0)
    width = min(area.width(), metrics.horizontalAdvance(state) + 28.0)
    field = QRectF(area.left(), area.center().y() - height / 2, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(back)
    painter.drawRoundedRect(field, height / 2, height / 2)
    painter.setBrush(ink)
    middle = QPointF(field.left() + 10, field.center().y())
    if state == "paused":
        painter.drawRect(QRectF(middle.x() - 3, middle.y() - 4, 2, 8))
        painter.drawRect(QRectF(middle.x() + 1, middle.y() - 4, 2, 8))
    else:
        painter.drawEllipse(middle, 3, 3)
    painter.setPen(ink)
    text = metrics.elidedText(state, Qt.TextElideMode.ElideRight, int(width - 22))
    painter.drawText(field.adjusted(18, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), text)
    painter.restore()


def draw_course(painter: QPainter, area: QRectF, course: list[float], floor: float, ink: QColor) -> None:
    """``course`` as an area, the newest at the right; ``floor`` fills the height at least."""
    if len(course) < 2:
        return
    top = max(floor, 1.15 * max(course))
    step = area.width() / (SAMPLES - 1)
    left = area.right() - (len(course) - 1) * step
    points = [
        QPointF(left + at * step, area.bottom() - area.height() * min(1.0, value / top))
        for at, value in enumerate(course)
    ]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    faint = QColor(ink)
    faint.setAlphaF(0.3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faint)
    edges = [QPointF(points[0].x(), area.bottom()), *points, QPointF(points[-1].x(), area.bottom())]
    painter.drawPolygon(QPolygonF(edges))
    painter.setPen(ink)
    painter.drawPolyline(QPolygonF(points))
