"""When the response was complete at the proxy, and how long its client did not take what there was for it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

import pytest

from inspector.model import Exchange, State
from tests.inspector.proxy.harness import Peer, Stage, on_asyncio, on_uvloop, stage, until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODY = bytes(60_000)  #: more than the small buffers below hold, and few enough to come in one read
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
MS = 1_000_000
both_loops = pytest.mark.parametrize("on", [on_uvloop, on_asyncio])


async def reluctant(setting: Stage) -> Peer:
    """A client that reads nothing for now, with little room in the kernel on its way."""
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    await asyncio.get_running_loop().sock_connect(sock, setting.address)
    client = Peer(*await asyncio.open_connection(sock=sock, limit=1 << 20))
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    setting._peers.append(client)
    await until(lambda: setting.proxy._hub.sockets)
    [connection] = setting.proxy._hub.sockets
    connection.transport.get_extra_info("socket").setsockopt(  # type: ignore[attr-defined]
        socket.SOL_SOCKET, socket.SO_SNDBUF, 2048
    )
    return client


def wakes(client: Peer) -> int:
    """It reads from now on; when that is."""
    client.writer.transport.resume_reading()  # type: ignore[attr-defined]
    return time.monotonic_ns()


async def answered(setting: Stage, client: Peer, response: bytes = LONG) -> tuple[Peer, Exchange]:
    """``response`` is complete at the proxy, and the client takes nothing of it."""
    await client.send(GET)
    server = await setting.server()
    await server.expect(GET)
    await server.send(response)
    await until(lambda: setting.memory.exchanges[1].answered_ns)
    return server, setting.memory.exchanges[1]


@both_loops
def test_an_exchange_is_over_when_its_client_has_taken_all(on: Callable[..., Callable[[], None]]) -> None:
    async def test() -> None:
        async with stage() as setting:
            client = await reluctant(setting)
            server, exchange = await answered(setting, client)
            await until(lambda: exchange.held_ns > 300 * MS)  # seen while it lasts
            assert (exchange.state, exchange.closed_ns) == (State.OPEN, 0)
            assert setting.proxy.in_flight(setting.upstream) == 0  # its server has done its part
            await client.send(GET)
            woken = wakes(client)
            await client.expect(LONG)
            await server.expect(GET)
            await server.send(OK)
            await client.expect(OK)
            await setting.done(2)
            assert (exchange.state, exchange.error) == (State.DONE, "")
            assert exchange.closed_ns >= woken > exchange.answered_ns >= exchange.first_byte_ns
            assert 300 * MS < exchange.held_ns <= exchange.closed_ns - exchange.first_byte_ns
            assert exchange.held_ns >= exchange.closed_ns - exchange.answered_ns - 20 * MS
            assert setting.memory.exchanges[2].held_ns == 0

    on(test)()


@on_uvloop
async def test_the_last_response_of_a_connection_is_taken_whole_before_it_closes() -> None:
    async with stage() as setting:
        client = await reluctant(setting)
        _, exchange = await answered(setting, client, LONG.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))
        await client.send(b"nothing that anybody reads")
        await until(lambda: exchange.held_ns)
        wakes(client)
        assert (await client.rest()).endswith(BODY)
        assert (await setting.done()).state == State.DONE


@on_uvloop
async def test_a_client_that_leaves_before_it_has_taken_all_has_left_early() -> None:
    async with stage() as setting:
        client = await reluctant(setting)
        _, exchange = await answered(setting, client)
        client.cut()
        assert await setting.done() is exchange
        assert (exchange.state, exchange.error) == (
            State.FAILED, "the client closed the connection before the response was complete",
        )  # fmt: skip
        assert exchange.closed_ns - exchange.answered_ns - 20 * MS <= exchange.held_ns > 0


@on_uvloop
async def test_a_proxy_that_stops_waits_for_no_client() -> None:
    async with stage() as setting:
        client = await reluctant(setting)
        _, exchange = await answered(setting, client)
        await setting.proxy.close()
        assert (exchange.state, exchange.error) == (State.FAILED, "the proxy was stopped")


@on_uvloop
async def test_a_client_that_is_slow_to_take_and_still_sends() -> None:
    """The server has answered early; the rest of the request passes while the client takes nothing."""
    async with stage() as setting:
        client = await reluctant(setting)
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\none")
        server = await setting.server()
        await server.head()
        await server.send(LONG)
        await until(lambda: setting.memory.exchanges[1].answered_ns)
        exchange = setting.memory.exchanges[1]
        assert exchange.closed_ns == 0
        woken = wakes(client)
        await client.expect(LONG)
        await until(lambda: exchange.closed_ns)
        closed = exchange.closed_ns
        assert closed >= woken
        assert exchange.state == State.OPEN
        await client.send(b"two")
        await server.expect(b"onetwo")
        assert await setting.done() is exchange
        assert (exchange.state, exchange.closed_ns) == (State.DONE, closed)


@on_uvloop
async def test_what_a_server_holds_back_is_told_from_what_its_application_took() -> None:
    async with stage(probed=True) as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none")
        await client.head()
        exchange = setting.memory.exchanges[1]
        exchange.started_ns = exchange.last_app_ns = time.monotonic_ns()  # as the collector hears of it
        await until(lambda: time.monotonic_ns() - exchange.last_app_ns > 30 * MS)
        await server.send(b"two")
        await client.expect(b"onetwo")
        assert exchange.answered_ns - exchange.last_app_ns > 30 * MS
        assert exchange.closed_ns == exchange.answered_ns
        assert exchange.held_ns == 0


@on_uvloop
async def test_what_is_no_whole_response_of_the_server_was_never_answered() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none")
        await server.close()
        await client.rest()
        exchange = await setting.done()
        assert (exchange.state, exchange.answered_ns) == (State.FAILED, 0)
        assert exchange.closed_ns
