"""A long trace in little time: a million believable exchanges, made from a few dozen kinds and written in bulk.

It goes through the code that writes every trace (``inspector.store.batch``), without the pipe and the process before
it, so that the file is as a recording of the same traffic would have left it.
"""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from inspector import tagged
from inspector.model import Instance, Worker
from inspector.store import schema, session
from inspector.store.batch import BatchWriter
from inspector.store.facets import FacetBuilder
from inspector.store.scribe import quick_binding
from inspector.store.shape import EXCHANGE
from tests.support.made_trace import ENVIRON, MS, SCOPE, TRACEBACK

BATCH = 2_000
_AGENTS = ("curl/8.5.0", "python-httpx/0.28.1", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", "wrk")
_WORDS = ("items", "users", "orders", "basket", "search", "reports", "static/app.js", "static/logo.png", "events")
_STATUSES = (200,) * 80 + (201,) * 5 + (204,) * 3 + (302,) * 3 + (304,) * 3 + (404,) * 3 + (422,) + (500,) + (503,)
_BODY = json.dumps({"items": [{"id": number, "name": f"thing {number}"} for number in range(1)]}).encode()
_ERROR = b'{"detail": "Internal Server Error"}'
_PORT, _PATH, _QUERY, _TAG = 50_000, "/gs-path", "gs-query", "gs-tag"  #: stand for what differs, until it is put in

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Sort:
    """A kind of exchange: all that is the same in each, with the rest left open (see ``_filled``)."""

    method: str
    path: str
    numbered: bool
    kind: str
    status: int
    content_type: str
    request_head: str
    response_head: bytes
    context: str
    body: bytes
    digest: str
    messages: tuple[Row, ...]  #: offset in time, then as in the table from ``side`` on


class LongTrace:
    """``count`` exchanges at ``path`` over several workers of two instances. The same seed makes the same traffic."""

    def __init__(self, path: Path, *, workers: int = 4, seed: int = 11) -> None:
        self._random = random.Random(seed)
        self._connection = session.open_for_writing(path, append=False)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA cache_size = -64000")
        self._now = time.monotonic_ns() - 3_600_000 * MS
        session.begin(self._connection, {}, "long trace", monotonic_ns=self._now, wall_ns=time.time_ns())
        self._facets = FacetBuilder(self._connection)
        self._batches = BatchWriter(self._connection, self._facets.wrote)
        self._numbers = itertools.count(1)
        self._others: dict[str, list[Row]] = {"instance": [], "worker": []}
        self._workers = {asgi: [self._worker(asgi, slot) for slot in range(1, workers + 1)] for asgi in (False, True)}
        self._sorts = {asgi: list(self._make_sorts(asgi)) for asgi in (False, True)}

    def _worker(self, asgi: bool, slot: int) -> Row:
        number = 2 if asgi else 1
        if slot == 1:
            mode, interface = ("gunicorn-uvicorn", "ASGI3") if asgi else ("gunicorn-gthread", "WSGI")
            made = Instance(number, "shop", "shop.app:app", mode, interface, 4, 1, started_ns=self._now)
            self._others["instance"].append(astuple(made))
        worker = Worker(number * 10 + slot, number, slot, 1, 4000 + number * 10 + slot, "ready", born_ns=self._now)
        *columns, _in_hand, _cost = astuple(worker)
        self._others["worker"].append((*columns, "[]"))
        return (number, worker.id)

    def _make_sorts(self, asgi: bool) -> Iterator[_Sort]:
        for index in range(160):
            word = _WORDS[index % len(_WORDS)]
            status = (
                self._random.choice(_STATUSES) if index > 8 else (200, 500, 404, 200, 200, 201, 200, 200, 302)[index]
            )
            yield _sort(self._random, asgi, word, status, _AGENTS[index % 4])

    def write(self, count: int, said: Callable[[int], None] | None = None) -> None:
        """Write ``count`` exchanges and close the file. ``said`` hears how many there are, now and then."""
        quick_binding()
        for first in range(1, count + 1, BATCH):
            size = min(BATCH, count + 1 - first)
            exchanges, messages = self._batch(first, size, last=first + size > count)
            self._batches.write(next(self._numbers), exchanges, messages, self._others, {})
            self._others = {}
            while self._facets.step():
                pass
            if said is not None and first % (BATCH * 25) == 1:
                said(first)
        self._connection.execute("UPDATE session SET ended_ns = ?", (self._now,))
        schema.rest(self._connection)
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.execute("PRAGMA journal_mode = DELETE")
        self._connection.close()

    def _batch(self, first: int, count: int, *, last: bool) -> tuple[list[Row], list[Row]]:
        exchanges: list[Row] = []
        messages: list[Row] = []
        asgi = first // BATCH % 8 >= 2  # a change of mode now and then
        draw = self._random.random
        for identity in range(first, first + count):
            sort = self._sorts[asgi][int(draw() * 160)]
            instance, worker = self._workers[asgi][int(draw() ** 1.5 * 4)]
            self._now += int(draw() * 600_000)
            wait, work = int(draw() * 3 * MS), int(draw() ** 6 * 400 * MS) + 200_000
            exchanges.append(_exchange(sort, identity, instance, worker, (self._now, wait, work)))
            base = self._now + wait
            messages += [
                (identity, number, base + int(work * share), *rest)
                for number, (share, *rest) in enumerate(sort.messages)
            ]
        if last:  # the last one still runs
            exchanges[-1] = _unfinished(exchanges[-1])
        return exchanges, messages


def _exchange(sort: _Sort, identity: int, instance: int, worker: int, times: tuple[int, int, int]) -> Row:
    opened, wait, work = times
    called, port = opened + wait, 32_768 + identity % 28_000
    started = called + work // 2
    path = f"{sort.path}/{identity * 7919 % 100_000}" if sort.numbered else sort.path
    query = f"page={identity % 50}" if identity % 3 == 0 else ""
    target = f"{path}?{query}" if query else path
    tag = f"{identity * 2654435761 % 2**32:08x}"
    failed = identity % 4001 == 0
    return (
        identity, sort.kind, "failed" if failed else "done", instance, worker, f"127.0.0.1:{port}", sort.method,
        target, "1.1", sort.status, opened, opened + 90_000, called, started, started + 150_000, called + work,
        called + work + 40_000, called + work + 120_000, "ASGI3" if instance == 2 else "WSGI",
        f"Task-{identity % 900}" if instance == 2 else f"ThreadPoolExecutor-0_{identity % 8}",
        "the client closed the connection before it had the whole answer" if failed else "", 0, 0,
        len(sort.messages), 0, 0, len(sort.body), sort.response_head, TRACEBACK if sort.status == 500 else "",
        called + work + 70_000, 50_000 if identity % 50 == 0 else 0,
        sort.request_head.replace(_PATH, target).replace(_TAG, tag).encode(), b"", b"", "", sort.body, b"",
        sort.digest,
        sort.context.replace(_PATH, path).replace(_QUERY, query).replace(str(_PORT), str(port)).replace(_TAG, tag),
    )  # fmt: skip


def _unfinished(row: Row) -> Row:
    values = list(row)
    values[2], values[9] = "open", 0
    values[13:18] = (0, 0, 0, 0, 0)
    values[EXCHANGE.index("answered_ns")] = values[EXCHANGE.index("held_ns")] = 0
    return tuple(values)


def _sort(chance: random.Random, asgi: bool, word: str, status: int, agent: str) -> _Sort:
    method = chance.choice(("GET",) * 7 + ("POST", "POST", "DELETE"))
    numbered = word in ("items", "users", "orders")
    path = f"/{word}" if "static" in word or word == "events" else f"/api/{word}"
    kind = "sse" if word == "events" else "http"
    content_type = "text/event-stream" if kind == "sse" else "application/json" if "api" in path else "text/javascript"
    fields = [("host", "shop.example:8000"), ("user-agent", agent), ("accept", "application/json, */*"),
              ("x-request-id", _TAG)]  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    answer = f"HTTP/1.1 {status} X\r\nserver: uvicorn\r\ncontent-type: {content_type}\r\ncontent-length: 99\r\n\r\n"
    body = _ERROR if status >= 500 else b"" if status in (204, 304) else _BODY
    return _Sort(
        method, path, numbered, kind, status, content_type,
        request_head=f"{method} {_PATH} HTTP/1.1\r\n{head}\r\n",
        response_head=answer.encode(),
        context=tagged.dumps(_scope(method, fields) if asgi else _environ(method, fields)),
        body=body, digest=sha256(body).hexdigest() if body else "", messages=tuple(_messages(asgi, status, body)),
    )  # fmt: skip


def _scope(method: str, fields: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        **SCOPE, "method": method, "path": _PATH, "raw_path": _PATH.encode(), "query_string": _QUERY.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in fields], "client": ("127.0.0.1", _PORT),
    }  # fmt: skip


def _environ(method: str, fields: list[tuple[str, str]]) -> dict[str, Any]:
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields}
    return {**ENVIRON, **named, "REQUEST_METHOD": method, "PATH_INFO": _PATH, "QUERY_STRING": _QUERY,
            "REMOTE_PORT": str(_PORT)}  # fmt: skip


def _messages(asgi: bool, status: int, body: bytes) -> Iterator[Row]:
    """Share of the work done, then as in the table from ``side`` on."""
    start = tagged.dumps({"status": status, "headers": [(b"content-type", b"application/json")]})
    if asgi:
        yield (0, "app", "in", "http.request", 0, b"", b"", "", '{"more_body":false}')
        yield (0.5, "app", "out", "http.response.start", 0, None, b"", "", start)
        yield (1, "app", "out", "http.response.body", len(body), body, b"", "", '{"more_body":false}')
    else:
        yield (0.5, "app", "out", "start_response", 0, None, b"", "", start)
        if body:
            yield (0.9, "app", "out", "iteration", len(body), body, b"", "", "{}")
        yield (1, "app", "out", "close", 0, None, b"", "", "{}")
