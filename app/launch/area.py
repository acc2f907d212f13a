"""The top of the window: launch bar, command strip, the form for import strings, and the panel for problems."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry
from app.launch.bar import LaunchBar
from app.launch.choice import CUSTOM, INTERFACES, LIVE_STATES
from app.launch.controller import LaunchController
from app.launch.install_panel import InstallPanel
from app.launch.installation import install_command
from app.launch.options_panel import OptionsPanel
from app.launch.problem import ProblemPanel
from app.launch.strip import CommandStrip
from app.launch.target_form import TargetForm
from app.launch.telling import telling
from app.launch.ways import installs, option_of
from app.link import LinkState, SupervisorLink
from supervisor.control.messages import TargetSpec, WayOut


class LaunchArea(QWidget):
    """Puts the parts together and registers what they do as actions."""

    def __init__(self, controller: LaunchController, link: SupervisorLink, actions: ActionRegistry) -> None:
        super().__init__()
        self._controller = controller
        self._link = link
        self._actions = actions
        self.bar = LaunchBar(controller, actions)
        self.strip = CommandStrip(controller, actions)
        self.form = TargetForm()
        self.problem = ProblemPanel()
        self.install = InstallPanel(controller.installation)
        self.options = OptionsPanel(controller, self.bar.options)
        self._offers: dict[str, Callable[[], object]] = {
            "look": controller.look_and_switch, "again": controller.try_again, "back": controller.go_back,
            "stay": controller.back_to_running, "restart": controller.restart, "stop": controller.stop,
            "own": self.use_own_command, "supervisor": link.start,
        }  # fmt: skip
        self._register()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.bar, self.strip, self.form, self.problem, self.install):
            column.addWidget(widget)
        self.bar.picker.folder_wanted.connect(self.choose_folder)
        self.bar.picker.import_wanted.connect(self.ask_import)
        self.form.accepted.connect(controller.add_target)
        self.problem.way_taken.connect(self._on_way_taken)
        self.problem.offer_taken.connect(lambda offer: self._offers[offer]())
        self.problem.dismissed.connect(self._on_dismissed)
        self.install.again_wanted.connect(self._install_again)
        controller.changed.connect(self.render_problem)
        controller.installation.changed.connect(self.render_problem)
        self.render_problem()

    def open_folder(self, folder: str) -> None:
        """Take the application in ``folder``."""
        path = os.path.abspath(folder)
        self._controller.add_target(TargetSpec(target=path, cwd=path))

    def choose_folder(self) -> None:
        """Let the user pick a project's folder."""
        dialog = QFileDialog(self.window(), "Open project folder", os.getcwd())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.open_folder)
        dialog.open()

    def ask_import(self) -> None:
        """Let the user type an import string."""
        current = self._controller.current
        self.form.ask(current.spec if current and not current.demo else None)

    def use_own_command(self) -> None:
        """Start the application in view by a command of the user's own."""
        self._controller.set_mode(CUSTOM.slug)
        self.strip.custom.line.setFocus()

    def render_problem(self) -> None:
        """Show the gravest of what there is to say; while something is installed that is what is looked at."""
        state = self._controller.installation.state
        told = telling(self._controller, self._link)
        if told is not None and self._link.state is not LinkState.LOST:
            hidden = state == "running" or (state in ("failed", "cancelled") and not told.failure)
            told = None if hidden else told
        self.problem.show_problem(told)

    def _on_way_taken(self, way: WayOut) -> None:
        if self._link.state is LinkState.LOST:
            self._link.start()
        elif installs(way) and way.mode == self._controller.choice.mode:
            self._controller.install(way.mode)
        elif option := option_of(way):
            self.options.open_at(option)
        else:
            self._controller.take(way)

    def _install_again(self) -> None:
        mode = self._controller.installation.mode
        if mode is not None:
            self._controller.install(mode.slug)

    def _on_dismissed(self) -> None:
        controller = self._controller
        if self._link.state is LinkState.LOST:
            self.problem.hide()
        elif controller.problem is not None:
            controller.dismiss()
        elif controller.status is not None and controller.status.state in LIVE_STATES:
            controller.back_to_running()
        else:
            self.problem.hide()

    def _install(self) -> None:
        self._controller.install(self._controller.choice.mode)

    def _can_install(self) -> bool:
        mode = self._controller.mode
        return mode is not None and bool(install_command(mode)) and not self._controller.installation.running

    def _toggle(self) -> None:
        if self._controller.live:
            self._controller.stop()
        else:
            self._controller.start()

    def _can_toggle(self) -> bool:
        return self._controller.live or self._controller.can_start

    def _register(self) -> None:
        controller, group = self._controller, "Application"

        def running() -> bool:
            return controller.state in ("running", "switching")

        def chosen(interface: str) -> bool:
            return controller.choice.interface == interface

        def can_drive() -> bool:
            return running() and controller.current is not None and controller.current.demo

        for action in (
            Action("launch.start-stop", "Start or stop the application", self._toggle, shortcut="F5", group=group,
                   icon="play", enabled_when=self._can_toggle),
            Action("launch.reload", "Reload the code", controller.reload, shortcut="Ctrl+Shift+R", group=group,
                   icon="reload", tip="Load the code anew without dropping a request", enabled_when=running),
            Action("launch.restart", "Restart the application", controller.restart, group=group, icon="replay",
                   tip="End its processes and start it anew, with the options that are set now", enabled_when=running),
            *(Action(f"launch.{speaks.lower()}", f"Run it under {speaks}", partial(controller.set_interface, speaks),
                     group=group, tip=f"Take a server that speaks {speaks}, without dropping a request",
                     enabled_when=lambda: controller.current is not None,
                     checked_when=partial(chosen, speaks))
              for speaks in INTERFACES),
            Action("launch.options", "Options of the application…", self.options.toggle, shortcut="Ctrl+Shift+O",
                   group=group, icon="sliders", enabled_when=lambda: controller.current is not None),
            Action("launch.custom", "Start by your own command…", self.use_own_command, group=group, icon="terminal",
                   enabled_when=lambda: controller.current is not None),
            Action("launch.install", "Install what this server needs", self._install, group=group, icon="install",
                   enabled_when=self._can_install),
            Action("launch.make-traffic", "Make some traffic", controller.make_traffic, shortcut="Ctrl+M", group=group,
                   icon="bolt", tip="Send the demo's requests for twenty seconds", enabled_when=can_drive),
            Action("launch.browse", "Open in the browser", self.strip.browse, shortcut="Ctrl+B", group=group,
                   icon="open", enabled_when=running),
            Action("launch.copy-command", "Copy the production command", self.strip.copy_command.copy,
                   shortcut="Ctrl+Shift+C", group=group, icon="copy", enabled_when=lambda: bool(controller.command)),
            Action("launch.open-folder", "Open project folder…", self.choose_folder, shortcut="Ctrl+O", group="File",
                   icon="folder"),
            Action("launch.type-import", "Type an import string…", self.ask_import, shortcut="Ctrl+I", group="File",
                   icon="terminal"),
            Action("launch.pick", "Choose an application…", self.bar.picker.showMenu, shortcut="Ctrl+L",
                   group=group),
        ):  # fmt: skip
            self._actions.add(action)
