"""The proxy as the supervisor sees it: an address, a route, and what is in flight.

Towards the application one thing is changed, and only where a probe takes it off again: a header line with the
exchange's id comes right after the request line. All else passes as it came.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable

from inspector.live import LiveExchanges
from inspector.proxy.downstream import ClientConnection
from inspector.proxy.hub import Hub, Upstream
from inspector.proxy.routes import Routes
from inspector.recording import Recorder
from inspector.wire.request import HEAD_LIMIT

__all__ = ["Proxy", "Upstream"]


class Proxy:
    """One listening address in front of one application.

    ``token`` is what the probe knows our header by (ASCII, no line ends). A request that waits for a server is answered
    503 after ``wait_seconds``. All methods belong to the event loop's thread.
    """

    def __init__(
        self,
        recorder: Recorder,
        live: LiveExchanges,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        token: str,
        wait_seconds: float = 10.0,
        head_limit: int = HEAD_LIMIT,
    ) -> None:
        self._hub = Hub(recorder, live, clock, token=token, wait_seconds=wait_seconds)
        self._routes = Routes(self._hub, head_limit=head_limit)
        self._server: asyncio.Server | None = None
        #: A request with the field ``gatescope-replay: <this>-<run>-<original>`` is recorded as that replay.
        self.replay_token = secrets.token_hex(16)
        self._hub.replay_prefix = self.replay_token.encode() + b"-"

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address. Raises OSError, when the port is taken for example."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: ClientConnection(self._hub, self._routes), host, port, backlog=2048
        )
        name = self._server.sockets[0].getsockname()
        return name[0], name[1]

    def route(self, upstream: Upstream | None, why: str = "", *, wait: bool = True) -> None:
        """Send new requests to ``upstream``; None: let them wait, and say ``why`` to those that wait too long.

        ``wait`` false: nobody will serve before somebody acts, so that requests are answered 503 at once.
        """
        self._routes.route(upstream, why, wait=wait)

    def in_flight(self, upstream: Upstream) -> int:
        """Requests that ``upstream`` has not completely answered; open WebSockets are not among them."""
        return self._routes.in_flight(upstream)

    def open_websockets(self, upstream: Upstream) -> int:
        """WebSockets, and other connections that have switched protocols."""
        return self._routes.open_websockets(upstream)

    @property
    def waiting(self) -> int:
        """Requests that are held until there is a route."""
        return self._hub.held

    async def drain(self, upstream: Upstream, *, limit: float, websocket_limit: float) -> bool:
        """Let what ``upstream`` has in flight finish; new requests must go elsewhere already.

        After ``limit`` seconds requests are cut, after ``websocket_limit`` WebSockets are closed with 1012 (service
        restart) on both sides. Returns whether no request had to be cut.
        """
        return await self._routes.drain(upstream, limit=limit, websocket_limit=websocket_limit)

    async def close(self) -> None:
        """Stop listening and end every connection; open exchanges fail."""
        self._routes.route(None, "the proxy is stopping")
        server, self._server = self._server, None
        if server is not None:
            server.close()
        await self._hub.close()
        if server is not None:
            await server.wait_closed()
