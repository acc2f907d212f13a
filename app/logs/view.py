"""The table of lines: follows the newest while it is at the bottom, is as wide as its longest line, copies rows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.logs.model import COLUMNS, LinesModel
from app.logs.painting import PAD, LineDelegate
from app.theme import Role, color

_WIDTHS = (14, 9, 7)  #: letters in time, level, worker
_TEXT = len(COLUMNS) - 1


class LinesView(QTableView):
    """Signals: ``copy_wanted()``."""

    copy_wanted = Signal()

    def __init__(self, model: LinesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("logsLines")
        self.setAccessibleName("Output of servers and applications")
        self.empty = "Nothing has been printed yet. What servers and applications print shows up here."
        self.lines = model
        self.following = True
        self.delegate = LineDelegate(self)
        self._longest = 0
        self.setModel(model)
        self.setItemDelegate(self.delegate)
        self._dress()
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        model.rowsInserted.connect(self._on_more)
        model.modelReset.connect(self._on_reset)
        model.dataChanged.connect(lambda top, bottom: self._measure(top.row(), bottom.row()))

    def _dress(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFont(self.delegate.font)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(10)
        rows.setDefaultSectionSize(self.delegate.metrics.height() + 3)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        letter = self.delegate.metrics.averageCharWidth()
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, width * letter + 2 * PAD)

    def chosen(self) -> list[int]:
        """The ids of the selected lines, in order."""
        return [self.lines.ids[index.row()] for index in sorted(self.selectionModel().selectedRows())]

    def go_to(self, identity: int) -> None:
        """Select the line ``identity`` and bring it into view."""
        index = self.lines.index(self.lines.row_of(identity), _TEXT)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(index, flags)
        self.scrollTo(index.siblingAtColumn(0), QAbstractItemView.ScrollHint.PositionAtCenter)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Copy copies whole lines; Home and End go to the first and the last."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and self.lines.ids:
            self.go_to(self.lines.ids[0 if event.key() == Qt.Key.Key_Home else -1])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The lines, or why there are none."""
        super().paintEvent(event)
        if not self.lines.ids:
            painter = QPainter(self.viewport())
            painter.setPen(color(Role.MUTED))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect().adjusted(24, 24, -24, -24), flags, self.empty)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """The text has what the other columns leave, and more if its lines are longer."""
        super().resizeEvent(event)
        self._widen()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours, or text of another size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "delegate"):  # Qt asks within the constructor too
            self.delegate.use_font(self.font())
            self._widen()
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.viewport().update()

    def _on_scrolled(self, value: int) -> None:
        if self.isVisible():  # behind another page the view has no true measure of its end
            self.following = value >= self.verticalScrollBar().maximum() - 1

    def _on_more(self, _parent: object, first: int, last: int) -> None:
        self._measure(max(first, last - 1000), last)
        if self.following:
            QTimer.singleShot(0, self, self._follow)

    def _on_reset(self) -> None:
        self._longest = 0
        self._measure(0, min(len(self.lines.ids), 1000) - 1)
        self._widen()
        self.following = True
        QTimer.singleShot(0, self, self._follow)

    def _follow(self) -> None:
        if self.following:
            self.scrollToBottom()

    def _measure(self, top: int, bottom: int) -> None:
        for row in range(top, bottom + 1):
            line = self.lines.line(row)
            self._longest = max(self._longest, len(line.text) if line else 0)
        self._widen()

    def _widen(self) -> None:
        taken = sum(self.columnWidth(column) for column in range(_TEXT))
        needed = self._longest * self.delegate.metrics.averageCharWidth() + 4 * PAD
        width = max(self.viewport().width() - taken, needed)
        if width != self.columnWidth(_TEXT):
            self.setColumnWidth(_TEXT, width)
