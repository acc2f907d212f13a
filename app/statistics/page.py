"""The Statistics page: a table by route over plots over time, of the whole trace or of what the filter shows.

Knows feed and actions; nothing of the supervisor. The plots' library is not loaded before the page is first looked at.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.actions import Action, ActionRegistry
from app.background import Background
from app.feed import TraceFeed
from app.settings import Settings
from app.statistics.counting import Counting
from app.statistics.routes_model import COLUMNS, VALUE_ROLE, RoutesModel, as_text, filter_of
from app.statistics.sums import Course, Figures, RouteFigures
from app.theme import px
from app.theme.columns import spare_columns
from app.theme.widgets import ElidedLabel, button, look
from app.traffic import formats
from app.traffic.empty import EmptyState
from app.traffic.terms import FieldTerm
from inspector.query import Query

if TYPE_CHECKING:
    from app.statistics.plots import Plots

_GROUP = "Statistics"


#: What the route has at least, in pixels at the usual size of text, and which columns go for it: bytes, max, p90.
_LEAST, _SPARE = 160, (7, 6, 4)


class RoutesTable(QTableView):
    """Signals: ``route_chosen()``: Enter on a row, or a double click."""

    route_chosen = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Where there is little room, the route comes first."""
        super().resizeEvent(event)
        spare_columns(self.horizontalHeader(), event.size().width(), least=px(_LEAST), spare=_SPARE)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter; the rest is Qt's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.route_chosen.emit()
            return
        super().keyPressEvent(event)


class StatisticsPage(QWidget):
    """Figures of the trace in view.

    Signals:
        filter_wanted(str): show the exchanges that this filter lets through.
        said(str): something for the status bar.
    """

    filter_wanted = Signal(str)
    said = Signal(str)

    def __init__(
        self, feed: TraceFeed, actions: ActionRegistry, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("statisticsPage")
        self._feed, self._actions = feed, actions
        self._query: Query | None = None
        self.offer: Callable[[QMenu, Sequence[FieldTerm]], None] = lambda _menu, _terms: None  #: to filter by these
        self.counting = Counting(feed, self)
        self.model = RoutesModel(self)
        self.sorted = QSortFilterProxyModel(self)
        self.table = RoutesTable()
        self.words = ElidedLabel()
        self.only_shown = QCheckBox("Only what the filter shows")
        self.plots: Plots | None = None
        self._course = Course()
        self._loading = Background(self)
        self._saving = Background(self)
        self._splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self._waiting = QLabel("Loading plots…", alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty = EmptyState()
        self._over = QStackedWidget()
        self._arrange()
        self._register()
        self._connect()
        settings.remember(self._splitter)
        settings.remember(self.table.horizontalHeader())  # with what it is sorted by
        settings.keep_checked(self.only_shown, "statistics/only-shown")
        self._say_empty()
        self.setFocusProxy(self.table)

    def _arrange(self) -> None:
        self._dress_table()
        bar = QFrame()
        look(bar, "bar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(12)
        self.words.setAccessibleName("What is counted")
        look(self.words, "muted")
        self.copy = button("Copy", icon="copy", tip="Copy the table as it is sorted")
        self.save = button("Save as CSV…", icon="save")
        self.only_shown.setToolTip("Count what the Traffic page's filter lets through, a range of the lanes too")
        row.addWidget(self.words, 1)
        for widget in (self.only_shown, self.copy, self.save):
            row.addWidget(widget)
        look(self._waiting, "muted")
        self._splitter.setObjectName("statisticsSplitter")
        self._splitter.setHandleWidth(1)
        self._splitter.addWidget(self.table)
        self._splitter.addWidget(self._waiting)
        self._splitter.setSizes([320, 280])
        self._over.addWidget(self._splitter)
        self._over.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self._over, 1)

    def _dress_table(self) -> None:
        self.sorted.setSourceModel(self.model)
        self.sorted.setSortRole(VALUE_ROLE)
        table = self.table
        table.setObjectName("routesTable")
        table.setAccessibleName("Routes")
        table.setAccessibleDescription("A row for each method and path. Enter shows its exchanges.")
        table.setModel(self.sorted)
        table.setSortingEnabled(True)
        table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 7)
        header = table.horizontalHeader()
        header.setObjectName("routesHeader")
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for number in range(1, len(COLUMNS)):
            header.resizeSection(number, self.fontMetrics().averageCharWidth() * 11 + 14)

    def _register(self) -> None:
        def make(verb: str, title: str, run: object, **more: Any) -> Action:
            return Action(id=f"statistics.{verb}", title=title, run=run, group=_GROUP, scope=self, **more)  # type: ignore[arg-type]

        there = self.sorted.rowCount
        for action in (
            make("copy", "Copy the statistics", self.copy_table, shortcut="Ctrl+Shift+C", icon="copy",
                 enabled_when=lambda: there() > 0),
            make("save", "Save the statistics as CSV…", self.ask_where, shortcut="Ctrl+S", icon="save",
                 enabled_when=lambda: there() > 0),
            make("only_shown", "Count only what the filter shows", self.only_shown.toggle,
                 checked_when=self.only_shown.isChecked),
        ):  # fmt: skip
            self._actions.add(action)

    def _connect(self) -> None:
        self.copy.clicked.connect(self.copy_table)
        self.save.clicked.connect(self.ask_where)
        self.only_shown.toggled.connect(lambda _on: self._use_query())
        self.empty.button.clicked.connect(self.only_shown.toggle)
        self.counting.counted.connect(self._on_counted)
        self.table.route_chosen.connect(self._on_chosen)
        self.table.doubleClicked.connect(lambda _index: self._on_chosen())
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(
            lambda at: self.menu().popup(self.table.viewport().mapToGlobal(at))
        )

    # what others may ask

    def set_query(self, query: Query | None) -> None:
        """What the Traffic page's filter lets through now."""
        self._query = query
        self._use_query()

    def restart(self) -> None:
        """Other exchanges are in the trace than were: some were deleted, or came back."""
        self.counting.restart()

    def copy_table(self) -> None:
        """Copy the table as it is sorted."""
        rows = self.rows()
        QGuiApplication.clipboard().setText(as_text(rows, "\t"))
        self.said.emit("Copied 1 route" if len(rows) == 1 else f"Copied {len(rows):,} routes")

    def ask_where(self) -> None:
        """Let the user name a file for the table."""
        path, _kind = QFileDialog.getSaveFileName(self, "Save the statistics", "statistics.csv", "CSV (*.csv)")
        if path:
            self.save_to(path)

    def save_to(self, path: str) -> None:
        """Save the table as it is sorted."""
        text = as_text(self.rows(), ",")
        self._saving.run(
            lambda _cancelled: Path(path).write_text(text, encoding="utf-8"),
            lambda _size: self.said.emit(f"Saved to {path}"),
            lambda error: self.said.emit(f"{path} could not be written: {getattr(error, 'strerror', '') or error}"),
        )

    def rows(self) -> list[RouteFigures]:
        """The routes as they are sorted."""
        places = (self.sorted.mapToSource(self.sorted.index(at, 0)).row() for at in range(self.sorted.rowCount()))
        return [self.model.rows[at] for at in places]

    # reactions

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Somebody looks."""
        super().showEvent(event)
        self.counting.look(on=True)
        if self.plots is None and not self._loading.busy:
            self._loading.run(lambda _cancelled: importlib.import_module("app.statistics.plots"), self._on_loaded)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Nobody looks: nothing is counted."""
        super().hideEvent(event)
        self.counting.look(on=False)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours."""
        super().changeEvent(event)
        plots: Plots | None = getattr(self, "plots", None)  # Qt asks before the constructor is over
        if event.type() == QEvent.Type.PaletteChange and plots is not None:
            plots.restyle()

    def _on_loaded(self, module: Any) -> None:
        plots: Plots = module.Plots()
        sizes = self._splitter.sizes()
        self._splitter.replaceWidget(1, plots)
        self._splitter.setSizes(sizes)
        self._waiting.deleteLater()
        self.plots = plots
        plots.show_course(self._course)

    def _use_query(self) -> None:
        self.counting.set_query(self._query if self.only_shown.isChecked() else None)
        self._actions.refresh()

    def _on_counted(self, figures: Figures, more: bool) -> None:
        self.model.show(figures.routes)
        self._course = figures.course
        if self.plots is not None:
            self.plots.show_course(figures.course)
        routes = f"{formats.count(len(figures.routes))} route{'' if len(figures.routes) == 1 else 's'}"
        ended = f"{formats.count(figures.count)} exchange{'' if figures.count == 1 else 's'}"
        steps = f", in steps of {formats.duration(round(figures.course.step_s * 1e9))}" if figures.course.at else ""
        over = "is over" if figures.count == 1 else "are over"
        self.words.show_text(f"{ended} that {over}, {routes}{steps}{'; counting…' if more else ''}")
        self._say_empty()

    def _say_empty(self) -> None:
        """Where there is nothing to count, say why, and what to do."""
        there = bool(self.model.rows)
        for control in (self.copy, self.save):
            control.setEnabled(there)
        self._over.setCurrentWidget(self._splitter if there else self.empty)
        if self._query is not None and self.only_shown.isChecked():
            self.empty.say("Nothing that is over passes the filter", "The Traffic page has it.", "Count everything")
        else:
            first = "" if self._feed.is_open else "Start an application above, or open a trace. "
            self.empty.say("Nothing to count yet", f"{first}Requests are counted here, by route, when they are over.")

    @property
    def _route(self) -> str:
        """The filter of the route under the cursor; empty for none."""
        index: QModelIndex = self.sorted.mapToSource(self.table.currentIndex())
        return filter_of(self.model.rows[index.row()]) if index.isValid() else ""

    def menu(self) -> QMenu:
        """What can be done with the route under the cursor."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.offer(menu, [FieldTerm(self._route)] if self._route else [])
        menu.addAction("Copy the table", self.copy_table)
        return menu

    def _on_chosen(self) -> None:
        if wanted := self._route:
            self.filter_wanted.emit(wanted)
