"""The lives of workers, told from one status of an application to the next.

Pure: statuses and times in, lives and events out. Times are seconds of any one clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from supervisor.control.messages import AppStatus, WorkerStatus

#: What is kept; a worker that crashes in a loop must not fill the memory.
KEPT = 1000


@dataclass(slots=True)
class Life:
    """One process in a slot."""

    app: str
    slot: int
    generation: int
    pid: int
    state: str
    began: float
    ended: float = 0.0  #: 0 while it lives
    outcome: str = ""
    in_hand: tuple[int, ...] = ()  #: now, or when it ended


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    ``kind``: ``born ready stopping exited failed`` for a worker, ``state`` for an application.
    """

    at: float
    app: str
    kind: str
    text: str
    slot: int = 0
    pid: int = 0


@dataclass(slots=True)
class History:
    """What has happened so far, the newest last."""

    lives: deque[Life] = field(default_factory=lambda: deque(maxlen=KEPT))
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    _running: dict[tuple[str, int], Life] = field(default_factory=dict)
    _states: dict[str, tuple[str, str]] = field(default_factory=dict)
    _held: dict[int, float] = field(default_factory=dict)

    def see(self, status: AppStatus, now: float) -> bool:
        """Take in the next status of an application. Whether anything but figures changed."""
        before = len(self.events), self.events[-1] if self.events else None
        self._see_state(status, now)
        there = {worker.pid for worker in status.processes}
        for (app, pid), life in list(self._running.items()):
            if app == status.name and pid not in there:
                self._end(life, self._outcome(status, life), now)
        for worker in status.processes:
            self._see_worker(status.name, worker, now)
        held = {exchange for life in self._running.values() for exchange in life.in_hand}
        self._held = {exchange: self._held.get(exchange, now) for exchange in held}
        return before != (len(self.events), self.events[-1] if self.events else None)

    def held_for(self, exchange: int, now: float) -> float:
        """For how many seconds an exchange has been in some worker's hand, as far as was seen."""
        return now - self._held.get(exchange, now)

    def _see_state(self, status: AppStatus, now: float) -> None:
        state = (status.state, status.mode)
        if self._states.get(status.name) != state:
            self._states[status.name] = state
            text = f"{status.state} in {status.mode}" if status.mode else status.state
            if status.problem is not None and status.state == "crashed":
                text = f"{text}: {status.problem.what}"
            kind = "failed" if status.state == "crashed" else "state"
            self.events.append(Event(now, status.name, kind, text))

    def _see_worker(self, app: str, worker: WorkerStatus, now: float) -> None:
        life = self._running.get((app, worker.pid))
        if worker.pid == 0:
            return  # the slot waits for its next process
        if life is None and worker.state == "exited":
            return  # seen to its end already
        if life is None:
            life = Life(app, worker.slot, worker.generation, worker.pid, "", now)
            self._running[app, worker.pid] = life
            self.lives.append(life)
            self._tell(life, "born", f"process {worker.pid} began, generation {worker.generation}", now)
        if worker.state != life.state:
            life.state = worker.state
            if worker.state in ("ready", "stopping"):
                self._tell(life, worker.state, {"ready": "serves", "stopping": "is stopping"}[worker.state], now)
        life.in_hand = worker.in_hand or (() if worker.state != "exited" else life.in_hand)
        if worker.state == "exited":
            self._end(life, worker.last_outcome, now)

    def _outcome(self, status: AppStatus, life: Life) -> str:
        """How a process that is not listed any more ended: its slot's next process says it."""
        followers = [w for w in status.processes if w.slot == life.slot and w.generation > life.generation]
        return followers[0].last_outcome if followers else ""

    def _end(self, life: Life, outcome: str, now: float) -> None:
        del self._running[life.app, life.pid]
        life.ended, life.outcome, life.state = now, outcome or "ended", "exited"
        held = ", ".join(f"#{exchange}" for exchange in life.in_hand)
        text = life.outcome + (f", with {held} in hand" if held else "")
        self._tell(life, "failed" if life.in_hand else "exited", text, now)

    def _tell(self, life: Life, kind: str, text: str, now: float) -> None:
        self.events.append(Event(now, life.app, kind, text, life.slot, life.pid))
