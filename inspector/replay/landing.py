"""Where a replayed exchange is found again: by our own proxy's mark, or made from the answer of a foreign server.

Knows nothing of plans and sends nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

from inspector.live import LiveExchanges
from inspector.model import Body, Exchange, Side, State
from inspector.recording import Recorder
from inspector.replay.request import Request
from inspector.sequences import Conversation
from inspector.tagged import dumps

#: The header that our own proxy takes off and ties the new exchange to its original by.
MARK = "gatescope-replay"
#: Seconds that the proxy may take to finish an exchange whose answer we have read to the end.
_LANDING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Passed:
    """One message that went over a WebSocket; ``type`` as in ``inspector.model.Message``."""

    t_ns: int
    direction: str
    type: str
    body: Body
    info: dict[str, Any] | None = None


class Answered:
    """What came back for one request, as the client saw it. ``error`` says how it failed, empty if it did not.

    ``passed`` and ``conversation``: what went over a WebSocket, and of that what the server said.
    """

    def __init__(self, opened_ns: int) -> None:
        self.opened_ns = opened_ns
        self.first_byte_ns = 0
        self.closed_ns = 0
        self.status = 0
        self.head = b""
        self.body = Body()
        self.error = ""
        self.passed: list[Passed] = []
        self.conversation: Conversation | None = None


class Landing(Protocol):
    """How a run ties answers to exchanges."""

    def mark(self, original: int) -> tuple[str, str] | None:
        """A header for the request that repeats ``original``."""
        ...

    async def landed(self, original: Exchange, request: Request, answered: Answered) -> Exchange | None:
        """The exchange that ``answered`` belongs to, with its response; None if none is known."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class Arrivals:
    """Sees replayed exchanges finish in one ``LiveExchanges``: one for each of these, for as long as it lives."""

    def __init__(self, live: LiveExchanges) -> None:
        self.live = live
        self._before = live.on_finished
        self._runs: set[int] = set()
        self._finished: dict[tuple[int, int], Exchange] = {}
        self._waiting: dict[tuple[int, int], asyncio.Future[None]] = {}
        live.on_finished = self._on_finished

    @classmethod
    def of(cls, live: LiveExchanges) -> Arrivals:
        """The one that watches ``live``, which its hook remembers for us."""
        watching = getattr(live.on_finished, "__self__", None)
        return watching if isinstance(watching, cls) else cls(live)

    def begin(self, run: int) -> None:
        """Remember what finishes of ``run``."""
        self._runs.add(run)

    def end(self, run: int) -> None:
        """Forget ``run``."""
        self._runs.discard(run)
        self._finished = {key: exchange for key, exchange in self._finished.items() if key[0] != run}

    async def arrived(self, run: int, original: int) -> Exchange | None:
        """The exchange by which ``run`` repeated ``original``, once its response is over; None if it never came."""
        key = run, original
        exchange = self._find(key)
        if exchange is not None and (exchange.wire_done or key in self._finished):
            return self._finished.pop(key, exchange)
        self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_LANDING_SECONDS):
                await self._waiting[key]
        except TimeoutError:
            pass
        finally:
            del self._waiting[key]
        exchange = self._find(key)
        self._finished.pop(key, None)
        return exchange

    def _find(self, key: tuple[int, int]) -> Exchange | None:
        if key in self._finished:
            return self._finished[key]
        for exchange in self.live.by_id.values():
            if (exchange.replay_run, exchange.replay_of) == key:
                return exchange
        return None

    def _on_finished(self, exchange: Exchange) -> None:
        if exchange.replay_run in self._runs:
            key = exchange.replay_run, exchange.replay_of
            self._finished[key] = exchange
            if key in self._waiting and not self._waiting[key].done():
                self._waiting[key].set_result(None)
        if self._before is not None:
            self._before(exchange)


class Proxied:
    """Landing behind our own proxy, which records the exchange itself."""

    def __init__(self, arrivals: Arrivals, token: str, run: int) -> None:
        self._arrivals = arrivals
        self._token = token
        self._run = run
        arrivals.begin(run)

    def mark(self, original: int) -> tuple[str, str]:
        """``<token>-<run>-<original>``, which only our proxy's own clients can know."""
        return MARK, f"{self._token}-{self._run}-{original}"

    async def landed(
        self,
        original: Exchange,
        request: Request,  # noqa: ARG002
        answered: Answered,  # noqa: ARG002
    ) -> Exchange | None:
        """What the proxy made of it."""
        return await self._arrivals.arrived(self._run, original.id)

    def close(self) -> None:
        """No more is expected."""
        self._arrivals.end(self._run)


class Foreign:
    """Landing at a server that is not ours: what was sent and what came make the exchange, which is recorded here."""

    def __init__(self, recorder: Recorder, run: int) -> None:
        self._recorder = recorder
        self._run = run

    def mark(self, original: int) -> None:  # noqa: ARG002
        """A foreign server gets the request as it was."""
        return

    async def landed(self, original: Exchange, request: Request, answered: Answered) -> Exchange:
        """The exchange as the client saw it."""
        exchange = Exchange(
            id=self._recorder.new_id("exchange"),
            kind=original.kind,
            state=State.FAILED if answered.error else State.DONE,
            method=request.method,
            target=original.target,
            status=answered.status,
            opened_ns=answered.opened_ns,
            forwarded_ns=answered.opened_ns,
            first_byte_ns=answered.first_byte_ns,
            closed_ns=answered.closed_ns,
            request_head=request.head(),
            request_body=Body(len(request.body), request.body),
            response_head=answered.head,
            response_body=answered.body,
            error=answered.error,
            replay_of=original.id,
            replay_run=self._run,
        )
        self._recorder.touch(exchange)
        for one in answered.passed:
            body, info = one.body, dumps(one.info) if one.info else ""
            row = (
                exchange.id, exchange.messages, one.t_ns, Side.WIRE, one.direction, one.type,
                body.size, body.head, body.tail, body.sha256, info,
            )  # fmt: skip
            self._recorder.message(exchange, row)
        return exchange

    def close(self) -> None:
        """Nothing is held."""
