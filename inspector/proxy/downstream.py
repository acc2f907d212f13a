"""Connections from clients: read requests one after the other, send each on, and answer in their order.

The request goes out as it came but for one header line of ours; what may not go out is answered here. Reading the
response is the upstream connection's work (``upstream``), which calls back here when it is over or cannot be.
"""

from __future__ import annotations

import asyncio
import enum
import socket
import struct
from typing import cast

from inspector.model import CLIENT_LEFT, Exchange, Kind
from inspector.proxy.hub import Hub
from inspector.proxy.request_body import RequestBody
from inspector.proxy.routes import Routes
from inspector.proxy.tunnel import Tunnel
from inspector.proxy.upstream import Pool, UpstreamConnection
from inspector.wire.answers import answer
from inspector.wire.errors import BadRequest
from inspector.wire.request import RequestHead, parse_request, strip_field
from inspector.wire.response import ResponseHead

#: Bytes that a client may send ahead of what we can pass on, before we stop reading from it.
AHEAD_LIMIT = 64 * 1024
#: Seconds for news of the application's call to arrive, after its connection was closed under a request.
NEWS_SECONDS = 0.05
#: How often a request goes out again that nobody took: workers that end may each close the connection it came on.
MOST_RETRIES = 3
#: Seconds in which a refused connection to the server is tried again: it may be replacing its socket.
CONNECT_SECONDS = 1.0
CONNECT_PAUSE = 0.05
#: Seconds to read on after an answer that came before the request was complete, so that the answer is not lost to a
#: reset (RFC 9112 section 9.6).
LINGER_SECONDS = 2.0

_NO_HEAD = RequestHead("", "", "1.1", 0, 0)
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 seconds


class Stage(enum.Enum):
    """Where a client's connection stands."""

    IDLE = enum.auto()  #: no byte of a request has come
    HEAD = enum.auto()  #: a part of a head has
    ROUTING = enum.auto()  #: the head is complete; there is no connection to the server yet
    SENDING = enum.auto()  #: the request's body is being passed on
    WAITING = enum.auto()  #: the request is out; the response is not complete
    TAKING = enum.auto()  #: the response is complete; the client has not taken all of it
    LEAVING = enum.auto()  #: answered for the last time; what still comes is dropped


# Members of an enum cost two look-ups each; these are on the path of every request.
_IDLE, _HEAD, _ROUTING, _SENDING, _WAITING, _TAKING, _LEAVING = Stage


class ClientConnection(asyncio.Protocol):
    """One client. At most one exchange is open on it at a time; pipelined requests wait in ``_ahead``."""

    __slots__ = (
        "_ahead", "_body", "_held_since", "_hub", "_keep_alive", "_kept", "_peer", "_pool",
        "_reading", "_request", "_response_done", "_retries", "_routes", "_stage", "_timer", "_upstream", "_watched",
        "congested", "exchange", "head", "transport",
    )  # fmt: skip

    def __init__(self, hub: Hub, routes: Routes) -> None:
        self._hub = hub
        self._routes = routes
        self.transport: asyncio.Transport
        self.exchange: Exchange | None = None
        self.head = _NO_HEAD
        self.congested = False
        self._peer = ""
        self._stage = _IDLE
        self._ahead = b""
        self._request = b""  # the head, as it goes out
        self._reading = True
        self._pool: Pool | None = None
        self._upstream: UpstreamConnection | None = None
        self._kept: UpstreamConnection | None = None  #: waits for our next request
        self._body: RequestBody | None = None
        self._response_done = False
        self._keep_alive = True  # after what is being taken
        self._held_since = 0  # up to where ``held_ns`` counts, while congested
        self._watched = False
        self._retries = 0
        self._timer: asyncio.TimerHandle | None = None

    # --- what asyncio calls ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self.transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self._peer = f"{name[0]}:{name[1]}" if name else ""
        self._hub.sockets.add(self)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        stage = self._stage
        if stage is _IDLE:
            self._open(data)
        elif stage is _SENDING:
            self._relay(data)
        elif stage is not _LEAVING and (stage is not _TAKING or self._keep_alive):
            self._ahead += data
            if stage is _HEAD:
                if b"\n" in data or len(self._ahead) > self._routes.head_limit:
                    self._read_head(self._ahead)
            elif len(self._ahead) > AHEAD_LIMIT:
                self._set_reading(False)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002, D102
        self._hub.sockets.discard(self)
        self._stage = _LEAVING
        ahead, self._ahead = self._ahead, b""
        if self._kept is not None:
            self._kept.shut()
            self._kept = None
        exchange = self.exchange
        if exchange is None:
            self._stop_timer()
            return
        now = self._hub.clock()
        self._hub.note(exchange, now, "in", "client.gone", 0)
        error = self._how_gone(exchange)
        exchange.request_head = exchange.request_head or ahead  # what there was of it
        self._fail(exchange, now, error)

    def pause_writing(self) -> None:  # noqa: D102
        self.congested = True
        self._held_since = self._hub.clock()
        if self._upstream is not None:
            self._upstream.transport.pause_reading()
        self._hub.refresh_soon(self)

    def resume_writing(self) -> None:  # noqa: D102
        exchange, now = self.exchange, self._hub.clock()
        if exchange is not None:
            self._count_held(exchange, now)
            if self._response_done:
                exchange.closed_ns = exchange.closed_ns or now
        self.congested = False
        if self._upstream is not None:
            self._upstream.transport.resume_reading()
        if self._stage is _TAKING:
            self._conclude(now)

    def _count_held(self, exchange: Exchange, now: int) -> None:
        exchange.held_ns += now - self._held_since
        self._held_since = now

    def _how_gone(self, exchange: Exchange) -> str:
        if not exchange.request_head:
            return f"{CLIENT_LEFT} before its request's head was complete"
        if self._uploading:
            return f"{CLIENT_LEFT} before its request was complete"
        return f"{CLIENT_LEFT} before the response was complete"

    # --- the request ----------------------------------------------------------------------------------------------

    def _open(self, data: bytes) -> None:
        """The first bytes of a request."""
        if data[0] in b"\r\n":  # RFC 9112 section 2.2: ignore empty lines before a request
            data = data.lstrip(b"\r\n")
            if not data:
                return
        hub = self._hub
        self.exchange = exchange = Exchange(
            id=hub.recorder.new_id("exchange"), client=self._peer, opened_ns=hub.clock()
        )
        hub.live.add(exchange, expects_app=False)
        self._read_head(data)

    def _read_head(self, data: bytes) -> None:
        exchange = self.exchange
        assert exchange is not None
        try:
            head = parse_request(data, self._routes.head_limit)
        except BadRequest as error:
            self._refuse_head(exchange, data, error)
            return
        if head is None:
            self._stage = _HEAD
            self._ahead = data
            return
        size = head.size
        self.head = head
        exchange.method = head.method
        exchange.target = head.target
        exchange.http_version = head.version
        if size == len(data):
            self._request = data
            self._ahead = b""
        else:
            self._request = data[:size]
            self._ahead = data[size:]
        if head.length or head.upgrade or head.replay:
            self._prepare(exchange, head)
        exchange.request_head = self._request
        self._hub.note(exchange, self._hub.clock(), "in", "request.head", size)
        self.dispatch()

    def _prepare(self, exchange: Exchange, head: RequestHead) -> None:
        """What only some requests have."""
        if head.length:
            self._body = RequestBody(self._hub, exchange, head.length)
        if "websocket" in head.upgrade:
            exchange.kind = Kind.WEBSOCKET
        if head.replay.startswith(self._hub.replay_prefix) and self._hub.replay_prefix:
            run, _, original = head.replay[len(self._hub.replay_prefix) :].partition(b"-")
            if run.isdigit() and original.isdigit():
                exchange.replay_run, exchange.replay_of = int(run), int(original)
                self._request = strip_field(self._request, b"gatescope-replay")

    def _refuse_head(self, exchange: Exchange, data: bytes, error: BadRequest) -> None:
        exchange.request_head = data[: self._routes.head_limit]
        first = data.partition(b"\n")[0].decode("latin-1").split(" ")
        if len(first) > 1:  # as far as it can be told, for whoever looks for it in the list
            exchange.method, exchange.target = first[0][:32], first[1][:2000].rstrip("\r")
        self._hub.note(exchange, self._hub.clock(), "in", "request.head", len(data))
        self._ahead = b""
        self._answer(error.status, f"The request was refused: {error}.", f"refused: {error}")

    def dispatch(self) -> None:
        """Send the request on, on a kept connection if that is safe, or hold it while there is no server."""
        pool = self._routes.current
        exchange = self.exchange
        assert exchange is not None
        if pool is None or pool.draining:
            self._stage = _ROUTING
            self._hub.hold(self)
            return
        self._pool = pool
        pool.clients.add(self)
        exchange.instance = pool.instance
        exchange.app_done = not pool.probed
        kept, self._kept = self._kept, None
        if kept is not None and kept.kept_for(pool) and self.head.repeatable:
            pool.take(kept)
            self._send(kept, exchange, b"")
            return
        if kept is not None:
            kept.shut()
        self._stage = _ROUTING
        self._hub.spawn(self._connect(pool, exchange))

    async def _connect(self, pool: Pool, exchange: Exchange) -> None:
        """A fresh connection: for what must not be lost to a kept one that the server closes at that moment."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CONNECT_SECONDS
        while True:
            try:
                connection = await pool.connect()
                break
            except OSError as error:
                if self.exchange is not exchange:
                    return
                if self._routes.current is not pool:
                    self._withdraw()
                    self.dispatch()
                    return
                if loop.time() > deadline:
                    self._no_connection(pool, error)
                    return
            await asyncio.sleep(CONNECT_PAUSE)
        if self.exchange is not exchange:
            connection.shut()
            return
        try:
            body = self._take(self._ahead)
        except BadRequest as error:
            connection.shut()
            self._bad_body(error)
            return
        self._set_reading(True)
        self._send(connection, exchange, body)

    def _send(self, connection: UpstreamConnection, exchange: Exchange, body: bytes) -> None:
        """Head, header of ours and what there is of the body, in one write."""
        request = self._request
        if connection.probed:
            line = self.head.line
            request = b"%b%b%d\r\n%b%b" % (request[:line], self._hub.header, exchange.id, request[line:], body)
        else:
            request += body
        exchange.forwarded_ns = self._hub.clock()
        self._stage = _SENDING if self._uploading else _WAITING
        self._upstream = connection
        connection.begin(self, request)

    # --- the request's body ---------------------------------------------------------------------------------------

    @property
    def _uploading(self) -> bool:
        """Whether more of the request's body is to come."""
        return self._body is not None and self._body.open

    def _take(self, data: bytes) -> bytes:
        """Take the body's part of ``data`` for the record; returns what to send on, leaves the rest in ``_ahead``."""
        if self._body is None or not self._body.open:
            return b""
        passed, self._ahead = self._body.take(data)
        if self._body.open:
            self._hub.refresh_soon(self)
        return passed

    def refresh(self) -> None:
        """The body grows, or the client takes nothing: let readers of the record see how far it is."""
        exchange = self.exchange
        if exchange is None:
            return
        if self._body is not None:
            self._body.settle()
        if self.congested:
            self._count_held(exchange, self._hub.clock())
            self._hub.refresh_soon(self)
        self._hub.recorder.touch(exchange)

    def _relay(self, data: bytes) -> None:
        """More of the body."""
        upstream = self._upstream
        assert upstream is not None
        try:
            passed = self._take(data)
        except BadRequest as error:
            self._bad_body(error)
            return
        if passed:
            upstream.transport.write(passed)
        if not self._uploading:
            self._stage = _WAITING
            if self._response_done:
                self._finish(self._hub.clock(), keep_alive=True)

    def _bad_body(self, error: BadRequest) -> None:
        """Its body stops making sense: the server must not take what came for the whole of it."""
        if self._upstream is not None and self._upstream.answered:
            self._cut(f"refused: {error}")
        else:
            self._answer(error.status, f"The request was refused: {error}.", f"refused: {error}")

    # --- the response, as the upstream connection tells of it -----------------------------------------------------

    def watch(self) -> None:
        """From now on hear at once that the socket has not taken all there is for it, and when it has."""
        if not self._watched:
            self._watched = True
            self.transport.set_write_buffer_limits(0)

    def response_ended(self, now: int, keep_alive: bool) -> None:
        """The response is complete. The request need not be (RFC 9112 section 9.3: a server may answer early)."""
        exchange = self.exchange
        assert exchange is not None
        exchange.answered_ns = now
        keep_alive = keep_alive and self.head.keep_alive
        if self._body is not None and self._body.open:
            exchange.closed_ns = 0 if self.congested else now
            # Without 100 (Continue) a client may leave the body out: what it sends next could be either.
            unsure = self.head.expects_continue and self._body.pieces == 0
            if keep_alive and not unsure:
                self._response_done = True
                return
            keep_alive = False
        self._finish(now, keep_alive=keep_alive)

    def response_refused(self, why: str) -> None:
        """The server's bytes are no response that could be passed on."""
        if self._anything_sent():
            self._cut(f"the server's response is malformed: {why}")
        else:
            self._answer(
                502, f"The server's response cannot be passed on: {why}.", f"the server's response is malformed: {why}"
            )

    def upstream_lost(self, error: Exception | None) -> None:
        """The server closed the connection before its response was complete."""
        exchange, pool, upstream = self.exchange, self._pool, self._upstream
        if exchange is None or pool is None or upstream is None:
            return
        now = self._hub.clock()
        if self._response_done:
            self._finish(now, keep_alive=False)
            return
        doubtful = not upstream.answered and (upstream.used > 1 or pool.probed)
        if doubtful and self.head.repeatable and self._retries < MOST_RETRIES:
            # It may have closed a kept connection just as we used it, or its worker one that it had accepted as it was
            # told to end: nothing was lost then, and the request goes out again, unless the application is known to
            # have been called: its worker died of it, and the next would too. What must not be done twice, or has a
            # body that is gone by now, is not sent again (RFC 9110 section 9.2.2).
            self._retries += 1
            self._stage = _ROUTING
            self._upstream = None
            if pool.probed:
                self._timer = asyncio.get_running_loop().call_later(NEWS_SECONDS, self._again)
            else:
                self._again()
            return
        self._hub.note(exchange, now, "out", "upstream.gone", 0)
        if self._anything_sent():
            self._cut("the server closed the connection before its response was complete", reset=error is not None)
        else:
            self._unanswered(exchange)

    def _again(self) -> None:
        exchange = self.exchange
        assert exchange is not None
        self._timer = None
        if exchange.called_ns:
            self._hub.note(exchange, self._hub.clock(), "out", "upstream.gone", 0)
            self._unanswered(exchange)
            return
        self._withdraw()
        self.dispatch()

    def _unanswered(self, exchange: Exchange) -> None:
        why = "The server closed the connection without an answer."
        if exchange.called_ns:
            why += " The application had been called: its worker probably died, was killed, or timed out."
        else:
            why += " Its worker may have died or been stopped; the server's log may say more."
        self._answer(502, why, "the server closed the connection without an answer")

    def _no_connection(self, pool: Pool, error: OSError) -> None:
        exchange = self.exchange
        assert exchange is not None
        self._hub.note(exchange, self._hub.clock(), "out", "upstream.gone", 0)
        where = f"{pool.upstream.host}:{pool.upstream.port}"
        reason = error.strerror or str(error)
        self._answer(
            502,
            f"There is no connection to the application's server at {where}: {reason}. Has it stopped?",
            f"no connection to the server at {where}: {reason}",
        )

    def upgraded(self, head: ResponseHead, rest: bytes) -> None:
        """101: both sockets become a tunnel's."""
        exchange, upstream, pool = self.exchange, self._upstream, self._pool
        assert exchange is not None
        assert upstream is not None
        assert pool is not None
        if self._uploading:
            self.response_refused("it switches protocols before the request was complete")
            return
        now = self._hub.clock()
        exchange.status = head.status
        exchange.first_byte_ns = exchange.first_byte_ns or now
        exchange.response_head = rest[: head.size]
        self._hub.note(exchange, now, "out", "response.head", head.size)
        tunnel = Tunnel(self._hub, pool, exchange, head)
        self._hub.sockets.discard(self)
        pool.clients.discard(self)
        pool.left()
        self.exchange = None
        self._upstream = None
        ahead, self._ahead = self._ahead, b""
        tunnel.start(self.transport, upstream.detach(), rest, head.size, ahead)

    def pause_request(self, paused: bool) -> None:
        """Back-pressure from the server."""
        self._set_reading(not paused)

    # --- ends -----------------------------------------------------------------------------------------------------

    def give_up(self, why: str) -> None:
        """Held too long."""
        self._answer(503, why, "no server took it in time")

    def shut(self) -> None:
        """The proxy stops."""
        if self.exchange is not None:
            self._cut("the proxy was stopped")
        self.transport.abort()

    def cut_off(self, error: str) -> None:
        """It has had its time (a drain's limit)."""
        upstream = self._upstream
        if upstream is None or not upstream.answered:
            self._answer(503, f"It was cut off: {error}.", error)
        else:
            self._cut(error)

    def _anything_sent(self) -> bool:
        """Whether the client has a part of the final response already."""
        return self.exchange is not None and bool(self.exchange.response_head)

    def _finish(self, now: int, *, keep_alive: bool) -> None:
        """The response is complete, and so is what is wanted of the request."""
        upstream = self._upstream
        assert upstream is not None
        if self.congested:
            upstream.transport.resume_reading()
        if keep_alive:
            upstream.release()
            self._kept = upstream
        else:
            upstream.client = None
            upstream.transport.close()
        self._keep_alive = keep_alive
        if self.congested:
            self._stage = _TAKING
            self._upstream = None
            self._withdraw()  # the server has done its part
        else:
            self._conclude(now)

    def _conclude(self, now: int) -> None:
        """The exchange ended as it should."""
        exchange, keep_alive, whole = self.exchange, self._keep_alive, not self._uploading
        assert exchange is not None
        self._reset(self._pool)
        self._hub.live.wire_closed(exchange, now)
        if not keep_alive:
            self._leave(whole=whole)
            return
        self._stage = _IDLE
        if not self._reading:
            self._set_reading(True)
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            self._open(ahead)

    def _reset(self, pool: Pool | None) -> None:
        """Forget the exchange."""
        self.exchange = None
        self.head = _NO_HEAD
        self._upstream = None
        self._body = None
        self._response_done = False
        self._retries = 0
        if pool is not None:
            self._pool = None
            pool.clients.discard(self)
            if pool.draining:
                pool.left()

    def _withdraw(self) -> None:
        """Leave the pool, to be dispatched again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.clients.discard(self)
            pool.left()

    def _fail(self, exchange: Exchange, now: int, error: str) -> None:
        """Close the record of a cut exchange, and the connection to the server so that it notices."""
        self._hub.unhold(self)
        self._stop_timer()
        if not exchange.forwarded_ns:
            exchange.app_done = True  # nobody was called
        if self._body is not None:
            self._body.settle()
        if self.congested:
            self._count_held(exchange, now)
        upstream = self._upstream
        if upstream is not None:
            upstream.settle(exchange)
            upstream.shut()
        self._reset(self._pool)
        self._hub.live.wire_closed(exchange, now, error)

    def _cut(self, error: str, *, reset: bool = False) -> None:
        """End the client's connection in the middle of its response, so that it cannot take it for complete."""
        exchange, upstream = self.exchange, self._upstream
        assert exchange is not None
        if upstream is not None and upstream.ends_with_connection:
            reset = True
        self._stage = _LEAVING
        self._fail(exchange, self._hub.clock(), error)
        if reset:
            connection: socket.socket = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()
        else:
            self.transport.close()

    def _answer(self, status: int, why: str, error: str) -> None:
        """An answer of our own, the last on this connection; the exchange has failed with ``error``."""
        exchange = self.exchange
        assert exchange is not None
        data = answer(status, why, head_only=self.head.method == "HEAD")
        head, gap, body = data.partition(b"\r\n\r\n")
        now = self._hub.clock()
        exchange.status = status
        exchange.response_head = head + gap
        exchange.response_body.size = len(body)
        exchange.response_body.head = body
        self._hub.note(exchange, now, "out", "response.head", len(exchange.response_head), '{"from":"proxy"}')
        whole = self._stage not in (_HEAD, _IDLE) and not self._uploading
        self.transport.write(data)
        self._fail(exchange, now, error)
        self._leave(whole=whole)

    def _leave(self, *, whole: bool) -> None:
        """Close the connection; if the client may still be sending, read on for a moment first."""
        self._stage = _LEAVING
        self._ahead = b""
        if whole or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.transport.resume_reading()
        self._timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_reading(self, reading: bool) -> None:
        if reading != self._reading and not self.transport.is_closing():
            self._reading = reading
            if reading:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()
