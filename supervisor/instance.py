"""One instance: a launch of a target in a mode, from its socket to the last of its processes.

It starts the server, waits until its workers are ready, starts it again when it dies, and ends it. It knows neither the
proxy in front of it nor the instance that it replaces.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from inspector.levels import Levels
from inspector.live import LiveExchanges
from inspector.model import Instance, LogLine, Worker
from inspector.proxy.server import Upstream
from inspector.recording import Recorder
from supervisor import boot
from supervisor.attendance import Attendance
from supervisor.control.messages import Problem
from supervisor.crew import Crew
from supervisor.death import Cause, Evidence, Order, Remark, judge
from supervisor.launching import Plan, spawn
from supervisor.lines import understand
from supervisor.output import Output, follow, words_for
from supervisor.policy import BOOT_LIMIT, Backoff, Readiness, readiness
from supervisor.processes import REAP, Processes
from supervisor.tree.kin import Kin
from supervisor.tree.ports import listening
from supervisor.tree.watch import Watch

#: After the master died by itself, how long its workers may take to notice before they are killed.
ORPHANS = 1.0
#: How long the last lines of a process that is gone may take to be read.
LAST_WORDS = 0.2
#: How long a worker may take to say what it is doing: it lists its stacks in milliseconds, once it gets to run.
ANSWER = 3.0
#: How long a server may take to react to a signal.
REACT = 10.0
#: Of a command that somebody wrote: seconds between two looks whether its port is open, how long a probe may be silent
#: after that, and how long a command without a worker has to start another.
LOOK = 0.1
SILENCE = 1.0
REPLACEMENT = 3.0


class Owner(Protocol):
    """Whom an instance tells what happens to it."""

    def worker_changed(self, worker: Worker, event: str) -> None:
        """``born``, ``ready`` or ``exited``."""
        ...

    def line_written(self, text: str) -> None:
        """Something was printed."""
        ...

    def instance_changed(self) -> None:
        """A figure or a state changed."""
        ...

    def instance_held(self, instance: RunningInstance, problem: Problem) -> None:
        """It served, does not now, and will be tried again."""
        ...

    def instance_back(self, instance: RunningInstance) -> None:
        """After that it serves again."""
        ...

    def instance_failed(self, instance: RunningInstance, problem: Problem) -> None:
        """It served, and now does not and will not."""
        ...


class RunningInstance:
    """The processes of one instance."""

    def __init__(
        self, *, model: Instance, plan: Plan, listener: socket.socket, live: LiveExchanges, clock: Callable[[], int],
        owner: Owner,
    ) -> None:  # fmt: skip
        self.model = model
        self.plan = plan
        self.listener = listener
        self.problem: Problem | None = None  #: what is wrong although it runs
        host, port = listener.getsockname()[:2]
        self.upstream = Upstream(model.id, host, port, probed=True)
        self.crew = Crew(
            instance=model, mode=plan.mode, live=live, clock=clock, changed=self._worker_changed,
            looping=self._looping,
        )  # fmt: skip
        self._recorder: Recorder = live.recorder
        self._clock = clock
        self._owner = owner
        self._lines: deque[str] = deque(maxlen=60)
        self._levels = Levels()
        self._news = asyncio.Event()
        self._ended = asyncio.Event()  #: its processes are gone, and it will not be started again
        self._told_to_end = asyncio.Event()
        self._serving = False
        self._aborted = False
        self._hopeless: Problem | None = None  #: why it is given up
        self._backoff = Backoff()
        self._pause: float | None = None  #: how long it is held, once its workers were found to die young
        self._held = False  #: whether requests wait elsewhere until a worker is ready
        self._unseen = False  #: it serves, and no probe has been heard of
        self._spawned_at = 0.0
        self._processes: Processes | None = None  #: of its last launch
        self._pipes: dict[asyncio.ReadTransport, Output] = {}
        self._attendance = Attendance(plan.attend_socket, plan.token, self._line_of)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def alive(self) -> bool:
        """Whether there are processes of it, or will be again."""
        return self._processes is not None and not self._ended.is_set()

    @property
    def kin(self) -> Kin | None:
        """What has left the session of its server."""
        return self._processes.kin if self._processes else None

    # --- starting -----------------------------------------------------------------------------------------------------

    async def boot(self) -> Problem | None:
        """Start it and wait until it can take requests. What went wrong, or None."""
        try:
            await self._attendance.start()
        except OSError as error:
            return boot.no_place(error)
        try:
            await self._spawn()
        except OSError as error:
            return boot.cannot_start(self.plan, error)
        began = self._now()
        while True:
            decision = readiness(
                workers=self.model.workers,
                ready=self.crew.ready_count or int(self._unseen),
                boot_error=bool(self.crew.boot_error),
                alive=self.alive and not self._aborted,
                waited=self._now() - began,
            )
            if decision is Readiness.SERVE:
                self._serving = True
                self.problem = boot.unseen() if self._unseen else None
                self.model.ready_ns = self._clock()
                self._recorder.instance(self.model)
                return None
            if decision is Readiness.FAIL:
                await asyncio.sleep(0.05)  # what it printed last is still on its way
                if self._aborted:
                    return boot.aborted(self.model.app)
                return self._hopeless or boot.failed(
                    self.plan, self.crew.boot_error, list(self._lines), self.model.outcome
                )
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(began + BOOT_LIMIT - self._now(), 0.01)):
                    await self._news.wait()

    async def _spawn(self) -> None:
        root = spawn(self.plan)
        self._processes = Processes(root, together=self.plan.mode.stops_together, remark=self.remark, now=self._now)
        self._spawned_at = self._now()
        self.model.pid = root.pid
        self.model.started_ns = self.model.started_ns or self._clock()
        self._recorder.instance(self.model)
        self.crew.begin_again()
        self.crew.master = self.plan.mode.has_master(self.plan.launch.workers)
        try:
            Watch(root.pid, self._root_ended)
        except ProcessLookupError:  # cannot be: nobody has reaped it
            self._root_ended(None)
        for pipe, stream in ((root.stdout, "stdout"), (root.stderr, "stderr")):
            assert pipe is not None
            say = functools.partial(self._line, stream)
            transport, output = await follow(pipe, say, self._left_out)
            self._pipes[transport] = output
        if self.plan.mode.unknown:
            self._background(self._await_port(self._processes))

    async def _await_port(self, launched: Processes) -> None:
        """A command serves when its worker says so; one that nobody hears of, once something listens at its port."""
        port, since = self.plan.launch.own_port, 0.0
        while self._processes is launched and not launched.gone.is_set() and not self.crew.reported:
            since = (since or self._now()) if listening(port) else 0.0
            if since and self._now() - since >= SILENCE:
                self._serve_unseen()
                return
            await asyncio.sleep(LOOK)

    def _serve_unseen(self) -> None:
        self._unseen = True
        self.upstream.probed = False
        problem = boot.unseen()
        self.remark(f"gatescope: {problem.what} {problem.why}")
        if self._serving:
            self.problem = problem
        self._back()
        self._news.set()

    # --- what happens to it -------------------------------------------------------------------------------------------

    def boot_error(self, text: str) -> None:
        """A worker could not load the application; ``text`` is the traceback."""
        if self.crew.order is not Order.NONE:  # it was interrupted while it did
            return
        self.crew.boot_error = text
        if self._serving:
            self.problem = boot.failed(self.plan, text, [], "")
            if self._held:
                self._owner.instance_held(self, self.problem)
            self._owner.instance_changed()
        elif self.plan.mode.tries_again and self.crew.master and self._processes is not None:
            self._processes.suspend()  # it is about to be killed, and would start workers for nothing until then
        self._news.set()

    def _worker_changed(self, worker: Worker, event: str) -> None:
        mended = self.crew.loop_over or (self._held and self.plan.mode.unknown)  # by whoever changed the code
        if event == "ready" and self._serving and mended:
            self.problem = None
            self.crew.boot_error = ""
        if event == "ready":
            self._unseen, self.upstream.probed = False, True
            self._back()
        elif event in ("reloading", "exited") and self.plan.mode.unknown:
            self._lost(worker)
        self._news.set()
        self._owner.worker_changed(worker, event)

    def _back(self) -> None:
        """It serves again, if it did not."""
        if self._held:
            self._held = False
            self._owner.instance_back(self)

    def _lost(self, worker: Worker) -> None:
        """A command's worker ends. If it was the only one, requests wait in the proxy until there is another."""
        if self.crew.steadfast or self.crew.order is not Order.NONE or not self._serving:
            return
        self._held = True
        self._owner.instance_held(self, boot.away(worker))
        if worker.cause and worker.cause not in (Cause.RELOAD, Cause.BOOT):
            self._background(self._replace_lost(worker))

    async def _replace_lost(self, worker: Worker) -> None:
        """Start a command anew that goes on without its worker, as uvicorn's reloader does."""
        launched = self._processes
        assert launched is not None
        if await self._until(lambda: bool(self.crew.lives) or launched.gone.is_set(), REPLACEMENT):
            return
        if self._processes is not launched or self.crew.order is not Order.NONE:
            return
        reason = boot.deserted(worker)
        self._pause = self._backoff.died(self._now() - self._spawned_at)
        if self._pause is None:
            await self._give_up(boot.given_up(reason))
        else:
            await self._hold(reason)

    def _looping(self) -> None:
        """Workers die young, again and again. While others serve, that is only shown; else it is held, or given up."""
        last = max(self.crew.last.values(), key=lambda worker: worker.ended_ns)
        reason = boot.looping(
            self.plan, last.outcome, self.crew.boot_error, list(self._lines), ready=bool(last.ready_ns)
        )
        if self._serving and self.crew.steady:
            self.problem = reason
            self._owner.instance_changed()
        elif self.crew.order is Order.NONE:
            self._pause = self._backoff.looped() if self._serving and not self.crew.boot_error else None
            if self._pause is None:
                self._hopeless = boot.given_up(reason) if self._serving else reason
                self._background(self._give_up(self._hopeless))
            else:
                self._background(self._hold(boot.held(reason, self._pause)))

    async def _hold(self, reason: Problem) -> None:
        """Put an end to a master that starts workers for nothing; ``_after_root`` starts another after the pause."""
        self._held = True
        self.problem = reason
        self.remark(f"gatescope: {reason.what} {reason.why}")
        self._owner.instance_held(self, reason)
        self.crew.wake()
        self.crew.stopping(Order.HOLD)
        await self._end_processes()

    def _root_ended(self, status: int | None) -> None:
        """The process that we started is gone."""
        assert self._processes is not None
        lived = self._now() - self._spawned_at
        evidence = Evidence(
            status=status,
            order=self.crew.order,
            graceful_signals=self.plan.mode.graceful_signals,
            boot_error=bool(self.crew.boot_error),
            ready=bool(self._serving),
        )
        self.model.outcome = judge(evidence).outcome
        self.crew.master_gone = self.crew.master
        self.crew.pid_ended(self._processes.root.pid, status)
        if self._serving and self.crew.order is Order.NONE and not self.plan.mode.takes_socket:
            # There is no queue of ours that connections could wait in: they would be refused.
            self._held = True
            self._owner.instance_held(self, Problem(what=f"{self.plan.mode.slug} {self.model.outcome}."))
        self._background(self._after_root(lived))

    async def _after_root(self, lived: float) -> None:
        """Clear away what is left of the session, then end or begin again."""
        launched = self._processes
        assert launched is not None
        await launched.clear(ORPHANS if self.crew.master else 0.0)
        launched.bury()
        await self.crew.gone(1.0)
        worker = self.crew.last_with(launched.root.pid)
        if worker is not None:  # the one process: it has said more of its end than its status
            self.model.outcome = worker.outcome
        launched.gone.set()
        if self.plan.mode.unknown:
            await asyncio.sleep(LAST_WORDS)  # they say whether it wanted the port for itself
        pause = self._pause_after(lived)
        if pause is None or self.crew.boot_error:
            self._finish()
            return
        if self.crew.order is not Order.HOLD:
            self.problem = boot.restarting(self.plan, self.model.outcome, pause)
            self.remark(f"gatescope: {self.problem.what} {self.problem.why}".rstrip())
        self._owner.instance_changed()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._told_to_end.wait()
        if self._told_to_end.is_set():
            self._finish()
            return
        try:
            await self._spawn()
        except OSError as error:
            self.crew.boot_error = str(error)
            self._finish()

    def _pause_after(self, lived: float) -> float | None:
        """Seconds until the root process, which lived so long, is started again; None: it is not."""
        if self.crew.order is Order.HOLD:
            return self._pause
        if self.plan.mode.unknown and not self._serving and self._gives_way():
            return 0.0
        return self._backoff.died(lived) if self._serving and self.crew.order is Order.NONE else None

    def _gives_way(self) -> bool:
        """Whether a command found its port taken, by us who keep it; it can have it for itself, once."""
        taken = any("already in use" in line.lower() or "EADDRINUSE" in line for line in self._lines)
        if not taken or self.listener.fileno() < 0:
            return False
        self.listener.close()
        return True

    def _finish(self) -> None:
        failed = self._serving and self.crew.order in (Order.NONE, Order.HOLD)
        self._ended.set()
        self._news.set()
        self.model.ended_ns = self._clock()
        self._recorder.instance(self.model)
        self.listener.close()  # whoever waits in its queue would wait for ever
        if failed:
            reason = boot.gone(self.plan, self.model.outcome, self.crew.boot_error, list(self._lines))
            self._owner.instance_failed(self, reason)

    async def _give_up(self, reason: Problem) -> None:
        serving = self._serving
        await self.stop()
        self.model.outcome = reason.what
        if serving:
            self._owner.instance_failed(self, reason)

    def abort(self) -> None:
        """Give up the start that is being waited for."""
        self._aborted = True
        self._news.set()

    def remark(self, text: str) -> None:
        """Put a line of our own among those that it prints."""
        self._lines.append(text)
        self._recorder.log(LogLine(self._clock(), self.model.id, 0, "gatescope", text))
        self._owner.line_written(text)

    def _line_of(self, pid: int, stream: str, text: str) -> None:
        """A worker printed a line into a pipe of its own."""
        life = self.crew.lives.get(pid)
        self._line(stream, text, life.worker if life else self.crew.last_with(pid), pid)

    def _line(self, stream: str, text: str, speaker: Worker | None = None, pipe: int = 0) -> None:
        said = understand(text)
        if speaker is None and self._processes is not None and not self.crew.master:
            root = self.crew.lives.get(self._processes.root.pid)  # the only process there is
            speaker = root.worker if root else None
        speaker = self.crew.heard(said, speaker)
        self._lines.append(said.text)
        whose = speaker.id if speaker else 0
        level = self._levels.of((pipe, stream), said.text)
        self._recorder.log(LogLine(self._clock(), self.model.id, whose, stream, text, level=level))
        self._owner.line_written(said.text)

    def _left_out(self, count: int) -> None:
        self.remark(words_for(count))

    async def stacks(self, pid: int) -> list[dict[str, Any]]:
        """What the worker ``pid`` is doing. Raises SilenceError."""
        return await self._attendance.ask(pid, ANSWER)

    # --- another number of workers ------------------------------------------------------------------------------------

    @property
    def scalable(self) -> bool:
        """Whether its server takes a worker more or less when it is sent a signal."""
        mode = self.plan.mode
        return self.crew.master and mode.more is not None and mode.fewer is not None and self.alive

    async def scale(self, workers: int) -> Problem | None:
        """Have its server take ``workers``, by the server's own signals, one after the other: equal signals that come
        at once are one to the kernel. Returns when the new ones are ready, or why it did not work.
        """
        assert self._processes is not None
        up = workers > self.model.workers
        number = self.plan.mode.more if up else self.plan.mode.fewer
        assert number is not None
        self.crew.reason = self.crew.reason if up else Remark.SCALE_DOWN
        while self.model.workers != workers:
            goal = self.crew.staff + (1 if up else -1)
            self._processes.send(number)
            reached = (lambda: self.crew.staff >= goal) if up else (lambda: self.crew.staff <= goal)  # noqa: B023
            if not await self._until(reached, REACT):
                return boot.deaf(self.plan, number.name)
            self._has_workers(self.model.workers + (1 if up else -1))
        if not await self._until(lambda: self.crew.ready_count >= min(workers, self.crew.staff), BOOT_LIMIT):
            return boot.failed(self.plan, self.crew.boot_error, list(self._lines), self.model.outcome)
        return None

    def _has_workers(self, workers: int) -> None:
        """From now on, and when it is started again."""
        launch = replace(self.plan.launch, workers=workers)
        self.plan = replace(self.plan, launch=launch)
        self.model.workers = workers
        self.model.command = self.plan.production
        self._recorder.instance(self.model)

    async def _until(self, reached: Callable[[], bool], limit: float) -> bool:
        """Whether ``reached`` comes true within ``limit`` seconds, and while the instance lives."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not reached() and self.alive:
                    self._news.clear()
                    await self._news.wait()
        return reached()

    # --- ending -------------------------------------------------------------------------------------------------------

    async def stop(self, order: Order = Order.STOP, *, force: bool = False) -> None:
        """Tell it to end, in the way its server understands best, and step by step harder until all of it is gone.

        ``order`` is why.
        """
        if self._processes is None:
            self.listener.close()
            await self._attendance.close()
            return
        self._told_to_end.set()
        await self._processes.look()
        self.crew.wake()
        self.crew.stopping(order)
        await self._end_processes(force=force)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REAP):
                await self._ended.wait()
        if self._pipes:  # what was printed last is still on its way
            await asyncio.wait([output.ended for output in self._pipes.values()], timeout=LAST_WORDS)
        for pipe, output in self._pipes.items():
            pipe.close()
            output.close()
        await self._attendance.close()
        self.listener.close()

    async def _end_processes(self, *, force: bool = False) -> None:
        launched = self._processes
        assert launched is not None
        for number, step in enumerate(() if force else self.plan.mode.stop):
            if number:
                self._insist(Order.AGAIN)
            if await launched.tell(step.signal, step.wait):
                break
        if not launched.gone.is_set():
            self._insist(Order.KILL)
        await launched.clear(0.0)

    def _insist(self, order: Order) -> None:
        """It did not end when it was told to; why it shall end stays the same for one that is held."""
        if self.crew.order is not Order.HOLD:
            self.crew.stopping(order)

    # --- small things -------------------------------------------------------------------------------------------------

    def _background(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _now(self) -> float:
        return self._clock() / 1e9
