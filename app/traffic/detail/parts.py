"""Small pieces the tabs of the detail share: text areas, two-column tables, captions, segmented buttons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QStyleOptionViewItem,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from app.theme import Role, color, mono_font, tip
from app.traffic.painting import CellDelegate


class MonoText(QPlainTextEdit):
    """Read-only text in a fixed-width font."""

    def __init__(self, name: str, parent: QWidget | None = None, *, wrap: bool = True) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setFont(mono_font())
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        mode = QPlainTextEdit.LineWrapMode.WidgetWidth if wrap else QPlainTextEdit.LineWrapMode.NoWrap
        self.setLineWrapMode(mode)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )


class RoomyDelegate(CellDelegate):
    """Rows of a tree as high as those of the tables."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """Three pixels above and below the text."""
        hint = super().sizeHint(option, index)
        return QSize(hint.width() + 4, max(hint.height(), option.fontMetrics.height() + 6))


class CopyTree(QTreeWidget):
    """A tree whose Ctrl+C copies what is selected as lines: what ``lines_to_copy`` makes of the items."""

    def lines_to_copy(self, items: list[QTreeWidgetItem]) -> list[str]:
        """All columns of each item."""
        return [": ".join(item.text(at) for at in range(self.columnCount())) for item in items]

    def copy_selected(self) -> None:
        """The selected rows to the clipboard."""
        QGuiApplication.clipboard().setText("\n".join(self.lines_to_copy(self.selectedItems())))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Copy; Qt's own would copy one cell."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
            return
        super().keyPressEvent(event)


class PairTable(CopyTree):
    """Names and values, in order, repeated ones too; Ctrl+C copies what is selected as lines."""

    def __init__(self, name: str, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHeaderLabels(list(titles))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAllColumnsShowFocus(True)
        self.setItemDelegate(RoomyDelegate(self))
        header = self.header()
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def show_pairs(self, rows: Iterable[Sequence[str]]) -> None:
        """Replace what is shown."""
        self.clear()
        items = []
        for row in rows:
            item = QTreeWidgetItem(list(row))
            item.setForeground(0, color(Role.MUTED))
            for column, text in enumerate(row):
                item.setToolTip(column, tip(text) if len(text) > 30 else "")
            items.append(item)
        self.addTopLevelItems(items)
        self.fit_first()

    def fit_first(self, most: int = 260) -> None:
        """Make all columns but the last as wide as they need, within reason."""
        for column in range(self.columnCount() - 1):
            self.resizeColumnToContents(column)
            self.setColumnWidth(column, min(most, self.columnWidth(column) + 10))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours: write the names in theirs again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for at in range(self.topLevelItemCount()):
                if (item := self.topLevelItem(at)) is not None:
                    item.setForeground(0, color(Role.MUTED))


class Segments(QWidget):
    """Buttons of which one is down; ``group.idClicked`` says which was pressed."""

    def __init__(self, name: str, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for number, title in enumerate(titles):
            button = QToolButton()
            button.setText(title)
            button.setCheckable(True)
            button.setProperty("look", "flat")
            button.setAccessibleName(f"{name}: {title}")
            self.group.addButton(button, number)
            row.addWidget(button)
        self.choose(0)

    @property
    def chosen(self) -> int:
        """The number of the button that is down."""
        return self.group.checkedId()

    def choose(self, number: int) -> None:
        """Put one down without a signal."""
        self.group.button(number).setChecked(True)

    def offer(self, number: int, there: bool) -> None:
        """Show or hide one of them."""
        self.group.button(number).setVisible(there)


def caption(text: str = "") -> QLabel:
    """A second-rank label that can be selected."""
    label = QLabel(text)
    label.setProperty("look", "caption")
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
