"""Entries of HAR files: what becomes of them, there and back, and what nonsense does."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.har_import import HarError, entries, exchange_of, messages_of
from inspector.model import Kind, State

_AT = 1_700_000_000_250_000_000


def made(**changes: Any) -> dict[str, Any]:
    return {
        "startedDateTime": "2023-11-14T22:13:20.250Z", "time": 40.5,
        "request": {
            "method": "POST", "url": "https://shop.example/basket?id=3", "httpVersion": "HTTP/2",
            "headers": [{"name": ":method", "value": "POST"}, {"name": "accept", "value": "a\r\nx: y"}, "odd"],
            "postData": {"mimeType": "text/plain", "text": "caf\u00e9"},
        },
        "response": {
            "status": 200, "statusText": "OK",
            "headers": [{"name": "Content-Encoding", "value": "gzip"}, {"name": "Host", "value": "x"}],
            "content": {"mimeType": "image/png", "text": base64.b64encode(bytes(range(256))).decode(),
                        "encoding": "base64"},
        },
        "timings": {"blocked": -1, "send": 0.5, "wait": 30, "receive": 10},
    } | changes  # fmt: skip


def read(entry: Any) -> Any:
    return exchange_of(entry, 7, head=100, tail=10)


def test_an_entry_becomes_an_exchange():
    found = read(made())
    assert (found.id, found.method, found.target, found.status, found.state) == (
        7, "POST", "/basket?id=3", 200, State.DONE,
    )  # fmt: skip
    assert found.opened_ns == _AT
    assert found.forwarded_ns == _AT + 500_000
    assert found.first_byte_ns == _AT + 30_500_000
    assert found.closed_ns == _AT + 40_500_000
    assert found.http_version == "2"
    assert found.request_head == b"POST /basket?id=3 HTTP/1.1\r\nHost: shop.example\r\naccept: a  x: y\r\n\r\n"
    assert found.response_head == b"HTTP/1.1 200 OK\r\nHost: x\r\n\r\n"
    assert found.request_body.head == "caf\u00e9".encode()
    body = found.response_body
    assert (body.size, body.head, body.tail) == (256, bytes(range(100)), bytes(range(246, 256)))


def test_of_a_body_that_was_left_out_the_length_is_known():
    request = {"method": "POST", "url": "http://a/", "bodySize": 90}
    found = read(made(request=request, response={"status": 200, "content": {"size": 5000}}))
    assert (found.request_body.size, found.response_body.size) == (90, 5000)
    assert found.request_body.truncated
    assert found.response_body.truncated


def test_a_body_that_was_sent_may_be_base64_too():
    posted = {"text": base64.b64encode(b"\xff\x00").decode(), "encoding": "base64"}
    request = {"method": "POST", "url": "http://a/", "bodySize": 2, "postData": posted}
    assert read(made(request=request)).request_body.head == b"\xff\x00"


def test_a_body_without_a_tail():
    assert exchange_of(made(), 1, head=10, tail=0).response_body.tail == b""


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"response": {"status": 200, "content": {"mimeType": "text/event-stream", "text": "data: 1"}}}, Kind.SSE),
        ({"response": {"status": 101}}, Kind.WEBSOCKET),
        ({"_resourceType": "websocket"}, Kind.WEBSOCKET),
    ],
)
def test_kinds(changes, kind):
    assert read(made(**changes)).kind == kind


def test_no_response_is_a_failure_and_a_time_without_a_zone_is_utc():
    found = read({"startedDateTime": "2023-11-14T22:13:20.25", "request": {"url": "/x"}, "response": {"status": -1}})
    assert (found.state, found.status, found.method, found.target) == (State.FAILED, 0, "GET", "/x")
    assert found.opened_ns == found.closed_ns == _AT
    assert found.request_head == b"GET /x HTTP/1.1\r\n\r\n"
    assert read({**made(), "request": {"url": ""}}).target == "/"


@pytest.mark.parametrize(
    "entry",
    [7, {}, {"request": {}}, made(startedDateTime="noon"), made(startedDateTime=None),
     made(response={"status": 200, "content": {"text": "a", "encoding": "base64"}})],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(entry):
    with pytest.raises(HarError):
        read(entry)


def socket(*messages: Any, **changes: Any) -> Any:
    return made(_resourceType="websocket", _webSocketMessages=list(messages), **changes)


def test_messages_of_a_websocket():
    at = _AT / 1e9
    entry = socket(
        {"type": "send", "time": at + 1, "opcode": 1, "data": "caf\u00e9"},
        {"type": "receive", "time": at + 2.5, "opcode": 2, "data": base64.b64encode(bytes(200)).decode()},
        {"type": "send", "time": 0, "opcode": 9, "data": ""},
        {"type": "receive", "time": at + 3, "opcode": 8, "data": "A+g="},
    )
    exchange = read(entry)
    found = messages_of(entry, exchange, head=100, tail=10)
    assert [(m.exchange, m.seq, m.side, m.direction, m.type, m.size) for m in found] == [
        (7, 0, "wire", "in", "ws.text", 5), (7, 1, "wire", "out", "ws.binary", 200),
        (7, 2, "wire", "in", "ws.ping", 0), (7, 3, "wire", "out", "ws.close", 2),
    ]  # fmt: skip
    assert [m.payload for m in found] == ["caf\u00e9".encode(), bytes(100), b"", b"\x03\xe8"]
    assert found[1].tail == bytes(10)
    assert abs(found[1].t_ns - _AT - 2_500_000_000) < 1_000_000
    assert found[2].t_ns == _AT
    assert exchange.closed_ns == found[3].t_ns


@pytest.mark.parametrize(
    "message",
    [7, {}, {"type": "say", "opcode": 1, "data": "x"}, {"type": "send", "opcode": 3, "data": "x"},
     {"type": "send", "opcode": 2, "data": "not base64"}, {"type": "send", "data": "x"},
     {"type": "send", "opcode": 2, "data": "\u00e9"}],
)  # fmt: skip
def test_messages_that_make_no_sense_are_left_out(message):
    entry = socket(message, {"type": "send", "opcode": 1, "data": "x"})
    assert [m.payload for m in messages_of(entry, read(entry), head=9, tail=0)] == [b"x"]


def test_only_a_websocket_has_messages():
    entry = made(_webSocketMessages=[{"type": "send", "opcode": 1, "data": "x"}])
    assert messages_of(entry, read(entry), head=9, tail=0) == []
    entry = made(_resourceType="websocket", _webSocketMessages={})
    assert messages_of(entry, read(entry), head=9, tail=0) == []
    entry = socket()
    assert messages_of(entry, read(entry), head=9, tail=0) == []


def test_files():
    assert entries(json.dumps({"log": {"entries": [1]}})) == [1]
    assert entries("\ufeff" + json.dumps({"log": {"entries": []}})) == []
    for text in ("{", "[]", "{}", '{"log": {}}', "[" * 100_000):
        with pytest.raises(HarError):
            entries(text)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["request", "response", "timings", "time", "startedDateTime"]), _json)
def test_any_value_anywhere_is_read_or_refused(name, value):
    with contextlib.suppress(HarError):
        assert read(made(**{name: value})).id == 7


@given(_json, _json, _json)
def test_any_message_is_read_or_left_out(kind, opcode, data):
    for each in ({"type": "send", "opcode": opcode, "data": data, "time": kind}, kind, data):
        entry = socket(each)
        messages_of(entry, read(entry), head=9, tail=0)


@given(st.sampled_from(["url", "headers", "method", "postData", "httpVersion"]), _json)
def test_any_value_in_a_request_is_read_or_refused(name, value):
    entry = made()
    entry["request"][name] = value
    with contextlib.suppress(HarError):
        assert read(entry).id == 7
