"""Text to trees, and where a text is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.query.language import (
    LARGEST,
    MAX_DEPTH,
    MAX_TERMS,
    And,
    Flag,
    Not,
    Number,
    Or,
    QueryError,
    Text,
    ascii_lower,
    parse,
)


def word(value: str) -> Text:
    return Text("target", "contains", value)


a, b, c = word("a"), word("b"), word("c")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", And(())),
        ("  ", And(())),
        ("a", a),
        ("A b", And((a, b))),
        ("a and b", And((a, b))),
        ("a AND b c", And((a, b, c))),
        ("a or b", Or((a, b))),
        ("a b or c", Or((And((a, b)), c))),
        ("a (b or c)", And((a, Or((b, c))))),
        ("a(b)", word("a(b)")),
        ("(a)(b)", And((a, b))),
        ("((a))", a),
        ("-a", Not(a)),
        ("not a b", And((Not(a), b))),
        ("--a", Not(Not(a))),
        ("-(a or b)", Not(Or((a, b)))),
        ("NOT -a", Not(Not(a))),
        ("a-b", word("a-b")),
        ('"and"', word("and")),
        ('"a b:c"', word("a b:c")),
        ('a" "b', word("a b")),
        (r'"a\"b\\c\d"', word(r'a"b\c\d')),
        ('""', word("")),
        ('"status:5xx"', word("status:5xx")),
        ("~^/a|b", Text("target", "regex", "^/a|b")),
        ("=/A", Text("target", "equals", "/a")),
        ("\udcff", word("?")),
    ],
)
def test_words(text, node):
    assert parse(text).node == node
    assert parse(text).text == text


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("method:post", Text("method", "equals", "post")),
        ("path:/API", Text("path", "prefix", "/api")),
        ("path:api", Text("path", "contains", "api")),
        (r"path:~/(\d+)$", Text("path", "regex", r"/(\d+)$")),
        ('path:"/a b"', Text("path", "prefix", "/a b")),
        ("mode:gunicorn", Text("mode", "prefix", "gunicorn")),
        ("type:json", Text("type", "contains", "json")),
        ("kind:ws", Text("kind", "equals", "websocket")),
        ("kind:sse,HTTP", Or((Text("kind", "equals", "sse"), Text("kind", "equals", "http")))),
        ("state:open", Text("state", "equals", "open")),
        ("is:Failed", Flag("failed")),
        ("header.X-Request-Id:abc", Text("header", "contains", "abc", "X-Request-Id")),
        ("scope.server.0:=x", Text("scope", "equals", "x", "server.0")),
        ("environ.wsgi.url_scheme:http", Text("environ", "contains", "http", "wsgi.url_scheme")),
        ("status:404", Number("status", "=", 404)),
        ("STATUS:>=500", Number("status", ">=", 500)),
        ("status>=500", Number("status", ">=", 500)),
        ("status<500", Number("status", "<", 500)),
        ("status:5xx", And((Number("status", ">=", 500), Number("status", "<=", 599)))),
        ("status:40x", And((Number("status", ">=", 400), Number("status", "<=", 409)))),
        ("status:404,410", Or((Number("status", "=", 404), Number("status", "=", 410)))),
        ("id:3..5", And((Number("id", ">=", 3), Number("id", "<=", 5)))),
        ("worker:3", Number("worker", "=", 3)),
        ("duration:>200ms", Number("duration", ">", 200_000_000)),
        ("duration:>200", Number("duration", ">", 200_000_000)),
        ("duration:<=1.5s", Number("duration", "<=", 1_500_000_000)),
        ("duration:2m", Number("duration", "=", 120_000_000_000)),
        ("size:>1k", Number("size", ">", 1024)),
        ("request-size:1.5MB", Number("request-size", "=", 1_572_864)),
        ("duration:>999999999999999999h", Number("duration", ">", LARGEST)),
        ("page=2", word("page=2")),
        ("a<b", word("a<b")),
        ("/x>y", word("/x>y")),
        ('status">5"', word("status>5")),
    ],
)
def test_fields(text, node):
    assert parse(text).node == node


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("foo:1", 0, "no field 'foo'"),
        ("a foo:1", 2, "no field 'foo'"),
        ("http://x", 0, "Quote it"),
        ("status:", 7, "needs a value"),
        ("status:abc", 7, "takes a number"),
        ("status:>", 7, "such as 404"),
        ("size:>1q", 5, "such as 10k"),
        ("duration:x", 9, "such as 200ms"),
        ("worker:-1", 7, "such as 3"),
        ("id:1..", 3, "takes a number"),
        ("kind:ftp", 5, "one of http"),
        ("is:nice", 3, "one of open"),
        ("path:~(", 5, "no regular expression"),
        ("~a{99999999999}", 0, "no regular expression"),
        ("path.x:1", 0, "no name after a dot"),
        ("header:x", 0, "header.NAME:value"),
        ('a "b', 2, "not closed"),
        ("a (b", 2, "not closed"),
        ("a) b", 1, "no bracket was opened"),
        (")", 0, "something is missing before ')'"),
        ("()", 1, "something is missing before ')'"),
        ("a or", 4, "something is missing here"),
        ("or a", 0, "something is missing before 'or'"),
        ("a and or b", 6, "something is missing before 'or'"),
        ("not", 3, "something is missing here"),
        ("a -", 3, "something is missing here"),
        ("(" * (MAX_DEPTH + 1) + "a", MAX_DEPTH, "too many brackets"),
        ("a " * (MAX_TERMS + 1), 2 * MAX_TERMS, "at most"),
    ],
)
def test_errors_point_at_the_place(text, position, says):
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.position == position
    assert says in caught.value.message


pieces = st.sampled_from(
    ["a", "-", "(", ")", '"', ":", " ", "or", "and", "not", "status", "path", "~", "=", ">", "5xx", "..", ",", "1", "é"]
)


@given(st.lists(pieces).map("".join) | st.text())
def test_any_text_is_a_filter_or_an_error_with_a_place_in_it(text):
    assert position_of_error(text) in range(len(text) + 1)


def position_of_error(text: str) -> int:
    try:
        parse(text)
    except QueryError as error:
        return error.position
    return 0


@given(st.text())
def test_lower_case_is_sqlite_s(text):
    lowered = ascii_lower(text)
    assert len(lowered) == len(text)
    assert all(new == old.lower() if old.isascii() else new == old for new, old in zip(lowered, text, strict=True))
