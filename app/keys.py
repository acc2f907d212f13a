"""The keys page (F1): every action with its keys, found by a few letters, and given another key by pressing it.

Knows the registry; what the user chose leaves it as ``chosen_keys``, for the settings.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.actions import Action, ActionRegistry, KeyTakenError, keys_text
from app.palette_rank import rank
from app.theme import Role, color, mono_font
from app.theme.widgets import bold, button, label, look

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_TITLES = ("Action", "Key", "Where")
_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)


class KeysModel(QAbstractTableModel):
    """The actions that fit what is looked for, group by group."""

    def __init__(self, actions: ActionRegistry, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._registry = actions
        self._query = ""
        self.shown: list[Action] = []

    def filter(self, query: str) -> None:
        """Show the actions that ``query`` fits by title, group or key."""
        self._query = query
        self.beginResetModel()
        self.shown = [
            action for actions in self._registry.groups().values() for action in actions
            if not query or rank(query, action.title, action.group) is not None
            or query.casefold() in keys_text(action).casefold()
        ]  # fmt: skip
        self.endResetModel()

    def renew(self) -> None:
        """Keys have changed; the rows stay."""
        self.shown = [self._registry.describe(action.id) for action in self.shown]
        self.dataChanged.emit(self.index(0, 0), self.index(max(0, len(self.shown) - 1), len(_TITLES) - 1))

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802  Qt's name
        """As many as fit."""
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802  Qt's name
        """Action, key, place."""
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """The titles."""
        wanted = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return _TITLES[section] if wanted else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The words; keys of the user's own stand out."""
        if not index.isValid():
            return None
        action, column = self.shown[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (action.title.rstrip("…"), keys_text(action), action.group)[column]
        if role == Qt.ItemDataRole.AccessibleTextRole and column == 0:
            return f"{action.title.rstrip('…')}, {keys_text(action) or 'no key'}, {action.group}"
        if column == 1 and role == Qt.ItemDataRole.FontRole:
            font = mono_font()
            font.setWeight(QFont.Weight.DemiBold if self._registry.is_rebound(action.id) else QFont.Weight.Normal)
            return font
        if role == Qt.ItemDataRole.ForegroundRole and (column == 2 or not action.shortcut):
            return color(Role.MUTED if column else Role.TEXT)
        return None


class KeyCatcher(QFrame):
    """Takes the next key that is pressed, whatever it is for elsewhere; Escape and Tab leave it.

    Signals:
        caught(str): a key, as Qt writes it.
        left(): the user does not want one after all.
    """

    caught = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        look(self, "notice")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.words = label("", wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.addWidget(self.words, 1)

    def ask(self, action: Action) -> None:
        """Wait for the new key of an action."""
        text = f"Press the new key for “{action.title.rstrip('…')}”, or Escape to leave it as it is."
        self.words.setText(text)
        self.setAccessibleName(text)
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Every key is ours, also those that are shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._take(event)
            return True
        return super().event(event)

    def _take(self, event: QKeyEvent) -> None:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if event.key() in _MODIFIERS:
            return
        if plain and event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Tab):
            self.left.emit()
            return
        text = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
        if text and " " not in text:
            self.caught.emit(text)


class KeysPage(QWidget):
    """Search, table, and what can be done with the key of the row that the cursor is on.

    Signals:
        changed(): the keys of the user's own are others; to be kept.
    """

    changed = Signal()

    def __init__(self, actions: ActionRegistry) -> None:
        super().__init__()
        self.setObjectName("keysPage")
        self.setAccessibleName("Keys")
        self._actions = actions
        self._wanted: tuple[Action, str, Action] | None = None  #: the action, the key it is to get, whose that is
        self.model = KeysModel(actions, self)
        self.search = QLineEdit(placeholderText="Find an action, or a key", clearButtonEnabled=True)
        self.table = QTableView()
        self.change = button("Change the key", tip="Then press the new key (Enter on the row does the same)")
        self.remove = button("Remove the key")
        self.reset = button("Reset", tip="The key it had in the beginning")
        self.reset_all = button("Reset all", tip="Every action gets the key it had in the beginning")
        self.catcher = KeyCatcher()
        self.conflict, self.conflict_words = QFrame(), label("", wrap=True)
        self.take = button("Take it from there", dress="primary")
        self.other = button("Press another")
        self._dress_table()
        self._lay_out()
        self._connect()
        self.setFocusProxy(self.search)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Pages may have registered more since."""
        self.model.filter(self.search.text())
        self._choose(0)
        super().showEvent(event)

    # building

    def _dress_table(self) -> None:
        self.search.setAccessibleName("Find an action, or a key")
        self.table.setModel(self.model)
        self.table.setAccessibleName("Actions and their keys")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().resizeSection(1, 220)
        self.table.horizontalHeader().resizeSection(2, 150)
        self.table.installEventFilter(self)

    def _lay_out(self) -> None:
        title = label("Keys")
        bold(title, 1.3)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(title)
        top.addWidget(self.search, 1)
        for each in (self.change, self.remove, self.reset, self.reset_all):
            top.addWidget(each)
        look(self.conflict, "problem")
        row = QHBoxLayout(self.conflict)
        row.setContentsMargins(14, 8, 14, 8)
        row.addWidget(self.conflict_words, 1)
        row.addWidget(self.take)
        row.addWidget(self.other)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self.catcher)
        column.addWidget(self.conflict)
        column.addWidget(self.table, 1)
        column.addWidget(label("A key in bold is your own choice. Keys work on their page; on all, where it says View, "
                               "File, Application or Help.", "muted", wrap=True))  # fmt: skip
        self.catcher.hide()
        self.conflict.hide()

    def _connect(self) -> None:
        self.search.textChanged.connect(self._on_searched)
        self.search.returnPressed.connect(self.table.setFocus)
        self.table.doubleClicked.connect(lambda _index: self.ask())
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._render())
        self.change.clicked.connect(self.ask)
        self.remove.clicked.connect(lambda: self._give(self.current, ""))
        self.reset.clicked.connect(self._on_reset)
        self.reset_all.clicked.connect(self._on_reset_all)
        self.catcher.caught.connect(lambda key: self._give(self.current, key))
        self.catcher.left.connect(self._leave)
        self.take.clicked.connect(self._on_take)
        self.other.clicked.connect(self.ask)
        self._actions.rebound.connect(lambda _id: self.model.renew())

    # what the user does

    @property
    def current(self) -> Action | None:
        """The action that the cursor is on."""
        row = self.table.currentIndex().row()
        return self._actions.describe(self.model.shown[row].id) if 0 <= row < len(self.model.shown) else None

    def ask(self) -> None:
        """Wait for a new key for the action that the cursor is on."""
        self.conflict.hide()
        if self.current is not None:
            self.catcher.ask(self.current)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Enter on a row asks for a key, Delete takes it away."""
        if watched is self.table and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.ask()
                return True
            if event.key() == Qt.Key.Key_Delete:
                self._give(self.current, "")
                return True
        return super().eventFilter(watched, event)

    def _give(self, action: Action | None, key: str) -> None:
        if action is None:
            return
        try:
            self._actions.rebind(action.id, key)
        except KeyTakenError as error:
            self._tell(action, key, error.owner)
            return
        self._leave()
        self.changed.emit()

    def _on_reset(self) -> None:
        action = self.current
        if action is None:
            return
        try:
            self._actions.reset(action.id)
        except KeyTakenError as error:
            self._tell(action, error.key, error.owner)
            return
        self._leave()
        self.changed.emit()

    def _on_reset_all(self) -> None:
        self._actions.reset_all()
        self._leave()
        self.changed.emit()

    def _tell(self, action: Action, key: str, owner: Action) -> None:
        """Somebody has that key: say who, and offer it."""
        self._wanted = (action, key, owner)
        shown = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
        self.conflict_words.setText(f"{shown} is the key of “{owner.title.rstrip('…')}” ({owner.group}).")
        self.catcher.hide()
        self.conflict.show()
        self.take.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_take(self) -> None:
        if self._wanted is not None:
            action, key, owner = self._wanted
            left = [each for each in owner.shortcut.split() if QKeySequence(each) != QKeySequence(key)]
            self._actions.rebind(owner.id, " ".join(left))
            self._give(action, key)

    def _leave(self) -> None:
        self._wanted = None
        self.catcher.hide()
        self.conflict.hide()
        self._render()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_searched(self, text: str) -> None:
        self.model.filter(text)
        self._choose(0)

    def _choose(self, row: int) -> None:
        self.table.setCurrentIndex(self.model.index(row, 0))
        self._render()

    def _render(self) -> None:
        action = self.current
        self.change.setEnabled(action is not None)
        self.remove.setEnabled(action is not None and bool(action.shortcut))
        self.reset.setEnabled(action is not None and self._actions.is_rebound(action.id))
        self.reset_all.setEnabled(bool(self._actions.chosen_keys()))
