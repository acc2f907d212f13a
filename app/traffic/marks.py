"""The colours with which exchanges are marked, by the names that the filter knows them by.

Knows Qt's colours only. Any other name that a trace brings is shown in grey.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPixmap, Qt

from app.theme import is_dark

#: Names in the order of their number keys, each with its colour in the light and in the dark. On the list's background
#: each keeps a contrast of 3 to 1, as WCAG 2.1 (1.4.11) asks of what is no text.
_COLORS = {
    "red": ("#cf2233", "#ff7b80"),
    "orange": ("#b85c00", "#f5a354"),
    "yellow": ("#8f7400", "#ead25a"),
    "green": ("#1b7f46", "#63cf95"),
    "blue": ("#2a5bd0", "#7aa2ff"),
    "purple": ("#8a3fc0", "#c99bf5"),
    "grey": ("#66707f", "#a3adbd"),
}
MARKS = tuple(_COLORS)
_WASH = 0.11  #: of the colour, behind a marked row


def next_mark(mark: str) -> str:
    """The one after ``mark``, beginning and ending with none."""
    circle = ("", *MARKS)
    return circle[(circle.index(mark) + 1) % len(circle)] if mark in circle else MARKS[0]


def mark_ink(mark: str) -> QBrush | None:
    """The colour of a mark now; None for no mark."""
    return _brush(_known(mark), is_dark(), 1.0) if mark else None


def mark_wash(mark: str) -> QBrush | None:
    """What stands behind a marked row; None for no mark."""
    return _brush(_known(mark), is_dark(), _WASH) if mark else None


def mark_icon(mark: str) -> QIcon:
    """A dot for menus; a ring for no mark."""
    drawn = QPixmap(32, 32)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    brush = _brush(_known(mark), is_dark(), 1.0)
    painter.setPen(brush.color())
    if mark:
        painter.setBrush(brush)
    painter.drawEllipse(6, 6, 20, 20)
    painter.end()
    drawn.setDevicePixelRatio(2)
    return QIcon(drawn)


def _known(mark: str) -> str:
    return mark if mark in _COLORS else "grey"


@cache
def _brush(mark: str, dark: bool, share: float) -> QBrush:
    ink = QColor(_COLORS[mark][dark])
    ink.setAlphaF(share)
    return QBrush(ink)
