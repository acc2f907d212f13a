"""What goes wrong: either side gone, bytes that break the protocol, no server. Everybody is told why."""

from __future__ import annotations

import asyncio
import socket

import pytest

from inspector.model import State
from inspector.proxy import downstream
from inspector.proxy.server import Upstream
from tests.inspector.proxy.harness import on_uvloop, stage, until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"


@on_uvloop
async def test_a_client_that_goes_is_noticed_by_the_server() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await client.close()
        assert await server.rest() in (b"", b"<reset>")
        exchange = await setting.done()
        assert (exchange.state, exchange.status) == (State.FAILED, 0)
        assert exchange.error == "the client closed the connection before the response was complete"
        assert setting.memory.types() == ["request.head", "client.gone"]
        assert setting.proxy.in_flight(setting.upstream) == 0


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"GET / HT", "the client closed the connection before its request's head was complete"),
        (POST + b"12", "the client closed the connection before its request was complete"),
    ],
)
@on_uvloop
async def test_a_client_that_goes_in_the_middle_of_its_request(sent: bytes, error: str) -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(sent)
        await until(lambda: setting.memory.exchanges)
        if b"POST" in sent:
            server = await setting.server()
            await server.head()
            await server.expect(b"12")
        client.cut()
        exchange = await setting.done()
        assert exchange.error == error
        assert sent.startswith(exchange.request_head)
        assert exchange.request_head
        assert exchange.request_body.head == sent.partition(b"\r\n\r\n")[2]


@on_uvloop
async def test_a_client_that_goes_in_the_middle_of_a_response() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        await client.head()
        client.cut()
        assert await server.rest() in (b"", b"<reset>")
        exchange = await setting.done()
        assert (exchange.status, exchange.response_body.head) == (200, b"some")


@on_uvloop
async def test_an_idle_client_may_go_without_a_word() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"\r\n")
        await client.close()
        assert setting.memory.exchanges == {}


@on_uvloop
async def test_a_server_that_goes_before_answering_is_a_502() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(POST + b"body")
        server = await setting.server()
        await server.head()
        await server.close()
        head, body = await client.response()
        assert head.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
        assert b"closed the connection without an answer" in body
        assert b"Gatescope" in body
        exchange = await setting.done()
        assert (exchange.status, exchange.state) == (502, State.FAILED)
        assert exchange.response_body.head == body
        assert setting.memory.types() == ["request.head", "request.body", "upstream.gone", "response.head"]
        assert await client.rest() == b""


@on_uvloop
async def test_a_server_that_goes_after_a_part_of_its_head_is_a_502() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(b"HTTP/1.1 200 OK\r\nX:")
        await server.close()
        assert (await client.head()).startswith(b"HTTP/1.1 502 ")


@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
@on_uvloop
async def test_a_server_that_goes_in_the_middle_cuts_the_client(framing: bytes) -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        part = b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n5\r\nhello\r\n"
        await server.send(part)
        await client.expect(part)
        await server.close()
        assert await client.rest() in (b"", b"<reset>")
        exchange = await setting.done()
        assert exchange.error == "the server closed the connection before its response was complete"
        assert (exchange.status, exchange.state) == (200, State.FAILED)
        assert setting.memory.types()[-1] == "upstream.gone"


@on_uvloop
async def test_a_reset_does_not_look_like_the_end_of_a_body_without_length() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        part = b"HTTP/1.1 200 OK\r\n\r\nsome"
        await server.send(part)
        await client.expect(part)
        raw = server.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, downstream._RESET)
        server.cut()
        assert await client.rest() == b"<reset>"
        assert (await setting.done()).state == State.FAILED


@on_uvloop
async def test_a_kept_connection_that_was_just_closed_loses_no_request() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        stale = await setting.server()
        await stale.head()
        await stale.send(OK)
        await client.expect(OK)
        await client.send(GET)
        await stale.head()
        await stale.close()  # as a server does whose keep-alive time is over
        fresh = await setting.server()
        await fresh.expect(GET)
        await fresh.send(OK)
        await client.expect(OK)
        exchange = await setting.done(2)
        assert (exchange.state, exchange.error) == (State.DONE, "")
        assert setting.connections == 2


@on_uvloop
async def test_it_is_tried_again_once_only() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(OK)
        await client.expect(OK)
        await client.send(GET)
        await server.head()
        await server.close()
        again = await setting.server()
        await again.head()
        await again.close()
        assert (await client.head()).startswith(b"HTTP/1.1 502 ")
        assert setting.connections == 2


@on_uvloop
async def test_what_must_not_be_done_twice_is_sent_once_though_nobody_was_called() -> None:
    async with stage(probed=True) as setting:
        client = await setting.client()
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        server = await setting.server()
        await server.head()
        await server.expect(b"abc")
        await server.close()
        assert (await client.head()).startswith(b"HTTP/1.1 502 ")
        assert setting.connections == 1


@pytest.mark.parametrize("called", [False, True])
@on_uvloop
async def test_a_request_that_reached_the_application_is_not_sent_again(called: bool) -> None:
    async with stage(probed=True) as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(OK)
        await client.expect(OK)
        await client.send(GET)
        await server.head()
        if called:  # the collector's news comes on another way, perhaps after the connection's end
            asyncio.get_running_loop().call_later(0.01, setattr, setting.memory.exchanges[2], "called_ns", 5)
        await server.close()
        if called:
            head, body = await client.response()
            assert head.startswith(b"HTTP/1.1 502 ")
            assert b"worker probably died" in body
            assert setting.connections == 1
        else:
            fresh = await setting.server()
            await fresh.head()
            await fresh.send(OK)
            await client.expect(OK)


@on_uvloop
async def test_a_client_that_goes_while_its_request_is_about_to_be_repeated() -> None:
    async with stage(probed=True) as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(OK)
        await client.expect(OK)
        await client.send(GET)
        await server.head()
        await server.close()
        client.cut()
        await until(lambda: setting.memory.exchanges[2].closed_ns)
        await asyncio.sleep(2 * downstream.NEWS_SECONDS)  # nothing may happen in this time
        assert setting.connections == 1


@on_uvloop
async def test_no_server_at_the_address_is_a_502_that_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downstream, "CONNECT_SECONDS", 0.1)
    async with stage(scripted=False) as setting:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        setting.proxy.route(Upstream(1, "127.0.0.1", port, probed=True))
        client = await setting.client()
        await client.send(GET)
        head, body = await client.response()
        assert head.startswith(b"HTTP/1.1 502 ")
        assert f"127.0.0.1:{port}".encode() in body
        assert b"refused" in body
        exchange = await setting.done()
        assert (exchange.state, exchange.status) == (State.FAILED, 502)


@on_uvloop
async def test_a_refused_connection_is_tried_again_and_goes_where_the_route_leads() -> None:
    async with stage() as setting:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        good = setting.upstream
        dead = Upstream(1, "127.0.0.1", port, probed=False)
        setting.proxy.route(dead)
        client = await setting.client()
        await client.send(POST + b"body")
        await until(lambda: setting.proxy.in_flight(dead))
        setting.proxy.route(good)
        server = await setting.server()
        await server.expect(POST + b"body")
        await server.send(OK)
        await client.expect(OK)
        assert (await setting.done()).instance == 7
        assert setting.proxy.in_flight(dead) == 0


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"<html>", b"does not start with HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"differ"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", b"did not ask"),
    ],
)
@on_uvloop
async def test_a_response_with_two_readings_is_a_502(answer: bytes, why: bytes) -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(answer)
        head, body = await client.response()
        assert head.startswith(b"HTTP/1.1 502 ")
        assert why in body
        assert await server.rest() in (b"", b"<reset>")
        assert "malformed" in (await setting.done()).error


@on_uvloop
async def test_chunks_that_stop_making_sense_cut_the_client() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        await client.head()
        await server.send(b"nonsense\r\n")
        assert (await client.rest()).startswith(b"2\r\nab\r\n")
        assert "malformed" in (await setting.done()).error


HOSTILE = [
    (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;\nab\r\n0\r\n\r\n", 400),
    (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
    (b"G\0T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (b"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    (b"\x16\x03\x01\x00\xa5", 400),
]


@pytest.mark.parametrize("probed", [False, True])
@pytest.mark.parametrize(("data", "status"), HOSTILE, ids=lambda value: repr(value)[-50:])
@on_uvloop
async def test_hostile_bytes_never_reach_the_application(data: bytes, status: int, probed: bool) -> None:
    async with stage(probed=probed) as setting:
        client = await setting.client()
        await client.send(data)
        head, body = await client.response()
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert b"connection: close\r\n" in head
        assert body.startswith(b"%d " % status)
        assert await client.rest() in (b"", b"<reset>")
        exchange = await setting.done()
        assert (exchange.state, exchange.status) == (State.FAILED, status)
        assert exchange.error.startswith("refused: ")
        assert exchange.request_head == data[: len(exchange.request_head)] != b""
        await setting.proxy.close()
        while not setting.arrivals.empty():  # a connection may have been made, but not a byte sent
            assert await (await setting.server()).rest() == b""


@on_uvloop
async def test_a_body_that_stops_making_sense_is_not_completed() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        server = await setting.server()
        await server.head()
        await server.expect(b"2\r\nab\r\n")
        await client.send(b"2\r\nabX\r\n")
        head, _ = await client.response()
        assert head.startswith(b"HTTP/1.1 400 ")
        assert await server.rest() in (b"", b"<reset>")

        client = await setting.client()  # the same while the response is on its way
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        server = await setting.server()
        await server.head()
        await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome")
        await client.head()
        await client.send(b"!")
        assert await client.rest() in (b"some", b"some<reset>")
        assert (await setting.done(2)).error.startswith("refused: ")


@on_uvloop
async def test_a_good_request_before_a_bad_one_is_answered() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET + b"BAD\r\n\r\n")
        server = await setting.server()
        await server.expect(GET)
        await server.send(OK)
        await client.expect(OK)
        assert (await client.head()).startswith(b"HTTP/1.1 400 ")
        assert [each.state for each in setting.memory.finished] == [State.DONE, State.FAILED]
