"""Which upstream new requests go to, and how one is left without losing a request. Knows no bytes."""

from __future__ import annotations

import asyncio

from inspector.proxy.hub import Hub, Upstream
from inspector.proxy.upstream import Pool

#: Seconds for both ends of a WebSocket to answer the close frame they were sent.
HANDSHAKE_SECONDS = 1.5


class Routes:
    """The pools of all upstreams in use, and the one that new requests go to."""

    def __init__(self, hub: Hub, *, head_limit: int) -> None:
        self.head_limit = head_limit
        self.current: Pool | None = None
        self._hub = hub
        self._pools: dict[Upstream, Pool] = {}

    def route(self, upstream: Upstream | None, why: str = "", *, wait: bool = True) -> None:
        """From now on requests go to ``upstream``; None: they wait, because of ``why``, or do not."""
        self._hub.patient = wait
        if upstream is None:
            self.current = None
            self._hub.why = why or "none is running"
            if not wait:
                self._hub.refuse_held()
            return
        pool = self._pools.get(upstream)
        if pool is None or pool.draining:
            pool = self._pools[upstream] = Pool(self._hub, upstream)
        self.current = pool
        self._hub.release_held()

    def in_flight(self, upstream: Upstream) -> int:
        """Requests that it has not completely answered; WebSockets count only until they are open."""
        pool = self._pools.get(upstream)
        return len(pool.clients) if pool is not None else 0

    def open_websockets(self, upstream: Upstream) -> int:
        """Connections to it that have switched protocols."""
        pool = self._pools.get(upstream)
        return len(pool.tunnels) if pool is not None else 0

    async def drain(self, upstream: Upstream, *, limit: float, websocket_limit: float) -> bool:
        """Let what is in flight finish; whether no request had to be cut."""
        pool = self._pools.get(upstream)
        if pool is None:
            return True
        pool.drain()
        whole, _ = await asyncio.gather(_finish_requests(pool, limit), _finish_tunnels(pool, websocket_limit))
        await _finish_tunnels(pool, 0)  # a handshake may have been among the requests
        if self._pools.get(upstream) is pool:
            del self._pools[upstream]
        return whole


async def _finish_requests(pool: Pool, limit: float) -> bool:
    if await pool.empty(pool.clients, limit):
        return True
    for client in list(pool.clients):
        client.cut_off(f"it was still running {limit:g} s after its server was told to finish")
    return False


async def _finish_tunnels(pool: Pool, limit: float) -> None:
    if await pool.empty(pool.tunnels, limit):
        return
    for tunnel in list(pool.tunnels):
        tunnel.retire()
    await pool.empty(pool.tunnels, HANDSHAKE_SECONDS)
