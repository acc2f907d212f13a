"""Sends one rebuilt request as it is, and reads the answer to its end, as raw bytes.

A client library would tidy what it is given (the order of fields, the version, the target), and applications see all of
that; so bytes go out as they are, and come back through the proxy's own machines. Knows nothing of what is compared.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType

from inspector.replay.connecting import Address
from inspector.replay.landing import Answered
from inspector.replay.request import Request, options, values
from inspector.wire.body import BodyReader
from inspector.wire.capture import Capture
from inspector.wire.errors import BadResponse, WireError
from inspector.wire.response import ResponseHead, parse_response

_PIECE = 65_536
#: Seconds for which a connection is kept for the next request: less than servers keep one (gunicorn: 2).
_KEPT_SECONDS = 1.0
#: Seconds that a client waits for ``100 Continue`` before it sends its body anyway (RFC 9110 section 10.1.1).
_CONTINUE_SECONDS = 1.0
#: What may be sent twice (RFC 9110 section 9.2.2): if a kept connection turns out to be closed, it is.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})


class _CutError(Exception):
    """The connection ended before the answer did."""


class _Connection:
    """A connection to the server. ``begun``: whether anything of the answer under way has come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.kept_at = 0.0  #: when it fell idle; 0: it never was
        self.begun = False
        self.taken = b""  #: the head that was read last
        self._ahead = b""

    async def read(self) -> bytes:
        """What comes next. Raises _CutError when nothing does."""
        try:
            data = await self.reader.read(_PIECE)
        except OSError:
            data = b""
        if not data:
            raise _CutError
        self.begun = True
        return data

    async def head(self, method: str) -> ResponseHead:
        """The next head, informational or not; ``taken`` has its bytes. Raises BadResponse, _CutError."""
        while True:
            head = parse_response(self._ahead, method)
            if head is not None:
                self.taken, self._ahead = self._ahead[: head.size], self._ahead[head.size :]
                return head
            self._ahead += await self.read()

    async def body(self, length: int, capture: Capture) -> bool:
        """Read a body to its end; whether the connection can serve again. Raises BadResponse, _CutError."""
        body = BodyReader(length, BadResponse)
        data, self._ahead = self._ahead, b""
        while not body.done:
            if not data:
                try:
                    data = await self.read()
                except _CutError:
                    if body.ends_with_connection:
                        return False
                    raise
            _, pieces, data = body.feed(data)
            for piece in pieces:
                capture.add(piece)
        return not data and not body.ends_with_connection

    def drop(self) -> None:
        """Let go of it."""
        self.writer.transport.abort()


class Sender:
    """Sends requests to ``address``; ``body_head`` and ``body_tail`` bytes of an answer's body are kept.

    Opens as many connections as there are requests under way. To be used as a context: connections end with it.
    ``on_connected`` is told our own address (``host:port``) of each, before anything is sent over it.
    """

    def __init__(
        self,
        address: Address,
        clock: Callable[[], int],
        *,
        body_head: int,
        body_tail: int,
        on_connected: Callable[[str], None] = lambda _own: None,
    ) -> None:
        self._address = address
        self._on_connected = on_connected
        self._clock = clock
        self._limits = body_head, body_tail
        self._kept: list[_Connection] = []

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._kept:
            self._kept.pop().drop()
        await asyncio.sleep(0)  # the transports' turn to close

    async def send(self, request: Request, *, seconds: float, stay: float | None = None) -> Answered:
        """What comes back within ``seconds``.

        ``stay``: leave so many seconds after the answer began, as the original's client did.
        """
        answered = Answered(self._clock())
        capture = Capture(*self._limits)
        try:
            async with asyncio.timeout(seconds) as limit:

                def begun() -> None:
                    answered.first_byte_ns = self._clock()
                    if stay is not None:
                        limit.reschedule(asyncio.get_running_loop().time() + stay)

                await self._exchange(request, answered, capture, begun)
        except TimeoutError:
            if stay is None or not answered.status:
                answered.error = f"it was not answered completely within {seconds:g} s"
        except OSError as error:
            answered.error = self._address.why_not(error)
        except _CutError:
            answered.error = "the connection was closed before the answer was complete"
        except WireError as error:
            answered.error = f"what came is no valid answer ({error})"
        capture.settle(answered.body)
        answered.closed_ns = self._clock()
        return answered

    async def _exchange(
        self, request: Request, answered: Answered, capture: Capture, begun: Callable[[], None]
    ) -> None:
        kept = self._take()
        if kept is not None:
            try:
                await self._over(kept, request, answered, capture, begun)
                return
            except _CutError:
                if kept.begun or request.method not in _IDEMPOTENT:
                    raise
        connection = _Connection(*await self._address.connect())
        host, port, *_ = connection.writer.get_extra_info("sockname")
        self._on_connected(f"{host}:{port}")
        await self._over(connection, request, answered, capture, begun)

    def _take(self) -> _Connection | None:
        """A connection that is idle and not closed by the server, so far as is known."""
        now = asyncio.get_running_loop().time()
        while self._kept:
            kept = self._kept.pop()
            if now - kept.kept_at < _KEPT_SECONDS and not kept.reader.at_eof():
                kept.begun = False
                return kept
            kept.drop()
        return None

    async def _over(
        self,
        connection: _Connection,
        request: Request,
        answered: Answered,
        capture: Capture,
        begun: Callable[[], None],
    ) -> None:
        """The exchange on one connection, which is kept if both sides mean to."""
        reusable = False
        try:
            head = await self._ask(connection, request)
            begun()
            answered.status = head.status
            answered.head = connection.taken
            whole = await connection.body(head.length, capture)
            asked = [options(value.encode("latin-1")) for value in values(request, b"connection")]
            reusable = whole and head.keep_alive and not any(b"close" in each for each in asked)
        finally:
            if reusable:
                connection.kept_at = asyncio.get_running_loop().time()
                self._kept.append(connection)
            else:
                connection.drop()

    async def _ask(self, connection: _Connection, request: Request) -> ResponseHead:
        """Send ``request``; the final head of what comes back."""
        body = request.framed_body()
        connection.writer.write(request.head(self._address.authority.encode("latin-1", "replace")))
        head: ResponseHead | None = None
        if body and any(value.lower() == "100-continue" for value in values(request, b"expect")):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CONTINUE_SECONDS):
                    head = await connection.head(request.method)
        if head is None or head.informational:
            connection.writer.write(body)  # not waited for: an answer may come before it is taken
        while head is None or (head.informational and head.status != 101):
            head = await connection.head(request.method)
        return head
