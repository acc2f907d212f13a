"""The launch bar's first row: application, interface, server, workers, threads, start and stop, state."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from app.actions import ActionRegistry
from app.launch.choice import INTERFACES, offered
from app.launch.controller import LaunchController
from app.launch.modes_list import SLUG, ServerList
from app.launch.options_button import OptionsButton
from app.launch.picker import ApplicationPicker
from app.launch.pill import StatusPill
from app.theme import Role, px, set_icon, tip
from app.theme.widgets import button, caption, icon_button, look

#: Below that many pixels, at the usual size of text, names are worth more than words on buttons; below the second one
#: only what can be used is there.
_NARROW, _TIGHT = 1150, 800
_STARTS = ("Start", "Stop", "Stop now")


class _StartButton(QPushButton):
    """As wide for each of its words, so that the bar does not jump."""

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """That of the longest word but the rare one."""
        hint = super().sizeHint()
        widths = [self.fontMetrics().horizontalAdvance(text) for text in (*_STARTS[:2], self.text())]
        return QSize(hint.width() - widths[-1] + max(widths), hint.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """No less."""
        return self.sizeHint()


class LaunchBar(QFrame):
    """Shows the controller and drives it; keeps nothing itself."""

    def __init__(self, controller: LaunchController, actions: ActionRegistry) -> None:
        super().__init__()
        self.setObjectName("launchBar")
        look(self, "bar")
        self._controller = controller
        self._tight = False
        self._captions: dict[str, QLabel] = {}
        self.picker = ApplicationPicker(controller)
        self.interfaces = self._make_interfaces()
        self.server = ServerList()
        self.server.activated.connect(lambda row: controller.set_mode(self.server.itemData(row, SLUG)))
        self.workers = self._make_stepper("workers", 64, controller.set_workers)
        self.threads = self._make_stepper("threads", 512, controller.set_threads)
        self.options = OptionsButton(controller, actions)
        self.start = button("Start", icon="play", dress="primary", kind=_StartButton)
        self.start.setObjectName("start")
        self.start.clicked.connect(lambda: actions.run("launch.start-stop"))
        self.reload = icon_button("reload", "Reload")
        self.reload.clicked.connect(lambda: actions.run("launch.reload"))
        self.pill = StatusPill()
        self._lay_out()
        controller.changed.connect(self.render_all)
        controller.entries_changed.connect(self.picker.render_entry)
        self.render_all()

    def render_all(self) -> None:
        """Show what the controller says now."""
        controller = self._controller
        picked, mode, there = controller.choice, controller.mode, controller.current is not None
        self.picker.render_entry()
        for made in self.interfaces.buttons():
            made.setEnabled(there)
            made.setChecked(made.text() == picked.interface)
        self._render_server()
        self._render_stepper(self.workers, picked.workers, bool(mode and mode.workers))
        self._render_stepper(self.threads, picked.threads, bool(mode and mode.threads))
        self._render_start()
        self.reload.setEnabled(controller.state == "running")
        self.pill.show_state(controller.pill)
        self.options.render_all()
        self._show_what_fits()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Where there is little room, the options are an icon."""
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        narrow = event.size().width() < px(_NARROW)
        self._tight = event.size().width() < px(_TIGHT)
        self.options.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly if narrow else style)
        self._show_what_fits()
        super().resizeEvent(event)

    def _show_what_fits(self) -> None:
        """A stepper that this server has no use for takes no room where there is little."""
        mode = self._controller.mode
        for spin, usable in ((self.workers, mode and mode.workers), (self.threads, mode and mode.threads)):
            for widget in (spin, self._captions[spin.objectName()]):
                widget.setHidden(self._tight and not usable)
        self.server.setMinimumContentsLength(6 if self._tight else 12)
        self._grid.setHorizontalSpacing(4 if self._tight else 10)
        self.reload.setHidden(self._tight)  # the menu and the Workers page have it

    # regions

    def _lay_out(self) -> None:
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 10)
        grid.setVerticalSpacing(2)
        interfaces = QWidget()
        joined = QHBoxLayout(interfaces)
        joined.setContentsMargins(0, 0, 0, 0)
        joined.setSpacing(0)
        for made in self.interfaces.buttons():
            joined.addWidget(made)
        interfaces.setAccessibleName("Interface that the server speaks")
        grid.addWidget(self.picker, 0, 0, 2, 1)
        columns: tuple[tuple[str, QWidget], ...] = (
            ("Interface", interfaces), ("Server", self.server), ("Workers", self.workers), ("Threads", self.threads),
        )  # fmt: skip
        for column, (text, widget) in enumerate(columns, start=1):
            self._captions[widget.objectName()] = heading = caption(text, widget)
            grid.addWidget(heading, 0, column)
            grid.addWidget(widget, 1, column)
        for column, widget in enumerate((self.options, self.start, self.reload, self.pill), start=len(columns) + 1):
            grid.addWidget(widget, 1, column)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(2, 2)

    def _make_interfaces(self) -> QButtonGroup:
        group = QButtonGroup(self)
        for text, side in zip(INTERFACES, ("left", "right"), strict=True):
            made = QToolButton()
            made.setText(text)
            made.setCheckable(True)
            made.setProperty("segment", side)
            made.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)  # the words that all this is about
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            made.setAccessibleName(f"Interface {text}")
            made.setToolTip(f"Servers that speak {text}")
            made.clicked.connect(lambda _checked=False, text=text: self._controller.set_interface(text))
            group.addButton(made)
        return group

    def _make_stepper(self, name: str, top: int, changed: object) -> QSpinBox:
        spin = QSpinBox()
        spin.setObjectName(name)
        spin.setRange(1, top)
        spin.setAccessibleName(f"Number of {name}")
        spin.setKeyboardTracking(False)
        spin.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        spin.lineEdit().setTextMargins(4, 0, 0, 0)
        spin.valueChanged.connect(changed)
        return spin

    def _render_server(self) -> None:
        controller = self._controller
        there = controller.current is not None
        modes = offered(controller.listed, controller.choice.interface) if there else ()
        with QSignalBlocker(self.server):
            self.server.show_modes(modes, controller.listed, controller.choice.mode)
        self.server.setEnabled(there)

    def _render_stepper(self, spin: QSpinBox, count: int, usable: bool) -> None:
        with QSignalBlocker(spin):
            if not spin.hasFocus() or not spin.lineEdit().isModified():
                spin.setValue(count if usable else 1)
        spin.setEnabled(usable)
        mode = self._controller.mode
        title = mode.title if mode else "This server"
        spin.setToolTip("" if usable or mode is None else f"{title} takes no number of {spin.objectName()}")

    def _render_start(self) -> None:
        controller = self._controller
        live = controller.live
        stopping = live and controller.state == "stopping"
        self.start.setText("Stop now" if stopping else "Stop" if live else "Start")
        self.start.setAccessibleName(f"{self.start.text()}: the application")
        look(self.start, "danger" if live else "primary")
        can = controller.can_start
        role = Role.SERVER_ERROR if live else Role.ON_ACCENT if can else Role.MUTED
        set_icon(self.start, "stop" if live else "play", role)
        self.start.setEnabled(live or can)
        problem = controller.verdict.problem
        waits = "It waits for the requests that are being answered. This ends them." if stopping else ""
        self.start.setToolTip(tip(waits) if live else tip(problem.what) if problem else "")
