"""Small applications for tests to run, written to a folder as a user's project would be."""

from __future__ import annotations

from pathlib import Path

WSGI = """
import os, time


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(float(environ["QUERY_STRING"] or 30))
    if path == "/exit":
        os._exit(9)
    print("wsgi", path)
    body = b"wsgi %d" % os.getpid()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""

ASGI = """
import asyncio, os


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/slow":
        await asyncio.sleep(float(scope["query_string"] or 30))
    if scope["path"] == "/exit":
        os._exit(9)
    body = b"asgi %d" % os.getpid()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""

FACTORY = """
from wsgi import app


def create_app():
    return app
"""

BROKEN = """
def load():
    raise RuntimeError("the sky is falling")


load()
"""


def project(folder: Path) -> Path:
    """All in ``folder``: ``wsgi:app``, ``asgi:app``, ``factory:create_app``, and ``broken:app``, which is broken."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"wsgi": WSGI, "asgi": ASGI, "factory": FACTORY, "broken": BROKEN}.items():
        (folder / f"{name}.py").write_text(text)
    return folder
