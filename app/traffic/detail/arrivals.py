"""When the pieces of a response's body came by, as the messages on the wire tell; nothing is read twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.feed import TraceFeed
from inspector.model import Exchange, Kind, Side
from inspector.store.reader import TraceReader

_BATCH = 2_000
_MOST = 20_000  #: pieces whose times are looked at

#: How many bytes had come by when, in nanoseconds since the exchange began.
Times = tuple[tuple[int, int], ...]


class Arrivals:
    """The times of one exchange's body at a time."""

    def __init__(self, feed: TraceFeed, told: Callable[[int, Times], None]) -> None:
        self._feed = feed
        self._told = told
        self._exchange = self._next = self._size = 0
        self._loading = False
        self._times: list[tuple[int, int]] = []

    def of(self, exchange: Exchange) -> Times:
        """What is known by now; ``told`` is called when there is more. Only of streams of events."""
        if exchange.kind != Kind.SSE:
            return ()
        if exchange.id != self._exchange:
            self._exchange, self._next, self._size, self._times, self._loading = exchange.id, 0, 0, [], False
        if not self._loading and self._next < min(exchange.messages, _MOST):
            self._loading = True
            began = exchange.opened_ns or exchange.called_ns
            call = partial(_pieces, identity=exchange.id, start=self._next)
            self._feed.ask(call, partial(self._take, exchange.id, began), key="detail.arrivals")
        return tuple(self._times)

    def forget(self) -> None:
        """Another trace, whose exchanges have the same numbers."""
        self._exchange = 0

    def _take(self, identity: int, began: int, answer: tuple[int, list[tuple[int, int]]]) -> None:
        if identity != self._exchange:
            return
        self._loading = False
        following, pieces = answer
        grown = following > self._next
        self._next = following
        for size, when in pieces:
            self._size += size
            self._times.append((self._size, when - began))
        if pieces:
            self._told(identity, tuple(self._times))
        if not grown:
            self._next = _MOST  # numbers may have gaps at the end, where messages were dropped


def _pieces(reader: TraceReader, *, identity: int, start: int) -> tuple[int, list[tuple[int, int]]]:
    """The number to go on from, and size and time of each piece. Runs in the reader's thread."""
    messages = reader.messages(identity, start=start, limit=_BATCH)
    following = messages[-1].seq + 1 if messages else start
    wire = [m for m in messages if m.side == Side.WIRE and m.type == "response.body"]
    return following, [(message.size, message.t_ns) for message in wire]
