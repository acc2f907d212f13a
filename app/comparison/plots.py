"""Curves of latency, with bars of throughput and memory beside them; where there is little height, all in one row.

The library that draws the curves is loaded in another thread when this is first shown, since that takes a second.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QVBoxLayout, QWidget

from app.background import Background
from app.comparison.bars import Bar, Bars
from app.theme import px, tip
from app.theme.series import role_of
from app.theme.widgets import label, look
from app.traffic.formats import size
from inspector.export.comparison import ModeFigures

if TYPE_CHECKING:
    from app.comparison.curves import Curves

_LOW = 260  #: pixels below which the bars stand beside each other
_LOWEST = 200  #: pixels below which what is to be known of the figures is a tip: the axis needs its line
_SHARED = (
    "The client, the proxy and the server share this machine: the figures compare these modes with each other, and say "
    "nothing of what a server can do alone."
)


class ComparisonPlots(QWidget):
    """All that is drawn of a comparison."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[tuple[int, ModeFigures], ...] = ()
        self._loading = Background(self)
        self.curves: Curves | None = None
        self.rates = Bars("Throughput", "requests/s")
        self.memory = Bars("Memory", "at most")
        self.memory.setToolTip("The most that all processes of the server had together; shared pages count once")
        self._waiting = QLabel("Loading plots…", alignment=Qt.AlignmentFlag.AlignCenter)
        look(self._waiting, "muted")
        self._bars = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._bars.setSpacing(12)
        self._bars.addWidget(self.rates, 1)
        self._bars.addWidget(self.memory, 1)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(16)
        self._row.addWidget(self._waiting, 3)
        self._row.addLayout(self._bars, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 4)
        column.setSpacing(4)
        column.addLayout(self._row, 1)
        self._shared = label(_SHARED, "muted", wrap=True)
        column.addWidget(self._shared)

    def show_figures(self, rows: Sequence[tuple[int, ModeFigures]]) -> None:
        """Each mode with its number, by which it has its colour."""
        self._rows = tuple(rows)
        self.rates.show_bars(
            [Bar(row.name, row.rate, f"{row.rate:.1f}", role_of(at), row.rates.least, row.rates.greatest)
             for at, row in self._rows]
        )  # fmt: skip
        self.memory.show_bars(
            [Bar(row.name, row.memory_peak, size(row.memory_peak), role_of(at)) for at, row in self._rows]
        )
        if self.curves is not None:
            self.curves.show_figures(self._rows)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Somebody looks: have the curves."""
        super().showEvent(event)
        if self.curves is None and not self._loading.busy:
            self._loading.run(lambda _cancelled: importlib.import_module("app.comparison.curves"), self._on_loaded)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """As fits."""
        super().resizeEvent(event)
        low = event.size().height() < _LOW
        ways = QBoxLayout.Direction
        self._bars.setDirection(ways.LeftToRight if low else ways.TopToBottom)
        self._row.setStretch(1, 3 if low else 2)
        lowest = event.size().height() < px(_LOWEST)
        self._shared.setHidden(lowest)
        self.setToolTip(tip(_SHARED) if lowest else "")

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_row"):  # Qt asks while this is made
            self.show_figures(self._rows)

    def _on_loaded(self, module: Any) -> None:
        self.curves = module.Curves()
        self._row.replaceWidget(self._waiting, self.curves)
        self._row.setStretch(0, 3)
        self._waiting.deleteLater()
        self.curves.show_figures(self._rows)
