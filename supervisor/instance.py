"""One instance: a launch of a target in a mode, from its socket to the last of its processes.

It starts the server, waits until its workers are ready, starts it again when it dies, and ends it. It knows neither the
proxy in front of it nor the instance that it replaces.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Callable
from typing import Protocol

from inspector.live import LiveExchanges
from inspector.model import Instance, LogLine, Worker
from inspector.proxy.server import Upstream
from inspector.recording import Recorder
from supervisor import boot
from supervisor.control.messages import Problem
from supervisor.crew import Crew
from supervisor.death import Evidence, Order, judge
from supervisor.launching import Plan, spawn
from supervisor.output import follow
from supervisor.policy import BOOT_LIMIT, Backoff, Readiness, readiness
from supervisor.tree.watch import Watch, session

#: After the master died by itself, how long its workers may take to notice before they are killed.
ORPHANS = 1.0
#: How long the end of a killed process may take to be seen.
REAP = 5.0


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
        self._news = asyncio.Event()
        self._ended = asyncio.Event()  #: the root process is gone and will not be started again
        self._serving = False
        self._aborted = False
        self._hopeless: Problem | None = None  #: why it is given up
        self._backoff = Backoff()
        self._spawned_at = 0.0
        self._root: subprocess.Popen[bytes] | None = None
        self._pipes: list[asyncio.ReadTransport] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def alive(self) -> bool:
        """Whether there are processes of it, or will be again."""
        return self._root is not None and not self._ended.is_set()

    # --- starting -----------------------------------------------------------------------------------------------------

    async def boot(self) -> Problem | None:
        """Start it and wait until it can take requests. What went wrong, or None."""
        try:
            await self._spawn()
        except OSError as error:
            return boot.cannot_start(self.plan, error)
        began = self._now()
        while True:
            decision = readiness(
                workers=self.model.workers,
                ready=self.crew.ready_count,
                boot_error=bool(self.crew.boot_error),
                alive=self.alive and not self._aborted,
                waited=self._now() - began,
            )
            if decision is Readiness.SERVE:
                self._serving = True
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
        self._root = root
        self._spawned_at = self._now()
        self.model.pid = root.pid
        self.model.started_ns = self.model.started_ns or self._clock()
        self._recorder.instance(self.model)
        self.crew.master_gone = False
        self.crew.boot_error = ""
        try:
            Watch(root.pid, self._root_ended)
        except ProcessLookupError:  # cannot be: nobody has reaped it
            self._root_ended(None)
        for pipe, stream in ((root.stdout, "stdout"), (root.stderr, "stderr")):
            assert pipe is not None
            transport, _ = await follow(pipe, lambda text, stream=stream: self._line(stream, text))  # type: ignore[misc]
            self._pipes.append(transport)

    # --- what happens to it -------------------------------------------------------------------------------------------

    def boot_error(self, text: str) -> None:
        """A worker could not load the application; ``text`` is the traceback."""
        self.crew.boot_error = text
        if self._serving:
            self.problem = boot.failed(self.plan, text, [], "")
            self._owner.instance_changed()
        self._news.set()

    def _worker_changed(self, worker: Worker, event: str) -> None:
        if event == "ready" and self._serving:
            self.problem = None
        self._news.set()
        self._owner.worker_changed(worker, event)

    def _looping(self) -> None:
        """Workers die before they are ready, again and again. While others serve, that is only shown."""
        reason = boot.looping(self.plan, self.crew.boot_error, list(self._lines))
        if self._serving and self.crew.ready_count:
            self.problem = reason
            self._owner.instance_changed()
        elif self.crew.order is Order.NONE:
            self._hopeless = reason
            self._background(self._give_up(reason))

    def _root_ended(self, status: int | None) -> None:
        """The process that we started is gone."""
        assert self._root is not None
        lived = self._now() - self._spawned_at
        has_master = self.plan.mode.has_master(self.model.workers)
        evidence = Evidence(
            status=status,
            order=self.crew.order,
            graceful_signals=self.plan.mode.graceful_signals,
            boot_error=bool(self.crew.boot_error),
            ready=bool(self._serving),
        )
        self.model.outcome = judge(evidence).outcome
        self.crew.master_gone = has_master
        self.crew.pid_ended(self._root.pid, status)
        self._background(self._after_root(lived))

    async def _after_root(self, lived: float) -> None:
        """Clear away what is left of the session, then end or begin again."""
        await self._clear_session(ORPHANS if self.plan.mode.has_master(self.model.workers) else 0.0)
        if self._root is not None:
            self._root.wait()
        await self.crew.gone(1.0)
        pause = self._backoff.died(lived) if self._serving and self.crew.order is Order.NONE else None
        if pause is None or self.crew.boot_error:
            self._finish()
            return
        self.problem = boot.restarting(self.plan, self.model.outcome, pause)
        self.remark(f"gatescope: {self.problem.what} {self.problem.why}".rstrip())
        self._owner.instance_changed()
        await asyncio.sleep(pause)
        if self.crew.order is Order.NONE:
            try:
                await self._spawn()
            except OSError as error:
                self.crew.boot_error = str(error)
                self._finish()
        else:
            self._finish()

    def _finish(self) -> None:
        failed = self._serving and self.crew.order is Order.NONE
        self._ended.set()
        self._news.set()
        self.model.ended_ns = self._clock()
        self._recorder.instance(self.model)
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
        self._line("gatescope", text)

    def _line(self, stream: str, text: str) -> None:
        self._lines.append(text)
        self._recorder.log(LogLine(self._clock(), self.model.id, 0, stream, text))
        self._owner.line_written(text)

    # --- ending -------------------------------------------------------------------------------------------------------

    async def stop(self, *, force: bool = False) -> None:
        """Tell it to end, in the way its server understands best, and step by step harder until all of it is gone."""
        if self._root is None:
            self.listener.close()
            return
        self.crew.stopping(Order.STOP)
        if not force:
            for step in self.plan.mode.stop:
                if await self._tell(step.signal, step.wait):
                    break
        if not self._ended.is_set():
            self.crew.stopping(Order.KILL)
        await self._clear_session(0.0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REAP):
                await self._ended.wait()
        for pipe in self._pipes:
            pipe.close()
        self.listener.close()

    async def _tell(self, number: signal.Signals, wait: float) -> bool:
        """Send ``number`` to the root process; whether it ended in ``wait`` seconds."""
        assert self._root is not None
        if self._root.returncode is None and not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._root.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._ended.wait()
        return self._ended.is_set()

    async def _clear_session(self, grace: float) -> None:
        """Kill what is left of the session after ``grace`` seconds, and see it gone."""
        assert self._root is not None
        began = self._now()
        while left := session(self._root.pid):
            waited = self._now() - began
            if waited >= grace + REAP:  # in the kernel's hands; nothing more can be done
                return
            for pid in left if waited >= grace else ():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.02)

    # --- small things -------------------------------------------------------------------------------------------------

    def _background(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _now(self) -> float:
        return self._clock() / 1e9
