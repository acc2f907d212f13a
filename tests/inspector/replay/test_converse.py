"""WebSockets against a server of the test's own, which sees the handshake's bytes and misbehaves as it is told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from inspector.model import Exchange, Kind
from inspector.replay.connecting import Address
from inspector.replay.converse import Pace, Speaker
from inspector.replay.dialogue import CLOSE, Script, Turn
from inspector.replay.handshake import Opening
from inspector.replay.landing import Answered
from inspector.sequences import CLIENT, NOT_CLOSED, SERVER, Ending
from inspector.wire.frames import close_frame

HEAD = (
    b"GET /ws?a=b HTTP/1.1\r\nAccept: x\r\nHOST: recorded\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: b2xk\r\nsec-websocket-version: 13\r\n%s\r\n"
)
Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


def accept(head: bytes, *lines: bytes) -> bytes:
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", head)[1]
    token = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    fields = b"".join(line + b"\r\n" for line in (b"Sec-WebSocket-Accept: " + token, *lines))
    return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + fields + b"\r\n"


def said(text: bytes, first: int = 0x81) -> bytes:
    return bytes((first, len(text))) + text


def conversed(answering: Answering, told: Script, *lines: bytes, **how: Any) -> tuple[Answered, list[bytes], list[int]]:
    """What came of a script: the answer, the heads that the server saw, and the turns that were over."""
    head = HEAD % b"".join(line + b"\r\n" for line in lines)
    original = Exchange(1, kind=Kind.WEBSOCKET, method="GET", target="/ws?a=b", request_head=head, status=101)
    heads: list[bytes] = []
    over: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            await answering(reader, writer, heads[-1])
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def before(_turn: Turn) -> None:
        pass

    async def scenario() -> Answered:
        pace = Pace(how.get("factor"), how.get("wait", 5.0), before, lambda turn: over.append(turn.t_ns))
        clock = asyncio.get_running_loop().time
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            speaker = Speaker(Address(url), lambda: int(clock() * 1e9), body_head=100, body_tail=10)
            return await speaker.hold(Opening(original), told, pace, seconds=how.get("seconds", 20.0), opened=opened)

    def opened() -> None:
        pass

    return asyncio.run(scenario()), heads, over


async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    """Agrees, says hello, and closes."""
    writer.write(accept(head) + said(b"hello") + close_frame(1000, "bye"))
    await reader.read()


def test_the_handshake_is_the_recorded_one_but_for_its_key():
    lines = (b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", b"X-Last: \xe9")
    answered, [head], _ = conversed(polite, Script(heard=1, ending=Ending(SERVER, 1000, "bye")), *lines)
    key = re.search(rb"Key: (\S+)", head)[1]
    assert head == (HEAD % b"".join(line + b"\r\n" for line in lines)).replace(b"b2xk", key)
    assert answered.error == ""
    assert [item.body.head for item in answered.conversation.said] == [b"hello"]
    assert answered.conversation.ending == Ending(SERVER, 1000, "bye", 1000)
    assert [one.type for one in answered.passed] == ["ws.text", "ws.close", "ws.close"]


@pytest.mark.parametrize(
    ("offered", "sent"),
    [
        (
            b"x-odd; a=1, permessage-deflate; server_max_window_bits=10",
            b"permessage-deflate; server_max_window_bits=10",
        ),
        (b"permessage-deflate; client_max_window_bits=8", b""),
        (b"permessage-deflate; nonsense", b""),
        (b"x-odd", b""),
        (b"=", b""),
    ],
)
def test_what_is_offered_is_what_can_be_done(offered, sent):
    _, [head], _ = conversed(polite, Script(), b"Sec-WebSocket-Extensions: " + offered)
    found = re.findall(rb"Extensions: ([^\r]*)", head)
    assert found == ([sent] if sent else [])


def test_fragments_are_one_message_and_pings_are_none():
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        pieces = said(b"hel", 0x01) + said(b"?", 0x89) + said(b"l" * 100, 0x00) + said(b"o" * 50, 0x80)
        writer.write(accept(head) + pieces + close_frame(1000, ""))
        await reader.read()

    answered, _, _ = conversed(answering, Script(heard=1, ending=Ending(SERVER, 1000)))
    [item] = answered.conversation.said
    assert (item.kind, item.body.size, len(item.body.head), item.body.tail) == ("text", 153, 100, b"o" * 10)


def test_a_turn_waits_for_what_came_before_it_but_not_for_ever():
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(accept(head))
        for _ in range(2):
            await reader.readexactly(2 + 4 + 1)
            writer.write(said(b"answer"))
        await reader.read(1)
        writer.write(close_frame(4000, ""))

    turns = (Turn("ws.text", b"a", heard=1), Turn("ws.text", b"b", heard=2), Turn(CLOSE, code=4000, heard=3))
    told = Script(turns, 3, Ending(CLIENT, 4000))
    answered, _, over = conversed(answering, told, wait=0.1)  # the first of three never comes
    assert [item.body.head for item in answered.conversation.said] == [b"answer", b"answer"]
    assert (answered.conversation.ending, answered.error, len(over)) == (Ending(CLIENT, 4000, "", 4000), "", 3)
    first, second = (one.t_ns for one in answered.passed if one.type == "ws.text" and one.direction == "in")
    assert second - first < 10**8  # it was waited for once


def test_one_that_is_open_still_is_left():
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(accept(head))
        data = await reader.read(100)
        writer.write(close_frame(1001, "") if data[:1] == b"\x88" else b"")

    answered, _, _ = conversed(answering, Script(ending=Ending(SERVER, 1000)), wait=0.05)
    assert (answered.conversation.ending, answered.error) == (Ending(), "")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "closed before its handshake was answered"),
        (b"nonsense\r\n\r\n", "closed before its handshake was answered"),
        (b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "answered wrongly"),
    ],
)
def test_a_handshake_that_fails(answer, error):
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(answer)

    answered, _, over = conversed(answering, Script((Turn("ws.text", b"x", t_ns=7),)))
    assert error in answered.error
    assert over == [7]


def test_a_refusal_is_an_answer():
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(b"HTTP/1.1 403 No\r\nX-Why: so\r\nContent-Length: 2\r\n\r\nno")

    answered, _, _ = conversed(answering, Script())
    assert (answered.status, answered.body.head, answered.error, answered.conversation) == (403, b"no", "", None)
    assert answered.head == b"HTTP/1.1 403 No\r\nX-Why: so\r\nContent-Length: 2\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "ending", "error"),
    [
        (b"\x83\x00", Ending(), "no valid WebSocket message"),
        (b"", Ending(CLIENT, 1000), "without a closing handshake"),
        (b"", Ending(SERVER, NOT_CLOSED), ""),
    ],
)
def test_a_server_that_breaks_off(sent, ending, error):
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(accept(head) + sent)
        if sent:
            await reader.read()

    answered, _, _ = conversed(answering, Script(heard=1, ending=ending))
    assert error in answered.error
    assert bool(error) == bool(answered.error)


def test_a_server_that_takes_nothing():
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(accept(head))
        writer.transport.pause_reading()
        await asyncio.sleep(1)

    answered, _, over = conversed(answering, Script((Turn("ws.binary", b"x" * 2**25),) * 3), seconds=0.3)
    assert (answered.error, len(over)) == ("the server took nothing more within 0.3 s", 3)


def test_one_that_takes_too_long():
    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await reader.read()

    answered, _, _ = conversed(answering, Script(), seconds=0.1)
    assert answered.error == "its handshake was not answered within 0.1 s"


def test_nobody_there():
    async def scenario() -> Answered:
        speaker = Speaker(Address("http://127.0.0.1:9"), lambda: 0, body_head=1, body_tail=1)
        opening = Opening(Exchange(1, target="/", request_head=b"GET / HTTP/1.1\r\n\r\n"))
        pace = Pace(None, 1.0, lambda _: asyncio.sleep(0), lambda _: None)
        return await speaker.hold(opening, Script(), pace, seconds=5, opened=lambda: None)

    assert "nothing could be reached" in asyncio.run(scenario()).error
