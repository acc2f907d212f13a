"""What an instance's processes use while they are measured: memory now and then, processor time from begin to end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from supervisor.instance import RunningInstance
from supervisor.tree import proc
from supervisor.tree.usage import Spent, spent

#: Seconds between two looks. Each costs about a millisecond for a process, in a thread of its own.
EVERY = 0.25


class Meter:
    """Of one instance: all processes of its server's session, and those that have left it."""

    def __init__(self, instance: RunningInstance) -> None:
        self._instance = instance
        self._first = self._last = Spent()
        self._looks: list[int] = []

    @property
    def memory_peak(self) -> int:
        """The most bytes at a look."""
        return max(self._looks, default=0)

    @property
    def memory_mean(self) -> int:
        """Of all looks."""
        return sum(self._looks) // len(self._looks) if self._looks else 0

    @property
    def cpu_ns(self) -> int:
        """Between the first look and the last."""
        return max(0, self._last.cpu_ns - self._first.cpu_ns)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Measure while this is entered."""
        self._first = await self._look()
        looking = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await self._look()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self._look()

    async def _look(self) -> Spent:
        kin = self._instance.kin
        strays = list(kin.strays) if kin is not None else []
        self._last = await asyncio.to_thread(_of, self._instance.model.pid, strays)
        self._looks.append(self._last.memory)
        return self._last


def _of(root: int, strays: list[int]) -> Spent:
    return spent({*proc.session(root), *strays})
