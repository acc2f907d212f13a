"""What the proxy's tests stand on: a recorder in memory, scripted peers on real sockets, and the proxy between them.

``Memory`` is an ``inspector.recording.Recorder``; ``test_with_the_trace_writer`` holds it against the real one.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import uvloop

from inspector.live import LiveExchanges
from inspector.model import Exchange, Instance, LogLine, ReplayResult, ReplayRun, Worker, WorkerEvent
from inspector.proxy.server import Proxy, Upstream
from inspector.recording import MessageRow

#: Generous: the machine may be busy. Nothing waits this long unless it is broken.
DEADLINE = 20.0


def on_uvloop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on the loop that production has."""
    return _on(uvloop.new_event_loop, test)


def on_asyncio(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on the standard library's loop."""
    return _on(asyncio.new_event_loop, test)


def _on(factory: Callable[[], Any], test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        errors: list[dict[str, Any]] = []

        async def guarded() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
            async with asyncio.timeout(DEADLINE):
                await test(*args, **kwargs)
            await asyncio.sleep(0)

        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(guarded())
        assert errors == []

    return run


async def until(condition: Callable[[], object]) -> None:
    """Wait until ``condition`` holds; the test's deadline bounds it."""
    while not condition():  # noqa: ASYNC110 - what it looks at are plain values of many objects
        await asyncio.sleep(0.002)


class Memory:
    """Keeps what it is told."""

    body_head = 4096
    body_tail = 512

    def __init__(self) -> None:
        self.exchanges: dict[int, Exchange] = {}
        self.rows: list[MessageRow] = []
        self.drops: dict[str, int] = {}
        self.finished: list[Exchange] = []
        self._ids = itertools.count(1)

    def new_id(self, table: str) -> int:
        assert table == "exchange"
        return next(self._ids)

    def touch(self, exchange: Exchange) -> None:
        self.exchanges[exchange.id] = exchange

    def message(self, exchange: Exchange, row: MessageRow) -> None:
        assert row[0] == exchange.id
        assert row[1] == exchange.messages
        assert row[3] == "wire"
        exchange.messages += 1
        self.rows.append(row)

    def dropped(self, what: str, count: int) -> None:
        self.drops[what] = self.drops.get(what, 0) + count

    def instance(self, instance: Instance) -> None: ...
    def worker(self, worker: Worker) -> None: ...
    def worker_event(self, event: WorkerEvent) -> None: ...
    def log(self, line: LogLine) -> None: ...
    def replay_run(self, run: ReplayRun) -> None: ...
    def replay_result(self, result: ReplayResult) -> None: ...

    def types(self, exchange: int = 1) -> list[str]:
        """The message types of an exchange, in order."""
        return [row[5] for row in self.rows if row[0] == exchange]

    def infos(self, kind: str) -> list[Any]:
        return [json.loads(row[10]) if row[10] else None for row in self.rows if row[5] == kind]


class Peer:
    """One end of a connection, driven by a test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read(self, size: int) -> bytes:
        return await self.reader.readexactly(size)

    async def expect(self, data: bytes) -> None:
        """The next bytes are these."""
        assert await self.reader.readexactly(len(data)) == data

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def response(self) -> tuple[bytes, bytes]:
        """Head and body of a response with a length."""
        head = await self.head()
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        return head, await self.read(length)

    async def rest(self) -> bytes:
        """All there is until the connection ends, however it does."""
        data = b""
        try:
            while chunk := await self.reader.read(65536):
                data += chunk
        except ConnectionError:
            return data + b"<reset>"
        return data

    def cut(self) -> None:
        """End the connection with a reset or a close, at once."""
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


class Stage:
    """The proxy, what it records, and a scripted server behind it."""

    def __init__(self, **options: Any) -> None:
        self.memory = Memory()
        self.live = LiveExchanges(self.memory, self.memory.finished.append)
        self.proxy = Proxy(self.memory, self.live, token="tok", **options)
        self.upstream = Upstream(7, "127.0.0.1", 1, probed=False)
        self.arrivals: asyncio.Queue[Peer] = asyncio.Queue()
        self.connections = 0
        self.address = ("", 0)
        self._server: asyncio.Server | None = None
        self._peers: list[Peer] = []

    async def start(self, *, probed: bool, scripted: bool) -> None:
        self.address = await self.proxy.start("127.0.0.1", 0)
        if scripted:
            self._server = await asyncio.start_server(self._arrive, "127.0.0.1", 0, limit=1 << 20)
            port = self._server.sockets[0].getsockname()[1]
            self.upstream = Upstream(7, "127.0.0.1", port, probed=probed)
            self.proxy.route(self.upstream)

    async def _arrive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        peer = Peer(reader, writer)
        self._peers.append(peer)
        self.arrivals.put_nowait(peer)

    async def client(self) -> Peer:
        peer = Peer(*await asyncio.open_connection(*self.address, limit=1 << 20))
        self._peers.append(peer)
        return peer

    async def server(self) -> Peer:
        """The server's end of the next connection that the proxy makes."""
        return await self.arrivals.get()

    async def done(self, count: int = 1) -> Exchange:
        """Wait for ``count`` exchanges to be over; the last of them."""
        await until(lambda: len(self.memory.finished) >= count)
        return self.memory.finished[count - 1]

    async def stop(self) -> None:
        await self.proxy.close()
        for peer in self._peers:
            await peer.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()


@asynccontextmanager
async def stage(*, probed: bool = False, scripted: bool = True, **options: Any) -> AsyncIterator[Stage]:
    """A proxy in front of a scripted server, all of it gone afterwards."""
    setting = Stage(**options)
    await setting.start(probed=probed, scripted=scripted)
    try:
        yield setting
    finally:
        await setting.stop()
