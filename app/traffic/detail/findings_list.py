"""The findings of one exchange as a list: an icon for how grave, what was done, and what was seen below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.theme import Role, color, tip
from app.theme.icons import pixmap
from app.traffic import finding_words as words
from app.traffic import formats
from inspector.model import Finding

if TYPE_CHECKING:  # the window starts without the rules
    from inspector.contract import Rule

Index = QModelIndex | QPersistentModelIndex
FINDING_ROLE = int(Qt.ItemDataRole.UserRole)
_ICON = 16
_NO_INDEX = QModelIndex()
_STEPS = {Qt.Key.Key_J: 1, Qt.Key.Key_K: -1}


class FindingsModel(QAbstractListModel):
    """Findings in order of time, with their rules."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.findings: tuple[Finding, ...] = ()
        self.rules: Mapping[str, Rule] = {}

    def show(self, findings: Sequence[Finding], rules: Mapping[str, Rule]) -> None:
        """Show these. Where only some came after those in view, what is chosen stays."""
        before, after = self.findings, tuple(findings)
        self.rules = rules
        if before and before == after[: len(before)]:
            if len(after) > len(before):
                self.beginInsertRows(_NO_INDEX, len(before), len(after) - 1)
                self.findings = after
                self.endInsertRows()
            return
        self.beginResetModel()
        self.findings = after
        self.endResetModel()

    def rule(self, number: int) -> Rule | None:
        """The rule that a finding breaks, if it is known."""
        return self.rules.get(self.findings[number].rule)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:  # noqa: N802
        """All."""
        return 0 if parent.isValid() else len(self.findings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What was done; the finding itself under ``FINDING_ROLE``; all in one for screen readers."""
        if not index.isValid():
            return None
        finding = self.findings[index.row()]
        title = words.headline(finding, self.rule(index.row()))
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        if role == FINDING_ROLE:
            return finding
        if role == Qt.ItemDataRole.AccessibleTextRole:
            name, _, _ = words.gravity(finding.severity)
            return f"{name}: {title}, {finding.rule}, {words.place(finding)}. {finding.detail}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(finding.detail)
        return None


class _TwoLines(QStyledItemDelegate):
    """What was done with the rule at its right; below it what was seen, with where."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802
        """Two lines with air."""
        return QSize(120, 2 * option.fontMetrics.height() + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One finding."""
        finding: Finding = index.data(FINDING_ROLE)
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, color(Role.SELECTION))
        _, icon, role = words.gravity(finding.severity)
        line = option.fontMetrics.height()
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(QPointF(area.left() + 12, area.top() + 7), pixmap(icon, _ICON, color(role), ratio))
        inner = area.adjusted(12 + _ICON + 8, 6, -12, -6)
        upper, lower = QRect(inner), QRect(inner)
        upper.setHeight(line)
        lower.setTop(inner.top() + line + 2)
        rule = option.fontMetrics.horizontalAdvance(finding.rule)
        _write(painter, upper, finding.rule, Role.MUTED, right=True)
        _write(painter, upper.adjusted(0, 0, -rule - 12, 0), index.data(), Role.TEXT)
        seen = (
            f"{words.place(finding)}: {formats.cell(finding.detail, 300)}" if finding.detail else words.place(finding)
        )
        _write(painter, lower, seen[:1].upper() + seen[1:], Role.MUTED)


def _write(painter: QPainter, area: QRect, text: str, role: Role, *, right: bool = False) -> None:
    painter.setPen(color(role))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, area.width()))
    painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, shown)


class FindingsList(QListView):
    """The list.

    Signals:
        chosen(int): the cursor is on this row.
        opened(int): Enter on a row, or a double click.
        copied(): Ctrl+C.
    """

    chosen = Signal(int)
    opened = Signal(int)
    copied = Signal()

    def __init__(self, model: FindingsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName("Findings")
        self.setAccessibleDescription("Rules that this exchange breaks. Enter goes to the message that shows it.")
        self.setItemDelegate(_TwoLines(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        self.selectionModel().currentChanged.connect(lambda index, _before: self.chosen.emit(index.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter, copy, J and K; the rest is Qt's."""
        key, row = Qt.Key(event.key()), self.currentIndex().row()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0:
            self.opened.emit(row)
        elif key in _STEPS and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            count = self.model().rowCount()
            self.setCurrentIndex(self.model().index(min(max(row + _STEPS[key], 0), count - 1), 0))
        else:
            super().keyPressEvent(event)
