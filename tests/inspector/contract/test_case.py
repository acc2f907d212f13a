"""What is judged."""

from __future__ import annotations

from inspector.contract import Case
from inspector.contract.stages import Stage
from inspector.model import Exchange, Kind, State
from tests.support.cases import MS, REQUEST, RETURN, body, got, http, left, lifespan, raised, start, websocket, wire
from tests.support.wsgi_cases import case as wsgi_case


def test_messages_are_parted_by_side_and_in_order_of_time() -> None:
    case = http(wire("in", "request.head"), REQUEST, start(), wire("out", "response.head"))
    shuffled = Case(case.exchange, list(reversed(list(case.messages))))
    assert [event.type for event in shuffled.app] == ["call", "http.request", "http.response.start"]
    assert [event.type for event in shuffled.wire] == ["request.head", "response.head"]


def test_the_context() -> None:
    assert http().context["type"] == "http"
    assert [Case(Exchange(1, context=text), []).context for text in ("", "[1]", "no JSON")] == [{}, {}, {}]
    assert http().request_fields == [(b"host", b"here")]


def test_what_it_is() -> None:
    assert [case.protocol for case in (http(), websocket(), lifespan(), wsgi_case())] == [
        "http",
        "websocket",
        "lifespan",
        "",
    ]
    assert (http().asgi, http().wsgi, wsgi_case().asgi, wsgi_case().wsgi) == (True, False, False, True)
    assert http().is_kind(Kind.HTTP, Kind.SSE)
    assert (http().over, http(state=State.OPEN).over) == (True, False)
    assert (http().complete, http(dropped=1).complete) == (True, False)


def test_views_are_made_once() -> None:
    made = []
    case = http()
    assert case.view(made.append) is None
    case.view(made.append)
    assert len(made) <= 2  # a bound method is another object each time, and equal
    assert made[0] is case


def test_how_it_ended() -> None:
    assert http().ended is None
    assert http(RETURN).returned
    assert not http(RETURN, dropped=1).returned
    ended = http(left("E: x"), body()).ended
    assert ended is not None
    assert ended.type == "raise"
    assert not http(left("E: x")).returned


def test_what_the_server_refused() -> None:
    case = http(start(), raised("ValueError: no"), raised("ValueError: again"), body(), raised("CancelledError: "))
    assert case.refused == {1: "ValueError: no"}
    assert http(REQUEST, raised("OSError: gone", by="receive")).refused == {}
    assert case.walk.last is Stage.NEW  # the start was refused, so the body had no place


def test_when_the_client_left() -> None:
    assert http().client_left_ns == 0
    assert http(wire("in", "client.gone")).client_left_ns == 1002 * MS
    assert http(error="the client closed the connection", closed_ns=7).client_left_ns == 7
    assert http(got("http.disconnect")).client_left_ns == 1002 * MS
    assert http(wire("in", "request.head")).client_left_ns == 0
    assert wsgi_case().client_left_ns == 0
    assert not http(RETURN).deserted
    assert http(got("http.disconnect")).deserted
    assert http(got("http.disconnect"), RETURN).deserted
    assert not http(RETURN, wire("in", "client.gone")).deserted
