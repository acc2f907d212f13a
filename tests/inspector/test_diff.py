"""Comparing two answers: what counts, what is volatile, and what never happens."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import diff
from inspector.diff import Answer, Difference, Rules, compare
from inspector.model import CLIENT_LEFT, Body, Exchange, Kind, Message

JSON = ("Content-Type", "application/json")
TEXT = ("Content-Type", "text/plain")


def answer(body: bytes | str = b"", *headers: tuple[str, str], status: int = 200, error: str = "") -> Answer:
    data = body.encode() if isinstance(body, str) else body
    return Answer(status, headers, Body(len(data), data), error)


def documents(old: object, new: object, rules: Rules = diff.DEFAULT) -> list[Difference]:
    return compare(answer(json.dumps(old), JSON), answer(json.dumps(new), JSON), rules)


def paths(differences: list[Difference]) -> list[tuple[str, str]]:
    return [(difference.path, difference.change) for difference in differences]


# --- status, error, headers -------------------------------------------------------------------------------------------


def test_status():
    assert compare(answer(status=200), answer(status=503)) == [Difference("status", "", 200, 503)]
    assert compare(answer(b"hello", ("A", "b"), status=200), answer(status=0)) == [Difference("status", "", 200, None)]


def test_an_error_on_one_side_is_a_difference_and_on_both_is_none():
    assert compare(answer(error="client gone"), answer(error="cut by the client")) == []
    assert compare(answer(), answer(error="refused")) == [Difference("error", "", None, "refused", "added")]
    assert compare(answer(error="refused"), answer()) == [Difference("error", "", "refused", None, "removed")]


def test_case_and_order_of_header_names_are_noise():
    old = answer(b"", ("Content-Type", "a/b"), ("X-One", "1"))
    assert compare(old, answer(b"", ("x-one", "1"), ("content-type", "a/b"))) == []


def test_order_counts_when_asked():
    old, new = answer(b"", ("A", "1"), ("Date", "x"), ("B", "2")), answer(b"", ("B", "2"), ("A", "1"), ("Date", "x"))
    rules = diff.rules(header_order=True)
    assert compare(old, new, rules) == [Difference("header", "(order)", "a, b", "b, a")]
    assert compare(old, old, rules) == []


def test_headers_added_removed_changed():
    old, new = answer(b"", ("X-A", "1"), ("X-B", "1")), answer(b"", ("X-B", "2"), ("X-C", "1"), ("X-C", "2"))
    assert compare(old, new) == [
        Difference("header", "x-a", "1", None, "removed"),
        Difference("header", "x-b", "1", "2", "changed"),
        Difference("header", "x-c", None, "1\n2", "added"),
    ]


def test_volatile_headers_are_listed_and_do_not_count():
    found = compare(answer(b"", ("Date", "Mon"), ("ETag", '"a"')), answer(b"", ("Date", "Tue"), ("ETag", '"b"')))
    assert [(difference.path, difference.volatile) for difference in found] == [("date", True), ("etag", False)]
    assert not diff.same(found)
    assert diff.same(compare(answer(b"", ("ETag", "1")), answer(b"", ("ETag", "2")), diff.rules(["ETag"])))


@pytest.mark.parametrize(
    ("old", "new", "volatile"),
    [
        ("id=1; Path=/; Expires=Mon", "id=1; Path=/; Expires=Tue", True),
        ("id=1; max-age=3", "id=1; Max-Age=4", True),
        ("id=1; Path=/", "id=2; Path=/", False),
        ("id=1; Path=/", "id=1; Path=/admin", False),
    ],
)
def test_a_cookie_may_expire_at_another_time(old, new, volatile):
    [found] = compare(answer(b"", ("Set-Cookie", old)), answer(b"", ("set-cookie", new)))
    assert (found.path, found.volatile) == ("set-cookie", volatile)


def test_content_length_is_framing_except_where_it_is_all_there_is():
    chunked = answer("hello", ("Transfer-Encoding", "chunked"))
    assert diff.same(compare(chunked, answer("hello", ("Content-Length", "5"))))
    head, other = answer(b"", ("Content-Length", "5")), answer(b"", ("Content-Length", "6"))
    assert not diff.same(compare(head, other))
    assert diff.same(compare(head, answer(b"")))


def test_answer_of_an_exchange():
    head = b"HTTP/1.1 201 Created\r\nX-Name:  \tG\xe9rard \r\nnonsense\r\nX-Empty:\r\n\r\n"
    exchange = Exchange(7, status=201, response_head=head, response_body=Body(2, b"ok"), error="cut", client="a:1")
    expected = Answer(201, (("X-Name", "Gérard"), ("X-Empty", "")), Body(2, b"ok"), "cut")
    assert diff.answer_of(exchange) == expected
    assert diff.answer_of(Exchange(7, client="a:1")) == Answer(0)


RAISED = "the application raised ValueError"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FIVE = b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"status": 0}, True),
        ({"response_head": FIVE, "response_body": Body(5, b"hello")}, False),
        ({"response_head": FIVE, "response_body": Body(3, b"hel")}, True),
        ({"response_head": FIVE, "method": "HEAD"}, False),
        ({"response_head": FIVE, "status": 304}, False),
        ({"response_head": CHUNKED}, True),
        ({"response_head": CHUNKED, "error": f"{CLIENT_LEFT} before the response was complete"}, False),
        ({"response_head": CHUNKED, "called_ns": 1}, False),
        ({"response_head": CHUNKED, "called_ns": 1, "started_ns": 2}, True),
        ({"response_head": CHUNKED, "called_ns": 1, "started_ns": 2, "last_app_ns": 3}, False),
    ],
)
def test_an_application_s_failure_counts_where_its_client_saw_it(fields, counts):
    exchange = Exchange(7, **{"status": 500, "error": RAISED, **fields})
    assert bool(diff.answer_of(exchange).error) is counts


# --- bodies -----------------------------------------------------------------------------------------------------------


def test_json_by_structure():
    old = {"id": 1, "name": "Ada", "tags": ["a", "b"], "odd key": None, "gone": True}
    new = {"id": 1, "name": "Eva", "tags": ["a", "c"], "odd key": 0, "new": {}}
    assert documents(old, new) == [
        Difference("body", "$.name", "Ada", "Eva"),
        Difference("body", "$.tags[1]", "b", "c"),
        Difference("body", '$["odd key"]', None, 0),
        Difference("body", "$.gone", True, None, "removed"),
        Difference("body", "$.new", None, {}, "added"),
    ]


def test_json_written_differently_is_the_same():
    assert compare(answer('{"a": 1, "b": [1.0, 2]}', JSON), answer('{ "b":[1,2.0],"a":1e0 }', JSON)) == []
    assert compare(answer("[NaN, Infinity]", JSON), answer("[NaN,Infinity]", JSON)) == []


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), (1, "1"), (None, 0), ([], {}), ("", None), (1, 2.5)])
def test_json_values_of_different_kinds_differ(old, new):
    assert paths(documents([old], [new])) == [("$[0]", "changed")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([1, 2, 3], [1, 3], [("$[1]", "removed")]),
        ([1, 3], [1, 2, 3], [("$[1]", "added")]),
        ([2, 3], [1, 2, 3], [("$[0]", "added")]),
        ([1, 2], [1, 2, 3], [("$[2]", "added")]),
        ([1, 2, 9], [5, 6, 7, 9], [("$[0]", "changed"), ("$[1]", "changed"), ("$[2]", "added")]),
        ([], [1], [("$[0]", "added")]),
    ],
)
def test_an_item_more_does_not_make_the_others_differ(old, new, expected):
    assert paths(documents(old, new)) == expected


def test_places_that_are_volatile():
    rules = diff.rules(["$.items[*].at", "$.*.token"])
    old = {"items": [{"at": 1, "attic": 1}, {"at": {"s": 1}}], "a b": {"token": 1}, "c": {"token": 1}}
    new = {"items": [{"at": 2, "attic": 2}, {"at": {"s": 2}}], "a b": {"token": 2}, "c": {"token": 2}}
    found = documents(old, new, rules)
    assert [difference.path for difference in found if not difference.volatile] == ["$.items[0].attic"]
    assert len(found) == 5


def test_text_by_lines():
    old, new = "one\ntwo\nthree\nfour\n", "one\n2\nthree\nfour\nfive\n"
    assert compare(answer(old, TEXT), answer(new, TEXT)) == [
        Difference("body", "line 2", "two\n", "2\n"),
        Difference("body", "after line 4", None, "five\n", "added"),
    ]
    assert compare(answer("a\nb\nc\nd", TEXT), answer("d", TEXT)) == [
        Difference("body", "lines 1-3", "a\nb\nc\n", None, "removed")
    ]


def test_a_long_text_that_changed_everywhere_is_one_difference():
    old, new = ("\n".join(f"{name} {n}" for n in range(3000)) + "\nend" for name in ("a", "b"))
    [found] = compare(answer(old, TEXT), answer(new, TEXT))
    assert found.path == "lines 1-3000"
    assert found.original.endswith("characters)")


def test_text_in_an_old_encoding():
    [found] = compare(answer("é".encode("latin-1"), TEXT), answer("è".encode("latin-1"), TEXT))
    assert (found.original, found.replay) == ("é", "è")


def test_binary_by_length_and_hash():
    [found] = compare(answer(b"\xff\x00"), answer(b"\xff\x01\x02"))
    assert found.original == f"2 bytes, SHA-256 {hashlib.sha256(bytes([255, 0])).hexdigest()}"
    assert found.replay.startswith("3 bytes, SHA-256 ")


def test_compressed_bodies_are_compared_by_content():
    gzipped = ("Content-Encoding", "gzip")
    one, two = (answer(gzip.compress(b'{"a": 1}', mtime=t), JSON, gzipped) for t in (1, 2))
    assert compare(one, two) == []
    other = answer(zlib.compress(b'{"a": 2}'), JSON, ("content-encoding", "deflate"))
    assert ("$.a", "changed") in paths(compare(one, other))
    assert paths(compare(answer('{"a": 1}', JSON), one)) == [("content-encoding", "added")]


@pytest.mark.parametrize(
    ("coding", "data"), [("br", b"xy"), ("gzip", b"not gzip"), ("gzip", gzip.compress(b"x", mtime=0)[:-4])]
)
def test_what_cannot_be_decoded_is_binary(coding, data):
    [found] = compare(answer(b"ab", ("Content-Encoding", coding)), answer(data, ("Content-Encoding", coding)))
    assert found.replay.startswith(f"{len(data)} bytes, SHA-256 ")


def test_truncated_bodies():
    def cut(size: int, head: bytes, tail: bytes, digest: str = "") -> Answer:
        return Answer(200, (), Body(size, head, tail, digest))

    assert compare(cut(99, b"ab", b"yz", "d1"), cut(99, b"abc", b"z", "d1")) == []
    assert compare(cut(99, b"ab", b"yz"), cut(99, b"abc", b"z")) == []
    assert compare(cut(99, b"ab", b""), cut(99, b"abc", b"z")) == []
    [found] = compare(cut(99, b"ab", b"yz", "d1"), cut(99, b"ab", b"yz", "d2"))
    assert (found.original, found.replay) == ("99 bytes, SHA-256 d1", "99 bytes, SHA-256 d2")
    [found] = compare(cut(99, b"ab", b"yz"), cut(99, b"ab", b"xz"))
    assert found.original == "99 bytes"
    assert compare(cut(99, b"ab", b"yz"), cut(99, b"xb", b"yz"))
    assert compare(cut(99, b"ab", b"yz"), cut(98, b"ab", b"yz"))


@pytest.mark.parametrize("body", ["[" * 100_000, "1" * 5_000])
def test_json_too_large_to_parse_is_text(body):
    [found] = compare(answer(body, JSON), answer(body + " ", JSON))
    assert found.path == "line 1"


def test_long_values_are_shortened():
    [found] = documents({"a": list(range(2000))}, {"a": "x" * 5000})
    assert found.original.startswith("[0, 1, 2")
    assert found.original.endswith("characters)")
    assert found.replay == "x" * 2000 + "… (5000 characters)"


def test_no_more_than_asked_for():
    assert len(documents(list(range(50)), [str(n) for n in range(50)], Rules(most=7))) == 7


# --- properties -------------------------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
bodies = st.builds(Body, st.integers(0, 30), st.binary(max_size=20), st.binary(max_size=5), st.sampled_from(["", "d"]))
pairs = st.tuples(st.sampled_from(["Content-Type", "Set-Cookie", "Date", "content-encoding"]), st.text(max_size=8))
answers = st.builds(Answer, st.sampled_from([0, 200, 404]), st.lists(pairs, max_size=4).map(tuple), bodies, st.just(""))


@given(answers)
def test_an_answer_equals_itself(one):
    assert compare(one, one) == []


@given(answers, answers)
def test_any_two_answers_compare_alike_from_both_sides_and_travel_as_json(one, two):
    there, back = compare(one, two), compare(two, one)
    assert diff.same(there) == diff.same(back)
    assert diff.loads(diff.dumps(there)) == there


@given(values, values)
def test_documents_differ_exactly_when_their_canonical_forms_do(one, two):
    def canonical(value: object) -> object:
        if isinstance(value, dict):
            return {key: canonical(item) for key, item in value.items()}
        if isinstance(value, list):
            return [canonical(item) for item in value]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return (type(value).__name__, value)
        return ("number", "nan" if value != value else value)

    assert bool(documents(one, two)) == (canonical(one) != canonical(two))


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
def test_lists_are_paired_completely(old, new):
    """Applying what is listed to the original gives the replay's list in length."""
    changes = [difference.change for difference in documents(old, new)]
    assert len(old) + changes.count("added") - changes.count("removed") == len(new)


def test_nothing_is_nothing():
    assert diff.loads("") == []


STREAM = ("Content-Type", "text/event-stream; charset=utf-8")


def test_an_event_stream_is_compared_event_by_event():
    one, two = (f': {n}\ndata: {{"n": {n}}}\n\ndata: x\n\n' for n in (1, 2))
    assert compare(answer(one, STREAM), answer(two, STREAM)) == [Difference("event", "#1 $.n", 1, 2)]
    assert diff.same(compare(answer(one, STREAM), answer(two, STREAM), diff.rules(["$.n"])))
    assert compare(answer("data: x\n\n", STREAM), answer(": y\ndata: x\n\n", STREAM)) == []


def test_what_comes_after_its_client_left_does_not_count():
    short, long = answer("data: x\n\n", STREAM), answer("data: x\n\ndata: y\n\n", STREAM)
    assert not diff.same(compare(short, long))
    assert diff.same(compare(dataclasses.replace(short, left=True), long))
    one, more, other = (dataclasses.replace(answer(text, TEXT), left=True) for text in ("a\nb", "a\nb\nc", "a\nx\nc"))
    assert diff.same(compare(one, more))
    assert diff.same(compare(more, one))
    assert not diff.same(compare(one, other))
    noisy = answer('data: {"n": 1}\n\ndata: z\n\n', STREAM)
    left = dataclasses.replace(answer('data: {"n": 2}\n\n', STREAM), left=True)
    assert diff.same(compare(left, noisy, diff.rules(["$.n"])))


def websocket(*said: str, status: int = 101, error: str = "") -> diff.Answer:
    exchange = Exchange(1, kind=Kind.WEBSOCKET, status=status, error=error, response_head=b"HTTP/1.1 101 X\r\n\r\n")
    messages = [Message(1, n, n, "wire", "out", "ws.text", len(text), text.encode()) for n, text in enumerate(said)]
    return diff.answer_of(exchange, messages)


def test_what_a_server_said_over_a_websocket():
    assert compare(websocket("a"), websocket("a", error="cut (1006)")) == []
    assert compare(websocket("a"), websocket("b")) == [Difference("message", "#1", "a", "b")]


def test_a_websocket_that_is_refused_has_another_status_and_that_is_all():
    assert compare(websocket("a"), websocket(status=403)) == [Difference("status", "", 101, 403)]
    assert compare(websocket(status=403), websocket("a")) == [Difference("status", "", 403, 101)]


def test_an_archive_keeps_bodies_without_their_coding():
    asked = {"status": 200, "response_head": b"HTTP/1.1 200 OK\r\n\r\n", "response_body": Body(2, b"hi")}
    packed = answer(gzip.compress(b"hi"), TEXT, ("Content-Encoding", "gzip"))
    archived, seen = (diff.answer_of(Exchange(1, client=client, **asked)) for client in ("", "127.0.0.1:5"))
    typed = [dataclasses.replace(one, headers=(TEXT,)) for one in (archived, seen)]
    assert [diff.same(compare(one, packed)) for one in typed] == [True, False]
