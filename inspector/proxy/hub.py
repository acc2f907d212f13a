"""What all connections of one proxy share: the recorder, the route, and who waits for one. Knows no protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from inspector.live import LiveExchanges
from inspector.model import Exchange
from inspector.recording import MessageRow, Recorder

#: A growing body is brought up to date in the record this often.
REFRESH_SECONDS = 0.25
#: Most messages that the chunks of one read from a socket become; thousands of tiny ones would only say the same.
MOST_PIECES = 64


@dataclass(eq=False, slots=True)
class Upstream:
    """Where an instance of the application's server listens. Its identity is its key.

    ``probed``: there is a probe in its workers, which is told each exchange's id by a header that it takes off again.
    """

    instance: int
    host: str
    port: int
    probed: bool


class Closeable(Protocol):
    """A connection of ours, of whichever side."""

    def shut(self) -> None:
        """End it now; an open exchange fails."""
        ...


class Waiter(Protocol):
    """A request that waits for an upstream."""

    def dispatch(self) -> None:
        """There is one."""
        ...

    def give_up(self, why: str) -> None:
        """It took too long."""
        ...


class Growing(Protocol):
    """What has a body in the record that has not seen the last bytes."""

    def refresh(self) -> None:
        """Bring it up to date."""
        ...


class Hub:
    """Shared state. ``sockets`` are all connections, so that none outlives the proxy."""

    def __init__(
        self, recorder: Recorder, live: LiveExchanges, clock: Callable[[], int], *, token: str, wait_seconds: float
    ) -> None:
        self.recorder = recorder
        self.live = live
        self.clock = clock
        self.wait_seconds = wait_seconds
        self.header = b"gatescope-exchange: " + token.encode("ascii") + b"-"
        self.replay_prefix = b""
        self.why = "no server has been started yet"
        self.patient = True  #: whether it is worth waiting for one
        self.sockets: set[Closeable] = set()
        self._held: dict[Waiter, asyncio.TimerHandle] = {}
        self._growing: set[Growing] = set()
        self._refresher: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, exchange: Exchange, now: int, direction: str, what: str, size: int, info: str = "") -> None:
        """Record a message without payload."""
        row: MessageRow = (exchange.id, exchange.messages, now, "wire", direction, what, size, None, b"", "", info)
        self.recorder.message(exchange, row)

    def note_pieces(self, exchange: Exchange, now: int, direction: str, what: str, pieces: list[bytes]) -> None:
        """Record a message for each piece of a body."""
        for piece in pieces[:MOST_PIECES]:
            self.note(exchange, now, direction, what, len(piece))
        if len(pieces) > MOST_PIECES:
            rest = pieces[MOST_PIECES:]
            self.note(exchange, now, direction, what, sum(map(len, rest)), f'{{"chunks":{len(rest)}}}')

    def refresh_soon(self, growing: Growing) -> None:
        """Call its ``refresh`` before long; once, however often it is asked for."""
        self._growing.add(growing)
        if self._refresher is None:
            self._refresher = asyncio.get_running_loop().call_later(REFRESH_SECONDS, self._refresh)

    def _refresh(self) -> None:
        growing, self._growing = self._growing, set()
        self._refresher = None
        for each in growing:
            each.refresh()

    def hold(self, waiter: Waiter) -> None:
        """Until the route is set, or for ``wait_seconds``; for a moment only where none is to come."""
        loop = asyncio.get_running_loop()
        self._held[waiter] = loop.call_later(self.wait_seconds if self.patient else 0.0, self._expire, waiter)

    def unhold(self, waiter: Waiter) -> None:
        """It waits no longer."""
        timer = self._held.pop(waiter, None)
        if timer is not None:
            timer.cancel()

    def refuse_held(self) -> None:
        """There will be no route before somebody acts: nobody waits for it."""
        for waiter, timer in list(self._held.items()):
            timer.cancel()
            self._expire(waiter)

    def release_held(self) -> None:
        """There is a route: send everybody on, in the order they came."""
        held, self._held = self._held, {}
        for waiter, timer in held.items():
            timer.cancel()
            waiter.dispatch()

    @property
    def held(self) -> int:
        """How many requests wait for an upstream."""
        return len(self._held)

    def _expire(self, waiter: Waiter) -> None:
        self._held.pop(waiter, None)
        why = self.why.rstrip(".")
        waited = f"It waited {self.wait_seconds:g} s for a server: {why}." if self.patient else f"No server: {why}."
        waiter.give_up(waited)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` beside the traffic; what it raises goes to the loop's exception handler."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End every connection and task, and wait until they are gone."""
        for waiter in list(self._held):
            self.unhold(waiter)
        if self._refresher is not None:
            self._refresher.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self.sockets):
            connection.shut()
        while self.sockets:  # noqa: ASYNC110 - their connection_lost comes with one of the loop's next turns
            await asyncio.sleep(0)
