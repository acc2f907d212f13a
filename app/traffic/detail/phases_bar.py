"""Where the time went, as one bar with a legend of milliseconds and shares."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import Role, color, tip
from app.traffic import formats
from app.traffic.painting import paint_phase, paint_phases
from app.traffic.phases import MEANINGS, TITLES, Phase

_BAR = 16
_GAP = 8


class PhasesBar(QWidget):
    """Phases in proportion. The legend goes on as many lines as it needs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phases: list[Phase] = []
        self.setAccessibleName("Phases")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_phases(self, phases: list[Phase]) -> None:
        """Show these."""
        self._phases = phases
        self.setAccessibleDescription(", ".join(self._label(phase) for phase in phases))
        self.setToolTip(tip("\n".join(f"{TITLES[p.name]}: {MEANINGS[p.name]}" for p in phases)))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line of legend."""
        return QSize(480, self.heightForWidth(480))

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Narrow bars need more lines of legend."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """The bar and its legend."""
        lines = 1 + max((line for _, line, _ in self._places(width)), default=0)
        return _BAR + _GAP + lines * (self.fontMetrics().height() + 4)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Bar above, legend below."""
        painter = QPainter(self)
        frame = QRectF(0, 0, self.width(), _BAR)
        painter.fillRect(frame, color(Role.HOVER))
        paint_phases(painter, frame, self._phases, gap=1.0)
        height = self.fontMetrics().height()
        for (left, line, label), phase in zip(self._places(self.width()), self._phases, strict=True):
            top = _BAR + _GAP + line * (height + 4)
            paint_phase(painter, QRectF(left, top + height / 2 - 5, 10, 10), phase.name)
            painter.setPen(color(Role.TEXT))
            painter.drawText(QRectF(left + 15, top, self.width(), height), int(Qt.AlignmentFlag.AlignVCenter), label)
        painter.end()

    def _places(self, width: int) -> list[tuple[int, int, str]]:
        """Left edge, line and text of each entry of the legend."""
        found: list[tuple[int, int, str]] = []
        left = line = 0
        for phase in self._phases:
            label = self._label(phase)
            needed = 15 + self.fontMetrics().horizontalAdvance(label) + 18
            if left and left + needed > width:
                left, line = 0, line + 1
            found.append((left, line, label))
            left += needed
        return found

    def _label(self, phase: Phase) -> str:
        total = sum(p.length_ns for p in self._phases)
        more = ", so far" if phase.running else ""
        share = 100 * phase.length_ns / total
        said = f"{share:.0f} %" if share >= 1 else "under 1 %"
        return f"{TITLES[phase.name]} {formats.duration(phase.length_ns)} ({said}{more})"
