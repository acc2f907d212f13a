"""What the launch bar remembers: the applications used before, and what was picked for each in its project.

It reads and writes the settings, and knows nothing of what runs.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from app.launch import extras as beside
from app.launch.choice import Choice, Entry
from app.launch.extras import Extras
from app.launch.recent import entries_of, forgotten, remembered
from app.settings import Settings
from supervisor.control.messages import TargetSpec


class Kept:
    """Asked for an application by its name, in the project that the settings are looked at from."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def use_project(self, entry: Entry) -> None:
        """From now on it is about the project of ``entry``."""
        self._settings.use_project(entry.project)

    # the applications used before

    def recent(self) -> list[Entry]:
        """The newest first; demos are not among them."""
        return entries_of(self._settings.shared("recent", list[Any]()))

    def remember(self, entry: Entry) -> None:
        """It is the newest now."""
        if not entry.demo:
            kept = self._settings.shared("recent", list[Any]())
            self._settings.set_shared("recent", remembered(kept, entry, self._settings.option("recent_limit")))

    def forget(self, name: str) -> None:
        """Don't remember it any more."""
        self._settings.set_shared("recent", forgotten(self._settings.shared("recent", list[Any]()), name))

    # what was picked for one

    def choice(self, entry: Entry) -> Choice:
        """What was picked last; at first the mode that it is best started in."""
        kept = self._settings.value(f"launch.choice.{entry.name}", dict[str, Any]())
        try:
            return Choice(**kept) if kept else Choice(mode=entry.mode)
        except TypeError:  # written by another version
            return Choice(mode=entry.mode)

    def keep_choice(self, name: str, picked: Choice) -> None:
        """Remember what is picked."""
        self._settings.set_value(f"launch.choice.{name}", dataclasses.asdict(picked))

    def extras(self, name: str) -> Extras:
        """The options that were set last."""
        return beside.from_kept(self._settings.value(f"launch.extras.{name}", dict[str, Any]()))

    def keep_extras(self, name: str, extras: Extras) -> None:
        """Remember the options."""
        self._settings.set_value(f"launch.extras.{name}", beside.as_kept(extras))

    def demo(self, entry: Entry) -> Entry:
        """A demo with the variables that it was given before."""
        kept = self._settings.value(f"launch.spec.{entry.name}", dict[str, Any]())
        known = entries_of([{"name": entry.name, **kept}]) if kept else []
        return dataclasses.replace(entry, spec=known[0].spec) if known else entry

    def keep_demo(self, name: str, spec: TargetSpec) -> None:
        """Remember the variables of a demo."""
        self._settings.set_value(f"launch.spec.{name}", dataclasses.asdict(spec))
