"""Typing an application in: import string, folder, interpreter, environment. A strip under the bar, not a dialogue."""

from __future__ import annotations

import os
import shlex

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from app.theme.widgets import button, caption, icon_button, label, look
from supervisor.control.messages import TargetSpec


class TargetForm(QFrame):
    """Hidden until asked for.

    Signals:
        accepted: what was typed (a ``TargetSpec``).
    """

    accepted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("targetForm")
        look(self, "form")
        self.target = self._field("package.module:attribute")
        self.folder = self._field("folder to import it from")
        self.python = self._field("found by itself")
        self.env = self._field("NAME=value NAME=value")
        self.factory = QCheckBox("It is a factory")
        self.factory.setToolTip("The attribute is a function that makes the application")
        self._error = label("", "error")
        self._use = button("Use it", dress="primary")
        self._use.clicked.connect(self._accept)
        self._cancel = button("Cancel")
        self._cancel.clicked.connect(self.hide)
        self._browse = icon_button("folder", "Choose the folder")
        self._browse.clicked.connect(self._choose_folder)
        self._lay_out()
        self.hide()

    def ask(self, spec: TargetSpec | None = None) -> None:
        """Show the form, filled with ``spec``."""
        known = spec or TargetSpec(target="", cwd=os.getcwd())
        target, folder = import_string(known)
        self.target.setText(target)
        self.folder.setText(folder)
        self.python.setText(known.python)
        self.env.setText(shlex.join(f"{key}={value}" for key, value in known.env))
        self.factory.setChecked(known.factory)
        self._error.hide()
        self.show()
        self.target.setFocus()
        self.target.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _accept(self) -> None:
        try:
            env = parse_environment(self.env.text())
        except ValueError as error:
            self._complain(str(error), self.env)
            return
        target = self.target.text().strip()
        if not target:
            self._complain("Type the module and the attribute, for example main:app", self.target)
            return
        folder = os.path.abspath(os.path.expanduser(self.folder.text().strip() or "."))
        spec = TargetSpec(
            target=target, cwd=folder, python=self.python.text().strip(), env=env, factory=self.factory.isChecked()
        )
        self.hide()
        self.accepted.emit(spec)

    def _complain(self, text: str, field: QLineEdit) -> None:
        self._error.setText(text)
        self._error.show()
        field.setFocus()

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, "Folder to import from", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()

    def _field(self, hint: str) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(hint)
        field.returnPressed.connect(self._accept)
        return field

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 10)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        folder = QWidget()
        row = QHBoxLayout(folder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.folder)
        row.addWidget(self._browse)
        fields: tuple[tuple[str, QWidget, QWidget, int], ...] = (
            ("Import string", self.target, self.target, 3), ("Folder", self.folder, folder, 4),
            ("Interpreter", self.python, self.python, 2), ("Environment", self.env, self.env, 3),
        )  # fmt: skip
        for column, (text, field, widget, stretch) in enumerate(fields):
            grid.addWidget(caption(text, field), 0, column)
            grid.addWidget(widget, 1, column)
            grid.setColumnStretch(column, stretch)
        for column, widget in enumerate((self.factory, self._use, self._cancel), start=len(fields)):
            grid.addWidget(widget, 1, column)
        grid.addWidget(self._error, 2, 0, 1, len(fields) + 3)


def import_string(spec: TargetSpec) -> tuple[str, str]:
    """The import string and the folder to begin with: of a target that is a folder, only that; of a demo, neither."""
    cwd = spec.cwd or os.getcwd()
    if not spec.target or spec.target.startswith("demo:"):
        return "", cwd
    place = os.path.normpath(os.path.join(cwd, os.path.expanduser(spec.target)))
    if os.path.isdir(place) or "/" in spec.target:
        return "", place
    return spec.target, cwd


def parse_environment(text: str) -> tuple[tuple[str, str], ...]:
    """``A=1 B='two words'`` as pairs. Raises ValueError with words for the user."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"The environment can't be read: {error}") from None
    for word in words:
        if "=" not in word[1:]:
            raise ValueError(f"{word!r} is not NAME=value")
    return tuple((name, value) for name, _, value in (word.partition("=") for word in words))
