"""A command of the user's own, typed where the production command stands; what is wrong with it is said beside it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QToolButton, QWidget

from app.launch.choice import EXAMPLES, complaint
from app.launch.controller import LaunchController
from app.theme import mono_font
from app.theme.widgets import ElidedLabel, label, look


class CustomField(QWidget):
    """The line, its examples, and one word on it."""

    def __init__(self, controller: LaunchController) -> None:
        super().__init__()
        self._controller = controller
        self.line = QLineEdit()
        self.line.setFont(mono_font())
        self.line.setPlaceholderText("python manage.py runserver {host}:{port}")
        self.line.setAccessibleName("Your own command")
        self.line.setToolTip(
            "What starts the application, with {host} and {port} where the address goes. No shell runs it; "
            "NAME=value before it sets a variable."
        )
        self.line.textEdited.connect(controller.set_custom)
        self.line.returnPressed.connect(self._use)
        self.said = ElidedLabel()
        self.said.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.examples = self._make_examples()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label("$", "muted"))
        row.addWidget(self.line, 3)
        row.addWidget(self.examples)
        row.addWidget(self.said, 2)

    def render_all(self) -> None:
        """Show the command that is picked, and what is to be said of it."""
        controller = self._controller
        command = controller.choice.custom
        if self.line.text() != command:
            with QSignalBlocker(self.line):
                self.line.setText(command)
        wrong = complaint(command)
        status = controller.status
        to_use = controller.live and status is not None and controller.command != status.command
        said = wrong if command else ""
        if not said and to_use and status is not None and status.state == "running":
            said = "Enter switches to it"
        look(self.said, "error" if wrong and command else "muted")
        self.said.show_text(said)
        self.said.setVisible(bool(said))
        self.line.setAccessibleDescription(said)

    def _use(self) -> None:
        if not complaint(self.line.text()):
            self._controller.use_custom()

    def _make_examples(self) -> QToolButton:
        made = QToolButton()
        made.setObjectName("commandExamples")
        made.setText("Examples")
        look(made, "action")
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setAccessibleName("Examples of commands")
        made.setToolTip("Begin with a command that is known to work")
        menu = QMenu(made)
        menu.setToolTipsVisible(True)
        for example in EXAMPLES:
            action = menu.addAction(f"{example.title}    {example.command}")
            action.triggered.connect(lambda _checked=False, command=example.command: self.take(command))
        made.setMenu(menu)
        return made

    def take(self, command: str) -> None:
        """Put ``command`` there, to be changed or used."""
        self._controller.set_custom(command)
        self.line.setFocus()
