"""Exchanges that somebody still works on, and when one is over: its wire side closed and the application returned.

Pure but for the recorder it tells. The proxy and the collector share one of these, on one thread.
"""

from __future__ import annotations

from collections.abc import Callable

from inspector.model import Exchange, Kind, State
from inspector.recording import Recorder

#: How long a request whose response is complete may wait for news of the application before we say it never got there.
NEVER_CALLED_NS = 2_000_000_000


class LiveExchanges:
    """The exchanges in flight, by id.

    ``on_finished`` is called with each exchange when it is over. An exchange that goes to a probed instance is added
    with ``expects_app``: it then stays until the application has returned, since the probe's events come by another way
    than the response and may arrive after it.
    """

    def __init__(self, recorder: Recorder, on_finished: Callable[[Exchange], None] | None = None) -> None:
        self.recorder = recorder
        self.on_finished = on_finished
        self.by_id: dict[int, Exchange] = {}
        #: Who waits for the next request of a client, by its address: is told of it once, before it is recorded.
        self.awaited: dict[str, Callable[[Exchange], None]] = {}

    def add(self, exchange: Exchange, *, expects_app: bool) -> None:
        """A request has begun (or, without a proxy, a call)."""
        exchange.app_done = not expects_app
        if self.awaited and (tell := self.awaited.pop(exchange.client, None)) is not None:
            tell(exchange)
        self.by_id[exchange.id] = exchange
        self.recorder.touch(exchange)

    def wire_closed(self, exchange: Exchange, now: int, error: str = "") -> None:
        """The proxy is finished with it; ``error`` says how it was cut, empty if it ended as it should."""
        exchange.closed_ns = exchange.closed_ns or now
        exchange.wire_done = True
        if error:
            exchange.error = exchange.error or error
        self._settle(exchange)

    def app_returned(self, exchange: Exchange, now: int, error: str = "") -> None:
        """The application's call is over; ``error`` when it was not by returning."""
        exchange.returned_ns = now
        exchange.app_done = True
        if error:
            exchange.error = exchange.error or error
        self._settle(exchange)

    def in_hand(self, worker: int) -> tuple[int, ...]:
        """The requests that ``worker`` is working on; its lifespan, which is open all its life, is none."""
        return tuple(e.id for e in self._run_by(worker) if not e.app_done and e.kind != Kind.LIFESPAN)

    def in_hand_at(self, worker: int, t: int) -> list[Exchange]:
        """Those that it was working on at ``t``; some may have returned since."""
        return [
            e for e in self._run_by(worker)
            if e.kind != Kind.LIFESPAN and e.called_ns <= t and (not e.app_done or e.returned_ns >= t)
        ]  # fmt: skip

    def worker_gone(self, worker: int, now: int, outcome: str) -> None:
        """``worker`` is dead: what it was running will not return, its lifespan with it."""
        for exchange in self._run_by(worker):
            if not exchange.app_done:
                self.app_returned(exchange, now, f"its worker {outcome}")

    def _run_by(self, worker: int) -> list[Exchange]:
        return [e for e in self.by_id.values() if e.worker == worker and e.called_ns]

    def sweep(self, now: int) -> None:
        """Give up on the application side of requests that were answered without it. To be called once a second."""
        answered = [e for e in self.by_id.values() if e.wire_done and not e.called_ns]
        for exchange in [e for e in answered if now - e.closed_ns > NEVER_CALLED_NS]:
            exchange.app_done = True
            self._settle(exchange)

    def _settle(self, exchange: Exchange) -> None:
        if exchange.wire_done and exchange.app_done:
            exchange.state = State.FAILED if exchange.error else State.DONE
            if self.by_id.pop(exchange.id, None) is not None and self.on_finished is not None:
                self.on_finished(exchange)
        self.recorder.touch(exchange)
