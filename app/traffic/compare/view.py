"""The rows of a comparison on the screen: an arrow on each side, and between them what the two have in common.

Paints only what is in view. Knows rows and nothing of where they come from.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QLineF, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from app.theme import Role, color, mono_font, tip
from app.traffic import formats, ladder
from app.traffic.compare.pairing import Row
from inspector.model import Direction, Message, Side

_HEAD = 26
_TIME = 74  #: width of a side's times
_MARGIN = 14  #: between the times, the lifelines and what is in the middle
_SIDE = 0.345  #: of the width is for each side
_GLYPH = 26
_BARE = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


class PairView(QAbstractScrollArea):
    """Up, Down, Page Up, Page Down, Home, End, J and K walk along the rows, N and Shift+N along the differences.

    Signals:
        chosen(Row): another row is chosen; None for none.
        opened(): Enter on a row, or a double click.
    """

    chosen = Signal(object)
    opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Messages side by side")
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.rows: list[Row] = []
        self.current = -1
        self._hover = -1
        self._begins = (0, 0)
        self._since: list[tuple[int, int]] = []
        self._wire = False
        self._row = 48
        self._small, self._bold = QFont(self.font()), QFont(self.font())
        for font in (self._small, self._bold):
            font.setPointSizeF(self.font().pointSizeF() * 0.92)
        self._bold.setWeight(QFont.Weight.DemiBold)
        self._mono = mono_font(self.font().pointSizeF() * 0.88)

    def show_rows(self, rows: list[Row], begins: tuple[int, int], *, wire: bool) -> None:
        """Show these; times count from ``begins``, monotonic nanoseconds, one for each side."""
        self.rows, self._begins, self._wire = rows, begins, wire
        self._since = _since(rows)
        self._hover = -1
        self._fit()
        self.verticalScrollBar().setValue(0)
        self.current = -1
        self.choose(0 if rows else -1)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Some rows."""
        return QSize(900, 8 * self._row)

    def choose(self, row: int) -> None:
        """Choose a row, and bring it into view."""
        self.current = row
        if row >= 0:
            bar, room = self.verticalScrollBar(), self.viewport().height() - _HEAD
            top = row * self._row
            bar.setValue(min(max(bar.value(), top + self._row - room), top))
            self.setAccessibleDescription(f"{row + 1} of {len(self.rows)}: {self._words(self.rows[row])}")
        self.chosen.emit(self.rows[row] if row >= 0 else None)
        self.viewport().update()

    def step(self, by: int) -> None:
        """Choose a row further down or up."""
        if self.rows:
            self.choose(min(max(self.current + by, 0), len(self.rows) - 1))

    def next_difference(self, by: int = 1) -> None:
        """Choose the next row, or the one before, in which the sides are not the same; round the ends."""
        count = len(self.rows)
        for distance in range(1, count + 1):
            row = self.rows[(self.current + by * distance) % count]
            if row.difference or not row.paired:
                self.choose((self.current + by * distance) % count)
                return

    def text(self) -> str:
        """All rows as lines of text, for the clipboard."""
        return "\n".join(
            "\t".join(
                (self._elapsed(row.left, 0), _named(row.left), _named(row.right), self._elapsed(row.right, 1),
                 row.difference, row.text)
            )
            for row in self.rows
        )  # fmt: skip

    def _words(self, row: Row) -> str:
        if row.left and row.right:
            sides = f"{row.left.type} beside {row.right.type}"
        else:
            sides = f"{_named(row.left) or _named(row.right)} only on the {'left' if row.left else 'right'}"
        return ". ".join(
            part for part in (sides, f"Differs: {row.difference}" if row.difference else "", row.text) if part
        )

    # geometry

    def _fit(self) -> None:
        """Rows as high as the longest sentence needs."""
        metrics = QFontMetrics(self._small)
        room = max(120.0, self._middle().width() - _GLYPH - 12)
        lines = max((_lines(row, metrics, room) for row in self.rows), default=2)
        self._row = max(46, lines * metrics.lineSpacing() + 12)
        bar, view = self.verticalScrollBar(), self.viewport().height() - _HEAD
        bar.setRange(0, max(0, len(self.rows) * self._row - view))
        bar.setPageStep(max(self._row, view))
        bar.setSingleStep(self._row // 2)

    def _middle(self) -> QRectF:
        width = self.viewport().width()
        return QRectF(width * _SIDE, 0, width * (1 - 2 * _SIDE), self.viewport().height())

    def _lifelines(self, side: int) -> list[float]:
        """Client, server and application of one side; without the wire there is no client."""
        middle, width = self._middle(), self.viewport().width()
        left = _TIME + _MARGIN if side == 0 else middle.right() + _MARGIN
        right = middle.left() - _MARGIN if side == 0 else width - _TIME - _MARGIN
        return [left, left + 0.42 * (right - left), right] if self._wire else [left, left, right]

    # painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """What is in view."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = self.viewport().height()
        painter.fillRect(self.viewport().rect(), color(Role.BASE))
        offset = _HEAD - self.verticalScrollBar().value()
        first = max(0, (_HEAD - offset) // self._row)
        last = min(len(self.rows), (height - offset) // self._row + 1)
        for number in range(first, last):
            self._paint_back(painter, number, offset + number * self._row)
        self._paint_lifelines(painter, min(height, offset + len(self.rows) * self._row))
        for number in range(first, last):
            self._paint_row(painter, number, offset + number * self._row)
        self._paint_head(painter)
        painter.end()

    def _paint_back(self, painter: QPainter, number: int, top: int) -> None:
        row, whole = self.rows[number], QRect(0, top, self.viewport().width(), self._row)
        if number == self.current:
            painter.fillRect(whole, color(Role.SELECTION))
            if self.hasFocus():
                painter.fillRect(QRect(0, top, 3, self._row), color(Role.ACCENT))
        elif number == self._hover:
            painter.fillRect(whole, color(Role.HOVER))
        elif row.difference:
            painter.fillRect(whole, color(Role.WARN_BACK))
        painter.fillRect(QRect(0, top + self._row - 1, whole.width(), 1), _faint(Role.LINE))

    def _paint_lifelines(self, painter: QPainter, bottom: int) -> None:
        painter.setPen(QPen(color(Role.LINE), 1.4))
        for side in (0, 1):
            for x in dict.fromkeys(self._lifelines(side)):
                painter.drawLine(QLineF(x, _HEAD, x, bottom))

    def _paint_row(self, painter: QPainter, number: int, top: int) -> None:
        row = self.rows[number]
        for side, message in enumerate((row.left, row.right)):
            if message is not None:
                self._paint_message(painter, number, side, top, message)
        self._paint_middle(painter, row, top, chosen=number == self.current)

    def _paint_message(self, painter: QPainter, number: int, side: int, top: int, message: Message) -> None:
        xs, shape = self._lifelines(side), ladder.arrow(message)
        if shape.alarming:
            ink = color(Role.SERVER_ERROR)
        else:
            ink = color(Role.ACCENT if message.direction == Direction.IN else Role.OK)
        left, right = (xs[0], xs[1]) if message.side == Side.WIRE else (xs[1], xs[2])
        y = top + self._row / 2 + 7
        if shape.source == shape.target:
            _paint_end(painter, (left + right) / 2, y, ink)
        else:
            _paint_arrow(painter, *((left, right) if message.direction == Direction.IN else (right, left)), y, ink)
        self._paint_label(painter, QRectF(left + 6, y - 21, right - left - 12, 18), message, alarming=shape.alarming)
        area = QRect(0 if side == 0 else self.viewport().width() - _TIME, top, _TIME - 6, self._row)
        painter.setFont(self._mono)
        painter.setPen(color(Role.TEXT))
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
        half = area.adjusted(0, 0, 0, -area.height() // 2)
        painter.drawText(half, flags, self._elapsed(message, side))
        since = self._since[number][side]
        if since >= 0:
            painter.setPen(color(Role.TEXT if number == self.current else Role.MUTED))
            below = area.adjusted(0, area.height() // 2, 0, 0)
            top_right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            painter.drawText(below, top_right, f"+{formats.duration(since)}")

    def _paint_label(self, painter: QPainter, area: QRectF, message: Message, *, alarming: bool) -> None:
        metrics = QFontMetrics(self._small)
        name, size = ladder.title(message), ladder.weight(message)
        size_width = metrics.horizontalAdvance(f"  {size}") if size else 0
        if metrics.horizontalAdvance(name) + size_width > area.width():
            size, size_width = "", 0
        name = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, int(area.width()))
        begin = area.left() + max(0.0, (area.width() - metrics.horizontalAdvance(name) - size_width) / 2)
        painter.setFont(self._small)
        painter.setPen(color(Role.SERVER_ERROR if alarming else Role.TEXT))
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(begin, area.top(), area.width(), area.height()), flags, name)
        if size:
            painter.setPen(color(Role.MUTED))
            at = begin + metrics.horizontalAdvance(name)
            painter.drawText(QRectF(at, area.top(), size_width + 4, area.height()), flags, f"  {size}")

    def _paint_middle(self, painter: QPainter, row: Row, top: int, *, chosen: bool) -> None:
        middle = self._middle()
        sign, role = _sign(row)
        painter.setFont(self._bold)
        painter.setPen(color(role))
        glyph = QRectF(middle.left() + 4, top, _GLYPH - 6, self._row)
        painter.drawText(glyph, int(Qt.AlignmentFlag.AlignCenter), sign)
        area = QRectF(middle.left() + _GLYPH, top + 4, middle.width() - _GLYPH - 8, self._row - 8)
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap)
        if row.difference:
            metrics = QFontMetrics(self._bold)
            said = metrics.elidedText(row.difference, Qt.TextElideMode.ElideRight, int(area.width()))
            painter.drawText(area.adjusted(0, 0, 0, metrics.lineSpacing() - area.height()), flags, said)
            area = area.adjusted(0, metrics.lineSpacing(), 0, 0)
        painter.setFont(self._small)
        painter.setPen(color(Role.MUTED if row.paired and not chosen else Role.TEXT))
        painter.drawText(area, flags, row.text)

    def _paint_head(self, painter: QPainter) -> None:
        painter.fillRect(QRect(0, 0, self.viewport().width(), _HEAD - 1), color(Role.RAISED))
        painter.fillRect(QRect(0, _HEAD - 1, self.viewport().width(), 1), color(Role.LINE))
        painter.setFont(self._small)
        painter.setPen(color(Role.MUTED))
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for left in (0, self.viewport().width() - _TIME):
            painter.drawText(QRect(left, 0, _TIME - 6, _HEAD), right, "time")
        middle = self._middle().adjusted(_GLYPH, 0, 0, 0)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(middle.left(), 0, middle.width(), _HEAD), flags, "what it means")
        painter.setFont(self._bold)
        painter.setPen(color(Role.TEXT))
        metrics = QFontMetrics(self._bold)
        for side in (0, 1):
            xs = self._lifelines(side)
            names = ("client", "server", "application") if self._wire else ("", "server", "application")
            for at, (x, name) in enumerate(zip(xs, names, strict=True)):
                width = metrics.horizontalAdvance(name)
                shift = (0.0, -width / 2 if self._wire else 0.0, -float(width))[at]
                painter.drawText(QRectF(x + shift, 0, width + 2, _HEAD), flags, name)

    def _elapsed(self, message: Message | None, side: int) -> str:
        return formats.interval(message.t_ns - self._begins[side]) if message else ""

    # events

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802
        """More or less room."""
        self._fit()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """The cursor is here."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """The cursor is elsewhere."""
        super().focusOutEvent(event)
        self.viewport().update()

    def row_at(self, at: QPoint) -> int:
        """The row at a point of the viewport, -1 for none."""
        row = (at.y() - _HEAD + self.verticalScrollBar().value()) // self._row
        return row if at.y() >= _HEAD and row < len(self.rows) else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose what is there."""
        row = self.row_at(event.position().toPoint())
        if row >= 0:
            self.choose(row)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:  # noqa: N802
        """To what it carries."""
        self.opened.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Say in full what may be shortened on the screen."""
        at = event.position().toPoint()
        row = self.row_at(at)
        if row == self._hover:
            return
        self._hover = row
        self.viewport().update()
        if row >= 0:
            text = tip(self._words(self.rows[row]))
            QToolTip.showText(self.viewport().mapToGlobal(at + QPoint(12, 14)), text, self.viewport())
        else:
            QToolTip.hideText()

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802
        """Nothing is under the pointer any more."""
        if event.type() == QEvent.Type.Leave:
            self._hover = -1
            self.viewport().update()
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Walk along the rows."""
        key, bare = Qt.Key(event.key()), event.modifiers() in _BARE
        page = max(1, (self.viewport().height() - _HEAD) // self._row - 1)
        steps = {
            Qt.Key.Key_Up: -1, Qt.Key.Key_K: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_J: 1, Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page, Qt.Key.Key_Home: -len(self.rows), Qt.Key.Key_End: len(self.rows),
        }  # fmt: skip
        if key == Qt.Key.Key_N:
            self.next_difference(1 if bare else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and bare:
            self.opened.emit()
        elif bare and key in steps:
            self.step(steps[key])
        else:
            super().keyPressEvent(event)


def _since(rows: list[Row]) -> list[tuple[int, int]]:
    """For each row and side the nanoseconds since the message above it, -1 for the first and for none."""
    last = [-1, -1]
    found = []
    for row in rows:
        both = []
        for side, message in enumerate((row.left, row.right)):
            both.append(max(0, message.t_ns - last[side]) if message and last[side] >= 0 else -1)
            last[side] = message.t_ns if message else last[side]
        found.append((both[0], both[1]))
    return found


def _named(message: Message | None) -> str:
    return " ".join(part for part in (ladder.title(message), ladder.weight(message)) if part) if message else ""


def _lines(row: Row, metrics: QFontMetrics, room: float) -> int:
    """How many lines the words of a row need; a little more is reckoned for where lines break."""
    return bool(row.difference) + max(2, math.ceil(metrics.horizontalAdvance(row.text) * 1.12 / room))


def _sign(row: Row) -> tuple[str, Role]:
    """What stands between two sides: whether they are the same, differ, or only one of them is there."""
    if not row.paired:
        return ("◂" if row.left else "▸"), Role.PENDING
    return ("≠", Role.CLIENT_ERROR) if row.difference else ("=", Role.OK)


def _faint(role: Role) -> QColor:
    ink = color(role)
    ink.setAlphaF(0.55)
    return ink


def _paint_arrow(painter: QPainter, begin: float, end: float, y: float, ink: QColor) -> None:
    way = 1 if end > begin else -1
    painter.setPen(QPen(ink, 1.6))
    painter.drawLine(QLineF(begin, y, end - 6 * way, y))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawPolygon(QPolygonF([QPointF(end, y), QPointF(end - 9 * way, y - 4), QPointF(end - 9 * way, y + 4)]))


def _paint_end(painter: QPainter, x: float, y: float, ink: QColor) -> None:
    painter.setPen(QPen(ink, 2.4))
    painter.drawLine(QLineF(x - 4, y - 4, x + 4, y + 4))
    painter.drawLine(QLineF(x - 4, y + 4, x + 4, y - 4))
