"""How lanes are drawn: bars with their parts, lives and ends of workers, switches, the axis, names.

Draws what it is given and keeps nothing but colours; what is where ``view``, ``bars`` and ``cells`` decide.
"""

from __future__ import annotations

from bisect import bisect_left

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QImage, QPainter, QPen, QPolygonF

from app.theme import Role, color, is_dark
from app.traffic.blocked import Blocked
from app.traffic.lanes.bars import OPEN, TONES, Row
from app.traffic.lanes.cells import LEVELS, Scale
from app.traffic.lanes.marks import Life, Switch
from app.traffic.lanes.strips import WIDE, Colors, Piece
from app.traffic.lanes.view import Place, Tick

_WAITING, _SENDING = 0.24, 0.62  #: of the strength that the application has
_ROLES = {
    "neutral": Role.MUTED, "ok": Role.OK, "info": Role.REDIRECT, "redirect": Role.REDIRECT, "open": Role.PENDING,
    "client_error": Role.CLIENT_ERROR, "server_error": Role.SERVER_ERROR, "failed": Role.SERVER_ERROR,
}  # fmt: skip
_PADDING = 3
_LINES = 64  #: filled at once where what is behind shines through: of more, Qt waits for threads that do a part each


def wash(painter: QPainter, area: QRect, ink: QColor | QBrush) -> None:
    """Fill ``area`` with a colour that lets through what is behind, or with a pattern."""
    for top in range(area.top(), area.top() + area.height(), _LINES):
        painter.fillRect(area.left(), top, area.width(), min(_LINES, area.top() + area.height() - top), ink)


class Inks:
    """Every colour that is drawn with, looked up once for each theme."""

    def __init__(self) -> None:
        # The theme's tones are for text; as areas in the light they may be brighter.
        bright = 100 if is_dark() else 122
        after = _faded(color(Role.PENDING), 0.5)
        tones = [color(_ROLES[tone]).lighter(bright) for tone in TONES]
        strengths = [0.15 + 0.6 * level / LEVELS for level in range(LEVELS + 1)]
        self.sums = [[_packed(_faded(tone, strength)) for strength in strengths] for tone in tones]
        self.palette = [_colors(tone, after) for tone in tones]
        self.on_solid, self.text, self.muted = color(Role.BASE), color(Role.TEXT), color(Role.MUTED)
        self.on_sending = self.on_solid if is_dark() else self.text
        self.line, self.base, self.window, self.raised = (
            color(role) for role in (Role.LINE, Role.BASE, Role.WINDOW, Role.RAISED)
        )
        self.accent, self.selection, self.error = color(Role.ACCENT), color(Role.SELECTION), color(Role.SERVER_ERROR)
        self.ok, self.pending, self.starting = color(Role.OK), color(Role.PENDING), color(Role.PENDING_BACK)
        self.hatch = _faded(self.pending, 0.35)
        self.grid = _faded(self.line, 0.55)
        self.blocked = _faded(color(Role.SERVER_ERROR), 0.2 if is_dark() else 0.14)
        self.blocked_edge = color(Role.SERVER_ERROR)
        self.paused = _faded(self.muted, 0.22)
        self.label = _faded(self.base, 0.82)
        self.veil = _faded(self.window, 0.62)
        self.present = _faded(self.accent, 0.5)


def _faded(ink: QColor, strength: float) -> QColor:
    made = QColor(ink)
    made.setAlphaF(strength)
    return made


def _colors(ink: QColor, after: QColor) -> Colors:
    levels = tuple(_packed(_faded(ink, 0.3 + 0.7 * level / LEVELS)) for level in range(LEVELS + 1))
    return Colors(_packed(_faded(ink, _WAITING)), _packed(ink), _packed(_faded(ink, _SENDING)), _packed(after), levels)


def _packed(ink: QColor) -> int:
    alpha = ink.alpha()
    red, green, blue = (part * alpha // 255 for part in (ink.red(), ink.green(), ink.blue()))
    return alpha << 24 | red << 16 | green << 8 | blue


class LanePainter:
    """Draws into one timeline; ``left`` is the pixel of the scale's first column."""

    def __init__(self, painter: QPainter, inks: Inks, scale: Scale, left: int, now: int) -> None:
        self._painter, self._inks, self.scale, self._left, self._now = painter, inks, scale, left, now
        self._metrics = QFontMetrics(painter.font())
        self._right = left + scale.columns

    def x(self, t_ns: int) -> int:
        """The pixel of a moment, kept near the frame: far outside Qt counts in floats that overflow."""
        return self._left + round(max(-10.0, min(self.scale.columns + 10.0, self.scale.x(t_ns))))

    def background(self, place: Place, top: int, lives: tuple[Life, ...]) -> None:
        """Light where the slot has a process that serves, hatched where one starts."""
        painter, inks = self._painter, self._inks
        for life in lives:
            ended = life.ended or self._now
            if ended < self.scale.begin or life.born > self.scale.end:
                continue
            born, ready, end = self.x(life.born), self.x(life.ready or ended), self.x(ended)
            painter.fillRect(born, top, ready - born, place.height, inks.starting)
            hatch = QBrush(inks.hatch, Qt.BrushStyle.BDiagPattern)
            wash(painter, QRect(born, top, ready - born, place.height), hatch)
            painter.fillRect(ready, top, end - ready, place.height, inks.base)
            for paused, resumed in life.pauses:
                self._pause(self.x(paused), self.x(resumed or ended), top, place.height)

    def _pause(self, begin: int, end: int, top: int, height: int) -> None:
        """Where a worker was stopped: grey, with its word where there is room."""
        painter, inks = self._painter, self._inks
        for ink in (inks.paused, QBrush(inks.paused, Qt.BrushStyle.Dense6Pattern)):
            wash(painter, QRect(begin, top, end - begin, height), ink)
        self._word("paused", begin + 4, end, top + height, inks.muted)

    def _word(self, word: str, left: int, right: int, bottom: int, ink: QColor) -> None:
        """A word at the foot of a lane, if there is room for it to the right."""
        width, height = self._metrics.horizontalAdvance(word), self._metrics.height()
        if left + width + 4 > right or height > 20:
            return
        area = QRect(left, bottom - height - 2, width + 6, height)
        self._painter.fillRect(area, self._inks.label)
        self._painter.setPen(ink)
        self._painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), word)

    def blocked(self, place: Place, top: int, blocked: list[Blocked]) -> None:
        """Shade where the loop of a lane was held up, from edge to edge of the lane: everybody in it waited."""
        painter, inks, drawn = self._painter, self._inks, -1
        for one in blocked:
            begin, end = self.x(one.begin), max(self.x(one.begin) + 2, self.x(one.end(self._now)))
            if end <= drawn:
                continue  # where there are many to a pixel, one is enough
            begin = max(begin, drawn)
            wash(painter, QRect(begin, top, end - begin, place.height), inks.blocked)
            painter.fillRect(begin, top, end - begin, 2, inks.blocked_edge)
            drawn = end

    def older(self, place: Place, top: int, pieces: list[Piece]) -> None:
        """What is no longer kept as bars: as high as the lane."""
        self.pieces(pieces, top + _PADDING, place.height - 2 * _PADDING - 1)

    def pieces(self, pieces: list[Piece], top: int, height: int) -> None:
        """A strip, as high as its row."""
        first = self.scale.begin // self.scale.step
        for piece in pieces:
            target = QRect(self._left + piece.column - first, top, len(piece.pixels), height)
            self._painter.drawImage(target, _image(piece))

    def older_pieces(self, step: int, pieces: list[Piece], top: int, height: int) -> None:
        """What was drawn at another scale, stretched: until there is better."""
        for piece in pieces:
            begin = self.scale.x(piece.column * step)
            width = len(piece.pixels) * step / self.scale.step
            if width < 1e5 and -width < begin < self.scale.columns:
                self._painter.drawImage(QRectF(self._left + begin, top, width, height), _image(piece))

    def labels(self, row: Row, pieces: list[Piece], top: int, height: int) -> None:
        """What was asked for, in the bars that have room for it."""
        wide = sorted({number - row.gone for piece in pieces for number in piece.wide})
        for at in wide[bisect_left(wide, 0) : bisect_left(wide, len(row))]:
            begin, end = self.x(row.starts[at]), self.x(min(row.ends[at], self._now))
            called, answered = (self.x(min(values[at], self._now)) for values in (row.called, row.answered))
            if end - begin > WIDE:
                self._label(row.labels[at], (begin, called, answered, end - 1), top, height)

    def _label(self, label: str, xs: tuple[int, int, int, int], top: int, height: int) -> None:
        """In the widest of waiting, application and the rest that is on the screen."""
        edges = [max(self._left, min(self._right, x)) for x in xs]
        stretches = [(edges[n + 1] - edges[n], edges[n], n) for n in range(3)]
        width, left, part = max(stretches)
        if width < 40:
            return
        text = self._metrics.elidedText(label, Qt.TextElideMode.ElideRight, width - 8)
        self._painter.setPen((self._inks.text, self._inks.on_solid, self._inks.on_sending)[part])
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
        self._painter.drawText(QRect(left + 4, top, width - 4, height), flags, text)

    def outline(self, row: Row, at: int, top: int, height: int, ink: QColor) -> None:
        """A frame around a bar: the chosen one, or the one under the pointer."""
        begin = self.x(row.starts[at])
        end = max(begin + 3, self.x(self._now if row.ends[at] == OPEN else row.ends[at]))
        self._painter.setPen(QPen(ink, 2))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawRect(QRectF(begin - 1, top - 1, end - begin + 1, height + 2))

    def lives(self, place: Place, top: int, lives: tuple[Life, ...]) -> None:
        """Births and ends of a slot's processes."""
        for life in lives:
            for t_ns, ink in ((life.born, self._inks.pending), (life.ready, self._inks.ok)):
                if self._in_view(t_ns):
                    x = self.x(t_ns)
                    self._painter.fillRect(x, top, 1, place.height, ink)
                    self._triangle(x, top + place.height, ink)
            if life.ended and self._in_view(life.ended):
                self._end(life, self.x(life.ended), top, place.height)
        self._causes(place, top, lives)

    def _causes(self, place: Place, top: int, lives: tuple[Life, ...]) -> None:
        """Why processes ended, as far as there is room before the next one ended."""
        right = self._right
        for life in reversed(lives):
            if not life.ended:
                continue
            x = self.x(life.ended)
            if self._in_view(life.ended) and place.height >= 30 and life.cause not in ("", "graceful"):
                ink = self._inks.error if life.alarming else self._inks.muted
                self._word(life.cause, x + 4, right, top + place.height - 1, ink)
            right = x

    def _triangle(self, x: int, bottom: int, ink: QColor) -> None:
        points = [QPointF(x - 3.5, bottom), QPointF(x + 4.5, bottom), QPointF(x + 0.5, bottom - 6)]
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(ink)
        self._painter.drawPolygon(QPolygonF(points))

    def _end(self, life: Life, x: int, top: int, height: int) -> None:
        painter, inks = self._painter, self._inks
        if not life.alarming:
            painter.fillRect(x, top, 1, height, inks.muted)
            painter.fillRect(x - 3, top, 7, 3, inks.muted)
            return
        painter.fillRect(x - 1, top, 3, height, inks.error)
        center = top + height / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(inks.error)
        painter.drawEllipse(QPointF(x + 0.5, center), 7.5, 7.5)
        painter.setPen(QPen(inks.on_solid, 2))
        painter.drawLine(QPointF(x - 2.5, center - 3), QPointF(x + 3.5, center + 3))
        painter.drawLine(QPointF(x - 2.5, center + 3), QPointF(x + 3.5, center - 3))

    def grid(self, ticks: list[Tick], top: int, bottom: int) -> None:
        """Lines behind the bars."""
        for tick in ticks:
            wash(self._painter, QRect(self.x(tick.t_ns), top, 1, bottom - top), self._inks.grid)

    def axis(self, ticks: list[Tick], height: int, taken: list[tuple[int, int]]) -> None:
        """The labels above, but for those that would stand in a stretch that is ``taken`` or over the edge."""
        self._painter.setPen(self._inks.muted)
        for tick in ticks:
            left = self.x(tick.t_ns) + 4
            right = left + self._metrics.horizontalAdvance(tick.label)
            if right < self._right and not any(left < end and begin < right + 4 for begin, end in taken):
                area = QRect(left, 0, right - left + 4, height)
                self._painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), tick.label)

    def switches(self, switches: tuple[Switch, ...], axis: int, bottom: int) -> list[tuple[int, int]]:
        """A line through all lanes from where another instance serves, with its name above; where names stand."""
        taken: list[tuple[int, int]] = []
        painter, inks = self._painter, self._inks
        before = [switch for switch in switches if switch.t_ns < self.scale.begin]
        shown = [*before[-1:], *(switch for switch in switches if self._in_view(switch.t_ns))]
        for number, switch in enumerate(shown):
            x = max(self._left, self.x(switch.t_ns))
            painter.setPen(QPen(inks.accent, 1, Qt.PenStyle.DashLine))
            painter.drawLine(x, axis, x, bottom)
            after = self.x(shown[number + 1].t_ns) if number + 1 < len(shown) else self._right
            begin, text = self._name_place(switch.label, x, after - 3, taken[-1][1] if taken else self._left)
            width = self._metrics.horizontalAdvance(text) + 12
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(inks.selection)
            painter.drawRoundedRect(QRectF(begin, 1, width, axis - 3), 3, 3)
            painter.fillRect(x, 1, 2, axis - 1, inks.accent)
            painter.setPen(inks.text)
            painter.drawText(QRect(begin + 7, 0, width, axis - 1), int(Qt.AlignmentFlag.AlignVCenter), text)
            taken.append((begin, begin + width))
        return taken

    def _name_place(self, label: str, x: int, after: int, before: int) -> tuple[int, str]:
        """Where a switch's name begins: right of its line if it fits, else left, else right and shortened."""
        full = self._metrics.horizontalAdvance(label) + 12
        if x + full > after and x - full > before + 3:
            return x - full, label
        room = max(0, after - x - 12)
        return x, self._metrics.elidedText(label, Qt.TextElideMode.ElideRight, room)

    def veil(self, begin: int, end: int, top: int, bottom: int) -> None:
        """All but a stretch of time steps back."""
        left, right = self.x(begin), self.x(end)
        painter, inks = self._painter, self._inks
        for begin_x, end_x in ((self._left, left), (right, self._right)):
            wash(painter, QRect(begin_x, top, end_x - begin_x, bottom - top), inks.veil)
        for x in (left, right):
            painter.fillRect(x, top, 1, bottom - top, inks.accent)

    def now_line(self, top: int, bottom: int) -> None:
        """Where the present is."""
        wash(self._painter, QRect(self.x(self._now), top, 1, bottom - top), self._inks.present)

    def _in_view(self, t_ns: int) -> bool:
        return bool(t_ns) and self.scale.begin <= t_ns <= self.scale.end


def _image(piece: Piece) -> QImage:
    if not isinstance(piece.image, QImage):
        width = len(piece.pixels)
        piece.image = QImage(piece.pixels.tobytes(), width, 1, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return piece.image


def name_fonts(base: QFont) -> tuple[QFont, QFont]:
    """For a lane's name and for the figures under it."""
    strong, small = QFont(base), QFont(base)
    strong.setWeight(QFont.Weight.DemiBold)
    small.setPointSizeF(base.pointSizeF() * 0.86)
    return strong, small
