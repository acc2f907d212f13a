"""The Workers page: the live process tree from the supervisor above, lives and events from the trace below."""

from __future__ import annotations

import time

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QSplitter,
    QStackedLayout,
    QTableView,
    QTabWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.feed import TraceFeed
from app.link import SupervisorLink
from app.settings import Settings
from app.theme.widgets import label
from app.workers.history import Event, InHand, Life, events_of, lives_of
from app.workers.model import PROCESS, WorkersModel
from app.workers.tables import events_model, lives_model
from inspector.store.reader import TraceReader
from supervisor.control.messages import AppStatus

#: How often the trace is asked while somebody looks, and elapsed times tick.
FLUSH_MS = 500
_WIDTHS = (200, 90, 80, 56, 76, 70, 90, 170)


class WorkersPage(QWidget):
    """Shows what the supervisor reports, and what the trace tells of it."""

    def __init__(self, link: SupervisorLink, feed: TraceFeed, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("workersPage")
        self._feed = feed
        self._held = InHand()
        self.model = WorkersModel(self._held, self)
        self.lives = lives_model(self)
        self.events = events_model(self)
        self.tree = self._make_tree()
        self.lists = QTabWidget()
        self.lists.setObjectName("workersLists")
        self.lists.setDocumentMode(True)
        self.lists.addTab(_table(self.lives, "Lives of workers", (90, 120, 130, 160, 76, 90, 140)), "Lives")
        self.lists.addTab(_table(self.events, "Events", (90, 120, 100, 76)), "Events")
        self._shown: tuple[list[Life], list[Event]] = ([], [])
        self._flush = QTimer(self, interval=FLUSH_MS)
        self._flush.timeout.connect(self._on_flush)
        self._lay_out(settings)
        link.app_changed.connect(self.on_app_changed)
        feed.opened.connect(self._on_opened)
        feed.closed.connect(lambda: self._on_told(([], [])))

    def on_app_changed(self, status: AppStatus) -> None:
        """Take in the next status."""
        self._held.see(status, time.monotonic())
        self.model.show_status(status)
        self._stack.setCurrentIndex(1)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Catch up, and tick."""
        self._on_flush()
        self._flush.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Nobody looks."""
        self._flush.stop()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours: the models hand out new ones."""
        if event.type() == QEvent.Type.PaletteChange:
            self.tree.viewport().update()
        super().changeEvent(event)

    def _on_opened(self, _path: str) -> None:
        self._stack.setCurrentIndex(1)
        self._on_flush()

    def _on_flush(self) -> None:
        self.model.tick()
        if self._feed.is_open:
            self._feed.ask(_tell, self._on_told, key="workers")

    def _on_told(self, told: tuple[list[Life], list[Event]]) -> None:
        """Draw anew only what is new: a reset would take the selection along."""
        lives, events = told
        if lives != self._shown[0]:
            self.lives.show_rows(lives)
        else:
            self.lives.tick()
        if events != self._shown[1]:
            self.events.show_rows(events)
        self._shown = told

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setObjectName("workersTree")
        tree.setAccessibleName("Processes: applications and their workers")
        tree.setModel(self.model)
        tree.setUniformRowHeights(True)
        tree.setAllColumnsShowFocus(True)
        tree.setAlternatingRowColors(True)
        tree.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        tree.setFrameShape(QTreeView.Shape.NoFrame)
        for column, width in enumerate(_WIDTHS):
            tree.setColumnWidth(column, width)
        tree.header().setObjectName("workersTreeHeader")
        tree.header().setStretchLastSection(True)
        self.model.rowsInserted.connect(self._on_rows_inserted)
        return tree

    def _on_rows_inserted(self, parent: QModelIndex, first: int, _last: int) -> None:
        """Every application is open from the start."""
        self.tree.expand(parent if parent.isValid() else self.model.index(first, PROCESS))

    def _lay_out(self, settings: Settings) -> None:
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setObjectName("workersSplitter")
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(1)
        splitter.addWidget(self.tree)
        splitter.addWidget(self.lists)
        splitter.setSizes([300, 260])
        empty = QWidget()
        column = QVBoxLayout(empty)
        words = label(
            "No application has run yet. Pick one above and press Start; its processes show up here.", "muted"
        )
        column.addWidget(words, 0, Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(splitter)
        settings.remember(splitter)
        settings.remember(self.tree.header())


def _tell(reader: TraceReader) -> tuple[list[Life], list[Event]]:
    """What the trace tells; runs in the reader's thread."""
    instances, workers, wall = reader.instances(), reader.workers(), reader.meta().wall
    return lives_of(instances, workers, wall), events_of(instances, workers, wall)


def _table(model: QAbstractItemModel, name: str, widths: tuple[int, ...]) -> QTableView:
    table = QTableView()
    table.setAccessibleName(name)
    table.setModel(model)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
    table.horizontalHeader().setStretchLastSection(True)
    table.horizontalHeader().setHighlightSections(False)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setFrameShape(QTableView.Shape.NoFrame)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    for column, width in enumerate(widths):
        table.setColumnWidth(column, width)
    return table
