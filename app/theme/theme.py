"""Dresses the application: Fusion, a palette made of roles, and a small style sheet on top.

Follows the system unless told.
"""

from __future__ import annotations

import enum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from app.theme.icons import recolor_widgets
from app.theme.roles import DARK, LIGHT, Colors, Role
from app.theme.sheet import style_sheet


class Scheme(enum.StrEnum):
    """What the user asked for."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """The theme of the running application.

    Signals:
        changed: the colours are others now; widgets that keep colours look them up again.
    """

    changed = Signal()

    def __init__(self, application: QApplication, scheme: Scheme = Scheme.SYSTEM) -> None:
        super().__init__(application)
        self._application = application
        self.scheme = scheme
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._on_system_changed)
        self.apply(scheme)

    def apply(self, scheme: Scheme) -> None:
        """Wear ``scheme`` from now on."""
        self.scheme = scheme
        hints = self._application.styleHints()
        wanted = {Scheme.LIGHT: Qt.ColorScheme.Light, Scheme.DARK: Qt.ColorScheme.Dark}
        hints.setColorScheme(wanted.get(scheme, Qt.ColorScheme.Unknown))
        self._dress()

    def is_dark(self) -> bool:
        """Whether what is worn is dark: as asked for, else as the system says."""
        if self.scheme is Scheme.SYSTEM:
            return self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self.scheme is Scheme.DARK

    def _on_system_changed(self) -> None:
        if self.scheme is Scheme.SYSTEM:
            self._dress()

    def _dress(self) -> None:
        table = DARK if self.is_dark() else LIGHT
        self._application.setPalette(make_palette(table))
        self._application.setStyleSheet(style_sheet(table, dark=self.is_dark()))
        recolor_widgets()
        self.changed.emit()


_PALETTE: dict[QPalette.ColorRole, Role] = {
    QPalette.ColorRole.Window: Role.WINDOW,
    QPalette.ColorRole.WindowText: Role.TEXT,
    QPalette.ColorRole.Base: Role.BASE,
    QPalette.ColorRole.AlternateBase: Role.RAISED,
    QPalette.ColorRole.Text: Role.TEXT,
    QPalette.ColorRole.Button: Role.RAISED,
    QPalette.ColorRole.ButtonText: Role.TEXT,
    QPalette.ColorRole.BrightText: Role.SERVER_ERROR,
    QPalette.ColorRole.ToolTipBase: Role.RAISED,
    QPalette.ColorRole.ToolTipText: Role.TEXT,
    QPalette.ColorRole.PlaceholderText: Role.MUTED,
    QPalette.ColorRole.Highlight: Role.SELECTION,
    QPalette.ColorRole.HighlightedText: Role.TEXT,
    QPalette.ColorRole.Link: Role.ACCENT,
    QPalette.ColorRole.LinkVisited: Role.PENDING,
    QPalette.ColorRole.Accent: Role.ACCENT,
    QPalette.ColorRole.Light: Role.RAISED,
    QPalette.ColorRole.Midlight: Role.HOVER,
    QPalette.ColorRole.Mid: Role.LINE,
    QPalette.ColorRole.Dark: Role.LINE,
}


def make_palette(table: Colors) -> QPalette:
    """Qt's palette out of ours; what is disabled is written in the muted colour, half faded."""
    palette = QPalette()
    for qt_role, role in _PALETTE.items():
        palette.setColor(qt_role, QColor(table[role]))
    faded = QColor(table[Role.MUTED])
    faded.setAlphaF(0.65)
    for qt_role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, qt_role, faded)
    return palette
