"""A request's body on its way to the server: where it ends, and what the record keeps of it. Knows no connection."""

from __future__ import annotations

from inspector.model import Exchange
from inspector.proxy.hub import Hub
from inspector.wire.body import BodyReader
from inspector.wire.capture import Capture
from inspector.wire.errors import BadRequest


class RequestBody:
    """The body of ``exchange``'s request, of a length as in ``inspector.wire.body``. ``pieces``: that have come."""

    __slots__ = ("_capture", "_exchange", "_hub", "_reader", "pieces")

    def __init__(self, hub: Hub, exchange: Exchange, length: int) -> None:
        self.pieces = 0
        self._hub = hub
        self._exchange = exchange
        self._reader = BodyReader(length, BadRequest)
        self._capture = Capture(hub.recorder.body_head, hub.recorder.body_tail)

    @property
    def open(self) -> bool:
        """Whether more of it is to come."""
        return not self._reader.done

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """Take its part of ``data`` for the record: what to send on, and what follows it. Raises BadRequest."""
        hub, exchange = self._hub, self._exchange
        passed, pieces, rest = self._reader.feed(data)
        now = hub.clock()
        for piece in pieces:
            self._capture.add(piece)
        hub.note_pieces(exchange, now, "in", "request.body", pieces)
        self.pieces += len(pieces)
        if self._reader.done:
            self.settle()
            if self.pieces > 1:
                hub.note(exchange, now, "in", "request.end", 0)
        return passed, rest

    def settle(self) -> None:
        """Let the record have what has come of it until now."""
        self._capture.settle(self._exchange.request_body)
