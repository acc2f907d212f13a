"""The page's bar: what can be done with the application, and with the worker that is chosen."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton

from app.actions import Action, ActionRegistry
from app.theme import px, set_icon
from app.theme.widgets import ElidedLabel, label, look, rule
from app.workers import means
from app.workers.commands import WorkerCommands

_NARROW = 660  #: pixels that the words need, at the usual size of text
_OF_APP = ("reload", "restart", "fewer", "more", "stop")
_OF_WORKER = ("pause", "stacks")


class WorkersBar(QFrame):
    """Buttons of the actions; the menu of signals; what was done last."""

    def __init__(self, commands: WorkerCommands, actions: ActionRegistry) -> None:
        super().__init__()
        self.setObjectName("workersBar")
        self.setAccessibleName("What can be done")
        look(self, "bar")
        self._commands, self._actions = commands, actions
        self.subject = label()
        self.said = ElidedLabel()
        look(self.said, "muted")
        self.said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.buttons = {verb: self._button(verb) for verb in (*_OF_APP, *_OF_WORKER)}
        self.menu = self._make_menu()
        self.kill = self._make_kill()
        actions.add(
            Action("workers.kill", "Choose a signal for the worker", self.open_menu, shortcut="K", group="Workers",
                   scope=commands.parent(), menu=False, enabled_when=lambda: commands.can("kill").be_done)  # type: ignore[arg-type]
        )  # fmt: skip
        self._lay_out()
        commands.changed.connect(self.render_all)
        commands.told.connect(self.said.show_text)
        self.render_all()

    def render_all(self) -> None:
        """What the buttons say and whether they can be pressed."""
        can = self._commands.can("kill")
        self.kill.setEnabled(can.be_done)
        self._actions.get("workers.kill").setEnabled(can.be_done)
        self.kill.setToolTip(f"{can.words}  (K)")
        aim = self._commands.aim
        paused = aim.worker is not None and aim.worker.state == "paused"
        for verb, made in self.buttons.items():
            made.setAccessibleName(self._actions.describe(f"workers.{verb}").title)
        look(self.buttons["pause"], "attention" if paused else "action")
        set_icon(self._actions.get("workers.pause"), "play" if paused else "pause")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Where there is little room, signs alone."""
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        if event.size().width() < px(_NARROW):
            style = Qt.ToolButtonStyle.ToolButtonIconOnly
        for made in (*self.buttons.values(), self.kill):
            made.setToolButtonStyle(style)
        super().resizeEvent(event)

    def show_subject(self, text: str) -> None:
        """Which worker the buttons at the right of the rule act on."""
        self.subject.setText(text)
        self.subject.setVisible(bool(text))

    def open_menu(self) -> None:
        """The signals to choose from."""
        self.kill.showMenu()

    def fill(self, menu: QMenu) -> None:
        """All of it in a context menu."""
        for verb in _OF_WORKER:
            menu.addAction(self._actions.get(f"workers.{verb}"))
        for name in means.SIGNALS:
            menu.addAction(self._actions.get(f"workers.{name}"))
        menu.addSeparator()
        for verb in _OF_APP:
            menu.addAction(self._actions.get(f"workers.{verb}"))

    def _button(self, verb: str) -> QToolButton:
        made = QToolButton()
        made.setObjectName(f"workers-{verb}")
        look(made, "action")
        made.setDefaultAction(self._actions.get(f"workers.{verb}"))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setIconSize(QSize(16, 16))
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return made

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.setAccessibleName("Signals for the worker")
        for name in means.SIGNALS:
            menu.addAction(self._actions.get(f"workers.{name}"))
        return menu

    def _make_kill(self) -> QToolButton:
        made = QToolButton()
        made.setObjectName("workers-kill")
        look(made, "action")
        made.setText("Kill")
        set_icon(made, "bolt")
        made.setIconSize(QSize(16, 16))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        made.setMenu(self.menu)
        made.setAccessibleName("Kill the worker: choose a signal")
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return made

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 12, 5)
        row.setSpacing(4)
        for verb in _OF_APP:
            row.addWidget(self.buttons[verb])
        row.addSpacing(4)
        row.addWidget(rule())
        row.addSpacing(6)
        row.addWidget(self.subject)
        for verb in _OF_WORKER:
            row.addWidget(self.buttons[verb])
        row.addWidget(self.kill)
        row.addWidget(self.said, 1)
