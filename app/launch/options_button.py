"""The button that opens an application's options, with a dot when something is set."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton

from app.actions import ActionRegistry
from app.launch.controller import LaunchController
from app.launch.extras import summary
from app.theme import Role, color, set_icon, tip
from app.theme.widgets import look


class OptionsButton(QToolButton):
    """Says in its tooltip what is set; the dot is amber when what runs has other options."""

    def __init__(self, controller: LaunchController, actions: ActionRegistry) -> None:
        super().__init__()
        self._controller = controller
        self.set_options: tuple[str, ...] = ()
        self.setObjectName("launchOptions")
        look(self, "action")
        set_icon(self, "sliders")
        self.setIconSize(QSize(16, 16))
        self.setText("Options")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(lambda: actions.run("launch.options"))
        self.render_all()

    def render_all(self) -> None:
        """Show what is set now."""
        controller = self._controller
        entry = controller.current
        self.set_options = summary(entry.spec, controller.extras) if entry else ()
        said = ", ".join(self.set_options) or "nothing set"
        if controller.outdated:
            said += "; what runs has other ones"
        self.setEnabled(entry is not None)
        self.setAccessibleName(f"Options: {said}")
        self.setToolTip(tip(f"Variables, folder, interpreter, arguments: {said}"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The button, then the dot."""
        super().paintEvent(event)
        if self.set_options:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(Role.CLIENT_ERROR if self._controller.outdated else Role.ACCENT))
            painter.drawEllipse(QRectF(self.width() - 9, 4, 6, 6))
            painter.end()
