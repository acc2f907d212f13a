"""After 101: WebSocket messages are seen on both sides and never touched; other protocols pass unread."""

from __future__ import annotations

import asyncio
import zlib

import pytest

from inspector.model import Kind, State
from inspector.proxy import routes, tunnel
from inspector.wire.frames import close_frame
from tests.inspector.proxy.harness import Peer, Stage, on_asyncio, on_uvloop, stage, until

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
DEFLATE = SWITCH.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
MASK = b"\x01\x02\x03\x04"


def masked(first: int, payload: bytes) -> bytes:
    return bytes((first, 0x80 | len(payload))) + MASK + bytes(b ^ MASK[i & 3] for i, b in enumerate(payload))


async def opened(setting: Stage, switch: bytes = SWITCH) -> tuple[Peer, Peer]:
    client = await setting.client()
    await client.send(HANDSHAKE)
    server = await setting.server()
    await server.expect(HANDSHAKE)
    await server.send(switch)
    await client.expect(switch)
    return client, server


def frames(setting: Stage) -> list[tuple[str, str, bytes | None]]:
    return [(row[4], row[5], row[7]) for row in setting.memory.rows if row[5].startswith("ws.")]


@pytest.mark.parametrize("on", [on_uvloop, on_asyncio])
def test_frames_pass_as_they_are_and_are_read_on_the_side(on: object) -> None:
    async def run() -> None:
        async with stage() as setting:
            client, server = await opened(setting)
            exchange = setting.memory.exchanges[1]
            assert (exchange.kind, exchange.status, exchange.state) == (Kind.WEBSOCKET, 101, State.OPEN)
            assert setting.proxy.open_websockets(setting.upstream) == 1
            assert setting.proxy.in_flight(setting.upstream) == 0
            for frame in (masked(0x01, b"hel"), masked(0x89, b"?"), masked(0x80, b"lo")):
                await client.send(frame)
                await server.expect(frame)
            await server.send(b"\x8a\x01?\x82\x02\x00\xff")
            await client.expect(b"\x8a\x01?\x82\x02\x00\xff")
            await client.send(masked(0x88, b"\x03\xe8bye"))
            await server.expect(masked(0x88, b"\x03\xe8bye"))
            await server.send(close_frame(1000, ""))
            await server.close()
            assert await client.rest() == close_frame(1000, "")
            await setting.done()
            assert (exchange.state, exchange.error) == (State.DONE, "")
            assert frames(setting) == [
                ("in", "ws.ping", b"?"),
                ("in", "ws.text", b"hello"),
                ("out", "ws.pong", b"?"),
                ("out", "ws.binary", b"\x00\xff"),
                ("in", "ws.close", b"\x03\xe8bye"),
                ("out", "ws.close", b"\x03\xe8"),
            ]
            assert setting.memory.infos("ws.text") == [{"frames": 2}]
            assert setting.memory.infos("ws.close") == [
                {"code": 1000, "reason": "bye"},
                {"code": 1000, "reason": ""},
            ]
            assert setting.proxy.open_websockets(setting.upstream) == 0

    on(run)()  # type: ignore[operator]


@on_uvloop
async def test_compressed_messages_are_recorded_inflated() -> None:
    async with stage() as setting:
        client, server = await opened(setting, DEFLATE)
        deflater = zlib.compressobj(wbits=-15)
        for _ in range(2):  # the second needs the first one's context
            payload = (deflater.compress(b"again and again") + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]
            await client.send(masked(0xC1, payload))
            await server.expect(masked(0xC1, payload))
        await until(lambda: len(frames(setting)) == 2)
        assert frames(setting) == [("in", "ws.text", b"again and again")] * 2
        assert setting.memory.infos("ws.text")[1]["inflated"] is True


@on_uvloop
async def test_frames_that_come_with_the_handshake() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(HANDSHAKE + masked(0x81, b"early"))
        server = await setting.server()
        await server.expect(HANDSHAKE)
        await server.send(SWITCH + b"\x81\x02hi")
        await client.expect(SWITCH + b"\x81\x02hi")
        await server.expect(masked(0x81, b"early"))
        await until(lambda: len(frames(setting)) == 2)


@pytest.mark.parametrize(("side", "who"), [("client", "client.gone"), ("server", "upstream.gone")])
@on_uvloop
async def test_an_end_without_a_closing_handshake(side: str, who: str) -> None:
    async with stage() as setting:
        client, server = await opened(setting)
        gone, left = (client, server) if side == "client" else (server, client)
        gone.cut()
        assert await left.rest() in (b"", b"<reset>")
        exchange = await setting.done()
        assert exchange.error == f"the {side} closed the connection without a closing handshake (1006)"
        assert setting.memory.types()[-1] == who


@on_uvloop
async def test_what_is_no_frame_passes_unread() -> None:
    async with stage() as setting:
        client, server = await opened(setting)
        await client.send(b"\xff" * 10)
        await server.expect(b"\xff" * 10)
        await client.send(b"more")
        await server.expect(b"more")
        exchange = setting.memory.exchanges[1]
        await until(lambda: exchange.dropped)
        assert (exchange.dropped, list(setting.memory.drops.values())) == (1, [1])
        await server.close()
        assert (await setting.done()).state == State.DONE


@on_uvloop
async def test_a_refused_handshake_is_an_ordinary_answer() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(HANDSHAKE)
        server = await setting.server()
        await server.head()
        answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
        await server.send(answer)
        await client.expect(answer)
        exchange = await setting.done()
        assert (exchange.kind, exchange.status, exchange.state) == (Kind.WEBSOCKET, 403, State.DONE)


@on_uvloop
async def test_another_protocol_passes_unread() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(HANDSHAKE.replace(b"websocket", b"other/1"))
        server = await setting.server()
        await server.head()
        switch = SWITCH.replace(b"websocket", b"other/1")
        await server.send(switch)
        await client.expect(switch)
        await client.send(b"anything")
        await server.expect(b"anything")
        await server.send(b"whatever")
        await client.expect(b"whatever")
        await client.close()
        exchange = await setting.done()
        assert (exchange.kind, exchange.state) == (Kind.HTTP, State.DONE)
        assert (exchange.request_body.head, exchange.response_body.head) == (b"anything", b"whatever")


@on_uvloop
async def test_a_switch_before_the_request_is_complete_is_refused() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(HANDSHAKE.replace(b"Host", b"Content-Length: 4\r\nHost"))
        server = await setting.server()
        await server.head()
        await server.send(SWITCH)
        assert (await client.head()).startswith(b"HTTP/1.1 502 ")


@on_uvloop
async def test_a_slow_reader_holds_the_other_side_back() -> None:
    async with stage() as setting:
        client, server = await opened(setting)
        frame = b"\x82\x7e\xff\xff" + bytes(65535)
        sent = 0

        async def flood() -> None:
            nonlocal sent
            for _ in range(400):
                await server.send(frame)
                sent += 1

        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        flooding = asyncio.create_task(flood())
        before = -1
        while before != sent or sent == 0:
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 300
        client.reader._transport.resume_reading()  # type: ignore[attr-defined]
        await client.read(400 * len(frame))
        await flooding
        await until(lambda: len(frames(setting)) == 400)
        assert setting.memory.exchanges[1].held_ns >= 100_000_000  # it was seen to stand still for that long


@on_uvloop
async def test_a_drain_says_goodbye_to_both_sides() -> None:
    async with stage() as setting:
        client, server = await opened(setting)
        setting.proxy.route(None)
        draining = asyncio.create_task(setting.proxy.drain(setting.upstream, limit=1, websocket_limit=0.02))
        goodbye = close_frame(tunnel.SERVICE_RESTART, "service restart")
        await client.expect(goodbye)
        assert (await server.read(len(goodbye) + 4))[:2] == b"\x88\x91"  # the same, masked
        await server.send(b"\x81\x04late")  # crosses it; nothing may follow a close frame
        await server.send(close_frame(1012, ""))
        assert await server.rest() == b""
        assert await client.rest() == b""
        assert await draining is True
        exchange = await setting.done()
        assert (exchange.state, exchange.error) == (State.DONE, "")
        assert setting.memory.infos("ws.close")[0] == {"code": 1012, "reason": "service restart", "from": "proxy"}


@on_uvloop
async def test_a_drain_does_not_wait_for_an_answer_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "ANSWER_SECONDS", 0.05)
    async with stage() as setting:
        client, server = await opened(setting)
        assert await setting.proxy.drain(setting.upstream, limit=1, websocket_limit=0.02) is True
        assert (await client.rest()).startswith(b"\x88")
        await server.rest()
        assert setting.proxy.open_websockets(setting.upstream) == 0


@on_uvloop
async def test_a_drain_cuts_where_no_frame_can_be_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "HANDSHAKE_SECONDS", 0.05)
    async with stage() as setting:
        client, server = await opened(setting)
        await server.send(b"\x81\x05he")
        await client.expect(b"\x81\x05he")
        assert await setting.proxy.drain(setting.upstream, limit=1, websocket_limit=0.02) is True
        assert await client.rest() in (b"", b"<reset>")
        assert (await setting.done()).error == "it was cut when its server was stopped"


@on_uvloop
async def test_a_handshake_that_completes_during_a_drain_is_drained_too() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(HANDSHAKE)
        server = await setting.server()
        await server.head()
        setting.proxy.route(None)
        draining = asyncio.create_task(setting.proxy.drain(setting.upstream, limit=5, websocket_limit=0))
        await until(lambda: setting.proxy._routes._pools[setting.upstream].draining)
        await server.send(SWITCH)
        await client.expect(SWITCH)
        await client.expect(close_frame(tunnel.SERVICE_RESTART, "service restart"))
        await client.close()
        assert await draining is True


@on_uvloop
async def test_closing_the_proxy_ends_tunnels() -> None:
    async with stage() as setting:
        client, server = await opened(setting)
        await setting.proxy.close()
        assert await client.rest() in (b"", b"<reset>")
        assert await server.rest() in (b"", b"<reset>")
        assert (await setting.done()).error == "the proxy was stopped"
