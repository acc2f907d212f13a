"""The launch bar's first row: application, interface, server, workers, threads, start and stop, state."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QBrush, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from app.actions import ActionRegistry
from app.launch.choice import INTERFACES, modes_of
from app.launch.controller import LaunchController
from app.launch.picker import ApplicationPicker
from app.launch.pill import StatusPill
from app.theme import Role, color, set_icon, tip
from app.theme.widgets import ElidedComboBox, button, caption, icon_button, look
from supervisor.control.messages import ModeStatus

_SLUG = Qt.ItemDataRole.UserRole
_MARKS = {
    "lendable": "lent by Gatescope",
    "installable": "not installed",
    "adaptable": "needs an adapter",
    "impossible": "can't run this",
}


class LaunchBar(QFrame):
    """Shows the controller and drives it; keeps nothing itself."""

    def __init__(self, controller: LaunchController, actions: ActionRegistry) -> None:
        super().__init__()
        self.setObjectName("launchBar")
        look(self, "bar")
        self._controller = controller
        self._shown_modes: tuple[object, ...] = ()
        self.picker = ApplicationPicker(controller)
        self.interfaces = self._make_interfaces()
        self.server = self._make_server()
        self.workers = self._make_stepper("workers", 64, controller.set_workers)
        self.threads = self._make_stepper("threads", 512, controller.set_threads)
        self.start = button("Start", icon="play", dress="primary")
        self.start.setObjectName("start")
        self.start.setMinimumWidth(92)
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
        self.pill.show_state(controller.state)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        """Other colours: the list of modes keeps some."""
        if event.type() == QEvent.Type.PaletteChange and self.isVisible():
            self.render_all()
        super().changeEvent(event)

    # regions

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 10)
        grid.setHorizontalSpacing(10)
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
            grid.addWidget(caption(text, widget), 0, column)
            grid.addWidget(widget, 1, column)
        for column, widget in enumerate((self.start, self.reload, self.pill), start=len(columns) + 1):
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
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            made.setAccessibleName(f"Interface {text}")
            made.setToolTip(f"Servers that speak {text}")
            made.clicked.connect(lambda _checked=False, text=text: self._controller.set_interface(text))
            group.addButton(made)
        return group

    def _make_server(self) -> QComboBox:
        combo = ElidedComboBox()
        combo.setObjectName("server")
        combo.setModel(QStandardItemModel(combo))
        combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(14)
        combo.setMaxVisibleItems(16)
        combo.activated.connect(lambda row: self._controller.set_mode(combo.itemData(row, _SLUG)))
        return combo

    def _make_stepper(self, name: str, top: int, changed: object) -> QSpinBox:
        spin = QSpinBox()
        spin.setObjectName(name)
        spin.setRange(1, top)
        spin.setAccessibleName(f"Number of {name}")
        spin.setKeyboardTracking(False)
        spin.setFixedWidth(66)
        spin.lineEdit().setTextMargins(4, 0, 0, 0)
        spin.valueChanged.connect(changed)
        return spin

    def _render_server(self) -> None:
        controller = self._controller
        modes = modes_of(controller.listed, controller.choice.interface)
        shown = (modes, color(Role.MUTED).name())
        with QSignalBlocker(self.server):
            if shown != self._shown_modes:
                self._shown_modes = shown
                model = self.server.model()
                assert isinstance(model, QStandardItemModel)
                model.clear()
                for mode in modes:
                    model.appendRow(_mode_item(mode))
                self.server.view().setMinimumWidth(self.server.view().sizeHintForColumn(0) + 32)
            row = self.server.findData(controller.choice.mode, _SLUG)
            self.server.setCurrentIndex(row)
        self.server.setEnabled(bool(modes))
        mode_now = controller.mode
        self.server.setToolTip(tip(mode_now.reason) if mode_now else "The server that runs the application")

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
        self.start.setText("Stop" if live else "Start")
        self.start.setAccessibleName("Stop the application" if live else "Start the application")
        look(self.start, "danger" if live else "primary")
        can = controller.can_start
        role = Role.SERVER_ERROR if live else Role.ON_ACCENT if can else Role.MUTED
        set_icon(self.start, "stop" if live else "play", role)
        self.start.setEnabled(controller.state != "stopping" if live else can)
        problem = controller.verdict.problem
        self.start.setToolTip("" if live or problem is None else tip(problem.what))


def _mode_item(mode: ModeStatus) -> QStandardItem:
    """A row of the list. What can't run is greyed but can be picked: then the panel explains it."""
    mark = _MARKS.get(mode.state)
    item = QStandardItem(f"{mode.title}  ·  {mark}" if mark else mode.title)
    item.setData(mode.slug, _SLUG)
    item.setToolTip(tip(mode.reason))
    if mark:
        if mode.state != "lendable":  # which runs as it is
            item.setForeground(QBrush(color(Role.MUTED)))
        item.setData(f"{mode.title}, {mark}: {mode.reason}", Qt.ItemDataRole.AccessibleTextRole)
    return item
