"""The options of the application in view, below their button: variables, files of them, folder, interpreter, arguments.

It lies over the page, holds nothing up, and takes each change as it is made; what runs takes them when it is told to.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.launch import extras as beside
from app.launch.controller import LaunchController
from app.launch.interpreters import found
from app.launch.variables_table import VariablesTable
from app.theme import px
from app.theme.widgets import bold, button, icon_button, label, look
from app.traffic.filter_field import FilterField
from inspector.query.capturing import parse_capture
from supervisor.control.messages import TargetSpec

_WIDE = 600
_GAP = 6
_CAPTURE = (
    "Record only what this filter lets through. It counts at once: an exchange is shown while it is under way and "
    "judged when it is over; what does not pass is counted and not kept."
)


class OptionsPanel(QFrame):
    """Hidden until asked for. ``anchor`` is the button that it lies below."""

    def __init__(self, controller: LaunchController, anchor: QWidget) -> None:
        super().__init__(anchor)
        self.hide()
        self.setObjectName("optionsPanel")
        self.setAccessibleName("Options of the application")
        self._controller, self._anchor = controller, anchor
        self.title = label("Options")
        bold(self.title, 1.08)
        self.variables = VariablesTable()
        self.variables.edited.connect(self._take)
        self.reveal = QCheckBox("Show secrets")
        self.reveal.toggled.connect(self.variables.show_values)
        self.files = QWidget()
        self._boxes: dict[str, QCheckBox] = {}
        self.add_file = button("Add a file…", dress="link")
        self.add_file.clicked.connect(self._browse_files)
        self.cwd = self._line("the project's folder", "Working folder")
        self._typed_python = QLineEdit()
        self.python = self._make_python()
        self.args = self._line("as on the server's command line: --timeout 5", "Arguments for the server")
        self.root_path = self._line("/api", "Root path")
        self.capture = FilterField(
            "Capture only", "everything; or for example  status:5xx -path:/health", parse_capture
        )
        self.capture.setToolTip(_CAPTURE)
        self.capture.used.connect(lambda _text: self._take())
        self.reload = QCheckBox("Reload when a file of the project changes")
        self.reload.toggled.connect(self._take)
        self.error = label("", "error", wrap=True)
        self.note = label("", "muted")
        self.apply = button("Apply now", icon="replay")
        self.apply.clicked.connect(controller.apply_options)
        self.close_it = icon_button("close", "Close the options (Esc)")
        self.close_it.clicked.connect(self.leave)
        self._lay_out()
        controller.changed.connect(self.render_all)
        controller.selected.connect(lambda _entry: self.error.hide())

    def toggle(self) -> None:
        """Open or close."""
        if self.isVisible():
            self.leave()
        else:
            self.open_at("variables")

    def open_at(self, option: str) -> None:
        """Open, with the keyboard in one of the options: ``variables python cwd capture``."""
        window = self._anchor.window()
        if self.parent() is not window:
            self.setParent(window)
            window.installEventFilter(self)
        self.show()
        self.render_all()
        self._place()
        self.raise_()
        fields: dict[str, QWidget] = {"python": self.python, "cwd": self.cwd, "capture": self.capture}
        fields.get(option, self.variables).setFocus()
        if option not in fields:
            self.variables.setCurrentCell(self.variables.rowCount() - 1, 0)

    def leave(self) -> None:
        """Close, and give the keyboard back to the button."""
        self.hide()
        self._anchor.setFocus()

    def render_all(self) -> None:
        """Show what is set."""
        entry = self._controller.current
        if not self.isVisible() or entry is None:
            return
        extras, spec = self._controller.extras, entry.spec
        self.title.setText(f"Options of {entry.title or entry.name}")
        if not self.error.isVisible():
            self.variables.fill(spec.env)
        self._render_files(spec)
        self._render_python(spec)
        for line, text in (
            (self.cwd, spec.cwd), (self.args, shlex.join(extras.args)), (self.root_path, extras.root_path),
        ):  # fmt: skip
            if not line.isModified():
                line.setText(text)
        self.capture.set_text(extras.capture)
        with QSignalBlocker(self.reload):
            self.reload.setChecked(extras.reload)
        outdated = self._controller.outdated
        self.note.setText("What runs was started with other options." if outdated else "Kept for this project.")
        self.apply.setVisible(outdated)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """The window has another size: stay below the button."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    # what is typed

    def _take(self) -> None:
        """Hand over what is typed, or say what is wrong with it."""
        entry = self._controller.current
        if entry is None:
            return
        try:
            env = beside.variables(self.variables.rows())
            extras = dataclasses.replace(
                self._controller.extras, args=beside.arguments(self.args.text()), reload=self.reload.isChecked(),
                root_path=beside.root_path(self.root_path.text()),
                capture=self.capture.text if self.capture.check() else self._controller.extras.capture,
            )  # fmt: skip
        except ValueError as error:
            self.error.setText(f"{error}.")
            self.error.show()
            self._place()
            return
        self.error.hide()
        for line in (self.cwd, self.args, self.root_path):
            line.setModified(False)
        files = tuple(name for name, box in self._boxes.items() if box.isChecked())
        folder = self.cwd.text().strip()
        spec = dataclasses.replace(
            entry.spec, env=env, env_files=files, python=os.path.expanduser(self._python_text()),
            cwd=os.path.abspath(os.path.expanduser(folder)) if folder else "",
        )  # fmt: skip
        self._controller.set_extras(extras)
        self._controller.set_spec(spec)

    def _python_text(self) -> str:
        text = self.python.currentText().strip()
        return "" if text == self.python.itemText(0).strip() else text

    def _browse_files(self) -> None:
        def add(path: str) -> None:
            self._add_box(path, on=True)
            self._take()

        self._browse("File of variables", QFileDialog.FileMode.ExistingFile, add)

    def _browse(self, title: str, mode: QFileDialog.FileMode, take: Callable[[str], None]) -> None:
        dialog = QFileDialog(self.window(), title, self.cwd.text())
        dialog.setFileMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(take)
        dialog.open()

    def _take_folder(self, path: str) -> None:
        self.cwd.setText(path)
        self._take()

    def _take_python(self, path: str) -> None:
        self.python.setEditText(path)
        self._take()

    # what is shown

    def _render_files(self, spec: TargetSpec) -> None:
        listed = self._controller.listed
        names = dict.fromkeys((*(listed.env_files if listed else ()), *spec.env_files))
        if listed is not None or set(spec.env_files) - set(self._boxes):
            for name in set(self._boxes) - set(names):
                self._boxes.pop(name).deleteLater()
        for name in names:
            self._add_box(name, on=name in spec.env_files)

    def _add_box(self, name: str, *, on: bool) -> None:
        box = self._boxes.get(name)
        if box is None:
            box = self._boxes[name] = QCheckBox(name)
            box.setToolTip("Its variables are read when the application is started; those above go before them")
            box.toggled.connect(self._take)
            layout = self.files.layout()
            assert isinstance(layout, QHBoxLayout)
            layout.insertWidget(layout.count() - 2, box)
        with QSignalBlocker(box):
            box.setChecked(on)

    def _render_python(self, spec: TargetSpec) -> None:
        if self._typed_python.isModified():
            return
        listed = self._controller.listed
        own = f"the project's own: {listed.target.python}" if listed and not spec.python else "the project's own"
        folder = spec.cwd or os.getcwd()
        with QSignalBlocker(self.python):
            self.python.clear()
            self.python.addItems([own, *found(folder, os.environ)])
            self.python.setEditText(spec.python or own)
            self._typed_python.setCursorPosition(0)

    def _make_python(self) -> QComboBox:
        made = QComboBox()
        made.setLineEdit(self._typed_python)
        made.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        made.setAccessibleName("Interpreter")
        made.activated.connect(lambda _row: self._take())
        self._typed_python.editingFinished.connect(self._on_python_typed)
        return made

    def _on_python_typed(self) -> None:
        if self._typed_python.isModified():
            self._typed_python.setModified(False)
            self._take()

    def _line(self, hint: str, name: str) -> QLineEdit:
        made = QLineEdit()
        made.setPlaceholderText(hint)
        made.setAccessibleName(name)
        made.editingFinished.connect(lambda: self._take() if made.isModified() else None)
        return made

    def _place(self) -> None:
        """Below the button, inside the window."""
        window = self.window()
        at = self._anchor.mapTo(window, QPoint(self._anchor.width(), self._anchor.height() + _GAP))
        wide = min(px(_WIDE), window.width() - 2 * _GAP)
        high = min(self.sizeHint().height(), window.height() - at.y() - _GAP)
        self.setGeometry(max(_GAP, min(at.x() - wide // 2, window.width() - wide - _GAP)), at.y(), wide, high)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        column.addLayout(_row(self.title, None, self.close_it))
        self.variables.setMinimumHeight(px(26 * 4 + 34))
        column.addWidget(self.variables)
        files = QHBoxLayout(self.files)
        files.setContentsMargins(0, 0, 0, 0)
        files.setSpacing(12)
        files.addWidget(self.add_file)
        files.addStretch(1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        folder = icon_button("folder", "Choose the working folder")
        python = icon_button("folder", "Choose an interpreter")
        kinds = QFileDialog.FileMode
        folder.clicked.connect(lambda: self._browse("Working folder", kinds.Directory, self._take_folder))
        python.clicked.connect(lambda: self._browse("Interpreter", kinds.ExistingFile, self._take_python))
        rows: tuple[tuple[str, QWidget, QWidget], ...] = (
            ("", self.reveal, QLabel()), ("Files of variables", self.files, QLabel()),
            ("Working folder", self.cwd, folder), ("Interpreter", self.python, python),
            ("Arguments", self.args, QLabel()), ("Root path", self.root_path, QLabel()),
            ("Capture only", self.capture, QLabel()), ("", self.reload, QLabel()),
        )  # fmt: skip
        for at, (text, widget, more) in enumerate(rows):
            grid.addWidget(label(text, "muted"), at, 0)
            grid.addWidget(widget, at, 1)
            if not isinstance(more, QLabel):
                grid.addWidget(more, at, 2)
        column.addLayout(grid)
        column.addWidget(self.error)
        column.addLayout(_row(self.note, None, self.apply))
        self.error.hide()
        look(self, "popup")


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is the room between them."""
    row = QHBoxLayout()
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
