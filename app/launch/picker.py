"""The application picker: a button with the application in view, and a menu of all there are."""

from __future__ import annotations

import os

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QStyle, QStyleOptionToolButton, QToolButton, QWidget

from app.launch.choice import CUSTOM, LIVE_STATES, Entry
from app.launch.controller import LaunchController
from app.theme import Role, color, icon, pixmap, px, tip
from supervisor.control.messages import AppStatus, Candidate, ModesListed, Preset

_STATE_ROLES = {"running": Role.OK, "crashed": Role.SERVER_ERROR, "stopped": Role.MUTED}


class ApplicationPicker(QToolButton):
    """Name above, what was found out about it below.

    Signals:
        folder_wanted: the user wants to open a project's folder.
        import_wanted: the user wants to type an import string.
    """

    folder_wanted = Signal()
    import_wanted = Signal()

    def __init__(self, controller: LaunchController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._title = self._found = ""
        self.setObjectName("applicationPicker")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self.render_entry()

    def render_entry(self) -> None:
        """Show the application in view as it is known now."""
        entry = self._controller.current
        self._title = (entry.title or entry.name) if entry else "No application"
        controller = self._controller
        failed = controller.look_failed and controller.choice.mode != CUSTOM.slug
        self._found = found_words(entry, controller.listed, controller.status, failed=failed)
        if entry is not None and controller.listed is None and controller.mode is CUSTOM:
            self._found = f"{entry.spec.target or entry.project} · started by your own command"
        self.setAccessibleName(f"Application: {self._title}. {self._found}")
        self.setToolTip(self._found)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Two lines."""
        return QSize(px(260), 2 * self.fontMetrics().height() + 12)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Two lines, not as long."""
        return QSize(min(140, px(110)), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The frame as the style draws it, then the two lines."""
        painter = QPainter(self)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = ""
        self.style().drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option, painter, self)
        area = self.rect().adjusted(10, 5, -26, -5)
        half = area.height() // 2
        self._line(painter, QRect(area.x(), area.y(), area.width(), half), self._title, Role.TEXT, strong=True)
        self._line(painter, QRect(area.x(), area.y() + half, area.width(), half), self._found, Role.MUTED)
        arrow = pixmap("chevron-down", 14, color(Role.MUTED), self.devicePixelRatioF())
        painter.drawPixmap(self.width() - 22, (self.height() - 14) // 2, arrow)
        painter.end()

    def _line(self, painter: QPainter, area: QRect, text: str, role: Role, *, strong: bool = False) -> None:
        font = self.font()
        font.setBold(strong)
        if not strong:
            font.setPointSizeF(font.pointSizeF() * 0.9)
        painter.setFont(font)
        painter.setPen(color(role))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        entries = self._controller.entries.values()
        self._add_found()
        self._add_group("Projects", [entry for entry in entries if not entry.demo])
        self._add_group("Demo applications", [entry for entry in entries if entry.demo])
        if entries:
            menu.addSeparator()
        menu.addAction(icon("folder"), "Open project folder…", self.folder_wanted.emit)
        menu.addAction(icon("terminal"), "Type an import string…", self.import_wanted.emit)

    def _add_found(self) -> None:
        """What the project in view offers besides: its own presets, and applications that were found in it."""
        listed, current = self._controller.listed, self._controller.current
        if listed is None or current is None or current.demo:
            return
        menu = self.menu()
        if listed.presets:
            menu.addAction("From pyproject.toml").setEnabled(False)
        for preset in listed.presets:
            action = menu.addAction(
                icon("terminal" if preset.custom else "mark"), f"{preset.name}    {preset_words(preset)}"
            )
            action.setToolTip(tip(preset.custom or preset.target.target))
            action.triggered.connect(lambda _checked=False, preset=preset: self._controller.take_preset(preset))
        if listed.candidates:
            folder = os.path.basename(current.project.rstrip("/")) or "the folder"
            menu.addAction(f"Found in {folder}").setEnabled(False)
        for found in listed.candidates:
            action = menu.addAction(icon("search"), f"{found.target}    {candidate_words(found)}")
            action.setToolTip(tip(found.file))
            action.triggered.connect(lambda _checked=False, found=found: self._controller.take_candidate(found))
        if listed.presets or listed.candidates:
            menu.addSeparator()

    def _add_group(self, title: str, entries: list[Entry]) -> None:
        if not entries:
            return
        self.menu().addAction(title).setEnabled(False)
        for entry in entries:
            status = self._controller.statuses.get(entry.name)
            state = status.state if status else ""
            role = _STATE_ROLES.get(state, Role.PENDING)
            sign = icon("dot", role) if state in LIVE_STATES or state == "crashed" else icon("ring", Role.MUTED)
            words = f"{entry.title or entry.name}    {state}" if state in LIVE_STATES else entry.title or entry.name
            action = self.menu().addAction(sign, words)
            action.setToolTip(
                tip(entry.spec.target if not entry.spec.cwd else f"{entry.spec.target} in {entry.spec.cwd}")
            )
            action.triggered.connect(lambda _checked=False, name=entry.name: self._controller.select(name))


def preset_words(preset: Preset) -> str:
    """What a preset starts, in a few words."""
    size = f"{preset.workers} workers" if preset.workers else ""
    parts = (preset.target.target, preset.mode or ("own command" if preset.custom else ""), size)
    return " · ".join(part for part in parts if part)


def candidate_words(found: Candidate) -> str:
    """What was found out about an application without running it."""
    parts = (found.framework, found.interface, "factory" if found.factory else "")
    return " · ".join(part for part in parts if part)


def found_words(
    entry: Entry | None, listed: ModesListed | None, status: AppStatus | None, *, failed: bool = False
) -> str:
    """What was found out about a target: import string, framework, interface, interpreter."""
    if entry is None:
        return "Open a project folder, or try the demo"
    if failed and (status is None or status.state not in LIVE_STATES):
        return f"{entry.spec.target} · could not be loaded"
    source: ModesListed | AppStatus | None = listed or status
    if source is None:
        return f"{entry.spec.target} · looking…"
    python = f"Python {source.python_version}" if source.python_version else ""
    parts = (source.target.target or entry.spec.target, source.framework, source.interface, python)
    return " · ".join(part for part in parts if part)
