"""The demo in Starlette.

uvicorn starlette_app:app
"""

from __future__ import annotations

import asyncio
import time

import asgi_mistakes
import shared
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import WebSocketEndpoint
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute

FRAMEWORK, INTERFACE = "Starlette", "ASGI"


def parameter(request, name, default):
    """A number from the query."""
    return shared.number(request.query_params.get(name), default)


async def index(request):
    """Who answers, and every path there is."""
    return HTMLResponse(shared.index_page(FRAMEWORK, INTERFACE, sockets=True))


async def json_document(request):
    """A JSON document."""
    return JSONResponse(shared.document(FRAMEWORK, INTERFACE, dict(request.query_params)))


async def html_page(request):
    """A page."""
    return HTMLResponse(shared.HTML_PAGE)


async def form(request):
    """A form, and its result."""
    if request.method != "POST":
        return HTMLResponse(shared.FORM_PAGE)
    async with request.form() as fields:
        return HTMLResponse(shared.form_result((name, str(value)) for name, value in fields.multi_items()))


async def upload(request):
    """A file, as a form's or as the whole body."""
    if request.method != "POST":
        return HTMLResponse(shared.UPLOAD_PAGE)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return JSONResponse(shared.upload_result("", await request.body()))
    async with request.form() as fields:
        file = next(value for value in fields.values() if not isinstance(value, str))
        return JSONResponse(shared.upload_result(file.filename, await file.read()))


async def slow(request):
    """Wait; meanwhile the event loop serves others."""
    seconds = parameter(request, "seconds", 1.0)
    await asyncio.sleep(seconds)
    return JSONResponse({"slept": seconds})


async def block(request):
    """Wait without ``await``: nobody else in this process is served meanwhile."""
    seconds = parameter(request, "seconds", 1.0)
    time.sleep(seconds)
    return JSONResponse({"slept": seconds})


async def paced(text, count, pause):
    """``text`` of 1 to ``count``, with pauses."""
    for index in range(1, count + 1):
        yield text(index, count)
        await asyncio.sleep(pause)


async def stream(request):
    """A body in chunks."""
    count, pause = int(parameter(request, "chunks", 5)), parameter(request, "pause", 0.2)
    return StreamingResponse(paced(shared.chunk_text, count, pause), media_type="text/plain")


async def sse(request):
    """Server-sent events."""
    count, pause = int(parameter(request, "events", 5)), parameter(request, "pause", 0.5)
    events = paced(shared.event_text, count, pause)
    return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def work(seconds):
    """What /background does after its response."""
    await asyncio.sleep(seconds)
    shared.note("demo: background work done")


async def background(request):
    """Answer first, then work."""
    task = BackgroundTask(work, parameter(request, "seconds", 1.0))
    return JSONResponse({"accepted": True}, status_code=202, background=task)


async def error(request):
    """An exception in an endpoint: Starlette answers 500 and lets the server have the exception."""
    raise shared.DeliberateError("this is the /error path")


async def hang(request):
    """Wait for something that never happens."""
    await asyncio.Event().wait()


async def leak(request):
    """Take memory and keep it."""
    return JSONResponse({"leaked_mb": shared.leak(parameter(request, "mb", 10))})


async def leave(request):
    """End the worker."""
    shared.leave()


async def segv(request):
    """Crash the worker."""
    shared.segfault()


class Echo(WebSocketEndpoint):
    """Send back what came, text as text and bytes as bytes."""

    async def on_receive(self, websocket, data):
        """One message."""
        await (websocket.send_text(data) if isinstance(data, str) else websocket.send_bytes(data))

    async def decode(self, websocket, message):
        """Take whichever of the two there is."""
        return message["bytes"] if message.get("text") is None else message["text"]


class Chat(WebSocketEndpoint):
    """What one says, all in this process hear."""

    encoding = "text"
    chatting = set()  # noqa: RUF012 -- shared by everybody, that is the point

    async def on_connect(self, websocket):
        """Come in."""
        await websocket.accept()
        self.chatting.add(websocket)

    async def on_receive(self, websocket, data):
        """One message."""
        await asyncio.gather(*(other.send_text(data) for other in self.chatting), return_exceptions=True)

    async def on_disconnect(self, websocket, close_code):
        """Leave."""
        self.chatting.discard(websocket)


app = Starlette(
    routes=[
        Route("/", index),
        Route("/json", json_document),
        Route("/html", html_page),
        Route("/form", form, methods=["GET", "POST"]),
        Route("/upload", upload, methods=["GET", "POST"]),
        Route("/slow", slow),
        Route("/stream", stream),
        Route("/sse", sse),
        Route("/background", background),
        Route("/error", error),
        Route("/block", block),
        Route("/hang", hang),
        Route("/leak", leak),
        Route("/exit", leave),
        Route("/segv", segv),
        WebSocketRoute("/ws/echo", Echo),
        WebSocketRoute("/ws/chat", Chat),
        # Mistakes that a framework would not let one make are made beside it.
        Route("/mistakes", asgi_mistakes.App()),
        Mount("/mistakes", asgi_mistakes.app),
    ]
)
