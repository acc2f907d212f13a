"""The recorded order among what is under way at once: nobody goes on before what had come before it has been sent.

Needed where WebSockets are open side by side: what one client says reaches the others. Knows times of a recording only,
not what happens at them.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections import Counter


class Order:
    """``expect`` each moment, ``come`` to wait for those before it, and say when it is ``done``."""

    def __init__(self) -> None:
        self._pending: list[int] = []
        self._done: Counter[int] = Counter()  #: of those pending
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._count = 0  #: of what was done

    def expect(self, moment: int) -> None:
        """Something will happen at ``moment``."""
        heapq.heappush(self._pending, moment)

    async def come(self, moment: int, seconds: float) -> bool:
        """Wait until all that was before ``moment`` is done, or nothing was for ``seconds``; whether it is done."""
        while not self._clear(moment):
            so_far = self._count
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (moment, next(self._numbers), waiting))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await waiting
            if self._count == so_far:
                break
        return self._clear(moment)

    def done(self, moment: int) -> None:
        """What was expected at ``moment`` has happened, or never will."""
        self._count += 1
        self._done[moment] += 1
        while self._pending and self._done[self._pending[0]]:
            self._done[heapq.heappop(self._pending)] -= 1
        while self._waiting and self._clear(self._waiting[0][0]):
            _, _, waiting = heapq.heappop(self._waiting)
            if not waiting.done():
                waiting.set_result(None)

    def _clear(self, moment: int) -> bool:
        return not self._pending or self._pending[0] >= moment
