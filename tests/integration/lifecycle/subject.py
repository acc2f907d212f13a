"""The application under observation, written to a folder as a user's project would be."""

from __future__ import annotations

from pathlib import Path

COMMON = """
import os, signal

VERSION = "first"


def said():
    return f"{VERSION} {os.getpid()}".encode()


def block():
    signal.sigtimedwait((), 60)  # nothing that gevent would patch, and it lets other threads run
"""

WSGI = """
import time


def app(environ, start_response):
    path, body = environ["PATH_INFO"], [said()]
    if path == "/slow":
        time.sleep(float(environ["QUERY_STRING"]))
    if path == "/block":
        block()
    if path == "/post":
        body = [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]
    if path == "/stream":
        body = (b"chunk %d;" % number for number in (1, 2, 3))
    if path == "/events":
        body = (b"data: %d\\n\\n" % number for number in (1, 2))
    start_response("200 OK", [("Content-Type", "text/event-stream" if path == "/events" else "text/plain")])
    return body
"""

ASGI = """
import asyncio


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        return await echo(receive, send)
    path, body = scope["path"], [said()]
    if path == "/slow":
        await asyncio.sleep(float(scope["query_string"]))
    if path == "/block":
        block()
    if path == "/post":
        body, more = [b""], True
        while more:
            message = await receive()
            body[0] += message.get("body", b"")
            more = message.get("more_body")
    if path == "/stream":
        body = [b"chunk %d;" % number for number in (1, 2, 3)]
    if path == "/events":
        body = [b"data: %d\\n\\n" % number for number in (1, 2)]
    kind = b"text/event-stream" if path == "/events" else b"text/plain"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    for chunk in body:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body"})


async def echo(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})
"""

#: Breaks only where a server loads it: whoever looks at it beforehand finds an application.
LATE = """
import pathlib, sys
from life import app


def load():
    with open(pathlib.Path(__file__).with_name("loads"), "a") as loads:
        loads.write("x")
    raise RuntimeError("the sky is falling")


servers = ("wsgiref.simple_server", "waitress", "gunicorn", "uvicorn", "hypercorn", "granian", "daphne")
if any(name in sys.modules for name in servers):
    load()
"""

#: For Django's server for development, which serves any WSGI application that its settings name.
MANAGE = """
import os, sys
import django.conf, django.core.management

django.conf.settings.configure(
    DEBUG=True, SECRET_KEY="-", ALLOWED_HOSTS=["*"], ROOT_URLCONF="urls", WSGI_APPLICATION=os.environ["TARGET"]
)
django.core.management.execute_from_command_line(sys.argv)
"""

#: Seconds after which gunicorn takes a worker for hanging; its default is 30.
GUNICORN = "timeout = 2\n"


def write(folder: Path, interface: str) -> Path:
    """``life:app``, and ``late:app``, which breaks; in ``folder / "hang"`` the first for servers of little patience."""
    source = COMMON + (WSGI if interface == "WSGI" else ASGI)
    hang = folder / "hang"
    hang.mkdir(parents=True)
    for place in (folder, hang):
        (place / "life.py").write_text(source)
        (place / "manage.py").write_text(MANAGE)
        (place / "urls.py").write_text("urlpatterns = []\n")
    (hang / "gunicorn.conf.py").write_text(GUNICORN)
    (folder / "late.py").write_text(LATE)
    return folder


def renew(folder: Path) -> None:
    """Newer code. Its length differs too: compiled files are told apart by length and by whole seconds."""
    file = folder / "life.py"
    file.write_text(file.read_text().replace('"first"', '"second"'))


def loads(folder: Path) -> int:
    """How often a server tried to load ``late:app``."""
    file = folder / "loads"
    return len(file.read_text()) if file.exists() else 0
