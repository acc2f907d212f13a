"""What happened to workers and instances, as lanes draw it: lives, how they ended, and switches of mode.

Pure: what the store says in, values out. Times are nanoseconds of the monotonic clock, 0 for what has not happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inspector.model import Instance, Worker

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

    def newest(self, slot: int) -> Life | None:
        """The last process of a slot."""
        lives = self.lives.get(slot)
        return lives[-1] if lives else None


def marks_of(instances: Sequence[Instance], workers: Sequence[Worker]) -> Marks:
    """What ``instances`` and ``workers`` of a trace tell."""
    modes = {instance.id: instance.mode for instance in instances}
    lives: dict[int, list[Life]] = {}
    slots: dict[int, set[int]] = {}
    for worker in workers:
        slots.setdefault(worker.instance, set()).add(worker.slot)
    for worker in workers[-_KEPT:]:
        lives.setdefault(worker.slot, []).append(_life(worker, modes.get(worker.instance, "")))
    ordered = {slot: tuple(sorted(found, key=lambda life: life.born)) for slot, found in lives.items()}
    counts = {instance.id: instance.workers for instance in instances}
    alone = {i: min(slots.get(i, {1})) for i, count in counts.items() if count == 1}
    return Marks(ordered, tuple(_switches(instances)), alone)


def _life(worker: Worker, mode: str) -> Life:
    alarming = bool(worker.ended_ns) and (bool(worker.in_hand) or worker.cause not in _PEACEFUL)
    return Life(
        worker.slot, worker.pid, worker.generation, mode, worker.state, worker.born_ns, worker.ready_ns,
        worker.ended_ns, worker.outcome, alarming,
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
