"""The command palette: every action by words of its name or their beginnings, with its key.

An overlay on the window, not a dialogue.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.actions import Action, ActionRegistry, keys_text
from app.palette_rank import INSIDE, rank
from app.theme import Role, color, px
from app.theme.widgets import look

Index = QModelIndex | QPersistentModelIndex
_ACTION, _WHY = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_NO_INDEX = QModelIndex()
_WIDTH, _ROWS = 680, 12


class PaletteModel(QAbstractListModel):
    """The actions that fit what was typed, the best first."""

    def __init__(self, actions: ActionRegistry, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._registry = actions
        self.shown: list[Action] = []

    def filter(self, query: str) -> None:
        """Show those that ``query`` fits, and of those that fit as well, those first that can be done now.

        What ends or removes something is shown only where what was typed are words of it or begin them, and after what
        harms nothing: nobody means it by chance.
        """
        fitting: list[tuple[tuple[object, ...], Action]] = []
        for action in self._registry:
            how = rank(query, action.title, action.group)
            if how is None or (action.destructive and how >= INSIDE):
                continue
            disabled = not self._registry.get(action.id).isEnabled()
            order = (how >= INSIDE, disabled, action.destructive, how, action.title) if query.strip() else (disabled,)
            fitting.append((order, action))
        self.beginResetModel()
        self.shown = [action for _, action in sorted(fitting, key=lambda item: item[0])]
        self.endResetModel()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802  Qt's name
        """As many as fit."""
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The title; the action itself under ``UserRole``; title and key for screen readers."""
        if not index.isValid():
            return None
        action = self.shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return action.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{action.title}, {self._registry.why_not(action.id) or action.group} {keys_text(action)}"
        if role in (_WHY, Qt.ItemDataRole.ToolTipRole):
            return self._registry.why_not(action.id)
        return action if role == _ACTION else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What can't be done now can't be chosen."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        enabled = self._registry.get(self.shown[index.row()].id).isEnabled()
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled if enabled else Qt.ItemFlag.ItemIsSelectable


class _Rows(QStyledItemDelegate):
    """Title at the left, group and key at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802  Qt's name
        """A line with air."""
        return QSize(super().sizeHint(option, index).width(), option.fontMetrics.height() + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One action."""
        action: Action = index.data(_ACTION)
        enabled = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, color(Role.SELECTION))
        inner = area.adjusted(14, 0, -14, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(color(Role.TEXT if enabled else Role.MUTED))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, action.title)
        painter.setPen(color(Role.MUTED))
        keys = keys_text(action)
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, keys)
        self._note(painter, inner, action, index.data(_WHY))

    @staticmethod
    def _note(painter: QPainter, inner: QRect, action: Action, why: str) -> None:
        """The group, or why it can't be done now, as far as there is room beside the title."""
        metrics = painter.fontMetrics()
        area = inner.adjusted(metrics.horizontalAdvance(action.title) + 20, 0, -metrics.horizontalAdvance("M") * 11, 0)
        text = metrics.elidedText(why or action.group, Qt.TextElideMode.ElideRight, max(0, area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)


class CommandPalette(QFrame):
    """Opens over the window with Ctrl+K, goes with Escape, with a choice, or when the focus leaves."""

    def __init__(self, actions: ActionRegistry, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._actions = actions
        self.setObjectName("commandPalette")
        look(self, "card")
        self.line = QLineEdit()
        self.line.setPlaceholderText("What do you want to do?")
        self.line.setAccessibleName("Command palette: type a few letters of an action")
        self.line.installEventFilter(self)
        self.model = PaletteModel(actions, self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("Actions that fit")
        self.line.textChanged.connect(self._on_typed)
        self.line.returnPressed.connect(self._run)
        self.list.clicked.connect(lambda _index: self._run())
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.hide()

    def open(self) -> None:
        """Show it, empty, in the upper middle of the window."""
        self._place()
        self._window.installEventFilter(self)
        self._actions.refresh()
        self.line.clear()
        self._on_typed("")
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """What becomes of the window is nothing to it any more."""
        self._window.removeEventFilter(self)
        super().hideEvent(event)

    def _place(self) -> None:
        window = self._window
        width = min(px(_WIDTH), window.width() - 40)
        row = self.fontMetrics().height() + 12
        height = min(_ROWS * row + self.line.sizeHint().height() + 26, window.height() - 80)
        self.setGeometry((window.width() - width) // 2, 56, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Arrows move in the list; leaving the line closes; in a window of another size it has another place."""
        if watched is self._window and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}
            if event.key() in steps:
                self._move(steps[Qt.Key(event.key())])
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._leave()
                return True
        if watched is self.line and event.type() == QEvent.Type.FocusOut:
            self.hide()
        return super().eventFilter(watched, event)

    def _move(self, step: int) -> None:
        """Up or down to what can be done; from the last one that can, nowhere."""
        last, way = self.model.rowCount() - 1, 1 if step > 0 else -1
        row = max(0, min(last, self.list.currentIndex().row() + step))
        onwards, back = range(row, last + 1 if way > 0 else -1, way), range(row, -1 if way > 0 else last + 1, -way)
        for at in (*onwards, *back):
            if self.model.flags(self.model.index(at, 0)) & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentIndex(self.model.index(at, 0))
                return

    def _on_typed(self, text: str) -> None:
        self.model.filter(text)
        self.list.setCurrentIndex(self.model.index(0, 0))

    def _run(self) -> None:
        index = self.list.currentIndex()
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEnabled:
            action: Action = index.data(_ACTION)
            self._leave()
            self._actions.run(action.id)

    def _leave(self) -> None:
        self.hide()
        self._window.setFocus()
