"""The sequence diagram on the screen: lifelines, an arrow for each message, the gaps between them to scale.

Paints only what is in view, so that its cost does not grow with the messages. Shows the rows of a ``MessagesModel`` and
shares the selection of the list beside it.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QLineF, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
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

from app.theme import Role, color, mono_font, px, tip
from app.traffic import formats, ladder, sequence
from app.traffic.detail.messages_model import MessagesModel
from app.traffic.ladder import APPLICATION, LIFELINES, PROXY, SERVER, Arrow, Layout
from inspector.model import Direction, Message, Side

_HEAD = 26
_TIME, _SINCE = 82, 76  #: widths of the columns at the left
_MARGIN = 46  #: beside the outer lifelines
_PREVIEW = 0.24  #: of the width is for what messages carry, where there is room
_ROOMY, _NARROW = 760, 520
_BELOW = 7  #: an arrow, from its row's bottom
_NAMES = ("client", "proxy", "server", "application")
_ENDS = frozenset({"return", "raise"})
_OVER = frozenset({"return", "raise", "close"})
_NOTICED = 1_000_000  #: nanoseconds of work after the response that are worth a word


class LadderView(QAbstractScrollArea):
    """The diagram. Up, Down, Page Up, Page Down, Home, End, J and K walk along the messages.

    Signals:
        opened(): Enter on a message, or a double click: to what it carries.
    """

    opened = Signal()

    def __init__(self, model: MessagesModel, selection: QItemSelectionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Sequence diagram")
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.layout_ = Layout()
        self._model, self._selection = model, selection
        self._names = list(_NAMES)
        self._dirty = 0  # the first row that has to be placed
        self._hover = -1
        self._called = self._returned = -1  # rows between which the application is at work
        self._answered = -1  # the last row in which something went to the client
        self._measure()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.place)
        model.rowsInserted.connect(lambda _parent, first, _last: self._place_later(first))
        model.modelReset.connect(lambda: self._place_later(0))
        selection.currentRowChanged.connect(lambda current, _old: self._on_current_changed(current.row()))

    def _measure(self) -> None:
        """Fonts and the room that they need, at the size that text has now."""
        self._small = QFont(self.font())
        self._small.setPointSizeF(self.font().pointSizeF() * 0.9)
        self._mono = mono_font(self.font().pointSizeF() * 0.88)
        self._head, self._time, self._since = px(_HEAD), px(_TIME), px(_SINCE)
        self._row = px(ladder.ROW)
        self._line = self._row - px(_BELOW)
        self.layout_.set_row(self._row)

    def set_parties(self, server: str, application: str) -> None:
        """What server and application are called here; empty: by their roles."""
        self._names[2:] = [server or _NAMES[2], application or _NAMES[3]]
        self.viewport().update()

    def place(self) -> None:
        """Lay out what is new; stay at the end if that was in view."""
        self._later.stop()
        bar = self.verticalScrollBar()
        follow = len(self.layout_) > 0 and bar.value() >= bar.maximum() and self._dirty > 0
        first, self._dirty = min(self._dirty, len(self.layout_)), self._model.rowCount()
        self.layout_.fill(self._model.times(first), first)
        self._find_call(first)
        self._set_bar()
        if follow:
            bar.setValue(bar.maximum())
        self.viewport().update()

    @property
    def current(self) -> int:
        """The row that is chosen, -1 for none."""
        return self._selection.currentIndex().row()

    def step(self, by: int) -> None:
        """Choose a message further down or up."""
        count = self._model.rowCount()
        if count:
            self.choose(min(max(self.current + by, 0), count - 1))

    def choose(self, row: int) -> None:
        """Choose the message in a row."""
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self._selection.setCurrentIndex(self._model.index(row, 0), flags)

    def _place_later(self, first: int) -> None:
        self._dirty = min(self._dirty, first)
        if not first:
            self._called = self._returned = self._answered = -1
        if not self._later.isActive():
            self._later.start()

    def _find_call(self, first: int) -> None:
        """Between which rows the application was at work; a generator speaks after its return."""
        if self._returned >= first:
            self._returned = -1
        if self._answered >= first:
            self._answered = -1
        for row in range(first, self._model.rowCount()):
            message = self._model.message(row)
            if message.side == Side.WIRE and message.direction == Direction.OUT:
                self._answered = row
            if message.type == "call" and self._called < 0:
                self._called = row
            elif message.type in _ENDS or (self._returned >= 0 and message.side == Side.APP):
                self._returned = row

    def _set_bar(self) -> None:
        room = self.viewport().height() - self._head
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self.layout_.height + 12 - room))
        bar.setPageStep(max(self._row, room))
        bar.setSingleStep(self._row)

    def _on_current_changed(self, row: int) -> None:
        if 0 <= row < len(self.layout_):
            top, bar = self.layout_.tops[row], self.verticalScrollBar()
            room = self.viewport().height() - self._head
            if top - 8 < bar.value():
                bar.setValue(top - 8 - min(self.layout_.gap(row), ladder.LONGEST))
            elif top + self._row + 8 > bar.value() + room:
                bar.setValue(top + self._row + 8 - room)
            message = self._model.message(row)
            self.setAccessibleDescription(f"{row + 1} of {len(self.layout_)}: {self._words(message)}")
        self.viewport().update()

    def _words(self, message: Message) -> str:
        shape = ladder.arrow(message)
        way = f"from {self._names[shape.source]} to {self._names[shape.target]}"
        return ", ".join(part for part in (ladder.title(message), way, ladder.weight(message)) if part)

    # painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """What is in view."""
        if self._later.isActive():
            self.place()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.viewport().rect(), color(Role.BASE))
        offset = self._head + 6 - self.verticalScrollBar().value()
        rows = self.layout_.visible(-offset, self.viewport().height() - offset)
        xs = self._lifelines()
        self._paint_bands(painter, rows, offset)
        self._paint_lifelines(painter, xs, offset)
        for row in rows:
            self._paint_row(painter, row, self.layout_.tops[row] + offset, xs)
        self._paint_head(painter, xs)
        painter.end()

    def _gutter(self) -> int:
        return self._time + (self._since if self.viewport().width() > px(_NARROW) else 0)

    def _lifelines(self) -> list[float]:
        width, left = self.viewport().width(), self._gutter() + px(_MARGIN)
        right = width - px(_MARGIN) - (width * _PREVIEW if width > px(_ROOMY) else 0)
        return [left + (right - left) * share for share in LIFELINES]

    def _paint_bands(self, painter: QPainter, rows: range, offset: int) -> None:
        for row, role in ((self._hover, Role.HOVER), (self.current, Role.SELECTION)):
            if row in rows:
                top = self.layout_.tops[row] + offset
                painter.fillRect(QRect(0, top, self.viewport().width(), self._row), color(role))
                if role is Role.SELECTION and self.hasFocus():
                    painter.fillRect(QRect(0, top, 3, self._row), color(Role.ACCENT))

    def _paint_lifelines(self, painter: QPainter, xs: list[float], offset: int) -> None:
        bottom = self.viewport().height()
        painter.setPen(QPen(color(Role.LINE), 1.4))
        for x in xs:
            painter.drawLine(QLineF(x, self._head, x, bottom))
        if self._called >= 0 and len(self.layout_):
            begin = self.layout_.tops[self._called] + offset + self._line
            open_ = self._returned < 0
            end = bottom if open_ else self.layout_.tops[self._returned] + offset + self._line
            top, end = max(-20, begin), min(bottom + 20, end)
            if end > top:
                painter.setPen(QPen(color(Role.ACCENT), 1))
                painter.setBrush(color(Role.SELECTION))
                painter.drawRoundedRect(QRectF(xs[APPLICATION] - 4, top, 8, end - top), 2, 2)
                self._paint_after(painter, xs, offset, end)

    @property
    def after_response(self) -> int:
        """The nanoseconds that the application worked on after the last of the response had left; 0 if it did not."""
        if not 0 <= self._answered < self._returned:
            return 0
        last = self._model.message(self._returned)
        return last.t_ns - self._model.message(self._answered).t_ns if last.type in _OVER else 0

    def _paint_after(self, painter: QPainter, xs: list[float], offset: int, end: float) -> None:
        """The part of the application's bar that its client did not wait for, and how long it was."""
        after = self.after_response
        if after < _NOTICED:
            return
        begin = self.layout_.tops[self._answered] + offset + self._line
        ink = color(Role.PENDING)
        painter.setPen(QPen(ink, 1))
        painter.setBrush(color(Role.PENDING_BACK))
        painter.drawRoundedRect(QRectF(xs[APPLICATION] - 4, begin, 8, end - begin), 2, 2)
        painter.setFont(self._small)
        painter.setPen(ink)
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        area = QRectF(xs[SERVER] + 6, begin + 3, xs[APPLICATION] - xs[SERVER] - 16, 20)
        took = formats.duration(after)
        long, short = f"{took} of work after the response", f"{took} after response"
        fits = QFontMetrics(self._small).horizontalAdvance(long) <= area.width()
        painter.drawText(area, flags, long if fits else short)

    def _paint_row(self, painter: QPainter, row: int, top: int, xs: list[float]) -> None:
        message = self._model.message(row)
        shape = ladder.arrow(message)
        self._paint_times(painter, row, message, top)
        if row in self.layout_.broken:
            self._paint_break(painter, row, top, xs)
        if shape.alarming:
            ink = color(Role.SERVER_ERROR)
        else:
            ink = color(Role.ACCENT if message.direction == Direction.IN else Role.OK)
        if shape.source == shape.target:
            self._paint_end(painter, xs[shape.source], top, message, ink)
        else:
            self._paint_arrow(painter, shape, top, xs, ink)
            self._paint_label(painter, shape, top, xs, message)
        if self.viewport().width() > px(_ROOMY):
            self._paint_preview(painter, top, xs, message)

    def _paint_times(self, painter: QPainter, row: int, message: Message, top: int) -> None:
        painter.setFont(self._mono)
        painter.setPen(color(Role.TEXT))
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(
            QRect(0, top, self._time, self._row), flags, formats.interval(message.t_ns - self._model.began)
        )
        if row and self._gutter() > self._time:
            painter.setPen(color(Role.MUTED))
            since = message.t_ns - self._model.message(row - 1).t_ns
            painter.drawText(QRect(self._time, top, self._since - 4, self._row), flags, formats.duration(since))

    def _paint_break(self, painter: QPainter, row: int, top: int, xs: list[float]) -> None:
        """Two slanted strokes over each lifeline, and how long nothing was said."""
        middle = top - self.layout_.gap(row) / 2
        line, base = QPen(color(Role.MUTED), 1.4), color(Role.BASE)
        for x in xs:
            painter.fillRect(QRectF(x - 5, middle - 3, 10, 6), base)
            painter.setPen(line)
            for shift in (-3, 3):
                painter.drawLine(QLineF(x - 5, middle + shift + 2.5, x + 5, middle + shift - 2.5))
        since = message_gap(self._model, row)
        painter.setFont(self._small)
        painter.setPen(color(Role.MUTED))
        left, right = xs[2], xs[APPLICATION]
        area = QRectF(left + 12, middle - px(10), right - left - 24, px(20))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), f"{formats.duration(since)} without a message")

    def _paint_arrow(self, painter: QPainter, shape: Arrow, top: int, xs: list[float], ink: QColor) -> None:
        begin, end, y = xs[shape.source], xs[shape.target], top + self._line + 0.5
        way = 1 if end > begin else -1
        # The application's lifeline is a bar while it works.
        begin += 4 * way if shape.source == APPLICATION else 0
        end -= 4 * way if shape.target == APPLICATION else 0
        painter.setPen(QPen(ink, 1.6))
        painter.drawLine(QLineF(begin, y, end - 6 * way, y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawPolygon(QPolygonF([QPointF(end, y), QPointF(end - 9 * way, y - 4), QPointF(end - 9 * way, y + 4)]))
        if shape.passes_proxy:
            painter.drawEllipse(QPointF(xs[PROXY], y), 3.4, 3.4)

    def _paint_end(self, painter: QPainter, x: float, top: int, message: Message, ink: QColor) -> None:
        y = top + self._row / 2
        painter.setPen(QPen(ink, 2.4))
        painter.drawLine(QLineF(x - 5, y - 5, x + 5, y + 5))
        painter.drawLine(QLineF(x - 5, y + 5, x + 5, y - 5))
        painter.setFont(self._small)
        painter.drawText(QRectF(x + 12, top, px(260), self._row), int(Qt.AlignmentFlag.AlignVCenter), message.type)

    def _paint_label(self, painter: QPainter, shape: Arrow, top: int, xs: list[float], message: Message) -> None:
        """Name and size over the arrow; on the wire between proxy and server, if there is room enough."""
        metrics = QFontMetrics(self._small)
        name, size = ladder.title(message), ladder.weight(message)
        width = metrics.horizontalAdvance(f"  {size}") if size else 0
        taken = metrics.horizontalAdvance(name)
        left, right = sorted((xs[shape.source], xs[shape.target]))
        crossing = shape.passes_proxy
        if crossing and xs[PROXY] + taken + width + 16 <= right:
            left, crossing = xs[PROXY], False
        room = int(right - left - 16)
        if taken + width > room:
            name = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(20, room - width))
            taken = metrics.horizontalAdvance(name)
        begin = left + 8 + max(0, room - taken - width) / 2
        if crossing:  # the proxy's lifeline must not strike the words through
            painter.fillRect(QRectF(begin - 2, top + 1, taken + width + 4, self._line - 3), self._behind(message))
        painter.setFont(self._small)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(color(Role.SERVER_ERROR if shape.alarming else Role.TEXT))
        painter.drawText(QRectF(begin, top, taken + 4, self._line), flags, name)
        if size and room >= taken + width:
            painter.setPen(color(Role.MUTED))
            painter.drawText(QRectF(begin + taken, top, width + 4, self._line), flags, f"  {size}")

    def _behind(self, message: Message) -> QColor:
        """What is behind a message's words."""
        for row, role in ((self.current, Role.SELECTION), (self._hover, Role.HOVER)):
            if 0 <= row < len(self.layout_) and self._model.message(row) is message:
                return color(role)
        return color(Role.BASE)

    def _paint_preview(self, painter: QPainter, top: int, xs: list[float], message: Message) -> None:
        left = round(xs[APPLICATION]) + 22
        area = QRect(left, top, self.viewport().width() - left - 6, self._row)
        painter.setFont(self._mono)
        painter.setPen(color(Role.MUTED))
        said = QFontMetrics(self._mono).elidedText(sequence.preview(message), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), said)

    def _paint_head(self, painter: QPainter, xs: list[float]) -> None:
        painter.fillRect(QRect(0, 0, self.viewport().width(), self._head - 1), color(Role.RAISED))
        painter.fillRect(QRect(0, self._head - 1, self.viewport().width(), 1), color(Role.LINE))
        painter.setFont(self._small)
        painter.setPen(color(Role.MUTED))
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRect(0, 0, self._time, self._head), flags, "time")
        if self._gutter() > self._time:
            painter.drawText(QRect(self._time, 0, self._since - 4, self._head), flags, "since last")
        bold = QFont(self._small)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(color(Role.TEXT))
        metrics, right = QFontMetrics(bold), self.viewport().width()
        for at, (x, name) in enumerate(zip(xs, self._names, strict=True)):
            room = (xs[at + 1] - x if at < APPLICATION else x - xs[at - 1]) + 10
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room))
            width = metrics.horizontalAdvance(text)
            left = min(x - width / 2, right - width - 6)
            painter.drawText(QRectF(left, 0, width + 2, self._head), int(Qt.AlignmentFlag.AlignVCenter), text)

    # events

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Text of another size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_small"):  # Qt asks within the constructor too
            self._measure()
            self._set_bar()
            self.viewport().update()

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802
        """More or less room."""
        self._set_bar()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """The cursor is here: something is under it."""
        super().focusInEvent(event)
        if self.current < 0:
            self.step(0)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """The cursor is elsewhere."""
        super().focusOutEvent(event)
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802
        """Nothing is under the pointer any more."""
        if event.type() == QEvent.Type.Leave:
            self._hover = -1
            self.viewport().update()
        return super().viewportEvent(event)

    def row_at(self, at: QPoint) -> int:
        """The message at a point of the viewport, -1 for none."""
        if at.y() < self._head:
            return -1
        y = at.y() - self._head - 6 + self.verticalScrollBar().value()
        row = self.layout_.row_at(y)
        return row if row >= 0 and self.layout_.tops[row] <= y < self.layout_.tops[row] + self._row else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose what is there."""
        row = self.row_at(event.position().toPoint())
        if row >= 0:
            self.choose(row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """To what it carries."""
        if self.row_at(event.position().toPoint()) >= 0:
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
            message = self._model.message(row)
            carried = sequence.preview(message)
            text = f"{self._words(message)}\n{carried}" if carried else self._words(message)
            QToolTip.showText(self.viewport().mapToGlobal(at + QPoint(12, 14)), tip(text), self.viewport())
        else:
            QToolTip.hideText()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Walk along the messages."""
        page = max(1, (self.viewport().height() - self._head) // self._row - 1)
        steps = {
            Qt.Key.Key_Up: -1, Qt.Key.Key_K: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_J: 1, Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page, Qt.Key.Key_Home: -len(self.layout_), Qt.Key.Key_End: len(self.layout_),
        }  # fmt: skip
        by = steps.get(Qt.Key(event.key())) if event.modifiers() in _BARE else None
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.opened.emit()
        elif by is None:
            super().keyPressEvent(event)
        else:
            self.step(by)


_BARE = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


def message_gap(model: MessagesModel, row: int) -> int:
    """The nanoseconds before the message in ``row``."""
    return model.message(row).t_ns - model.message(row - 1).t_ns
