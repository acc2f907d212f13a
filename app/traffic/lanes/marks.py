"""What happened to workers and instances, as lanes draw it: lives, how they ended, switches of mode, blocked loops.

Pure: what the store says in, values out. Times are nanoseconds of the monotonic clock, 0 for what has not happened.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.traffic.blocked import Blocked
from inspector.model import Instance, Stall, Worker, WorkerEvent

_KEPT = 2_000  #: lives drawn; a worker that dies in a loop must not fill the memory
_PEACEFUL = frozenset({"", "graceful", "recycled", "max-requests", "reload"})


@dataclass(frozen=True, slots=True)
class Life:
    """One process in a slot."""

    slot: int
    pid: int
    generation: int
    mode: str
    state: str
    born: int
    ready: int
    ended: int
    outcome: str
    alarming: bool
    cause: str = ""
    pauses: tuple[tuple[int, int], ...] = ()  #: from when until when it was stopped; the last until 0 if it still is


@dataclass(frozen=True, slots=True)
class Switch:
    """From ``t_ns`` on another instance serves. ``tip`` says more than the label has room for."""

    t_ns: int
    label: str
    tip: str


@dataclass(frozen=True, slots=True)
class Marks:
    """All of it; ``alone`` is the slot of the only worker of each instance that has one worker."""

    lives: dict[int, tuple[Life, ...]] = field(default_factory=dict)
    switches: tuple[Switch, ...] = ()
    alone: dict[int, int] = field(default_factory=dict)
    blocked: dict[int, tuple[Blocked, ...]] = field(default_factory=dict)  #: by slot, in order
    last: int = 0  #: the last moment that is known of a worker

    def blocked_between(self, slot: int, begin: int, end: int, now: int) -> list[Blocked]:
        """What held up the loop of a slot in a stretch of time."""
        found = self.blocked.get(slot, ())
        first = bisect_left(found, begin, key=lambda blocked: blocked.end(now))
        last = bisect_right(found, end, key=lambda blocked: blocked.begin)
        return list(found[first:last])

    def next_blocked(self, t_ns: int, *, back: bool = False) -> Blocked | None:
        """The first time that a loop was held up after ``t_ns``, or the last before it, in whatever slot."""
        every = sorted((one for found in self.blocked.values() for one in found), key=lambda one: one.begin)
        if back:
            at = bisect_left(every, t_ns, key=lambda one: one.begin) - 1
            return every[at] if at >= 0 else None
        at = bisect_right(every, t_ns, key=lambda one: one.begin)
        return every[at] if at < len(every) else None

    def newest(self, slot: int) -> Life | None:
        """The last process of a slot."""
        lives = self.lives.get(slot)
        return lives[-1] if lives else None


def marks_of(
    instances: Sequence[Instance],
    workers: Sequence[Worker],
    stalls: Sequence[Stall] = (),
    events: Sequence[WorkerEvent] = (),
) -> Marks:
    """What ``instances``, ``workers``, ``stalls`` and ``events`` of a trace tell."""
    pauses = _pauses(events)
    modes = {instance.id: instance.mode for instance in instances}
    lives: dict[int, list[Life]] = {}
    slots: dict[int, set[int]] = {}
    for worker in workers:
        slots.setdefault(worker.instance, set()).add(worker.slot)
    for worker in workers[-_KEPT:]:
        lives.setdefault(worker.slot, []).append(
            _life(worker, modes.get(worker.instance, ""), tuple(pauses.get(worker.id, ())))
        )
    ordered = {slot: tuple(sorted(found, key=lambda life: life.born)) for slot, found in lives.items()}
    counts = {instance.id: instance.workers for instance in instances}
    alone = {i: min(slots.get(i, {1})) for i, count in counts.items() if count == 1}
    moments = [moment for worker in workers for moment in (worker.born_ns, worker.ready_ns, worker.ended_ns)]
    last = max([0, *moments, *(event.t_ns for event in events)])
    return Marks(ordered, tuple(_switches(instances)), alone, _blocked(stalls, workers), last)


def _blocked(stalls: Sequence[Stall], workers: Sequence[Worker]) -> dict[int, tuple[Blocked, ...]]:
    known = {worker.id: worker for worker in workers}
    found: dict[int, list[Blocked]] = {}
    for stall in stalls:
        worker = known.get(stall.worker)
        if worker is not None:
            found.setdefault(worker.slot, []).append(
                Blocked(
                    worker.slot, worker.pid, stall.from_ns, stall.until_ns, stall.exchange, stall.stack,
                    worker.ended_ns,
                )
            )  # fmt: skip
    return {slot: tuple(sorted(blocked, key=lambda one: one.begin)) for slot, blocked in found.items()}


def _pauses(events: Sequence[WorkerEvent]) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for event in events:
        spans = found.setdefault(event.worker, [])
        if event.event == "paused":
            spans.append((event.t_ns, 0))
        elif event.event == "resumed" and spans and not spans[-1][1]:
            spans[-1] = (spans[-1][0], event.t_ns)
    return found


def _life(worker: Worker, mode: str, pauses: tuple[tuple[int, int], ...]) -> Life:
    alarming = bool(worker.ended_ns) and (bool(worker.in_hand) or worker.cause not in _PEACEFUL)
    return Life(
        worker.slot, worker.pid, worker.generation, mode, worker.state, worker.born_ns, worker.ready_ns,
        worker.ended_ns, worker.outcome, alarming, worker.cause, pauses,
    )  # fmt: skip


def described(instance: Instance) -> str:
    """A mode with its numbers, as in ``gunicorn-gthread, 2 workers, 4 threads``."""
    workers = f"{instance.workers} worker" + "s" * (instance.workers != 1)
    threads = f", {instance.threads} threads" if instance.threads > 1 else ""
    return f"{instance.mode}, {workers}{threads}"


def _switches(instances: Sequence[Instance]) -> list[Switch]:
    """Instances by when they began to serve; one that never did is none."""
    found: list[Switch] = []
    before = ""
    for instance in sorted((i for i in instances if i.ready_ns), key=lambda i: i.ready_ns):
        name = described(instance)
        label = "reload" if name == before else name
        tip = f"{name} serves" if not before else f"{before} → {name}" if name != before else f"{name}, loaded anew"
        found.append(Switch(instance.ready_ns, label, tip))
        before = name
    return found
