"""The lives of workers and what happened to them, from what the trace holds; and for how long exchanges are in hand.

Pure: values in, values out. Times in a trace are monotonic nanoseconds; ``wall`` turns one into nanoseconds since 1970,
and what comes out is in seconds since 1970.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from inspector.model import PEACEFUL_CAUSES, Instance, Worker
from supervisor.control.messages import AppStatus

#: Nanoseconds since 1970 of a moment in the trace.
Wall = Callable[[int], int]
#: What is shown; a worker that crashes in a loop must not fill the memory.
KEPT = 1000


@dataclass(frozen=True, slots=True)
class Life:
    """One process in a slot. ``ended`` is 0 while it lives; ``in_hand`` what it had in hand when it ended."""

    app: str
    mode: str
    slot: int
    generation: int
    pid: int
    state: str
    began: float
    ended: float = 0.0
    outcome: str = ""
    alarming: bool = False  #: it did not end in peace, or not alone
    in_hand: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``born ready exited failed`` to a worker, ``started ready ended`` to an instance."""

    at: float
    app: str
    kind: str
    text: str
    slot: int = 0
    pid: int = 0


def lives_of(instances: Iterable[Instance], workers: Sequence[Worker], wall: Wall) -> list[Life]:
    """The newest lives, the newest first."""
    by_id = {instance.id: instance for instance in instances}
    return [_life(by_id.get(worker.instance), worker, wall) for worker in reversed(workers[-KEPT:])]


def events_of(instances: Sequence[Instance], workers: Sequence[Worker], wall: Wall) -> list[Event]:
    """The newest events, the newest first."""
    names = {instance.id: instance.app for instance in instances}
    found = [event for instance in instances[-KEPT:] for event in _instance_events(instance)]
    for worker in workers[-KEPT:]:
        found.extend(_worker_events(names.get(worker.instance, ""), worker))
    newest = sorted(found, key=lambda item: item[0], reverse=True)[:KEPT]
    return [dataclasses.replace(event, at=wall(t_ns) / 1e9) for t_ns, event in newest]


def _life(instance: Instance | None, worker: Worker, wall: Wall) -> Life:
    return Life(
        app=instance.app if instance else "",
        mode=instance.mode if instance else "",
        slot=worker.slot,
        generation=worker.generation,
        pid=worker.pid,
        state=worker.state,
        began=wall(worker.born_ns) / 1e9,
        ended=wall(worker.ended_ns) / 1e9 if worker.ended_ns else 0.0,
        outcome=worker.outcome,
        alarming=_alarming(worker),
        in_hand=worker.in_hand,
    )


def _alarming(worker: Worker) -> bool:
    return bool(worker.ended_ns) and (bool(worker.in_hand) or worker.cause not in PEACEFUL_CAUSES)


_Told = tuple[int, Event]


def _instance_events(instance: Instance) -> Iterator[_Told]:
    count = f"{instance.workers} worker" + ("s" if instance.workers != 1 else "")
    told = (
        (instance.started_ns, "started", f"{instance.mode} with {count} starts"),
        (instance.ready_ns, "ready", f"{instance.mode} serves"),
        (instance.ended_ns, "ended", f"{instance.mode} {instance.outcome or 'ended'}"),
    )
    for t_ns, kind, text in told:
        if t_ns:
            yield t_ns, Event(0.0, instance.app, kind, text, pid=instance.pid)


def _worker_events(app: str, worker: Worker) -> Iterator[_Told]:
    held = ", ".join(f"#{exchange}" for exchange in worker.in_hand)
    told = (
        (worker.born_ns, "born", f"process {worker.pid} began, generation {worker.generation}"),
        (worker.ready_ns, "ready", "serves"),
        (worker.ended_ns, "failed" if _alarming(worker) else "exited",
         (worker.outcome or "ended") + (f", with {held} in hand" if held else "")),
    )  # fmt: skip
    for t_ns, kind, text in told:
        if t_ns:
            yield t_ns, Event(0.0, app, kind, text, worker.slot, worker.pid)


@dataclass(slots=True)
class InHand:
    """Since when each exchange is in some worker's hand, as far as the statuses told; seconds of any one clock."""

    _since: dict[str, dict[int, float]] = field(default_factory=dict)

    def see(self, status: AppStatus, now: float) -> None:
        """Take in an application's next status."""
        before = self._since.get(status.name, {})
        held = {exchange for worker in status.processes for exchange in worker.in_hand}
        self._since[status.name] = {exchange: before.get(exchange, now) for exchange in held}

    def held_for(self, app: str, exchange: int, now: float) -> float:
        """For how many seconds."""
        return now - self._since.get(app, {}).get(exchange, now)
