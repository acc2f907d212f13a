"""The launch bar's second row: the exact production command, the demo's traffic, the address, the recording light."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout

from app.actions import ActionRegistry
from app.launch.choice import CUSTOM
from app.launch.command import brief
from app.launch.controller import LaunchController
from app.launch.custom_field import CustomField
from app.launch.pill import RecordingLight
from app.theme import tip
from app.theme.widgets import CopyButton, ElidedLabel, button, icon_button, label, look, rule


class CommandStrip(QFrame):
    """What one would type in production, and where the application answers now."""

    def __init__(self, controller: LaunchController, actions: ActionRegistry) -> None:
        super().__init__()
        self.setObjectName("commandStrip")
        look(self, "bar")
        self._controller = controller
        self.command = ElidedLabel(mono=True)
        self.command.setAccessibleName("Production command")
        self.command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.copy_command = CopyButton("Copy the production command")
        self.custom = CustomField(controller)
        self.lent = button("", dress="link")
        self.lent.clicked.connect(lambda: actions.run("launch.install"))
        self.traffic = button("Make some traffic", icon="bolt", tip="Send the demo's requests for twenty seconds")
        self.traffic.clicked.connect(lambda: actions.run("launch.make-traffic"))
        self.address = label("", selectable=True)
        self.address.setAccessibleName("Address of the application")
        self.copy_address = CopyButton("Copy the address")
        self.open_address = icon_button("open", "Open in the browser")
        self.open_address.clicked.connect(lambda: actions.run("launch.browse"))
        self.light = RecordingLight()
        self._rules = (rule(), rule())
        self._lay_out()
        controller.changed.connect(self.render_all)
        self.render_all()

    def render_all(self) -> None:
        """Show what the controller says now."""
        controller, status = self._controller, self._controller.status
        command = controller.command
        self.command.show_text(f"$ {brief(command)}" if command else "")
        self.command.setToolTip(tip(command))
        self.copy_command.text_to_copy = command
        self.copy_command.setEnabled(bool(command))
        own = controller.mode is CUSTOM
        self.command.setVisible(not own)
        self.custom.setVisible(own)
        if own:
            self.custom.render_all()
        self._render_lent()
        url = status.url if status and controller.live and controller.state != "no supervisor" else ""
        self.address.setText(url)
        self.copy_address.text_to_copy = url
        for widget in (self.address, self.copy_address, self.open_address, self._rules[0]):
            widget.setVisible(bool(url))
        demo = controller.current is not None and controller.current.demo
        self.traffic.setVisible(demo and controller.state in ("running", "switching"))
        recorded = status.recorded if status else 0
        self.light.show_count(recorded, on=controller.live and bool(status and status.trace))

    def _render_lent(self) -> None:
        """What of the mode is not the application's own."""
        mode = self._controller.mode
        lent = mode.lent if mode and mode.state in ("lendable", "adaptable") else ()
        self.lent.setVisible(bool(lent))
        names = [name.split(" ")[0] for name in lent]
        self.lent.setText(f"lent: {names[0]}{f' + {len(names) - 1}' if names[1:] else ''}" if names else "")
        said = f"Lent from Gatescope's own environment: {', '.join(lent)}. Press to install instead."
        self.lent.setToolTip(tip(said) if lent else "")
        self.lent.setAccessibleName(said if lent else "Nothing is lent")

    def browse(self) -> None:
        """Open the address in the user's browser."""
        if self.address.text():
            QDesktopServices.openUrl(QUrl(self.address.text()))

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(6)
        row.addWidget(self.command, 1)
        row.addWidget(self.custom, 1)
        row.addWidget(self.lent)
        row.addWidget(self.copy_command)
        row.addWidget(self.traffic)
        row.addWidget(self._rules[0])
        row.addWidget(self.address)
        row.addWidget(self.copy_address)
        row.addWidget(self.open_address)
        row.addWidget(self._rules[1])
        row.addWidget(self.light)
        self._level()

    def event(self, event: QEvent) -> bool:
        """What is in it would be of another size, such as with other text."""
        if event.type() == QEvent.Type.LayoutRequest and self.layout() is not None:
            self._level()
        return super().event(event)

    def _level(self) -> None:
        """As high as the highest of what can be in it, so that nothing below jumps."""
        margins = self.contentsMargins() if (row := self.layout()) is None else row.contentsMargins()
        highest = max(made.sizeHint().height() for made in (self.traffic, self.custom.line, self.custom.examples))
        self.setFixedHeight(highest + margins.top() + margins.bottom() + 2)
