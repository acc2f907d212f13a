"""WebSockets and event streams recorded through the real proxy, and replayed against real servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from inspector.sequences import PROXY, Ending, conversation
from inspector.store.reader import TraceReader
from supervisor.cli import main
from supervisor.control.messages import ReplayStatus
from tests.support.front import Front
from tests.support.plain_server import PlainServer

FOLDER = Path(__file__).parents[1] / "support"
UVICORN = ("-m", "uvicorn", "--fd", "FD", "--timeout-graceful-shutdown", "1", "--log-level", "critical")
HYPERCORN = ("-m", "hypercorn", "--bind", "fd://FD", "-w", "0", "--graceful-timeout", "1")


def server(*argv: str, name: str = "app") -> PlainServer:
    return PlainServer("asgi", *argv, target=f"talking:{name}", folder=FOLDER)


@pytest.fixture(scope="module")
def one() -> Iterator[PlainServer]:
    with server(*UVICORN) as running:
        yield running


@pytest.fixture(scope="module")
def another() -> Iterator[PlainServer]:
    with server(*HYPERCORN, name="other") as running:
        yield running


@asynccontextmanager
async def talking(front: Front, target: str = "/talk?who=me", **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(front.url.replace("http", "ws") + target, proxy=None, **options) as socket:
        yield socket


async def chatter(front: Front) -> None:
    """Text, binary, more answers than questions, a subprotocol, and a close with a code of the client's."""
    async with talking(front, subprotocols=["v2.chat"], origin="http://recorded.example") as socket:
        await socket.recv()
        for said in ("ä", b"\x00\xff", "twice"):
            await socket.send(said)
            await socket.recv()
        await socket.recv()
        await socket.close(4000, "enough")


async def sent_away(front: Front) -> None:
    """The server closes it."""
    async with talking(front) as socket:
        await socket.send("bye")
        await socket.wait_closed()


async def left(front: Front) -> None:
    """The client goes without a word."""
    async with talking(front) as socket:
        await socket.recv()
        await socket.send("hello")
        await socket.recv()
        socket.transport.abort()


def recorded_and_replayed(
    tmp_path: Path,
    first: PlainServer,
    second: PlainServer | None,
    visit: Callable[[Front], Any],
    **fields: object,
) -> tuple[ReplayStatus, dict[int, list[dict[str, Any]]], TraceReader]:
    """Replay against ``second`` what ``visit`` did at ``first``: how it went, and what differs and counts of each."""
    path = tmp_path / "trace.gatescope"

    async def scenario() -> ReplayStatus:
        async with Front(path).before(first) as front:
            await visit(front)
            await front.flushed()
            if second is not None:
                front.route(second)
            status = await front.replay(**fields)
            while front.proxy.open_websockets(front.upstream):  # noqa: ASYNC110  it hears later that the client left
                await asyncio.sleep(0.01)
            return status

    status = asyncio.run(scenario())
    trace = TraceReader(path)
    found = {}
    for result in trace.replay_results(status.run):
        found[result.original] = [each for each in json.loads(result.differences) if not each["volatile"]]
    return status, found, trace


@pytest.mark.parametrize("speed", ["max", "original"])
@pytest.mark.parametrize("visit", [chatter, sent_away, left])
def test_the_same_is_said_again(one, tmp_path, visit, speed):
    ignore = ("$.number",)
    status, found, trace = recorded_and_replayed(tmp_path, one, None, visit, speed=speed, ignore=ignore)
    with trace:
        assert (status.total, status.same, found) == (1, 1, {1: []})
        original, again = trace.exchange(1), trace.exchange(2)
        spoken = [
            [(m.direction, m.type, m.size, m.info) for m in trace.messages(n) if m.type[:3] in ("ws.", "cli")]
            for n in (1, 2)
        ]
    assert (again.replay_of, again.status, again.error, again.kind) == (1, 101, original.error, "websocket")
    heads = [exchange.request_head.split(b"\r\n") for exchange in (original, again)]
    unlike = {pair for pair in zip(*heads, strict=True) if pair[0] != pair[1]}
    assert {line.partition(b":")[0] for pair in unlike for line in pair} == {b"Sec-WebSocket-Key"}
    for direction in ("in", "out"):  # which of the two was first may be otherwise, as may numbers that are compressed
        assert [one[:3] for one in spoken[0] if one[0] == direction] == [
            one[:3] for one in spoken[1] if one[0] == direction
        ]
    assert [one for one in spoken[0] if one[0] == "in"] == [one for one in spoken[1] if one[0] == "in"]


def test_another_server_that_says_the_same(one, tmp_path):
    with server(*HYPERCORN) as hypercorn:
        ignore = ("$.number",)
        status, found, trace = recorded_and_replayed(tmp_path, one, hypercorn, chatter, ignore=ignore)
    trace.close()
    assert (status.same, found) == (1, {1: []})


def test_an_application_that_says_something_else(one, another, tmp_path):
    status, found, trace = recorded_and_replayed(tmp_path, one, another, chatter, ignore=("$.number",))
    trace.close()
    assert (status.different, status.failed) == (1, 0)
    said = {"where": "message", "original": "app", "replay": "other", "change": "changed", "volatile": False}
    assert found[1] == [{**said, "path": f"#{number} $.by"} for number in (2, 4, 5)]


def test_one_that_refuses(one, tmp_path):
    with server(*UVICORN, name="shut") as shut:
        status, found, trace = recorded_and_replayed(tmp_path, one, shut, chatter)
    with trace:
        assert trace.exchange(2).status == 403
    assert (status.different, status.failed) == (1, 0)
    [changed] = [each for each in found[1] if each["where"] == "status"]
    assert (changed["original"], changed["replay"]) == (101, 403)
    assert {each["where"] for each in found[1]} == {"status", "header"}


def test_a_refusal_is_the_same_refusal(tmp_path):
    async def visit(front: Front) -> None:
        with pytest.raises(Exception, match="403"):
            async with talking(front):
                pass

    with server(*UVICORN, name="shut") as shut:
        status, found, trace = recorded_and_replayed(tmp_path, shut, None, visit)
    trace.close()
    assert (status.same, found) == (1, {1: []})


def test_a_server_that_dies_in_the_middle_is_a_failure_and_not_the_end(one, tmp_path):
    async def visit(front: Front) -> None:
        for _ in range(2):
            async with talking(front) as socket:
                await socket.recv()
                await socket.send("risky")
                await socket.recv()

    with server(*UVICORN, name="other") as mortal:
        status, found, trace = recorded_and_replayed(tmp_path, one, mortal, visit)
    with trace:
        results = trace.replay_results(status.run)
    assert (status.state, status.sent, status.failed, status.different) == ("finished", 2, 1, 1)
    assert results[0].error == "the server closed the connection without a closing handshake (1006)"
    assert [each["where"] for each in found[1]] == ["error", "message", "close"]
    assert found[2][0]["replay"] == 502  # nobody was there any more


def test_a_server_that_died_dies_again(tmp_path):
    async def visit(front: Front) -> None:
        async with talking(front) as socket:
            await socket.recv()
            await socket.send("die")
            await socket.wait_closed()

    with server(*UVICORN) as first, server(*UVICORN) as second:
        status, found, trace = recorded_and_replayed(tmp_path, first, second, visit)
    trace.close()
    assert (status.same, found) == (1, {1: []})


def test_a_room_is_full_again(one, tmp_path):
    """Two who hear each other, and a page that is asked for meanwhile: what each says comes in its order."""

    async def visit(front: Front) -> None:
        async with talking(front, "/chat") as first:
            await first.recv()
            async with talking(front, "/chat") as second:
                assert [await first.recv(), await second.recv()] == ["2 here"] * 2
                async with httpx.AsyncClient(base_url=front.url, trust_env=False) as client:
                    await client.get("/events")
                for speaker, text in ((first, "hello"), (second, "hi"), (first, "what?"), (second, "nothing")):
                    await speaker.send(text)
                    assert [await first.recv(), await second.recv()] == [text, text]
                await second.close()
            assert await first.recv() == "1 left"

    status, found, trace = recorded_and_replayed(tmp_path, one, None, visit, ignore=("$.at",))
    with trace:
        assert trace.exchange(4).replay_of == 1
        times = trace.replay_runs()[0]
    assert (status.total, status.same, found) == (3, 3, {1: [], 2: [], 3: []})
    assert times.ended_ns - times.started_ns < 4 * 10**9  # nobody waited in vain


def test_events_are_compared_one_by_one(one, another, tmp_path):
    async def visit(front: Front) -> None:
        async with httpx.AsyncClient(base_url=front.url, trust_env=False) as client:
            await client.get("/events")

    status, found, trace = recorded_and_replayed(tmp_path, one, another, visit, ignore=("$.at",))
    trace.close()
    assert status.different == 1
    assert [(each["where"], each["path"], each["replay"]) for each in found[1] if each["where"] != "header"] == [
        ("event", f"#{number} $.by", "other") for number in (1, 2, 3)
    ]


def test_a_replay_of_websockets_can_be_cancelled(one, tmp_path):
    async def scenario() -> ReplayStatus:
        async with Front(tmp_path / "trace.gatescope").before(one) as front:
            async with talking(front) as socket:
                await socket.recv()
                await asyncio.sleep(0.5)
            await front.flushed()
            begun = await front.start(speed="0.01")
            async with asyncio.timeout(10):
                while not front.proxy.open_websockets(front.upstream):  # noqa: ASYNC110 -- nothing tells of it
                    await asyncio.sleep(0.01)
            front.replays.cancel(begun.run)
            return await front.ended()

    status = asyncio.run(scenario())
    assert (status.state, status.sent) == ("cancelled", 0)


@pytest.mark.parametrize("visit", [chatter, sent_away])
def test_one_that_the_proxy_closes_because_of_a_switch_is_told_as_that(one, tmp_path, visit):
    async def scenario() -> ReplayStatus:
        async with Front(tmp_path / "trace.gatescope").before(one) as front:
            await visit(front)
            await front.flushed()
            await front.start(speed="0.01")
            async with asyncio.timeout(10):
                while not front.proxy.open_websockets(front.upstream):  # noqa: ASYNC110 -- nothing tells of it
                    await asyncio.sleep(0.01)
            front.proxy.route(None)
            await front.proxy.drain(front.upstream, limit=0, websocket_limit=0)
            return await front.ended()

    status = asyncio.run(scenario())
    with TraceReader(tmp_path / "trace.gatescope") as trace:
        [result] = trace.replay_results(status.run)
        again = conversation(trace.messages(2)).ending
    closed = [each for each in json.loads(result.differences) if each["where"] == "close"]
    assert (status.sent, status.failed) == (1, 1)
    assert result.error.startswith("the proxy closed it (1012 service restart)")
    assert [(each["path"], each["replay"]) for each in closed] == [("by", "proxy, with 1012 (service restart)")]
    assert again == Ending(PROXY, 1012, "service restart")


def test_what_comes_out_of_an_archive_is_replayed(tmp_path):
    """A WebSocket, a body that was compressed, one that is no text: recorded, written as HAR, read, sent again."""

    async def visit(front: Front) -> None:
        async with httpx.AsyncClient(base_url=front.url, trust_env=False) as client:
            assert (await client.get("/json")).status_code == 200
            await client.post("/upload", content=bytes(range(256)))
        async with talking(front, "/ws/echo") as socket:
            for said in ("hello", b"\x00\xff"):
                await socket.send(said)
                assert await socket.recv() == said

    source, har, imported = (tmp_path / name for name in ("trace.gatescope", "all.har", "imported.gatescope"))

    async def recording(server: PlainServer) -> None:
        async with Front(source).before(server) as front:
            await visit(front)

    async def replaying(server: PlainServer) -> ReplayStatus:
        async with Front(tmp_path / "results.gatescope").before(server) as front:
            return await front.replay(source=str(imported))

    with PlainServer("asgi") as demo:
        asyncio.run(recording(demo))
        assert main(["export", str(source), "--format", "har", "-o", str(har)]) == 0
        assert main(["import", str(har), "-o", str(imported)]) == 0
        status = asyncio.run(replaying(demo))
    with TraceReader(tmp_path / "results.gatescope") as trace:
        found = [(result.error, result.differences) for result in trace.replay_results(status.run)]
    assert (status.total, status.same) == (3, 3), found
