"""Three plots on one axis of time: latency, throughput, and what each worker had in flight.

One of the two modules that import pyqtgraph (``app.comparison.curves`` is the other), and with it numpy: it is imported
when the page is first shown, in another thread (see ``page``), since that takes a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyqtgraph as pg  # type: ignore[import-untyped]
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.statistics.sums import Course
from app.theme import Role, color
from app.theme.series import SERIES

_GAP = float("nan")
_MOST_WORKERS = len(SERIES)  #: lines that can be told apart
_LATENCY = (("p50", Role.OK), ("p90", Role.CLIENT_ERROR), ("p99", Role.SERVER_ERROR))
_RATE = (("requests", Role.ACCENT), ("errors", Role.SERVER_ERROR))


class Plots(QWidget):
    """The plots side by side; a drag moves all along the axis of time, a wheel zooms, a double click shows all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statisticsPlots")
        self._course = Course()
        self._workers: tuple[int, ...] = ()
        self.latency = _Plot("Latency", "ms", "Latency over time")
        self.rate = _Plot("Throughput", "per second", "Requests and errors a second over time")
        self.flight = _Plot("In flight", "mean, by worker", "Requests in flight by worker over time")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 8)
        row.setSpacing(12)
        for plot in self._all:
            row.addWidget(plot, 1)
        for plot in self._all[1:]:
            plot.view.setXLink(self.latency.view)
        self.restyle()

    @property
    def _all(self) -> tuple[_Plot, ...]:
        return self.latency, self.rate, self.flight

    def show_course(self, course: Course) -> None:
        """Show this."""
        self._course = course
        slots = tuple(course.in_flight)[:_MOST_WORKERS]
        if slots != self._workers:
            self._workers = slots
            self.flight.set_lines([(str(slot), role) for slot, role in zip(slots, SERIES, strict=False)])
        self.latency.draw(course.at, (course.p50, course.p90, course.p99))
        self.rate.draw(course.at, (course.rate, course.errors))
        self.flight.draw(course.at, [course.in_flight[slot] for slot in slots])

    def restyle(self) -> None:
        """The theme is another one."""
        self.latency.set_lines(_LATENCY)
        self.rate.set_lines(_RATE)
        self.flight.set_lines([(str(slot), role) for slot, role in zip(self._workers, SERIES, strict=False)])
        self.show_course(self._course)


class _Plot(QWidget):
    """A title that is the legend too, and lines."""

    def __init__(self, title: str, unit: str, name: str) -> None:
        super().__init__()
        self._title, self._unit = title, unit
        self._lines: list[pg.PlotDataItem] = []
        self._legend = QLabel(textFormat=Qt.TextFormat.RichText)
        self._legend.setWordWrap(True)
        self.view = make_view(pg.DateAxisItem())
        self.view.setAccessibleName(name)
        self.view.setMouseEnabled(x=True, y=False)
        self.view.enableAutoRange()
        self.view.setLimits(yMin=0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._legend)
        column.addWidget(self.view, 1)

    def set_lines(self, lines: Iterable[tuple[str, Role]]) -> None:
        """One line for each name, in its colour as the theme is now."""
        self.view.clear()
        dress(self.view)
        self.view.showGrid(x=False, y=True, alpha=0.25)
        self.view.addItem(pg.InfiniteLine(0, angle=0, pen=color(Role.LINE)))  # so that each begins at nothing
        self._lines, signs = [], []
        for name, role in lines:
            ink = color(role)
            line = pg.PlotDataItem(pen=pg.mkPen(ink, width=1.6), connect="finite", symbolSize=4, symbolPen=None)
            line.setSymbolBrush(ink)
            self.view.addItem(line)
            self._lines.append(line)
            signs.append(f'<span style="color:{ink.name()}">\u25cf</span>&nbsp;{name}')
        muted = f'<span style="color:{color(Role.MUTED).name()}">{self._unit}</span>'
        self._legend.setText(f"<b>{self._title}</b>&ensp;{muted}&emsp;{' &ensp;'.join(signs)}")

    def draw(self, at: Sequence[float], values: Iterable[Sequence[float | None]]) -> None:
        """A value for each moment; where there is none the line has a gap."""
        for line, row in zip(self._lines, values, strict=True):
            line.setSymbol("o" if _has_lonely(row) else None)
            line.setData(list(at), [_GAP if value is None else value for value in row])


def make_view(bottom: pg.AxisItem) -> pg.PlotWidget:
    """A plot over that axis.

    The empty form that pyqtgraph makes its menu from, a hidden window, goes when the plot does.
    """
    before = set(QApplication.topLevelWidgets())
    view = pg.PlotWidget(axisItems={"bottom": bottom})
    for widget in set(QApplication.topLevelWidgets()) - before:
        if type(widget) is QWidget and widget.parent() is None:
            widget.setParent(view)
    view.setFrameShape(pg.PlotWidget.Shape.NoFrame)
    view.setMinimumHeight(120)
    view.setMenuEnabled(False)
    view.hideButtons()
    menu = view.getPlotItem().ctrlMenu
    menu.setParent(view, menu.windowFlags())  # not shown, but made: it must not outlive the plot
    return view


def dress(view: pg.PlotWidget) -> None:
    """Colours as the theme is now."""
    view.setBackground(color(Role.BASE))
    for side in ("left", "bottom"):
        axis = view.getAxis(side)
        axis.setPen(color(Role.LINE))
        axis.setTextPen(color(Role.MUTED))


def _has_lonely(row: Sequence[float | None]) -> bool:
    """Whether a value has a gap on both sides, where a line alone would not be seen."""
    padded = [None, *row, None]
    return any(
        value is not None and before is None and after is None
        for before, value, after in zip(padded, row, padded[2:], strict=False)
    )
