"""The tree of processes: applications, under each its instances, under each its worker slots.

Pure: what the supervisor says now and what the trace tells become values that a view can show. While an application
runs, the supervisor's word counts; the trace adds what it does not say: the instance that is leaving or coming, since
when one serves, and which worker of the trace a slot's process is. Of a trace alone, all of it comes from there.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from app.workers.causes import CUT_OFF, Sign
from app.workers.history import Life, Story
from app.workers.words import counted, wall
from inspector.export.cost_words import of_a_call
from inspector.model import Instance
from supervisor.control.messages import AppStatus, WorkerStatus

#: States of an application that has processes.
LIVE = frozenset({"starting", "running", "switching", "stopping"})
#: States of a worker that has one.
LIVING = frozenset({"starting", "ready", "paused", "stopping"})


class Kind(enum.StrEnum):
    """What a node stands for."""

    APP = "app"
    INSTANCE = "instance"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One row of the tree. ``key`` stays the same as long as it is the same row.

    ``worker`` and ``instance`` are ids in the trace, 0 where the trace in view does not know. ``live``: it can be acted
    on. ``last``: how the slot's previous process ended, and its sign; of an instance, since when it serves.
    """

    key: tuple[str, ...]
    kind: Kind
    app: str
    title: str
    state: str = ""
    live: bool = False
    pid: int = 0
    slot: int = 0
    generation: int = 0
    restarts: int | None = None
    cpu: float | None = None
    rss: int = 0
    in_hand: tuple[int, ...] = ()
    in_flight: int = 0
    cost: str = ""  #: what the probe costs a call
    last: str = ""
    last_sign: Sign | None = None
    command: str = ""
    instance: int = 0
    worker: int = 0
    alarming: bool = False
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all under it."""
        yield self
        for child in self.children:
            yield from child.walk()


def forest(statuses: Iterable[AppStatus], story: Story, trace: str) -> tuple[Node, ...]:
    """All applications. ``trace`` is the path that ``story`` is from: it belongs to whoever writes there."""
    known = list(statuses)
    made = [_app(status, story if trace and status.trace == trace else Story()) for status in known]
    if not any(trace and status.trace == trace for status in known):
        made.extend(_recorded(name, story) for name in dict.fromkeys(i.app for i in story.instances))
    return tuple(made)


def _app(status: AppStatus, story: Story) -> Node:
    live = status.state in LIVE
    key = ("app", status.name)
    children = tuple(_instances(status, story, key)) if live else tuple(_latest(status, story, key))
    return _summed(Node(
        key=key, kind=Kind.APP, app=status.name, title=status.name, state=status.state, live=live,
        in_flight=status.in_flight, instance=status.instance, command=status.command,
        alarming=status.state == "crashed", children=children,
    ))  # fmt: skip


def _instances(status: AppStatus, story: Story, key: tuple[str, ...]) -> Iterator[Node]:
    """The one that serves, and those that come or go beside it."""
    ids = {instance.id for instance in story.instances if not instance.ended_ns and instance.app == status.name}
    for identity in sorted(ids | ({status.instance} if status.instance else set())):
        if identity == status.instance:
            yield _serving(status, story, key)
        elif (beside := story.instance(identity)) is not None:
            # An older one whose end was never recorded is no process: its supervisor was killed.
            state = "starting" if not beside.ready_ns else "draining"
            made = _told(beside, story, key, state)
            coming = identity > status.instance and status.state in ("starting", "switching")
            if coming or any(child.state in LIVING for child in made.children):
                yield made


def _latest(status: AppStatus, story: Story, key: tuple[str, ...]) -> Iterator[Node]:
    """Of an application that does not run: its last instance, as it ended."""
    own = [instance for instance in story.instances if instance.app == status.name]
    if own:
        yield _told(own[-1], story, key, _past_state(own[-1], story))


def _recorded(name: str, story: Story) -> Node:
    key = ("trace", name)
    own = [instance for instance in story.instances if instance.app == name]
    children = tuple(_told(instance, story, key, _past_state(instance, story)) for instance in own)
    return _summed(Node(key=key, kind=Kind.APP, app=name, title=name, state="recorded", children=children))


def _serving(status: AppStatus, story: Story, above: tuple[str, ...]) -> Node:
    """The instance that the supervisor speaks of."""
    known = story.instance(status.instance)
    key = (*above, str(status.instance))
    lives = {(life.slot, life.generation): life for life in story.lives if life.instance == status.instance}
    living = sum(worker.state in LIVING for worker in status.processes)
    shown = [w for w in status.processes if w.state in LIVING or living < status.workers]
    children = tuple(_slot(status, worker, lives, key) for worker in shown)
    since = ""
    if known is not None and known.ready_ns:
        since = f"serves since {wall((known.ready_ns + story.offset) / 1e9)[:-2]}"
    title = _mode(status.mode, status.workers)
    state = "running" if status.state == "switching" else status.state
    return _summed(Node(
        key=key, kind=Kind.INSTANCE, app=status.name, title=title, state=state, live=True, pid=status.pid, last=since,
        command=status.command, instance=status.instance, children=children,
    ))  # fmt: skip


def _slot(status: AppStatus, worker: WorkerStatus, lives: dict[tuple[int, int], Life], above: tuple[str, ...]) -> Node:
    living = worker.state in LIVING
    life = lives.get((worker.slot, worker.generation))
    over = lives.get((worker.slot, worker.generation - 1)) if living else life
    alarming = not living and (life.alarming if life else True)
    return Node(
        key=(*above, str(worker.slot)), kind=Kind.WORKER, app=status.name, title=f"worker {worker.slot}",
        state="died" if alarming else worker.state, live=living, pid=worker.pid, slot=worker.slot,
        generation=worker.generation, restarts=worker.restarts, cpu=worker.cpu if living else None,
        rss=worker.rss if living else 0, in_hand=worker.in_hand, last=worker.last_outcome,
        last_sign=over.sign if over else None, instance=status.instance,
        cost=of_a_call(worker.probe_ns, worker.call_ns), worker=life.id if life else 0, alarming=alarming,
    )  # fmt: skip


def _told(instance: Instance, story: Story, above: tuple[str, ...], state: str) -> Node:
    """An instance that only the trace tells of."""
    key = (*above, str(instance.id))
    slots: dict[int, list[Life]] = {}
    for life in story.lives:  # the newest first
        if life.instance == instance.id:
            slots.setdefault(life.slot, []).append(life)
    children = tuple(_life_slot(slots[slot], key) for slot in sorted(slots))
    title = _mode(instance.mode, instance.workers)
    return Node(
        key=key, kind=Kind.INSTANCE, app=instance.app, title=title, state=state, pid=instance.pid,
        last=_span(instance, story.offset), command=instance.command, instance=instance.id,
        alarming=any(child.alarming for child in children), children=children,
        restarts=sum(child.restarts or 0 for child in children) if children else None,
    )  # fmt: skip


def _life_slot(lives: list[Life], above: tuple[str, ...]) -> Node:
    """A slot from its lives, the newest first."""
    newest = lives[0]
    state = "died" if newest.alarming else newest.state
    told = newest if newest.outcome or len(lives) < 2 else lives[1]
    return Node(
        key=(*above, str(newest.slot)), kind=Kind.WORKER, app=newest.app, title=f"worker {newest.slot}", state=state,
        pid=newest.pid, slot=newest.slot, generation=newest.generation, restarts=newest.generation - 1,
        in_hand=newest.in_hand, last=told.outcome,
        last_sign=told.sign if told.outcome else None, instance=newest.instance, worker=newest.id,
        alarming=newest.alarming,
    )  # fmt: skip


def _mode(slug: str, workers: int) -> str:
    return f"{slug}, {counted(workers, 'worker')}" if workers > 1 else slug


def _past_state(instance: Instance, story: Story) -> str:
    if instance.ended_ns:
        return "ended"
    return CUT_OFF if instance.ready_ns or any(life.instance == instance.id for life in story.lives) else "ended"


def _span(instance: Instance, offset: int) -> str:
    """When it served, and how it ended."""
    if not instance.ready_ns:
        return f"never served: {instance.outcome}" if instance.outcome else ""
    begin = wall((instance.ready_ns + offset) / 1e9)[:-2]
    if not instance.ended_ns:
        return f"serves since {begin}"
    return f"served {begin} to {wall((instance.ended_ns + offset) / 1e9)[:-2]}, {instance.outcome or 'ended'}"


def _summed(node: Node) -> Node:
    """``node`` with what the figures of those under it come to."""
    loads = [child.cpu for child in node.children if child.cpu is not None]
    restarts = [child.restarts for child in node.children if child.restarts is not None]
    return replace(
        node,
        cpu=sum(loads) if loads else None,
        rss=sum(child.rss for child in node.children),
        restarts=sum(restarts) if restarts else None,
    )


def summary(nodes: Iterable[Node]) -> str:
    """How the workers stand, in a line: ``4 workers: 3 ready, 1 paused``."""
    found = [node for root in nodes for node in root.walk() if node.kind is Kind.WORKER and node.live]
    counts: dict[str, int] = {}
    for node in found:
        counts[node.state] = counts.get(node.state, 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{counted(len(found), 'worker')}: {told}" if found else ""
