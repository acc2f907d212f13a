"""One application under supervision: its trace, its proxy, and the instance behind it, or two while it switches.

It decides which instance the proxy sends requests to, and in what order things begin and end, so that none is lost.
Knows nothing of the control socket.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from inspector.collector import Collector
from inspector.costs import together
from inspector.live import LiveExchanges
from inspector.model import Exchange, Instance, Worker
from inspector.proxy.server import Proxy
from inspector.store.writer import TraceWriter
from supervisor import boot, stacks
from supervisor.attendance import SilenceError
from supervisor.control.messages import AppStatus, Problem, Stack, WorkerStatus
from supervisor.crew import Life
from supervisor.death import Order
from supervisor.instance import RunningInstance
from supervisor.launching import listen, reserve
from supervisor.lifecycle import AppEvent, AppState, app_after
from supervisor.policy import DRAIN_LIMIT, WEBSOCKET_LIMIT
from supervisor.setting import Place, Setting, make_plan, remarks
from supervisor.target.resolve import Resolved
from supervisor.tree.usage import Sampler, Usage

if TYPE_CHECKING:
    from inspector.query import Query
    from supervisor.watching import Watching

log = logging.getLogger(__name__)

#: How long the proxy keeps a request waiting while nothing serves, before it answers 503 and says why.
WAIT_SECONDS = 10.0
#: Changed files to name.
NAMED = 3


class Observer(Protocol):
    """Whom the applications tell what happens: the control socket, the command line."""

    def app_changed(self, app: Application) -> None:
        """Its state, its workers or its figures."""
        ...

    def exchange_finished(self, app: Application, exchange: Exchange) -> None:
        """A request with all that belongs to it is over."""
        ...

    def worker_changed(self, app: Application, worker: Worker, event: str) -> None:
        """``born``, ``ready`` or ``exited``."""
        ...

    def line_written(self, app: Application, text: str) -> None:
        """A server or the application printed a line."""
        ...


class Application:
    """An application by the name ``name``. Made by ``Supervisor``; ``open`` it, then ``start`` it."""

    def __init__(self, *, name: str, resolved: Resolved, run_dir: Path, trace: Path, observer: Observer) -> None:
        self.name = name
        self.resolved = resolved
        self.trace = trace
        self.url = ""
        self.setting: Setting | None = None
        self.state = AppState.STOPPED
        self.problem: Problem | None = None
        self.current: RunningInstance | None = None
        self._run_dir = run_dir
        self._observer = observer
        self._clock: Callable[[], int] = time.monotonic_ns
        self._token = secrets.token_hex(8)
        self._instances: dict[int, RunningInstance] = {}
        self._modes: dict[int, str] = {}
        self._retiring: set[asyncio.Task[None]] = set()
        self._booting: RunningInstance | None = None
        self._lock = asyncio.Lock()
        self._address = ("127.0.0.1", 0)
        self._finished = 0
        self._sampler = Sampler()
        self._usage: dict[int, Usage] = {}
        self._capture = ""
        self._told_problem = ""
        self._ticker: asyncio.Task[None] | None = None
        self._watching: Watching | None = None
        self.writer = TraceWriter(trace)
        self.live = LiveExchanges(self.writer, self._exchange_finished)
        # The token is the proxy's, one for the application, so that each instance's workers get a socket of their own.
        self._collectors: dict[int, Collector] = {}
        self.proxy = Proxy(self.writer, self.live, clock=self._clock, token=self._token, wait_seconds=WAIT_SECONDS)

    async def open(self, host: str, port: int) -> None:
        """Open the proxy's address. Raises OSError when it is taken."""
        self._address = await self.proxy.start(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._address[1]}"
        self._run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ticker = asyncio.get_running_loop().create_task(self._tick())

    @property
    def serving(self) -> bool:
        """Whether it serves, or is about to begin or to end."""
        return self.state not in (AppState.STOPPED, AppState.CRASHED)

    # --- what is asked of it ------------------------------------------------------------------------------------------

    async def start(self, setting: Setting, resolved: Resolved | None = None) -> Problem | None:
        """Serve; ``resolved``: another target, or the same with other variables. What went wrong, or None."""
        async with self._lock:
            self._enter(AppEvent.START)
            problem = await self._start(setting, resolved or self.resolved)
        await self._watch(setting)
        return problem

    async def restart(self) -> Problem | None:
        """End what serves, then serve anew in the same mode; requests that come meanwhile wait."""
        if self.setting is None:
            return Problem(what=f"{self.name} was never started.", usage=True)
        if self.state in (AppState.STOPPED, AppState.CRASHED):
            return await self.start(self.setting)
        async with self._lock:
            if problem := self._unless_running():
                return problem
            self._enter(AppEvent.RESTART)
            self.proxy.route(None, f"{self.name} is being restarted.")
            current, self.current = self.current, None
            if current is not None:
                await self._replace(current, Order.RELOAD)
            if self.state is not AppState.STARTING:
                return Problem(what=f"{self.name} was stopped before it was started again.")
            return await self._start(self.setting, self.resolved)

    async def _start(self, setting: Setting, resolved: Resolved) -> Problem | None:
        self.resolved = resolved
        self.problem = None
        self.proxy.route(None, f"{self.name} is starting.")
        stale, self.current = self.current, None
        if stale is not None:
            await self._retire(stale, force=True)
        instance, problem = await self._boot(setting, resolved)
        self.problem = problem
        if self.state is AppState.STARTING:
            self._enter(AppEvent.BOOT_FAILED if problem else AppEvent.READY)
        if instance is not None and problem is None and self.state is AppState.RUNNING:
            self._route_to(instance, setting, resolved)
        else:
            await self._retire(instance, force=True)
            self.setting = self.setting or setting
            if problem is not None:
                self.proxy.route(None, _one_line(problem), wait=False)
        self._changed()
        return problem

    async def switch(
        self, setting: Setting, order: Order = Order.SWITCH, resolved: Resolved | None = None
    ) -> Problem | None:
        """Put an instance in another mode, or of another target, in the place of the one that serves.

        The old one serves until the new one can, and while the new one cannot. ``order``: what it is for.
        """
        if self.state in (AppState.STOPPED, AppState.CRASHED):
            return await self.start(setting, resolved)
        async with self._lock:
            problem = self._unless_running() or await self._exchange(setting, order, resolved or self.resolved)
        if problem is None:
            await self._watch(setting)
        return problem

    async def reload(self) -> Problem | None:
        """Put an instance with the code as it is now in the place of the one that serves."""
        if self.setting is None:
            return Problem(what=f"{self.name} was never started.", usage=True)
        if self.state in (AppState.STOPPED, AppState.CRASHED):
            return await self.start(self.setting)
        async with self._lock:  # what a switch that was under way has made of it is what to load anew
            return self._unless_running() or await self._exchange(self.setting, Order.RELOAD, self.resolved)

    async def _exchange(self, setting: Setting, order: Order, resolved: Resolved) -> Problem | None:
        """A new instance for the one that serves. The lock is ours."""
        old = self.current
        self._enter(AppEvent.SWITCH)
        new, problem = await self._boot(setting, resolved)
        if self.state not in (AppState.SWITCHING, AppState.CRASHED):  # told to stop meanwhile
            await self._retire(new, force=True)
            return problem or Problem(what=f"{self.name} was stopped before the switch was done.")
        if problem is not None:
            await self._retire(new, force=True)
            if self.state is AppState.SWITCHING:
                self._enter(AppEvent.SWITCHED)
            else:  # the old one died meanwhile: now there is none to wait for
                self.proxy.route(None, _one_line(problem), wait=False)
            return problem
        assert new is not None  # where there is none there is a problem
        self._enter(AppEvent.SWITCHED)
        self._route_to(new, setting, resolved)
        if old is not None:
            self._later(self._replace(old, order))
        return None

    async def _watch(self, setting: Setting) -> None:
        """Watch the project's files if ``setting`` says so, and those of its folder alone."""
        watching, folder = self._watching, Path(self.resolved.cwd)
        if watching is not None and not (setting.reload and watching.folder == folder):
            self._watching = None
            watching.stop()
            await watching.closed()
        if setting.reload and self._watching is None and self.state not in (AppState.STOPPED, AppState.STOPPING):
            from supervisor.watching import Watching  # it brings a library that few runs need

            self._watching = Watching(folder, self._files_changed, self._remark)
        self._changed()

    async def _files_changed(self, files: list[str]) -> None:
        """Load the code anew; what serves goes on if that does not work, and what does not is started again."""
        if self.setting is None or self.state in (AppState.STOPPED, AppState.STOPPING):
            return
        named = ", ".join(files[:NAMED]) + (f" and {len(files) - NAMED} more" if len(files) > NAMED else "")
        self._remark(f"{named} changed, the code is loaded anew")
        problem = await self.reload()
        if problem is not None and self.state is AppState.RUNNING:
            what = f"The code changed ({named}) and could not be loaded; what was loaded before serves on."
            self.problem = replace(problem, what=what, why=f"{problem.what} {problem.why}".strip())
        self._remark(_one_line(self.problem or problem) if problem else "the new code serves")
        self._changed()

    def _remark(self, text: str) -> None:
        """A line of our own, among what the application and its server print."""
        if self.current is not None:
            self.current.remark(f"gatescope: {text}")
        else:
            self.line_written(f"gatescope: {text}")

    async def scale(self, workers: int) -> Problem | None:
        """Have another number of workers: by the server's own signals where it takes such, else by a new instance."""
        if self.setting is None:
            return Problem(what=f"{self.name} was never started.", usage=True)
        setting = replace(self.setting, workers=workers)
        if self.state is AppState.RUNNING and workers == self.setting.workers:
            return None
        if self.current is None or not self.current.scalable:
            return await self.switch(setting, Order.SCALE)
        async with self._lock:
            if problem := self._unless_running():
                return problem
            problem = await self.current.scale(workers)
            self.setting = replace(self.setting, workers=self.current.model.workers)
            self._changed()
            return problem

    def _unless_running(self) -> Problem | None:
        if self.state is AppState.RUNNING:
            return None
        return Problem(what=f"{self.name} is {self.state}.", why="That can only be done to what runs.")

    def worker(self, slot: int) -> Life | Problem:
        """The worker in ``slot`` of the instance that serves, if it lives."""
        crew = self.current.crew if self.current else None
        life = crew.living(slot) if crew else None
        if life is not None:
            return life
        listed = ", ".join(str(life.worker.slot) for life in crew.lives.values()) if crew else ""
        why = f"Alive: {listed}." if listed else f"{self.name} is {self.state}."
        return Problem(what=f"There is no worker {slot} of {self.name}.", why=why, usage=True)

    def signal_worker(self, life: Life, number: int) -> Problem | None:
        """Send a signal to a worker. What went wrong, or None."""
        assert self.current is not None
        if not self.current.crew.send(life, number):
            return Problem(what=f"Worker {life.worker.slot} of {self.name} has just ended.")
        self._changed()
        return None

    def capture(self, query: Query | None) -> None:
        """Record from now on only what ``query`` lets through; None: everything."""
        self._capture = query.text if query else ""
        self.writer.capture(query)
        self._changed()

    async def stop(self) -> None:
        """Let requests in flight finish, then end everything that runs; the trace and the proxy stay."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.stop()
        await self._stop()
        if watching is not None:
            await watching.closed()

    async def _stop(self) -> None:
        if self.state in (AppState.STOPPED, AppState.STOPPING):
            async with self._lock:
                return
        self._enter(AppEvent.STOP)
        if self._booting is not None:
            self._booting.abort()
        async with self._lock:
            self.proxy.route(None, f"{self.name} is stopped.", wait=False)
            current, self.current = self.current, None
            if current is not None:
                await self._replace(current)
            await asyncio.gather(*self._retiring)
            self._enter(AppEvent.ENDED)

    async def force(self) -> None:
        """End everything that runs, now."""
        await asyncio.gather(*(instance.stop(force=True) for instance in list(self._instances.values())))

    async def close(self) -> None:
        """Stop, and close the trace."""
        await self.stop()
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        await self.proxy.close()
        await asyncio.to_thread(self.writer.close)
        await asyncio.to_thread(shutil.rmtree, self._run_dir, ignore_errors=True)

    async def stacks(self, life: Life) -> tuple[Stack, ...] | Problem:
        """What each thread and task of a worker is doing, or why that cannot be said."""
        assert self.current is not None
        crew, worker = self.current.crew, life.worker
        try:
            dump = await self.current.stacks(worker.pid)
        except SilenceError as error:
            return stacks.silent(life, str(error))
        by_id = self.live.by_id
        in_hand = {by_id[id].task: id for id in crew.in_hand(worker) if id in by_id and by_id[id].task}
        return await asyncio.to_thread(stacks.understood, dump, self.resolved.cwd, in_hand)

    # --- instances ----------------------------------------------------------------------------------------------------

    async def _boot(self, setting: Setting, resolved: Resolved) -> tuple[RunningInstance | None, Problem | None]:
        """The instance, if there is one, and what is the matter with it, or None."""
        try:
            instance = self._make(setting, resolved)
        except OSError as error:
            return None, boot.no_place(error)
        self._booting = instance
        self._changed()
        collector = self._collectors[instance.model.id] = Collector(self.writer, self.live, self, self._clock)
        collector.expect(instance.model.id, self._token)
        try:
            await collector.start(instance.plan.probe_socket)
            problem = await instance.boot()
        except OSError as error:
            problem = boot.no_place(error)
        finally:
            self._booting = None
        return instance, problem

    def _make(self, setting: Setting, resolved: Resolved) -> RunningInstance:
        listener = listen() if setting.mode.takes_socket else reserve(shared=setting.mode.unknown)
        identity = self.writer.new_id("instance")
        place = Place(
            listener=listener, identity=identity, address=self._address, folder=self._run_dir / str(identity),
            token=self._token, body_head=self.writer.body_head, body_tail=self.writer.body_tail,
        )  # fmt: skip
        try:
            plan = make_plan(setting, resolved, place)
        except OSError:
            listener.close()
            raise
        model = Instance(
            id=identity,
            app=self.name,
            target=plan.launch.target,
            mode=setting.mode.slug,
            interface=resolved.subject.interface,
            workers=setting.workers,
            threads=setting.threads,
            adapted=plan.launch.adapted,
            command=plan.production,
            url=self.url,
        )
        instance = RunningInstance(
            model=model, plan=plan, listener=listener, live=self.live, clock=self._clock, owner=self
        )
        self._instances[identity] = instance
        self._modes[identity] = setting.mode.slug
        for remark in remarks(plan):
            instance.remark(f"gatescope: {remark}")
        return instance

    def _route_to(self, instance: RunningInstance, setting: Setting, resolved: Resolved) -> None:
        self.current = instance
        self.setting = setting
        self.resolved = resolved
        self.problem = None
        self.proxy.route(instance.upstream, "")
        self._changed()

    async def _replace(self, old: RunningInstance, order: Order = Order.STOP) -> None:
        """End ``old``, which gets no new requests any more, once those it has are done."""
        if old.alive:
            old.crew.wake()
            limit = self.setting.drain if self.setting else DRAIN_LIMIT
            await self.proxy.drain(old.upstream, limit=limit, websocket_limit=min(limit, WEBSOCKET_LIMIT))
        await self._retire(old, order)

    async def _retire(
        self, instance: RunningInstance | None, order: Order = Order.STOP, *, force: bool = False
    ) -> None:
        if instance is None:
            return
        await instance.stop(order, force=force)
        if collector := self._collectors.pop(instance.model.id, None):
            await collector.close()
        self._instances.pop(instance.model.id, None)
        self._changed()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    # --- what the instances tell (instance.Owner) ---------------------------------------------------------------------

    def line_written(self, text: str) -> None:
        """A server or the application printed a line."""
        self._observer.line_written(self, text)

    def instance_changed(self) -> None:
        """A figure or a state changed."""
        self._changed()

    def instance_held(self, instance: RunningInstance, problem: Problem) -> None:
        """``instance`` does not serve for a while."""
        if instance is self.current:
            self.proxy.route(None, _one_line(problem))
            self._changed()

    def instance_back(self, instance: RunningInstance) -> None:
        """``instance`` serves again."""
        if instance is self.current:
            self.proxy.route(instance.upstream, "")
            self._changed()

    def instance_failed(self, instance: RunningInstance, problem: Problem) -> None:
        """``instance`` served and will not again."""
        if instance is not self.current:
            return
        self.problem = problem
        if self.state is AppState.SWITCHING:  # another is on its way
            self.proxy.route(None, _one_line(problem))
        else:
            self.proxy.route(None, _one_line(problem), wait=False)
        if self.state in (AppState.RUNNING, AppState.SWITCHING):
            self._enter(AppEvent.DIED)

    # --- what the workers tell (inspector.collector.WorkerListener) ---------------------------------------------------

    def worker_connected(self, instance: int, pid: int, ppid: int, info: dict[str, Any]) -> Worker:  # noqa: ARG002
        """A worker introduced itself."""
        return self._instances[instance].crew.connected(pid)

    def worker_ready(self, worker: Worker, t: int) -> None:
        """A worker can take requests."""
        if instance := self._instances.get(worker.instance):
            instance.crew.ready(worker, t)

    def worker_gone(self, worker: Worker, t: int) -> None:  # noqa: ARG002
        """A worker's connection ended."""
        if instance := self._instances.get(worker.instance):
            instance.crew.disconnected(worker)

    def boot_error(self, instance: int, t: int, text: str) -> None:  # noqa: ARG002
        """A worker could not load the application."""
        if found := self._instances.get(instance):
            found.boot_error(text)

    def master_event(self, instance: int, event: str, pid: int, value: int, t: int) -> None:
        """A master bore, reaped or signalled a process."""
        if found := self._instances.get(instance):
            found.crew.master_said(event, pid, value, t)

    def worker_changed(self, worker: Worker, event: str) -> None:
        """A worker was born, got ready, exited or the like."""
        if event not in ("retired", "reloading"):  # that is for who looks at its state; its end will be told
            self._observer.worker_changed(self, worker, event)
        self._changed()

    # --- how it stands ------------------------------------------------------------------------------------------------

    def status(self) -> AppStatus:
        """All that is to be known about it from outside."""
        resolved, current, setting = self.resolved, self.current, self.setting
        cost = together(worker.cost for worker in current.crew.last.values()) if current else None
        return AppStatus(
            name=self.name,
            target=resolved.spec,
            interface=resolved.subject.interface,
            framework=resolved.subject.framework,
            python_version=resolved.python_version,
            mode=setting.mode.slug if setting else "",
            workers=setting.workers if setting else 1,
            threads=setting.threads if setting else 1,
            adapted=current.model.adapted if current else False,
            lent=current.plan.loan.named if current else (),
            state=str(self.state),
            url=self.url,
            command=current.model.command if current else "",
            trace=str(self.trace),
            pid=current.model.pid if current else 0,
            instance=current.model.id if current else 0,
            problem=self.problem or (current.problem if current else None) or self._recording_problem(),
            processes=tuple(self._processes(current)) if current else (),
            recorded=max(0, self._finished - self.writer.not_captured) + len(self.live.by_id),
            in_flight=self._in_flight(),
            dropped=sum(self.writer.drops.values()),
            root_path=setting.root_path if setting else "",
            reload=self._watching is not None,
            args=setting.arguments if setting else (),
            probe_ns=cost.probe_ns if cost else 0,
            call_ns=cost.call_ns if cost else 0,
            capture=self._capture,
            not_captured=self.writer.not_captured,
        )

    def _tell_recording_problem(self) -> None:
        """A line when recording fails and one when it works again; the status has it as long as it lasts."""
        problem = self.writer.problem
        if problem != self._told_problem:
            self._told_problem = problem
            self.line_written(f"gatescope: {problem or 'recording goes on'}")

    def _recording_problem(self) -> Problem | None:
        return Problem(what=self.writer.problem) if self.writer.problem else None

    def _in_flight(self) -> int:
        upstreams = [instance.upstream for instance in self._instances.values()]
        requests = sum(self.proxy.in_flight(upstream) for upstream in upstreams)
        return requests + sum(self.proxy.open_websockets(upstream) for upstream in upstreams) + self.proxy.waiting

    @property
    def instances(self) -> list[RunningInstance]:
        """Those that there are processes of, or will be in a moment."""
        return list(self._instances.values())

    def mode_of(self, instance: int) -> str:
        """The mode that an instance of this application ran in, empty for an unknown one."""
        return self._modes.get(instance, "")

    def _processes(self, current: RunningInstance) -> list[WorkerStatus]:
        crew = current.crew
        found = []
        for slot, worker in sorted(crew.last.items()):
            usage = self._usage.get(worker.pid, Usage())
            found.append(
                WorkerStatus(
                    slot=slot,
                    generation=worker.generation,
                    pid=worker.pid,
                    state=str(worker.state),
                    restarts=worker.generation - 1,
                    cpu=usage.cpu,
                    rss=usage.rss,
                    in_hand=crew.in_hand(worker) if worker.pid in crew.lives else worker.in_hand,
                    last_outcome=crew.outcomes.get(slot, ""),
                    probe_ns=worker.cost.probe_ns if worker.cost else 0,
                    call_ns=worker.cost.call_ns if worker.cost else 0,
                )
            )
        return found

    def _enter(self, event: AppEvent) -> None:
        self.state = app_after(self.state, event)
        self._changed()

    def _changed(self) -> None:
        self._observer.app_changed(self)

    def _exchange_finished(self, exchange: Exchange) -> None:
        self._finished += 1
        self._observer.exchange_finished(self, exchange)
        self._changed()

    async def _tick(self) -> None:
        """Once a second: give up on what will not come, and see what the workers use."""
        while True:
            await asyncio.sleep(1.0)
            try:
                self._second_passed()
            except Exception:  # a fault of ours costs some figures, not the application
                log.exception("the second's work for %s failed", self.name)

    def _second_passed(self) -> None:
        self.live.sweep(self._clock())
        self._tell_recording_problem()
        pids = set()
        for instance in self._instances.values():
            instance.crew.second_passed()
            pids |= set(instance.crew.lives)
        before, self._usage = self._usage, self._sampler.sample(pids)
        if before != self._usage:
            self._changed()


def _one_line(problem: Problem) -> str:
    return f"{problem.what} {problem.why}".strip()
