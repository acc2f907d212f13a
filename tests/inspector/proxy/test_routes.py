"""Holding, switching and draining: no request is dropped because a server is replaced."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from inspector.model import State
from inspector.proxy.server import Proxy, Upstream
from tests.inspector.proxy.harness import Memory, Peer, Stage, on_asyncio, on_uvloop, stage, until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"


async def second_upstream(setting: Stage) -> tuple[Upstream, asyncio.Queue[Peer], asyncio.Server]:
    queue: asyncio.Queue[Peer] = asyncio.Queue()

    async def arrive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        setting._peers.append(peer)
        queue.put_nowait(peer)

    server = await asyncio.start_server(arrive, "127.0.0.1", 0)
    return Upstream(8, "127.0.0.1", server.sockets[0].getsockname()[1], probed=False), queue, server


@on_uvloop
async def test_without_a_server_requests_wait_and_then_are_told_why() -> None:
    async with stage(wait_seconds=0.05) as setting:
        setting.proxy.route(None, "the code is being loaded anew")
        client = await setting.client()
        await client.send(POST)
        head, body = await client.response()
        assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"It waited 0.05 s for a server: the code is being loaded anew." in body
        assert b"Gatescope" in body
        exchange = await setting.done()
        assert (exchange.status, exchange.state, exchange.instance) == (503, State.FAILED, 0)
        assert setting.connections == 0


@on_uvloop
async def test_where_none_is_to_come_nobody_waits() -> None:
    async with stage(wait_seconds=60) as setting:
        setting.proxy.route(None, "it is starting")
        early, late = await setting.client(), await setting.client()
        await early.send(GET)
        await until(lambda: setting.proxy.waiting == 1)
        setting.proxy.route(None, "The workers die again and again.", wait=False)
        _, body = await early.response()
        assert b"No server: The workers die again and again." in body
        await late.send(GET)
        head, body = await late.response()
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"again and again" in body
        assert setting.proxy.waiting == 0
        setting.proxy.route(None, "it is starting")
        waits = await setting.client()
        await waits.send(GET)
        await until(lambda: setting.proxy.waiting == 1)
        waits.cut()
        await until(lambda: setting.proxy.waiting == 0)


@on_uvloop
async def test_what_waits_goes_to_the_next_server_in_order() -> None:
    async with stage() as setting:
        setting.proxy.route(None)
        clients = []
        for number in range(3):
            client = await setting.client()
            await client.send(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
            await until(lambda number=number: setting.proxy.waiting == number + 1)
            clients.append(client)
        gone = await setting.client()
        await gone.send(GET)
        await until(lambda: setting.proxy.waiting == 4)
        gone.cut()
        await until(lambda: setting.proxy.waiting == 3)
        setting.proxy.route(setting.upstream)
        for _ in clients:
            server = await setting.server()
            await server.head()
            await server.send(OK)
        for client in clients:
            await client.expect(OK)
        assert sorted(each.state for each in setting.memory.finished) == [State.DONE] * 3 + [State.FAILED]


@on_uvloop
async def test_a_switch_leaves_what_is_in_flight_where_it_is() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        old = await setting.server()
        await old.head()
        idle = await setting.client()
        await idle.send(GET)
        idle_server = await setting.server()
        await idle_server.head()
        await idle_server.send(OK)
        await idle.expect(OK)
        upstream, queue, server = await second_upstream(setting)
        setting.proxy.route(upstream)
        draining = asyncio.create_task(setting.proxy.drain(setting.upstream, limit=10, websocket_limit=10))
        assert await idle_server.rest() == b""  # what was idle is closed at once
        assert setting.proxy.in_flight(setting.upstream) == 1
        other = await setting.client()
        await other.send(GET)
        new = await queue.get()
        await new.head()
        await new.send(OK)
        await other.expect(OK)
        assert not draining.done()
        await old.send(OK)
        await client.expect(OK)
        assert await draining is True
        assert await old.rest() == b""
        assert setting.proxy.in_flight(setting.upstream) == 0
        await client.send(GET)  # the client's connection goes on, with the new server
        newer = await queue.get()
        await newer.head()
        await newer.send(OK)
        await client.expect(OK)
        server.close()


@on_asyncio
async def test_a_drain_has_a_limit() -> None:
    async with stage() as setting:
        silent, streaming = await setting.client(), await setting.client()
        await silent.send(GET)
        await (await setting.server()).head()
        await streaming.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        await streaming.head()
        setting.proxy.route(None)
        assert await setting.proxy.drain(setting.upstream, limit=0.05, websocket_limit=1) is False
        head, body = await silent.response()
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"cut off" in body
        assert b"1\r\nx\r\n" in await streaming.rest()
        assert {each.state for each in setting.memory.finished} == {State.FAILED}
        assert setting.proxy.in_flight(setting.upstream) == 0
        assert await setting.proxy.drain(setting.upstream, limit=0, websocket_limit=0) is True


@on_uvloop
async def test_requests_to_a_draining_server_wait_for_the_next() -> None:
    async with stage() as setting:
        assert await setting.proxy.drain(setting.upstream, limit=1, websocket_limit=1) is True
        client = await setting.client()
        await client.send(GET)
        await until(lambda: setting.proxy.waiting == 1)
        setting.proxy.route(setting.upstream)  # back again
        server = await setting.server()
        await server.head()
        await server.send(OK)
        await client.expect(OK)


@on_uvloop
async def test_no_request_is_lost_while_servers_change_under_load() -> None:
    async with stage() as setting:
        upstream, queue, server = await second_upstream(setting)
        answered = 0

        async def serve(peers: asyncio.Queue[Peer]) -> None:
            async def answer(peer: Peer) -> None:
                with contextlib.suppress(asyncio.IncompleteReadError):
                    while True:
                        await peer.head()
                        await peer.send(OK)

            async with asyncio.TaskGroup() as group:
                while True:
                    group.create_task(answer(await peers.get()))

        async def load() -> None:
            nonlocal answered
            client = await setting.client()
            for number in range(150):
                await client.send(GET if number % 3 else POST[:-4].replace(b"4", b"0"))
                await client.expect(OK)
                answered += 1

        servers = [asyncio.create_task(serve(each)) for each in (setting.arrivals, queue)]
        loads = [asyncio.create_task(load()) for _ in range(4)]
        routes = [setting.upstream, upstream]
        for number in range(6):
            await until(lambda number=number: answered >= number * 80)
            now, before = routes[(number + 1) % 2], routes[number % 2]
            setting.proxy.route(now)
            assert await setting.proxy.drain(before, limit=10, websocket_limit=1) is True
        await asyncio.gather(*loads)
        assert answered == 600
        assert {each.state for each in setting.memory.finished} == {State.DONE}
        for task in servers:
            task.cancel()
        await asyncio.gather(*servers, return_exceptions=True)
        server.close()


@on_uvloop
async def test_a_port_that_is_taken_is_said_at_once() -> None:
    async with stage(scripted=False) as setting:
        other = Proxy(Memory(), setting.live, token="t")
        with pytest.raises(OSError, match="in use"):
            await other.start(*setting.address)
        await other.close()


@on_uvloop
async def test_closing_ends_everything() -> None:
    async with stage() as setting:
        client, held = await setting.client(), await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        setting.proxy.route(None)
        await held.send(GET)
        await until(lambda: setting.proxy.waiting)
        await setting.proxy.close()
        assert await server.rest() in (b"", b"<reset>")
        assert await client.rest() in (b"", b"<reset>")
        assert await held.rest() in (b"", b"<reset>")
        assert [each.error for each in setting.memory.finished] == ["the proxy was stopped"] * 2
