"""The list of what may come next in a filter: over the window, below the line, and never with the focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import Role, color, mono_font
from app.theme.widgets import look
from app.traffic import formats
from inspector.query.completion import Suggestion

Index = QModelIndex | QPersistentModelIndex
_ROWS = 10
_NARROWEST, _WIDEST = 320, 620
_NO_INDEX = QModelIndex()


class SuggestionModel(QAbstractListModel):
    """Suggestions; each itself under ``UserRole``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: list[Suggestion] = []

    def show(self, found: Sequence[Suggestion]) -> None:
        """Others."""
        self.beginResetModel()
        self.shown = list(found)
        self.endResetModel()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802
        """All."""
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text; for screen readers with what it means."""
        if not index.isValid():
            return None
        each = self.shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return formats.cell(each.shown, 200)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{each.shown} {aside(each)}".strip()
        return each if role == Qt.ItemDataRole.UserRole else None


def aside(each: Suggestion) -> str:
    """What stands beside a suggestion: what it is, and how often it was seen."""
    counted = formats.count(each.count) if each.count else ""
    return "  ".join(part for part in (each.note, counted) if part)


class _Rows(QStyledItemDelegate):
    """What would be written at the left, what it is at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802
        """A line with air."""
        return QSize(100, option.fontMetrics.height() + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One suggestion."""
        each: Suggestion = index.data(Qt.ItemDataRole.UserRole)
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, color(Role.SELECTION))
        inner = area.adjusted(10, 0, -10, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(mono_font())
        metrics = painter.fontMetrics()
        text = metrics.elidedText(index.data(), Qt.TextElideMode.ElideMiddle, inner.width())
        painter.setPen(color(Role.TEXT))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, text)
        left = inner.adjusted(metrics.horizontalAdvance(text) + 16, 0, 0, 0)
        painter.setFont(option.font)
        painter.setPen(color(Role.MUTED))
        note = painter.fontMetrics().elidedText(aside(each), Qt.TextElideMode.ElideRight, max(0, left.width()))
        painter.drawText(left, middle | Qt.AlignmentFlag.AlignRight, note)


class SuggestionList(QFrame):
    """Shown over the window. The line keeps the focus and hands over the keys.

    Signals:
        taken(Suggestion): this one is wanted.
        gone(): it was hidden.
    """

    taken = Signal(object)
    gone = Signal()

    def __init__(self, line: QWidget) -> None:
        super().__init__(line)
        self.setObjectName("filterSuggestions")
        look(self, "popup")
        self.model = SuggestionModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("What may come next in the filter")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(lambda index: self.taken.emit(self.model.shown[index.row()]))
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.list)
        self.hide()

    def show_below(self, line: QWidget, x: int, found: Sequence[Suggestion]) -> None:
        """Show these below ``line``, from its pixel ``x`` on; none is chosen yet."""
        window = line.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        self.model.show(found)
        self.list.setCurrentIndex(QModelIndex())
        at = line.mapTo(window, QPoint(x - 12, line.height() + 2))
        longest = max(len(each.shown) + len(aside(each)) for each in found)
        wanted = longest * self.list.fontMetrics().averageCharWidth() + 90
        width = min(max(_NARROWEST, wanted), _WIDEST, window.width() - 16)
        row = self.list.fontMetrics().height() + 8
        height = min(_ROWS, len(found)) * row + 10
        self.setGeometry(max(8, min(at.x(), window.width() - width - 8)), at.y(), width, height)
        self.show()
        self.raise_()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Tell."""
        super().hideEvent(event)
        self.gone.emit()

    @property
    def chosen(self) -> Suggestion | None:
        """The one the keys have gone to, while the list is there."""
        index = self.list.currentIndex()
        return self.model.shown[index.row()] if self.isVisible() and index.isValid() else None

    def step(self, by: int) -> None:
        """To another; from none to the first or the last."""
        at, count = self.list.currentIndex().row(), len(self.model.shown)
        if abs(by) == 1:
            row = (at + by) % count if at >= 0 else 0 if by > 0 else count - 1
        else:
            row = min(max(at + by, 0), count - 1)
        self.list.setCurrentIndex(self.model.index(row))

    def take_best(self) -> None:
        """The chosen one, or the first."""
        if self.model.shown:
            self.taken.emit(self.chosen or self.model.shown[0])
