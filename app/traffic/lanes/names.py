"""The column of names at the left of the lanes: worker, pid, state, what it has in hand, CPU and memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPolygonF

from app.theme import Role, color, px
from app.traffic.lanes.marks import Life
from supervisor.control.messages import WorkerStatus

_SAMPLES = 60  #: of CPU, one each time that the supervisor reports and half a second has gone by
#: Pixels of a course, and from one to the next.
_COURSE, _COURSE_STEP = 26, 30
_STATES = {
    "starting": Role.PENDING, "ready": Role.OK, "stopping": Role.CLIENT_ERROR, "exited": Role.MUTED,
    "backoff": Role.CLIENT_ERROR, "paused": Role.MUTED,
}  # fmt: skip


@dataclass(slots=True)
class Processes:
    """What the supervisor last said of each slot, and the course of its CPU load in percent of one core and of its
    memory in bytes.
    """

    by_slot: dict[int, WorkerStatus] = field(default_factory=dict)
    cpu: dict[int, deque[float]] = field(default_factory=dict)
    memory: dict[int, deque[float]] = field(default_factory=dict)
    _sampled: float = 0.0

    def show(self, processes: Iterable[WorkerStatus], now: float) -> None:
        """Take in the next status, at ``now`` seconds of any one clock."""
        self.by_slot = {process.slot: process for process in processes}
        if now - self._sampled < 0.5:
            return
        self._sampled = now
        self.cpu, self.memory = (
            {slot: known.get(slot, deque(maxlen=_SAMPLES)) for slot in self.by_slot}
            for known in (self.cpu, self.memory)
        )
        for slot, process in self.by_slot.items():
            self.cpu[slot].append(process.cpu)
            self.memory[slot].append(float(process.rss))

    def courses(self, slot: int) -> tuple[list[float], list[float]]:
        """CPU and memory of a slot, the newest last."""
        return list(self.cpu.get(slot, ())), list(self.memory.get(slot, ()))


@dataclass(frozen=True, slots=True)
class Name:
    """What is written beside a lane."""

    title: str
    pid: str
    figures: str
    role: Role

    @property
    def words(self) -> list[str]:
        """All of it, for where it does not have to be short."""
        return [f"{self.title}, pid {self.pid}" if self.pid else self.title, *([self.figures] if self.figures else [])]


def name_of(slot: int, process: WorkerStatus | None, life: Life | None, *, live: bool) -> Name:
    """The words for a slot: from the supervisor while it runs, else from the trace."""
    if slot == 0:
        return Name("waiting", "", "no worker yet" if live else "reached no worker", Role.MUTED)
    title = f"worker {slot}"
    if process is not None and live:
        figures = [f"{len(process.in_hand)} in hand", f"CPU {process.cpu:.0f} %", f"{process.rss / 1048576:.0f} MiB"]
        if process.state != "ready":
            figures[0] = process.state
        return Name(title, str(process.pid or ""), "  ".join(figures), _STATES.get(process.state, Role.MUTED))
    if life is None:
        return Name(title, "", "", Role.MUTED)
    role = Role.SERVER_ERROR if life.alarming else Role.MUTED if life.ended else _STATES.get(life.state, Role.MUTED)
    return Name(title, str(life.pid), life.outcome or (f"{life.mode}" if live else life.state), role)


def draw_name(
    painter: QPainter, area: QRect, name: Name, fonts: tuple[QFont, QFont], courses: tuple[list[float], list[float]]
) -> None:
    """A lane's name in ``area``: two lines where there is room, else one."""
    strong, small = fonts
    two = area.height() >= px(30)
    line = px(15) if two else area.height()
    top = area.top() + (max(2, (min(area.height(), px(44)) - px(30)) // 2) if two else 0)
    ink = color(name.role)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawEllipse(QPointF(area.left() + 4, top + line / 2), 3.5, 3.5)
    painter.setFont(strong)
    painter.setPen(color(Role.TEXT))
    inner = area.adjusted(13, 0, 0, 0)
    flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
    painter.drawText(QRect(inner.left(), top, inner.width(), line), flags, name.title)
    after = painter.fontMetrics().horizontalAdvance(name.title) + 8
    painter.setFont(small)
    painter.setPen(color(Role.MUTED))
    painter.drawText(QRect(inner.left() + after, top, inner.width() - after, line), flags, name.pid)
    if two:
        free = area.right() - (inner.left() + after + painter.fontMetrics().horizontalAdvance(name.pid))
        inks = (ink, 100.0), (color(Role.ACCENT), 1.0)
        for place, (course, (shade, least)) in enumerate(zip(courses, inks, strict=True), start=1):
            if place * _COURSE_STEP <= free:  # never over the words
                left = area.right() - place * _COURSE_STEP + 3
                _draw_course(painter, QRect(left, top + 1, _COURSE, px(12)), course, least, shade)
        text = painter.fontMetrics().elidedText(name.figures, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(QRect(inner.left(), top + line, inner.width(), line), flags, text)


def _draw_course(painter: QPainter, area: QRect, course: list[float], least: float, ink: QColor) -> None:
    """The last half minute of something: the area's height is the most there was, but not less than ``least``."""
    if len(course) < 2:
        return
    top = max(least, *course) * 1.05
    step = area.width() / (_SAMPLES - 1)
    right = float(area.right())
    points = [
        QPointF(right - (len(course) - 1 - n) * step, area.bottom() - area.height() * load / top)
        for n, load in enumerate(course)
    ]
    shape = [QPointF(points[0].x(), area.bottom() + 1), *points, QPointF(right, area.bottom() + 1)]
    faint = QColor(ink)
    faint.setAlphaF(0.35)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faint)
    painter.drawPolygon(QPolygonF(shape))
    painter.setPen(ink)
    painter.drawPolyline(QPolygonF(points))
    painter.restore()
