"""What the app remembers, in an ini file in the user's configuration folder: options of the app, state of each project.

Options are declared in ``OPTIONS`` with type, default and description; a value in the file that does not fit is
ignored. Pages keep their own state (columns, filters) with ``value`` and ``set_value``, which are per project, and the
layout of their splitters and headers with ``remember``, by object name.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QByteArray, QObject, QSettings, QStandardPaths, Signal
from PySide6.QtWidgets import QHeaderView, QMainWindow, QSplitter, QWidget
from shiboken6 import isValid

VERSION = 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the whole app."""

    default: bool | int | str
    description: str
    choices: tuple[str, ...] = ()


OPTIONS: dict[str, Option] = {
    "theme": Option(
        "system",
        "Colours: as the system says, or always light, dark, or of high contrast.",
        ("system", "light", "dark", "contrast", "contrast-light"),
    ),
    "text_size": Option(100, "The size of text, in per cent of the system's."),
    "log_lines": Option(20_000, "How many lines of output the Logs page keeps."),
    "recent_limit": Option(12, "How many applications the picker remembers."),
}


class Settings(QObject):
    """The settings file, looked at from one project.

    Signals:
        option_changed: an option of the whole app got another value (its name).
        project_changed: another project's state is in use now.
    """

    option_changed = Signal(str)
    project_changed = Signal()

    def __init__(self, path: Path | None = None, project: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = QSettings(str(path or default_path()), QSettings.Format.IniFormat)
        self._remembered: list[QWidget] = []
        self.project = project
        self._migrate()

    # options of the whole app

    def option(self, name: str) -> Any:
        """The value of the option ``name``. Raises ``KeyError`` for one that is not declared."""
        declared = OPTIONS[name]
        found = self._read(f"options/{name}", declared.default)
        return found if not declared.choices or found in declared.choices else declared.default

    def set_option(self, name: str, value: bool | int | str) -> None:
        """Keep ``value``.

        Raises ``KeyError`` for an option that is not declared, ``ValueError`` for a value it can't have.
        """
        declared = OPTIONS[name]
        if not isinstance(value, type(declared.default)) or (declared.choices and value not in declared.choices):
            raise ValueError(f"{name} can't be {value!r}: {declared.description}")
        if value != self.option(name):
            self._write(f"options/{name}", value)
            self.option_changed.emit(name)

    # shared by all projects

    def shared(self, key: str, default: T) -> T:
        """A JSON value that all projects share, e.g.

        the recent applications; ``default`` if absent or of another type.
        """
        return self._read(f"shared/{key}", default)

    def set_shared(self, key: str, value: object) -> None:
        """Keep a JSON value for all projects."""
        self._write(f"shared/{key}", value)

    # state of the project in view

    def value(self, key: str, default: T) -> T:
        """The project's JSON value for ``key``; ``default`` if absent or of another type."""
        return self._read(f"{self._group()}/{key}", default)

    def set_value(self, key: str, value: object) -> None:
        """Keep a JSON value for the project."""
        self._write(f"{self._group()}/{key}", value)

    def use_project(self, project: str) -> None:
        """Save the layout of the project in view, and take up that of ``project`` (its folder, or a demo's name)."""
        if project == self.project:
            return
        self.save_layout()
        self.project = project
        for widget in self._remembered:
            self.restore(widget)
        self.project_changed.emit()

    def remember(self, widget: QWidget) -> None:
        """Restore the layout of a window, splitter or header now, and save it with ``save_layout``.

        It needs an object name.
        """
        if not widget.objectName():
            raise ValueError(f"a widget to be remembered needs an object name: {widget!r}")
        self._remembered.append(widget)
        widget.destroyed.connect(lambda: self._forget(widget))
        self.restore(widget)

    def restore(self, widget: QWidget) -> None:
        """Give a widget the layout that the project in view remembers for it."""
        key = f"{self._group()}/layout/{widget.objectName()}"
        geometry, state = self._store.value(f"{key}.geometry"), self._store.value(key)
        if isinstance(widget, QMainWindow) and isinstance(geometry, QByteArray):
            widget.restoreGeometry(geometry)
        if isinstance(widget, QMainWindow | QSplitter | QHeaderView) and isinstance(state, QByteArray):
            widget.restoreState(state)

    def save_layout(self) -> None:
        """Write down geometry, splitters and headers, and flush the file."""
        self._store.setValue(f"{self._group()}/about", self.project)
        self._remembered = [widget for widget in self._remembered if isValid(widget)]
        for widget in self._remembered:
            key = f"{self._group()}/layout/{widget.objectName()}"
            if isinstance(widget, QMainWindow):
                self._store.setValue(f"{key}.geometry", widget.saveGeometry())
            if isinstance(widget, QMainWindow | QSplitter | QHeaderView):
                self._store.setValue(key, widget.saveState())
        self._store.sync()

    def _forget(self, widget: QWidget) -> None:
        self._remembered = [kept for kept in self._remembered if kept is not widget]

    def _group(self) -> str:
        if not self.project:
            return "projects/none"
        return f"projects/{hashlib.sha256(self.project.encode()).hexdigest()[:16]}"

    def _read(self, key: str, default: T) -> T:
        text = self._store.value(key)
        if not isinstance(text, str):
            return default
        try:
            found = json.loads(text)
        except ValueError:
            return default
        return found if default is None or type(found) is type(default) else default

    def _write(self, key: str, value: object) -> None:
        self._store.setValue(key, json.dumps(value))

    def _migrate(self) -> None:
        """A file of a later version is left as it is: what fits is read, the rest ignored."""
        if self._read("version", 0) < VERSION:
            self._write("version", VERSION)


def default_path() -> Path:
    """The settings file in the user's configuration folder."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "gatescope" / "gatescope.ini"
