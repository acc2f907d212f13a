"""The demo in FastAPI.

uvicorn fastapi_app:app
"""

from __future__ import annotations

import asyncio
import time

import asgi_mistakes
import shared
from fastapi import BackgroundTasks, FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, StreamingResponse

FRAMEWORK, INTERFACE = "FastAPI", "ASGI"

# The pages of documentation would load their scripts from the network.
app = FastAPI(title="Demo", docs_url=None, redoc_url=None)
chatting: set[WebSocket] = set()


@app.get("/", response_class=HTMLResponse)
async def index():
    """Who answers, and every path there is."""
    return shared.index_page(FRAMEWORK, INTERFACE, sockets=True)


@app.get("/json")
async def json_document(request: Request):
    """A JSON document."""
    return shared.document(FRAMEWORK, INTERFACE, dict(request.query_params))


@app.get("/html", response_class=HTMLResponse)
def html_page():
    """A page, by a plain function: FastAPI runs it in a thread of its pool."""
    return shared.HTML_PAGE


@app.get("/form", response_class=HTMLResponse)
async def form():
    """A form."""
    return shared.FORM_PAGE


@app.post("/form", response_class=HTMLResponse)
async def form_sent(request: Request):
    """The form's result."""
    async with request.form() as fields:
        return shared.form_result((name, str(value)) for name, value in fields.multi_items())


@app.get("/upload", response_class=HTMLResponse)
async def upload_form():
    """A form for a file."""
    return shared.UPLOAD_PAGE


@app.post("/upload")
async def upload(request: Request):
    """A file, as a form's or as the whole body."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return shared.upload_result("", await request.body())
    async with request.form() as fields:
        file = next(value for value in fields.values() if not isinstance(value, str))
        return shared.upload_result(file.filename, await file.read())


@app.get("/slow")
async def slow(seconds: float = 1.0):
    """Wait; meanwhile the event loop serves others."""
    await asyncio.sleep(seconds)
    return {"slept": seconds}


@app.get("/block")
async def block(seconds: float = 1.0):
    """Wait without ``await``: nobody else in this process is served meanwhile."""
    time.sleep(seconds)
    return {"slept": seconds}


async def paced(text, count, pause):
    """``text`` of 1 to ``count``, with pauses."""
    for index in range(1, count + 1):
        yield text(index, count)
        await asyncio.sleep(pause)


@app.get("/stream")
async def stream(chunks: int = 5, pause: float = 0.2):
    """A body in chunks."""
    return StreamingResponse(paced(shared.chunk_text, chunks, pause), media_type="text/plain")


@app.get("/sse")
async def sse(events: int = 5, pause: float = 0.5):
    """Server-sent events."""
    ticks = paced(shared.event_text, events, pause)
    return StreamingResponse(ticks, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def work(seconds: float):
    """What /background does after its response."""
    await asyncio.sleep(seconds)
    shared.note("demo: background work done")


@app.get("/background", status_code=202)
async def background(tasks: BackgroundTasks, seconds: float = 1.0):
    """Answer first, then work."""
    tasks.add_task(work, seconds)
    return {"accepted": True}


@app.get("/error")
async def error():
    """An exception in an endpoint: the client gets 500 and the server has the exception."""
    raise shared.DeliberateError("this is the /error path")


@app.get("/hang")
async def hang():
    """Wait for something that never happens."""
    await asyncio.Event().wait()


@app.get("/leak")
async def leak(mb: float = 10):
    """Take memory and keep it."""
    return {"leaked_mb": shared.leak(mb)}


@app.get("/exit")
async def leave():
    """End the worker."""
    shared.leave()


@app.get("/segv")
async def segv():
    """Crash the worker."""
    shared.segfault()


@app.websocket("/ws/echo")
async def echo(websocket: WebSocket):
    """Send back what came, text as text and bytes as bytes."""
    await websocket.accept()
    while (message := await websocket.receive())["type"] == "websocket.receive":
        if message.get("text") is not None:
            await websocket.send_text(message["text"])
        else:
            await websocket.send_bytes(message["bytes"])


@app.websocket("/ws/chat")
async def chat(websocket: WebSocket):
    """What one says, all in this process hear."""
    await websocket.accept()
    chatting.add(websocket)
    try:
        while True:
            said = await websocket.receive_text()
            await asyncio.gather(*(other.send_text(said) for other in chatting), return_exceptions=True)
    except WebSocketDisconnect:
        pass
    finally:
        chatting.discard(websocket)


# Mistakes that a framework would not let one make are made beside it.
app.add_route("/mistakes", asgi_mistakes.App())
app.mount("/mistakes", asgi_mistakes.app)
