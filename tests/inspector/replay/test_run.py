"""Replays against a server of the test's own, which sees every byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from inspector import diff
from inspector.model import CLIENT_LEFT, Body, Exchange, Kind, ReplayRun, State
from inspector.replay.landing import Foreign
from inspector.replay.run import Compared, Options, ReplayOutcome, ReplayTask
from inspector.store.writer import TraceWriter

HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n"
Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Origin:
    """Answers each request with what ``answering`` writes.

    ``seen`` has the requests as they came, ``busiest`` how many there were at once.
    """

    def __init__(self, answering: Answering | None = None) -> None:
        self.answering = answering or self.hello
        self.seen: list[bytes] = []
        self.times: list[float] = []
        self.busy = self.busiest = 0
        self.tasks: set[asyncio.Task | None] = set()

    async def hello(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO + b"hello")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        try:
            while True:
                await self.one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.times.append(asyncio.get_running_loop().time())
        body = b""
        if b"chunked" in head:
            body = await reader.readuntil(b"0\r\n\r\n")
        elif b"ontent-" in head:
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            body = await reader.readexactly(int(length.split(b":")[1]))
        self.seen.append(head + body)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await self.answering(head, writer)
        self.busy -= 1

    @contextlib.asynccontextmanager
    async def listening(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        async with server:
            try:
                yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            finally:
                for task in self.tasks:
                    task.cancel()
                await asyncio.gather(*self.tasks, return_exceptions=True)
                await asyncio.sleep(0)  # the transports' turn to close


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[TraceWriter]:
    writer = TraceWriter(tmp_path / "results.gatescope", body_head=100, body_tail=20)
    yield writer
    writer.close()


def original(number: int, *lines: str, body: bytes = b"", method: str = "GET", target: str = "/", **fields: object):
    head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: recorded.example", *lines, "", ""]).encode("latin-1")
    fields = {
        "state": State.DONE, "status": 200, "opened_ns": number * 10**7, "closed_ns": number * 10**7 + 10**6,
        "response_head": HELLO, "response_body": Body(5, b"hello"), "request_body": Body(len(body), body), **fields,
    }  # fmt: skip
    return Exchange(number, method=method, target=target, request_head=head, **fields)


def task(
    recorder: TraceWriter, url: str, originals: list[Exchange], load=None, **options: object
) -> tuple[ReplayTask, list]:
    """A task, and the list that its comparisons go to."""
    run = ReplayRun(recorder.new_id("replay_run"), "", url, str(options.get("speed", "max")), 0)
    compared: list[Compared] = []

    def progress(_: ReplayOutcome, one: Compared | None) -> None:
        if one is not None:
            compared.append(one)

    async def whole(summary: Exchange) -> Exchange:
        return summary

    made = ReplayTask(
        run=run, originals=originals, landing=Foreign(recorder, run.id), recorder=recorder,
        options=Options(**options), load=load or whole, on_progress=progress,
    )  # fmt: skip
    return made, compared


async def replay(recorder, origin: Origin, originals, **options) -> tuple[ReplayOutcome, list[Compared]]:
    async with origin.listening() as url:
        made, compared = task(recorder, url, originals, **options)
        async with asyncio.timeout(20):
            return await made.run(), compared


def test_the_request_goes_out_byte_for_byte(recorder):
    lines = ["aCCEPT: */*", "X-Two: 1", "x-one: 2", "X-Two: 3", "Cookie: a=b"]
    requests = [
        original(1, *lines, target="/a%2fb//c/../d?q=%20'\"|{}"),
        original(2, "content-LENGTH: 3", "X: y", body=b"a\x00b", method="POST"),
        original(3, "Transfer-Encoding: chunked", body=b"chunks", method="PUT"),
        original(4, method="POST"),  # neither length nor body, and none is made up
        original(5, method="BREW", target="*"),
    ]
    origin = Origin()
    outcome, _ = asyncio.run(replay(recorder, origin, requests))
    assert origin.seen[:2] == [requests[0].request_head, requests[1].request_head + b"a\x00b"]
    assert origin.seen[2] == requests[2].request_head + b"6\r\nchunks\r\n0\r\n\r\n"
    assert origin.seen[3:] == [requests[3].request_head, requests[4].request_head]
    assert (outcome.sent, outcome.same, outcome.run.state) == (5, 5, "finished")


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"GET / HTTP/1.1\r\nAccept: x\r\nhOST: not first\r\nX: 1", b""),
        (b"GET / HTTP/1.0\r\nX: no host", b""),
        (b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive", b""),
        (b"GET /\xe9 HTTP/1.1\r\nHost: a", b""),
        (b"HEAD / HTTP/1.1\r\nHost: a", b""),
        (b"OPTIONS * HTTP/1.1\r\nHost: a", b""),
        (b"GET http://a.example/x?y HTTP/1.1\r\nHost: a.example", b""),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2", b"hi"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0", b""),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4", b"body"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X", b""),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close, TE", b""),
    ],
)
def test_what_client_libraries_would_tidy_stays(recorder, head, body):
    """The order of fields, the version, the target, what is said twice."""

    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO if request.startswith(b"HEAD") else HELLO + b"hello")

    method, target, version = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    asked = original(1, method=method, target=target, http_version=version[5:], body=body)
    asked.request_head = head + b"\r\n\r\n"
    origin = Origin(answering)
    asyncio.run(replay(recorder, origin, [asked, asked]))
    assert origin.seen == [asked.request_head + (b"0\r\n\r\n" if b"chunked" in head else body)] * 2


@pytest.mark.parametrize("willing", [True, False])
def test_a_body_that_waits_to_be_asked_for(recorder, willing):
    class Asking(Origin):
        async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            if willing:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.seen.append(await reader.readexactly(4))
                writer.write(HELLO + b"hello")
            else:
                writer.write(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                self.seen.append(await reader.read())

    origin = Asking()
    asked = original(1, "Expect: 100-continue", "Content-Length: 4", method="POST", body=b"body")
    outcome, [one] = asyncio.run(replay(recorder, origin, [asked]))
    assert origin.seen == [b"body" if willing else b""]
    assert (one.replay.status, one.result.error, outcome.sent) == (200 if willing else 417, "", 1)


def test_a_connection_serves_several_and_its_end_between_two_is_nobodys_failure(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        connections.add(writer.get_extra_info("peername"))
        if b"/3" in request and len(connections) == 1:
            writer.transport.abort()  # closed at the moment of the next request
            return
        writer.write(HELLO + b"hello")

    connections: set[object] = set()
    outcome, _ = asyncio.run(replay(recorder, Origin(answering), [original(n, target=f"/{n}") for n in range(1, 5)]))
    assert (outcome.same, len(connections)) == (4, 2)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"nonsense\r\n\r\n", "what came is no valid answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", "what came is no valid answer"),
        (b"HTTP/1.1 200 OK\r\n", "closed before the answer was complete"),
    ],
)
def test_an_answer_that_is_none(recorder, answer, error):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    outcome, [one] = asyncio.run(replay(recorder, Origin(answering), [original(1)]))
    assert outcome.failed == 1
    assert error in one.result.error


def test_an_answer_that_ends_with_its_connection(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello")
        writer.close()

    outcome, _ = asyncio.run(replay(recorder, Origin(answering), [original(1), original(2)]))
    assert outcome.same == 2


def test_the_answer_is_recorded_as_an_exchange_beside_the_original(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Made\r\nX-Odd:  Case\r\nContent-Length: 5\r\n\r\nworld")

    outcome, [one] = asyncio.run(replay(recorder, Origin(answering), [original(7, target="/x?y")]))
    assert (outcome.same, outcome.different, outcome.failed) == (0, 1, 0)
    made = one.replay
    assert (made.replay_of, made.replay_run, made.state, made.status) == (7, outcome.run.id, State.DONE, 201)
    assert (made.method, made.target, made.response_body) == ("GET", "/x?y", Body(5, b"world"))
    assert made.response_head == b"HTTP/1.1 201 Made\r\nX-Odd:  Case\r\nContent-Length: 5\r\n\r\n"
    assert made.opened_ns < made.first_byte_ns <= made.closed_ns
    assert {difference.where for difference in one.differences} == {"status", "header", "body"}
    assert (one.result.original, one.result.exchange, one.result.same) == (7, made.id, False)
    assert diff.loads(one.result.differences) == one.differences


def test_compressed_answers_are_kept_as_they_came(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08")

    _, [one] = asyncio.run(replay(recorder, Origin(answering), [original(1)]))
    assert one.replay.response_body.head == b"\x1f\x8b\x08"


def test_a_large_answer_keeps_its_ends(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000)

    _, [one] = asyncio.run(replay(recorder, Origin(answering), [original(1)]))
    body = one.replay.response_body
    assert (body.size, len(body.head), len(body.tail)) == (300_000, 100, 20)


def test_another_host_when_asked(recorder):
    origin = Origin()
    asyncio.run(replay(recorder, origin, [original(1)], host="other:1"))
    assert origin.seen == [b"GET / HTTP/1.1\r\nHost: other:1\r\n\r\n"]


def test_one_after_the_other_in_the_recorded_order(recorder):
    origin = Origin()
    asyncio.run(replay(recorder, origin, [original(n, target=f"/{n}") for n in (3, 1, 2)]))
    assert [seen.split(b" ")[1] for seen in origin.seen] == [b"/1", b"/2", b"/3"]
    assert origin.busiest == 1


def test_several_at_once_at_full_speed(recorder):
    together = asyncio.Event()

    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        if origin.busy == 3:
            together.set()
        await together.wait()
        writer.write(HELLO + b"hello")

    origin = Origin(answering)
    outcome, _ = asyncio.run(replay(recorder, origin, [original(n) for n in range(1, 10)], concurrency=3))
    assert (outcome.same, origin.busiest) == (9, 3)


def test_the_recorded_pace_does_not_wait_for_answers(recorder):
    last = asyncio.Event()

    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        if len(origin.seen) == 3:
            last.set()
        await last.wait()
        writer.write(HELLO + b"hello")

    origin = Origin(answering)
    requests = [original(n, opened_ns=n * 200_000_000) for n in (1, 2, 3)]
    outcome, _ = asyncio.run(replay(recorder, origin, requests, speed="2"))
    assert outcome.same == 3
    gaps = [after - before for before, after in zip(origin.times, origin.times[1:], strict=False)]
    assert all(gap >= 0.06 for gap in gaps)


def test_what_cannot_be_sent_is_skipped_with_its_reason(recorder):
    requests = [
        original(1),
        original(2, kind=Kind.WEBSOCKET, dropped=3),
        original(3, request_body=Body(10**6, b"head", b"tail"), method="POST"),
    ]
    outcome, compared = asyncio.run(replay(recorder, Origin(), requests))
    assert (outcome.sent, outcome.run.total, len(compared)) == (1, 1, 1)
    reasons = {skipped.original.id: skipped.reason for skipped in outcome.skipped}
    assert reasons == {2: "its messages cannot be read", 3: "only 8 of the 1000000 bytes of its body were recorded"}


def test_bodies_are_loaded_when_their_turn_comes(recorder):
    loaded = []

    async def load(summary: Exchange) -> Exchange:
        loaded.append(summary.id)
        return original(summary.id, body=b"whole", method="POST")

    async def scenario() -> ReplayOutcome:
        async with Origin().listening() as url:
            made, _ = task(recorder, url, [Exchange(n, method="GET", target="/") for n in (1, 2)], load)
            return await made.run()

    assert asyncio.run(scenario()).same == 2
    assert loaded == [1, 2]


def test_nobody_there_is_a_failure_of_each(recorder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    made, compared = task(recorder, url, [original(1), original(2)])
    outcome = asyncio.run(made.run())
    assert (outcome.sent, outcome.failed, outcome.run.state) == (2, 2, "finished")
    assert "nothing could be reached" in compared[0].result.error
    assert compared[0].replay.state == State.FAILED


def test_an_answer_cut_short_is_a_failure(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO + b"he")
        writer.close()

    outcome, [one] = asyncio.run(replay(recorder, Origin(answering), [original(1)]))
    assert outcome.failed == 1
    assert "closed before the answer was complete" in one.result.error
    assert one.replay.response_body.head == b"he"


def test_no_answer_in_time(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    outcome, [one] = asyncio.run(replay(recorder, Origin(answering), [original(1)], timeout=0.1))
    assert outcome.failed == 1
    assert one.result.error == "it was not answered completely within 0.1 s"


def test_a_stream_that_the_original_client_left_is_left_again(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await asyncio.sleep(5)

    gone = f"{CLIENT_LEFT} before the response was complete"
    left = original(1, state=State.FAILED, error=gone, closed_ns=10**7 + 3 * 10**8)
    left.response_head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    outcome, [one] = asyncio.run(replay(recorder, Origin(answering), [left]))
    assert outcome.failed == 0
    assert one.result.error == ""
    assert one.replay.response_body.head == b"hello"


def test_who_left_at_once_waits_for_the_answer_to_begin_all_the_same(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n")
        await asyncio.sleep(5)

    left = original(1, state=State.FAILED, error=f"{CLIENT_LEFT} before the response was complete", first_byte_ns=10**7)
    left.response_head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    outcome, [one] = asyncio.run(replay(recorder, Origin(answering), [left]))
    assert (outcome.failed, one.result.error, one.replay.status) == (0, "", 200)


def test_an_original_that_failed_at_once_has_its_time_again(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)  # longer than the original took to fail
        writer.write(HELLO + b"hello")

    broken = original(1, state=State.FAILED, status=500, error="the application raised ValueError")
    outcome, [one] = asyncio.run(replay(recorder, Origin(answering), [broken]))
    assert outcome.failed == 0
    assert one.result.error == ""
    assert one.replay.status == 200


def test_an_application_that_raised_again_gave_the_same_answer(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nsorry")

    broken = original(1, state=State.FAILED, status=500, error="the application raised ValueError")
    broken.response_head = b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\n"
    broken.response_body = Body(5, b"sorry")
    outcome, [one] = asyncio.run(replay(recorder, Origin(answering), [broken]))
    assert (outcome.same, one.differences) == (1, [])


def test_cancel_keeps_what_was_sent(recorder):
    async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/3" in request:
            made.cancel()
            await asyncio.sleep(5)
        writer.write(HELLO + b"hello")

    async def scenario() -> ReplayOutcome:
        nonlocal made, compared
        async with Origin(answering).listening() as url:
            made, compared = task(recorder, url, [original(n, target=f"/{n}") for n in (1, 2, 3, 4)])
            async with asyncio.timeout(4):
                return await made.run()

    made, compared = None, []
    outcome = asyncio.run(scenario())
    assert (outcome.run.state, outcome.sent, len(compared)) == ("cancelled", 2, 2)
    assert outcome.run.ended_ns >= outcome.run.started_ns


def test_cancel_before_it_began(recorder):
    made, _ = task(recorder, "http://127.0.0.1:9", [original(1)])
    made.cancel()
    assert asyncio.run(made.run()).run.state == "cancelled"


def test_cancellation_from_outside_passes_through(recorder):
    async def scenario() -> None:
        async def answering(request: bytes, writer: asyncio.StreamWriter) -> None:
            running.cancel()
            await asyncio.sleep(5)

        async with Origin(answering).listening() as url:
            made, _ = task(recorder, url, [original(1)])
            running = asyncio.create_task(made.run())
            with pytest.raises(asyncio.CancelledError):
                await running
            assert made.outcome.run.state == "cancelled"

    asyncio.run(scenario())


def test_a_trace_that_cannot_be_read_any_more_fails_the_run(recorder):
    async def load(summary: Exchange) -> Exchange:
        raise OSError("the disk is gone")

    made, _ = task(recorder, "http://127.0.0.1:9", [original(1)], load)
    outcome = asyncio.run(made.run())
    assert (outcome.run.state, outcome.run.error) == ("failed", "the disk is gone")


def test_results_are_in_the_trace(recorder, tmp_path):
    outcome, _ = asyncio.run(replay(recorder, Origin(), [original(5), original(6, kind=Kind.LIFESPAN)]))
    recorder.close()
    with contextlib.closing(sqlite3.connect(recorder.path)) as trace:
        runs = trace.execute("SELECT id, total, state FROM replay_run").fetchall()
        results = trace.execute("SELECT original, exchange, same, differences, error FROM replay_result").fetchall()
        exchanges = trace.execute("SELECT id, replay_of, replay_run, status FROM exchange").fetchall()
    assert runs == [(outcome.run.id, 1, "finished")]
    assert [(found, same, json.loads(differences)) for found, _, same, differences, _ in results] == [
        (6, 0, []),
        (5, 1, []),
    ]
    assert results[0][4].startswith("not replayed: the lifespan")
    assert exchanges == [(results[1][1], 5, outcome.run.id, 200)]
