"""Recording through the real proxy, and replaying through it, against real servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from websockets.asyncio.client import connect

from inspector.store.reader import TraceReader
from supervisor.control.messages import ReplayStatus
from supervisor.replaying import ReplayRefusedError
from tests.support.front import Front
from tests.support.plain_server import PlainServer


@pytest.fixture
def servers() -> Iterator[tuple[PlainServer, PlainServer]]:
    with PlainServer("asgi") as one, PlainServer("starlette") as two:
        yield one, two


async def visit(front: Front) -> None:
    """What gets recorded: seven requests and a WebSocket."""
    async with httpx.AsyncClient(base_url=front.url, trust_env=False) as client:
        await client.get("/json", params={"a": "1"}, headers=[("X-Twice", "1"), ("x-twice", "2")])
        await client.post("/form", data={"name": "Ada"})
        await client.post("/upload", content=bytes(range(256)) * 50)
        await client.post("/upload", content=aiter_of(b"in", b"chunks"))
        await client.get("/stream", params={"chunks": "2", "pause": "0.05"})
        await client.get("/error")
        await client.get("/nothing")
    async with connect(front.url.replace("http", "ws") + "/ws/echo", proxy=None) as socket:
        await socket.send("hello")
        await socket.recv()


async def aiter_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def test_the_same_server_gives_the_same_answers(servers, tmp_path):
    async def scenario() -> ReplayStatus:
        async with Front(tmp_path / "trace.gatescope").before(servers[0]) as front:
            await visit(front)
            await front.flushed()
            return await front.replay()

    status = asyncio.run(scenario())
    assert (status.state, status.app, status.error) == ("finished", "demo", "")
    assert status.trace == str(tmp_path / "trace.gatescope")
    assert (status.total, status.sent, status.same, status.different, status.failed) == (8, 8, 8, 0, 0)
    with TraceReader(tmp_path / "trace.gatescope") as trace:
        [run] = trace.replay_runs()
        results = {result.original: result for result in trace.replay_results(run.id)}
        originals = [trace.exchange(row.id) for row in trace.exchanges() if not row.replay_run]
        replays = {row.replay_of: trace.exchange(row.id) for row in trace.exchanges() if row.replay_run == run.id}
    assert len(originals) == 8
    assert len(replays) == 8
    for original in originals:
        again = replays[original.id]
        assert results[original.id].exchange == again.id
        if original.kind == "websocket":  # whose key is a new one
            continue
        assert again.request_head == original.request_head  # the mark is gone, nothing else came in
        assert again.request_body == original.request_body
        assert (again.status, again.response_body) == (original.status, original.response_body)


def test_another_server_gives_other_answers_and_originals_stay(servers, tmp_path):
    async def scenario() -> ReplayStatus:
        async with Front(tmp_path / "trace.gatescope").before(servers[0]) as front:
            await visit(front)
            await front.flushed()
            front.route(servers[1])
            return await front.replay(speed="original")

    status = asyncio.run(scenario())
    assert status.same + status.different == 8
    with TraceReader(tmp_path / "trace.gatescope") as trace:
        by_path = {row.id: row.path for row in trace.exchanges() if not row.replay_run}
        differing = {by_path[one.original]: one for one in trace.replay_results(status.run) if not one.same}
        bodies = [trace.exchange(row.id).response_body.head for row in trace.exchanges() if row.path == "/json"]
    changed = [one for one in json.loads(differing["/json"].differences) if not one["volatile"]]
    expected = {"where": "body", "path": "$.framework", "original": "Plain ASGI", "replay": "Starlette"}
    assert changed == [{**expected, "change": "changed", "volatile": False}]
    assert "/form" not in differing
    assert [b"Plain ASGI" in body for body in bodies] == [True, False]


def test_what_the_user_says_may_differ_is_no_difference(servers, tmp_path):
    async def scenario() -> tuple[ReplayStatus, ReplayStatus]:
        async with Front(tmp_path / "trace.gatescope").before(servers[0]) as front:
            async with httpx.AsyncClient(base_url=front.url, trust_env=False) as client:
                await client.get("/json")
            await front.flushed()
            front.route(servers[1])
            strict = await front.replay(exchanges=(1,))
            return strict, await front.replay(exchanges=(1,), ignore=("$.framework", "X-Unseen"))

    strict, lenient = asyncio.run(scenario())
    assert (strict.same, strict.different) == (0, 1)
    assert (lenient.same, lenient.different) == (1, 0)


def test_a_choice_by_hand_from_another_trace_is_replayed_even_if_it_is_a_replay(servers, tmp_path):
    async def scenario() -> tuple[ReplayStatus, ReplayStatus]:
        async with Front(tmp_path / "first.gatescope").before(servers[0]) as front:
            await visit(front)
            await front.flushed()
            await front.replay(exchanges=(1, 2))
        async with Front(tmp_path / "second.gatescope").before(servers[0]) as front:
            source = str(tmp_path / "first.gatescope")
            return await front.replay(source=source), await front.replay(source=source, exchanges=(9, 2))

    everything, chosen = asyncio.run(scenario())
    assert everything.total == 8
    assert chosen.total == chosen.same == 2
    with TraceReader(tmp_path / "second.gatescope") as trace:
        assert trace.replay_runs()[1].source == str(tmp_path / "first.gatescope")
        assert [result.original for result in trace.replay_results(chosen.run)] == [2, 9]


def test_a_replay_can_be_cancelled(servers, tmp_path):
    async def scenario() -> tuple[ReplayStatus, ReplayStatus]:
        async with Front(tmp_path / "trace.gatescope").before(servers[0]) as front:
            async with httpx.AsyncClient(base_url=front.url, trust_env=False) as client:
                await client.get("/json")
                await client.get("/slow", params={"seconds": "1.5"})
            await front.flushed()
            begun = await front.start()
            assert (await front.replayed.get()).sent == 1  # the second is under way
            assert front.replays.cancel(begun.run, "another") is None
            answer = front.replays.cancel(begun.run)
            assert answer is not None
            ended = await front.ended()
            await front.replays.close()
            assert front.replays.cancel(begun.run) is None
            return begun, ended

    begun, ended = asyncio.run(scenario())
    assert begun.total == 2
    assert (ended.state, ended.sent) == ("cancelled", 1)


def test_many_at_once(servers, tmp_path):
    async def scenario() -> ReplayStatus:
        async with Front(tmp_path / "trace.gatescope").before(servers[0]) as front:
            async with httpx.AsyncClient(base_url=front.url, trust_env=False) as client:
                await asyncio.gather(*(client.get("/json", params={"n": str(n)}) for n in range(200)))
            await front.flushed()
            return await front.replay(concurrency=20)

    status = asyncio.run(scenario())
    assert (status.total, status.same) == (200, 200)


def test_a_server_that_dies_is_a_failure_or_a_difference_and_not_the_end(servers, tmp_path):
    async def scenario() -> ReplayStatus:
        async with Front(tmp_path / "trace.gatescope").before(servers[0]) as front:
            async with httpx.AsyncClient(base_url=front.url, trust_env=False) as client:
                await client.get("/json")
                await client.get("/html")
            await front.flushed()
            servers[0].process.kill()
            servers[0].process.wait()
            return await front.replay()

    status = asyncio.run(scenario())
    assert (status.state, status.sent, status.same) == ("finished", 2, 0)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"speed": "fast"}, "is not a speed"),
        ({"source": "/nowhere/at/all.gatescope"}, "no trace"),
        ({}, "nothing to replay"),
        ({"exchanges": (77,)}, "nothing to replay"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_the_reason(servers, tmp_path, fields, words):
    async def scenario() -> None:
        async with Front(tmp_path / "trace.gatescope").before(servers[0]) as front:
            await front.flushed()
            await front.start(**fields)

    with pytest.raises(ReplayRefusedError) as caught:
        asyncio.run(scenario())
    assert words in caught.value.problem.what
    assert caught.value.problem.usage
