"""The small widgets that every page is put together from, so that they look and speak alike."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from app.theme.current import mono_font, px
from app.theme.icons import set_icon
from app.theme.roles import Role
from app.theme.tips import tip

#: The grid that spacing and margins are multiples of, in logical pixels.
UNIT = 4


def look(widget: QWidget, name: str) -> None:
    """Dress ``widget`` as the style sheet says for ``name``; may be changed at any time."""
    if widget.property("look") != name:
        widget.setProperty("look", name)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def label(text: str = "", dress: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A plain-text label; ``dress`` is its look."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if dress:
        look(made, dress)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


def caption(text: str, buddy: QWidget) -> QLabel:
    """The small heading above a control; names the control for screen readers."""
    made = label(text, "caption")
    font = made.font()
    font.setPointSizeF(font.pointSizeF() * 0.86)
    made.setFont(font)
    made.setBuddy(buddy)
    buddy.setAccessibleName(buddy.accessibleName() or text)
    return made


def button(
    text: str, *, icon: str = "", dress: str = "", tip: str = "", kind: type[QPushButton] = QPushButton
) -> QPushButton:
    """A push button with words on it."""
    made = kind(text)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setAutoDefault(True)
    made.setToolTip(tip)
    made.setAccessibleName(text)
    if dress:
        look(made, dress)
    if icon:
        set_icon(made, icon, Role.ON_ACCENT if dress.endswith("primary") else Role.TEXT)
    return made


def icon_button(icon: str, name: str, tip: str = "") -> QToolButton:
    """A flat button with only an icon; ``name`` is what screen readers say."""
    made = QToolButton()
    look(made, "flat")
    set_icon(made, icon)
    made.setIconSize(QSize(16, 16))
    made.setAccessibleName(name)
    made.setToolTip(tip or name)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def rule() -> QFrame:
    """A vertical hairline between groups of a bar."""
    made = QFrame()
    look(made, "rule")
    made.setFixedWidth(1)
    return made


def bold(widget: QWidget, factor: float = 1.0) -> None:
    """Write ``widget`` semi-bold and ``factor`` times its size."""
    font = widget.font()
    font.setWeight(QFont.Weight.DemiBold)
    font.setPointSizeF(font.pointSizeF() * factor)
    widget.setFont(font)


class Scrolled(QScrollArea):
    """Holds a widget at its full height where there is room for it, and lets it be scrolled where there is not."""

    def __init__(self, inner: QWidget, least: int) -> None:
        super().__init__()
        self._inner = inner
        self._least = least  # pixels that it is never lower than, unless that is enough for everything
        look(self, "clear")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inner)
        inner.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        inner.installEventFilter(self)

    def _full(self) -> int:
        inner = self._inner
        return inner.heightForWidth(self.width()) if inner.hasHeightForWidth() else inner.sizeHint().height()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """All of it."""
        return QSize(super().sizeHint().width(), self._full())

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """A few lines."""
        return QSize(self._inner.minimumSizeHint().width(), min(self._full(), px(self._least)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Another width needs another height."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """More or less is to be shown."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class ElidedLabel(QLabel):
    """One line of text that shortens itself instead of widening the window; the whole is the tooltip."""

    def __init__(self, *, mono: bool = False, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if mono:
            self.setFont(mono_font())

    def show_text(self, text: str) -> None:
        """Show ``text``."""
        self.setText(text)
        self.setToolTip(tip(text))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """As little as it is given."""
        return QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The text, shortened to the width there is."""
        painter = QPainter(self)
        text = QFontMetrics(self.font()).elidedText(self.text(), self._mode, self.width())
        self.style().drawItemText(
            painter, self.rect(), int(self.alignment()), self.palette(), self.isEnabled(), text, self.foregroundRole()
        )
        painter.end()


class ElidedComboBox(QComboBox):
    """A list whose chosen text is shortened with an ellipsis where there is no room, instead of being cut."""

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The frame, then the shortened text."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width() - 6
        shown = self.currentText() or self.placeholderText()
        text = self.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, room)
        option.currentText = text
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


class CopyButton(QToolButton):
    """Copies a text, and shows for a moment that it did."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.text_to_copy = ""
        self._name = name
        look(self, "flat")
        self.setIconSize(QSize(16, 16))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._back = QTimer(self, singleShot=True, interval=1200)
        self._back.timeout.connect(self._rest)
        self.clicked.connect(self.copy)
        self._rest()

    def copy(self) -> None:
        """Put the text on the clipboard."""
        QGuiApplication.clipboard().setText(self.text_to_copy)
        set_icon(self, "check", Role.OK)
        self.setToolTip("Copied")
        self.setAccessibleName("Copied")
        self._back.start()

    def _rest(self) -> None:
        set_icon(self, "copy")
        self.setToolTip(self._name)
        self.setAccessibleName(self._name)
