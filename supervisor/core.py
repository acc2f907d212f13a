"""The supervisor: several applications at once, and the commands that drive them.

It carries out control messages and passes on events; sockets and arguments are for those around it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from inspector.model import Exchange, Worker
from inspector.store.errors import TraceError
from supervisor import asked, modes, places, signals
from supervisor.application import Application
from supervisor.asked import RefusalError
from supervisor.control.messages import (
    AppChanged,
    BesideProgress,
    CancelComparison,
    CancelReplay,
    Command,
    ComparisonChanged,
    DumpStacks,
    Event,
    Finished,
    GetStatus,
    Hello,
    InstallProgress,
    InstallServer,
    ListModes,
    MakeTraffic,
    ModesListed,
    OutputWritten,
    PauseWorker,
    Problem,
    Refused,
    ReloadApp,
    ReplayBeside,
    ReplayChanged,
    Reply,
    Resend,
    Resent,
    RestartApp,
    ResumeWorker,
    ScaleApp,
    SetCapture,
    Shutdown,
    SignalWorker,
    StacksDumped,
    StartApp,
    StartComparison,
    StartReplay,
    StatusReported,
    StopApp,
    Subscribe,
    SwitchMode,
    TargetSpec,
    WayOut,
)
from supervisor.instance import RunningInstance
from supervisor.servers.base import Launch, Mode
from supervisor.servers.custom import CUSTOM
from supervisor.target.problems import TargetError
from supervisor.target.resolve import Resolved, locate, resolve, settings_of
from supervisor.target.surroundings import around

if TYPE_CHECKING:
    from supervisor.comparing import Comparisons
    from supervisor.installing import Installer
    from supervisor.replaying import Replays
    from supervisor.resending import Resends

_Sending = StartReplay | CancelReplay | Resend | ReplayBeside | StartComparison | CancelComparison | MakeTraffic

#: Seconds between two events about the same application.
PACE = 0.1


class Supervisor:
    """All applications of one process.

    ``publish`` is given each event; ``run_dir`` is a private folder. Set ``on_exchange``, ``on_worker`` and
    ``on_state`` to be told at once of each finished exchange and each change of a worker or of an application's state;
    wait for ``shut_down``.
    """

    def __init__(self, run_dir: Path, publish: Callable[[Event], None]) -> None:
        self.apps: dict[str, Application] = {}
        self.on_exchange: Callable[[Application, Exchange], None] | None = None
        self.on_worker: Callable[[Application, Worker, str], None] | None = None
        self.on_state: Callable[[Application], None] | None = None
        self.shut_down = asyncio.Event()
        self._states: dict[str, str] = {}
        self._run_dir = run_dir
        self._publish = publish
        self._waiting: set[str] = set()  #: applications with an event due
        self._lines: dict[str, list[str]] = {}
        self._numbers = 0
        self._replays: Replays | None = None
        self._resends: Resends | None = None
        self._comparisons: Comparisons | None = None
        self._installer: Installer | None = None
        self._beside: set[asyncio.Task[Reply]] = set()
        self._traffic: dict[str, asyncio.Task[None]] = {}

    # --- commands (control.server.Executor) ---------------------------------------------------------------------------

    async def execute(self, command: Command, tell: Callable[[Event], None] = lambda _: None) -> Reply:
        """The reply to ``command``. ``tell`` takes events that are for the one who asks alone."""
        try:
            return await self._execute(command, tell)
        except (RefusalError, TargetError) as error:
            return Refused(id=command.id, problem=error.problem)

    def snapshot(self) -> list[Event]:
        """One event for each application there is."""
        replays = self._replays.status() if self._replays else []
        changes = [AppChanged(app=app.status()) for app in self.apps.values()]
        compared = self._comparisons.status() if self._comparisons else []
        return [
            *changes,
            *(ReplayChanged(replay=status) for status in replays),
            *(ComparisonChanged(comparison=status) for status in compared),
        ]

    async def _execute(self, command: Command, tell: Callable[[Event], None]) -> Reply:
        match command:
            case ListModes():
                return await self._list_modes(command)
            case StartApp():
                return await self._start(command)
            case SwitchMode():
                return await self._switch(command)
            case InstallServer():
                return await self._install(command, tell)
            case ReloadApp():
                return await self._reload(command)
            case RestartApp():
                app = self.app(command.app)
                return _done(command.id, app, await app.restart())
            case ScaleApp():
                return await self._scale(command)
            case SignalWorker():
                return self._signal(command, command.signal)
            case PauseWorker():
                return self._signal(command, "SIGSTOP")
            case ResumeWorker():
                return self._signal(command, "SIGCONT")
            case DumpStacks():
                return await self._dump(command)
            case StopApp():
                return await self._stop(command)
            case GetStatus():
                return self._report(command)
            case SetCapture():
                return self._capture(command)
            case Shutdown():
                self.shut_down.set()
                return Finished(id=command.id)
            case Hello() | Subscribe():  # the control server's own
                return Finished(id=command.id)
            case _:
                return await self._send_requests(command, tell)

    async def _send_requests(self, command: _Sending, tell: Callable[[Event], None]) -> Reply:
        """The commands by which requests are sent, recorded ones or others."""
        match command:
            case StartReplay():
                return await self._start_replay(command)
            case CancelReplay():
                return self._cancel_replay(command)
            case Resend():
                return await self._resend(command)
            case ReplayBeside():
                return await self._replay_beside(command, tell)
            case StartComparison():
                return await self._compare(command)
            case CancelComparison():
                return await self._cancel_comparison(command)
            case MakeTraffic():
                return await self._make_traffic(command)
            case _:
                assert_never(command)

    def _report(self, command: GetStatus) -> Reply:
        chosen = [self.app(command.app)] if command.app else list(self.apps.values())
        return StatusReported(id=command.id, apps=tuple(app.status() for app in chosen))

    async def _stop(self, command: StopApp) -> Reply:
        app = self.app(command.app)
        await self._end_visitors(app.name)
        await asyncio.gather(app.stop(), *([app.force()] if command.now else []))
        return Finished(id=command.id, app=app.status())

    async def _list_modes(self, command: ListModes) -> Reply:
        resolved = await resolve(command.target)
        subject, beside = resolved.subject, await asyncio.to_thread(around, command.target)
        launch = Launch(
            target=subject.target, factory=subject.factory, interface=subject.interface, adapted=False,
            workers=command.workers, threads=command.threads, fd=3, host="127.0.0.1", port=8000, run_dir="",
        )  # fmt: skip
        return ModesListed(
            id=command.id,
            target=resolved.complete,
            interface=subject.interface,
            framework=subject.framework,
            python_version=resolved.python_version,
            modes=modes.survey(subject, launch),
            presets=beside.presets,
            candidates=beside.candidates,
            env_files=beside.env_files,
        )

    async def _install(self, command: InstallServer, tell: Callable[[Event], None]) -> Reply:
        from supervisor.installing import Installer

        if self._installer is None:
            self._installer = Installer()

        def progress(typed: str, lines: tuple[str, ...]) -> None:
            tell(InstallProgress(id=command.id, command=typed, lines=lines))

        await self._installer.supply(command.target, asked.mode_called(command.mode), progress)
        return Finished(id=command.id)

    async def _start(self, command: StartApp) -> Reply:
        said = settings_of(command.target)
        slug = command.mode or (CUSTOM.slug if command.custom else said.mode if said else "")
        if not slug:  # a target that is none is what to hear of first
            raise asked.no_mode((await resolve(command.target)).subject)
        mode = asked.mode_called(slug)
        existing = self.apps.get(command.name) if command.name else None
        resolved = locate(command.target) if mode.unknown else await resolve(command.target, prefer=mode.interface)
        setting = asked.started(command, mode, resolved.settings)
        if problem := asked.refusal(resolved, setting):
            raise RefusalError(problem)
        wanted = command.capture
        if wanted is None and existing is None and resolved.settings:
            wanted = resolved.settings.capture
        captured = asked.captured(wanted or "")
        if existing is not None:
            app = self._again(existing)
        else:
            listen = command.listen or (resolved.settings.listen if resolved.settings else "")
            app = await self._add(command, resolved, *asked.address(listen))
        if wanted is not None:
            app.capture(captured)
        return _done(command.id, app, await app.start(setting, resolved))

    def _again(self, app: Application) -> Application:
        """Start an application that is listed and does not run: same proxy, same trace."""
        if app.serving:
            what = f"An application called {app.name} is running already."
            raise RefusalError(Problem(what=what, why="Stop it first, or give this one another name.", usage=True))
        return app

    async def _add(self, command: StartApp, resolved: Resolved, host: str, port: int) -> Application:
        name = self._free_name(command.name or resolved.name)
        self._numbers += 1
        trace = places.trace(command.trace, name)
        run_dir = self._run_dir / str(self._numbers)
        try:
            app = Application(name=name, resolved=resolved, run_dir=run_dir, trace=trace, observer=self)
        except TraceError as error:
            problem = Problem(what=error.what, why=f"{error.why} {error.next}".strip(), usage=True)
            raise RefusalError(problem) from None
        try:
            await app.open(host, port)
        except OSError as error:
            await app.close()
            raise RefusalError(asked.taken(host, port, error)) from None
        self.apps[name] = app
        return app

    def _free_name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.apps:
            number += 1
            name = f"{wanted}-{number}"
        return name

    async def _switch(self, command: SwitchMode) -> Reply:
        app = self.app(command.app)
        old = app.setting
        mode = asked.mode_called(command.mode or (old.mode.slug if old else ""))
        resolved = await self._again_resolved(app, command.target or app.resolved.spec, mode)
        setting = asked.switched(command, mode, old, resolved.settings)
        if problem := asked.refusal(resolved, setting):
            raise RefusalError(problem)
        return _done(command.id, app, await app.switch(setting, resolved=resolved))

    async def _again_resolved(self, app: Application, spec: TargetSpec, mode: Mode) -> Resolved:
        """``spec`` for ``mode``; what is known of it already is taken if that is enough."""
        known = app.resolved
        same = spec == known.spec
        if mode.unknown:
            return known if same else locate(spec)
        if same and known.examined and not modes.lacking(mode, known.subject):
            return known
        return await resolve(spec, prefer=mode.interface)  # what lacked may have been installed since

    async def _reload(self, command: ReloadApp) -> Reply:
        app = self.app(command.app)
        return _done(command.id, app, await app.reload())

    async def _scale(self, command: ScaleApp) -> Reply:
        app = self.app(command.app)
        if app.setting is None:
            raise RefusalError(Problem(what=f"{app.name} was never started.", usage=True))
        setting = replace(app.setting, workers=command.workers)
        if problem := asked.refusal(app.resolved, setting):
            raise RefusalError(problem)
        if command.workers > app.setting.workers:
            # A worker that cannot load the application takes some masters down with it (gunicorn), and all that serves.
            await resolve(app.resolved.spec)
        return _done(command.id, app, await app.scale(command.workers))

    def _capture(self, command: SetCapture) -> Reply:
        app = self.app(command.app)
        app.capture(asked.captured(command.filter))
        return Finished(id=command.id, app=app.status())

    def _signal(self, command: SignalWorker | PauseWorker | ResumeWorker, name: str) -> Reply:
        app = self.app(command.app)
        number = signals.number(name)
        if number is None:
            why = "Give its name, with or without SIG, or its number: KILL, SIGTERM, 11."
            raise RefusalError(Problem(what=f"There is no signal {name!r}.", why=why, usage=True))
        life = app.worker(command.slot)
        if isinstance(life, Problem):
            raise RefusalError(life)
        return _done(command.id, app, app.signal_worker(life, number))

    async def _dump(self, command: DumpStacks) -> Reply:
        app = self.app(command.app)
        life = app.worker(command.slot)
        if isinstance(life, Problem):
            raise RefusalError(life)
        found = await app.stacks(life)
        if isinstance(found, Problem):
            raise RefusalError(found)
        worker = life.worker
        return StacksDumped(
            id=command.id, app=app.name, slot=worker.slot, generation=worker.generation, pid=worker.pid,
            at_ns=time.monotonic_ns(), stacks=found,
        )  # fmt: skip

    async def _start_replay(self, command: StartReplay) -> Reply:
        from supervisor.replaying import ReplayRefusedError, Replays  # it brings an HTTP client, which few runs need

        app = self._serving(command.app)
        if self._replays is None:
            self._replays = Replays(lambda status: self._publish(ReplayChanged(replay=status)))
        if command.source in ("", str(app.trace)):  # what was asked for a moment ago may be among the originals
            command = replace(command, source="")
            await asyncio.to_thread(app.writer.flush)
        try:
            status = await self._replays.start(
                app=app.name, url=app.url, token=app.proxy.replay_token, recorder=app.writer, live=app.live,
                trace=str(app.trace), command=command,
            )  # fmt: skip
        except ReplayRefusedError as error:
            raise RefusalError(error.problem) from None
        return Finished(id=command.id, replay=status)

    def _cancel_replay(self, command: CancelReplay) -> Reply:
        replay = self._replays.cancel(command.run, command.trace) if self._replays else None
        if replay is None:
            raise RefusalError(Problem(what=f"There is no replay {command.run} under way."))
        return Finished(id=command.id, replay=replay)

    async def _resend(self, command: Resend) -> Reply:
        from supervisor.resending import Resends  # it brings an HTTP client, which few runs need

        app = self._serving(command.app)
        if self._resends is None:
            self._resends = Resends()
        exchange = await self._resends.send(
            command, app=app.name, url=app.url, live=app.live, trace=str(app.trace)
        )  # fmt: skip
        return Resent(id=command.id, exchange=exchange, trace=str(app.trace))

    async def _replay_beside(self, command: ReplayBeside, tell: Callable[[Event], None]) -> Reply:
        from supervisor.beside import replay_beside  # it brings an HTTP client, which few runs need

        mode = asked.mode_called(command.mode)
        tell(BesideProgress(id=command.id, text=f"Looking at {command.target.target}…"))
        resolved = await resolve(command.target, prefer=mode.interface)
        start = StartApp(id=command.id, target=command.target, workers=1, adapt=command.adapt)
        setting = replace(asked.started(start, mode, resolved.settings), reload=False)
        if problem := asked.refusal(resolved, setting):
            raise RefusalError(problem)
        self._numbers += 1
        task = asyncio.create_task(replay_beside(command, resolved, setting, self._run_dir / str(self._numbers), tell))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return await task

    async def _compare(self, command: StartComparison) -> Reply:
        from supervisor.comparing import Comparisons  # it brings an HTTP client, as replays do
        from supervisor.replaying import ReplayRefusedError

        if self._comparisons is None:
            self._comparisons = Comparisons(lambda status: self._publish(ComparisonChanged(comparison=status)))
        for app in self.apps.values():  # what was asked for a moment ago may be in the recording
            if str(app.trace) == command.source:
                await asyncio.to_thread(app.writer.flush)
        self._numbers += 1
        try:
            status = await self._comparisons.start(command, self._run_dir / str(self._numbers))
        except ReplayRefusedError as error:
            raise RefusalError(error.problem) from None
        return Finished(id=command.id, comparison=status)

    async def _cancel_comparison(self, command: CancelComparison) -> Reply:
        if self._comparisons is None:
            raise RefusalError(Problem(what="No comparison is under way."))
        return Finished(id=command.id, comparison=await self._comparisons.cancel(command.comparison))

    async def _make_traffic(self, command: MakeTraffic) -> Reply:
        """Traffic runs in the background; only its end says what came of it, among the application's output."""
        app = self._serving(command.app)
        if app.name in self._traffic:
            raise RefusalError(Problem(what=f"Traffic is being made for {app.name} already."))
        task = asyncio.create_task(self._drive(app, command.seconds))
        self._traffic[app.name] = task
        task.add_done_callback(lambda _: self._traffic.pop(app.name, None))
        return Finished(id=command.id, app=app.status())

    async def _drive(self, app: Application, seconds: float) -> None:
        from supervisor.traffic import drive

        report = await drive(app.url, seconds)
        last = f"; the last one: {report.problem}" if report.problem else ""
        answered, failed = report.answered.total(), report.failed.total()
        self.line_written(app, f"gatescope: traffic is over, {answered} answers, {failed} failures{last}")

    def _serving(self, name: str) -> Application:
        app = self.app(name)
        if not app.serving:
            raise RefusalError(Problem(what=f"{app.name} is {app.state}.", why="Start it first."))
        return app

    def instances(self) -> list[RunningInstance]:
        """Of all applications, those that there are processes of."""
        compared = self._comparisons.instances() if self._comparisons else []
        return [*compared, *(instance for app in self.apps.values() for instance in app.instances)]

    def app(self, name: str) -> Application:
        """The application called ``name``; the only one there is for an empty name. Raises RefusalError."""
        if name in self.apps:
            return self.apps[name]
        if not name and len(self.apps) == 1:
            return next(iter(self.apps.values()))
        listed = ", ".join(self.apps) or "none"
        what = f"There is no application called {name}." if name else "Say which application."
        way = WayOut(text="Name one of them.", command="--app NAME")
        raise RefusalError(Problem(what=what, why=f"Running here: {listed}.", ways_out=(way,), usage=True))

    async def close(self, *, force: bool = False) -> None:
        """Stop all applications, side by side, and close their traces."""
        apps = list(self.apps.values())
        if force:
            await self.force()
        await self._end_visitors("")
        if self._comparisons is not None:
            await self._comparisons.close()
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        if self._installer is not None:
            await self._installer.close()
        await asyncio.gather(*(app.close() for app in apps))
        for app in apps:  # what is due; nobody will be there later
            self._publish_app(app)

    async def _end_visitors(self, name: str) -> None:
        """End the replays and the traffic that we make ourselves for the application ``name``, or for all."""
        if self._replays is not None:
            await self._replays.close(name)
        if self._resends is not None:
            await self._resends.close(name)
        tasks = [task for app, task in self._traffic.items() if name in ("", app)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def force(self) -> None:
        """End every process now."""
        await asyncio.gather(*(app.force() for app in self.apps.values()))

    # --- what the applications tell (application.Observer) ------------------------------------------------------------

    def app_changed(self, app: Application) -> None:
        """Send its state soon, and not too often."""
        if self._states.get(app.name) != app.state:
            self._states[app.name] = app.state
            if self.on_state is not None:
                self.on_state(app)
        if app.name not in self._waiting:
            self._waiting.add(app.name)
            asyncio.get_running_loop().call_later(PACE, self._publish_app, app)

    def exchange_finished(self, app: Application, exchange: Exchange) -> None:
        """A request is over."""
        if self.on_exchange is not None:
            self.on_exchange(app, exchange)

    def worker_changed(self, app: Application, worker: Worker, event: str) -> None:
        """A worker was born, got ready or exited."""
        if self.on_worker is not None:
            self.on_worker(app, worker, event)

    def line_written(self, app: Application, text: str) -> None:
        """Gather lines; they leave with the next event of the application."""
        lines = self._lines.setdefault(app.name, [])
        if len(lines) < 1000:  # the trace has them all; this is for somebody who watches
            lines.append(text)
        self.app_changed(app)

    def _publish_app(self, app: Application) -> None:
        self._waiting.discard(app.name)
        lines = self._lines.pop(app.name, None)
        if lines:
            self._publish(OutputWritten(app=app.name, lines=tuple(lines)))
        self._publish(AppChanged(app=app.status()))


def _done(identity: int, app: Application, problem: Problem | None) -> Finished:
    """The reply to a command about ``app``. Raises RefusalError if it did not work."""
    if problem is not None:
        raise RefusalError(problem)
    return Finished(id=identity, app=app.status())
