"""The one registry of what the user can do: id, title, keys, enabled-when, and why not when it can't be done.

Menus, shortcuts, command palette and the keys page all read it, and show the keys that the user gave an action.

A page registers its own: ``actions.add(Action("traffic.follow", "Follow the newest", self.follow, shortcut="F",
scope=self))``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from app.needs import needs
from app.theme import set_icon


@dataclass(frozen=True, slots=True, kw_only=True)
class _Optional:
    shortcut: str = ""  #: as Qt writes it, e.g. ``Ctrl+K``; several are separated by a space
    group: str = "General"  #: heading in the palette and on the keys page; the menu it is in
    icon: str = ""
    tip: str = ""  #: one sentence more than the title says
    enabled_when: Callable[[], bool] | None = None
    needs: str = ""  #: what must be so before it can be done, in a sentence; said where it can't
    checked_when: Callable[[], bool] | None = None  #: makes it one that can be on or off
    scope: QWidget | None = None  #: where the shortcut works; None: in the whole window
    destructive: bool = False  #: it ends or removes something; the palette does not offer it for half a match
    menu: bool = True  #: whether it is shown in the window's menus


@dataclass(frozen=True, slots=True)
class Action(_Optional):
    """Something the user can do. ``id`` is ``page.verb``, ``title`` an imperative, ``run`` takes no arguments."""

    id: str
    title: str
    run: Callable[[], object]


class KeyTakenError(ValueError):
    """The key is another action's already: ``owner``."""

    def __init__(self, key: str, action: Action, owner: Action) -> None:
        super().__init__(f"{key} of action {action.id} is the key of {owner.id} already")
        self.key, self.owner = key, owner


class ActionRegistry(QObject):
    """All actions by id. An ``Action`` it hands out has the keys that are in use, not those it was made with.

    Signals:
        added: an action was registered, or is gone (its id).
        rebound: an action has other keys now (its id).
    """

    added = Signal(str)
    rebound = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._actions: dict[str, Action] = {}
        self._qactions: dict[str, QAction] = {}
        self._defaults: dict[str, str] = {}
        self._chosen: dict[str, str] = {}  #: by the user, also for actions that are not there (yet)
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
        self._defaults[action.id] = action.shortcut
        action = self._with_chosen_keys(action)
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
            if action.enabled_when is not None and qaction.isEnabled() != (enabled := action.enabled_when()):
                if qaction.toolTip() == _tip(action, enabled=not enabled):  # else its page has words of its own
                    qaction.setToolTip(_tip(action, enabled=enabled))
                qaction.setEnabled(enabled)
            if action.checked_when is not None:
                qaction.setChecked(action.checked_when())

    def run(self, identity: str) -> None:
        """Do it, if it can be done now."""
        self.refresh()
        self._qactions[identity].trigger()

    def why_not(self, identity: str) -> str:
        """Why it can't be done now, in a sentence; empty when it can."""
        qaction, action = self._qactions[identity], self._actions[identity]
        if qaction.isEnabled():
            return ""
        own = qaction.toolTip() != _tip(action, enabled=False)
        return qaction.toolTip().removesuffix(f"  ({keys_text(action)})") if own else action.needs or needs(action.id)

    # keys of the user's own

    def use_keys(self, chosen: Mapping[str, object]) -> None:
        """Take up keys by id as they were kept; those of unknown form, or taken in the meantime, are left out."""
        for identity, keys in chosen.items():
            if isinstance(keys, str):
                self._chosen[identity] = keys
        for action in list(self._actions.values()):
            self._dress(self._with_chosen_keys(action))

    def chosen_keys(self) -> dict[str, str]:
        """The keys that are not as they were made, by id; to be kept."""
        return dict(self._chosen)

    def is_rebound(self, identity: str) -> bool:
        """Whether the user gave it other keys."""
        return identity in self._chosen

    def rebind(self, identity: str, keys: str) -> None:
        """Give an action other keys, or none (an empty text).

        Raises:
            KeyTakenError: another one has them where this one works too. Nothing was changed.
        """
        action = dataclasses.replace(self._actions[identity], shortcut=keys)
        self._refuse_overlap(action)
        if keys == self._defaults[identity]:
            self._chosen.pop(identity, None)
        else:
            self._chosen[identity] = keys
        self._dress(action)

    def reset(self, identity: str) -> None:
        """The keys it was made with. Raises ``KeyTakenError`` when the user gave them to another."""
        self.rebind(identity, self._defaults[identity])

    def reset_all(self) -> None:
        """Every action has the keys it was made with."""
        changed, self._chosen = list(self._chosen), {}
        for identity in changed:
            if identity in self._actions:
                self._dress(dataclasses.replace(self._actions[identity], shortcut=self._defaults[identity]))

    def owner_of(self, key: QKeySequence, focus: QWidget | None) -> Action | None:
        """The action that ``key`` belongs to when ``focus`` has the focus, whether it can be done now or not."""
        for action in self._actions.values():
            here = action.scope is None or action.scope is focus or (focus and action.scope.isAncestorOf(focus))
            if here and any(QKeySequence(each) == key for each in keys_of(action)):
                return action
        return None

    def owner_within(self, key: QKeySequence, page: QWidget) -> Action | None:
        """The action that ``key`` belongs to somewhere in ``page``, whatever has the focus."""
        for action in self._actions.values():
            here = action.scope is not None and (action.scope is page or page.isAncestorOf(action.scope))
            if here and any(QKeySequence(each) == key for each in keys_of(action)):
                return action
        return None

    def _with_chosen_keys(self, action: Action) -> Action:
        keys = self._chosen.get(action.id)
        if keys is None or keys == action.shortcut:
            return action
        wanted = dataclasses.replace(action, shortcut=keys)
        try:
            self._refuse_overlap(wanted)
        except KeyTakenError:
            return action
        return wanted

    def _dress(self, action: Action) -> None:
        """Show the action's keys from now on."""
        before, self._actions[action.id] = self._actions[action.id], action
        if before.shortcut != action.shortcut:
            qaction = self._qactions[action.id]
            qaction.setShortcuts([QKeySequence(key) for key in keys_of(action)])
            qaction.setShortcutContext(_context(action))
            qaction.setToolTip(_tip(action, enabled=qaction.isEnabled()))
            self.rebound.emit(action.id)

    def _refuse_clash(self, action: Action) -> None:
        """By those who write actions: the same key in the same place. Users can have moved what was there."""
        for other in self._actions.values():
            taken = set(self._defaults[other.id].split()) & set(keys_of(action))
            if taken and other.scope is action.scope:
                raise KeyTakenError(taken.pop(), action, other)

    def _refuse_overlap(self, action: Action) -> None:
        """By users: the same key in places of which one is within the other, where it would be nobody's."""
        wanted = [QKeySequence(key) for key in keys_of(action)]
        for other in self._actions.values():
            if other.id == action.id or not _overlap(action.scope, other.scope):
                continue
            for key in keys_of(other):
                if QKeySequence(key) in wanted:
                    raise KeyTakenError(key, action, other)

    def _make(self, action: Action) -> QAction:
        made = QAction(action.title, self)
        made.setObjectName(action.id)
        made.setShortcuts([QKeySequence(key) for key in keys_of(action)])
        made.setShortcutContext(_context(action))
        if action.icon:
            set_icon(made, action.icon)
        made.setCheckable(action.checked_when is not None)
        if action.enabled_when is not None:
            made.setEnabled(action.enabled_when())
        made.setToolTip(_tip(action, enabled=made.isEnabled()))
        made.triggered.connect(lambda _checked=False: action.run())
        return made


def _overlap(one: QWidget | None, other: QWidget | None) -> bool:
    if one is None or other is None or one is other:
        return True
    return one.isAncestorOf(other) or other.isAncestorOf(one)


def _context(action: Action) -> Qt.ShortcutContext:
    """Where the keys work. Those of a page that nobody types with, also from the bars, while the page is in view."""
    typed = [key for key in keys_of(action) if not key.startswith(("Ctrl+", "Alt+", "Meta+", "F")) or "Del" in key]
    if action.scope is not None and (typed or "F" in keys_of(action)):
        return Qt.ShortcutContext.WidgetWithChildrenShortcut
    return Qt.ShortcutContext.WindowShortcut


def _tip(action: Action, *, enabled: bool) -> str:
    words, why = action.tip or action.title, action.needs or needs(action.id)
    if not enabled and why:
        words = f"{words}. {why}"
    return f"{words}  ({keys_text(action)})" if action.shortcut else words


def keys_of(action: Action) -> list[str]:
    """Its shortcuts, one by one."""
    return action.shortcut.split()


def keys_text(action: Action) -> str:
    """Its shortcuts for reading."""
    return " or ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys_of(action))
