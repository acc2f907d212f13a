"""Comparisons: one recording replayed under several modes, each alone and in its turn, and measured.

The target gets an application of its own for that, with a proxy and a trace, which is on no list; what else runs is
left as it is. What the figures come to is worked out from the trace by ``inspector.export.comparison``.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from inspector import diff
from inspector.model import PEACEFUL_CAUSES, Kind, ReplayRun, Trial, Worker
from inspector.query import Query, QueryError, parse
from inspector.replay.landing import Arrivals, Proxied
from inspector.replay.plan import Summary
from inspector.replay.run import Compared, Options, ReplayOutcome, ReplayTask
from inspector.replay.warming import warm
from inspector.store.errors import TraceError
from supervisor import arguments, asked, places
from supervisor.application import Application
from supervisor.asked import RefusalError
from supervisor.beside import Quiet
from supervisor.control.messages import (
    ComparisonStatus,
    Problem,
    StartApp,
    StartComparison,
    TrialMode,
    TrialStatus,
)
from supervisor.instance import RunningInstance
from supervisor.meter import Meter
from supervisor.replaying import PACE, Originals, check
from supervisor.servers.base import Mode
from supervisor.setting import Setting
from supervisor.target.problems import TargetError
from supervisor.target.resolve import Resolved, resolve
from supervisor.trials import rounds, schedule

log = logging.getLogger(__name__)

#: Requests to warm each worker with, and seconds for all of them.
WARM_EACH, WARM_SECONDS = 10, 5.0
#: Seconds that what is under way when a mode's turn ends may still take.
DRAIN = 2.0

_UNDER_WAY = ("waiting", "starting", "running")

Publish = Callable[[ComparisonStatus], None]


class _Witness(Quiet):
    """Sees workers end."""

    def __init__(self) -> None:
        self.ended: list[Worker] = []

    def worker_changed(self, app: Application, worker: Worker, event: str) -> None:  # noqa: ARG002
        """Remember those that did not end in peace."""
        if event == "exited" and worker.cause not in PEACEFUL_CAUSES:
            self.ended.append(worker)


class _Turn:
    """A trial and how far it is."""

    def __init__(self, trial: Trial, mode: TrialMode) -> None:
        self.trial, self.mode = trial, mode
        self.outcome: ReplayOutcome | None = None
        self.problem: Problem | None = None

    def status(self) -> TrialStatus:
        """As the control socket tells it."""
        trial, outcome = self.trial, self.outcome
        return TrialStatus(
            mode=trial.mode, workers=trial.workers, threads=trial.threads, round=trial.round, state=trial.state,
            total=outcome.run.total if outcome else 0, sent=outcome.sent if outcome else 0,
            different=outcome.different if outcome else 0, failed=outcome.failed if outcome else 0,
            problem=self.problem,
        )  # fmt: skip


class Comparison:
    """One comparison. ``begin`` it; it ends by itself, or by ``cancel``. ``gone`` waits for that."""

    def __init__(
        self, number: int, command: StartComparison, modes: dict[str, Mode], app: Application, publish: Publish
    ) -> None:
        self.app = app
        self.number = number
        self._command, self._modes = command, modes
        self._publish = publish
        self._state, self._error = "running", ""
        self._rounds = rounds(command.rounds, command.speed)
        self._turns = [self._make_turn(mode, in_round) for in_round, mode in schedule(command.modes, self._rounds)]
        self._resolved: dict[str, Resolved] = {}
        self._impossible: dict[TrialMode, Problem] = {}
        self._cancelled = False
        self._breakable: asyncio.Task[int] | ReplayTask | None = None
        self._running: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def _make_turn(self, mode: TrialMode, in_round: int) -> _Turn:
        command = self._command
        at_once = command.concurrency if command.speed == "max" else 0
        threads = mode.threads or self._modes[mode.mode].default_threads
        trial = Trial(self.app.writer.new_id("trial"), mode.mode, mode.workers, threads, in_round, at_once)
        self.app.writer.trial(trial)
        return _Turn(trial, mode)

    def begin(self, originals: Originals, chosen: Sequence[Summary], witness: _Witness) -> None:
        """Run in the background; closes ``originals`` at the end."""
        self._originals, self._chosen, self._witness = originals, chosen, witness
        self._running = asyncio.get_running_loop().create_task(self._run())

    def status(self) -> ComparisonStatus:
        """How far it is."""
        command = self._command
        return ComparisonStatus(
            number=self.number, target=command.target, source=command.source, trace=str(self.app.trace),
            state=self._state, rounds=self._rounds, trials=tuple(turn.status() for turn in self._turns),
            error=self._error,
        )  # fmt: skip

    @property
    def over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self._running is not None and self._running.done()

    async def cancel(self) -> None:
        """End it where it is; returns when its trace is whole."""
        if not self.over:
            self._cancelled = True
            if self._breakable is not None:
                self._breakable.cancel()
            await self.app.stop()  # also while it starts
        await self.gone()

    async def gone(self) -> None:
        """Wait for its end."""
        if self._running is not None:
            await asyncio.wait({self._running})

    # --- its course ---------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        state = "failed"
        try:
            for turn in self._turns:
                await self._take(turn)
            state = "cancelled" if self._cancelled else "finished"
        except Exception as error:  # a fault of ours: whoever waits learns of it, and what was measured stays
            log.exception("comparison %d failed", self.number)
            self._error = f"{type(error).__name__}: {error}"
        finally:
            for turn in self._turns:
                if turn.trial.state in _UNDER_WAY:
                    self._enter(turn, "failed")
            await self._originals.close()
            await self.app.close()
            self._state = state
            if self._timer is not None:
                self._timer.cancel()
            self._tell()

    async def _take(self, turn: _Turn) -> None:
        """Let one mode have its turn, and write down what came of it."""
        trial = turn.trial
        if self._cancelled:
            self._enter(turn, "cancelled")
            return
        self._enter(turn, "starting")
        problem = self._impossible.get(turn.mode) or await self._start(turn.mode)
        instance = self.app.current
        if problem is None and instance is not None:
            trial.instance = instance.model.id
            await self._measure(turn, instance)
        elif problem is not None and not self._cancelled:
            turn.problem = self._impossible[turn.mode] = problem
            trial.problem = f"{problem.what} {problem.why}".strip()
            self._enter(turn, "impossible")
        await self.app.stop()
        self._enter(turn, "cancelled" if self._cancelled and trial.state in _UNDER_WAY else trial.state)

    async def _start(self, wanted: TrialMode) -> Problem | None:
        """Have the target serve in a mode. What went wrong, or None."""
        try:
            resolved, setting = await self._prepare(wanted)
        except (RefusalError, TargetError) as error:
            return error.problem
        return None if self._cancelled else await self.app.start(setting, resolved)

    async def _prepare(self, wanted: TrialMode) -> tuple[Resolved, Setting]:
        """What to run and how. Raises RefusalError, TargetError."""
        mode, command = self._modes[wanted.mode], self._command
        resolved = self._resolved.get(mode.interface)
        if resolved is None:
            resolved = self._resolved[mode.interface] = await resolve(command.target, prefer=mode.interface)
        said = resolved.settings
        start = StartApp(
            id=0, target=command.target, workers=wanted.workers, threads=wanted.threads or mode.default_threads,
            adapt=command.adapt,
        )  # fmt: skip
        setting = replace(asked.started(start, mode, said), reload=False, drain=DRAIN)
        if said is None or not said.mode or arguments.server(asked.mode_called(said.mode)) != arguments.server(mode):
            setting = replace(setting, arguments=())  # the project's are for another server
        if problem := asked.refusal(resolved, setting):
            raise RefusalError(problem)
        return resolved, setting

    async def _measure(self, turn: _Turn, instance: RunningInstance) -> None:
        trial = turn.trial
        trial.warmed = await self._warm(trial.workers)
        if self._cancelled:
            return
        meter = Meter(instance)
        task = self._replay()
        trial.run, turn.outcome = task.outcome.run.id, task.outcome
        self._enter(turn, "running")
        self._breakable = task
        began = time.monotonic_ns()
        async with meter.running():
            outcome = await task.run()
            ended = time.monotonic_ns()
        self._breakable = None
        trial.memory_peak, trial.memory_mean, trial.cpu_ns = meter.memory_peak, meter.memory_mean, meter.cpu_ns
        trial.deaths = sum(
            worker.instance == instance.model.id and began <= worker.ended_ns <= ended for worker in self._witness.ended
        )
        trial.problem = outcome.run.error
        self._enter(turn, outcome.run.state)

    async def _warm(self, workers: int) -> int:
        """How many requests were answered before those that count."""
        task = asyncio.ensure_future(
            warm(self.app.url, self._chosen, self._originals.load, count=WARM_EACH * workers, seconds=WARM_SECONDS)
        )
        self._breakable = task
        try:
            return await task
        except asyncio.CancelledError:
            if not self._cancelled:
                raise
            return 0
        finally:
            self._breakable = None

    def _replay(self) -> ReplayTask:
        command, app = self._command, self.app
        run = ReplayRun(app.writer.new_id("replay_run"), command.source, app.url, command.speed, 0)
        return ReplayTask(
            run=run,
            originals=self._chosen,
            landing=Proxied(Arrivals.of(app.live), app.proxy.replay_token, run.id),
            recorder=app.writer,
            options=Options(
                speed=command.speed, concurrency=command.concurrency, rules=diff.rules(command.ignore),
                replays_too=bool(command.exchanges),
            ),
            load=self._originals.load,
            load_messages=self._originals.messages,
            on_progress=self._moved,
        )  # fmt: skip

    # --- telling ------------------------------------------------------------------------------------------------------

    def _enter(self, turn: _Turn, state: str) -> None:
        turn.trial.state = state
        self.app.writer.trial(turn.trial)
        self._soon()

    def _moved(self, _outcome: ReplayOutcome, _compared: Compared | None) -> None:
        self._soon()

    def _soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PACE, self._tell)

    def _tell(self) -> None:
        self._timer = None
        self._publish(self.status())


class Comparisons:
    """All comparisons of one supervisor, one at a time: two would share the processors, and measure each other."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._last: Comparison | None = None
        self._numbers = itertools.count(1)

    async def start(self, command: StartComparison, run_dir: Path) -> ComparisonStatus:
        """Begin; returns when it has begun. Raises RefusalError, TargetError, ReplayRefusedError."""
        if self._under_way is not None:
            raise RefusalError(Problem(what="A comparison is under way.", why="Two would measure each other."))
        modes = {wanted.mode: asked.mode_called(wanted.mode) for wanted in command.modes}
        query = _check(command)
        originals = Originals(command.source)
        await originals.open()
        app: Application | None = None
        try:
            found = await originals.choose(ids=command.exchanges, query=query)
            # How long a WebSocket lasts says nothing of how quickly it is answered.
            chosen = [summary for summary in found if summary.kind != Kind.WEBSOCKET]
            check(chosen, command.speed, replays_too=bool(command.exchanges))
            first = next(iter(modes.values()))
            resolved = await resolve(command.target, prefer=first.interface)
            witness = _Witness()
            app = _application(command, resolved, run_dir, witness)
            await app.open("127.0.0.1", 0)
            comparison = Comparison(next(self._numbers), command, modes, app, self._publish)
        except BaseException:
            await originals.close()
            if app is not None:
                await app.close()
            raise
        self._last = comparison
        comparison.begin(originals, chosen, witness)
        return comparison.status()

    async def cancel(self, number: int) -> ComparisonStatus:
        """End one; how it ended. Raises RefusalError."""
        comparison = self._under_way
        if comparison is None or comparison.number != number:
            raise RefusalError(Problem(what=f"There is no comparison {number} under way."))
        await comparison.cancel()
        return comparison.status()

    def status(self) -> list[ComparisonStatus]:
        """The one under way, or the last."""
        return [self._last.status()] if self._last is not None else []

    def instances(self) -> list[RunningInstance]:
        """Those that there are processes of."""
        return self._last.app.instances if self._last is not None else []

    async def close(self) -> None:
        """Cancel what is under way, and wait for it."""
        if self._under_way is not None:
            await self._under_way.cancel()

    @property
    def _under_way(self) -> Comparison | None:
        return self._last if self._last is not None and not self._last.over else None


def _check(command: StartComparison) -> Query | None:
    """The filter, if all that is asked for makes sense. Raises RefusalError."""
    if not command.modes:
        raise RefusalError(Problem(what="Say which modes to compare.", usage=True))
    if command.concurrency < 1 or command.rounds < 0:
        raise RefusalError(Problem(what="Requests at once and rounds begin at 1.", usage=True))
    try:
        return parse(command.filter) if command.filter else None
    except QueryError as error:
        raise RefusalError(Problem(what=f"The filter cannot be read: {error}", usage=True)) from None


def _application(command: StartComparison, resolved: Resolved, run_dir: Path, witness: _Witness) -> Application:
    """With a trace of its own. Raises RefusalError."""
    trace = places.trace(command.trace, f"{resolved.name}-modes")
    if trace.exists():
        raise RefusalError(Problem(what=f"{trace} exists already.", why="Choose another name.", usage=True))
    try:
        return Application(name=resolved.name, resolved=resolved, run_dir=run_dir, trace=trace, observer=witness)
    except TraceError as error:
        raise RefusalError(Problem(what=error.what, why=f"{error.why} {error.next}".strip(), usage=True)) from None
