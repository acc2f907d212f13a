"""The Timing tab's two charts: an exchange's phases on one axis, and where its time stands among those of its route."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import Role, color, mono_font, px, tip
from app.traffic import formats
from app.traffic.painting import paint_phase
from app.traffic.phases import MEANINGS, TITLES, Phase
from app.traffic.timing import BINS, Standing, scale

_ROW = 22
_HEAD = 22
_NAME = 172
_FIGURE = 78
_ABOVE, _BARS, _BELOW = 24, 62, 34  #: heights of the route's chart
_FIGURES = ("from", "took", "share", "usually", "p90")
#: How many of those there is room for, by the width from which there is.
_ROOM = ((780, 5), (680, 4), (0, 2))
_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class PhaseChart(QWidget):
    """A line for each phase: when it began, how long it took, what it usually takes, and its bar on the common axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Phases on one axis")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._phases: list[Phase] = []
        self._usual: dict[str, int] = {}
        self._most: dict[str, int] = {}

    def show_phases(self, phases: list[Phase], usual: dict[str, int], most: dict[str, int]) -> None:
        """Show these; ``usual`` and ``most`` are nanoseconds of each phase among the route's, where that is known."""
        self._phases, self._usual, self._most = phases, usual, most
        said = (f"{TITLES[p.name]}: {' '.join(self._figures(p))}" for p in phases)
        self.setAccessibleDescription("; ".join(said))
        self.setToolTip(tip("\n".join(f"{TITLES[p.name]}: {MEANINGS[p.name]}" for p in phases)))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """A line each, and the axis."""
        return QSize(560, px(_HEAD) + px(_ROW) * len(self._phases) + 4)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As high as wanted, narrower than wished."""
        return QSize(300, self.sizeHint().height())

    @property
    def _total(self) -> int:
        return self._phases[-1].end_ns - self._phases[0].start_ns if self._phases else 0

    def _figures(self, phase: Phase) -> tuple[str, ...]:
        share = 100 * phase.length_ns / self._total if self._total else 0
        known = (among.get(phase.name) for among in (self._usual, self._most))
        return (
            formats.interval(phase.start_ns - self._phases[0].start_ns),
            formats.duration(phase.length_ns) + ("…" if phase.running else ""),
            f"{share:.0f} %" if share >= 1 else "< 1 %",
            *("" if ns is None else formats.duration(ns) for ns in known),
        )

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Figures at the left, bars at the right."""
        painter = QPainter(self)
        figures = next(count for width, count in _ROOM if self.width() > px(width))
        left = self._figure_at(figures).left()
        area = QRect(left + 16, 0, max(40, self.width() - left - 32), self.height())
        self._paint_axis(painter, area)
        painter.setPen(color(Role.MUTED))
        for number, title in enumerate(_FIGURES[:figures]):
            painter.drawText(self._figure_at(number, height=px(_HEAD)), _RIGHT, title)
        for number, phase in enumerate(self._phases):
            self._paint_phase(painter, phase, px(_HEAD) + number * px(_ROW), area, figures)
        painter.end()

    def _figure_at(self, number: int, top: int = 0, height: int = 0) -> QRect:
        """Where a figure stands in the line that begins at ``top``."""
        return QRect(px(_NAME) + number * px(_FIGURE), top, px(_FIGURE) - 8, height)

    def _paint_axis(self, painter: QPainter, area: QRect) -> None:
        total = self._total
        for t_ns in scale(total, max(2, area.width() // px(90))) if total else []:
            x = area.left() + area.width() * t_ns / total
            painter.setPen(color(Role.LINE))
            painter.drawLine(QLineF(x, px(_HEAD) - 3, x, self.height()))
            painter.setPen(color(Role.MUTED))
            text = "0" if not t_ns else formats.duration(t_ns)
            width = painter.fontMetrics().horizontalAdvance(text)
            place = min(max(x - width / 2, area.left()), self.width() - width - 2)
            painter.drawText(QRectF(place, 0, width + 4, px(_HEAD) - 4), _MIDDLE, text)

    def _paint_phase(self, painter: QPainter, phase: Phase, top: int, area: QRect, figures: int) -> None:
        row = px(_ROW)
        paint_phase(painter, QRectF(2, top + row / 2 - 5, 10, 10), phase.name)
        painter.setPen(color(Role.TEXT))
        painter.setFont(self.font())
        painter.drawText(QRect(20, top, px(_NAME) - 20, row), _MIDDLE, TITLES[phase.name])
        painter.setFont(mono_font(self.font().pointSizeF() * 0.92))
        for number, text in enumerate(self._figures(phase)[:figures]):
            painter.setPen(color(Role.TEXT if number == 1 else Role.MUTED))
            painter.drawText(self._figure_at(number, top, row), _RIGHT, text)
        total, first = max(1, self._total), self._phases[0].start_ns
        x = area.left() + area.width() * (phase.start_ns - first) / total
        width = max(2.0, area.width() * phase.length_ns / total)
        paint_phase(painter, QRectF(x, top + 4, width, row - 8), phase.name, running=phase.running)
        if (usual := self._usual.get(phase.name)) is not None and usual <= total:
            mark = x + area.width() * usual / total
            painter.setPen(QPen(color(Role.TEXT), 1.4))
            painter.drawLine(QLineF(mark, top + 2, mark, top + row - 3))
        painter.setFont(self.font())


class RouteChart(QWidget):
    """How long the exchanges of a route took, on a logarithmic axis, with percentiles and this one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Times of the route")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._standing: Standing | None = None
        self._total = 0

    def sizeHint(self) -> QSize:  # noqa: N802
        """The bars, a line above them and two below."""
        return QSize(300, px(_ABOVE) + _BARS + px(_BELOW))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As high as wanted."""
        return QSize(100, self.sizeHint().height())

    def show_standing(self, standing: Standing | None, total: int) -> None:
        """Show how a time of ``total`` stands."""
        self._standing, self._total = standing, total
        if standing is not None:
            figures = ((50, standing.p50), (90, standing.p90), (99, standing.p99))
            told = ", ".join(f"{percent} % within {formats.duration(ns)}" for percent, ns in figures)
            self.setAccessibleDescription(f"{told}; this one {formats.duration(total)}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Bars of counts, three percentiles below, this one above."""
        found = self._standing
        if found is None or not found.bins:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        above = px(_ABOVE)
        area = QRectF(14, above, self.width() - 28, self.height() - above - px(_BELOW))
        self._paint_bars(painter, found, area)
        painter.setPen(color(Role.LINE))
        painter.drawLine(QLineF(area.left(), area.bottom(), area.right(), area.bottom()))
        self._paint_percentiles(painter, found, area)
        self._paint_this(painter, found, area)
        painter.end()

    def _paint_bars(self, painter: QPainter, found: Standing, area: QRectF) -> None:
        top, width = max(found.bins), area.width() / BINS
        faint = color(Role.ACCENT)
        faint.setAlphaF(0.45)
        for number, count in enumerate(found.bins):
            if count:
                height = max(2.0, area.height() * count / top)
                bar = QRectF(area.left() + number * width, area.bottom() - height, width - 1, height)
                painter.fillRect(bar, faint)

    def _paint_percentiles(self, painter: QPainter, found: Standing, area: QRectF) -> None:
        taken = -1000.0
        for name, ns in (("p50", found.p50), ("p90", found.p90), ("p99", found.p99)):
            x = area.left() + area.width() * found.position(ns)
            painter.setPen(QPen(color(Role.MUTED), 1))
            painter.drawLine(QLineF(x, area.bottom() - 6, x, area.bottom() + 5))
            text = f"{name}  {formats.duration(ns)}"
            width = painter.fontMetrics().horizontalAdvance(text)
            left = min(max(x - width / 2, 2.0), self.width() - width - 2.0)
            line = 0 if left > taken + 10 else 1
            taken = left + width if not line else taken
            painter.drawText(QRectF(left, area.bottom() + 4 + px(14) * line, width + 4, px(14)), _MIDDLE, text)

    def _paint_this(self, painter: QPainter, found: Standing, area: QRectF) -> None:
        x = area.left() + area.width() * found.position(self._total)
        painter.setPen(QPen(color(Role.TEXT), 2))
        painter.drawLine(QLineF(x, area.top() - 4, x, area.bottom()))
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        text = f"this one  {formats.duration(self._total)}"
        width = painter.fontMetrics().horizontalAdvance(text)
        left = min(max(x - width / 2, 2.0), self.width() - width - 2.0)
        painter.drawText(QRectF(left, 0, width + 4, area.top() - 4), _MIDDLE, text)
        painter.setFont(self.font())
