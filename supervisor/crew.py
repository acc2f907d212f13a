"""The workers of one instance: their slots, generations and lives, and the finding of how each of them ended.

News comes from four sides and in any order: the worker's own connection, its master, the pidfd, and what the server
prints. A death is recorded when its status is known and all is read that the worker said, or a moment after the first
sign: whatever a dying worker managed to say about the request it had in hand shall be read before that request is
called lost. Knows nothing of how servers are started.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from inspector.live import LiveExchanges
from inspector.model import Exchange, Instance, Worker, WorkerEvent, WorkerState
from supervisor.death import BAD, Evidence, Order, Remark, Verdict, judge
from supervisor.last_words import CrashReport, held
from supervisor.lifecycle import WorkerChange, worker_after
from supervisor.lines import Said
from supervisor.policy import YOUNG, CrashLoop
from supervisor.servers.base import Mode
from supervisor.tree.watch import OomKills, Watch, stopped

#: How long lines that were printed before a death may take to be read.
SETTLE = 0.01
#: How long the rest is waited for once a death is certain: the worker's last bytes, and a status that nobody has seen.
KNOWN = 0.05
UNKNOWN = 0.5

#: How long after a remark without a name its worker may take to end.
LOOSE = 5.0

#: Signals by which a master tells a worker to end.
ENDING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGKILL})
#: Those by which it does not let it finish. gunicorn's workers make an exception of SIGABRT, which the application then
#: seems to have raised: what it was doing is to be known from before.
CUTTING = frozenset({signal.SIGABRT, signal.SIGKILL})


@dataclass(slots=True)
class Life:
    """A worker and what is known of its end so far."""

    worker: Worker
    oom_kills: OomKills
    watch: Watch | None = None
    connected: bool = True
    ended_ns: int = 0  #: when the first sign of its death came
    reaped: bool = False  #: its master has told its end
    status: int | None = None
    signals: list[int] = field(default_factory=list)  #: that its master sent
    from_us: list[int] = field(default_factory=list)  #: that the user had us send
    remarks: set[Remark] = field(default_factory=set)
    retired: bool = False  #: its master told it to end
    cut: dict[int, tuple[Exchange, dict[str, Any]]] = field(default_factory=dict)  #: in hand when its master cut it off
    report: CrashReport = field(default_factory=CrashReport)
    timer: asyncio.TimerHandle | None = None


class Crew:
    """The workers of ``instance``.

    ``changed(worker, event)`` is called for ``born``, ``ready``, ``paused``, ``resumed``, ``retired`` (its master told
    it to end), ``reloading`` (it is about to end for newer code) and ``exited``; ``looping()`` when workers die young
    again and again. Set ``master`` to whether a master stands apart from them.
    """

    def __init__(
        self, *, instance: Instance, mode: Mode, live: LiveExchanges, clock: Callable[[], int],
        changed: Callable[[Worker, str], None], looping: Callable[[], None],
    ) -> None:  # fmt: skip
        self.instance = instance
        self.mode = mode
        self.order = Order.NONE
        self.reason: Remark | None = None  #: why the master last began to end workers
        self.master = mode.has_master(instance.workers)
        self.master_gone = False
        self.reported = False  #: whether a probe has been heard of
        self.boot_error = ""  #: the traceback that a worker sent
        self.lives: dict[int, Life] = {}  #: those not yet buried, by pid
        self.last: dict[int, Worker] = {}  #: each slot's latest worker
        self.outcomes: dict[int, str] = {}  #: how each slot's previous process ended
        self._live = live
        self._recorder = live.recorder
        self._clock = clock
        self._changed = changed
        self._looping = looping
        self._loop_watch = CrashLoop()
        self._born: dict[int, int] = {}
        self._early: dict[int, list[int]] = {}  #: signals to processes that have not introduced themselves
        self._loose: dict[Remark, int] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    # --- what the collector tells -------------------------------------------------------------------------------------

    def connected(self, pid: int) -> Worker:
        """The worker with ``pid`` introduced itself; it gets the lowest slot that is free."""
        self.reported = True
        if pid in self.lives:  # a second connection of the same process
            return self.lives[pid].worker
        slot = self._free_slot()
        before = self.last.get(slot)
        worker = Worker(
            id=self._recorder.new_id("worker"),
            instance=self.instance.id,
            slot=slot,
            generation=before.generation + 1 if before else 1,
            pid=pid,
            born_ns=self._born.pop(pid, 0) or self._clock(),
        )
        self.last[slot] = worker
        life = self.lives[pid] = Life(worker, OomKills(pid), signals=self._early.pop(pid, []))
        self._empty.clear()
        self._watch(life)
        self._note(worker, "born", worker.born_ns, {"slot": slot, "generation": worker.generation, "pid": pid})
        return worker

    def ready(self, worker: Worker, t: int) -> None:
        """``worker`` can take requests."""
        if worker.state == WorkerState.EXITED:
            return
        worker.ready_ns = t
        worker.state = worker_after(WorkerState(worker.state), WorkerChange.READY)
        self._note(worker, "ready", t, {"boot_ms": (t - worker.born_ns) / 1e6})

    def disconnected(self, worker: Worker) -> None:
        """All that ``worker`` ever said has been read."""
        life = self.lives.get(worker.pid)
        if life is not None:
            life.connected = False
            self._consider(life)

    def master_said(self, event: str, pid: int, value: int, t: int) -> None:
        """The master bore a process, reaped one, or sent it a signal; ``value`` is the status or the signal."""
        life = self.lives.get(pid)
        if event != "reloading":  # which a worker may say of itself
            self.master = self.reported = True
        if event == "born":
            self._born[pid] = t
        elif event == "reloading":
            if life is not None and not life.ended_ns:
                life.remarks.add(Remark.RELOAD)
                self._changed(life.worker, "reloading")
        elif event == "signal" and value:
            if life is None:
                self._early.setdefault(pid, []).append(value)
            elif not life.ended_ns or t < life.ended_ns:  # masters also signal what is already dead
                life.signals.append(value)
                self._retire(life, value, t)
        elif event == "exited":
            self._born.pop(pid, None)
            if life is not None:
                life.reaped = True
                self._saw_end(life, value)

    def heard(self, said: Said, speaker: Worker | None) -> Worker | None:
        """A line was printed, by ``speaker`` as far as the pipe tells. Returns whose it is, as far as can be known."""
        own = self.lives.get(said.pid)
        speaker = speaker or (own.worker if own else None)
        if speaker is not None and speaker.pid in self.lives:
            self.lives[speaker.pid].report.take(said.text)
        if said.reason is not None and speaker is None:
            self.reason = said.reason
        if said.remark is not None:
            about = self.lives.get(said.about or (speaker.pid if speaker else 0))
            if about is not None:
                about.remarks.add(said.remark)
            elif not said.about:
                self._loose[said.remark] = self._clock()
        return speaker

    # --- what the user wants ------------------------------------------------------------------------------------------

    def living(self, slot: int) -> Life | None:
        """The worker in ``slot``, if it lives."""
        worker = self.last.get(slot)
        life = self.lives.get(worker.pid) if worker else None
        return life if life is not None and not life.ended_ns else None

    def send(self, life: Life, number: int) -> bool:
        """Send a signal to a worker because the user wants it. False if the worker is gone."""
        if life.ended_ns:
            return False
        life.from_us.append(number)
        try:
            os.kill(life.worker.pid, number)
        except ProcessLookupError:
            return False
        if number in (signal.SIGSTOP, signal.SIGCONT):
            self._look_whether_paused(life, number == signal.SIGSTOP)
        return True

    def wake(self) -> None:
        """Let all that is paused run on, so that it can end."""
        for life in self.lives.values():
            if life.worker.state == WorkerState.PAUSED:
                self.send(life, signal.SIGCONT)

    # --- what the process tree tells ----------------------------------------------------------------------------------

    def pid_ended(self, pid: int, status: int | None) -> None:
        """The process with ``pid`` is gone."""
        life = self.lives.get(pid)
        if life is not None:
            self._saw_end(life, status)

    def stopping(self, order: Order) -> None:
        """The supervisor has told the instance to end."""
        self.order = order
        for life in self.lives.values():
            worker = life.worker
            worker.state = worker_after(WorkerState(worker.state), WorkerChange.STOP)

    def second_passed(self) -> None:
        """To be called once a second: what the kernel killed before the last second is not counted against a worker."""
        for life in list(self.lives.values()):
            life.oom_kills.second_passed()
            if life.worker.state in (WorkerState.READY, WorkerState.PAUSED) and not life.ended_ns:
                self._look_whether_paused(life, stopped(life.worker.pid))

    async def gone(self, limit: float) -> None:
        """Wait until every worker is buried; after ``limit`` seconds bury what is left."""
        try:
            async with asyncio.timeout(limit):
                await self._empty.wait()
        except TimeoutError:
            for life in list(self.lives.values()):
                self._bury(life)

    @property
    def ready_count(self) -> int:
        """Workers that can take requests."""
        return sum(life.worker.state == WorkerState.READY and not life.ended_ns for life in self.lives.values())

    @property
    def steadfast(self) -> int:
        """Workers that can take requests and are not about to end for newer code."""
        return sum(
            life.worker.state == WorkerState.READY and not life.ended_ns and Remark.RELOAD not in life.remarks
            for life in self.lives.values()
        )

    @property
    def staff(self) -> int:
        """Workers that live and have not been told to end by their master."""
        return sum(not life.ended_ns and not life.retired for life in self.lives.values())

    @property
    def steady(self) -> bool:
        """Whether some worker has been serving for a while."""
        now = self._clock()
        return any(
            life.worker.state == WorkerState.READY and not life.ended_ns and now - life.worker.ready_ns >= YOUNG * 1e9
            for life in self.lives.values()
        )

    def last_with(self, pid: int) -> Worker | None:
        """The worker that had ``pid``, if it is the last of its slot."""
        return next((worker for worker in self.last.values() if worker.pid == pid), None)

    @property
    def loop_over(self) -> bool:
        """Whether no worker died young of late."""
        return self._loop_watch.over(self._clock() / 1e9)

    def begin_again(self) -> None:
        """The server is started anew: what was said of the one before does not count."""
        self.order = Order.NONE
        self.reason = None
        self.master_gone = False
        self.reported = False
        self.boot_error = ""
        self._loop_watch.forget()

    def in_hand(self, worker: Worker) -> tuple[int, ...]:
        """The requests that ``worker`` is working on."""
        return self._live.in_hand(worker.id)

    def _retire(self, life: Life, number: int, t: int) -> None:
        """Its master sent it ``number`` at ``t``."""
        if number in CUTTING:
            for exchange in self._live.in_hand_at(life.worker.id, t):
                life.cut.setdefault(exchange.id, (exchange, held(exchange, t)))
        if number in ENDING:
            life.retired = True
            life.worker.state = worker_after(WorkerState(life.worker.state), WorkerChange.STOP)
            self._recorder.worker(life.worker)
            self._changed(life.worker, "retired")

    def _look_whether_paused(self, life: Life, paused: bool) -> None:
        worker = life.worker
        if paused == (worker.state == WorkerState.PAUSED) or worker.state not in (
            WorkerState.READY,
            WorkerState.PAUSED,
        ):
            return
        change = WorkerChange.PAUSE if paused else WorkerChange.RESUME
        worker.state = worker_after(WorkerState(worker.state), change)
        self._note(worker, "paused" if paused else "resumed", self._clock(), {})

    # --- one death ----------------------------------------------------------------------------------------------------

    def _free_slot(self) -> int:
        taken = {life.worker.slot for life in self.lives.values() if not life.ended_ns}
        slot = 1
        while slot in taken:
            slot += 1
        return slot

    def _watch(self, life: Life) -> None:
        pid = life.worker.pid
        if pid == self.instance.pid:  # our own child: whoever started it watches it
            return
        try:
            life.watch = Watch(pid, lambda status: self._saw_end(life, status))
        except ProcessLookupError:
            self._saw_end(life, None)

    def _saw_end(self, life: Life, status: int | None) -> None:
        life.ended_ns = life.ended_ns or self._clock()
        if life.status is None:
            life.status = status
        self._consider(life)

    def _consider(self, life: Life) -> None:
        """Bury now if all has been said that matters, else set the limit for waiting. A closed connection alone is no
        death. Where the status is known the master need not be waited for, who may look only every half second: what it
        did to the worker it has told before it did it.
        """
        if not life.ended_ns or self.lives.get(life.worker.pid) is not life:
            return
        if life.timer is not None:
            life.timer.cancel()
        limit = SETTLE
        if life.status is None or life.connected:
            waited = (self._clock() - life.ended_ns) / 1e9
            limit = max((UNKNOWN if life.status is None else KNOWN) - waited, SETTLE)
        life.timer = asyncio.get_running_loop().call_later(limit, self._bury, life)

    def _bury(self, life: Life) -> None:
        worker = life.worker
        if self.lives.get(worker.pid) is not life:
            return
        del self.lives[worker.pid]
        if life.timer is not None:
            life.timer.cancel()
        if life.watch is not None:
            life.watch.close()
        verdict = self._judge(life)
        self._record_end(life, verdict, life.ended_ns or self._clock())
        young = not worker.ready_ns or worker.ended_ns - worker.ready_ns < YOUNG * 1e9
        ours = self.order is not Order.NONE or life.from_us or self.master_gone
        counts = young and not ours and not worker.in_hand and verdict.cause in BAD
        if counts and self._loop_watch.died_young(self._clock() / 1e9):
            self._looping()
        if not self.lives:
            self._empty.set()

    def _judge(self, life: Life) -> Verdict:
        alone = life.reaped and not life.signals  # what made its master end as well, and not the other way round
        return judge(
            Evidence(
                status=life.status,
                order=self.order,
                from_master=tuple(life.signals),
                from_us=tuple(life.from_us),
                reason=self.reason,
                remarks=frozenset(life.remarks | self._loosely_said()),
                graceful_signals=self.mode.graceful_signals,
                master=self.master,
                master_gone=self.master_gone and not alone,
                ready=bool(life.worker.ready_ns),
                boot_error=bool(self.boot_error) and not life.worker.ready_ns,
                oom_kills=life.oom_kills.lately,
                crash_place=life.report.place,
            )
        )

    def _loosely_said(self) -> set[Remark]:
        """What some worker said of itself just now, and nobody knows which: the one that dies, most likely."""
        recent = {remark for remark, at in self._loose.items() if self._clock() - at < LOOSE * 1e9}
        self._loose.clear()
        return recent

    def _record_end(self, life: Life, verdict: Verdict, now: int) -> None:
        worker = life.worker
        worker.state = worker_after(WorkerState(worker.state), WorkerChange.EXIT)
        worker.ended_ns = now
        worker.exit_code, worker.signal = verdict.exit_code, verdict.signal
        worker.cause, worker.outcome = str(verdict.cause), verdict.outcome
        lost = self._lost(life, now)
        worker.in_hand = tuple(lost)
        self.outcomes[worker.slot] = verdict.outcome
        for exchange, _ in lost.values():  # that the connection ended is what the proxy knows; this is why
            exchange.error = f"its worker {verdict.outcome}"
            self._recorder.touch(exchange)
        self._live.worker_gone(worker.id, now, verdict.outcome)
        detail = {
            "cause": str(verdict.cause),
            "outcome": verdict.outcome,
            "exit_code": verdict.exit_code,
            "signal": verdict.signal,
            "in_hand": list(worker.in_hand),
            "held": [detail for _, detail in lost.values()],
            "stack": life.report.text,
        }
        self._note(worker, "exited", now, detail)

    def _lost(self, life: Life, now: int) -> dict[int, tuple[Exchange, dict[str, Any]]]:
        """The requests that end with the worker, and what each was doing."""
        lost = {id: (exchange, detail) for id, (exchange, detail) in life.cut.items() if exchange.error}
        for identity in self._live.in_hand(life.worker.id):
            exchange = self._live.by_id[identity]
            lost[identity] = life.cut.get(identity) or (exchange, held(exchange, now))
        return lost

    def _note(self, worker: Worker, event: str, t: int, detail: dict[str, Any]) -> None:
        self._recorder.worker(worker)
        self._recorder.worker_event(WorkerEvent(worker.id, t, event, detail))
        self._changed(worker, event)
