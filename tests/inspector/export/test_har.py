"""HAR 1.2: what its readers expect, and what they must not see."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from inspector.export.har import har_entry, to_har
from inspector.export.record import Record
from inspector.model import Body, Exchange, Kind, Message, Worker

MS = 1_000_000
REQUEST = (
    b"POST /a?b=%C3%A9&c HTTP/1.1\r\nHost: a.example\r\nCookie: sid=s3cret; t=1\r\n"
    b"Authorization: Bearer s3cret\r\nContent-Type: text/plain\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 201 Made Up\r\nContent-Type: text/html\r\nLocation: /b\r\n"
    b"Set-Cookie: sid=s3cret; Path=/; Domain=a.example; HttpOnly; Secure; SameSite=Lax\r\nX-Api-Key: s3cret\r\n\r\n"
)


def made(**fields: Any) -> Exchange:
    values: dict[str, Any] = {
        "method": "POST", "target": "/a?b=%C3%A9&c", "status": 201, "opened_ns": MS, "forwarded_ns": 2 * MS,
        "first_byte_ns": 5 * MS, "closed_ns": 7 * MS, "request_head": REQUEST, "response_head": RESPONSE,
        "request_body": Body(2, b"hi"), "response_body": Body(4, b"<p/>"),
    }  # fmt: skip
    return Exchange(7, **(values | fields))


def entry(exchange: Exchange, *messages: Message, secrets: bool = False) -> dict[str, Any]:
    worker = Worker(1, 1, 2, 1, 4711)
    return har_entry(Record(exchange, list(messages), worker, "uvicorn", 1_700_000_000_123_456_000), secrets=secrets)


def test_an_exchange_is_an_entry():
    found = entry(made(), secrets=True)
    assert found["startedDateTime"] == "2023-11-14T22:13:20.123456+00:00"
    assert found["time"] == 6.0
    assert found["request"]["url"] == "http://127.0.0.1/a?b=%C3%A9&c"
    assert found["request"]["queryString"] == [{"name": "b", "value": "é"}, {"name": "c", "value": ""}]
    assert found["request"]["cookies"] == [{"name": "sid", "value": "s3cret"}, {"name": "t", "value": "1"}]
    assert found["request"]["postData"] == {"mimeType": "text/plain", "params": [], "text": "hi"}
    assert found["response"]["statusText"] == "Made Up"
    assert found["response"]["redirectURL"] == "/b"
    assert found["response"]["cookies"] == [
        {"name": "sid", "value": "s3cret", "path": "/", "domain": "a.example", "httpOnly": True, "secure": True}
    ]
    assert found["response"]["content"] == {"size": 4, "mimeType": "text/html", "text": "<p/>"}
    parts = {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 1.0, "wait": 3.0, "receive": 2.0}
    assert found["timings"] == parts
    assert found["time"] == sum(part for part in found["timings"].values() if part > 0)
    assert found["_gatescope"]["slot"] == 2


def test_secrets_are_masked_wherever_they_stand():
    text = json.dumps(entry(made()))
    assert "s3cret" not in text
    assert "[masked]" in text


def test_what_never_got_an_answer():
    found = entry(made(response_head=b"", response_body=Body(), status=0, first_byte_ns=0, error="client gone"))
    assert found["response"]["status"] == 0
    assert found["response"]["headersSize"] == -1
    assert (found["timings"]["wait"], found["timings"]["receive"]) == (0, 0)
    assert found["comment"] == "client gone"
    assert har_entry(Record(made(request_body=Body())))["_gatescope"]["slot"] == 0


def test_notes_on_an_exchange():
    record = Record(made(error="client gone"), mark="red", comment="look at this")
    found = har_entry(record)
    assert found["_gatescope"]["mark"] == "red"
    assert found["comment"] == "look at this\nclient gone"


@pytest.mark.parametrize(
    ("target", "url"),
    [("http://localhost/c", "http://localhost/c"), ("*", "http://127.0.0.1/*"), ("/c", "http://127.0.0.1/c")],
)
def test_urls(target, url):
    assert entry(made(target=target))["request"]["url"] == url


def test_secret_parameters_are_masked():
    head = RESPONSE.replace(b"/b", b"/b?code=s3cret")
    request = REQUEST.replace(b"Host", b"Referer: http://x/?key=s3cret\r\nHost")
    exchange = made(target="/?api_key=s3cret", response_head=head, request_head=request)
    assert "s3cret" not in json.dumps(entry(exchange))
    assert entry(exchange, secrets=True)["request"]["queryString"] == [{"name": "api_key", "value": "s3cret"}]


def test_a_host_that_nobody_named():
    assert entry(made(request_head=b"GET / HTTP/1.0\r\n\r\n", target="/"))["request"]["url"] == "http://localhost/"


def coded(coding: str, body: Body) -> dict[str, Any]:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: {coding}\r\n\r\n".encode()
    content: dict[str, Any] = entry(made(response_head=head, response_body=body))["response"]["content"]
    return content


def raw_deflate(text: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(text) + coder.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"a" * 1000, mtime=0)),
        (" X-GZIP ", gzip.compress(b"a" * 1000, mtime=0)),
        ("deflate", zlib.compress(b"a" * 1000)),
        ("br", brotli.compress(b"a" * 1000)),
        ("zstd", zstandard.compress(b"a" * 1000)),
        ("gzip, br", brotli.compress(gzip.compress(b"a" * 1000, mtime=0))),
        ("deflate", raw_deflate(b"a" * 1000)),
    ],
)
def test_coded_bodies_are_decoded(coding, body):
    content = coded(coding, Body(len(body), body))
    assert (content["size"], content["text"]) == (1000, "a" * 1000)
    assert content["compression"] == 1000 - len(body)


def test_what_cannot_be_decoded_is_kept_as_it_is():
    whole = gzip.compress(b"text" * 100, mtime=0)
    for coding, body in (("br", b"\xff\x00"), ("gzip", b"\xffplain"), ("gzip", whole[:-9]), ("gzip", whole[:5])):
        content = coded(coding, Body(len(body), body))
        assert content["encoding"] == "base64"
        assert base64.b64decode(content["text"]) == body
    assert coded("gzip", Body())["text"] == ""


def test_truncated_bodies_say_so():
    content = entry(made(response_body=Body(100, b"ab", b"yz")))["response"]["content"]
    assert content["text"] == "abyz"
    assert content["comment"] == "incomplete: the first 2 and the last 2 of 100 bytes were kept"
    assert "comment" not in entry(made(request_body=Body()))["request"]
    assert "gzip" not in json.dumps(coded("gzip", Body(100, gzip.compress(b"x", mtime=0)[:10], b"")))


def frame(seq: int, direction: str, kind: str, payload: bytes | None, side: str = "wire") -> Message:
    return Message(7, seq, (seq + 1) * MS, side, direction, kind, len(payload or b""), payload)


def test_websocket_messages_as_chrome_writes_them():
    found = entry(
        made(kind=Kind.WEBSOCKET, target="/ws"),
        frame(0, "in", "ws.text", "hé".encode()),
        frame(1, "out", "ws.binary", b"\xff"),
        frame(2, "in", "ws.ping", b""),
        frame(3, "out", "websocket.send", b"again", "app"),
        frame(4, "in", "ws.text", b"\xff"),
    )
    assert found["_resourceType"] == "websocket"
    assert found["request"]["url"] == "ws://127.0.0.1/ws"
    assert found["_webSocketMessages"] == [
        {"type": "send", "time": 1700000000.123456, "opcode": 1, "data": "hé"},
        {"type": "receive", "time": 1700000000.124456, "opcode": 2, "data": "/w=="},
        {"type": "send", "time": 1700000000.127456, "opcode": 2, "data": "/w=="},
    ]


def test_websocket_messages_of_the_application_where_there_was_no_proxy():
    exchange = made(kind=Kind.WEBSOCKET, opened_ns=0, called_ns=MS)
    messages = [frame(0, "in", "websocket.receive", b"a", "app"), frame(1, "out", "websocket.send", None, "app")]
    found = entry(exchange, *messages)["_webSocketMessages"]
    assert [(m["type"], m["data"]) for m in found] == [("send", "a"), ("receive", "")]


def test_the_file_is_whole_whatever_is_in_it():
    records = [Record(made()), Record(Exchange(8, kind=Kind.LIFESPAN)), Record(made())]
    for chosen, count in (([], 0), (records, 2)):
        log = json.loads("".join(to_har(chosen, version="1")))["log"]
        assert (log["version"], log["creator"]["name"], len(log["entries"])) == ("1.2", "Gatescope", count)


@given(head=st.binary(), body=st.binary(), target=st.text(), kind=st.sampled_from(Kind))
def test_any_bytes_make_an_entry(head, body, target, kind):
    exchange = made(request_head=head, response_head=head, target=target, kind=kind)
    exchange.request_body = exchange.response_body = Body(len(body), body)
    json.loads(json.dumps(entry(exchange, frame(0, "in", "ws.text", body))))
