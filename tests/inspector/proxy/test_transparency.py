"""What passes is what came: bytes, framing and moments, both ways."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import pytest

from inspector.model import Kind, State
from tests.inspector.proxy.harness import Peer, Stage, on_asyncio, on_uvloop, stage, until

REQUEST = (
    b"GET /a%20b?x=%C3%A4&y HTTP/1.1\r\nhOsT: example.test:81\r\nX-b:  1\r\nx-A: \r\nX-b:2\t\r\nAccept:*/*\r\n\r\n"
)
RESPONSE = b"HTTP/1.1 299 Odd  reason \r\nServer: x\r\nset-cookie: a\r\nSET-COOKIE: b\r\nContent-Length:5 \r\n\r\nhello"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def both_heads(setting: Stage) -> None:
    client = await setting.client()
    await client.send(REQUEST)
    server = await setting.server()
    await server.expect(REQUEST)
    await server.send(RESPONSE)
    await client.expect(RESPONSE)


@on_uvloop
async def test_heads_pass_byte_for_byte_and_are_recorded() -> None:
    async with stage() as setting:
        await both_heads(setting)
        exchange = await setting.done()
        assert exchange.request_head == REQUEST
        assert exchange.response_head == RESPONSE[:-5]
        assert (exchange.method, exchange.target, exchange.status) == ("GET", "/a%20b?x=%C3%A4&y", 299)
        assert (exchange.instance, exchange.state, exchange.kind) == (7, State.DONE, Kind.HTTP)
        assert exchange.client.startswith("127.0.0.1:")
        assert (exchange.response_body.head, exchange.response_body.size) == (b"hello", 5)
        assert 0 < exchange.opened_ns <= exchange.forwarded_ns <= exchange.first_byte_ns <= exchange.closed_ns
        assert setting.memory.types() == ["request.head", "response.head", "response.body"]


@on_asyncio
async def test_the_same_on_the_standard_loop() -> None:
    async with stage() as setting:
        await both_heads(setting)
        assert (await setting.done()).state == State.DONE


@on_uvloop
async def test_only_one_line_is_added_and_only_for_a_probe() -> None:
    async with stage(probed=True) as setting:
        client = await setting.client()
        request = b"GET / HTTP/1.1\r\nHost: a\r\ngatescope-exchange: the client's own\r\n\r\n"
        await client.send(request)
        server = await setting.server()
        await server.expect(request.replace(b"1.1\r\n", b"1.1\r\ngatescope-exchange: tok-1\r\n"))
        await server.send(OK)
        await client.expect(OK)
        assert setting.memory.exchanges[1].request_head == request
        assert 1 in setting.live.by_id  # the application has not returned, as far as we know
        setting.live.app_returned(setting.live.by_id[1], 1)
        assert (await setting.done()).state == State.DONE


@on_uvloop
async def test_a_head_in_pieces_is_an_exchange_from_its_first_byte() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"\r\n\r\nG")  # empty lines before it do not count
        await until(lambda: setting.memory.exchanges)
        assert setting.memory.exchanges[1].opened_ns
        for part in (GET[1:5], GET[5:-3], GET[-3:-1], GET[-1:]):
            await client.send(part)
        server = await setting.server()
        await server.expect(GET)
        for index in range(len(OK)):
            await server.send(OK[index : index + 1])
        await client.expect(OK)
        exchange = await setting.done()
        assert (exchange.request_head, exchange.response_body.head) == (GET, b"ok")


@on_uvloop
async def test_each_client_has_a_connection_of_its_own_for_as_long_as_it_stays() -> None:
    """So the workers share the clients out among themselves as they would without a proxy."""
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        for number in range(5):
            await server.expect(GET)
            await server.send(OK)
            await client.expect(OK)
            if number < 4:
                await client.send(GET)
        assert setting.connections == 1
        other = await setting.client()
        await other.send(GET)
        another = await setting.server()
        await another.expect(GET)
        await another.send(OK)
        await other.expect(OK)
        assert setting.connections == 2
        assert len(setting.memory.finished) == 6
        await client.close()
        assert await server.rest() in (b"", b"<reset>")
        await other.send(GET)
        await another.expect(GET)
        await another.send(OK)
        await other.expect(OK)


@on_uvloop
async def test_what_must_not_be_lost_goes_out_on_a_fresh_connection() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        first = await setting.server()
        await first.expect(GET)
        await first.send(OK)
        await client.expect(OK)
        post = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        await client.send(post)
        second = await setting.server()
        await second.expect(post)
        await second.send(OK)
        await client.expect(OK)
        assert setting.memory.types(2) == ["request.head", "request.body", "response.head", "response.body"]
        assert setting.memory.finished[1].request_body.head == b"abc"
        await client.send(GET)
        await second.expect(GET)


@on_uvloop
async def test_pipelined_requests_are_answered_in_order() -> None:
    async with stage() as setting:
        client = await setting.client()
        requests = [b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(3)]
        await client.send(b"".join(requests))
        server = await setting.server()
        for number, request in enumerate(requests):
            await server.expect(request)
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number
            await server.send(answer[:-1])
            await server.send(answer[-1:])
            await client.expect(answer)
        await setting.done(3)
        assert [each.target for each in setting.memory.finished] == ["/0", "/1", "/2"]


@on_uvloop
async def test_a_pipelined_post_and_what_follows_it() -> None:
    async with stage() as setting:
        client = await setting.client()
        post = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        await client.send(post + GET)
        server = await setting.server()
        await server.expect(post)
        await server.send(OK)
        await client.expect(OK)
        await server.expect(GET)
        await server.send(OK)
        await client.expect(OK)
        assert setting.memory.finished[0].request_body.head == b"abc"


@on_uvloop
async def test_http_1_0_with_and_without_keep_alive() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"GET / HTTP/1.0\r\n\r\n")
        server = await setting.server()
        await server.expect(b"GET / HTTP/1.0\r\n\r\n")
        await server.send(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        await client.expect(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        await server.close()
        assert await client.rest() == b""
        exchange = await setting.done()
        assert (exchange.state, exchange.http_version, exchange.response_body.head) == ("done", "1.0", b"until the end")

        client = await setting.client()
        for number in range(2):
            await client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            server = await setting.server() if number == 0 else server
            await server.head()
            answer = b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
            await server.send(answer)
            await client.expect(answer)
        await client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        await server.head()
        await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")  # does not say that it keeps it
        assert (await client.rest()).endswith(b"\r\n\r\n")


@on_uvloop
async def test_the_client_asks_to_close() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        server = await setting.server()
        await server.head()
        await server.send(OK)
        assert await client.rest() == OK
        assert await server.rest() == b""


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
        (b"DELETE", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
@on_uvloop
async def test_responses_without_body(method: bytes, answer: bytes) -> None:
    async with stage() as setting:
        client = await setting.client()
        server: Peer | None = None
        for _ in range(2):
            await client.send(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
            server = server or await setting.server()
            await server.head()
            await server.send(answer)
            await client.expect(answer)
        assert setting.connections == 1
        assert setting.memory.types(2) == ["request.head", "response.head"]


@on_uvloop
async def test_what_follows_a_response_unasked_does_not_reach_the_client() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        assert (await client.rest()) == b"HTTP/1.1 204 No Content\r\n\r\n"
        assert await server.rest() == b""

        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(OK)
        await client.expect(OK)
        await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        assert await server.rest() in (b"", b"<reset>")
        await client.send(GET)
        server = await setting.server()
        await server.head()
        await server.send(OK)
        await client.expect(OK)


@on_uvloop
async def test_chunks_trailers_and_extensions_pass_both_ways() -> None:
    request = (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n"
        b'4;a="b"\r\nwiki\r\n00005\r\npedia\r\n0\r\nX-Sum: 1\r\n\r\n'
    )
    response = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n"
    async with stage() as setting:
        client = await setting.client()
        await client.send(request)
        server = await setting.server()
        await server.expect(request)
        await server.send(response)
        await client.expect(response)
        exchange = await setting.done()
        assert (exchange.request_body.head, exchange.response_body.head) == (b"wikipedia", b"abcde")
        assert setting.memory.types() == [
            "request.head", "request.body", "request.body", "request.end",
            "response.head", "response.body", "response.body", "response.end",
        ]  # fmt: skip
        await client.send(GET)
        await server.expect(GET)  # the connection is good for more


@on_uvloop
async def test_a_thousand_tiny_chunks_are_a_few_messages() -> None:
    async with stage() as setting:
        client = await setting.client()
        request = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1000
        await client.send(request)
        server = await setting.server()
        await server.expect(request)
        await client.send(b"0\r\n\r\n")
        await server.expect(b"0\r\n\r\n")
        sizes = [row[6] for row in setting.memory.rows if row[5] == "request.body"]
        assert (sum(sizes), len(sizes) < 500) == (1000, True)
        assert setting.memory.exchanges[1].request_body.size == 1000


@on_uvloop
async def test_each_chunk_passes_before_the_next_is_sent() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        server = await setting.server()
        await server.head()
        for piece in (b"3\r\none\r\n", b"3\r\ntwo\r\n", b"0\r\n\r\n"):
            await client.send(piece)
            await server.expect(piece)
        await server.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        await client.head()
        assert setting.memory.exchanges[1].kind == Kind.SSE
        assert setting.memory.exchanges[1].status == 200
        for piece in (b"9\r\ndata: 1\n\n\r\n", b"9\r\ndata: 2\n\n\r\n", b"0\r\n\r\n"):
            await server.send(piece)
            await client.expect(piece)
        exchange = await setting.done()
        assert exchange.response_body.head == b"data: 1\n\ndata: 2\n\n"


@on_uvloop
async def test_what_has_come_of_a_body_is_in_the_record_while_no_more_comes() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
        exchange = setting.memory.exchanges
        await until(lambda: exchange and exchange[1].request_body.head == b"half")
        server = await setting.server()
        await server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await until(lambda: exchange[1].response_body.size == 3)
        await server.send(b"3\r\ntwo\r\n")
        await until(lambda: exchange[1].response_body.head == b"onetwo")


@on_uvloop
async def test_a_slow_client_holds_the_server_back_and_nothing_is_lost() -> None:
    total = 32 << 20
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        sent = 0
        server.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)

        async def flood() -> None:
            nonlocal sent
            while sent < total:
                await server.send(b"%08d" % sent * 8192)
                sent += 65536

        flooding = asyncio.create_task(flood())
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        before = -1
        while before != sent or sent == 0:  # until it stands still
            before = sent
            await asyncio.sleep(0.1)
        assert sent < total / 2
        client.reader._transport.resume_reading()  # type: ignore[attr-defined]
        head = await client.head()
        digest, seen = sha256(), 0
        while seen < total:
            data = await client.reader.read(1 << 20)
            digest.update(data)
            seen += len(data)
        await flooding
        exchange = await setting.done()
        assert (len(head), seen) == (len(exchange.response_head), total)
        body = exchange.response_body
        assert (body.size, len(body.head), len(body.tail), body.sha256) == (total, 4096, 512, digest.hexdigest())


@on_uvloop
async def test_a_slow_server_holds_the_client_back_and_nothing_is_lost() -> None:
    total = 32 << 20
    async with stage() as setting:
        client = await setting.client()
        sent = 0
        client.writer.write(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % total)

        async def flood() -> None:
            nonlocal sent
            while sent < total:
                await client.send(b"%08d" % sent * 8192)
                sent += 65536

        flooding = asyncio.create_task(flood())
        server = await setting.server()
        server.reader._transport.pause_reading()  # type: ignore[attr-defined]
        before = -1
        while before != sent or sent == 0:
            before = sent
            await asyncio.sleep(0.1)
        assert sent < total / 2
        server.reader._transport.resume_reading()  # type: ignore[attr-defined]
        await server.head()
        digest, seen = sha256(), 0
        while seen < total:
            data = await server.reader.read(1 << 20)
            digest.update(data)
            seen += len(data)
        await flooding
        await server.send(OK)
        await client.expect(OK)
        body = (await setting.done()).request_body
        assert (body.size, body.sha256) == (total, digest.hexdigest())


@on_uvloop
async def test_100_continue_is_the_servers_to_say() -> None:
    async with stage() as setting:
        client = await setting.client()
        head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
        await client.send(head)
        server = await setting.server()
        await server.expect(head)
        await server.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await client.expect(b"HTTP/1.1 100 Continue\r\n\r\n")
        await client.send(b"body")
        await server.expect(b"body")
        await server.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK)
        await client.expect(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK)
        assert setting.memory.infos("informational") == [{"status": 100}, {"status": 103}]
        assert (await setting.done()).status == 200


@on_uvloop
async def test_a_final_answer_instead_of_100_ends_the_connection() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        server = await setting.server()
        await server.head()
        refusal = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"
        await server.send(refusal)
        assert await client.rest() == refusal
        assert (await setting.done()).state == State.DONE


@on_uvloop
async def test_very_many_informational_responses_at_once() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1500
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.expect(GET)
        await server.send(hints + OK)
        await client.expect(hints + OK)
        assert len(setting.memory.infos("informational")) == 1500


@on_uvloop
async def test_an_early_answer_and_then_the_rest_of_the_request() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf")
        server = await setting.server()
        await server.head()
        await server.expect(b"half")
        await server.send(OK)
        await client.expect(OK)
        assert setting.proxy.in_flight(setting.upstream) == 1
        await client.send(b"more" + GET)
        await server.expect(b"more")
        await server.expect(GET)
        await server.send(OK)
        await client.expect(OK)
        assert setting.memory.finished[0].request_body.head == b"halfmore"


@on_uvloop
async def test_an_early_answer_of_a_server_that_reads_no_more() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf")
        server = await setting.server()
        await server.head()
        answer = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno!"
        await server.send(answer)
        await server.close()
        await client.expect(answer)
        await client.send(b"x" * 5000)  # it did not know yet
        assert await client.rest() == b""

        client = await setting.client()  # the same, but the server only closes after it
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf")
        server = await setting.server()
        await server.head()
        await server.send(OK)
        await client.expect(OK)
        await server.close()
        assert await client.rest() == b""
        assert (await setting.done(2)).state == State.DONE


@on_uvloop
async def test_a_replay_is_recognised_and_its_header_taken_off() -> None:
    async with stage() as setting:
        token = setting.proxy.replay_token.encode()
        client = await setting.client()
        await client.send(b"GET / HTTP/1.1\r\nGatescope-Replay: " + token + b"-3-41\r\nHost: a\r\n\r\n")
        server = await setting.server()
        await server.expect(GET)
        await server.send(OK)
        await client.expect(OK)
        exchange = await setting.done()
        assert (exchange.replay_run, exchange.replay_of, exchange.request_head) == (3, 41, GET)
        for foreign in (b"wrong-3-41", token + b"-x-1", token):
            request = b"GET / HTTP/1.1\r\nGatescope-Replay: " + foreign + b"\r\nHost: a\r\n\r\n"
            await client.send(request)
            await server.expect(request)
            await server.send(OK)
            await client.expect(OK)
        assert [each.replay_of for each in setting.memory.finished[1:]] == [0, 0, 0]


@on_uvloop
async def test_a_large_answer_in_one_piece_and_sse_with_a_length() -> None:
    async with stage() as setting:
        client = await setting.client()
        await client.send(GET)
        server = await setting.server()
        await server.head()
        body = bytes(range(256)) * 40
        await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert (await client.response())[1] == body
        kept = (await setting.done()).response_body
        assert (kept.size, kept.head, kept.tail, kept.sha256) == (
            len(body), body[:4096], body[-512:], sha256(body).hexdigest(),
        )  # fmt: skip
