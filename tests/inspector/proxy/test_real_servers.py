"""The proxy between real clients and real servers, without our probe; and with the trace writer of production."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import websockets

from inspector.live import LiveExchanges
from inspector.model import Kind, State
from inspector.proxy.server import Proxy, Upstream
from inspector.store.reader import TraceReader
from inspector.store.writer import TraceWriter
from tests.inspector.proxy.harness import Stage, on_uvloop, stage, until

ASGI = """
import asyncio

async def receive_all(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body, message["type"]

gate = asyncio.Event()
gone = []

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
        return
    path = scope["path"]
    status, headers, pieces = 200, [], [b"hello"]
    if path == "/echo":
        pieces = [(await receive_all(receive))[0]]
    elif path == "/empty":
        status, pieces = 204, [b""]
    elif path == "/open":
        gate.set()
    elif path == "/gone":
        pieces = [b",".join(gone)]
    elif path == "/wait":
        await receive_all(receive)
        gone.append((await receive())["type"].encode())
        return
    if path == "/stream":
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\\n\\n", "more_body": True})
        await gate.wait()
        await send({"type": "http.response.body", "body": b"data: 2\\n\\n"})
        return
    headers = [(b"content-length", str(sum(map(len, pieces))).encode())] if status == 200 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece})
"""

WSGI = """
def app(environ, start_response):
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"%d;" % number for number in range(3))
    start_response("200 Fine", [("Content-Length", str(len(body) + 2))])
    return [b"<" + body + b">"]
"""

UVICORN = ["uvicorn", "--fd", "FD", "--log-level", "warning", "application:app"]
GUNICORN = ["gunicorn", "-b", "fd://FD", "--log-level", "error", "--no-control-socket", "application:app"]


@contextlib.asynccontextmanager
async def served(
    folder: Path, source: str, command: list[str], *, probed: bool = False
) -> AsyncIterator[tuple[Stage, subprocess.Popen[bytes]]]:
    """A real server on a socket that we bound, so that the first request waits in its backlog until it is ready."""
    import socket

    folder.joinpath("application.py").write_text(textwrap.dedent(source))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fd = listener.fileno()
        argv = [sys.executable, "-m", *(part.replace("FD", str(fd)) for part in command)]
        process = subprocess.Popen(argv, cwd=folder, pass_fds=[fd])  # noqa: ASYNC220 - a moment, in a test
        port = listener.getsockname()[1]
    try:
        async with stage(scripted=False) as setting:
            setting.upstream = Upstream(1, "127.0.0.1", port, probed=probed)
            setting.proxy.route(setting.upstream)
            yield setting, process
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def request(method: str, path: str, *fields: str, body: str = "") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: a", *fields, *length, "", body)).encode()


@on_uvloop
async def test_uvicorn(tmp_path: Path) -> None:
    async with served(tmp_path, ASGI, UVICORN) as (setting, process):
        client = await setting.client()
        await client.send(request("GET", "/") * 3)  # pipelined
        for _ in range(3):
            assert (await client.response())[1] == b"hello"
        await client.send(request("POST", "/echo", body="x" * 5000))
        assert (await client.response())[1] == b"x" * 5000
        await client.send(request("HEAD", "/"))
        assert b"content-length: 5" in await client.head()
        await client.send(request("GET", "/empty"))
        assert (await client.head()).startswith(b"HTTP/1.1 204 ")

        upload = request("PUT", "/echo", "Expect: 100-continue", body="12345")
        await client.send(upload[:-5])
        await client.expect(b"HTTP/1.1 100 Continue\r\n\r\n")
        await client.send(upload[-5:])
        assert (await client.response())[1] == b"12345"

        # the second event is not sent before we have seen the first
        await client.send(request("GET", "/stream"))
        assert b"chunked" in await client.head()
        await client.expect(b"9\r\ndata: 1\n\n\r\n")
        assert [each.kind for each in setting.live.by_id.values()] == [Kind.SSE]
        other = await setting.client()
        await other.send(request("GET", "/open"))
        await other.response()
        await client.expect(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")

        leaving = await setting.client()
        await leaving.send(request("GET", "/wait"))
        await until(lambda: any(each.forwarded_ns for each in setting.live.by_id.values()))
        await leaving.close()
        noticed = b""
        while noticed != b"http.disconnect":
            await client.send(request("GET", "/gone"))
            noticed = (await client.response())[1]
        failed = [each for each in setting.memory.finished if each.state == State.FAILED]
        assert [(each.target, each.status) for each in failed] == [("/wait", 0)]

        await client.send(request("POST", "/wait", body="x"))  # not repeatable: the connection's end is the answer
        await until(lambda: any(each.forwarded_ns for each in setting.live.by_id.values()))
        process.kill()
        head, body = await client.response()
        assert head.startswith(b"HTTP/1.1 502 ")
        assert b"without an answer" in body


@pytest.mark.parametrize("compression", ["deflate", None])
@on_uvloop
async def test_websockets_through_uvicorn(tmp_path: Path, compression: str | None) -> None:
    async with served(tmp_path, ASGI, UVICORN) as (setting, _):
        url = f"ws://127.0.0.1:{setting.address[1]}/ws"
        async with websockets.connect(url, compression=compression, proxy=None) as socket:
            for message in ("hello hello hello", b"\x00\x01", "ä" * 3000, "hello hello hello"):
                await socket.send(message)
                assert await socket.recv() == message
            await socket.send(["in ", "three ", "frames"])
            assert await socket.recv() == "in three frames"
            await (await socket.ping())
            await socket.close(4000, "enough")
        exchange = await setting.done()
        assert (exchange.kind, exchange.status, exchange.state, exchange.error) == ("websocket", 101, State.DONE, "")
        texts = [(row[4], row[6], row[7]) for row in setting.memory.rows if row[5] == "ws.text"]
        assert texts[0] == ("in", 17, b"hello hello hello")
        assert texts[1] == ("out", 17, b"hello hello hello")
        assert texts[2][1] == 6000
        assert {"code": 4000, "reason": "enough"} in setting.memory.infos("ws.close")
        assert {"ws.ping", "ws.pong", "ws.binary"} <= set(setting.memory.types())
        compressed = [info for info in setting.memory.infos("ws.text") if info and info.get("compressed")]
        assert bool(compressed) is (compression is not None)
        assert all(info["inflated"] for info in compressed)


@on_uvloop
async def test_a_websocket_is_told_of_a_restart(tmp_path: Path) -> None:
    async with served(tmp_path, ASGI, UVICORN) as (setting, _):
        url = f"ws://127.0.0.1:{setting.address[1]}/ws"
        async with websockets.connect(url, proxy=None) as socket:
            await socket.send("x")
            await socket.recv()
            assert await setting.proxy.drain(setting.upstream, limit=1, websocket_limit=0.05)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012


@pytest.mark.parametrize("worker", [["-k", "sync"], ["-k", "gthread", "--threads", "2"]])
@on_uvloop
async def test_gunicorn(tmp_path: Path, worker: list[str]) -> None:
    async with served(tmp_path, WSGI, [*GUNICORN, *worker]) as (setting, _):
        for number in range(3):
            client = await setting.client()
            await client.send(request("POST", "/", body=f"body {number}"))
            head, body = await client.response()
            assert head.startswith(b"HTTP/1.1 200 Fine\r\n")
            assert body == f"<body {number}>".encode()
        client = await setting.client()
        await client.send(request("GET", "/stream", "Connection: close"))
        assert b"0;" in await client.rest()
        chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        client = await setting.client()
        await client.send(chunked.encode())
        assert (await client.response())[1] == b"<abc>"
        clients = [await setting.client() for _ in range(20)]
        for client in clients:
            await client.send(request("GET", "/"))
        for client in clients:
            assert (await client.response())[1] == b"<>"
        assert {each.state for each in setting.memory.finished} == {State.DONE}


@on_uvloop
async def test_with_the_trace_writer(tmp_path: Path) -> None:
    """What ``Memory`` is told in the other tests is what the real recorder takes, and what can be read again."""
    path = tmp_path / "t.gatescope"
    async with served(tmp_path, ASGI, UVICORN) as (setting, _):
        writer = TraceWriter(path)
        live = LiveExchanges(writer)
        proxy = Proxy(writer, live, token="t")
        host, port = await proxy.start("127.0.0.1", 0)
        proxy.route(Upstream(1, "127.0.0.1", setting.upstream.port, probed=False))
        reader, stream = await asyncio.open_connection(host, port)
        stream.write(request("POST", "/echo", body="abc"))
        await reader.readuntil(b"\r\n\r\nabc")
        async with websockets.connect(f"ws://{host}:{port}/ws", proxy=None) as socket:
            await socket.send("hi")
            await socket.recv()
        await until(lambda: not live.by_id)
        stream.close()
        await stream.wait_closed()
        await proxy.close()
        await asyncio.to_thread(writer.close)
    with TraceReader(path) as trace:
        exchange = trace.exchange(1)
        assert exchange is not None
        assert (exchange.method, exchange.target, exchange.status) == ("POST", "/echo", 200)
        assert (exchange.request_body.head, exchange.response_body.head) == (b"abc", b"abc")
        assert [row.type for row in trace.messages(1)] == [
            "request.head", "request.body", "response.head", "response.body",
        ]  # fmt: skip
        assert [(row.direction, row.payload) for row in trace.messages(2) if row.type == "ws.text"] == [
            ("in", b"hi"),
            ("out", b"hi"),
        ]
