"""The call of an ASGI application as a whole: for each rule what breaks it, and the nearest that does not."""

from __future__ import annotations

import pytest

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
    lifespan,
    raised,
    sent,
    start,
    websocket,
    wire,
)  # fmt: skip
from tests.support.wsgi_cases import case as wsgi_case

ERROR = left("shop.NoPrice: 7")
CANCELLED = left("asyncio.exceptions.CancelledError")
MORE = body(more_body=True)
GONE = got("http.disconnect")
CONNECT, ACCEPT, CLOSE = got("websocket.connect"), sent("websocket.accept"), sent("websocket.close")
FINE = answered(start(), body())
CALLED = "Traceback (most recent call last):\nTypeError: app() takes 2 positional arguments but 3 were given\n"
NO_APP = left("TypeError: app() takes 2 positional arguments but 3 were given")
LATE = wire("in", "client.gone", wait=6_000)

TABLE = [
    ("ASGI-APP-02", "violation", http(NO_APP, exception=CALLED), http(left("ValueError: x"), exception=CALLED)),
    ("ASGI-APP-02", "violation", http(NO_APP, exception=CALLED), http(NO_APP)),
    ("ASGI-APP-03", "note", lifespan(interface="ASGI2"), http(interface="ASGI2")),
    ("ASGI-APP-06", "warning", http(REQUEST, ERROR), http(REQUEST, CANCELLED)),
    ("ASGI-APP-06", "warning", http(REQUEST, ERROR), http(REQUEST, GONE, ERROR)),
    ("ASGI-APP-06", "warning", http(REQUEST, ERROR),
     http(REQUEST, raised("ValueError: no", by="receive"), left("ValueError: no"))),
    ("ASGI-APP-06", "warning", websocket(CONNECT, ERROR), websocket(CONNECT, ACCEPT, ERROR)),
    ("ASGI-APP-06", "note", websocket(ERROR), lifespan(ERROR)),
    ("ASGI-APP-07", "warning", http(REQUEST, start(), MORE, ERROR), http(REQUEST, start(), MORE, GONE, ERROR)),
    ("ASGI-APP-07", "warning", websocket(CONNECT, ACCEPT, ERROR), websocket(CONNECT, ACCEPT, CLOSE, ERROR)),
    ("ASGI-APP-08", "warning", http(REQUEST, start(), body(), ERROR), FINE),
    ("ASGI-APP-08", "note", http(REQUEST, start(500), body(), ERROR), FINE),
    ("ASGI-APP-08", "warning", websocket(CONNECT, CLOSE, ERROR), websocket(CONNECT, CLOSE, RETURN)),
    ("ASGI-APP-11", "violation", answered(start(), body(**{"gatescope.thread": "pool-1"})), FINE),
    ("ASGI-APP-13", "violation", http(REQUEST, start(), body(), RETURN, body()),
     http(REQUEST, start(), body(), RETURN, GONE)),
    ("ASGI-APP-15", "violation", http(REQUEST, ERROR, LATE), http(REQUEST, start(), body(), RETURN, LATE)),
    ("ASGI-APP-15", "violation", http(REQUEST, RETURN, LATE), http(REQUEST, RETURN, wire("in", "client.gone"))),
]  # fmt: skip


@pytest.mark.parametrize("sample", TABLE, ids=lambda sample: sample[0])
def test_rule(sample) -> None:
    holds(sample)


def test_a_call_that_goes_on_is_judged_by_what_it_has_said() -> None:
    assert found(http(REQUEST, start())) == set()


def test_nothing_is_asked_of_wsgi() -> None:
    assert not {rule for rule in found(wsgi_case()) if rule.startswith("ASGI")}
