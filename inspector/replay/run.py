"""One run of a replay: sends the planned requests at their pace, and says of each answer whether it is the same.

Originals are never written to. How an answer becomes an exchange is for ``landing``; what counts as a difference for
``inspector.diff``.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from inspector import diff
from inspector.model import CLIENT_LEFT, NOT_REPLAYED, Exchange, ReplayResult, ReplayRun
from inspector.recording import Recorder
from inspector.replay.landing import Answered, Landing
from inspector.replay.plan import Skipped, Step, Summary, plan
from inspector.replay.request import UnreplayableError, rebuild
from inspector.replay.send import Sender, client


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to replay.

    ``concurrency``: how many are under way at full speed; at a pace each leaves at its time. ``host`` replaces the
    recorded Host. ``timeout`` in seconds; an original that took longer is allowed twice its time.
    """

    speed: str = "max"
    concurrency: int = 1
    rules: diff.Rules = diff.DEFAULT
    host: str = ""
    timeout: float = 30.0
    replays_too: bool = False


@dataclass(slots=True)
class ReplayOutcome:
    """How far a run is, or how it ended. ``sent`` counts requests with an outcome: same, different or failed."""

    run: ReplayRun
    sent: int = 0
    same: int = 0
    different: int = 0
    failed: int = 0
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Compared:
    """One original and what came of it. ``replay`` is None if nothing was recorded of it."""

    original: Exchange
    replay: Exchange | None
    differences: list[diff.Difference]
    result: ReplayResult


Loader = Callable[[Summary], Awaitable[Exchange]]


class ReplayTask:
    """A run to be. ``run`` it once; ``cancel`` ends it early, and what was sent stays.

    ``load`` gets the whole exchange for one of ``originals`` when its turn comes. ``on_progress`` is called after every
    request with the outcome so far and, for one that was sent, the comparison.
    """

    def __init__(
        self,
        *,
        run: ReplayRun,
        originals: Sequence[Summary],
        landing: Landing,
        recorder: Recorder,
        options: Options,
        load: Loader,
        on_progress: Callable[[ReplayOutcome, Compared | None], None] = lambda _outcome, _compared: None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.outcome = ReplayOutcome(run)
        self._plan = plan(originals, options.speed, replays_too=options.replays_too)
        self._landing = landing
        self._recorder = recorder
        self._options = options
        self._load = load
        self._on_progress = on_progress
        self._clock = clock
        self._cancelled = False
        self._work: asyncio.Task[None] | None = None
        run.total = len(self._plan.steps)

    async def run(self) -> ReplayOutcome:
        """Send everything; the outcome, also when it was cancelled by ``cancel``."""
        run = self.outcome.run
        run.started_ns = self._clock()
        self._recorder.replay_run(run)
        self._work = asyncio.create_task(self._send_all())
        if self._cancelled:  # before it began
            self._work.cancel()
        try:
            await self._work
            run.state = "finished"
        except asyncio.CancelledError:
            run.state = "cancelled"
            if not self._cancelled:
                raise
        except BaseExceptionGroup as group:
            run.state, run.error = "failed", str(_first(group))
        finally:
            run.ended_ns = self._clock()
            self._recorder.replay_run(run)
            self._landing.close()
        return self.outcome

    def cancel(self) -> None:
        """Send no more, and do not wait for what is under way."""
        self._cancelled = True
        if self._work is not None:
            self._work.cancel()

    async def _send_all(self) -> None:
        for skipped in self._plan.skipped:
            self._skip(skipped)
        async with client() as http:
            recorder = self._recorder
            limits = {"body_head": recorder.body_head, "body_tail": recorder.body_tail}
            sender = Sender(http, self.outcome.run.url, self._clock, **limits)
            async with asyncio.TaskGroup() as group:
                if self._plan.paced:
                    await self._keep_pace(group, sender)
                else:
                    steps = iter(self._plan.steps)
                    for _ in range(max(1, min(self._options.concurrency, len(self._plan.steps)))):
                        group.create_task(self._in_turn(sender, steps))

    async def _keep_pace(self, group: asyncio.TaskGroup, sender: Sender) -> None:
        start = self._clock()
        for step in self._plan.steps:
            wait = start + step.at_ns - self._clock()
            if wait > 0:
                await asyncio.sleep(wait / 1e9)
            group.create_task(self._repeat(sender, step.original))

    async def _in_turn(self, sender: Sender, steps: Iterator[Step]) -> None:
        for step in steps:  # shared: each takes the next
            await self._repeat(sender, step.original)

    async def _repeat(self, sender: Sender, summary: Summary) -> None:
        original = await self._load(summary)
        try:
            request = rebuild(original, host=self._options.host, mark=self._landing.mark(original.id))
        except UnreplayableError as error:
            self.outcome.run.total -= 1
            self._skip(Skipped(original, str(error)))
            return
        seconds, cut = self._patience(original)
        answered = await sender.send(request, seconds=seconds, cut=cut)
        replay = await self._landing.landed(original, request, answered)
        self._compare(original, answered, replay)

    def _patience(self, original: Exchange) -> tuple[float, bool]:
        """How many seconds an answer may take, and whether to leave then as the original's client did."""
        took = max(0, original.closed_ns - original.opened_ns) / 1e9
        if original.status and took and original.error.startswith(CLIENT_LEFT):
            return took, True
        return max(self._options.timeout, 2 * took), False

    def _compare(self, original: Exchange, answered: Answered, replay: Exchange | None) -> None:
        if replay is not None:
            answer = diff.answer_of(replay)
            answer = dataclasses.replace(answer, error=answer.error or answered.error)  # we may have left it
        else:
            answer = diff.Answer(answered.status, diff.parse_headers(answered.head), answered.body, answered.error)
        differences = diff.compare(diff.answer_of(original), answer, self._options.rules)
        same = diff.same(differences)
        outcome = self.outcome
        outcome.sent += 1
        outcome.same += same
        outcome.failed += bool(not same and answered.error)
        outcome.different += bool(not same and not answered.error)
        result = ReplayResult(
            run=outcome.run.id,
            original=original.id,
            exchange=replay.id if replay is not None else 0,
            same=same,
            differences=diff.dumps(differences),
            error=answered.error,
        )
        self._recorder.replay_result(result)
        self._on_progress(outcome, Compared(original, replay, differences, result))

    def _skip(self, skipped: Skipped) -> None:
        """Not sent: say so in the results, and go on."""
        self.outcome.skipped.append(skipped)
        error = f"{NOT_REPLAYED}{skipped.reason}"
        self._recorder.replay_result(ReplayResult(self.outcome.run.id, skipped.original.id, 0, False, "[]", error))
        self._on_progress(self.outcome, None)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first of the errors in ``group``."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
