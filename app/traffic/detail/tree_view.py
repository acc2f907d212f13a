"""A document as a tree on the screen: branches are made when they are opened, long ones in another thread.

What the branches are ``app.traffic.branches`` knows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView, QWidget

from app.background import Background
from app.theme import Role, color, mono_font, tip
from app.traffic.branches import Branch
from app.traffic.detail.parts import RoomyDelegate
from app.traffic.json_index import NotJson

_AT_ONCE = 256 * 1024  #: bytes of a branch that is opened without another thread
_OPEN_ROWS = 60  #: rows that a document is opened to at first
_OPEN_MOST = 2_000  #: branches that are opened with one key
_TITLES = ("Key", "Value", "Type")
_INKS = {
    "string": Role.OK,
    "number": Role.CLIENT_ERROR,
    "int": Role.CLIENT_ERROR,
    "float": Role.CLIENT_ERROR,
    "boolean": Role.PENDING,
    "null": Role.PENDING,
    "nil": Role.PENDING,
    "bin": Role.REDIRECT,
    "text": Role.SERVER_ERROR,
}

Index = QModelIndex | QPersistentModelIndex


class _Node:
    """A row of the tree. ``children`` is None until they were made."""

    __slots__ = ("branch", "children", "loading", "parent", "row")

    def __init__(self, branch: Branch, parent: _Node | None, row: int) -> None:
        self.branch, self.parent, self.row = branch, parent, row
        self.children: list[_Node] | None = None
        self.loading = False


class TreeModel(QAbstractItemModel):
    """Branches as rows of Qt's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root: _Node | None = None
        self._queue: deque[_Node] = deque()
        self._work = Background(self)

    def show(self, root: Branch | None) -> None:
        """Another document. A single value is a row; of a container those under it are."""
        self.beginResetModel()
        self._work.cancel()
        self._queue.clear()
        self._root = None
        if root is not None:
            self._root = _Node(root, None, 0)
            below = root.children() if root.forks else [root]
            self._root.children = [_Node(branch, self._root, row) for row, branch in enumerate(below)]
        self.endResetModel()

    def branch(self, index: Index) -> Branch | None:
        """What a row shows."""
        node = self._node(index)
        return node.branch if node is not None and index.isValid() else None

    def _node(self, index: Index) -> _Node | None:
        if not index.isValid():
            return self._root
        node: _Node = index.internalPointer()
        return node

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Qt's."""
        node = self._node(parent)
        if node is None or not node.children or not (0 <= row < len(node.children) and 0 <= column < len(_TITLES)):
            return QModelIndex()
        return self.createIndex(row, column, node.children[row])

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """Qt's."""
        node = self._node(index)
        if not index.isValid() or node is None or node.parent is None or node.parent is self._root:
            return QModelIndex()
        return self.createIndex(node.parent.row, 0, node.parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Those that were made."""
        node = self._node(parent) if parent.column() <= 0 else None
        return len(node.children) if node is not None and node.children else 0

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Key, value, type."""
        return len(_TITLES)

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: N802, B008
        """Also those that were not made yet."""
        node = self._node(parent) if parent.column() <= 0 else None
        if node is None:
            return False
        return bool(node.children) if node.children is not None else node.branch.forks

    def canFetchMore(self, parent: Index) -> bool:  # noqa: N802
        """Whether they were not made yet."""
        node = self._node(parent)
        return node is not None and node.children is None and not node.loading and node.branch.forks

    def fetchMore(self, parent: Index) -> None:  # noqa: N802
        """Make them: small ones now, others in another thread, one branch at a time."""
        node = self._node(parent)
        if node is None or node.children is not None or node.loading:
            return
        if node.branch.weight <= _AT_ONCE:
            try:
                self._add(node, node.branch.children())
            except NotJson:
                node.children = []
            return
        node.loading = True
        self._queue.append(node)
        self._load_next()

    def _load_next(self) -> None:
        if self._queue and not self._work.busy:
            node = self._queue.popleft()
            self._work.run(node.branch.children, partial(self._loaded, node), partial(self._give_up, node))

    def _loaded(self, node: _Node, branches: list[Branch]) -> None:
        self._add(node, branches)
        self._load_next()

    def _add(self, node: _Node, branches: list[Branch]) -> None:
        node.loading = False
        if node.children is not None:
            return
        index = QModelIndex() if node is self._root else self.createIndex(node.row, 0, node)
        if branches:
            self.beginInsertRows(index, 0, len(branches) - 1)
        node.children = [_Node(branch, node, row) for row, branch in enumerate(branches)]
        if branches:
            self.endInsertRows()

    def _give_up(self, node: _Node, _error: Exception) -> None:
        self._loaded(node, [])

    def trail(self, branches: list[Branch]) -> list[QModelIndex]:
        """The rows of ``branches``, each under the one before; they are known, so nothing has to be parsed."""
        found: list[QModelIndex] = []
        parent = QModelIndex()
        for branch in branches:
            node = self._node(parent)
            if node is not None and node.children is None:
                self._add(node, node.branch.children())
            rows = [n.row for n in (node.children or ())] if node is not None else []
            row = next(
                (r for r in rows if node is not None and node.children and node.children[r].branch is branch), -1
            )
            if row < 0:
                break
            parent = self.index(row, 0, parent)
            found.append(parent)
        return found

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """The titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Key, value and type in their inks."""
        branch = self.branch(index)
        if branch is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (branch.name, branch.text, branch.kind)[column]
        if role == Qt.ItemDataRole.ForegroundRole:
            roles = (Role.ACCENT, _INKS.get(branch.kind, Role.MUTED), Role.MUTED)
            return color(roles[column])
        if role == Qt.ItemDataRole.FontRole and column < 2:
            return mono_font()
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(branch.path if column != 1 else branch.text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{branch.name}: {branch.text}"
        return None


class DocumentTree(QTreeView):
    """The tree. Ctrl+C copies the value, Ctrl+Shift+C the path; the asterisk opens all that is below."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = TreeModel(self)
        self.offer: Callable[[QMenu, str], None] = lambda _menu, _text: None  #: adds what can be done with a text
        self.setModel(self.tree)
        self.setAccessibleName(name)
        self.setUniformRowHeights(True)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(16)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegate(RoomyDelegate(self))
        header = self.header()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.resizeSection(0, 28 * self.fontMetrics().averageCharWidth())

    def show_tree(self, root: Branch | None) -> None:
        """Another document, opened as far as a screen of rows goes."""
        self.tree.show(root)
        rows = self.tree.rowCount()
        waiting = deque(self.tree.index(row, 0) for row in range(min(rows, _OPEN_ROWS)))
        while waiting:
            index = waiting.popleft()
            branch = self.tree.branch(index)
            if branch is None or not branch.forks or branch.weight > 16_384 or not branch.kind:
                continue
            rows += len(branch.children())
            if rows > _OPEN_ROWS:
                break
            self.expand(index)
            waiting.extend(self.tree.index(row, 0, index) for row in range(self.tree.rowCount(index)))
        if self.tree.rowCount():
            self.setCurrentIndex(self.tree.index(0, 0))

    def reveal(self, branches: list[Branch]) -> None:
        """Open the way to a branch and put the cursor on it."""
        trail = self.tree.trail(branches)
        for index in trail[:-1]:
            self.expand(index)
        if trail:
            self.setCurrentIndex(trail[-1])
            self.scrollTo(trail[-1], QAbstractItemView.ScrollHint.PositionAtCenter)

    def expand_below(self, index: QModelIndex) -> None:
        """Open a branch and all below it, within reason."""
        waiting, opened = deque([index]), 0
        while waiting and opened < _OPEN_MOST:
            here = waiting.popleft()
            branch = self.tree.branch(here)
            if branch is None or not branch.forks:
                continue
            self.expand(here)
            opened += 1
            waiting.extend(self.tree.index(row, 0, here) for row in range(self.tree.rowCount(here)))

    def collapse_below(self, index: QModelIndex) -> None:
        """Close a branch and all below it."""
        for row in range(self.tree.rowCount(index)):
            self.collapse_below(self.tree.index(row, 0, index))
        self.collapse(index)

    def copy_value(self) -> None:
        """The value of the row the cursor is on."""
        if (branch := self.tree.branch(self.currentIndex())) is not None:
            QGuiApplication.clipboard().setText(branch.copy_text())

    def copy_path(self) -> None:
        """Where in the document that is, such as ``$.items[3].name``."""
        if (branch := self.tree.branch(self.currentIndex())) is not None:
            QGuiApplication.clipboard().setText(branch.path)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Copying; opening all, with a bound that Qt's own has not."""
        control = Qt.KeyboardModifier.ControlModifier
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_value()
        elif event.key() == Qt.Key.Key_C and event.modifiers() == control | Qt.KeyboardModifier.ShiftModifier:
            self.copy_path()
        elif event.key() == Qt.Key.Key_Asterisk:
            self.expand_below(self.currentIndex())
        elif event.modifiers() & control and event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            event.ignore()  # the tabs' own keys
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        """Not by letters: it would open and read everything."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """What can be done with a row."""
        index = self.currentIndex()
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        branch = self.tree.branch(index)
        if branch is not None:
            self.offer(menu, branch.name if branch.forks else branch.copy_text())
        menu.addAction("Copy value\tCtrl+C", self.copy_value)
        menu.addAction("Copy path\tCtrl+Shift+C", self.copy_path)
        menu.addSeparator()
        menu.addAction("Open all below\t*", partial(self.expand_below, index))
        menu.addAction("Close all below", partial(self.collapse_below, index))
        menu.popup(event.globalPos())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours: ask for them again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()
