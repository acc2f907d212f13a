"""The demo in plain ASGI: a coroutine that takes ``scope``, ``receive`` and ``send`` (ASGI, version 3).

uvicorn plain_asgi:app
"""

from __future__ import annotations

import asyncio
import json
import time
from urllib.parse import parse_qs, parse_qsl

import asgi_mistakes
import shared

FRAMEWORK, INTERFACE = "Plain ASGI", "ASGI"
HTML, TEXT = b"text/html; charset=utf-8", b"text/plain; charset=utf-8"

chatting = set()  # the ``send`` of everybody in /ws/chat


async def app(scope, receive, send):
    """One call for each request, one for each WebSocket, one for the life of the process."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["path"].startswith("/mistakes"):
        await asgi_mistakes.app(scope, receive, send)
    elif scope["type"] == "websocket":
        await SOCKETS.get(scope["path"], refuse)(receive, send)
    elif scope["path"] in ROUTES:
        await ROUTES[scope["path"]](scope, receive, send)
    else:
        await answer(send, 404, TEXT, f"There is nothing at {scope['path']}\n")


async def lifespan(receive, send):
    """What to do before the first request and after the last: here, only to say so."""
    await receive()  # lifespan.startup
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown
    await send({"type": "lifespan.shutdown.complete"})


async def start(send, status, content_type, *headers):
    """The head of a response."""
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", content_type), *headers]}
    )


async def answer(send, status, content_type, body):
    """A whole response at once."""
    data = body.encode()
    await start(send, status, content_type, (b"content-length", str(len(data)).encode()))
    await send({"type": "http.response.body", "body": data})


async def answer_json(send, value, status=200):
    """A JSON response."""
    await answer(send, status, b"application/json", json.dumps(value) + "\n")


def parameter(scope, name, default):
    """A number from the query."""
    return shared.number(parse_qs(scope["query_string"].decode()).get(name, [None])[0], default)


async def read_body(receive):
    """The request's body: messages until one says that it is the last."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client left in the middle of its request")
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def index(scope, receive, send):
    """Who answers, and every path there is."""
    await answer(send, 200, HTML, shared.index_page(FRAMEWORK, INTERFACE, sockets=True))


async def json_document(scope, receive, send):
    """A JSON document."""
    query = dict(parse_qsl(scope["query_string"].decode()))
    await answer_json(send, shared.document(FRAMEWORK, INTERFACE, query))


async def html_page(scope, receive, send):
    """A page."""
    await answer(send, 200, HTML, shared.HTML_PAGE)


async def form(scope, receive, send):
    """A form, and its result."""
    if scope["method"] != "POST":
        await answer(send, 200, HTML, shared.FORM_PAGE)
    else:
        await answer(send, 200, HTML, shared.form_result(shared.parse_form(await read_body(receive))))


async def upload(scope, receive, send):
    """A file, as a form's or as the whole body."""
    if scope["method"] != "POST":
        await answer(send, 200, HTML, shared.UPLOAD_PAGE)
        return
    content_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    name, data = shared.uploaded_file(content_type, await read_body(receive))
    await answer_json(send, shared.upload_result(name, data))


async def slow(scope, receive, send):
    """Wait; meanwhile the event loop serves others."""
    seconds = parameter(scope, "seconds", 1.0)
    await asyncio.sleep(seconds)
    await answer_json(send, {"slept": seconds})


async def block(scope, receive, send):
    """Wait without ``await``: nobody else in this process is served meanwhile."""
    seconds = parameter(scope, "seconds", 1.0)
    time.sleep(seconds)
    await answer_json(send, {"slept": seconds})


async def stream(scope, receive, send):
    """One message for each chunk."""
    count, pause = int(parameter(scope, "chunks", 5)), parameter(scope, "pause", 0.2)
    await start(send, 200, TEXT)
    for index in range(1, count + 1):
        await send({"type": "http.response.body", "body": shared.chunk_text(index, count).encode(), "more_body": True})
        await asyncio.sleep(pause)
    await send({"type": "http.response.body"})


async def sse(scope, receive, send):
    """Server-sent events: a client that listens costs one coroutine."""
    count, pause = int(parameter(scope, "events", 5)), parameter(scope, "pause", 0.5)
    await start(send, 200, b"text/event-stream", (b"cache-control", b"no-store"))
    for index in range(1, count + 1):
        await send({"type": "http.response.body", "body": shared.event_text(index, count).encode(), "more_body": True})
        await asyncio.sleep(pause)
    await send({"type": "http.response.body"})


async def background(scope, receive, send):
    """Answer first, then work: the call goes on after its last message."""
    await answer_json(send, {"accepted": True}, 202)
    await asyncio.sleep(parameter(scope, "seconds", 1.0))
    shared.note("demo: background work done")


async def error(scope, receive, send):
    """An exception that nobody catches."""
    raise shared.DeliberateError("this is the /error path")


async def hang(scope, receive, send):
    """Wait for something that never happens."""
    await asyncio.Event().wait()


async def leak(scope, receive, send):
    """Take memory and keep it."""
    await answer_json(send, {"leaked_mb": shared.leak(parameter(scope, "mb", 10))})


async def leave(scope, receive, send):
    """End the worker."""
    shared.leave()


async def segv(scope, receive, send):
    """Crash the worker."""
    shared.segfault()


async def refuse(receive, send):
    """No such WebSocket: closing before accepting makes the server answer 403."""
    await receive()
    await send({"type": "websocket.close"})


async def echo(receive, send):
    """Send back what came, text as text and bytes as bytes."""
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") is not None:
            await send({"type": "websocket.send", "text": message["text"]})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})


async def chat(receive, send):
    """What one says, all in this process hear."""
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    chatting.add(send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            said = {"type": "websocket.send", "text": message.get("text") or ""}
            await asyncio.gather(*(tell(said) for tell in chatting), return_exceptions=True)
    finally:
        chatting.discard(send)


SOCKETS = {"/ws/echo": echo, "/ws/chat": chat}

ROUTES = {
    "/": index,
    "/json": json_document,
    "/html": html_page,
    "/form": form,
    "/upload": upload,
    "/slow": slow,
    "/stream": stream,
    "/sse": sse,
    "/background": background,
    "/error": error,
    "/block": block,
    "/hang": hang,
    "/leak": leak,
    "/exit": leave,
    "/segv": segv,
}
