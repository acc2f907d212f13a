"""The Stacks tab: what each thread and asyncio task of a worker is in the middle of, asked for and shown as it came."""

from __future__ import annotations

import time

from PySide6.QtCore import QModelIndex, QSize, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QStackedWidget,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.theme import px
from app.theme.widgets import CopyButton, ElidedLabel, button
from app.traffic.empty import EmptyState
from app.traffic.painting import CellDelegate
from app.workers import stack_words as words
from app.workers.processes import Kind, Node
from app.workers.refusal import Refusal
from app.workers.stacks_model import EXCHANGE_ROLE, Index, StacksModel
from app.workers.words import wall
from supervisor.control.messages import Problem, StacksDumped

_OPEN = 6  #: stacks that are unfolded from the start; those with a request always are


class StacksView(QWidget):
    """One dump at a time.

    Signals:
        wanted: take the stacks of the chosen worker (again).
        resume_wanted: let the paused worker go on, so that it can answer.
        exchange_wanted(int): show the request that a stack works on.
    """

    wanted = Signal()
    resume_wanted = Signal()
    exchange_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stacksView")
        self.dumped: StacksDumped | None = None
        self._node: Node | None = None
        self.model = StacksModel(self)
        self.tree = self._make_tree()
        self.words = ElidedLabel()
        self.refresh = button("Take again", icon="reload", tip="Ask the worker once more what it is doing (S)")
        self.refresh.clicked.connect(self.wanted)
        self.jump = button("Show the request", icon="traffic", tip="Show the request that this stack works on (Enter)")
        self.jump.clicked.connect(self._on_jump)
        self.all_calls = QCheckBox("All calls")
        self.all_calls.setToolTip("Show the calls in libraries and in Python itself as well")
        self.all_calls.toggled.connect(self._fill)
        self.copy = CopyButton("Copy all stacks as text")
        self.problem = Refusal()
        self.problem.dismissed.connect(lambda: self.show_problem(None))
        self.problem.way_taken.connect(lambda _way: self.wanted.emit())
        self.empty = EmptyState()
        self.empty.button.clicked.connect(self._on_empty_button)
        self._lay_out()
        self._render()

    def show_node(self, node: Node | None) -> None:
        """Another worker is chosen: its stacks are not those of the one before."""
        before, self._node = self._node, node
        if before is None or node is None or (before.key, before.pid) != (node.key, node.pid):
            self.dumped = None
            self.model.show_stacks([])
            self.show_problem(None)
        self._render()

    def show_asking(self) -> None:
        """The worker was asked; what it said before stays."""
        self.words.show_text("Asking the worker…")
        self.refresh.setEnabled(False)
        if self.dumped is None:
            self.empty.say("Asking the worker…", "It answers within milliseconds, unless native code holds it.")

    def show_stacks(self, dumped: StacksDumped) -> None:
        """It answered."""
        self.dumped = dumped
        self.show_problem(None)
        at = wall(time.time() - (time.monotonic_ns() - dumped.at_ns) / 1e9)
        self.words.show_text(f"Worker {dumped.slot}, pid {dumped.pid}, at {at}: {words.summary(dumped)}")
        self.copy.text_to_copy = words.text(dumped, at)
        self._fill()
        self._render()

    def show_problem(self, problem: Problem | None) -> None:
        """It did not answer, and why."""
        self.problem.say(problem)
        self._render()

    def _fill(self) -> None:
        if self.dumped is None:
            return
        self.model.show_stacks(words.ordered(self.dumped.stacks), all_calls=self.all_calls.isChecked())
        for row, stack in enumerate(self.model.stacks):
            if row < _OPEN or stack.exchange:
                self.tree.expand(self.model.index(row, 0))
        self.tree.setCurrentIndex(self.model.index(0, 0))

    def _render(self) -> None:
        node = self._node
        can = node is not None and node.kind is Kind.WORKER and node.live
        self.refresh.setEnabled(can)
        self._bar.setVisible(self.dumped is not None)
        self._stack.setCurrentIndex(0 if self.dumped is not None else 1)
        self._stack.setVisible(self.dumped is not None or self.problem.isHidden())
        if not can or node is None:
            self.empty.say(
                "No stacks", "Only a process that lives can say what it is doing. Choose a worker that runs."
            )
        elif node.state == "paused":
            advice = "A paused process runs no code, and so cannot say where it is."
            self.empty.say(f"Worker {node.slot} is paused", advice, "Let it go on")
        else:
            advice = "Every thread and asyncio task with its calls, and the request it works on; also while it hangs."
            self.empty.say(f"What is worker {node.slot} doing right now?", advice, "Take its stacks")

    def _on_empty_button(self) -> None:
        if self._node is not None and self._node.state == "paused":
            self.resume_wanted.emit()
        else:
            self.wanted.emit()

    def _on_jump(self) -> None:
        exchange = self.tree.currentIndex().data(EXCHANGE_ROLE)
        if exchange:
            self.exchange_wanted.emit(exchange)

    def _on_current(self, current: QModelIndex) -> None:
        exchange = current.data(EXCHANGE_ROLE) if current.isValid() else 0
        self.jump.setVisible(bool(exchange))
        self.jump.setText(f"Show #{exchange}")

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setObjectName("stacksTree")
        tree.setAccessibleName("Stacks: threads and tasks, and under each its calls, the innermost last")
        tree.setModel(self.model)
        tree.setItemDelegate(_Rows(tree))
        tree.setUniformRowHeights(True)
        tree.setFrameShape(QTreeView.Shape.NoFrame)
        tree.setAllColumnsShowFocus(True)
        tree.setIndentation(16)
        tree.setExpandsOnDoubleClick(False)
        tree.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for column, width in enumerate((190, 160)):
            tree.setColumnWidth(column, px(width))
        tree.header().setStretchLastSection(True)
        tree.activated.connect(lambda _index: self._on_jump())
        tree.selectionModel().currentRowChanged.connect(lambda current, _before: self._on_current(current))
        return tree

    def _lay_out(self) -> None:
        self._bar = QWidget()
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(10, 4, 8, 4)
        row.setSpacing(6)
        row.addWidget(self.words, 1)
        for widget in (self.jump, self.all_calls, self.refresh, self.copy):
            row.addWidget(widget)
        self.jump.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.tree)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(self.problem)
        column.addWidget(self._stack, 1)
        column.addStretch(0)

    def copy_text(self) -> None:
        """All stacks on the clipboard."""
        if self.dumped is not None:
            QGuiApplication.clipboard().setText(self.copy.text_to_copy)


class _Rows(CellDelegate):
    """Rows with air between them."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802  Qt's name
        """As high as a line of text and a little more."""
        return QSize(super().sizeHint(option, index).width(), option.fontMetrics.height() + 6)
