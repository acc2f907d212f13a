"""The exchange table: columns to choose, move and size, keys to walk with, and following the newest row.

Knows the model and the settings; what is done with the selection is the page's business.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from app.traffic.columns import COLUMNS, INDEX
from app.traffic.quick_cells import QuickCells
from app.traffic.table_model import ExchangeTableModel

_NARROW = 1100  #: pixels: below, the bar of phases makes room for the path
_HELD = 1_000  #: selected rows that stay selected when the list is made anew
_HELD_SORTED = 8  #: the same in a list where each has to be looked for
_STEPS = {Qt.Key.Key_J: 1, Qt.Key.Key_K: -1}


class ExchangeTable(QTableView):
    """The table.

    Signals:
        chosen(int): the current exchange by id, 0 for none.
        entered_detail(): Enter was pressed on a row.
        follow_changed(bool): whether the view follows the newest row.
        order_changed(str, bool): another order was asked for: the store's name of it, empty for none; descending.
        columns_sized(bool): the user has chosen widths, or let go of them.
        menu_wanted(QPoint, int): a context menu at a global point, for a column.
        column_wanted(): the user wants to name a header or key for a column.
        fields_changed(list[str]): the headers and keys that have a column are others now.
        painted(): a frame is done.
    """

    chosen = Signal(int)
    entered_detail = Signal()
    follow_changed = Signal(bool)
    order_changed = Signal(str, bool)
    columns_sized = Signal(bool)
    menu_wanted = Signal(QPoint, int)
    column_wanted = Signal()
    fields_changed = Signal(object)
    painted = Signal()

    def __init__(self, model: ExchangeTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("exchangeTable")
        self.setAccessibleName("Exchanges")
        self.setAccessibleDescription(
            "Requests with their responses, newest last. J and K walk, Enter opens the detail."
        )
        self.exchanges = model
        self.cells = QuickCells(self, model)
        self.following = True
        self.sized_by_user = False  #: whether the user has chosen widths: then the path keeps its own
        self._sharing = False
        self._held: tuple[int, array[int], int] = (0, array("q"), 0)
        self._order = ("", False)
        self.setModel(model)
        self._dress()
        self._make_header()
        self._connect()

    def _dress(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(16)
        rows.setDefaultSectionSize(self.fontMetrics().height() + 7)

    def _make_header(self) -> None:
        header = self.horizontalHeader()
        header.setObjectName("exchangeTableHeader")
        header.setSectionsMovable(True)
        header.setFirstSectionMovable(True)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(36)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionsClickable(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.reset_columns()

    def _connect(self) -> None:
        header = self.horizontalHeader()
        header.customContextMenuRequested.connect(self._on_header_menu_asked)
        header.sectionResized.connect(self._on_section_resized)
        header.sortIndicatorChanged.connect(self._on_sort_asked)
        self.customContextMenuRequested.connect(self._on_menu_asked)
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._on_scrolled)
        bar.rangeChanged.connect(self._on_range_changed)
        self.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.exchanges.modelAboutToBeReset.connect(self._before_reset)
        self.exchanges.modelReset.connect(self._after_reset)

    # columns

    def reset_columns(self) -> None:
        """Widths, order and choice as they were made."""
        header = self.horizontalHeader()
        unit = self.fontMetrics().averageCharWidth()
        for number, column in enumerate(self.exchanges.columns):
            header.moveSection(header.visualIndex(number), number)
            header.resizeSection(number, column.width * unit + 14)
            header.setSectionHidden(number, not column.shown)
        self._keep_phases_last()
        if self.sized_by_user:
            self.sized_by_user = False
            self.columns_sized.emit(False)
        self._share_width()

    def columns_menu(self) -> QMenu:
        """What to show, as a menu of ticks."""
        menu = QMenu("Columns", self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for number, column in enumerate(self.exchanges.columns):
            action = QAction(column.key if number >= len(COLUMNS) else column.title, menu, checkable=True)
            action.setChecked(not self.isColumnHidden(number))
            action.toggled.connect(lambda shown, at=number: self.show_column(at, shown))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction("Add column…", self.column_wanted.emit)
        if self.exchanges.fields:
            remove = menu.addMenu("Remove column")
            for name in self.exchanges.fields:
                remove.addAction(name, partial(self.remove_field, name))
        menu.addAction("Reset columns", self.reset_columns)
        return menu

    def _on_header_menu_asked(self, at: QPoint) -> None:
        """All columns; for one that was added, first what concerns that one."""
        header = self.horizontalHeader()
        menu = self.columns_menu()
        section = header.logicalIndexAt(at)
        if section >= len(COLUMNS):
            name = self.exchanges.columns[section].key
            first = menu.actions()[0]
            remove = QAction(f"Remove {name}", menu)
            remove.triggered.connect(lambda: self.remove_field(name))
            menu.insertAction(first, remove)
            menu.insertSeparator(first)
        menu.popup(header.mapToGlobal(at))

    # columns for headers and keys

    def add_field(self, name: str) -> None:
        """Give a header or key, such as ``header.user-agent``, a column; if it has one, bring that into view."""
        fields = self.exchanges.fields
        if name not in fields:
            self.set_fields([*fields, name])
            self.fields_changed.emit(list(self.exchanges.fields))
        number = len(COLUMNS) + self.exchanges.fields.index(name)
        self.setColumnHidden(number, False)
        row = max(0, self.currentIndex().row())
        if not self.following:
            self.scrollTo(self.exchanges.index(row, number))

    def remove_field(self, name: str) -> None:
        """Take the column of a header or key away."""
        fields = [field for field in self.exchanges.fields if field != name]
        if len(fields) < len(self.exchanges.fields):
            self.set_fields(fields)
            self.fields_changed.emit(fields)

    def set_fields(self, names: Sequence[str]) -> None:
        """Have columns for these headers and keys, and for no others."""
        header = self.horizontalHeader()
        before = {name: header.sectionSize(len(COLUMNS) + at) for at, name in enumerate(self.exchanges.fields)}
        if self._order[0] in before and self._order[0] not in names:
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.exchanges.set_fields(names)
        unit = self.fontMetrics().averageCharWidth()
        for number in range(len(COLUMNS), len(self.exchanges.columns)):
            column = self.exchanges.columns[number]
            header.resizeSection(number, before.get(column.key, column.width * unit + 14))
        self._keep_phases_last()
        self._share_width()

    def _keep_phases_last(self) -> None:
        """Added columns stand before the bar of phases, which takes what room is left."""
        header = self.horizontalHeader()
        header.moveSection(header.visualIndex(INDEX["waterfall"]), header.count() - 1)

    def show_column(self, number: int, shown: bool) -> None:
        """Show or hide a column; the last one stays."""
        hidden = self.horizontalHeader().hiddenSectionCount()
        if not shown and hidden >= len(self.exchanges.columns) - 1:
            return
        self.setColumnHidden(number, not shown)
        if shown and self.columnWidth(number) < 36:
            self.setColumnWidth(
                number, self.exchanges.columns[number].width * self.fontMetrics().averageCharWidth() + 14
            )

    def _on_sort_asked(self, section: int, order: Qt.SortOrder) -> None:
        name = self.exchanges.columns[section].order if section >= 0 else ""
        if section >= 0 and not name:
            self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            return
        asked = (name, bool(name) and order == Qt.SortOrder.DescendingOrder)
        if asked != self._order:
            self._order = asked
            self.order_changed.emit(*asked)

    def show_order(self, order: str, descending: bool) -> None:
        """Say that the table is in this order; it is not asked for."""
        self._order = (order, descending)
        section = next((at for at, column in enumerate(self.exchanges.columns) if order and column.order == order), -1)
        direction = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(section, direction)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """The path takes what the other columns leave, until the user has sized a column."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        path, last = INDEX["path"], INDEX["waterfall"]
        unit = self.fontMetrics().averageCharWidth()
        width = self.viewport().width()
        others = sum(self.columnWidth(at) for at in range(len(self.exchanges.columns)) if at not in (path, last))
        bar = COLUMNS[last].width * unit * (2 if width < _NARROW else 3) // 3
        self._sharing = True
        if not self.sized_by_user:
            self.setColumnWidth(path, max(18 * unit, width - others - bar))
        if not self.isColumnHidden(last):
            self.setColumnWidth(last, max(bar, width - others - self.columnWidth(path)))
        self._sharing = False

    def _on_section_resized(self, section: int, _before: int, _now: int) -> None:
        if self._sharing or section == INDEX["waterfall"] or not self.isVisible():
            return
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton and not self.sized_by_user:
            self.sized_by_user = True
            self.columns_sized.emit(True)
        self._share_width()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """A frame."""
        self.cells.paint(event)
        self.painted.emit()

    # selection

    def selected_ids(self) -> array[int]:
        """The chosen exchanges, in the table's order: of a million as quickly as of a few."""
        found = array("q")
        for first, end in self._selected_rows():
            found.extend(self.exchanges.stretch(first, end))
        return found

    def selected_count(self) -> int:
        """How many exchanges are chosen."""
        return sum(end - first for first, end in self._selected_rows())

    def _selected_rows(self) -> list[tuple[int, int]]:
        """What is chosen as half-open ranges of rows, in order, none of which touches another."""
        merged: list[tuple[int, int]] = []
        for first, end in sorted((one.top(), one.bottom() + 1) for one in self.selectionModel().selection().toList()):
            if merged and first <= merged[-1][1]:
                before = merged.pop()
                merged.append((before[0], max(before[1], end)))
            else:
                merged.append((first, end))
        return merged

    def current_id(self) -> int:
        """The exchange the cursor is on, 0 for none."""
        index = self.currentIndex()
        return self.exchanges.id_at(index.row()) if index.isValid() else 0

    def go_to(self, identity: int) -> bool:
        """Select an exchange, and no other, and bring it into view; false if it is not in the table."""
        position = self.exchanges.position(identity)
        if position < 0:
            return False
        index = self.exchanges.index(position, self._cursor_column())
        self.setCurrentIndex(index)  # the view's own, so that Shift extends from here
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().select(index, flags)  # with Ctrl held down Qt adds it to the others
        self.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
        return True

    def _cursor_column(self) -> int:
        """A column that is in view: from a hidden one Qt's own keys do not move."""
        column = self.currentIndex().column()
        if column >= 0 and not self.isColumnHidden(column):
            return column
        return next(at for at in range(len(self.exchanges.columns)) if not self.isColumnHidden(at))

    def step(self, by: int) -> None:
        """Move the cursor by rows; the first step takes the newest or the first."""
        count = self.exchanges.rowCount()
        if not count:
            return
        index = self.currentIndex()
        at = index.row() + by if index.isValid() else (count - 1 if by > 0 else 0)
        self.go_to(self.exchanges.id_at(min(max(at, 0), count - 1)))

    def rows_on_screen(self) -> tuple[int, int]:
        """First and last visible row."""
        top = self.rowAt(0)
        bottom = self.rowAt(self.viewport().height() - 1)
        return max(0, top), bottom if bottom >= 0 else self.exchanges.rowCount() - 1

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """J, K and Enter; the rest is Qt's."""
        if event.modifiers() == Qt.KeyboardModifier.NoModifier:
            key = Qt.Key(event.key())
            if key in _STEPS:
                self.step(_STEPS[key])
                return
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.entered_detail.emit()
                return
            if event.text().isalpha():
                event.ignore()  # whose key it is, and why it does nothing now, the window knows
                return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        """Letters are keys of their own here, not a search for rows that begin with them."""

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self.chosen.emit(self.exchanges.id_at(current.row()) if current.isValid() else 0)

    def _before_reset(self) -> None:
        """Another list: hold on to what is selected and to where one looks."""
        self._held = (self.current_id(), self.selected_ids()[:_HELD], self.verticalScrollBar().value())

    def _after_reset(self) -> None:
        current, selected, value = self._held
        position = self.exchanges.position(current) if current else -1
        if position < 0:
            self.chosen.emit(0)
            return
        self.selectionModel().blockSignals(True)  # it is the same exchange as before
        self.setCurrentIndex(self.exchanges.index(position, self._cursor_column()))
        self.selectionModel().blockSignals(False)
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        if not self.exchanges.ascending:
            selected = selected[:_HELD_SORTED]
        for at in (self.exchanges.position(identity) for identity in selected):
            if at >= 0:
                self.selectionModel().select(self.exchanges.index(at, 0), flags)
        if not self.following:
            self.verticalScrollBar().setValue(value)

    def _on_menu_asked(self, at: QPoint) -> None:
        index = self.indexAt(at)
        if index.isValid():
            if not self.selectionModel().isSelected(index):
                self.go_to(self.exchanges.id_at(index.row()))
            self.menu_wanted.emit(self.viewport().mapToGlobal(at), index.column())

    # following

    def follow(self, on: bool) -> None:
        """Keep the newest row in view, or stop doing so."""
        if on:
            self.scrollToBottom()
        self._set_following(on)

    def _set_following(self, on: bool) -> None:
        if on != self.following:
            self.following = on
            self.follow_changed.emit(on)

    def _on_scrolled(self, value: int) -> None:
        """The user scrolled up, or came back to the end. (New rows move the range, not the value.)"""
        self._set_following(value >= self.verticalScrollBar().maximum())

    def _on_range_changed(self, _low: int, high: int) -> None:
        if self.following and not self._order[0]:
            self.verticalScrollBar().setValue(high)
