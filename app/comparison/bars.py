"""A figure of each mode as a bar with its name and its value: painted, since there are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import Role, color

_GAP = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """``low`` and ``high``: what single rounds had; both 0 where that is not known."""

    name: str
    value: float
    text: str
    role: Role
    low: float = 0.0
    high: float = 0.0


class Bars(QWidget):
    """Horizontal bars under a title; a thin line across each spans its rounds."""

    def __init__(self, title: str, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._unit = title, unit
        self._bars: tuple[Bar, ...] = ()
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Show these, in their order."""
        self._bars = tuple(bars)
        self.setAccessibleDescription("; ".join(f"{bar.name}: {bar.text}" for bar in bars))
        self.updateGeometry()
        self.update()

    def _line(self) -> int:
        return self.fontMetrics().height() + _GAP

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """The title, and a narrow line for each."""
        height = self.fontMetrics().height()
        return QSize(180, height + 8 + len(self._bars) * (height + 2))

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """The title, and a line for each."""
        return QSize(260, self.fontMetrics().height() + 12 + len(self._bars) * self._line())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """All of it."""
        painter = QPainter(self)
        metrics = QFontMetrics(self.font())
        head = metrics.height() + 8
        bold = self.font()
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(color(Role.TEXT))
        painter.drawText(QRect(0, 0, self.width(), metrics.height()), Qt.AlignmentFlag.AlignLeft, self._title)
        after = QFontMetrics(bold).horizontalAdvance(self._title) + 10
        painter.setFont(self.font())
        painter.setPen(color(Role.MUTED))
        painter.drawText(
            QRect(after, 0, self.width() - after, metrics.height()), Qt.AlignmentFlag.AlignLeft, self._unit
        )
        if self._bars:
            step = min(self._line(), (self.height() - head) // len(self._bars))
            names = min(max(metrics.horizontalAdvance(bar.name) for bar in self._bars) + 10, self.width() * 2 // 5)
            values = max(metrics.horizontalAdvance(bar.text) for bar in self._bars) + 10
            most = max((max(bar.value, bar.high) for bar in self._bars), default=0.0) or 1.0
            for number, bar in enumerate(self._bars):
                self._paint(painter, QRect(0, head + number * step, self.width(), step - 2), bar, names, values, most)
        painter.end()

    def _paint(self, painter: QPainter, area: QRect, bar: Bar, names: int, values: int, most: float) -> None:
        metrics = painter.fontMetrics()
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideMiddle, names - 8)
        painter.setPen(color(Role.TEXT))
        painter.drawText(QRect(area.left(), area.top(), names, area.height()), middle, name)
        room = max(1, area.width() - names - values)
        left, length = area.left() + names, max(2, round(room * bar.value / most))
        thick = max(4, area.height() - 6)
        top = area.center().y() - thick // 2
        painter.fillRect(QRect(left, top, length, thick), color(bar.role))
        end = left + length
        if bar.high > bar.low:
            y, first, last = (
                area.center().y(),
                left + round(room * bar.low / most),
                left + round(room * bar.high / most),
            )
            painter.setPen(color(Role.TEXT))
            painter.drawLine(first, y, last, y)
            for x in (first, last):
                painter.drawLine(x, y - 3, x, y + 3)
            end = max(end, last)
        painter.setPen(color(Role.TEXT))
        painter.drawText(QRect(end + 6, area.top(), values, area.height()), middle, bar.text)
