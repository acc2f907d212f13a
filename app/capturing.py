"""Narrowing a recording from where one looks at it: what the table's filter shows is what is recorded from now on.

Knows the launch options, where what is captured stands, and the text of a filter; not where that is typed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from app.actions import Action, ActionRegistry
from app.launch.controller import LaunchController
from inspector.query import QueryError
from inspector.query.capturing import parse_capture


class Capturing:
    """The two actions. ``shown`` gives the filter of the table, ``say`` tells the user what was done."""

    def __init__(
        self,
        controller: LaunchController,
        shown: Callable[[], str],
        actions: ActionRegistry,
        say: Callable[[str], object],
    ) -> None:
        self._controller, self._shown, self._say = controller, shown, say
        actions.add(
            Action("launch.capture", "Record only what the filter shows", self.narrow, group="Application",
                   icon="filter", enabled_when=lambda: controller.current is not None and bool(shown()),
                   tip="What is under way is shown all the same, and judged when it is over")
        )  # fmt: skip
        actions.add(
            Action("launch.capture_all", "Record everything again", self.widen, group="Application",
                   enabled_when=lambda: controller.current is not None and bool(controller.extras.capture))
        )  # fmt: skip

    def narrow(self) -> None:
        """Record from now on only what the filter of the table lets through, or say why that cannot be."""
        text = self._shown()
        try:
            parse_capture(text)
        except QueryError as error:
            self._say(f"Nothing can be captured by this filter: {error.message}")
            return
        self._set(text)
        self._say(f"Only what passes {text} is recorded from now on")

    def widen(self) -> None:
        """Record everything from now on."""
        self._set("")
        self._say("Everything is recorded from now on")

    def _set(self, text: str) -> None:
        self._controller.set_extras(dataclasses.replace(self._controller.extras, capture=text))
