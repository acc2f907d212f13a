"""The Environ or Scope tab: what the server handed to the application, as a tree with the meaning of each key."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import Role, color, mono_font, tip
from app.traffic import context, formats
from app.traffic.context import Node
from app.traffic.detail.parts import CopyTree, RoomyDelegate, caption
from app.traffic.explanations import explain
from inspector.model import Exchange

_PATH = Qt.ItemDataRole.UserRole
_CHARACTERS = (30, 9, 48, 40)


class _Tree(CopyTree):
    def lines_to_copy(self, items: list[QTreeWidgetItem]) -> list[str]:
        """Keys with what they mean."""
        return [f"{item.text(0)}: {item.text(3) or item.text(2)}" for item in items]


class ContextTab(QWidget):
    """Keys, types, raw and decoded values, and a line that explains the one the cursor is on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self._interface = ""
        self.search = QLineEdit(placeholderText="Find a key or a value", clearButtonEnabled=True)
        self.search.setAccessibleName("Find in environ or scope")
        self.count = caption()
        self.tree = _Tree()
        self.help = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.help.setAccessibleName("What this key is")
        self._dress()
        self._arrange()
        self.search.textChanged.connect(self._on_find_changed)
        self.tree.currentItemChanged.connect(lambda item, _old: self._explain(item))

    def _dress(self) -> None:
        self.tree.setAccessibleName("Environ or scope")
        self.tree.setHeaderLabels(["Key", "Type", "Value", "Decoded"])
        self.tree.setUniformRowHeights(True)
        self.tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.tree.setAllColumnsShowFocus(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setIndentation(16)
        self.tree.setItemDelegate(RoomyDelegate(self.tree))
        unit = self.fontMetrics().averageCharWidth()
        for column, width in enumerate(_CHARACTERS):
            self.tree.setColumnWidth(column, width * unit)
        self.help.setContentsMargins(10, 5, 10, 6)
        self.help.setMinimumHeight(self.fontMetrics().height() * 2 + 12)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 10, 4)
        bar.setSpacing(8)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.count)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.tree, 1)
        column.addWidget(self.help)

    def show_exchange(self, exchange: Exchange) -> None:
        """Show what ``exchange`` was called with; keeps the cursor on its key from one exchange to the next."""
        if exchange.context == self._shown and exchange.interface == self._interface:
            return
        chosen = self.tree.currentItem()
        path = chosen.data(0, _PATH) if chosen else None
        self._shown, self._interface = exchange.context, exchange.interface
        nodes = context.tree(exchange.context)
        self.tree.clear()
        self.tree.addTopLevelItems([self._item(node) for node in nodes])
        for at in range(self.tree.topLevelItemCount()):
            if (item := self.tree.topLevelItem(at)) is not None:
                item.setExpanded(item.text(0) in ("headers", "asgi"))
        self.count.setText(f"{len(nodes)} keys" if nodes else "")
        self._on_find_changed()
        self._restore(path)

    def _item(self, node: Node) -> QTreeWidgetItem:
        item = QTreeWidgetItem([node.key, node.type, formats.cell(node.value, 1000), formats.cell(node.decoded, 1000)])
        item.setData(0, _PATH, list(node.path))
        item.setForeground(1, color(Role.MUTED))
        item.setFont(2, mono_font())
        item.setFont(3, mono_font())
        known = explain(self._interface, node.path)
        said = tip(f"{known.text}\n{known.source}") if known else ""
        for column in range(4):
            item.setToolTip(column, said)
        item.addChildren([self._item(child) for child in node.children])
        return item

    def _restore(self, path: list[str] | None) -> None:
        for at in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(at)
            if item is not None and path and item.data(0, _PATH) == path[:1]:
                self.tree.setCurrentItem(item)
                return
        self._explain(None)

    def _explain(self, item: QTreeWidgetItem | None) -> None:
        if item is None:
            nothing = "No probe saw the application's call." if not self._shown else "Choose a key to see what it is."
            self.help.setText(nothing)
            return
        path = tuple(item.data(0, _PATH))
        known = explain(self._interface, path)
        if known is None:
            self.help.setText(f"{path[0]}: not a key of the standard; the server or a framework put it there.")
        else:
            self.help.setText(
                f"{path[0]}: {known.text} ({known.source})" if len(path) == 1 else f"{known.text} ({known.source})"
            )

    def _on_find_changed(self) -> None:
        wanted = self.search.text().strip().casefold()
        for at in range(self.tree.topLevelItemCount()):
            if (item := self.tree.topLevelItem(at)) is not None:
                _hide_others(item, wanted)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours: write the types in theirs again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._shown:
            for at in range(self.tree.topLevelItemCount()):
                if (item := self.tree.topLevelItem(at)) is not None:
                    _recolor(item)


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [child for at in range(item.childCount()) if (child := item.child(at)) is not None]


def _recolor(item: QTreeWidgetItem) -> None:
    item.setForeground(1, color(Role.MUTED))
    for child in _children(item):
        _recolor(child)


def _hide_others(item: QTreeWidgetItem, wanted: str) -> bool:
    """Hide what neither it nor anything under it mentions ``wanted``; whether it stayed."""
    own = not wanted or any(wanted in item.text(column).casefold() for column in (0, 2, 3))
    below = [_hide_others(child, "" if own else wanted) for child in _children(item)]
    stays = own or any(below)
    item.setHidden(not stays)
    if wanted and any(below) and not own:
        item.setExpanded(True)
    return stays
