"""Messages of two exchanges beside each other: by meaning, in each side's own order, with what differs."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from app.traffic.compare.meanings import ALONE, CROSSED, WORDS, Meaning
from app.traffic.compare.pairing import Half, Row, difference, rows
from inspector import tagged
from inspector.model import Message

MS = 1_000_000


def half(*said: str | tuple[str, int] | tuple[str, int, str], wsgi: bool = False, wire: bool = False) -> Half:
    """Messages of these types a millisecond apart; those with a point in the wire's words are the wire's."""
    made = []
    for number, each in enumerate(said):
        kind, size, info = (*((each,) if isinstance(each, str) else each), 0, "")[:3]
        side = "wire" if wire or kind.startswith(("request.", "response.")) else "app"
        made.append(Message(1, number, number * MS, side, "out", kind, int(size), b"x" * int(size), info=str(info)))
    return Half(made, wsgi)


def types(found: list[Row]) -> list[tuple[str, str]]:
    return [(row.left.type if row.left else "", row.right.type if row.right else "") for row in found]


STOP = '{"stop":true}'
MORE = '{"more_body":true}'
LIST = half("call", "start_response", "return", ("iterate", 9, STOP), wsgi=True)
GENERATOR = half(
    "call", ("input.read", 4), "start_response", "return", ("iterate", 3), ("iterate", 3), ("iterate", 0, STOP),
    "close", wsgi=True,
)  # fmt: skip
ONE = half("call", "http.response.start", ("http.response.body", 9), "return")
STREAM = half(
    "call", ("http.request", 4), "http.response.start", ("http.response.body", 3, MORE),
    ("http.response.body", 3, MORE), "http.response.body", "return",
)  # fmt: skip


def test_a_list_beside_one_message() -> None:
    found = rows(LIST, ONE)
    assert types(found) == [
        ("call", "call"),
        ("start_response", "http.response.start"),
        ("return", ""),
        ("iterate", "http.response.body"),
        ("", "return"),
    ]
    assert found[2].text == WORDS[Meaning.HANDED].wsgi
    assert found[4].text == WORDS[Meaning.FINISHED].asgi
    assert not any(row.difference for row in found)
    assert [row.paired for row in found] == [True, True, False, True, False]


def test_a_generator_beside_a_stream_and_the_other_way_round() -> None:
    wanted = [
        ("call", "call"), ("input.read", "http.request"), ("start_response", "http.response.start"), ("return", ""),
        ("iterate", "http.response.body"), ("iterate", "http.response.body"), ("iterate", "http.response.body"),
        ("close", "return"),
    ]  # fmt: skip
    assert types(rows(GENERATOR, STREAM)) == wanted
    assert types(rows(STREAM, GENERATOR)) == [(right, left) for left, right in wanted]


def test_pieces_are_matched_by_where_they_begin_when_there_are_not_equally_many() -> None:
    small = half(("iterate", 2), ("iterate", 2), ("iterate", 4), wsgi=True)
    large = half(("http.response.body", 4, MORE), ("http.response.body", 4, MORE))
    found = rows(small, large)
    assert types(found) == [
        ("iterate", "http.response.body"), ("iterate", ""), ("iterate", "http.response.body"),
    ]  # fmt: skip
    assert found[0].difference == "2 B ≠ 4 B"
    assert found[1].text == WORDS[Meaning.PIECE].wsgi
    nothing_twice = half(("input.read", 0), ("input.read", 0), ("input.read", 3), wsgi=True)
    asked = half(("http.request", 0), ("http.request", 0))
    assert types(rows(nothing_twice, asked))[:2] == [("input.read", "http.request")] * 2


def test_what_would_cross_stands_alone_on_each_side() -> None:
    early = half("call", "start_response", "errors.write", wsgi=True)
    late = half("call", "errors.write", "start_response", wsgi=True)
    found = rows(early, late)
    assert sum(row.paired for row in found) == 2
    assert [row.text for row in found if not row.paired] == [CROSSED, CROSSED]


def test_two_of_the_same_interface() -> None:
    found = rows(ONE, half("call", "http.disconnect", wsgi=False))
    assert found[0].text == WORDS[Meaning.CALL].same
    assert [row.text for row in found if row.right and not row.left] == [ALONE]
    fewer = half("call", ("http.response.body", 9), ("http.response.body", 9))
    assert WORDS[Meaning.PIECE].wsgi in [row.text for row in rows(ONE, fewer)]
    assert rows(half("lifespan.startup"), half("lifespan.startup"))[0].text == WORDS[Meaning.LIFESPAN].both
    assert rows(half("lifespan.startup"), half(wsgi=True))[0].text == WORDS[Meaning.LIFESPAN].asgi
    assert rows(half("raise"), half("raise", wsgi=True))[0].text == WORDS[Meaning.RAISE].both
    assert rows(half("errors.write", wsgi=True), half())[0].text == WORDS[Meaning.LOG].wsgi
    assert rows(half("http.disconnect", wsgi=True), half())[0].text == ALONE


def timed(kinds: str, side: str, times: list[int]) -> list[Message]:
    return [Message(1, at, at * MS, side, "out", kind) for kind, at in zip(kinds.split(), times, strict=True)]


def test_the_wire_is_put_between_by_time() -> None:
    wire = "request.head response.head response.end"
    left = Half([*timed(wire, "wire", [0, 3, 9]), *timed("call http.response.start", "app", [1, 2])])
    right = Half([*timed("request.head response.head", "wire", [0, 5]), *timed("call raise", "app", [1, 4])])
    assert types(rows(left, right)) == [
        ("request.head", "request.head"),
        ("call", "call"),
        ("http.response.start", ""),
        ("", "raise"),
        ("response.head", "response.head"),
        ("response.end", ""),
    ]
    assert types(rows(left, right, wire=False))[0] == ("call", "call")
    only_right = rows(Half([]), right)
    assert types(only_right)[0] == ("", "request.head")
    one_of_each = rows(Half(timed("request.head", "wire", [0])), Half(timed("call", "app", [1])))
    assert types(one_of_each) == [("", "call"), ("request.head", "")]


def start(status: object, *headers: tuple[object, object]) -> Message:
    info = tagged.dumps({"status": status, "headers": list(headers)})
    return Message(1, 0, 0, "app", "out", "http.response.start", info=info)


def test_starts_differ_in_status_and_headers_that_say_something() -> None:
    one = start("200 OK", ("Content-Type", "text/html"), ("Date", "today"))
    assert difference(one, start(200, (b"content-type", b"text/html")), Meaning.START) == ""
    assert difference(one, start(404, (b"content-type", b"text/html")), Meaning.START) == "status 200 ≠ 404"
    other = start(200, (b"a", b"1"), (b"b", b"1"), (b"c", b"1"))
    assert difference(one, other, Meaning.START) == "a, b, c, 1 headers more"
    broken = Message(1, 0, 0, "app", "out", "start_response", info='{"status":200,"headers":[["content-type"]]}')
    assert difference(one, broken, Meaning.START) == "content-type"
    none = Message(1, 0, 0, "app", "out", "start_response", info=json.dumps({"status": 200, "headers": 3}))
    assert difference(one, none, Meaning.START) == "content-type"


def test_other_differences() -> None:
    def made(kind: str, payload: bytes | None = None, info: str = "", side: str = "app") -> Message:
        return Message(1, 0, 0, side, "out", kind, len(payload or b""), payload, info=info)

    assert (
        difference(made("raise", info='{"exception":"a"}'), made("raise", info='{"exception":"a"}'), Meaning.RAISE)
        == ""
    )
    assert difference(made("raise"), made("raise", info='{"exception":"a"}'), Meaning.RAISE) == "another exception"
    assert difference(made("iterate", b"ab"), made("iterate", b"ac"), Meaning.PIECE) == "other bytes"
    assert difference(made("iterate", b"ab"), made("iterate", b"ab"), Meaning.PIECE) == ""
    head = made("response.head", b"long", side="wire")
    assert difference(head, made("response.head", b"l", side="wire"), Meaning.WIRE) == ""
    body = made("response.body", b"long", side="wire")
    assert difference(body, made("response.body", b"l", side="wire"), Meaning.WIRE) == "4 B ≠ 1 B"


KINDS = st.sampled_from([
    "call", "return", "iterate", "close", "write", "input.read", "http.request", "http.response.body", "raise",
    "response.body",
])  # fmt: skip
HALVES = st.builds(
    lambda kinds, wsgi: half(*kinds, wsgi=wsgi),
    st.lists(st.tuples(KINDS, st.integers(0, 3)), max_size=14),
    st.booleans(),
)


@given(HALVES, HALVES)
def test_every_message_is_there_once_and_in_its_order(left: Half, right: Half) -> None:
    found = rows(left, right)
    for half_, side in ((left, [row.left for row in found]), (right, [row.right for row in found])):
        shown = [message for message in side if message]
        for kind in ("app", "wire"):
            assert [m.seq for m in shown if m.side == kind] == [m.seq for m in half_.messages if m.side == kind]
        assert len(shown) == len(half_.messages)
    assert all(row.text for row in found)
