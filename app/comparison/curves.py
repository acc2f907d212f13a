"""How latency is distributed in each mode: the share of answers that took no longer, over time, all in one plot.

One of the two modules that import pyqtgraph, see ``app.statistics.plots``; imported when the page is first shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg  # type: ignore[import-untyped]
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.statistics.plots import dress, make_view
from app.theme import Role, color
from app.theme.series import role_of
from app.traffic import formats
from inspector.export.comparison import ModeFigures

#: So that lines can be told apart without their colours.
_PATTERNS = (
    Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
)  # fmt: skip
_SIGNS = ("━━", "╍╍", "┅┅", "━╍", "╍┅")


class Curves(QWidget):
    """One plot: time in a logarithmic axis, the share of answers from 0 to 100 %."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[tuple[int, ModeFigures], ...] = ()
        self._legend = QLabel(textFormat=Qt.TextFormat.RichText)
        self._legend.setWordWrap(True)
        self.view = make_view(_Times("bottom"))
        self.view.setAccessibleName("Latency distribution")
        self.view.setMouseEnabled(x=True, y=False)
        self.view.setYRange(0, 104, padding=0.02)
        self.view.getAxis("left").setTicks([[(share, f"{share} %") for share in (0, 25, 50, 75, 90, 100)]])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._legend)
        column.addWidget(self.view, 1)
        self.restyle()

    def show_figures(self, rows: Sequence[tuple[int, ModeFigures]]) -> None:
        """Each mode with its number, by which it has its colour."""
        self._rows = tuple(rows)
        self.restyle()

    def restyle(self) -> None:
        """Draw everything, in the colours of the theme as it is now."""
        self.view.clear()
        dress(self.view)
        self.view.showGrid(x=True, y=True, alpha=0.2)
        signs, told = [], []
        for number, row in self._rows:
            ink = color(role_of(number))
            line = pg.PlotDataItem(
                pen=pg.mkPen(ink, width=1.8, style=_PATTERNS[number % len(_PATTERNS)]), antialias=True
            )
            points = _steps(row.curve)
            line.setData([x for x, _ in points], [y for _, y in points])
            self.view.addItem(line)
            sign = _SIGNS[number % len(_SIGNS)]
            signs.append(f'<span style="color:{ink.name()}">{sign}</span>&nbsp;{row.name}')
            told.append(f"{row.name}: median {formats.duration(row.latency.p50)}")
        self.view.setAccessibleDescription("; ".join(told))
        muted = f'<span style="color:{color(Role.MUTED).name()}">answers that took no longer</span>'
        self._legend.setText(f"<b>Latency</b>&ensp;{muted}&emsp;{' &ensp;'.join(signs)}")


def _steps(curve: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """The points of the line: logarithms of nanoseconds, and per cent; it begins at nothing."""
    points = [(math.log10(max(1, ns)), 100 * share) for ns, share in curve]
    return [(points[0][0], 0.0), *points] if points else []


class _Times(pg.AxisItem):  # type: ignore[misc]
    """Logarithms of nanoseconds, written as times."""

    def tickValues(self, least: float, most: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802
        """1, 2 and 5 of each power of ten, as far as there is room for them."""
        powers = range(math.floor(least), math.ceil(most) + 1)
        digits = (1, 2, 5) if size / max(0.1, most - least) > 200 else (1, 3) if most - least < 4 else (1,)
        marks = [power + math.log10(digit) for power in powers for digit in digits]
        return [(1.0, [mark for mark in marks if least <= mark <= most])]

    def tickStrings(self, values: Sequence[float], _scale: float, _spacing: float) -> list[str]:  # noqa: N802
        """``20 ms``."""
        return [_short(10**value) for value in values]


def _short(ns: float) -> str:
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= factor * 0.999:
            return f"{round(ns / factor, 3):g} {unit}"
    return f"{ns:.0f} ns"
