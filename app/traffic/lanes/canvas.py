"""The lanes on the screen: draws them, and turns wheel, mouse and keys into another view, a range, or a choice.

A frame that only the passing of time asks for is drawn in one turn of the event loop and shown in a later one: Qt
paints all of a window that waits for it at once, the table too. Knows bars, marks and the view; not where they come
from.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPaintDevice,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from app.theme import px, tip
from app.traffic import formats
from app.traffic.blocked import Blocked
from app.traffic.lanes.bars import OPEN, Lanes, Row
from app.traffic.lanes.cells import Scale
from app.traffic.lanes.marks import Marks
from app.traffic.lanes.names import Name, Processes, draw_name, name_of
from app.traffic.lanes.older import Drawn, Older
from app.traffic.lanes.paint import Inks, LanePainter, name_fonts
from app.traffic.lanes.strips import Strips
from app.traffic.lanes.view import Place, Tick, View, arrange, ticks
from app.turns import Turns

NAMES = 200  #: pixels: all figures of a busy worker have room
AXIS = 20
_PADDING = 3
_DRAG = 4  #: pixels before a press is a drag
_TICK = 96  #: pixels between ticks, at least
_CELLS = 30_000  #: drawn at most; beyond that they are made wider
_BUDGET = 0.005  #: seconds of one frame for bars that have to be drawn anew
_SHOW_MS = 10  #: from when a frame was drawn until it is shown: others have a turn between
_AGAIN_MS = 10  #: until the next frame, where this one could not draw all: others want the thread too
_REST_MS = 600  #: after the last move lanes become as high as they need to be
_ZOOM = 0.8  #: of the span, for one notch of the wheel
_KEYS = {Qt.Key.Key_Plus: _ZOOM, Qt.Key.Key_Equal: _ZOOM, Qt.Key.Key_Minus: 1 / _ZOOM}

Hit = tuple[Place, Row, int]


class LanesCanvas(QAbstractScrollArea):
    """Time runs right; wheel zooms, Shift and wheel (or the middle button, or the axis) moves, drag takes a range.

    Signals:
        exchange_chosen(int): a bar was clicked.
        stall_chosen(object): a ``Blocked`` was clicked, or gone to by B or Shift+B.
        range_chosen(object): a stretch of time as ``(begin, end)``, or None when it was given up.
        view_changed(): zoomed, moved, or following again.
    """

    exchange_chosen = Signal(int)
    stall_chosen = Signal(object)
    range_chosen = Signal(object)
    view_changed = Signal()

    def __init__(self, lanes: Lanes, turns: Turns | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._turns = turns or Turns()
        self.setAccessibleName("Worker lanes")
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.lanes, self.marks, self.processes, self.older = lanes, Marks(), Processes(), Older()
        self.view = View()
        self.live = False
        self.range: tuple[int, int] | None = None
        self.chosen: tuple[int, int] = (0, 0)  #: id and start of the exchange that is selected elsewhere
        self.gone_to = 0  #: the beginning of the last blocked time that was gone to
        self.offset = 0  #: wall time minus monotonic time, nanoseconds, local zone
        self.cost = 0.0  #: seconds of the processor that the last frame took
        self.places: list[Place] = []
        self._inks: Inks | None = None
        self._strips: Strips | None = None
        self._sums = Drawn(())
        self._needed: dict[int, int] = {}
        self._picture = QPixmap()  # a frame drawn ahead
        self._ahead = False  # there is one, and it has not been shown
        self._show = QTimer(self, singleShot=True, interval=_SHOW_MS)
        self._show.timeout.connect(self._on_show)
        self._again = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._again.timeout.connect(self._go_on)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self.refresh)
        self._hover: Hit | None = None
        self._pressed: tuple[QPoint, Qt.MouseButton, View] | None = None
        self._dragged = False
        self._notches = 0.0
        self.verticalScrollBar().valueChanged.connect(lambda _v: self.refresh())

    # what others may ask

    def now(self) -> int:
        """The present of a live trace, or the last moment of one that is over."""
        return time.monotonic_ns() if self.live else max(self.lanes.last, self.marks.last)

    def refresh(self) -> None:
        """Something is to be seen that was not."""
        self._ahead = False
        self.viewport().update()

    def set_view(self, view: View) -> None:
        """Look elsewhere."""
        self.view = view
        self._rest.start()
        self.refresh()
        self.view_changed.emit()

    def follow(self) -> None:
        """The newest at the right edge, from now on."""
        self.set_view(self.view.follow(self.now()))

    def fit(self) -> None:
        """All there is."""
        lives = [life for lives in self.marks.lives.values() for life in lives]
        first = min([self.lanes.first, *(life.born for life in lives if life.born)])
        last = max([self.lanes.last, self.now(), *(life.ended for life in lives)])
        if self.lanes.last or lives:
            self.set_view(self.view.fit(first, last))

    def give_up_range(self) -> bool:
        """Let go of the range that is taken; whether there was one."""
        had, self.range = self.range is not None, None
        if had:
            self.refresh()
            self.range_chosen.emit(None)
        return had

    def choose(self, identity: int, start: int) -> None:
        """The exchange that is selected elsewhere, 0 for none; it is brought into view unless one follows."""
        self.chosen = (identity, start)
        if identity and not self.view.following and not self.view.begin <= start <= self.view.end:
            self.set_view(View(start - self.view.span // 4, self.view.span, False))
        self.refresh()

    def go_to_blocked(self, *, back: bool) -> None:
        """Bring the next time that an event loop was held up into view, after the last one that was gone to."""
        at = self.gone_to
        if not self.view.begin <= at <= self.view.end:
            at = self.view.end if back else self.view.begin
        found = self.marks.next_blocked(at, back=back)
        if found is None:
            return
        self.gone_to = found.begin
        if not self.view.begin <= found.begin <= self.view.end:
            self.set_view(View(found.begin - self.view.span // 3, self.view.span, False))
        self.refresh()
        self.stall_chosen.emit(found)

    def tick(self) -> None:
        """Time has passed."""
        if self.view.following:
            self.view = self.view.follow(self.now())
        self._draw_ahead()

    @property
    def busy(self) -> bool:
        """Whether anything in view moves by more than the passing of time."""
        return bool(self.lanes.slots(self.view.begin, self.view.end))

    @property
    def _empty(self) -> bool:
        """Whether there is no trace, so that the axis has no time of day."""
        return not (self.live or self.lanes.last or self.marks.lives)

    def describe(self) -> str:
        """What is in view, for those who hear it."""
        slots = self.lanes.slots(self.view.begin, self.view.end)
        said = [f"{len(slots)} lanes"] if slots else ["no requests in view"]
        return ", ".join([*said, "follows the newest" if self.view.following else "stands still"])

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """What was drawn ahead, if nothing has happened since."""
        if self._ahead and self._picture.size() == self._pixels():
            painter = QPainter(self.viewport())
            painter.drawPixmap(0, 0, self._picture)
            painter.end()
        else:
            self._draw(self.viewport())
        if event.rect().contains(self.viewport().rect()):
            self._ahead = False

    def _on_show(self) -> None:
        if self._ahead:
            self.viewport().update()

    def _pixels(self) -> QSize:
        return self.viewport().size() * self.devicePixelRatio()

    def _draw_ahead(self) -> None:
        if self.viewport().size().isEmpty():
            return
        if self._picture.size() != self._pixels():
            self._picture = QPixmap(self._pixels())
            self._picture.setDevicePixelRatio(self.devicePixelRatio())
        self._draw(self._picture)
        self._ahead = True
        self._show.start()

    def _draw(self, target: QPaintDevice) -> None:
        begun = time.thread_time()
        self._again.stop()
        self._paint(target)
        self.cost = time.thread_time() - begun
        self._turns.took()

    def _go_on(self) -> None:
        """What there was no time for."""
        if not self._turns.free():
            self._again.start()
        elif self.live:
            self._draw_ahead()
        else:
            self.viewport().repaint()

    def _paint(self, target: QPaintDevice) -> None:
        """All of it: what is in view decides how high the lanes are."""
        inks = self._inks = self._inks or Inks()
        if self._strips is None:
            self._strips, self._sums = Strips(inks.palette), Drawn(inks.sums)
        size, scale = self.viewport().size(), self.scale()
        self._arrange(scale)
        painter = QPainter(target)
        small = self._small_font()
        painter.setFont(small)
        painter.fillRect(self.viewport().rect(), inks.window)
        draw = LanePainter(painter, inks, scale, px(NAMES), self.now())
        marks = [] if self._empty else list(ticks(self.view, max(2, scale.columns // _TICK), self.offset))
        painter.setClipRect(px(NAMES), px(AXIS), scale.columns, size.height() - px(AXIS))
        self._paint_lanes(painter, draw, marks)
        painter.setClipping(False)
        self._paint_names(painter)
        painter.setFont(small)
        painter.fillRect(0, 0, size.width(), px(AXIS) - 1, inks.raised)
        painter.fillRect(0, px(AXIS) - 1, size.width(), 1, inks.line)
        painter.setClipRect(px(NAMES), 0, scale.columns, size.height())
        taken = draw.switches(self.marks.switches, px(AXIS), size.height())
        draw.axis(marks, px(AXIS), taken)
        painter.end()

    def _paint_lanes(self, painter: QPainter, draw: LanePainter, marks: list[Tick]) -> None:
        inks, bottom = self._inks, self.viewport().height()
        assert inks is not None
        for place in self.places:
            draw.background(place, self._top(place), self.marks.lives.get(place.slot, ()))
        draw.grid(marks, px(AXIS), bottom)
        for place in self.places:
            blocked = self.marks.blocked_between(place.slot, draw.scale.begin, draw.scale.end, self.now())
            draw.blocked(place, self._top(place), blocked)
            draw.older(place, self._top(place), self._sums.pieces(self.older, place.slot, draw.scale))
        self._paint_bars(draw)
        for place in self.places:
            top = self._top(place)
            if top + place.height < px(AXIS) or top > bottom:
                continue
            draw.lives(place, top, self.marks.lives.get(place.slot, ()))
            painter.fillRect(0, top + place.height - 1, self.viewport().width(), 1, inks.line)
        if self.live:
            draw.now_line(px(AXIS), bottom)
        if self.range is not None:
            draw.veil(*self.range, px(AXIS), bottom)
        self._paint_outlines(draw)

    def _paint_bars(self, draw: LanePainter) -> None:
        """What there is time for; the rest in the next frame, and until then as it was."""
        assert self._strips is not None
        shown = [
            (row, self._top(place) + _PADDING + number * place.row_height, place.row_height)
            for place in self.places
            if self._top(place) + place.height >= px(AXIS) and self._top(place) <= self.viewport().height()
            for number, row in enumerate(self.lanes.rows.get(place.slot, [])[: place.rows])
        ]
        self._strips.begin([row for row, _top, _height in shown], self.now())
        until, ready = time.perf_counter() + _BUDGET, True
        for row, top, room in shown:
            height = room - (1 if room > 4 else 0)
            pieces, complete = self._strips.draw(row, draw.scale, lambda: time.perf_counter() < until)
            if not complete:
                draw.older_pieces(*self._strips.before(row), top, height)
                ready = False
            draw.pieces(pieces, top, height)
            if height >= 11:
                draw.labels(row, pieces, top, height)
        if not ready:
            self._again.start()

    def _small_font(self) -> QFont:
        small = QFont(self.font())
        small.setPointSizeF(self.font().pointSizeF() * 0.86)
        return small

    def _paint_outlines(self, draw: LanePainter) -> None:
        inks = self._inks
        assert inks is not None
        found = self.lanes.find(*self.chosen) if self.chosen[0] else None
        place = next((place for place in self.places if found and place.slot == found[0]), None)
        if found and place and found[2] >= 0:
            self._outline(draw, (place, found[1], found[2]), inks.accent)
        if self._hover is not None and self._hover[2] < len(self._hover[1]):
            self._outline(draw, self._hover, inks.text)

    def _outline(self, draw: LanePainter, hit: Hit, ink: QColor) -> None:
        place, row, at = hit
        number = next((n for n, found in enumerate(self.lanes.rows.get(place.slot, [])) if found is row), -1)
        if 0 <= number < place.rows:
            top = self._top(place) + _PADDING + number * place.row_height
            draw.outline(row, at, top, max(3, place.row_height - 1), ink)

    def _paint_names(self, painter: QPainter) -> None:
        inks = self._inks
        assert inks is not None
        painter.setClipRect(0, px(AXIS), px(NAMES), self.viewport().height() - px(AXIS))
        painter.fillRect(0, px(AXIS), px(NAMES), self.viewport().height(), inks.raised)
        fonts = name_fonts(self.font())
        for place in self.places:
            name = self._name(place.slot)
            top = self._top(place)
            courses = self.processes.courses(place.slot) if self.live else ([], [])
            draw_name(painter, QRect(10, top, px(NAMES) - 20, place.height - 1), name, fonts, courses)
            painter.fillRect(0, top + place.height - 1, px(NAMES), 1, inks.line)
        painter.fillRect(px(NAMES) - 1, px(AXIS), 1, self.viewport().height(), inks.line)
        painter.setClipping(False)

    def _name(self, slot: int) -> Name:
        return name_of(slot, self.processes.by_slot.get(slot), self.marks.newest(slot), live=self.live)

    def scale(self) -> Scale:
        """From moments to pixels right of the names, as things are now."""
        columns = max(10, self.viewport().width() - px(NAMES))
        step = max(1, round(self.view.span / columns))
        rows = sum(place.rows for place in self.places)
        grain = 1 + rows * columns // _CELLS
        # Whole cells from time 0: bars keep their pixels while the view moves.
        whole = step * grain
        return Scale(self.view.begin // whole * whole, step, columns, grain)

    def _arrange(self, scale: Scale) -> None:
        needed = self.lanes.slots(scale.begin, min(scale.end, max(self.now(), self.lanes.last) + 1))
        for slot, lives in self.marks.lives.items():
            if any(life.born < scale.end and (not life.ended or life.ended > scale.begin) for life in lives):
                needed.setdefault(slot, 1)
        if self.live:
            for slot in self.processes.by_slot:
                needed.setdefault(slot, 1)
        if self._rest.isActive():  # lanes that grow and shrink while one moves would move away from under the pointer
            for slot, rows in self._needed.items():
                needed[slot] = max(rows, needed.get(slot, 0))
        self._needed = needed
        room = self.viewport().height() - px(AXIS)
        self.places = arrange(needed, room, 36 if len(needed) * 36 <= room else 18)
        height = self.places[-1].top + self.places[-1].height if self.places else 0
        self.verticalScrollBar().setRange(0, max(0, height - room))
        self.verticalScrollBar().setPageStep(room)

    def _top(self, place: Place) -> int:
        return self._top_of_all() + place.top

    def _top_of_all(self) -> int:
        return px(AXIS) - self.verticalScrollBar().value()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """More or less room."""
        super().resizeEvent(event)
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours, or text of another size."""
        super().changeEvent(event)
        self._ahead = False
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._inks = self._strips = None

    # mouse, wheel, keys

    def hit(self, at: QPoint) -> Hit | None:
        """The bar at a point of the viewport."""
        place = next((p for p in self.places if self._top(p) <= at.y() < self._top(p) + p.height), None)
        if place is None or at.x() < px(NAMES) or at.y() < px(AXIS):
            return None
        number = (at.y() - self._top(place) - _PADDING) // place.row_height
        rows = self.lanes.rows.get(place.slot, [])
        if not 0 <= number < min(place.rows, len(rows)):
            return None
        scale = self.scale()
        found = rows[number].at(scale.t(at.x() - px(NAMES)), scale.step * 2)
        return (place, rows[number], found) if found >= 0 else None

    def blocked_at(self, at: QPoint) -> Blocked | None:
        """What held up the loop of the lane at a point of the viewport, at that time."""
        place = next((p for p in self.places if self._top(p) <= at.y() < self._top(p) + p.height), None)
        if place is None or at.x() < px(NAMES) or at.y() < px(AXIS):
            return None
        scale, now = self.scale(), self.now()
        t_ns = scale.t(at.x() - px(NAMES))
        found = self.marks.blocked_between(place.slot, t_ns - 2 * scale.step, t_ns + 2 * scale.step, now)
        return max(found, key=lambda one: one.end(now) - one.begin, default=None)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click, a range or a move begins."""
        at = event.position().toPoint()
        if at.x() >= px(NAMES) and event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            moves = event.button() == Qt.MouseButton.MiddleButton or at.y() < px(AXIS)
            self._pressed = (at, Qt.MouseButton.MiddleButton if moves else Qt.MouseButton.LeftButton, self.view)
            self._dragged = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A drag goes on, or another bar is under the pointer."""
        at = event.position().toPoint()
        if self._pressed is None:
            self._show_hover(at)
            return
        begun, button, view = self._pressed
        self._dragged = self._dragged or abs(at.x() - begun.x()) > _DRAG
        if not self._dragged:
            return
        step = self.scale().step
        if button == Qt.MouseButton.MiddleButton:
            self.set_view(view.pan((begun.x() - at.x()) * step))
        else:
            scale = self.scale()
            ends = sorted(scale.t(max(px(NAMES), x) - px(NAMES)) for x in (begun.x(), at.x()))
            self.range = (ends[0], ends[1])
            self.refresh()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click chooses; a drag has taken a range."""
        pressed, self._pressed = self._pressed, None
        if pressed is None or pressed[1] == Qt.MouseButton.MiddleButton:
            return
        if self._dragged:
            self.range_chosen.emit(self.range)
        elif (found := self.hit(event.position().toPoint())) is not None:
            self.exchange_chosen.emit(found[1].ids[found[2]])
        elif (blocked := self.blocked_at(event.position().toPoint())) is not None:
            self.stall_chosen.emit(blocked)
        else:
            self.give_up_range()

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802
        """Nothing is under the pointer any more: of leaving, only the viewport hears."""
        if event.type() == QEvent.Type.Leave:
            self._hover = None
            self.refresh()
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom around the pointer; with Shift, or sideways: move; over the names: scroll."""
        delta = event.angleDelta()
        if event.position().x() < px(NAMES) and not delta.x():
            super().wheelEvent(event)
        elif delta.x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.set_view(self.view.pan(round(-(delta.x() or delta.y()) / 120 * self.view.span * 0.1)))
        else:
            at = self.scale().t(event.position().x() - px(NAMES))
            self.set_view(self.view.zoom(at, _ZOOM ** (delta.y() / 120)))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Plus and minus zoom, arrows move, Home shows all, End the newest, B the next time that a loop was blocked,
        Escape lets go of the range.
        """
        key = Qt.Key(event.key())
        middle = self.view.begin + self.view.span // 2
        if key in _KEYS:
            self.set_view(self.view.zoom(middle, _KEYS[key]))
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.set_view(self.view.pan(self.view.span // 10 * (1 if key == Qt.Key.Key_Right else -1)))
        elif key == Qt.Key.Key_Home:
            self.fit()
        elif key == Qt.Key.Key_End:
            self.follow()
        elif key == Qt.Key.Key_B:
            self.go_to_blocked(back=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key != Qt.Key.Key_Escape or not self.give_up_range():
            super().keyPressEvent(event)

    def _show_hover(self, at: QPoint) -> None:
        found = self.hit(at)
        if found != self._hover:
            self._hover = found
            self.refresh()
        text = self._bar_words(found[1], found[2]) if found else self._mark_words(at)
        blocked = self.blocked_at(at)
        if blocked is not None:
            text = "\n".join(filter(None, (text, self.blocked_words(blocked))))
        if text:
            QToolTip.showText(self.viewport().mapToGlobal(at + QPoint(10, 12)), tip(text), self.viewport())
        else:
            QToolTip.hideText()

    def blocked_words(self, blocked: Blocked) -> str:
        """How long, where, and by whom; that a click shows more."""
        by = self.lanes.label(blocked.exchange)
        told = f"{blocked.words(self.now())}, by {by} #{blocked.exchange}" if by else blocked.words(self.now())
        return told[0].upper() + told[1:]

    def _bar_words(self, row: Row, at: int) -> str:
        now = self.now()
        edges = [min(now, value[at]) for value in (row.starts, row.called, row.answered, row.closed, row.ends)]
        names = ("waited", "application", "sending", "after the response")
        spent = [(name, end - begin) for name, begin, end in zip(names, edges, edges[1:], strict=False)]
        told = ", ".join(f"{name} {formats.duration(length)}" for name, length in spent if length > 0)
        status = str(row.statuses[at]) if row.statuses[at] else "no response yet" if row.ends[at] == OPEN else "cut"
        going = ", still in flight" if row.ends[at] == OPEN else ""
        return f"{row.labels[at]}  →  {status}\n#{row.ids[at]}, {formats.duration(edges[-1] - edges[0])}{going}: {told}"

    def _name_words(self, slot: int) -> list[str]:
        drawn = self.live and slot in self.processes.by_slot
        lines = ["Lines: memory and CPU of the last half minute"] if drawn else []
        return [*self._name(slot).words, *lines]

    def _mark_words(self, at: QPoint) -> str:
        scale = self.scale()
        t_ns, slack = scale.t(at.x() - px(NAMES)), scale.step * 6
        place = next((p for p in self.places if self._top(p) <= at.y() < self._top(p) + p.height), None)
        if at.x() < px(NAMES):
            return "\n".join(self._name_words(place.slot)) if place and at.y() >= px(AXIS) else ""
        for life in self.marks.lives.get(place.slot, ()) if place and at.y() >= px(AXIS) else ():
            who = f"worker {life.slot}, pid {life.pid}, generation {life.generation}"
            if life.ended and abs(life.ended - t_ns) < slack:
                return f"{who}: {life.outcome or 'ended'}"
            if life.ready and abs(life.ready - t_ns) < slack:
                return f"{who}: ready after {formats.duration(life.ready - life.born)}"
            if abs(life.born - t_ns) < slack:
                return f"{who}: started ({life.mode})"
        older = self.older.at(place.slot, t_ns) if place else None
        if older is not None:
            return f"{formats.count(older.exchanges)} requests began here"
        near = min(self.marks.switches, key=lambda switch: abs(switch.t_ns - t_ns), default=None)
        return near.tip if near is not None and abs(near.t_ns - t_ns) < slack else ""
