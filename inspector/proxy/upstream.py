"""Connections to the application's server, and the pool that knows them all.

A connection carries one exchange at a time: it reads the response, passes it to the client as it comes, and records it.
It knows its client only as a ``Downstream``; which request goes where, and again, is decided there. Between two
exchanges it waits for the same client, and ends with it: so each worker gets the clients it would get without a proxy.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from inspector.model import Exchange, Kind
from inspector.proxy.hub import Hub, Upstream
from inspector.wire.body import BodyReader
from inspector.wire.capture import Capture
from inspector.wire.errors import BadResponse
from inspector.wire.request import RequestHead
from inspector.wire.response import ResponseHead, parse_response

#: Bytes of a response that the client's socket takes at once, so that nobody need look whether it did.
AT_ONCE = 16 * 1024


class Downstream(Protocol):
    """The client's side of an exchange, as the response sees it."""

    head: RequestHead
    exchange: Exchange | None
    transport: asyncio.Transport
    congested: bool  #: its socket takes no more for now

    def watch(self) -> None:
        """Mind whether its socket takes all: there is much of this response."""
        ...

    def response_ended(self, now: int, keep_alive: bool) -> None:
        """The last byte was handed to the client."""
        ...

    def response_refused(self, why: str) -> None:
        """The server's bytes cannot be passed on."""
        ...

    def upstream_lost(self, error: Exception | None) -> None:
        """The connection is gone before the response was complete."""
        ...

    def upgraded(self, head: ResponseHead, rest: bytes) -> None:
        """The server has switched protocols; ``rest`` came with its head."""
        ...

    def pause_request(self, paused: bool) -> None:
        """The server's socket takes no more of the request for now, or does again."""
        ...

    def cut_off(self, error: str) -> None:
        """It has had its time."""
        ...


class Retiring(Protocol):
    """A tunnel, as a drain sees it."""

    def retire(self) -> None:
        """End it in good order, soon."""
        ...


class UpstreamConnection(asyncio.Protocol):
    """One connection. ``client`` is whose exchange it carries, None while idle."""

    __slots__ = (
        "_body", "_capture", "_held", "_hub", "_keep_alive", "_pieces", "_pool",
        "answered", "client", "probed", "transport", "used",
    )  # fmt: skip

    def __init__(self, hub: Hub, pool: Pool) -> None:
        self._hub = hub
        self._pool = pool
        self.probed = pool.probed  #: whoever reads it takes our header off
        self.transport: asyncio.Transport
        self.client: Downstream | None = None
        self.used = 0  #: exchanges it has carried, this one included
        self.answered = False  #: a byte of the response has come
        self._held = b""
        self._keep_alive = True
        self._body: BodyReader | None = None  # once its head has come, unless all came at once
        self._capture: Capture | None = None
        self._pieces = 0

    # --- what asyncio calls ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self.transport = cast(asyncio.Transport, transport)
        self._hub.sockets.add(self)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        client = self.client
        if client is None or client.exchange is None:  # nobody asked: it must not reach the next client
            self._pool.forget(self)
            self.transport.abort()
        elif self._body is not None:
            self._read_body(client, client.exchange, self._body, data)
        else:
            self._read_head(client, client.exchange, data)

    def eof_received(self) -> None:  # noqa: D102
        client = self.client
        if client is not None and client.exchange is not None and self.ends_with_connection:
            self._end(client, client.exchange, self._hub.clock())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._hub.sockets.discard(self)
        self._pool.forget(self)
        client, self.client = self.client, None
        if client is not None:
            client.upstream_lost(exc)

    def pause_writing(self) -> None:  # noqa: D102
        if self.client is not None:
            self.client.pause_request(True)

    def resume_writing(self) -> None:  # noqa: D102
        if self.client is not None:
            self.client.pause_request(False)

    # --- what the client's side calls -----------------------------------------------------------------------------

    def begin(self, client: Downstream, request: bytes) -> None:
        """Carry ``client``'s exchange: send its head, and what has come of its body."""
        self.client = client
        self.used += 1
        self.answered = False
        self.transport.write(request)
        if client.congested:
            self.transport.pause_reading()

    def shut(self) -> None:
        """Close at once; nobody is told."""
        self.client = None
        self._pool.forget(self)
        self.transport.abort()

    def release(self) -> None:
        """The exchange is over in good order: wait for the same client's next."""
        self.client = None
        self._pool.keep(self)

    def kept_for(self, pool: Pool) -> bool:
        """Whether it waits, alive as far as one can see, to carry an exchange to ``pool``'s server."""
        return self._pool.holds(self) and self._pool is pool and not self.transport.is_closing()

    def detach(self) -> asyncio.Transport:
        """Give the socket away, to a tunnel."""
        self.client = None
        self._hub.sockets.discard(self)
        return self.transport

    # --- the response ---------------------------------------------------------------------------------------------

    def _read_head(self, client: Downstream, exchange: Exchange, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        now = self._hub.clock()
        self.answered = True
        while data:
            try:
                head = parse_response(data, client.head.method)
            except BadResponse as error:
                client.response_refused(str(error))
                return
            if head is None:
                self._held = data
                self._note_first_byte(exchange, now)
                return
            if head.status >= 200:
                self._take_head(client, exchange, head, data, now)
                return
            data = self._informational(client, exchange, head, data)

    def _take_head(self, client: Downstream, exchange: Exchange, head: ResponseHead, data: bytes, now: int) -> None:
        """The final head, and what came with it."""
        size = head.size
        exchange.status = head.status
        exchange.first_byte_ns = exchange.first_byte_ns or now
        exchange.response_head = data[:size]
        if head.event_stream:
            exchange.kind = Kind.SSE
        self._keep_alive = head.keep_alive and (head.says_keep_alive or client.head.version == "1.1")
        self._hub.note(exchange, now, "out", "response.head", size)
        if head.length == len(data) - size:
            self._whole(client, exchange, data, size, now)
        else:
            self._start_body(client, exchange, head, data)

    def _whole(self, client: Downstream, exchange: Exchange, data: bytes, size: int, now: int) -> None:
        """Head and body came together, as most do: one pass, one write."""
        length = len(data) - size
        if length > AT_ONCE:
            client.watch()
        client.transport.write(data)
        if length:
            if length <= self._hub.recorder.body_head:
                body = exchange.response_body
                body.size = length
                body.head = data[size:]
            else:
                self._body_capture().add(data[size:])
                self.settle(exchange)
            self._hub.note(exchange, now, "out", "response.body", length)
        self._finish(client, now)

    def _informational(self, client: Downstream, exchange: Exchange, head: ResponseHead, data: bytes) -> bytes:
        """1xx (RFC 9110 section 15.2): pass it on; the bytes of the next head. After 101 there is no more of HTTP."""
        if head.status == 101:
            if client.head.upgrade:
                client.upgraded(head, data)
            else:
                client.response_refused("it switches protocols (101) though the request did not ask for it")
            return b""
        now = self._hub.clock()
        self._note_first_byte(exchange, now)
        client.transport.write(data[: head.size])
        self._hub.note(exchange, now, "out", "informational", head.size, f'{{"status":{head.status}}}')
        return data[head.size :]

    def _note_first_byte(self, exchange: Exchange, now: int) -> None:
        if not exchange.first_byte_ns:
            exchange.first_byte_ns = now
            self._hub.recorder.touch(exchange)

    def _start_body(self, client: Downstream, exchange: Exchange, head: ResponseHead, data: bytes) -> None:
        """A body that is still coming, or ends otherwise than by a length that fits."""
        body = self._body = BodyReader(head.length, BadResponse)
        self._hub.recorder.touch(exchange)
        rest = data[head.size :]
        if not rest:
            client.transport.write(data)
            return
        self._read_body(client, exchange, body, rest, exchange.response_head)

    def _read_body(
        self, client: Downstream, exchange: Exchange, body: BodyReader, data: bytes, head: bytes = b""
    ) -> None:
        """More of the body; ``head`` goes out with it when they came together."""
        now = self._hub.clock()
        try:
            passed, pieces, surplus = body.feed(data)
        except BadResponse as error:
            client.response_refused(str(error))
            return
        if len(data) > AT_ONCE or (self._capture is not None and self._capture.size > AT_ONCE):
            client.watch()
        client.transport.write(head + passed)
        self._record(exchange, pieces, now)
        if body.done:
            self._keep_alive = self._keep_alive and not surplus
            self._end(client, exchange, now)
        else:
            self._hub.refresh_soon(self)

    def _record(self, exchange: Exchange, pieces: list[bytes], now: int) -> None:
        capture = self._body_capture()
        for piece in pieces:
            capture.add(piece)
        self._hub.note_pieces(exchange, now, "out", "response.body", pieces)
        self._pieces += len(pieces)

    def _body_capture(self) -> Capture:
        if self._capture is None:
            recorder = self._hub.recorder
            self._capture = Capture(recorder.body_head, recorder.body_tail)
        return self._capture

    def refresh(self) -> None:
        """The body grows: let its readers see how far it is."""
        if self.client is not None and self.client.exchange is not None:
            self.settle(self.client.exchange)
            self._hub.recorder.touch(self.client.exchange)

    def settle(self, exchange: Exchange) -> None:
        """Put into the record what has come of the body until now."""
        if self._capture is not None:
            self._capture.settle(exchange.response_body)

    def _end(self, client: Downstream, exchange: Exchange, now: int) -> None:
        if self._pieces > 1:
            self._hub.note(exchange, now, "out", "response.end", 0)
        self.settle(exchange)
        self._finish(client, now)

    def _finish(self, client: Downstream, now: int) -> None:
        self._capture = None
        self._body = None
        self._pieces = 0
        client.response_ended(now, self._keep_alive)

    @property
    def ends_with_connection(self) -> bool:
        """Whether the client could take the end of the connection for the end of the body."""
        return self._body is not None and self._body.ends_with_connection


class Pool:
    """An upstream's connections: which of them wait for their client's next request, and who uses the others."""

    def __init__(self, hub: Hub, upstream: Upstream) -> None:
        self.upstream = upstream
        self.probed = upstream.probed
        self.instance = upstream.instance
        self.clients: set[Downstream] = set()
        self.tunnels: set[Retiring] = set()
        self.draining = False
        self._hub = hub
        self._idle: set[UpstreamConnection] = set()
        self._changed: asyncio.Event | None = None

    def take(self, connection: UpstreamConnection) -> None:
        """It is about to carry an exchange."""
        self._idle.discard(connection)

    def keep(self, connection: UpstreamConnection) -> None:
        """Its exchange is over."""
        if self.draining:
            connection.transport.close()
        else:
            self._idle.add(connection)

    def holds(self, connection: UpstreamConnection) -> bool:
        """Whether it is idle."""
        return connection in self._idle

    def forget(self, connection: UpstreamConnection) -> None:
        """It is closed, or about to be."""
        self._idle.discard(connection)

    async def connect(self) -> UpstreamConnection:
        """A new connection. Raises OSError."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: UpstreamConnection(self._hub, self), self.upstream.host, self.upstream.port
        )
        return connection

    def left(self) -> None:
        """Somebody has stopped using it: whoever drains it looks again."""
        if self._changed is not None:
            self._changed.set()

    def drain(self) -> None:
        """Take no new requests and close what is idle."""
        self.draining = True
        for connection in list(self._idle):
            connection.transport.close()
        self._idle.clear()

    async def empty(self, users: set[Downstream] | set[Retiring], limit: float) -> bool:
        """Whether ``users`` (``clients`` or ``tunnels``) are gone within ``limit`` seconds."""
        try:
            async with asyncio.timeout(limit):
                while users:
                    self._changed = self._changed or asyncio.Event()
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return not users
        return True
