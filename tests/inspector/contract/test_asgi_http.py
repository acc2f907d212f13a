"""An HTTP response over ASGI: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest

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
    raised,
    sent,
    start,
    websocket,
    wire,
)  # fmt: skip

FINE = answered(start(), body())
REFUSED = raised("ValueError: no")
GONE = got("http.disconnect")
GIVEN_UP = got("http.disconnect", wait=600)
HALF = got("http.request", body=b"half", more_body=True)
BARE = sent("http.response.start", status=200)
MORE = body(more_body=True)
TRAILERS = {"extensions": {"http.response.trailers": {}}}
LONG = {"headers": [(b"content-length", b"100000")]}
SHORT = {"headers": [(b"content-length", b"5")]}
WAITS = {"headers": [(b"content-length", b"5"), (b"expect", b"100-continue")]}
CHUNKED = {"headers": [(b"transfer-encoding", b"chunked")]}
LEFT = wire("in", "client.gone")


def status(value: Any):
    return answered(start(value, headers=((b"location", b"/"),)), body())


def headers(value: Any, **scope: Any):
    return answered(start(headers=value), body(), scope=scope)


def name(value: bytes, **scope: Any):
    return headers([(b"content-type", b"text/plain"), (value, b"x")], **scope)


def late(*, waited: float, then: float, after: Any = REQUEST, code: Any = 200):
    return http(after, got("http.disconnect", wait=waited), start(code, wait=then), body(), RETURN)


def looking(*, waited: float, then: float):
    """As is done to see whether the client is there: a receive that is given up when nothing is there to receive."""
    look = raised("CancelledError: Cancelled by cancel scope", by="receive")
    return http(REQUEST, look, got("http.disconnect", wait=waited), start(wait=then), body(), RETURN)


TABLE = [
    ("ASGI-HTTP-01", "violation", answered(body()), FINE),
    ("ASGI-HTTP-02", "violation", answered(start(), start(500), body()), FINE),
    ("ASGI-HTTP-02", "violation", answered(start(), body(), start(500)), answered(start(), REFUSED, start(), body())),
    ("ASGI-HTTP-03", "violation", answered(), http(REQUEST, GONE, RETURN)),
    ("ASGI-HTTP-03", "violation", http(REQUEST, RETURN, LEFT), http(REQUEST, LEFT, RETURN)),
    ("ASGI-HTTP-03", "violation", answered(), answered(dropped=1)),
    ("ASGI-HTTP-03", "violation", answered(), answered(start(), raised("OSError: gone"))),
    ("ASGI-HTTP-04", "violation", answered(start()), FINE),
    ("ASGI-HTTP-04", "violation", answered(start(), MORE), answered(start(), MORE, body())),
    ("ASGI-HTTP-04", "violation", answered(start(trailers=True), MORE, scope=TRAILERS), http(REQUEST, start(), MORE)),
    ("ASGI-HTTP-05", "warning", answered(start(), body(), body()), answered(start(), MORE, body())),
    ("ASGI-HTTP-07", "violation", status("200"), status(200)),
    ("ASGI-HTTP-07", "violation", status(True), status(Opaque("http.HTTPStatus", "<HTTPStatus.OK: 200>"))),
    ("ASGI-HTTP-07", "violation", status(199), status(599)),
    ("ASGI-HTTP-07", "warning", status(600), status(200)),
    ("ASGI-HTTP-07", "violation", status(1000), status(404)),
    ("ASGI-HTTP-08", "violation", headers([("content-type", b"text/plain")]), headers([[b"content-type", b"x"]])),
    ("ASGI-HTTP-08", "violation", headers({b"content-type": b"text/plain"}), headers(Opaque("Headers", "Headers()"))),
    ("ASGI-HTTP-08", "violation", headers([b"content-type"]), answered(BARE, body())),
    ("ASGI-HTTP-09", "note", name(b"X-A"), name(b"x-a")),
    ("ASGI-HTTP-09", "violation", name(b"X-A", http_version="2"), name(b"x-a", http_version="2")),
    ("ASGI-HTTP-10", "violation", name(b":status"), name(b"status")),
    ("ASGI-HTTP-11", "violation", answered(start(), body("text")), FINE),
    ("ASGI-HTTP-11", "violation", answered(start(), body(None)), answered(start(), body(Opaque("Safe", "b'x'")))),
    ("ASGI-HTTP-12", "violation", answered(start(), body(more_body="no")), answered(start(), body(more_body=False))),
    ("ASGI-HTTP-14", "warning", http(start(), GONE, *[MORE] * 4), http(start(), GONE, *[MORE] * 3)),
    ("ASGI-HTTP-14", "warning", http(start(), MORE, raised("OSError: gone"), body(more_body=True, wait=1500)),
     http(start(), MORE, raised("ValueError: x"), body(more_body=True, wait=1500))),
    ("ASGI-HTTP-14", "warning", http(GONE, start(), *[MORE] * 4), http(start(), body(), GONE, *[MORE] * 4)),
    ("ASGI-HTTP-16", "warning", http(REQUEST, GONE, GONE, GONE), http(REQUEST, GONE, GONE)),
    ("ASGI-HTTP-17", "warning", late(waited=600, then=1), late(waited=600, then=150)),
    ("ASGI-HTTP-17", "warning", late(waited=600, then=1), late(waited=100, then=1)),
    ("ASGI-HTTP-17", "warning", late(waited=600, then=1), late(waited=600, then=1, code=499)),
    ("ASGI-HTTP-17", "warning", late(waited=600, then=1), http(GONE, start(), body(), RETURN)),
    ("ASGI-HTTP-17", "warning", late(waited=600, then=1), http(REQUEST, start(), GIVEN_UP, body())),
    ("ASGI-HTTP-17", "warning", late(waited=600, then=1), looking(waited=600, then=1)),
    ("ASGI-HTTP-20", "note", http(HALF, start(), body(), RETURN, scope=SHORT), answered(start(), body(), scope=SHORT)),
    ("ASGI-HTTP-20", "note", http(start(), body(), RETURN, scope=CHUNKED), http(start(), body(), RETURN)),
    ("ASGI-HTTP-20", "note", http(start(), body(), RETURN, scope=SHORT), http(start(401), body(), RETURN, scope=SHORT)),
    ("ASGI-HTTP-20", "warning", http(HALF, start(401), body(), RETURN, scope=LONG),
     http(HALF, GONE, RETURN, scope=LONG)),
    ("ASGI-HTTP-20", "note", http(HALF, start(), body(), RETURN, scope=WAITS),
     http(start(), body(), RETURN, scope=WAITS)),
    ("ASGI-HTTP-20", "note", http(RETURN, scope=SHORT), http(RETURN, scope={"headers": [(b"content-length", b"x")]})),
    ("ASGI-HTTP-21", "warning", late(waited=1, then=1, after=HALF), late(waited=1, then=1)),
    ("ASGI-HTTP-21", "warning", late(waited=1, then=1, after=HALF), http(HALF, GONE, start(400), body(), RETURN)),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_a_buffer_is_told_from_bytes() -> None:
    # The probe takes bytes out of the message; what still looks like bytes there was something else.
    buffer = body()
    odd = type(buffer)(0, 0, buffer.t_ns, "app", "out", buffer.type, info='{"body":{"$bytes":"x"}}')
    assert found(answered(start(), odd)) == {"ASGI-HTTP-11", "ASGI-MSG-09"}


def test_strays_of_extensions_are_not_for_these_rules() -> None:
    story = (start(), sent("http.response.early_hint", links=[]), body())
    assert found(answered(*story, scope={"extensions": {"http.response.early_hint": {}}})) == {"ASGI-EH-03"}


def test_nothing_is_asked_of_a_websocket() -> None:
    connected = (got("websocket.connect"), sent("websocket.accept"), sent("websocket.close"), RETURN)
    assert found(websocket(*connected)) == set()


def test_of_what_was_not_recorded_whole_nothing_that_is_missing_is_told() -> None:
    assert found(answered(MORE, dropped=2)) == set()
    assert found(answered(start(), MORE, dropped=2)) == set()
