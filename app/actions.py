"""The one registry of what the user can do: id, title, shortcut, enabled-when.

Menus, shortcuts, command palette and the keys page all read it.

A page registers its own: ``actions.add(Action("traffic.follow", "Follow the newest", self.follow, shortcut="F",
scope=self))``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from app.theme import set_icon


@dataclass(frozen=True, slots=True, kw_only=True)
class _Optional:
    shortcut: str = ""  #: as Qt writes it, e.g. ``Ctrl+K``; several are separated by a space
    group: str = "General"  #: heading in the palette and on the keys page; the menu it is in
    icon: str = ""
    tip: str = ""  #: one sentence more than the title says
    enabled_when: Callable[[], bool] | None = None
    checked_when: Callable[[], bool] | None = None  #: makes it one that can be on or off
    scope: QWidget | None = None  #: where the shortcut works; None: in the whole window
    menu: bool = True  #: whether it is shown in the window's menus


@dataclass(frozen=True, slots=True)
class Action(_Optional):
    """Something the user can do. ``id`` is ``page.verb``, ``title`` an imperative, ``run`` takes no arguments."""

    id: str
    title: str
    run: Callable[[], object]


class ActionRegistry(QObject):
    """All actions by id.

    Signals:
        added: an action was registered, or is gone (its id).
    """

    added = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._actions: dict[str, Action] = {}
        self._qactions: dict[str, QAction] = {}
        self._home: QWidget | None = None

    def set_home(self, window: QWidget) -> None:
        """``window`` is where shortcuts without a scope work."""
        self._home = window
        for identity, action in self._actions.items():
            if action.scope is None:
                window.addAction(self._qactions[identity])

    def add(self, action: Action) -> QAction:
        """Register ``action``; its ``QAction`` can be put on buttons and in context menus.

        Raises:
            ValueError: the id is taken, or the shortcut is, in the same scope.
        """
        if action.id in self._actions:
            raise ValueError(f"action {action.id} is registered already")
        self._refuse_clash(action)
        made = self._make(action)
        self._actions[action.id] = action
        self._qactions[action.id] = made
        scope = action.scope or self._home
        if scope is not None:
            scope.addAction(made)
        self.added.emit(action.id)
        return made

    def remove(self, identity: str) -> None:
        """Forget an action that cannot be done any more. Raises ``KeyError``."""
        self._actions.pop(identity)
        made = self._qactions.pop(identity)
        for widget in made.associatedObjects():
            if isinstance(widget, QWidget):
                widget.removeAction(made)
        made.deleteLater()
        self.added.emit(identity)

    def get(self, identity: str) -> QAction:
        """The ``QAction`` of ``identity``. Raises ``KeyError``."""
        return self._qactions[identity]

    def describe(self, identity: str) -> Action:
        """What was registered as ``identity``. Raises ``KeyError``."""
        return self._actions[identity]

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def groups(self) -> dict[str, list[Action]]:
        """The actions under their headings, in the order they were registered."""
        found: dict[str, list[Action]] = {}
        for action in self._actions.values():
            found.setdefault(action.group, []).append(action)
        return found

    def refresh(self) -> None:
        """Ask every action whether it can be done now, and whether it is on."""
        for identity, action in self._actions.items():
            qaction = self._qactions[identity]
            if action.enabled_when is not None:
                qaction.setEnabled(action.enabled_when())
            if action.checked_when is not None:
                qaction.setChecked(action.checked_when())

    def run(self, identity: str) -> None:
        """Do it, if it can be done now."""
        self.refresh()
        self._qactions[identity].trigger()

    def _refuse_clash(self, action: Action) -> None:
        taken = {key: a.id for a in self._actions.values() if a.scope is action.scope for key in keys_of(a)}
        for key in keys_of(action):
            if key in taken:
                raise ValueError(f"{key} of action {action.id} is the key of {taken[key]} already")

    def _make(self, action: Action) -> QAction:
        made = QAction(action.title, self)
        made.setObjectName(action.id)
        made.setShortcuts([QKeySequence(key) for key in keys_of(action)])
        if action.scope is not None:
            made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        tip = action.tip or action.title
        made.setToolTip(f"{tip}  ({keys_text(action)})" if action.shortcut else tip)
        if action.icon:
            set_icon(made, action.icon)
        made.setCheckable(action.checked_when is not None)
        if action.enabled_when is not None:
            made.setEnabled(action.enabled_when())
        made.triggered.connect(lambda _checked=False: action.run())
        return made


def keys_of(action: Action) -> list[str]:
    """Its shortcuts, one by one."""
    return action.shortcut.split()


def keys_text(action: Action) -> str:
    """Its shortcuts for reading."""
    return " or ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys_of(action))
