"""The list of servers: each mode with whether it can run, and why or why not, at a glance and for a screen reader."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.launch.choice import MARKS, runs_as_it_is, short_reason
from app.theme import Role, color, tip
from app.theme.widgets import ElidedComboBox
from supervisor.control.messages import ModesListed, ModeStatus

SLUG = Qt.ItemDataRole.UserRole
_TITLE, _STATE, _REASON = (Qt.ItemDataRole.UserRole + at for at in (1, 2, 3))
_ROLES = {
    "ready": Role.OK, "lendable": Role.REDIRECT, "installable": Role.ACCENT, "adaptable": Role.CLIENT_ERROR,
    "impossible": Role.MUTED,
}  # fmt: skip
_WIDE = 560


class ServerList(ElidedComboBox):
    """Picks a mode. Nothing in it is disabled: what can't run is picked to be told why, and what to do."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("server")
        self._model = QStandardItemModel(self)
        self._shown: tuple[object, ...] = ()
        self.setModel(self._model)
        self.setItemDelegate(_Row(self))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.setMaxVisibleItems(12)

    def show_modes(self, modes: tuple[ModeStatus, ...], listed: ModesListed | None, picked: str) -> None:
        """Offer ``modes``; the one whose slug is ``picked`` is chosen."""
        interface = listed.interface if listed else ""
        if (modes, interface) != self._shown:
            self._shown = (modes, interface)
            self._model.clear()
            for mode in modes:
                self._model.appendRow(_item(mode, short_reason(mode, interface)))
            self.view().setMinimumWidth(_WIDE)
        self.setCurrentIndex(self.findData(picked, SLUG))
        mode_now = next((mode for mode in modes if mode.slug == picked), None)
        self.setToolTip(tip(mode_now.reason) if mode_now else "The server that runs the application")
        mark = MARKS.get(mode_now.state, "") if mode_now else ""
        self.setAccessibleDescription(f"{mark}: {mode_now.reason}" if mode_now and mark else "")


def _item(mode: ModeStatus, reason: str) -> QStandardItem:
    mark = MARKS.get(mode.state, "")
    item = QStandardItem(f"{mode.title}  ·  {mark}" if mark else mode.title)
    for role, value in ((SLUG, mode.slug), (_TITLE, mode.title), (_STATE, mode.state), (_REASON, reason)):
        item.setData(value, role)
    item.setToolTip(tip(mode.reason))
    said = f"{mode.title}, {mark or mode.state}"
    item.setData(f"{said}: {mode.reason}" if mode.reason else said, Qt.ItemDataRole.AccessibleTextRole)
    return item


class _Row(QStyledItemDelegate):
    """Two lines: the title with its mark, and the reason."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802  Qt's name
        """Room for both."""
        return QSize(_WIDE, 2 * option.fontMetrics.height() + 10)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The background as the style draws it, then the lines."""
        plain = QStyleOptionViewItem(option)
        self.initStyleOption(plain, index)
        plain.text = ""
        widget: QWidget = plain.widget
        widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, plain, painter, widget)
        area: QRect = option.rect.adjusted(10, 4, -12, -4)
        state = index.data(_STATE)
        half = area.height() // 2
        painter.save()
        mark = MARKS.get(state, "ready" if index.data(SLUG) != "custom" else "")
        small = QFont(option.font)
        small.setPointSizeF(small.pointSizeF() * 0.9)
        wide = QFontMetrics(small).horizontalAdvance(mark)
        first = QRect(area.x(), area.y(), area.width(), half)
        second = first.translated(0, half)
        ink = Role.TEXT if runs_as_it_is(state) else Role.MUTED
        self._line(painter, option.font, first.adjusted(0, 0, -wide - 12, 0), index.data(_TITLE), ink)
        self._line(painter, small, first, mark, _ROLES.get(state, Role.MUTED), Qt.AlignmentFlag.AlignRight)
        self._line(painter, small, second, index.data(_REASON), Role.MUTED)
        painter.restore()

    @staticmethod
    def _line(
        painter: QPainter, font: QFont, area: QRect, text: str, role: Role,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:  # fmt: skip
        painter.setFont(font)
        painter.setPen(color(role))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, shown)
