"""The tree of processes for the view.

Rows are stable: a slot keeps its row, and what is selected, over all its lives.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.theme import Role, color, mono_font, tip
from app.workers.history import InHand
from app.workers.processes import Kind, Node
from app.workers.words import NO_LOOK, STATE_LOOKS, counted, cpu, duration, memory

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("Process", "State", "PID", "Gen.", "Restarts", "CPU", "Memory", "In hand", "How the last one ended")
PROCESS, STATE, PID, GENERATION, RESTARTS, CPU, MEMORY, IN_HAND, LAST = range(len(COLUMNS))
_RIGHT = {PID, GENERATION, RESTARTS}
_TIPS = (
    "Applications, their instances (one launch in a mode), and the slots of their workers",
    "",
    "Process id; of an instance, that of the server's master",
    "How many processes this slot has had",
    "How often this slot got a new process",
    "Percent of one core over the last second, and its course over the last minute",
    "Memory that is resident, and its course over the last minute",
    "Requests whose application a worker is running now; click to see them",
    "Of a slot: how its previous process ended. Of an instance: since when it serves",
)
#: What the delegate asks for: the node, and the course of a figure.
NODE_ROLE = int(Qt.ItemDataRole.UserRole)
COURSE_ROLE = NODE_ROLE + 1
SAMPLES = 60  #: of each figure, one a second
_NO_INDEX = QModelIndex()


@dataclass(slots=True, eq=False)
class _Item:
    """A row that stays while its node changes."""

    number: int
    node: Node
    above: _Item | None = None
    below: list[_Item] = field(default_factory=list)

    @property
    def row(self) -> int:
        return self.above.below.index(self) if self.above else 0


class WorkersModel(QAbstractItemModel):
    """Three levels: applications, instances, slots."""

    def __init__(self, held: InHand, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held = held
        self._root = _Item(0, Node(key=(), kind=Kind.APP, app="", title=""))
        self._items: dict[int, _Item] = {}
        self._numbers = 0
        self._courses: dict[tuple[str, ...], tuple[int, deque[tuple[float, int]]]] = {}

    def show_nodes(self, nodes: Sequence[Node]) -> None:
        """Show these: new rows are added, gone ones removed, the rest changed in place."""
        self._sync(self._root, nodes)

    def sample(self) -> None:
        """A second went by: take down what each living worker uses."""
        kept = {}
        for item in self._items.values():
            node = item.node
            if node.kind is Kind.WORKER and node.cpu is not None:
                pid, course = self._courses.get(node.key, (0, deque[tuple[float, int]](maxlen=SAMPLES)))
                if pid != node.pid:  # another process: its course is its own
                    course = deque(maxlen=SAMPLES)
                course.append((node.cpu, node.rss))
                kept[node.key] = (node.pid, course)
        self._courses = kept
        self._changed(lambda item: item.node.cpu is not None, CPU, MEMORY)

    def tick(self) -> None:
        """Time went on: what is in hand is in hand for longer."""
        self._changed(lambda item: bool(item.node.in_hand), IN_HAND, IN_HAND)

    def node(self, index: Index) -> Node | None:
        """What a row stands for."""
        return self._items[index.internalId()].node if index.isValid() else None

    def find(self, key: tuple[str, ...]) -> QModelIndex:
        """The row of a key, invalid if there is none."""
        item = next((item for item in self._items.values() if item.node.key == key), None)
        return self.createIndex(item.row, 0, item.number) if item else QModelIndex()

    def nodes(self) -> Iterator[Node]:
        """Every row's node, each before those under it."""
        for item in self._root.below:
            yield from item.node.walk()

    def _sync(self, above: _Item, nodes: Sequence[Node]) -> None:
        parent = self.createIndex(above.row, 0, above.number) if above.number else QModelIndex()
        wanted = {node.key for node in nodes}
        for row in range(len(above.below) - 1, -1, -1):
            if above.below[row].node.key not in wanted:
                self.beginRemoveRows(parent, row, row)
                self._forget(above.below.pop(row))
                self.endRemoveRows()
        for row, node in enumerate(nodes):
            there = above.below[row] if row < len(above.below) else None
            if there is not None and there.node.key == node.key:
                self._update(there, row, node)
                continue
            known = next((at for at in range(row, len(above.below)) if above.below[at].node.key == node.key), -1)
            if known >= 0:
                self.beginMoveRows(parent, known, known, parent, row)
                above.below.insert(row, above.below.pop(known))
                self.endMoveRows()
                self._update(above.below[row], row, node)
            else:
                self.beginInsertRows(parent, row, row)
                above.below.insert(row, self._make(node, above))
                self.endInsertRows()

    def _update(self, item: _Item, row: int, node: Node) -> None:
        if item.node != node:
            item.node = node
            self.dataChanged.emit(self.createIndex(row, 0, item.number), self.createIndex(row, LAST, item.number))
            self._sync(item, node.children)

    def _make(self, node: Node, above: _Item) -> _Item:
        self._numbers += 1
        made = self._items[self._numbers] = _Item(self._numbers, node, above)
        made.below = [self._make(child, made) for child in node.children]
        return made

    def _forget(self, item: _Item) -> None:
        del self._items[item.number]
        for below in item.below:
            self._forget(below)

    def _changed(self, wanted: Any, first: int, last: int) -> None:
        for item in self._items.values():
            if wanted(item):
                row = item.row
                self.dataChanged.emit(
                    self.createIndex(row, first, item.number), self.createIndex(row, last, item.number)
                )

    # what Qt asks for

    def index(self, row: int, column: int, parent: Index = _NO_INDEX) -> QModelIndex:
        """The index of a row; its id is the item's number."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        above = self._items[parent.internalId()] if parent.isValid() else self._root
        return self.createIndex(row, column, above.below[row].number)

    def parent(self, index: Index = _NO_INDEX) -> QModelIndex:  # type: ignore[override]  # QObject has one too
        """What a row is under."""
        item = self._items.get(index.internalId()) if index.isValid() else None
        if item is None or item.above is None or item.above is self._root:
            return QModelIndex()
        return self.createIndex(item.above.row, 0, item.above.number)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802  Qt's name
        """How many are under it."""
        if not parent.isValid():
            return len(self._root.below)
        return len(self._items[parent.internalId()].below) if parent.column() == 0 else 0

    def columnCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: ARG002, N802  Qt's name
        """The same for all."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Titles, and what they mean."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS[section] or None
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, colour, alignment; the node and the course of a figure for the delegate."""
        if not index.isValid():
            return None
        node, column = self._items[index.internalId()].node, index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(node, column)
            case Qt.ItemDataRole.ToolTipRole:
                return tip(self._tip(node, column))
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(node, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.FontRole:
                return mono_font() if column == PID else None
            case Qt.ItemDataRole.ForegroundRole:
                return _ink(node, column)
            case Qt.ItemDataRole.BackgroundRole:
                return color(Role.WARN_BACK) if node.state == "paused" else None
        if role == COURSE_ROLE:
            return self.course(node, column)
        return node if role == NODE_ROLE else None

    def course(self, node: Node, column: int) -> list[float]:
        """CPU or memory over the last minute; of what has workers under it, their sum."""
        if node.kind is not Kind.WORKER:
            courses = [self.course(child, column) for child in node.children]
            longest = max(map(len, courses), default=0)
            padded = [[0.0] * (longest - len(course)) + course for course in courses]
            return [sum(column) for column in zip(*padded, strict=True)]
        _pid, samples = self._courses.get(node.key, (0, ()))
        return [load if column == CPU else float(rss) for load, rss in samples]

    def _text(self, node: Node, column: int) -> str:
        match column:
            case 0:
                return node.title
            case 1:
                return node.state
            case 2:
                return str(node.pid or "")
            case 3:
                return str(node.generation or "")
            case 4:
                return "" if node.restarts is None else str(node.restarts)
            case 5:
                return "" if node.cpu is None else cpu(node.cpu)
            case 6:
                return memory(node.rss)
            case 7:
                return _held(node)
            case _:
                return f"{node.last}   {node.command}".strip() if node.kind is Kind.INSTANCE else node.last

    def _tip(self, node: Node, column: int) -> str:
        if column == IN_HAND and node.in_hand and node.live:
            now = time.monotonic()
            held = [
                f"#{exchange}, for {duration(self._held.held_for(node.app, exchange, now))}"
                for exchange in node.in_hand
            ]
            return "\n".join(["In hand (click to see them):", *held])
        if node.kind is Kind.INSTANCE and column in (PROCESS, LAST):
            return "\n".join(
                part for part in (f"instance {node.instance}, {node.title}", node.last, node.command) if part
            )
        return self._text(node, column)

    def _spoken(self, node: Node, column: int) -> str:
        """A whole sentence in the first column, for those who hear the row."""
        text = self._text(node, column)
        if column != PROCESS:
            return text
        told = [node.title, node.state, f"pid {node.pid}" if node.pid else ""]
        if node.in_hand:
            told.append(f"{counted(len(node.in_hand), 'request')} in hand")
        return ", ".join(part for part in told if part)


def _held(node: Node) -> str:
    if node.kind is Kind.APP:
        return f"{node.in_flight} in flight" if node.in_flight else ""
    if node.kind is Kind.INSTANCE:
        return ""
    count = len(node.in_hand)
    return str(count) if node.live or count else ""


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _ink(node: Node, column: int) -> Any:
    if column == STATE:
        return color(STATE_LOOKS.get(node.state, NO_LOOK)[0])
    if column == IN_HAND and node.in_hand:
        return color(Role.ACCENT)
    if column == LAST and node.last_sign is not None:
        return color(node.last_sign.role)
    return color(Role.MUTED) if column in (GENERATION, RESTARTS, LAST) else None
