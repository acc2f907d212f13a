"""One run of a replay: sends the planned requests at their pace, and says of each answer whether it is the same.

At full speed requests go one after the other, or a few at once; WebSockets stay open beside them for as long as they
were in the recording, and what they say comes in its order (see ``order``).

Originals are never written to. How an answer becomes an exchange is for ``landing``; what counts as a difference for
``inspector.diff``.
"""

from __future__ import annotations

import asyncio
import dataclasses
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from inspector import diff
from inspector.model import CLIENT_LEFT, NOT_REPLAYED, Exchange, Kind, Message, ReplayResult, ReplayRun, State
from inspector.recording import Recorder
from inspector.replay.connecting import Address
from inspector.replay.converse import Pace, Speaker
from inspector.replay.dialogue import Turn, script
from inspector.replay.handshake import Opening
from inspector.replay.landing import Answered, Landing
from inspector.replay.order import Order
from inspector.replay.plan import Skipped, Step, Summary, factor, plan
from inspector.replay.request import Request, UnreplayableError, rebuild
from inspector.replay.send import Sender
from inspector.sequences import CLIENT, PROXY, SERVER, Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to replay.

    ``concurrency``: how many are under way at full speed; at a pace each leaves at its time. ``host`` replaces the
    recorded Host. ``timeout`` in seconds; an original that took longer is allowed twice its time. ``wait``: seconds
    that a WebSocket's turn waits for what came before it in the recording and does not come.
    """

    speed: str = "max"
    concurrency: int = 1
    rules: diff.Rules = diff.DEFAULT
    host: str = ""
    timeout: float = 30.0
    wait: float = 5.0
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


_QUICK = 500  #: messages that are compared within some milliseconds

Loader = Callable[[Summary], Awaitable[Exchange]]
MessageLoader = Callable[[Summary], Awaitable[Sequence[Message]]]


class ReplayTask:
    """A run to be. ``run`` it once; ``cancel`` ends it early, and what was sent stays.

    ``load`` gets the whole exchange for one of ``originals`` when its turn comes, ``load_messages`` the messages of a
    WebSocket; without it those are left out. ``on_progress`` is called after every
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
        load_messages: MessageLoader | None = None,
        on_progress: Callable[[ReplayOutcome, Compared | None], None] = lambda _outcome, _compared: None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.outcome = ReplayOutcome(run)
        self._plan = plan(originals, options.speed, replays_too=options.replays_too)
        self._landing = landing
        self._recorder = recorder
        self._options = options
        self._load = load
        self._load_messages = load_messages
        self._on_progress = on_progress
        self._clock = clock
        self._cancelled = False
        self._work: asyncio.Task[None] | None = None
        self._order = Order()
        #: WebSockets under way, and when they ended in the recording.
        self._talking: dict[asyncio.Task[None], float] = {}
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
        recorder, address = self._recorder, Address(self.outcome.run.url)
        head, tail = recorder.body_head, recorder.body_tail
        speaker = Speaker(address, self._clock, body_head=head, body_tail=tail)
        sending = Sender(address, self._clock, body_head=head, body_tail=tail)
        async with sending as sender, asyncio.TaskGroup() as group:
            if self._plan.paced:
                await self._keep_pace(group, sender, speaker)
            else:
                self._expect_steps()
                steps = iter(self._plan.steps)
                for _ in range(max(1, min(self._options.concurrency, len(self._plan.steps)))):
                    group.create_task(self._in_turn(group, sender, speaker, steps))

    async def _keep_pace(self, group: asyncio.TaskGroup, sender: Sender, speaker: Speaker) -> None:
        start = self._clock()
        for step in self._plan.steps:
            wait = start + step.at_ns - self._clock()
            if wait > 0:
                await asyncio.sleep(wait / 1e9)
            if step.original.kind == Kind.WEBSOCKET:
                group.create_task(self._converse(speaker, step.original, asyncio.Event()))
            else:
                group.create_task(self._repeat(sender, step.original))

    def _expect_steps(self) -> None:
        """Where WebSockets are open beside other requests, what they say has its place among those."""
        if any(step.original.kind == Kind.WEBSOCKET for step in self._plan.steps):
            for step in self._plan.steps:
                self._order.expect(step.original.opened_ns)

    async def _in_turn(self, group: asyncio.TaskGroup, sender: Sender, speaker: Speaker, steps: Iterator[Step]) -> None:
        for step in steps:  # shared: each takes the next
            original = step.original
            over = [task for task, closed_ns in self._talking.items() if closed_ns <= original.opened_ns]
            if over:
                await asyncio.wait(over)
            await self._order.come(original.opened_ns, self._options.wait)
            if original.kind == Kind.WEBSOCKET:
                opened = asyncio.Event()
                task = group.create_task(self._converse(speaker, original, opened))
                self._talking[task] = math.inf  # until it is known
                task.add_done_callback(self._talking.pop)
                await opened.wait()
                self._order.done(original.opened_ns)
            else:
                self._order.done(original.opened_ns)
                await self._repeat(sender, original)

    async def _repeat(self, sender: Sender, summary: Summary) -> None:
        original = await self._load(summary)
        try:
            request = rebuild(original, host=self._options.host, mark=self._landing.mark(original.id))
        except UnreplayableError as error:
            self._leave_out(original, error)
            return
        answered = await sender.send(request, seconds=self._patience(original), stay=_stayed(original))
        await self._land(original, request, answered)

    async def _converse(self, speaker: Speaker, summary: Summary, opened: asyncio.Event) -> None:
        """Repeat a WebSocket. ``opened`` is set once its handshake was answered, or never will."""
        try:
            original = await self._load(summary)
            task = asyncio.current_task()
            if task in self._talking and original.state != State.OPEN:
                self._talking[task] = original.closed_ns
            try:
                if self._load_messages is None:
                    raise UnreplayableError("its messages cannot be read")
                messages = await self._load_messages(summary)
                told = script(original, messages)
                opening = Opening(original, host=self._options.host, mark=self._landing.mark(original.id))
            except UnreplayableError as error:
                self._leave_out(original, error)
                return
            pace = self._pace()
            if pace.factor is None:
                for turn in told.turns:
                    self._order.expect(turn.t_ns)
            seconds = self._patience(original)
            answered = await speaker.hold(opening, told, pace, seconds=seconds, opened=opened.set)
            await self._land(original, opening.request, answered, messages)
        finally:
            opened.set()

    def _pace(self) -> Pace:
        """When a WebSocket's turns come."""
        wait, order = self._options.wait, self._order
        if self._plan.paced:
            return Pace(factor(self._options.speed), wait, lambda _: asyncio.sleep(0), lambda _: None)

        async def before(turn: Turn) -> None:
            await order.come(turn.t_ns, wait)

        return Pace(None, wait, before, lambda turn: order.done(turn.t_ns))

    async def _land(
        self, original: Exchange, request: Request, answered: Answered, messages: Sequence[Message] = ()
    ) -> None:
        replay = await self._landing.landed(original, request, answered)
        recorded = diff.answer_of(original, messages)
        if replay is not None and replay.retired:
            _tell_of_proxy(answered, recorded.conversation)
        sides = recorded, _answer(replay, answered), self._options.rules
        if len(messages) < _QUICK:
            differences = diff.compare(*sides)
        else:  # while others are served
            differences = await asyncio.to_thread(diff.compare, *sides)
        self._conclude(original, answered, replay, differences)

    def _patience(self, original: Exchange) -> float:
        """How many seconds an answer may take."""
        return max(self._options.timeout, 2 * max(0, original.closed_ns - original.opened_ns) / 1e9)

    def _conclude(
        self, original: Exchange, answered: Answered, replay: Exchange | None, differences: list[diff.Difference]
    ) -> None:
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

    def _leave_out(self, original: Exchange, error: UnreplayableError) -> None:
        """It was planned, and cannot be sent after all."""
        self.outcome.run.total -= 1
        self._skip(Skipped(original, str(error)))

    def _skip(self, skipped: Skipped) -> None:
        """Not sent: say so in the results, and go on."""
        self.outcome.skipped.append(skipped)
        error = f"{NOT_REPLAYED}{skipped.reason}"
        self._recorder.replay_result(ReplayResult(self.outcome.run.id, skipped.original.id, 0, False, "[]", error))
        self._on_progress(self.outcome, None)


def _answer(replay: Exchange | None, answered: Answered) -> diff.Answer:
    """What came back, as ``diff`` takes it."""
    if replay is not None:
        answer = diff.answer_of(replay)
        answer = dataclasses.replace(answer, error=answer.error or answered.error)  # we may have left it
    else:
        answer = diff.Answer(answered.status, diff.parse_headers(answered.head), answered.body, answered.error)
    return dataclasses.replace(answer, conversation=answered.conversation)


def _tell_of_proxy(answered: Answered, recorded: Conversation | None) -> None:
    """Our own proxy closed the WebSocket, which from where we stood looked as if the server had."""
    talk = answered.conversation
    if talk is None or talk.ending.by != SERVER:
        return
    answered.conversation = dataclasses.replace(talk, ending=dataclasses.replace(talk.ending, by=PROXY))
    if recorded is not None and recorded.ending.by in (CLIENT, SERVER):
        said = f"{talk.ending.code} {talk.ending.reason}"
        answered.error = answered.error or f"the proxy closed it ({said}): its server was replaced or stopped meanwhile"


def _stayed(original: Exchange) -> float | None:
    """How many seconds the original's client stayed once its answer had begun, if it left before the end."""
    if not (original.status and original.error.startswith(CLIENT_LEFT)):
        return None
    return max(0, original.closed_ns - (original.first_byte_ns or original.opened_ns)) / 1e9


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first of the errors in ``group``."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
