"""Rows of controls that make do with little room, as there is where text is large: they fold, or leave something out.

And pages that scroll where they have too little height.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.theme.widgets import look

_GAP = 8


def group(*widgets: QWidget, wide: QWidget | None = None, gap: int = _GAP) -> QWidget:
    """Widgets that stay beside one another; ``wide`` takes what room is left."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(gap)
    for widget in widgets:
        row.addWidget(widget, 1 if widget is wide else 0)
    if wide is not None:
        row.addStretch(0)  # while it is hidden
    return made


class FoldingRow(QWidget):
    """``lead``, ``rest`` and ``end`` in one row; where they don't fit, ``rest`` has one of its own below the others."""

    def __init__(self, lead: QWidget, rest: QWidget, end: QWidget | None = None) -> None:
        super().__init__()
        self.folded: bool | None = None
        self._lead, self._rest, self._end = lead, rest, end
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(_GAP)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self._place(folded=False)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """As narrow as it is when folded, as high as it is now."""
        first = self._lead.minimumSizeHint().width() + (_GAP + _width(self._end) if self._end else 0)
        return QSize(max(first, _width(self._rest)), super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        """One of them became wider or narrower."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fold(self.width())
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """There is more room, or less."""
        super().resizeEvent(event)
        self._fold(event.size().width())

    def _fold(self, width: int) -> None:
        parts = [part for part in (self._lead, self._rest, self._end) if part is not None]
        self._place(folded=sum(map(_width, parts)) + _GAP * (len(parts) - 1) > width)

    def _place(self, *, folded: bool) -> None:
        if folded == self.folded:
            return
        self.folded = folded
        self._grid.addWidget(self._lead, 0, 0)
        if folded:
            self._grid.addWidget(self._rest, 1, 0, 1, 3, Qt.AlignmentFlag.AlignLeft)
        else:
            self._grid.addWidget(self._rest, 0, 1)
        if self._end is not None:
            self._grid.addWidget(self._end, 0, 2)
        self.updateGeometry()


class SparingRow(QWidget):
    """Widgets beside one another; where they don't fit, the ``spare`` ones go, the first of them first."""

    def __init__(self, widgets: Sequence[QWidget], *, wide: QWidget, spare: Sequence[QWidget]) -> None:
        super().__init__()
        self._widgets, self._spare = tuple(widgets), tuple(spare)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 4, 10, 4)
        self._row.setSpacing(_GAP)
        for widget in widgets:
            self._row.addWidget(widget, 1 if widget is wide else 0)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Without what can go."""
        return QSize(self._needed(self._spare), super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        """One of them became wider or narrower."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit(self.width())
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """There is more room, or less."""
        super().resizeEvent(event)
        self._fit(event.size().width())

    def _fit(self, width: int) -> None:
        for number in range(len(self._spare) + 1):
            if number == len(self._spare) or self._needed(self._spare[:number]) <= width:
                for at, widget in enumerate(self._spare):
                    widget.setVisible(at >= number)
                return

    def _needed(self, without: Sequence[QWidget]) -> int:
        margins = self._row.contentsMargins()
        there = [widget for widget in self._widgets if widget not in without]
        there = [widget for widget in there if widget in self._spare or not widget.isHidden()]
        return sum(map(_width, there)) + _GAP * (len(there) - 1) + margins.left() + margins.right()


class _Whole(QWidget):
    """What a page is made of, at its least height."""

    def heightForWidth(self, _width: int) -> int:  # noqa: N802  Qt's name
        """The least, since a scroll area takes this for how high it has to be."""
        return self.minimumSizeHint().height()


class ScrolledPage(QScrollArea):
    """A page: its bar, and below it what fills the rest. It can be scrolled where it has less than its least height."""

    def __init__(self, bar: QWidget, rest: QWidget) -> None:
        super().__init__()
        look(self, "clear")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._whole = whole = _Whole()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(rest, 1)
        self.setWidget(whole)
        whole.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """As wide as the page needs; of its height a little."""
        return QSize(self._whole.minimumSizeHint().width(), 0)


def _width(widget: QWidget) -> int:
    """How wide it would like to be, at least."""
    return max(widget.sizeHint().width(), widget.minimumSizeHint().width())
