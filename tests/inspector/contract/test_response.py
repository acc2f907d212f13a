"""What a response must be: for each rule what breaks it, and the nearest that does not, over ASGI and over WSGI."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.model import Message
from tests.support import wsgi_cases as wsgi
from tests.support.cases import (
    answered,
    body,
    found,
    got,
    holds,
    http,
    left,
    lifespan,
    raised,
    sent,
    start,
    wire,
)  # fmt: skip

TEXT = (b"content-type", b"text/plain")
LEFT = raised("OSError: gone")
MORE = body(b"hel", more_body=True)


def given(*headers: Any, status: int = 200, data: bytes = b"hello", plain: bool = True, **fields: Any):
    story = (start(status, headers=(*((TEXT,) if plain else ()), *headers)), body(data))
    return answered(*story, **fields)


def length(value: bytes, *story: Message, **fields: Any):
    return answered(start(headers=(TEXT, (b"content-length", value))), *story, **fields)


def over_wsgi(*headers: tuple[str, str], status: str = "200 OK", data: bytes = b"hello", **fields: Any):
    return wsgi.case(wsgi.start(status, list(headers)), wsgi.ret(), wsgi.stop(data), **fields)


NO_BODY = {"status": 204, "data": b"", "plain": False}
TABLE = [
    ("RESP-01", "violation", length(b"4", body()), length(b"5", body())),
    ("RESP-01", "violation", length(b"4", MORE, body(b"lo")), length(b"x", body())),
    ("RESP-01", "violation", over_wsgi(("Content-Length", "4")), over_wsgi(("Content-Length", "5"))),
    ("RESP-02", "violation", length(b"6", body()), length(b"6", MORE, left("E: x"))),
    ("RESP-02", "violation", length(b"6", body(), raised("E: no")), length(b"6", body(), raised("OSError: gone"))),
    ("RESP-02", "violation", length(b"6", body()), length(b"6", wire("in", "client.gone"), body())),
    ("RESP-02", "violation", length(b"6", body()), length(b"6", sent("http.response.pathsend", path="/a"))),
    ("RESP-02", "violation", over_wsgi(("Content-Length", "6")),
     over_wsgi(("Content-Length", "6"), error="the client closed the connection")),
    ("RESP-03", "note", given(method="HEAD"), given(method="HEAD", data=b"")),
    ("RESP-04", "violation", given(status=204), given(**NO_BODY)),
    ("RESP-04", "violation", over_wsgi(status="304 Not Modified"), over_wsgi(status="304 Not Modified", data=b"")),
    ("RESP-05", "violation", given((b"content-length", b"4"), **NO_BODY), given(**NO_BODY)),
    ("RESP-05", "warning", given((b"content-length", b"0"), **NO_BODY), given((b"content-length", b"0"), data=b"")),
    ("RESP-05", "violation", given((b"content-length", b"4"), **NO_BODY),
     wsgi.case(wsgi.start(200, [("Content-Length", "5")]), wsgi.ret(), wsgi.stop(b"hello"))),
    ("RESP-07", "warning", given((b"upgrade", b"h2c")),
     given((b"upgrade", b"h2c"), (b"connection", b"upgrade"), status=426)),
    ("RESP-07", "warning", given((b"proxy-authenticate", b"Basic")),
     given((b"proxy-authenticate", b"Basic"), status=407)),
    ("RESP-06", "note", given((b"transfer-encoding", b"chunked")), over_wsgi(("Transfer-Encoding", "chunked"))),
    ("RESP-07", "warning", given((b"connection", b"close")), given((b"x-connection", b"close"))),
    ("RESP-07", "violation", given((b"connection", b"x"), scope={"http_version": "2"}), over_wsgi(("Connection", "x"))),
    ("RESP-08", "violation", given((b"content-type", b"text/html")), given()),
    ("RESP-08", "warning", given(TEXT), given()),
    ("RESP-09", "violation", given((b"content-length", b"5, 5")), given((b"content-length", b"5"))),
    ("RESP-10", "note", given(plain=False), given(plain=False, data=b"")),
    ("RESP-11", "note", given(status=304, data=b""), given(status=304, data=b"", plain=False)),
    ("RESP-12", "violation", given((b"x-a", b"b\r\nx-c: d")), over_wsgi(("X-A", "b\r\nX-C: d"))),
    ("RESP-12", "violation", given((b"x a", b"b")), given((b"x-a", b"b"))),
    ("RESP-13", "warning", given((b"set-cookie", b"a=1, b=2")), given((b"set-cookie", b"a=1; expires=Thu, 01 Jan=1"))),
    ("RESP-14", "note", given(status=302), given((b"location", b"/"), status=302)),
    ("RESP-15", "warning", given((b"etag", b"abc")), given((b"etag", b'W/"abc"'))),
    ("RESP-16", "note", given((b"content-language", b"de"), status=304, data=b""), given((b"content-language", b"de"))),
    ("RESP-17", "warning", given((b"content-encoding", b"gzip")),
     given((b"content-encoding", b"gzip"), data=b"\x1f\x8b")),
    ("RESP-18", "note", given(status=405), given((b"allow", b"GET"), status=405)),
    ("RESP-18", "note", given(status=206), given((b"content-range", b"bytes 0-4/9"), status=206)),
    ("RESP-19", "note", given((b"x-a", b"b" * 9000)), given((b"x-a", b"b" * 8000))),
    ("RESP-20", "warning", given((b"content-type", b"text/event-stream"), (b"content-encoding", b"br"), plain=False),
     given((b"content-type", b"text/event-stream"), plain=False)),
    ("RESP-20", "warning", given((b"content-type", b"text/event-stream"), (b"content-length", b"5"), plain=False),
     given((b"content-length", b"5"))),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_right_responses_break_nothing() -> None:
    assert found(given((b"content-length", b"5"), (b"etag", b'"a"'))) == set()
    assert not {rule for rule in found(over_wsgi(("Content-Type", "text/plain"))) if rule.startswith("RESP")}


def test_without_an_answer_there_is_nothing_to_judge() -> None:
    assert found(lifespan(got("lifespan.startup"))) == set()
    assert found(http()) == set()
