"""A WebSocket over ASGI: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.model import Message
from inspector.tagged import Opaque
from tests.support.cases import (
    RETURN,
    event,
    found,
    got,
    holds,
    http,
    raised,
    sent,
    start,
    websocket,
    wire,
)  # fmt: skip

CONNECT = got("websocket.connect")
ACCEPT = sent("websocket.accept")
CLOSE = sent("websocket.close")
HELLO = sent("websocket.send", text="hello")
GONE = got("websocket.disconnect", code=1000)
HEARD = got("websocket.receive", text="hi")
PEERS_CLOSE = wire("in", "ws.close", info={"code": 1000})
SAID = wire("in", "ws.text")
LATE_TEXT = sent("websocket.send", text="hello", wait=150)


def opened(*story: Message, **fields: Any):
    return websocket(CONNECT, ACCEPT, *story, **fields)


def sending(**keys: Any):
    return opened(sent("websocket.send", **keys), CLOSE, RETURN)


def accepting(**keys: Any):
    return websocket(CONNECT, sent("websocket.accept", **keys), CLOSE, RETURN)


def with_header(name: Any):
    return accepting(headers=[(name, b"x")])


def closing(**keys: Any):
    return opened(sent("websocket.close", **keys), RETURN)


FINE = opened(HELLO, CLOSE, RETURN)
TABLE = [
    ("ASGI-WS-01", "violation", websocket(CONNECT, HELLO), FINE),
    ("ASGI-WS-01", "violation", websocket(HELLO), FINE),
    ("ASGI-WS-02", "violation", opened(ACCEPT), FINE),
    ("ASGI-WS-03", "warning", websocket(ACCEPT), FINE),
    ("ASGI-WS-03", "note", websocket(CLOSE), websocket(CONNECT, CLOSE)),
    ("ASGI-WS-04", "violation", websocket(CONNECT, RETURN), websocket(CONNECT, CLOSE, RETURN)),
    ("ASGI-WS-04", "violation", websocket(RETURN), websocket(CONNECT, GONE, RETURN)),
    ("ASGI-WS-04", "violation", websocket(CONNECT, RETURN), websocket(CONNECT, ACCEPT, raised("E: x"), RETURN)),
    ("ASGI-WS-05", "warning", opened(RETURN), opened(GONE, RETURN)),
    ("ASGI-WS-05", "warning", opened(RETURN, PEERS_CLOSE), opened(PEERS_CLOSE, RETURN)),
    ("ASGI-WS-06", "violation", sending(text="a", bytes=b"b"), sending(text="a", bytes=None)),
    ("ASGI-WS-06", "violation", sending(), sending(text="")),
    ("ASGI-WS-07", "violation", sending(text=b"a"), sending(text=Opaque("markupsafe.Markup", "Markup('a')"))),
    ("ASGI-WS-07", "violation", opened(event("out", "websocket.send", info={"bytes": b"x"})), sending(bytes=b"x")),
    ("ASGI-WS-08", "warning", opened(CLOSE, CLOSE), opened(CLOSE, HEARD, GONE)),
    ("ASGI-WS-08", "warning", opened(CLOSE, HELLO), FINE),
    ("ASGI-WS-09", "warning", opened(GONE, CLOSE), opened(HEARD, CLOSE)),
    ("ASGI-WS-09", "warning", opened(GONE, LATE_TEXT), opened(GONE, HELLO)),
    ("ASGI-WS-10", "violation", accepting(subprotocol="soap"), accepting(subprotocol="chat")),
    ("ASGI-WS-10", "violation", accepting(subprotocol="soap"), accepting(subprotocol=None)),
    ("ASGI-WS-11", "violation", with_header(b"sec-websocket-protocol"), with_header(b"x-protocol")),
    ("ASGI-WS-12", "violation", with_header("x-a"), with_header(b"x-a")),
    ("ASGI-WS-12", "violation", with_header(b":x"), with_header(b"x")),
    ("ASGI-WS-12", "note", with_header(b"X-A"), with_header(b"x-a")),
    ("ASGI-WS-13", "warning", with_header(b"Upgrade"), with_header(b"x-upgrade")),
    ("ASGI-WS-14", "violation", closing(code=1005), closing(code=1011)),
    ("ASGI-WS-14", "violation", closing(code=5000), closing(code=4999)),
    ("ASGI-WS-15", "violation", closing(reason="é" * 62), closing(reason="é" * 61)),
    ("ASGI-WS-17", "warning", opened(GONE, GONE), opened(GONE)),
    ("ASGI-WS-18", "violation", closing(code="1000"), closing(code=1000, reason=None)),
    ("ASGI-WS-18", "violation", closing(code=True), closing(code=Opaque("http.Code", "<Code.OK>"))),
    ("ASGI-WS-18", "violation", closing(reason=b"x"), closing(reason="x")),
    ("ASGI-WS-19", "note", websocket(CONNECT, sent("websocket.close", code=4003)), closing(code=4003)),
    ("ASGI-WS-19", "note", websocket(CONNECT, sent("websocket.close", reason="no")),
     websocket(CONNECT, sent("websocket.close", code=1000, reason=""))),
    ("ASGI-WS-23", "note", opened(SAID, event("out", "return", wait=31_000)), opened(SAID, RETURN)),
    ("ASGI-WS-23", "note", opened(HEARD, SAID, SAID, event("out", "return", wait=31_000)),
     opened(SAID, HEARD, event("out", "return", wait=31_000))),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_a_right_call_breaks_nothing() -> None:
    assert found(FINE) == set()


def test_nothing_is_asked_of_http() -> None:
    assert found(http(start(), sent("http.response.body", body=b"x"), RETURN)) == set()


def test_of_what_was_not_recorded_whole_nothing_that_is_missing_is_told() -> None:
    assert found(websocket(HELLO, RETURN, dropped=3)) == set()


def test_a_stray_that_is_for_others_to_judge() -> None:
    assert found(opened(sent("websocket.http.response.start", status=403, headers=[]))) == {"ASGI-DR-02"}
