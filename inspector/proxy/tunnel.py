"""A connection that has switched protocols: bytes pass both ways as they come; WebSocket messages are read on the side.

Whatever the reading finds, the bytes have gone on before it. Knows nothing of how the switch came about.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from inspector.model import Exchange, Kind
from inspector.proxy.hub import Hub
from inspector.proxy.upstream import Pool
from inspector.tagged import dumps
from inspector.wire.capture import Capture
from inspector.wire.errors import BadFrame
from inspector.wire.frames import FrameReader, WebSocketMessage, close_frame, deflate_agreed
from inspector.wire.response import ResponseHead

#: RFC 6455's registry: the service is restarted, the client may connect again.
SERVICE_RESTART = 1012
#: Seconds until a side that was sent a close frame is closed without its answer.
ANSWER_SECONDS = 1.0


class TunnelEnd(asyncio.Protocol):
    """One of a tunnel's two sockets. ``direction``: of the bytes that it receives."""

    __slots__ = ("capture", "direction", "held_since", "other", "reader", "transport", "tunnel")

    def __init__(self, tunnel: Tunnel, direction: str) -> None:
        self.tunnel = tunnel
        self.direction = direction
        self.transport: asyncio.Transport
        self.other: TunnelEnd
        self.reader: FrameReader | None = None
        self.capture: Capture | None = None
        self.held_since = 0  #: its socket does not take what there is; up to where that is counted

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self.tunnel.pass_on(self, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002, D102
        self.tunnel.lost(self)

    def pause_writing(self) -> None:  # noqa: D102
        self.other.transport.pause_reading()
        self.tunnel.held_up(self)

    def resume_writing(self) -> None:  # noqa: D102
        self.tunnel.count_held()
        self.held_since = 0
        if not self.other.transport.is_closing():
            self.other.transport.resume_reading()


class Tunnel:
    """Two sockets and the exchange they belong to."""

    def __init__(self, hub: Hub, pool: Pool, exchange: Exchange, head: ResponseHead) -> None:
        self._hub = hub
        self._pool = pool
        self._exchange = exchange
        self._websocket = exchange.kind == Kind.WEBSOCKET and head.upgrade == "websocket"
        self._client = TunnelEnd(self, "in")
        self._server = TunnelEnd(self, "out")
        self._client.other, self._server.other = self._server, self._client
        self._over = False
        self._retiring = False
        self._timer: asyncio.TimerHandle | None = None
        deflate = self._websocket and deflate_agreed(head.extensions)
        for end in (self._client, self._server):
            if self._websocket:
                end.reader = FrameReader(hub.recorder.body_head, hub.recorder.body_tail, deflate=deflate)
            else:
                end.capture = Capture(hub.recorder.body_head, hub.recorder.body_tail)

    def start(
        self, client: asyncio.Transport, server: asyncio.Transport, rest: bytes, head_size: int, ahead: bytes
    ) -> None:
        """Take over both. ``rest``: the response's head and what came with it; ``ahead``: what the client sent."""
        for end, transport in ((self._client, client), (self._server, server)):
            end.transport = transport
            transport.set_protocol(end)
            transport.resume_reading()
        self._hub.sockets.add(self)
        self._pool.tunnels.add(self)
        self._hub.recorder.touch(self._exchange)
        client.write(rest)
        if len(rest) > head_size:
            self._observe(self._server, rest[head_size:])
        if ahead:
            self.pass_on(self._client, ahead)

    def pass_on(self, end: TunnelEnd, data: bytes) -> None:
        """Bytes from one side to the other, and then into the record."""
        if not self._retiring:
            end.other.transport.write(data)
            self._observe(end, data)
            return
        # After our close frame nothing more may follow; we only wait for the answer to it (RFC 6455 section 5.5.1).
        self._observe(end, data)
        if end.reader is None or end.reader.closed:
            end.transport.close()

    def _observe(self, end: TunnelEnd, data: bytes) -> None:
        exchange, now = self._exchange, self._hub.clock()
        if end.reader is not None:
            try:
                messages = end.reader.feed(data)
            except BadFrame:
                end.reader = None  # what is left of this direction passes unread
                exchange.dropped += 1
                self._hub.recorder.dropped("websocket directions that could not be read", 1)
            else:
                for message in messages:
                    self._record(end, message, now)
        elif end.capture is not None:
            end.capture.add(data)
            what = "request.body" if end.direction == "in" else "response.body"
            self._hub.note(exchange, now, end.direction, what, len(data))
            self._hub.refresh_soon(self)

    def _record(self, end: TunnelEnd, message: WebSocketMessage, now: int) -> None:
        exchange, body = self._exchange, message.body
        info: dict[str, Any] = {}
        if message.frames > 1:
            info["frames"] = message.frames
        if message.compressed:
            info["compressed"] = message.wire_size
            info["inflated"] = message.inflated
        if message.code:
            info["code"], info["reason"] = message.code, message.reason
        row = (
            exchange.id, exchange.messages, now, "wire", end.direction, message.type,
            body.size, body.head, body.tail, body.sha256, dumps(info) if info else "",
        )  # fmt: skip
        self._hub.recorder.message(exchange, row)

    def held_up(self, end: TunnelEnd) -> None:
        """``end`` does not take what there is for it. How long the client does not is in the record."""
        end.held_since = self._hub.clock()
        self._hub.refresh_soon(self)

    def count_held(self) -> None:
        """Bring that up to date."""
        client = self._client
        if client.held_since and not self._over:
            now = self._hub.clock()
            self._exchange.held_ns += now - client.held_since
            client.held_since = now

    def refresh(self) -> None:
        """The bodies grow, or the client takes nothing: let readers of the record see how far it is."""
        self._settle()
        self.count_held()
        if self._client.held_since and not self._over:
            self._hub.refresh_soon(self)
        self._hub.recorder.touch(self._exchange)

    def _settle(self) -> None:
        for end, body in ((self._client, self._exchange.request_body), (self._server, self._exchange.response_body)):
            if end.capture is not None:
                end.capture.settle(body)

    def lost(self, end: TunnelEnd) -> None:
        """One side is gone: so is the other."""
        if self._over:
            self._hub.sockets.discard(self)
            return
        end.other.transport.close()
        self._close(self._how_lost(end))

    def _how_lost(self, end: TunnelEnd) -> str:
        if self._retiring or not self._websocket:
            return ""
        if any(side.reader is None or side.reader.closed for side in (self._client, self._server)):
            return ""
        who, what = ("client", "client.gone") if end is self._client else ("server", "upstream.gone")
        self._hub.note(self._exchange, self._hub.clock(), end.direction, what, 0)
        return f"the {who} closed the connection without a closing handshake (1006)"

    def _close(self, error: str) -> None:
        """Close the record."""
        self.count_held()
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        self._settle()
        self._pool.tunnels.discard(self)
        self._pool.left()
        self._hub.live.wire_closed(self._exchange, self._hub.clock(), error)

    def retire(self) -> None:
        """Tell both sides of a WebSocket that the service restarts; cut anything else."""
        ends = (self._client, self._server)
        if not all(end.reader and end.reader.between_frames and not end.reader.closed for end in ends):
            self._abort("it was cut when its server was stopped")
            return
        self._retiring = self._exchange.retired = True
        self._say_goodbye(self._client, "out", b"")
        self._say_goodbye(self._server, "in", os.urandom(4))
        self._timer = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._abort, "")

    def _say_goodbye(self, end: TunnelEnd, direction: str, mask: bytes) -> None:
        exchange = self._exchange
        frame = close_frame(SERVICE_RESTART, "service restart", mask)
        end.transport.write(frame)
        info = dumps({"code": SERVICE_RESTART, "reason": "service restart", "from": "proxy"})
        self._hub.note(exchange, self._hub.clock(), direction, "ws.close", 17, info)

    def shut(self) -> None:
        """The proxy stops."""
        self._abort("the proxy was stopped")

    def _abort(self, error: str) -> None:
        if not self._over:
            self._close(error)
        self._client.transport.abort()
        self._server.transport.abort()
