"""Dresses the application: Fusion, a palette made of roles, and a small style sheet on top, which its windows wear.

Follows the system unless told.
"""

from __future__ import annotations

import enum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QHeaderView, QTableView, QTreeView

from app.theme.current import SHEET, TEXT_SIZE, dress
from app.theme.icons import recolor_widgets
from app.theme.roles import CONTRAST_DARK, CONTRAST_LIGHT, DARK, LIGHT, Colors, Role
from app.theme.sheet import style_sheet


class Scheme(enum.StrEnum):
    """What the user asked for."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"  #: high contrast, dark
    CONTRAST_LIGHT = "contrast-light"


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
        self.text_size = 100  #: per cent of the system's
        self._points = application.font().pointSizeF()
        application.setProperty(TEXT_SIZE, 100)
        application.setStyle("Fusion")
        hints = application.styleHints()
        hints.colorSchemeChanged.connect(self._on_system_changed)
        if hasattr(hints, "accessibility"):  # since Qt 6.10
            hints.accessibility().contrastPreferenceChanged.connect(self._on_system_changed)
        self.apply(scheme)

    def apply(self, scheme: Scheme) -> None:
        """Wear ``scheme`` from now on."""
        self.scheme = scheme
        hints = self._application.styleHints()
        light, dark = Qt.ColorScheme.Light, Qt.ColorScheme.Dark
        wanted = {Scheme.LIGHT: light, Scheme.DARK: dark, Scheme.CONTRAST: dark, Scheme.CONTRAST_LIGHT: light}
        hints.setColorScheme(wanted.get(scheme, Qt.ColorScheme.Unknown))
        self._dress()

    def is_dark(self) -> bool:
        """Whether what is worn is dark: as asked for, else as the system says."""
        if self.scheme is Scheme.SYSTEM:
            return self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self.scheme in (Scheme.DARK, Scheme.CONTRAST)

    def is_contrast(self) -> bool:
        """Whether contrast is high: as asked for, else as the system says."""
        if self.scheme is Scheme.SYSTEM:
            hints = self._application.styleHints()
            return (
                hasattr(hints, "accessibility")
                and hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast
            )
        return self.scheme in (Scheme.CONTRAST, Scheme.CONTRAST_LIGHT)

    def set_text_size(self, percent: int) -> None:
        """Write everything in ``percent`` of the system's size from now on, also what has a size of its own."""
        ratio, self.text_size = percent / self.text_size, percent
        if ratio == 1:
            return
        self._application.setProperty(TEXT_SIZE, percent)
        font = self._application.font()
        font.setPointSizeF(self._points * percent / 100)
        self._wear(font, ratio)
        for widget in QApplication.allWidgets():
            if isinstance(widget, QTableView):
                rows = widget.verticalHeader()
                rows.setDefaultSectionSize(round(rows.defaultSectionSize() * ratio))
                _scale(widget.horizontalHeader(), ratio)
            elif isinstance(widget, QTreeView):
                _scale(widget.header(), ratio)

    def _on_system_changed(self, *_to: object) -> None:
        if self.scheme is Scheme.SYSTEM:
            self._dress()

    def _dress(self) -> None:
        if self.text_size == 100:
            self._wear_colors()
        else:
            self._wear(self._application.font(), 1.0)

    def _wear(self, font: QFont, ratio: float) -> None:
        """Colours and font, every widget's text by ``ratio`` larger than it is.

        Under a style sheet Qt hands the application's font only to what is made later, and a new style sheet gives
        widgets back the size that they had first.
        """
        sizes = [(widget, widget.font().pointSizeF()) for widget in QApplication.allWidgets()]
        self._application.setFont(font)
        self._wear_colors()
        for _ in range(2):  # what a view is given, its viewport had too for a moment
            for widget, size in sizes:
                own = widget.font()
                if size > 0 and abs(own.pointSizeF() - size * ratio) > 0.01:
                    own.setPointSizeF(size * ratio)
                    widget.setFont(own)

    def _wear_colors(self) -> None:
        if self.is_contrast():
            table = CONTRAST_DARK if self.is_dark() else CONTRAST_LIGHT
        else:
            table = DARK if self.is_dark() else LIGHT
        self._application.setPalette(make_palette(table))
        frames = self.is_contrast()
        sheet = style_sheet(table, dark=self.is_dark(), text_size=self.text_size, frames=frames)
        self._application.setProperty(SHEET, sheet)
        for window in QApplication.topLevelWidgets():
            if window.styleSheet():
                dress(window)
        recolor_widgets()
        self.changed.emit()


def _scale(columns: QHeaderView, ratio: float) -> None:
    """Columns as much wider as what stands in them is larger; Qt sees to those that fill what is left."""
    for at in range(columns.count()):
        if columns.sectionResizeMode(at) == QHeaderView.ResizeMode.Interactive and not columns.isSectionHidden(at):
            columns.resizeSection(at, round(columns.sectionSize(at) * ratio))


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
