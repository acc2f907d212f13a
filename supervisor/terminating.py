"""Commands that do one thing and end: a signal that ends them ends, in good order, what they have started.

Knows nothing of what they do.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class TerminatedError(Exception):
    """A signal told the command to end; ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


async def terminable(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``, which SIGTERM and SIGHUP cancel as Ctrl-C does. Raises TerminatedError then."""
    loop, working = asyncio.get_running_loop(), asyncio.ensure_future(work)
    got: list[int] = []

    def end(number: int) -> None:
        if not got:  # once: what is ended is not to be interrupted
            working.cancel()
        got.append(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)
    try:
        return await working
    except asyncio.CancelledError:
        if got:
            raise TerminatedError(got[0]) from None
        raise
