"""How long work is given up midway: it asks ``cancelled`` between steps, and raises ``Abandoned`` when that says so.

Pure. ``app.background`` says yes when nobody waits for the result any more.
"""

from __future__ import annotations

from collections.abc import Callable

Cancelled = Callable[[], bool]


class Abandoned(Exception):  # noqa: N818  nothing went wrong: nobody wants the result any more
    """The work was given up because ``cancelled`` said so."""


def never() -> bool:
    """For work that nobody gives up."""
    return False


def abandon_if(cancelled: Cancelled) -> Callable[[], None]:
    """For work of rooms that know no cancelling, and only call something between their steps: it raises Abandoned."""

    def step() -> None:
        if cancelled():
            raise Abandoned

    return step
