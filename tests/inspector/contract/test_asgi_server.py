"""What an ASGI server hands over and makes of messages: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.model import Body, Message
from inspector.tagged import Opaque
from tests.support.cases import (
    REQUEST,
    RETURN,
    answered,
    body,
    found,
    got,
    holds,
    http,
    left,
    raised,
    sent,
    start,
    websocket,
    wire,
)  # fmt: skip

ANSWER = (start(), body(), RETURN)
MORE = body(more_body=True)
GONE = got("http.disconnect")
CONNECT, ACCEPT, CLOSE = got("websocket.connect"), sent("websocket.accept"), sent("websocket.close")
FOUR, HALF = got("http.request", body=b"1234"), got("http.request", body=b"1", more_body=True)
HEARD = got("websocket.receive", text="hi")
FINE = answered(start(), body())
LEFT = wire("in", "client.gone")
NEWER = {"asgi": {"version": "3.0", "spec_version": "2.4"}}
LEFT_ERROR = "the client closed the connection without a closing handshake (1006)"
WAITED = body(more_body=True, wait=300)
CUT = wire("out", "upstream.gone")


def length(value: bytes, *story: Message, **fields: Any):
    return http(*story, *ANSWER, scope={"headers": [(b"content-length", value)]}, **fields)


def chunked(data: bytes, *, size: int, **fields: Any):
    request = got("http.request", body=data)
    headers = [(b"transfer-encoding", b"chunked")]
    return http(request, *ANSWER, scope={"headers": headers}, request_body=Body(size, data[:size]), **fields)


def answering_late(**fields: Any):
    return http(REQUEST, GONE, *ANSWER, answered_ns=1, **fields)


def opened(*story: Message, **fields: Any):
    return websocket(CONNECT, ACCEPT, *story, **fields)


def frame(direction: str, code: int | None = None, reason: str = "", **info: Any) -> Message:
    info = {**info, **({"code": code, "reason": reason} if code else {})}
    return wire(direction, "ws.close", info=info)


def told(code: Any, *frames: Message, reason: str | None = None, **fields: Any):
    keys = {"code": code} if reason is None else {"code": code, "reason": reason}
    return opened(*frames, got("websocket.disconnect", **keys), RETURN, **fields)


def closed(code: int, reason: str, *frames: Message):
    return opened(sent("websocket.close", code=code, reason=reason), *frames, RETURN)


def refused(status: int, *story: Message):
    head = f"HTTP/1.1 {status} No\r\n\r\n".encode()
    return websocket(CONNECT, CLOSE, *story, RETURN, status=status, response_head=head)


def accepted(head: bytes, **fields: Any):
    accept = sent("websocket.accept", headers=[(b"X-A", b"1")])
    return websocket(CONNECT, accept, CLOSE, RETURN, response_head=b"HTTP/1.1 101 S\r\n" + head + b"\r\n", **fields)


UNHEARD = http(start(), LEFT, *[WAITED] * 3, scope=NEWER)
TABLE = [
    ("ASGI-HTTP-50", "violation", http(CONNECT, *ANSWER), FINE),
    ("ASGI-HTTP-51", "violation", http(REQUEST, REQUEST, *ANSWER), http(REQUEST, GONE, *ANSWER)),
    ("ASGI-HTTP-52", "violation", http(got("http.request", body="x"), *ANSWER), http(got("http.request"), *ANSWER)),
    ("ASGI-HTTP-52", "violation", http(got("http.request", more_body=1), *ANSWER),
     http(got("http.request", more_body=Opaque("Flag", "<Flag.YES>")), *ANSWER)),
    ("ASGI-HTTP-54", "violation", length(b"5", FOUR), length(b"4", FOUR)),
    ("ASGI-HTTP-54", "violation", length(b"5", REQUEST), length(b"5", REQUEST, dropped=1)),
    ("ASGI-HTTP-54", "violation", length(b"5", REQUEST), length(b"5", HALF, GONE)),
    ("ASGI-HTTP-55", "violation", chunked(b"5\r\nhello\r\n0\r\n\r\n", size=5), chunked(b"5\r\n", size=3)),
    ("ASGI-HTTP-56", "warning", UNHEARD, http(start(), LEFT, *[WAITED] * 3)),
    ("ASGI-HTTP-56", "warning", UNHEARD,
     http(start(), LEFT, *[WAITED, raised("OSError: gone")] * 3, scope=NEWER)),
    ("ASGI-HTTP-56", "warning", UNHEARD, http(start(), *[MORE] * 4, scope=NEWER)),
    ("ASGI-HTTP-56", "warning", UNHEARD, http(start(), LEFT, MORE, scope=NEWER)),
    ("ASGI-HTTP-59", "warning", answering_late(), answering_late(error="the client closed the connection")),
    ("ASGI-HTTP-59", "warning", answering_late(), http(REQUEST, start(), body(), GONE, RETURN, answered_ns=1)),
    ("ASGI-HTTP-59", "warning", answering_late(), http(REQUEST, GONE, start(), MORE, RETURN, answered_ns=1)),
    ("ASGI-WS-50", "violation", websocket(HEARD), websocket(got("websocket.disconnect", code=1006))),
    ("ASGI-WS-51", "violation", websocket(CONNECT, HEARD), opened(HEARD)),
    ("ASGI-WS-52", "violation", opened(got("websocket.receive", text="a", bytes=b"b")),
     opened(got("websocket.receive", text="a", bytes=None))),
    ("ASGI-WS-52", "violation", opened(got("websocket.receive")), opened(got("websocket.receive", text=""))),
    ("ASGI-WS-52", "violation", opened(got("websocket.receive", text=b"x")),
     opened(got("websocket.receive", text=Opaque("Text", "'x'")))),
    ("ASGI-WS-53", "violation", opened(got("websocket.disconnect", code=None)), told(1000)),
    ("ASGI-WS-53", "violation", opened(got("websocket.disconnect")), told(Opaque("CloseCode", "<CloseCode.OK>"))),
    ("ASGI-WS-54", "violation", opened(got("websocket.disconnect", code=1000), HEARD), opened(HEARD)),
    ("ASGI-WS-55", "violation", told(1006, frame("in", 4001)), told(4001, frame("in", 4001))),
    ("ASGI-WS-55", "violation", told(1000, frame("in")), told(1005, frame("in"))),
    ("ASGI-WS-55", "note", told(4001, frame("in", 4001, "bye"), reason="", scope=NEWER),
     told(4001, frame("in", 4001, "bye"), reason="bye", scope=NEWER)),
    ("ASGI-WS-55", "warning", told(1005, error=LEFT_ERROR), told(1006, error=LEFT_ERROR)),
    ("ASGI-WS-55", "violation", told(1006, frame("in", 4001)),
     told(1012, frame("in", 1012, **{"from": "proxy"}), frame("out", 1012))),
    ("ASGI-WS-55", "violation", told(1006, frame("in", 4001)), told(1006, frame("out", 1011), frame("in", 1011))),
    ("ASGI-WS-55", "violation", told(1006, frame("in", 4001)), told(1006, frame("in", 4001), state="open")),
    ("ASGI-WS-56", "violation", refused(404), refused(403)),
    ("ASGI-WS-56", "violation", refused(502), refused(502, wire("out", "response.head", info={"from": "proxy"}))),
    ("ASGI-WS-57", "violation", closed(4001, "a", frame("out", 1000)), closed(4001, "a", frame("out", 4001, "a"))),
    ("ASGI-WS-57", "violation", closed(4001, "bye", frame("out", 4001)), closed(1000, "", frame("out", 1000))),
    ("ASGI-WS-57", "violation", closed(1000, "", frame("out")), closed(1005, "", frame("out"))),
    ("ASGI-WS-57", "violation", closed(1000, "", frame("out")),
     closed(1000, "", frame("in", 1001), frame("out", 1001))),
    ("ASGI-WS-58", "violation", accepted(b""), accepted(b"x-a: 1\r\n")),
    ("ASGI-WS-58", "note", accepted(b"", scope={"asgi": {"version": "3.0"}}), accepted(b"X-A: 1\r\n")),
    ("ASGI-WS-60", "warning", opened(RETURN, CUT), opened(CUT, RETURN)),
    ("ASGI-WS-60", "warning", opened(left("E: x"), CUT), opened(RETURN, frame("out", 1011), CUT)),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_right_calls_break_nothing() -> None:
    assert found(FINE) == set()
    assert found(closed(1000, "", frame("out", 1000), frame("in", 1000))) == set()


def test_a_connect_that_comes_twice_is_nobodys_rule() -> None:
    assert found(websocket(CONNECT, CONNECT, CLOSE, RETURN)) == set()
    assert found(opened(ACCEPT)) == {"ASGI-WS-02"}


def test_a_close_that_the_server_refused_reached_nobody() -> None:
    assert "ASGI-WS-57" not in found(opened(CLOSE, raised("RuntimeError: no"), frame("out", 1011)))
    head = b"HTTP/1.1 500 No\r\n\r\n"
    assert "ASGI-WS-56" not in found(websocket(CONNECT, CLOSE, raised("E: no"), status=500, response_head=head))
