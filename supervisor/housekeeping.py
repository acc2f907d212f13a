"""Once a second: what has left the sessions of its servers is noted, orphans are buried, and the caretaker is told.

Knows nothing of what the processes serve.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from supervisor.instance import RunningInstance
from supervisor.tree.caretaker import Caretaker
from supervisor.tree.kin import Kin, Orphanage

log = logging.getLogger(__name__)

#: Seconds between two looks.
PAUSE = 1.0


class Housekeeping:
    """``instances()`` gives all that there are."""

    def __init__(self, instances: Callable[[], Iterable[RunningInstance]], orphanage: Orphanage) -> None:
        self._instances = instances
        self._orphanage = orphanage
        self._caretaker = Caretaker()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """To be called when everything has ended."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._caretaker.close)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await self._look()
            except OSError as error:  # no process can be had, say
                log.warning("what a killed supervisor would leave is not taken care of: %s", error)
            except Exception:  # a fault of ours costs nothing that serves
                log.exception("the second's housekeeping failed")

    async def _look(self) -> None:
        await asyncio.to_thread(_look_at, [kin for _, kin in self._kin()])
        there = self._kin()
        self._orphanage.reap({instance.model.pid for instance, _ in there})
        self._caretaker.tell(
            [kin.root for instance, kin in there if instance.plan.mode.unknown and not kin.buried],
            {pid: since for _, kin in there for pid, since in kin.strays.items()},
        )

    def _kin(self) -> list[tuple[RunningInstance, Kin]]:
        return [(instance, kin) for instance in self._instances() if (kin := instance.kin) is not None]


def _look_at(kin: list[Kin]) -> None:
    for one in kin:
        one.look()
