"""Replays that run in the supervisor: started and cancelled by command, each in the background beside the traffic.

Reads originals from a trace in a thread of its own. How requests are sent and compared is ``inspector.replay``'s; which
application is meant, and its proxy, is for whoever calls.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from inspector import diff
from inspector.live import LiveExchanges
from inspector.model import Exchange, Message, ReplayRun
from inspector.query import Query
from inspector.recording import Recorder
from inspector.replay.landing import Arrivals, Proxied
from inspector.replay.plan import Plan, Summary, plan
from inspector.replay.run import Compared, Options, ReplayOutcome, ReplayTask
from inspector.store.errors import TraceError
from inspector.store.reader import TraceReader
from supervisor.control.messages import Problem, ReplayStatus, StartReplay, WayOut

#: Seconds between two events about the same replay.
PACE = 0.1


class ReplayRefusedError(Exception):
    """A replay that cannot be started; ``problem`` is for the user."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


class Originals:
    """The exchanges of a trace, read in a thread. ``open`` it first, ``close`` it last."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replay-reader")
        self._reader: TraceReader | None = None

    async def open(self) -> None:
        """Raises ReplayRefusedError when the trace cannot be read."""
        loop = asyncio.get_running_loop()
        try:
            self._reader = await loop.run_in_executor(self._thread, TraceReader, self.path)
        except TraceError as error:
            self._thread.shutdown()
            raise ReplayRefusedError(_unreadable(error)) from None

    async def choose(self, *, ids: Sequence[int] = (), query: Query | None = None) -> Sequence[Summary]:
        """The exchanges with these ids, else those that ``query`` lets through."""
        reader, loop = self._opened, asyncio.get_running_loop()
        try:
            if ids:
                return await loop.run_in_executor(self._thread, reader.rows, ids)
            return await loop.run_in_executor(self._thread, _passing, reader, query)
        except TraceError as error:
            raise ReplayRefusedError(_unreadable(error)) from None

    async def load(self, summary: Summary) -> Exchange:
        """The whole exchange. Raises TraceError."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, self._opened.exchange, summary.id)
        if found is None:
            raise TraceError(f"Exchange {summary.id} is not in {self.path} any more.", "The file had grown too large.")
        return found

    async def messages(self, summary: Summary) -> Sequence[Message]:
        """All messages of the exchange. Raises TraceError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._opened.messages, summary.id)

    async def close(self) -> None:
        """Let go of the file and the thread."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, reader.close)
            self._thread.shutdown()

    @property
    def _opened(self) -> TraceReader:
        assert self._reader is not None
        return self._reader


class Replays:
    """All replays of one supervisor. ``publish`` is given each change, at most ten times a second for each."""

    def __init__(self, publish: Callable[[ReplayStatus], None]) -> None:
        self._publish = publish
        self._replays: list[_Replay] = []

    async def start(
        self,
        *,
        app: str,
        url: str,
        token: str,
        recorder: Recorder,
        live: LiveExchanges,
        trace: str,
        command: StartReplay,
    ) -> ReplayStatus:
        """Begin to send what ``command`` chose to ``url``, the proxy that knows ``token`` and adds to ``live``.

        ``trace``: the path of what ``recorder`` writes. Returns when it has begun. Raises ReplayRefusedError.
        """
        originals = Originals(command.source or trace)
        await originals.open()
        try:
            chosen = await originals.choose(ids=command.exchanges)
            chosen_by_hand = bool(command.exchanges)  # then also what is a replay itself
            check(chosen, command.speed, replays_too=chosen_by_hand)
        except BaseException:
            await originals.close()
            raise
        run = ReplayRun(recorder.new_id("replay_run"), command.source, url, command.speed, 0)
        replay = _Replay(app, trace, originals, self._publish)
        replay.task = ReplayTask(
            run=run,
            originals=chosen,
            landing=Proxied(Arrivals.of(live), token, run.id),
            recorder=recorder,
            options=Options(
                speed=command.speed,
                concurrency=command.concurrency,
                rules=diff.rules(command.ignore),
                replays_too=chosen_by_hand,
            ),
            load=originals.load,
            load_messages=originals.messages,
            on_progress=replay.moved,
        )
        self._replays = [*(one for one in self._replays if not one.over), replay]
        replay.begin()
        return replay.status()

    def cancel(self, run: int, trace: str = "") -> ReplayStatus | None:
        """Stop a replay; how it stands, or None when there is no such replay under way.

        ``trace``: the one that numbers it, since each counts for itself; empty: whichever has one of that number.
        """
        for replay in reversed(self._replays):
            status = replay.status()
            if status.run == run and trace in ("", status.trace) and not replay.over:
                replay.task.cancel()
                return status
        return None

    def status(self) -> list[ReplayStatus]:
        """Those under way, and those that ended since the last was started."""
        return [replay.status() for replay in self._replays]

    async def close(self, app: str = "") -> None:
        """Cancel all, or those of one application, and wait until they are gone."""
        chosen = [replay for replay in self._replays if app in ("", replay.app)]
        for replay in chosen:
            replay.task.cancel()
        await asyncio.gather(*(replay.gone() for replay in chosen))


class _Replay:
    """One replay and its events."""

    task: ReplayTask

    def __init__(self, app: str, trace: str, originals: Originals, publish: Callable[[ReplayStatus], None]) -> None:
        self.app = app
        self._trace = trace
        self._originals = originals
        self._publish = publish
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Run in the background."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def gone(self) -> None:
        """Wait for its end."""
        if self._running is not None:
            await asyncio.wait({self._running})

    @property
    def over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self._running is not None and self._running.done()

    def moved(self, _outcome: ReplayOutcome, _compared: Compared | None) -> None:
        """Another request has its outcome: say so soon."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PACE, self._tell)

    def status(self) -> ReplayStatus:
        """How far it is."""
        return status_of(self.app, self._trace, self.task.outcome)

    async def _run(self) -> None:
        try:
            await self.task.run()
        finally:
            await self._originals.close()
            if self._timer is not None:
                self._timer.cancel()
            self._tell()

    def _tell(self) -> None:
        self._timer = None
        self._publish(self.status())


def status_of(app: str, trace: str, outcome: ReplayOutcome) -> ReplayStatus:
    """An outcome as the control socket tells it."""
    run = outcome.run
    return ReplayStatus(
        run=run.id,
        app=app,
        state=run.state,
        total=run.total,
        sent=outcome.sent,
        same=outcome.same,
        different=outcome.different,
        failed=outcome.failed,
        error=run.error,
        trace=trace,
    )


def _passing(reader: TraceReader, query: Query | None) -> Sequence[Summary]:
    reader.findings.judge_for(query)
    return reader.exchanges(query)


def check(chosen: Sequence[Summary], speed: str, *, replays_too: bool = False) -> Plan:
    """The plan, if there is anything to send. Raises ReplayRefusedError that says why not."""
    try:
        made = plan(chosen, speed, replays_too=replays_too)
    except ValueError as error:
        raise ReplayRefusedError(Problem(what=f"{error}.", usage=True)) from None
    if made.steps:
        return made
    reasons = Counter(skipped.reason for skipped in made.skipped)
    why = "; ".join(f"{count}: {reason}" for reason, count in reasons.most_common())
    way = WayOut(text="Choose other exchanges, or another trace.")
    raise ReplayRefusedError(
        Problem(
            what="There is nothing to replay.",
            why=why or "No exchange was chosen, or none matches.",
            ways_out=(way,),
            usage=True,
        )
    )


def _unreadable(error: TraceError) -> Problem:
    return Problem(what=error.what, why=f"{error.why} {error.next}".strip(), usage=True)
