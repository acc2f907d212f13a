"""Traces with believable traffic, written by the real writer: what tests of the window look at."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

from inspector import tagged
from inspector.model import Body, Exchange, Instance, Kind, ReplayResult, ReplayRun, State, Worker
from inspector.store.writer import TraceWriter

MS = 1_000_000
TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/app.py", line 41, in checkout
    total = sum(item["price"] for item in basket)
KeyError: 'price'
"""

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/caf\u00c3\u00a9",
    "QUERY_STRING": "q=%C3%A9t%C3%A9",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "shop.example",
    "HTTP_ACCEPT": "application/json",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": tagged.Opaque("Body", "<gunicorn.http.body.Body object>"),
    "wsgi.errors": tagged.Opaque("WSGIErrorsWrapper", "<WSGIErrorsWrapper object>"),
    "wsgi.multithread": False,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "gunicorn.socket": tagged.Opaque("socket", "<socket.socket fd=9>"),
}
SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/caf\u00e9",
    "raw_path": b"/caf%C3%A9",
    "query_string": b"q=%C3%A9t%C3%A9",
    "root_path": "",
    "headers": [(b"host", b"shop.example"), (b"accept", b"application/json")],
    "client": ("127.0.0.1", 51324),
    "server": ("127.0.0.1", 8000),
    "state": {},
    "extensions": {"http.response.early_hint": {}},
}

_ITEMS = json.dumps({"items": [{"id": number} for number in range(12)]}).encode()
_ROUTES = (
    ("GET", "/", 200, "text/html; charset=utf-8", b"<!doctype html><title>Shop</title><h1>Hello</h1>"),
    ("GET", "/api/items?page=2", 200, "application/json", _ITEMS),
    ("POST", "/api/basket", 201, "application/json", b'{"ok": true, "total": 41.5, "note": null}'),
    ("GET", "/old", 302, "text/plain", b""),
    ("GET", "/missing/page", 404, "application/json", b'{"detail": "Not Found"}'),
    ("POST", "/checkout", 500, "text/plain; charset=utf-8", b"Internal Server Error"),
    ("GET", "/static/logo.png", 200, "image/png", b"\x89PNG\r\n\x1a\n" + bytes(2000)),
    ("GET", "/events", 200, "text/event-stream", b"event: tick\nid: 1\ndata: one\n\nevent: tick\nid: 2\ndata: two\n\n"),
)  # fmt: skip


class MadeTrace:
    """A trace under construction. Numbers are drawn from a seed, so that every run makes the same traffic."""

    def __init__(self, path: Path, *, asgi: bool = True, workers: int = 2, seed: int = 7) -> None:
        self.path = path
        self.random = random.Random(seed)
        self.writer = TraceWriter(path)
        self.interface = "ASGI3" if asgi else "WSGI"
        self.now = time.monotonic_ns() - 30_000 * MS
        mode = "gunicorn-uvicorn" if asgi else "gunicorn-sync"
        self.instance = self.writer.new_id("instance")
        self.writer.instance(
            Instance(self.instance, "shop", "shop.app:app", mode, self.interface, workers, 1, pid=4100)
        )
        self.workers = [self._worker(slot) for slot in range(1, workers + 1)]

    def _worker(self, slot: int) -> int:
        identity = self.writer.new_id("worker")
        self.writer.worker(Worker(identity, self.instance, slot, 1, 4100 + slot, "ready", born_ns=self.now))
        return identity

    def exchange(self, route: int | None = None, *, state: str = State.DONE, messages: bool = True) -> Exchange:
        """One request, over or (with ``state``) still in the application."""
        made = self.begin(route)
        self.finish(made, state=state, messages=messages) if state != State.OPEN else self.writer.touch(made)
        return made

    def begin(self, route: int | None = None) -> Exchange:
        """A request that has reached the application."""
        number = self.random.randrange(len(_ROUTES)) if route is None else route
        method, target, _status, content_type, _body = _ROUTES[number]
        self.now += self.random.randrange(2, 60) * MS
        made = Exchange(self.writer.new_id("exchange"), method=method, target=target, client="127.0.0.1:51324")
        made.kind = Kind.SSE if content_type == "text/event-stream" else Kind.HTTP
        made.instance, made.worker = self.instance, self.random.choice(self.workers)
        made.interface, made.task = self.interface, "Task-7" if self.interface == "ASGI3" else "MainThread"
        made.context = tagged.dumps(SCOPE if self.interface == "ASGI3" else ENVIRON)
        made.opened_ns = self.now
        made.forwarded_ns = made.opened_ns + self.random.randrange(100_000, 900_000)
        made.called_ns = made.forwarded_ns + self.random.randrange(1, 40) * MS
        head = f"{method} {target} HTTP/1.1\r\nHost: shop.example\r\nAccept: application/json\r\nUser-Agent: made/1\r\n"
        if method == "POST":
            made.request_body = Body(20, b"name=caf%C3%A9&count=2")
            head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n"
        made.request_head = f"{head}\r\n".encode()
        self.writer.touch(made)
        return made

    def finish(self, made: Exchange, *, state: str = State.DONE, messages: bool = True) -> None:
        """Answer a request that was begun."""
        _method, _target, status, content_type, body = next(r for r in _ROUTES if r[1] == made.target)
        made.status, made.state = status, state
        made.started_ns = made.called_ns + self.random.randrange(1, 120) * MS
        made.first_byte_ns = made.started_ns + 300_000
        made.last_app_ns = made.started_ns + self.random.randrange(1, 30) * MS
        made.closed_ns = made.last_app_ns + 200_000
        made.returned_ns = made.last_app_ns + self.random.choice((50_000, 30 * MS))
        made.response_head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
            "Server: uvicorn\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\n\r\n"
        ).encode()
        made.response_body = Body(len(body), body)
        if status == 500:
            made.exception = TRACEBACK
        if state == State.FAILED:
            made.error = "the client went away"
        if messages:
            self.say(made, made.called_ns, "app", "in", "http.request", b"", {"more_body": False})
            start = {"status": status, "headers": [(b"content-type", content_type.encode())]}
            self.say(made, made.started_ns, "app", "out", "http.response.start", None, start)
            self.say(made, made.first_byte_ns, "wire", "out", "response.head", None, {})
            self.say(made, made.last_app_ns, "app", "out", "http.response.body", body, {"more_body": False})
            self.say(made, made.closed_ns, "wire", "out", "response.end", None, {})
        self.writer.touch(made)

    def say(
        self, made: Exchange, at: int, side: str, direction: str, kind: str, payload: bytes | None, info: object
    ) -> None:
        """One message of an exchange."""
        size = len(payload) if payload is not None else 0
        row = (made.id, made.messages, at, side, direction, kind, size, payload, b"", "", tagged.dumps(info))
        self.writer.message(made, row)

    def replay(self, originals: list[Exchange]) -> int:
        """A replay of these, of which every other one differs and the last could not be sent."""
        run = self.writer.new_id("replay_run")
        self.writer.replay_run(
            ReplayRun(run, "", "http://127.0.0.1:8000", "max", len(originals), self.now, state="finished")
        )
        for number, original in enumerate(originals):
            if number == len(originals) - 1:
                self.writer.replay_result(ReplayResult(run, original.id, 0, False, "", "the connection was refused"))
                continue
            again = self.begin(next(n for n, r in enumerate(_ROUTES) if r[1] == original.target))
            again.replay_of, again.replay_run = original.id, run
            self.finish(again)
            found = [] if number % 2 else [
                {"where": "status", "path": "", "original": 200, "replay": 500},
                {"where": "header", "path": "date", "original": "Mon", "replay": "Tue", "volatile": True},
                {"where": "body", "path": "$.items[2].id", "original": 2, "replay": None},
            ]  # fmt: skip
            self.writer.replay_result(ReplayResult(run, original.id, again.id, not found, json.dumps(found)))
        return run

    def traffic(self, count: int, *, messages: bool = True) -> list[Exchange]:
        """That many requests, all answered."""
        return [self.exchange(messages=messages) for _ in range(count)]

    def close(self) -> None:
        """End the recording."""
        self.writer.close()
