"""Filters that were given a name, kept for each project: as a menu, and each as an action for the palette."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QMenu, QVBoxLayout, QWidget

from app.actions import Action, ActionRegistry
from app.settings import Settings
from app.theme.widgets import look
from app.traffic import formats

_KEY = "traffic/saved"
_PREFIX = "filter.saved."
_WIDTH = 340


class NamePrompt(QFrame):
    """Pops up at a point and asks for a name; Escape or a click elsewhere closes it.

    Signals:
        named(str): Enter was pressed on this.
    """

    named = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("namePrompt")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.title = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.line = QLineEdit()
        self.line.setAccessibleName("Name of the filter")
        self.hint = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        look(self.hint, "muted")
        self.line.returnPressed.connect(self._on_return)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 8)
        column.setSpacing(6)
        for widget in (self.title, self.line, self.hint):
            column.addWidget(widget)
        self.setFixedWidth(_WIDTH)

    def ask(self, at: QPoint, title: str, name: str, hint: str) -> None:
        """Show it at a global point."""
        self.title.setText(title)
        self.line.setText(name)
        self.line.selectAll()
        self.hint.setText(hint)
        self.adjustSize()
        self.move(at)
        self.show()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def _on_return(self) -> None:
        name = self.line.text().strip()
        if name:
            self.hide()
            self.named.emit(name)


class SavedFilters(QObject):
    """Names and texts, in the order in which they were saved.

    Signals:
        changed(): there are others now.
        wanted(str): use this filter.
    """

    changed = Signal()
    wanted = Signal(str)

    def __init__(self, settings: Settings, actions: ActionRegistry, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings, self._actions = settings, actions
        self.all: dict[str, str] = {}
        self._registered: list[str] = []
        settings.project_changed.connect(self.load)
        self.load()

    def load(self) -> None:
        """Those of the project in view."""
        kept: list[object] = self._settings.value(_KEY, [])
        self.all = {}
        for each in kept:
            match each:
                case [str(name), str(text)]:
                    self.all[name] = text
        self._register()

    def save(self, name: str, text: str) -> None:
        """Keep ``text`` under ``name``, in place of what had it."""
        self.all[name] = text
        self._store()

    def rename(self, old: str, new: str) -> None:
        """Another name, in the same place; what had that one is gone."""
        kept = {name: text for name, text in self.all.items() if name == old or name != new}
        self.all = {new if name == old else name: text for name, text in kept.items()}
        self._store()

    def delete(self, name: str) -> None:
        """Not any more."""
        self.all.pop(name, None)
        self._store()

    def fill(self, menu: QMenu, save: Callable[[], None] | None, rename: Callable[[str], None]) -> None:
        """A menu with all of them. ``save`` and ``rename`` ask for a name; no ``save``: there is nothing to save."""
        keep = menu.addAction("Save this filter…", save or (lambda: None))
        keep.setEnabled(save is not None)
        menu.addSeparator()
        if not self.all:
            menu.addAction("None saved in this project yet").setEnabled(False)
            return
        for name, text in self.all.items():
            menu.addAction(f"{_plain(name)}\t{_plain(formats.cell(text, 50))}", partial(self.wanted.emit, text))
        menu.addSeparator()
        renaming, deleting = menu.addMenu("Rename"), menu.addMenu("Delete")
        for name in self.all:
            renaming.addAction(f"{_plain(name)}…", partial(rename, name))
            deleting.addAction(_plain(name), partial(self.delete, name))

    def _store(self) -> None:
        self._settings.set_value(_KEY, [[name, text] for name, text in self.all.items()])
        self._register()

    def _register(self) -> None:
        for identity in self._registered:
            self._actions.remove(identity)
        self._registered = []
        for number, (name, text) in enumerate(self.all.items()):
            identity = f"{_PREFIX}{number}"
            title = f"Filter: {formats.cell(name, 60)}"
            self._actions.add(
                Action(id=identity, title=title, run=partial(self.wanted.emit, text), group="Traffic", menu=False)
            )
            self._registered.append(identity)
        self.changed.emit()


def _plain(text: str) -> str:
    """A menu takes an ampersand for the key of an entry, and a tab for that of a column."""
    return text.replace("&", "&&").replace("\t", " ")
