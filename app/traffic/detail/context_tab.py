"""The Environ or Scope tab: what the server handed to the application, as a tree with the meaning of each key.

A further column says how it differs: from the request's head on the wire, or from another exchange's. What differs is
decided by ``app.traffic.handover`` and ``app.traffic.contrast``.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QLabel,
    QLineEdit,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.feed import TraceFeed
from app.theme import Role, color, mono_font, px, tip
from app.theme.rows import SparingRow
from app.theme.widgets import ElidedComboBox, button
from app.traffic import context, formats
from app.traffic.context import Node
from app.traffic.contrast import against_other
from app.traffic.detail.others import Other, find_other
from app.traffic.detail.parts import CopyTree, RoomyDelegate, caption
from app.traffic.explanations import explain
from app.traffic.handover import Remark, against_wire
from inspector.model import Exchange

_PATH, _SECRET, _CHANGE = (Qt.ItemDataRole.UserRole + at for at in range(3))
_KEY, _TYPE, _VALUE, _DECODED, _REMARK = range(5)
_CHARACTERS = (27, 8, 36, 24)
_HIGH = 13  #: lines that the tab must have room for, to have the words on a key below
_INKS = {"added": Role.MUTED, "changed": Role.CLIENT_ERROR, "decoded": Role.REDIRECT, "dropped": Role.SERVER_ERROR}


class _Tree(CopyTree):
    def lines_to_copy(self, items: list[QTreeWidgetItem]) -> list[str]:
        """Keys with what they mean."""
        return [f"{item.text(_KEY)}: {item.text(_DECODED) or item.text(_VALUE)}" for item in items]


class ContextTab(QWidget):
    """Keys, types, raw and decoded values, and a line that explains the one the cursor is on."""

    def __init__(self, feed: TraceFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._exchange: Exchange | None = None
        self._other: Exchange | None = None  # the one to compare with, when it was read
        self._kept: Exchange | None = None  # the one picked to compare with
        self._nodes: list[Node] = []
        self._remarks: dict[tuple[str, ...], Remark] = {}
        self.search = QLineEdit(placeholderText="Find a key or a value", clearButtonEnabled=True)
        self.search.setAccessibleName("Find in environ or scope")
        self.search.setMinimumWidth(px(80))
        self.compare = ElidedComboBox()
        self.keep = button("Keep", tip="Keep this one, to compare others with it")
        self.only = QCheckBox("Differences only")
        self.secrets = QCheckBox("Show secrets")
        self.count = caption()
        self.tree = _Tree()
        self.help = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._dress()
        self._arrange()
        self._connect()

    def _dress(self) -> None:
        self.compare.setAccessibleName("Compare with")
        self.compare.setMinimumContentsLength(18)
        for other in Other:
            self.compare.addItem(str(other), other)
        self.tree.setAccessibleName("Environ or scope")
        self.tree.setHeaderLabels(["Key", "Type", "Value", "Decoded", "On the wire"])
        self.tree.setUniformRowHeights(True)
        self.tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.tree.setAllColumnsShowFocus(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setIndentation(16)
        self.tree.setItemDelegate(RoomyDelegate(self.tree))
        unit = self.fontMetrics().averageCharWidth()
        for column, width in enumerate(_CHARACTERS):
            self.tree.setColumnWidth(column, width * unit)
        self.help.setAccessibleName("What this key is")
        self.help.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.help.setContentsMargins(10, 5, 10, 6)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)

    def _arrange(self) -> None:
        words = caption("Compare with")
        bar = SparingRow(
            (self.search, words, self.compare, self.keep, self.only, self.secrets, self.count),
            wide=self.search, spare=(words, self.count),
        )  # fmt: skip
        split = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        split.setHandleWidth(1)
        split.addWidget(self.tree)
        split.addWidget(self.help)
        split.setStretchFactor(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(split, 1)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._narrow)
        self.only.toggled.connect(self._narrow)
        self.secrets.toggled.connect(self._fill)
        self.compare.currentIndexChanged.connect(self._compare)
        self.keep.clicked.connect(self._on_keep)
        self.tree.currentItemChanged.connect(lambda item, _old: self._explain(item))

    # what is shown

    def show_exchange(self, exchange: Exchange) -> None:
        """Show what ``exchange`` was called with; keeps the cursor on its key from one exchange to the next."""
        before, self._exchange = self._exchange, exchange
        if before is not None and _same(before, exchange):
            return
        self._nodes = context.tree(exchange.context)
        self._compare()

    def _compare(self) -> None:
        """Fetch what to compare with, if it is an exchange; else say at once how it differs."""
        exchange, wanted = self._exchange, self.compare.currentData()
        if exchange is None:
            return
        self._other = None
        if wanted in (Other.PREVIOUS, Other.REPLAY):
            call = partial(find_other, exchange=exchange, wanted=wanted)
            self._feed.ask(call, partial(self._take_other, exchange.id), key="context.other")
        elif wanted == Other.KEPT:
            self._other = self._kept
        self._fill()

    def _take_other(self, identity: int, other: Exchange | None) -> None:
        if self._exchange is not None and identity == self._exchange.id:
            self._other = other
            self._fill()

    def path(self, item: QTreeWidgetItem) -> tuple[str, ...]:
        """The names from the top to a row."""
        return tuple(item.data(0, _PATH) or ())

    def _on_keep(self) -> None:
        self._kept = self._exchange
        if self._kept is not None:
            at = self.compare.findData(Other.KEPT)
            self.compare.setItemText(at, f"Exchange {self._kept.id}, which was kept")
            if self.compare.currentIndex() == at:
                self._compare()

    def _fill(self) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        chosen = self.tree.currentItem()
        path = tuple(chosen.data(0, _PATH)) if chosen else ()
        self._remarks = {remark.path: remark for remark in self._found(exchange)}
        self.tree.clear()
        self.tree.addTopLevelItems([self._item(node) for node in self._nodes])
        self._add_missing()
        for item in _tops(self.tree):
            item.setExpanded(item.text(_KEY) in ("headers", "asgi"))
        self.tree.setColumnHidden(_REMARK, self.compare.currentData() == Other.NOTHING)
        self.tree.setHeaderLabels(["Key", "Type", "Value", "Decoded", self._title()])
        self._narrow()
        self._restore(path)

    def _found(self, exchange: Exchange) -> list[Remark]:
        if self.compare.currentData() == Other.WIRE:
            return against_wire(exchange.interface, exchange.context, exchange.request_head, exchange.client)
        if self._other is None:
            return []
        return against_other(exchange.interface, exchange.context, self._other.interface, self._other.context)

    def _title(self) -> str:
        if self.compare.currentData() == Other.WIRE:
            return "On the wire"
        return f"In exchange {self._other.id}" if self._other is not None else "In the other"

    def _item(self, node: Node) -> QTreeWidgetItem:
        value, decoded = context.shown(node, secrets=self.secrets.isChecked())
        hidden = (value, decoded) != (node.value, node.decoded)
        remark = self._remarks.get(node.path)
        texts = [
            node.key,
            node.type,
            formats.cell(value, 1000),
            formats.cell(decoded, 1000),
            (remark.change if hidden and remark.text else remark.text) if remark else "",
        ]
        item = self._dressed(texts, node.path, remark.change if remark else "")
        item.addChildren([self._item(child) for child in node.children])
        return item

    def _dressed(self, texts: list[str], path: tuple[str, ...], change: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(texts)
        item.setData(0, _PATH, list(path))
        item.setData(0, _CHANGE, change)
        item.setFont(_VALUE, mono_font())
        item.setFont(_DECODED, mono_font())
        exchange = self._exchange
        known = explain(exchange.interface if exchange else "", path)
        said = "\n".join(part for part in (known and f"{known.text}\n{known.source}", texts[_REMARK]) if part)
        for column in range(len(texts)):
            item.setToolTip(column, tip(said))
        _ink(item)
        return item

    def _add_missing(self) -> None:
        """Rows for what is not there: keys that were dropped, or that only the other one has."""
        there = {tuple(item.data(0, _PATH)): item for top in _tops(self.tree) for item in (top, *_children(top))}
        for path, remark in self._remarks.items():
            if path in there or remark.change == "same":
                continue
            item = self._dressed([path[-1], "", "not there", "", remark.text], path, remark.change)
            item.setForeground(_VALUE, color(Role.MUTED))
            parent = there.get(path[:-1])
            if parent is not None:
                parent.addChild(item)
            else:
                self.tree.addTopLevelItem(item)

    def _restore(self, path: tuple[str, ...]) -> None:
        for item in _tops(self.tree):
            for each in (item, *_children(item)):
                if path and tuple(each.data(0, _PATH)) == path:
                    self.tree.setCurrentItem(each)
                    return
        self._explain(None)

    def _explain(self, item: QTreeWidgetItem | None) -> None:
        if self._exchange is None or item is None:
            nothing = "Choose a key to see what it is." if self._nodes else "No probe saw the application's call."
            self.help.setText(nothing)
            return
        path = tuple(item.data(0, _PATH))
        known = explain(self._exchange.interface, path)
        if known is None:
            said = f"{path[0]}: not a key of the standard; the server or a framework put it there."
        else:
            said = f"{path[0]}: {known.text} ({known.source})" if len(path) == 1 else f"{known.text} ({known.source})"
        remark = item.text(_REMARK)
        self.help.setText(f"{said}\n{self.tree.headerItem().text(_REMARK)}: {remark}" if remark else said)

    # what is in view

    def _narrow(self) -> None:
        wanted = self.search.text().strip().casefold()
        only = self.only.isChecked() and self.compare.currentData() != Other.NOTHING
        for item in _tops(self.tree):
            _hide_others(item, wanted, only=only)
        keys = len(self._nodes)
        different = sum(remark.change in ("changed", "decoded", "dropped") for remark in self._remarks.values())
        if self.compare.currentData() not in (Other.NOTHING, Other.WIRE):
            different = len(self._remarks)
        parts = [f"{keys} keys" if keys else "", f"{different} different" if self._remarks else ""]
        if self.compare.currentData() in (Other.PREVIOUS, Other.REPLAY, Other.KEPT):
            parts[1] = f"{different} different" if self._other is not None else "there is none"
        self.count.setText(", ".join(part for part in parts if part))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Where there is room for a few rows only, they are worth more than the words, which each has as a tip."""
        super().resizeEvent(event)
        line = self.fontMetrics().height()
        self.help.setMinimumHeight(line * 3 + 12)
        self.help.setVisible(event.size().height() >= line * _HIGH)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours: write in theirs again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._exchange is not None:
            for item in _tops(self.tree):
                _recolor(item)


def _same(one: Exchange, other: Exchange) -> bool:
    return (one.id, one.context, one.interface, one.request_head) == (
        other.id, other.context, other.interface, other.request_head,
    )  # fmt: skip


def _tops(tree: QTreeWidget) -> list[QTreeWidgetItem]:
    return [item for at in range(tree.topLevelItemCount()) if (item := tree.topLevelItem(at)) is not None]


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [child for at in range(item.childCount()) if (child := item.child(at)) is not None]


def _ink(item: QTreeWidgetItem) -> None:
    item.setForeground(_TYPE, color(Role.MUTED))
    item.setForeground(_REMARK, color(_INKS.get(item.data(0, _CHANGE), Role.MUTED)))


def _recolor(item: QTreeWidgetItem) -> None:
    _ink(item)
    for child in _children(item):
        _recolor(child)


def _hide_others(item: QTreeWidgetItem, wanted: str, *, only: bool) -> bool:
    """Hide what neither it nor anything under it mentions ``wanted``, or is different; whether it stayed."""
    mentioned = not wanted or any(wanted in item.text(column).casefold() for column in (_KEY, _VALUE, _DECODED))
    differs = not only or item.data(0, _CHANGE) not in ("", "same")
    below = [_hide_others(child, "" if mentioned else wanted, only=only) for child in _children(item)]
    stays = (mentioned and differs) or any(below)
    item.setHidden(not stays)
    if (wanted and any(below) and not mentioned) or (only and any(below)):
        item.setExpanded(True)
    return stays
