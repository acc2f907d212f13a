"""The lives of workers on a time line: a row for each slot, a bar for each process, a sign for how it ended.

Draws what it is given; wheel, mouse and keys become another stretch of time or another life. Knows nothing of where
lives come from. Time, axis and ticks are those of the lanes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from app.theme import Role, color, px, tip
from app.traffic.lanes.cells import Scale
from app.traffic.lanes.marks import Switch
from app.traffic.lanes.paint import Inks, LanePainter
from app.traffic.lanes.view import View, ticks
from app.workers.causes import CUT_OFF, Sign, sentence
from app.workers.history import Life
from app.workers.rows import Row, rows_of, span, step
from app.workers.signs import RADIUS, draw_sign
from app.workers.words import counted, duration

NAMES = 96  #: pixels
AXIS = 20
LEGEND = 20
ROW, TALLEST = 26, 40  #: pixels of a row: at least, and where there is room
_TICK = 96  #: pixels between ticks, at least
_ZOOM = 0.8  #: of the span, for one notch of the wheel
_APART = 12  #: pixels between two signs, at least
_EMPTY = View(0, 1, following=False)


class Timeline(QAbstractScrollArea):
    """Lives of one trace. All of them are in view until one zooms.

    Signals:
        life_chosen(int): the worker's id of a life that was clicked or walked to.
        life_entered(): show its details: Enter or a double click.
        menu_wanted(QPoint): a context menu, at a point of the screen.
    """

    life_chosen = Signal(int)
    life_entered = Signal()
    menu_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workersTimeline")
        self.setAccessibleName("Lives of the workers")
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setMinimumHeight(px(AXIS) + px(ROW) + px(LEGEND))
        self.setMinimumWidth(px(NAMES) + 160)
        self.rows: list[Row] = []
        self.switches: tuple[Switch, ...] = ()
        self.chosen = 0  #: the worker's id of the life that is shown
        self.live = False
        self._row = px(ROW)
        self.offset = 0  #: wall time minus the trace's clock, nanoseconds, local zone
        self._last = 0
        self._lives: tuple[Life, ...] = ()
        self.view: View | None = None  #: None: all there is
        self._inks: Inks | None = None
        self._marks: dict[tuple[Sign, float], QPixmap] = {}
        self._dragged: tuple[QPoint, View] | None = None
        self.verticalScrollBar().valueChanged.connect(lambda _v: self.viewport().update())

    # what others may ask

    def show_lives(self, lives: Iterable[Life], switches: tuple[Switch, ...], last: int, offset: int) -> None:
        """Show these; ``last`` is the trace's last moment."""
        found = tuple(lives)
        if found != self._lives:
            self._lives = found
            self.rows = rows_of(found)
            self._set_range()
        self.switches, self._last, self.offset = switches, last, offset
        self._describe()
        self.viewport().update()

    def choose(self, identity: int) -> None:
        """The life that is shown elsewhere, 0 for none."""
        if identity != self.chosen:
            self.chosen = identity
            self._bring_in()
            self._describe()
            self.viewport().update()

    def fit(self) -> None:
        """All there is, also when there will be more."""
        self.view = None
        self.viewport().update()

    def zoom(self, factor: float, x: float | None = None) -> None:
        """``factor`` times as long a stretch, with the moment at pixel ``x`` where it is; None: the middle."""
        view, scale = self._view(), self._scale()
        at = scale.t((self.viewport().width() + px(NAMES)) / 2 - px(NAMES) if x is None else x - px(NAMES))
        self.view = view.zoom(at, factor)
        self.viewport().update()

    def now(self) -> int:
        """The present, or the last moment of a trace that is over."""
        return max(time.monotonic_ns(), self._last) if self.live else self._last

    def life(self) -> Life | None:
        """The life that is chosen."""
        return next((life for life in self._lives if life.id == self.chosen), None)

    def hit(self, at: QPoint) -> Life | None:
        """The life at a point of the viewport; just beside a bar or on its sign counts."""
        row = self._row_at(at.y())
        if row is None or at.x() < px(NAMES):
            return None
        scale = self._scale()
        life = row.nearest(scale.t(at.x() - px(NAMES)), self.now())
        if life is None:
            return None
        left, right = scale.x(life.born_ns), scale.x(life.ended_ns or self.now())
        return life if left - 6 <= at.x() - px(NAMES) <= right + 9 else None

    def words(self, life: Life) -> str:
        """What a life's tooltip says, and what is read out."""
        lived = duration(((life.ended_ns or self.now()) - life.born_ns) / 1e9)
        told = [f"{life.title}, pid {life.pid}, {life.mode}", sentence(life.outcome, life.state)]
        boot = f", ready after {duration((life.ready_ns - life.born_ns) / 1e9)}" if life.ready_ns else ", never ready"
        told.append(f"Lived {lived}{boot}.")
        if life.in_hand:
            held = ", ".join(f"#{exchange}" for exchange in life.in_hand[:8])
            more = f" and {len(life.in_hand) - 8} more" if len(life.in_hand) > 8 else ""
            told.append(f"In hand: {held}{more}.")
        return "\n".join(told)

    # painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """What is in view."""
        self._inks = inks = self._inks or Inks()
        width, height = self.viewport().width(), self.viewport().height()
        painter = QPainter(self.viewport())
        small = self.font()
        small.setPointSizeF(self.font().pointSizeF() * 0.86)
        painter.setFont(small)
        painter.fillRect(self.viewport().rect(), inks.base)
        scale, bottom = self._scale(), height - px(LEGEND)
        draw = LanePainter(painter, inks, scale, px(NAMES), self.now())
        marks = list(ticks(self._view(), max(2, scale.columns // _TICK), self.offset)) if self.rows else []
        painter.setClipRect(px(NAMES), px(AXIS), scale.columns, bottom - px(AXIS))
        draw.grid(marks, px(AXIS), bottom)
        shown = self._paint_rows(painter, scale, bottom)
        painter.setClipping(False)
        self._paint_names(painter, bottom)
        painter.fillRect(0, 0, width, px(AXIS) - 1, inks.raised)
        painter.fillRect(0, px(AXIS) - 1, width, 1, inks.line)
        painter.setClipRect(px(NAMES), 0, scale.columns, bottom)
        draw.axis(marks, px(AXIS), draw.switches(self.switches, px(AXIS), bottom))
        painter.setClipping(False)
        self._paint_legend(painter, shown, bottom)
        if self.hasFocus():  # by the keyboard alone one has to see where one is
            painter.fillRect(0, px(AXIS) - 2, width, 2, inks.accent)
        painter.end()

    def _paint_rows(self, painter: QPainter, scale: Scale, bottom: int) -> list[Sign]:
        """The bars and signs; which signs there are."""
        seen: dict[Sign, None] = {}
        for number, row in enumerate(self.rows):
            top = self._top(number)
            if top + self._row < px(AXIS) or top > bottom:
                continue
            painter.fillRect(0, top + self._row - 1, self.viewport().width(), 1, color(Role.LINE))
            lives = row.between(scale.begin, scale.end, self.now())
            drawn = -2
            for life in lives:
                drawn = self._paint_life(painter, scale, life, top, drawn)
            for x, sign in self._signs(lives, scale):
                mark = self._mark(sign)
                half = mark.width() / mark.devicePixelRatio() / 2
                painter.drawPixmap(QPointF(x - half, top + self._row / 2 - 0.5 - half), mark)
            seen.update(dict.fromkeys(life.sign for life in lives))
        return [sign for sign in seen if sign.shape]

    def _paint_life(self, painter: QPainter, scale: Scale, life: Life, top: int, drawn: int) -> int:
        """One bar; returns its right edge. What lies within pixels that are drawn already is left out."""
        left, right = self._x(scale, life.born_ns), self._x(scale, life.ended_ns or self.now())
        right = max(right, left + 2)
        if right <= drawn and life.id != self.chosen:
            return drawn
        area = QRect(left, top + 4, right - left - 1, self._row - 9)
        ready = self._x(scale, life.ready_ns) if life.ready_ns else right
        painter.fillRect(area, self._body(life))
        boot = QRect(left, area.top(), min(ready, right) - left - 1, area.height())
        if boot.width() > 0:
            painter.fillRect(boot, color(Role.BASE))
            painter.fillRect(boot, _faded(self._body(life), 0.4))
        for begin, end in life.pauses:
            self._paint_pause(painter, scale, area, begin, end or life.ended_ns or self.now())
        if life.id == self.chosen:
            painter.setPen(QPen(color(Role.ACCENT), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(area).adjusted(-1, -1, 1, 1))
        self._paint_label(painter, life, area.adjusted(max(0, boot.width()), 0, 0, 0))
        return right

    def _paint_pause(self, painter: QPainter, scale: Scale, area: QRect, begin: int, end: int) -> None:
        left, right = self._x(scale, begin), self._x(scale, end)
        stretch = QRect(left, area.top(), max(2, right - left), area.height()).intersected(area)
        painter.fillRect(stretch, color(Role.WARN_BACK))
        hatch = _faded(color(Role.CLIENT_ERROR), 0.6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(hatch)
        painter.drawRect(QRect(stretch.left(), stretch.bottom() - 2, stretch.width(), 3))
        if stretch.width() > 60:
            painter.setPen(color(Role.CLIENT_ERROR))
            painter.drawText(stretch.adjusted(5, 0, 0, -2), int(Qt.AlignmentFlag.AlignVCenter), "paused")

    def _paint_label(self, painter: QPainter, life: Life, area: QRect) -> None:
        room = area.intersected(QRect(px(NAMES), 0, self.viewport().width() - px(NAMES), self.viewport().height()))
        text = f"{life.pid}"
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(text)
        paused = any(not end for _begin, end in life.pauses)
        if room.width() > width + 24 and not paused:
            full = f"{life.pid}  generation {life.generation}"
            text = full if room.width() > metrics.horizontalAdvance(full) + 26 else text
            painter.setPen(color(Role.TEXT if not life.ended_ns else Role.MUTED))
            painter.drawText(room.adjusted(6, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), text)

    def _signs(self, lives: list[Life], scale: Scale) -> list[tuple[float, Sign]]:
        """Where which sign stands: of those too near each other the gravest."""
        found: list[tuple[float, Sign, bool]] = []
        for life in lives:
            end = life.ended_ns or (self.now() if life.state == CUT_OFF else 0)
            if not end or not life.sign.shape:
                continue
            x = float(self._x(scale, end))
            if not found or x - found[-1][0] >= _APART:
                found.append((x, life.sign, life.alarming))
            elif life.alarming and not found[-1][2]:
                found[-1] = (found[-1][0], life.sign, True)
        return [(x, sign) for x, sign, _alarming in found]

    def _mark(self, sign: Sign) -> QPixmap:
        """A sign drawn once for each theme and scale: a thousand of them cost more than all bars."""
        ratio = self.devicePixelRatioF()
        key = (sign, ratio)
        if key not in self._marks:
            size = 2 * int(RADIUS) + 6
            made = QPixmap(round(size * ratio), round(size * ratio))
            made.setDevicePixelRatio(ratio)
            made.fill(Qt.GlobalColor.transparent)
            painter = QPainter(made)
            draw_sign(painter, QPointF(size / 2, size / 2), sign)
            painter.end()
            self._marks[key] = made
        return self._marks[key]

    def _body(self, life: Life) -> QColor:
        return _faded(color(Role.OK), 0.42) if not life.ended_ns and self.live else _faded(color(Role.MUTED), 0.34)

    def _paint_names(self, painter: QPainter, bottom: int) -> None:
        assert self._inks is not None
        painter.fillRect(0, px(AXIS), px(NAMES), bottom - px(AXIS), self._inks.raised)
        painter.fillRect(px(NAMES) - 1, px(AXIS), 1, bottom - px(AXIS), self._inks.line)
        painter.setClipRect(0, px(AXIS), px(NAMES), bottom - px(AXIS))
        for number, row in enumerate(self.rows):
            top = self._top(number)
            painter.fillRect(0, top + self._row - 1, px(NAMES), 1, self._inks.line)
            if row.sub == 0:
                painter.setPen(color(Role.TEXT))
                flags = int(Qt.AlignmentFlag.AlignVCenter)
                painter.drawText(QRect(10, top, px(NAMES) - 14, self._row - 1), flags, f"worker {row.slot}")
        painter.setClipping(False)

    def _paint_legend(self, painter: QPainter, signs: list[Sign], top: int) -> None:
        """What the signs in view mean."""
        assert self._inks is not None
        painter.fillRect(0, top, self.viewport().width(), px(LEGEND), self._inks.raised)
        painter.fillRect(0, top, self.viewport().width(), 1, self._inks.line)
        x = 14.0
        for sign in sorted(signs, key=lambda sign: (sign.role is Role.MUTED, sign.word)):
            width = painter.fontMetrics().horizontalAdvance(sign.word)
            if x + width + 16 > self.viewport().width():
                break
            draw_sign(painter, QPointF(x, top + px(LEGEND) / 2 + 0.5), sign)
            painter.setPen(color(Role.MUTED))
            area = QRectF(x + 12, top + 1, width + 6, px(LEGEND) - 1)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), sign.word)
            x += width + 36

    # geometry

    def _view(self) -> View:
        if self.view is not None:
            return self.view
        if not self._lives:
            return _EMPTY
        return _EMPTY.fit(*span(self._lives, self.now()))

    def _scale(self) -> Scale:
        view, columns = self._view(), max(10, self.viewport().width() - px(NAMES))
        return Scale(view.begin, max(1, round(view.span / columns)), columns)

    def _x(self, scale: Scale, t_ns: int) -> int:
        """The pixel of a moment, kept near the frame: far outside Qt counts in floats that overflow."""
        return px(NAMES) + round(max(-20.0, min(scale.columns + 20.0, scale.x(t_ns))))

    def _top(self, number: int) -> int:
        return px(AXIS) + number * self._row - self.verticalScrollBar().value()

    def _row_at(self, y: int) -> Row | None:
        number = (y - px(AXIS) + self.verticalScrollBar().value()) // self._row
        inside = px(AXIS) <= y < self.viewport().height() - px(LEGEND)
        return self.rows[number] if inside and 0 <= number < len(self.rows) else None

    def _set_range(self) -> None:
        room = self.viewport().height() - px(AXIS) - px(LEGEND)
        self._row = max(px(ROW), min(px(TALLEST), room // max(1, len(self.rows))))
        self.verticalScrollBar().setRange(0, max(0, len(self.rows) * self._row - room))
        self.verticalScrollBar().setPageStep(max(1, room))
        self.verticalScrollBar().setSingleStep(self._row)

    def _bring_in(self) -> None:
        """Scroll and move so that the chosen life is in view."""
        for number, row in enumerate(self.rows):
            life = next((life for life in row.lives if life.id == self.chosen), None)
            if life is None:
                continue
            bar = self.verticalScrollBar()
            room = self.viewport().height() - px(AXIS) - px(LEGEND)
            bar.setValue(max(number * self._row + self._row - room, min(bar.value(), number * self._row)))
            end = life.ended_ns or self.now()
            if self.view is not None and (end < self.view.begin or life.born_ns > self.view.end):
                self.view = View((life.born_ns + end) // 2 - self.view.span // 2, self.view.span, following=False)

    def _describe(self) -> None:
        life = self.life()
        words = self.words(life) if life else counted(len(self._lives), "life", "lives")
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    # mouse, wheel, keys

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """More or less room."""
        super().resizeEvent(event)
        self._set_range()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._inks = None
            self._marks.clear()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """A click chooses a life; a drag moves in time."""
        at = event.position().toPoint()
        life = self.hit(at)
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and at.x() >= px(NAMES):
            self._dragged = (at, self._view())
        if life is not None and event.button() != Qt.MouseButton.MiddleButton:
            self._go(life)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Drag: another stretch of the same length, once it is one of one's own."""
        at = event.position().toPoint()
        if self._dragged is not None and self.view is not None and abs(at.x() - self._dragged[0].x()) > 4:
            before, view = self._dragged
            self.view = view.pan(-(at.x() - before.x()) * self._scale().step)
            self.viewport().update()
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if self.hit(at) else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """A drag is over."""
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Its details."""
        if self.hit(event.position().toPoint()) is not None:
            self.life_entered.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  Qt's name
        """Zoom at the pointer; with Shift, or sideways, move in time; over the names, scroll the rows."""
        delta = event.angleDelta()
        if event.position().x() < px(NAMES):
            super().wheelEvent(event)
        elif delta.x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            view = self._view()
            self.view = view.pan(-round(view.span * (delta.x() or delta.y()) / 1200))
            self.viewport().update()
        elif delta.y():
            self.zoom(_ZOOM ** (delta.y() / 120), event.position().x())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Arrows walk from life to life, Enter shows details, plus and minus zoom, Home shows all."""
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        key = Qt.Key(event.key())
        if key in steps:
            along, across = steps[key]
            life = step(self.rows, self.chosen, along=along, across=across, now=self.now())
            if life is not None:
                self._go(life)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.life_entered.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / _ZOOM if key == Qt.Key.Key_Minus else _ZOOM)
        elif key == Qt.Key.Key_Home:
            self.fit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  Qt's name
        """What can be done with the life."""
        life = self.hit(event.pos())
        if life is not None:
            self._go(life)
        self.menu_wanted.emit(event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """The tooltip of a life."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            life = self.hit(event.pos())
            if life is not None:
                QToolTip.showText(event.globalPos(), tip(self.words(life)), self.viewport())
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def _go(self, life: Life) -> None:
        self.choose(life.id)
        self.life_chosen.emit(life.id)


def _faded(ink: QColor, strength: float) -> QColor:
    made = QColor(ink)
    made.setAlphaF(made.alphaF() * strength)
    return made
