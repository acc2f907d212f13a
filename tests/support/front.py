"""A proxy that records, without workers behind it, and replays that go through it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from inspector.live import LiveExchanges
from inspector.proxy.server import Proxy, Upstream
from inspector.store.writer import TraceWriter
from supervisor.control.messages import ReplayStatus, StartReplay
from supervisor.replaying import Replays
from tests.support.plain_server import PlainServer

DEADLINE = 20.0


class Front:
    """A proxy that records to ``path``, without workers of ours behind it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = TraceWriter(path)
        self.live = LiveExchanges(self.writer)
        self.proxy = Proxy(self.writer, self.live, token="test")
        self.replayed: asyncio.Queue[ReplayStatus] = asyncio.Queue()
        self.replays = Replays(self.replayed.put_nowait)
        self.url = ""
        self.upstream: Upstream

    @contextlib.asynccontextmanager
    async def before(self, server: PlainServer) -> AsyncIterator[Front]:
        host, port = await self.proxy.start("127.0.0.1", 0)
        self.url = f"http://{host}:{port}"
        self.route(server)
        try:
            async with asyncio.timeout(DEADLINE):
                yield self
        finally:
            await self.replays.close()
            await self.proxy.close()
            self.writer.close()

    def route(self, server: PlainServer) -> None:
        host, _, port = server.host.partition(":")
        self.upstream = Upstream(1, host, int(port), probed=False)
        self.proxy.route(self.upstream)

    async def start(self, **fields: object) -> ReplayStatus:
        return await self.replays.start(
            app="demo", url=self.url, token=self.proxy.replay_token, recorder=self.writer, live=self.live,
            trace=str(self.path), command=StartReplay(id=1, **fields),
        )  # fmt: skip

    async def replay(self, **fields: object) -> ReplayStatus:
        """Start, and wait for the end, which is published like every step."""
        begun = await self.start(**fields)
        assert begun.state == "running"
        return await self.ended()

    async def ended(self) -> ReplayStatus:
        while (status := await self.replayed.get()).state == "running":
            pass
        return status

    async def flushed(self) -> None:
        await asyncio.to_thread(self.writer.flush)
