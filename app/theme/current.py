"""Colours, sizes and style sheet as they are now: looked up in the palette and the properties of the application."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QWidget

from app.theme.roles import DARK, LIGHT, TABLES, Colors, Role

TEXT_SIZE = "textSize"  #: the application's property: the size of text in per cent of the system's
SHEET = "sheet"  #: the application's property: the style sheet of windows
_BY_WINDOW = {table[Role.WINDOW]: table for table in TABLES}


def is_dark() -> bool:
    """Whether the application's palette is a dark one."""
    return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def colors() -> Colors:
    """The table in use: the one whose window's colour the palette has."""
    worn = QGuiApplication.palette().color(QPalette.ColorRole.Window).name()
    return _BY_WINDOW.get(worn) or (DARK if is_dark() else LIGHT)


def color(role: Role) -> QColor:
    """The colour of ``role`` now. Look it up when painting, or again on ``QEvent.PaletteChange``."""
    return QColor(colors()[role])


def px(pixels: float) -> int:
    """So many pixels of a drawing with words in it, at the size that text has now. Look it up when measuring."""
    application = QCoreApplication.instance()
    percent = application.property(TEXT_SIZE) if application else None
    return round(pixels * (percent or 100) / 100)


def dress(window: QWidget) -> None:
    """Have ``window``, which has no parent, and all that is in it or belongs to it wear the style sheet from now on.

    Windows wear it, not the application: what is built without a parent is then looked through once, when it comes into
    a window, and not again for each layout and frame that it is put into on the way.
    """
    application = QCoreApplication.instance()
    window.setStyleSheet((application.property(SHEET) if application else None) or "")


def mono_font(points: float = 0.0) -> QFont:
    """The system's fixed-width font; ``points`` 0: the size of the application's own font."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPointSizeF(points or QGuiApplication.font().pointSizeF())
    return font
