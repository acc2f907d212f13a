"""The signs of how workers ended, drawn: a disc with a shape in it, or a small grey shape where all was well.

Knows shapes and colours; which cause has which is ``causes``.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from app.theme import Role, color
from app.workers.causes import Sign

RADIUS = 7.5
#: Shapes of peaceful ends: small, without a disc.
_QUIET = {"cap", "less", "again", "full", "open"}


def draw_sign(painter: QPainter, center: QPointF, sign: Sign) -> None:
    """``sign`` around ``center``."""
    if not sign.shape:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(center)
    ink = color(sign.role)
    if sign.shape in _QUIET:
        painter.setPen(QPen(ink, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        _draw_quiet(painter, sign.shape)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(0, 0), RADIUS, RADIUS)
        painter.setPen(QPen(color(Role.BASE), 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        _draw_loud(painter, sign.shape)
    painter.restore()


def _draw_quiet(painter: QPainter, shape: str) -> None:
    match shape:
        case "less":
            painter.drawLine(QPointF(-4, 0), QPointF(4, 0))
        case "again":
            painter.drawArc(QRectF(-4, -4, 8, 8), 40 * 16, 290 * 16)
            painter.drawPolyline([QPointF(0.5, -3.5), QPointF(4, -3.5), QPointF(4, -7)])
        case "full":
            painter.drawRect(QRectF(-3, -3, 6, 6))
        case "open":  # nobody saw an end: a torn edge
            painter.drawPolyline([QPointF(-2, -7), QPointF(2, -3), QPointF(-2, 1), QPointF(2, 5)])
        case _:
            painter.drawLine(QPointF(-3.5, -4), QPointF(3.5, -4))
            painter.drawLine(QPointF(0, -4), QPointF(0, 4))


def _draw_loud(painter: QPainter, shape: str) -> None:
    match shape:
        case "bolt":
            painter.drawPolyline(
                QPolygonF([QPointF(1.5, -4.5), QPointF(-2.2, 0.5), QPointF(2, 0.5), QPointF(-1.5, 4.5)])
            )
        case "clock":
            painter.drawLine(QPointF(0, 0.5), QPointF(0, -4))
            painter.drawLine(QPointF(0, 0.5), QPointF(3, 2))
        case "bang":
            painter.drawLine(QPointF(0, -4), QPointF(0, 0.8))
            painter.drawPoint(QPointF(0, 4))
        case "door":  # out of a frame
            painter.drawPolyline(
                QPolygonF([QPointF(-1, -3.5), QPointF(-3.5, -3.5), QPointF(-3.5, 3.5), QPointF(-1, 3.5)])
            )
            painter.drawLine(QPointF(-1, 0), QPointF(4, 0))
            painter.drawPolyline(QPolygonF([QPointF(2, -2), QPointF(4, 0), QPointF(2, 2)]))
        case "memory":
            painter.drawRect(QRectF(-3, -3, 6, 6))
            painter.drawLine(QPointF(0, -1), QPointF(0, 1))
        case "lost":  # requests went with it
            painter.drawPolyline(QPolygonF([QPointF(-3, -1), QPointF(0, 3.2), QPointF(3, -1)]))
            painter.drawLine(QPointF(0, -4), QPointF(0, 3))
        case "what":
            painter.drawArc(QRectF(-2.5, -4.2, 5, 5), -60 * 16, 240 * 16)
            painter.drawLine(QPointF(0, 0.8), QPointF(0, 1.2))
            painter.drawPoint(QPointF(0, 4))
        case _:
            painter.drawLine(QPointF(-2.8, -2.8), QPointF(2.8, 2.8))
            painter.drawLine(QPointF(-2.8, 2.8), QPointF(2.8, -2.8))
