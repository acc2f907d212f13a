"""The lives of workers and what happened to them, from what the trace holds; and for how long exchanges are in hand.

Pure: values in, values out. Times in a trace are monotonic nanoseconds; ``wall`` turns one into nanoseconds since 1970,
and what comes out is in seconds since 1970.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from app.workers.causes import ALIVE, CUT_OFF, UNSEEN, Sign, sign_of
from inspector.model import PEACEFUL_CAUSES, Instance, ProbeCost, Worker, WorkerEvent
from supervisor.control.messages import AppStatus

#: Nanoseconds since 1970 of a moment in the trace.
Wall = Callable[[int], int]
#: What is shown; a worker that crashes in a loop must not fill the memory.
KEPT = 1000


@dataclass(frozen=True, slots=True)
class Life:
    """One process in a slot. ``ended`` is 0 while it lives; ``in_hand`` what it had in hand when it ended.

    ``began`` and ``ended`` are the time of day, ``*_ns`` the trace's own clock. ``pauses`` are stretches in which the
    process was stopped, on that clock too; the end of one that lasts is 0.
    """

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
    id: int = 0  #: the worker's in the trace
    instance: int = 0
    born_ns: int = 0
    ready_ns: int = 0
    ended_ns: int = 0
    exit_code: int | None = None
    signal: int = 0
    cause: str = ""
    cost: ProbeCost | None = None  #: what the probe cost a call in it
    pauses: tuple[tuple[int, int], ...] = ()

    @property
    def sign(self) -> Sign:
        """How its end is drawn."""
        if self.ended_ns:
            return sign_of(self.cause, held=bool(self.in_hand))
        return UNSEEN if self.state == CUT_OFF else ALIVE

    @property
    def title(self) -> str:
        """Its name among people."""
        return f"worker {self.slot}, generation {self.generation}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``born ready paused resumed exited failed`` to a worker, ``started ready ended`` to an
    instance. ``worker`` and ``instance`` are ids in the trace.
    """

    at: float
    app: str
    kind: str
    text: str
    slot: int = 0
    pid: int = 0
    worker: int = 0
    instance: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """What a trace tells of its workers. ``lives`` and ``events``: the newest first. ``last_ns``: its last moment.

    ``offset``: nanoseconds since 1970 minus the trace's clock.
    """

    instances: tuple[Instance, ...] = ()
    lives: tuple[Life, ...] = ()
    events: tuple[Event, ...] = ()
    last_ns: int = 0
    offset: int = 0

    def life(self, identity: int) -> Life | None:
        """The life of the worker with this id."""
        return next((life for life in self.lives if life.id == identity), None)

    def instance(self, identity: int) -> Instance | None:
        """The instance with this id."""
        return next((instance for instance in self.instances if instance.id == identity), None)


def story_of(
    instances: Sequence[Instance], workers: Sequence[Worker], happened: Sequence[WorkerEvent], *, wall: Wall,
    last_ns: int, over: bool,
) -> Story:  # fmt: skip
    """All of it. ``over``: nobody writes the trace any more, and who was not seen to end will not be."""
    paused = _pauses(happened)
    lives = lives_of(instances, workers, wall)
    for at, life in enumerate(lives):
        state = CUT_OFF if over and not life.ended_ns else life.state
        lives[at] = dataclasses.replace(life, state=state, pauses=paused.get(life.id, ()))
    events = events_of(instances, workers, wall, happened)
    ends = [moment for w in workers[-KEPT:] for moment in (w.born_ns, w.ready_ns, w.ended_ns)]
    last = max([last_ns, *ends, *(i.ended_ns or i.ready_ns or i.started_ns for i in instances)])
    return Story(tuple(instances), tuple(lives), tuple(events), last, wall(last) - last)


def lives_of(instances: Iterable[Instance], workers: Sequence[Worker], wall: Wall) -> list[Life]:
    """The newest lives, the newest first."""
    by_id = {instance.id: instance for instance in instances}
    return [_life(by_id.get(worker.instance), worker, wall) for worker in reversed(workers[-KEPT:])]


def events_of(
    instances: Sequence[Instance], workers: Sequence[Worker], wall: Wall, happened: Iterable[WorkerEvent] = ()
) -> list[Event]:
    """The newest events, the newest first. Of what ``happened`` only pauses are told: the workers say the rest."""
    names = {instance.id: instance.app for instance in instances}
    found = [event for instance in instances[-KEPT:] for event in _instance_events(instance)]
    for worker in workers[-KEPT:]:
        found.extend(_worker_events(names.get(worker.instance, ""), worker))
    found.extend(_pause_events(names, workers, happened))
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
        id=worker.id,
        instance=worker.instance,
        born_ns=worker.born_ns,
        ready_ns=worker.ready_ns,
        ended_ns=worker.ended_ns,
        exit_code=worker.exit_code,
        signal=worker.signal,
        cause=worker.cause,
        cost=worker.cost,
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
            yield t_ns, Event(0.0, instance.app, kind, text, pid=instance.pid, instance=instance.id)


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
            yield t_ns, _event_of(worker, app, kind, text)


def _event_of(worker: Worker, app: str, kind: str, text: str) -> Event:
    return Event(0.0, app, kind, text, worker.slot, worker.pid, worker.id, worker.instance)


_PAUSES = {"paused": "is paused: stopped where it is, by SIGSTOP", "resumed": "goes on, by SIGCONT"}


def _pause_events(names: dict[int, str], workers: Sequence[Worker], happened: Iterable[WorkerEvent]) -> Iterator[_Told]:
    by_id = {worker.id: worker for worker in workers[-KEPT:]}
    for event in happened:
        worker = by_id.get(event.worker)
        if worker is not None and event.event in _PAUSES:
            app = names.get(worker.instance, "")
            yield event.t_ns, _event_of(worker, app, event.event, _PAUSES[event.event])


def _pauses(happened: Iterable[WorkerEvent]) -> dict[int, tuple[tuple[int, int], ...]]:
    """When each worker was paused."""
    found: dict[int, list[tuple[int, int]]] = {}
    for event in happened:
        stretches = found.setdefault(event.worker, [])
        lasting = bool(stretches) and not stretches[-1][1]
        if event.event == "paused" and not lasting:
            stretches.append((event.t_ns, 0))
        elif event.event in ("resumed", "exited") and lasting:
            stretches[-1] = (stretches[-1][0], event.t_ns)
    return {worker: tuple(stretches) for worker, stretches in found.items() if stretches}


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
