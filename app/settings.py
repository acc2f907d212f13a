"""What the app remembers, in an ini file in the user's configuration folder: options of the app, state of each project.

Options are declared in ``OPTIONS`` with type, default and description; a value in the file that does not fit is
ignored. Pages keep their own state (columns, filters) with ``value`` and ``set_value``, which are per project, what
their controls are set to with ``keep``, the layout of their splitters and headers, by object name, with ``remember``.

Only the user can read the file, since it holds the variables that applications are started with. QSettings writes it
beside and moves it into its place, so that a window that dies leaves the file as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QByteArray, QObject, QSettings, QStandardPaths, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import QAbstractButton, QComboBox, QHeaderView, QMainWindow, QSplitter, QWidget
from shiboken6 import isValid

VERSION = 1
_FLUSH_MS = 300  #: how soon what was set is in the file
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


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """What a control is set to, kept for each project: ``read`` gives a JSON value, ``put`` takes one back."""

    owner: QObject
    key: str
    read: Callable[[], T]
    put: Callable[[T], object]


class Settings(QObject):
    """The settings file, looked at from one project.

    Signals:
        option_changed: an option of the whole app got another value (its name).
        project_changed: another project's state is in use now.
        unwritable: what is set can't be kept (why); told once.
    """

    option_changed = Signal(str)
    project_changed = Signal()
    unwritable = Signal(str)

    def __init__(self, path: Path | None = None, project: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path or default_path()
        _make_private(self._path)
        self._store = QSettings(str(self._path), QSettings.Format.IniFormat)
        self._remembered: list[QWidget] = []
        self._kept: list[tuple[Setting[Any], Any]] = []  #: with what each is where nothing was kept
        self._putting = self._told = False
        self._written = QTimer(self, singleShot=True, interval=_FLUSH_MS)
        self._written.timeout.connect(self._flush)
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
        self._kept = [(kept, usual) for kept, usual in self._kept if isValid(kept.owner)]
        for kept, usual in self._kept:
            self._put(kept, usual)
        self.project_changed.emit()

    def keep(self, kept: Setting[T], changed: SignalInstance) -> None:
        """Put back what the project in view keeps, now and whenever another comes into view; keep what ``changed``."""
        usual = kept.read()
        self._kept.append((kept, usual))
        self._put(kept, usual)

        def on_changed(*_value: object) -> None:
            if not self._putting:
                self.set_value(kept.key, kept.read())

        changed.connect(on_changed)

    def keep_checked(self, button: QAbstractButton, key: str) -> None:
        """``keep`` for a button that is down or not."""
        self.keep(Setting(button, key, button.isChecked, button.setChecked), button.toggled)

    def keep_chosen(self, box: QComboBox, key: str) -> None:
        """``keep`` for the text that is chosen in a list that does not change."""

        def put(text: str) -> None:
            box.setCurrentIndex(max(0, box.findText(text)))

        self.keep(Setting(box, key, box.currentText, put), box.currentTextChanged)

    def _put(self, kept: Setting[T], usual: T) -> None:
        self._putting = True
        try:
            kept.put(self.value(kept.key, usual))
        finally:
            self._putting = False

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
        self._flush()

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
        if not self._written.isActive():
            self._written.start()

    def _flush(self) -> None:
        """Into the file with it; QSettings itself says nothing when it can't."""
        self._store.sync()
        if self._store.status() == QSettings.Status.AccessError and not self._told:
            self._told = True
            self.unwritable.emit(f"{self._path} can't be written. See who owns it and its folder, and that the disk "
                                 "is not full.")  # fmt: skip

    def _migrate(self) -> None:
        """A file of a later version is left as it is: what fits is read, the rest ignored."""
        if self._read("version", 0) < VERSION:
            self._write("version", VERSION)


def _make_private(path: Path) -> None:
    """A file that is the user's alone, before anything is in it; one of others' is left as it is."""
    with contextlib.suppress(OSError):  # what can't be written is told when it is
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)


def default_path() -> Path:
    """The settings file in the user's configuration folder."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "gatescope" / "gatescope.ini"
