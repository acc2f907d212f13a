"""A call as the rules look at it: what the looks' own tests leave."""

from __future__ import annotations

from inspector.contract.wsgi_call import Call, attributes, number, shown
from inspector.tagged import Opaque
from tests.support.wsgi_cases import END, SECOND, case, close, left, piece, refused, ret, said, start, stop, wire


def call(*events: object, **more: object) -> Call:
    return Call(case(*events, **more))  # type: ignore[arg-type]


def test_starts() -> None:
    made = call(
        start("200", None), refused("start_response", ""), start(b"200"), piece("x"), ret(), start("20x"), piece(b"")
    )
    assert [each.raised for each in made.starts] == ["an exception", "", ""]
    assert [(each.committed, each.within) for each in made.starts] == [(False, False), (False, False), (True, True)]
    assert [each.code for each in made.starts] == [200, 0, 0]
    assert [each.pairs for each in made.starts[:1]] == [[]]
    assert made.announced is made.starts[2]
    assert not made.starts[0].has_exc_info
    mixed = start("200 OK", [("A", "b"), ("A", 1), (1, "b"), ["a", "b"], ("a", "b", "c")])
    assert call(mixed).starts[0].pairs == [("a", "b")]
    assert call(start(), refused("write", "x")).announced is not None


def test_what_comes_when_all_is_over_is_no_part_of_the_call() -> None:
    made = call(start(), ret(), stop(b"x"), piece(b"y", at=END + 1), start("500 Oh", at=END + 2))
    assert (len(made.events), len(made.pieces), len(made.starts)) == (5, 1, 1)
    unended = call(start(), piece(b"y", at=END + 1), returned_ns=0)
    assert len(unended.pieces) == 1


def test_when_the_client_left() -> None:
    assert call().client_left_ns == 0
    assert call(wired=(wire("request.head"), wire("client.gone", at=5))).client_left_ns == 5
    assert call(error="the client closed the connection before").client_left_ns == END
    assert call(refused("write", "BrokenPipeError: [Errno 32]")).client_left_ns == 2_000_000
    assert call(refused("write", "ValueError: x")).client_left_ns == 0


def test_how_it_ended() -> None:
    assert call(left("SystemExit: 1")).failure is None
    passed = call(refused("write", "Oh: x"), left("mod.Oh: x"))
    assert passed.passed_on
    assert not call(stop()).passed_on
    assert call(stop()).returned
    assert not call(stop(), error="its worker was killed").returned


def test_what_is_a_piece() -> None:
    assert call(close(), close()).closed is not None
    made = call(stop(), piece(b""), piece(None), stop(b"x"), said("iterate", "in", b"y"))
    assert [event.seq for event in made.pieces] == [1, 2, 3]
    assert [event.seq for event in made.data] == [3]
    assert not made.all_bytes
    assert made.exhausted is made.events[0]
    assert made.result is None


def test_the_wire() -> None:
    assert call().asked is None
    assert call(request_head=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").asked is not None
    assert call(method="HEAD").is_head
    proxied = call(wired=(said("response.head", at=SECOND, **{"from": "proxy"}),))
    assert proxied.answered is None
    assert proxied.answer.first == ""


def test_attributes_are_told_of_once() -> None:
    names = ("close", "seek", "close")
    made = call(*(said("input.attribute", name=name) for name in names), said("errors.attribute", name="a"))
    assert [(event.seq, name) for event, name in attributes(made, "input.")] == [(0, "close"), (1, "seek")]


def test_words() -> None:
    assert shown("x" * 100) == f"'{'x' * 76}..."
    assert shown(Opaque("a.B", "<B>")) == "<B>"
    assert [number(value) for value in ("12", "", "-1", "²", None, 12, "1" * 19)] == [12] + [None] * 6
