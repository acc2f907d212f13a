"""Text to trees, and where a text is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.query.language import (
    LARGEST,
    MAX_DEPTH,
    MAX_LISTED,
    MAX_TERMS,
    And,
    Flag,
    Not,
    Number,
    Or,
    QueryError,
    Text,
    ages,
    ascii_lower,
    heavy,
    judges,
    parse,
    pieces,
)


def word(value: str) -> Text:
    return Text("target", "contains", value)


S = 10**9


def span(field: str, begin: int, length: int) -> And:
    return And((Number(field, ">=", begin), Number(field, "<", begin + length)))


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
        ("header:gzip", Text("header", "contains", "gzip")),
        ("request.header.Accept:json", Text("request", "contains", "json", "Accept")),
        ("response.Header.x-a:=1", Text("response", "equals", "1", "x-a")),
        ('body:"Out of stock"', Text("body", "contains", "out of stock")),
        ("response-body:~^{", Text("response-body", "regex", "^{")),
        ("exception:KeyError", Text("exception", "contains", "keyerror")),
        ("mark:Red", Text("mark", "equals", "red")),
        ("comment:look", Text("comment", "contains", "look")),
        ("finding:any", Text("finding", "prefix", "any")),
        ("app:shop", Text("app", "prefix", "shop")),
        ("is:marked", Flag("marked")),
        ("age:<5m", Number("age", "<", 300 * S)),
        ("age:>30", Number("age", ">", 30 * S)),
        ("time:>10:32", Number("time", ">", 37920 * S)),
        ("time>=9:05:07.25", Number("time", ">=", 32707 * S + 250_000_000)),
        ("time:10:32", span("time", 37920 * S, 60 * S)),
        ("time:00:00:01", span("time", S, S)),
        ("time:00:00:01.25", span("time", S + S // 4, S // 100)),
        ("time:=10:32", span("time", 37920 * S, 60 * S)),
        ("time:10:30..10:35", And((Number("time", ">=", 37800 * S), Number("time", "<=", 38100 * S)))),
        ("time:23:50..0:10", Or((Number("time", ">=", 85800 * S), Number("time", "<=", 600 * S)))),
        ("time:1970-01-02", span("date", 86400 * S, 86400 * S)),
        ("time:<1970-01-02T01:00", Number("date", "<", 90000 * S)),
        ("time:1970-01-03..1970-01-02", And((Number("date", ">=", 172800 * S), Number("date", "<=", 86400 * S)))),
        ("time:10:32,11:00", Or((span("time", 37920 * S, 60 * S), span("time", 39600 * S, 60 * S)))),
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
        ("scope:x", 0, "scope.NAME:value"),
        ("stauts:5xx", 0, "Did you mean status?"),
        ("host:x", 0, "Did you mean header.host?"),
        ("is:opne", 3, "Did you mean open?"),
        ("kind:wss", 5, "Did you mean ws?"),
        ("request:x", 0, "request.header.NAME:value"),
        ("response.head.x:y", 0, "response.header.NAME:value"),
        ("response.header.:y", 0, "response.header.NAME:value"),
        ("time:", 5, "needs a value"),
        ("time:1", 5, "such as 10:32"),
        ("time:>", 5, "such as 10:32"),
        ("time:25:00", 5, "no time"),
        ("time:10:60", 5, "no time"),
        ("time:10:30:61", 5, "no time"),
        ("time:2026-13-01", 5, "no date"),
        ("time:10:30..2026-11-22", 5, "both ends"),
        ("age:soon", 4, "such as 5m"),
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
        ("status:" + ",".join(["200"] * (MAX_LISTED + 1)), 7, "at most"),
        ("kind:" + ",".join(["http"] * (MAX_LISTED + 1)), 5, "at most"),
    ],
)
def test_errors_point_at_the_place(text, position, says):
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.position == position
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("a foo:1 b", "foo:1"), ("status:abc x", "abc"), ('a "b c', '"b c'), ("a)", ")"), ("a (b", "("), ("a or", "")],
)
def test_errors_end_where_the_word_ends(text, wrong):
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert text[caught.value.position : caught.value.end] == wrong


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (" a  -b ", ["a", "-b"]),
        ('a and not "b c" (d or e)', ["a", 'not "b c"', "(d or e)"]),
        (" a b or c ", ["a b or c"]),
        ("-(a b)", ["-(a b)"]),
    ],
)
def test_pieces_are_what_holds_together(text, parts):
    found = pieces(text)
    assert [text[piece.begin : piece.end] for piece in found] == parts
    assert [piece.negated for piece in found] == [part.startswith(("-", "not")) for part in parts]


def test_pieces_of_what_is_no_filter():
    with pytest.raises(QueryError):
        pieces("a or")


def test_what_takes_a_while_is_known():
    assert heavy(parse("status:200 -(a or body:x)").node)
    assert heavy(parse("header:x").node)
    assert not heavy(parse("status:200 header.a:x is:error -path:/").node)


def test_what_depends_on_the_hour_is_known():
    assert ages(parse("status:200 -(a or age:<5m)").node)
    assert not ages(parse("time:>10:00 -b is:open").node)


def test_whether_it_asks_for_findings():
    assert judges(parse("status:200 -(a or finding:any)").node)
    assert not judges(parse("status:200 error:finding").node)


fragments = st.sampled_from(
    ["a", "-", "(", ")", '"', ":", " ", "or", "and", "not", "status", "path", "~", "=", ">", "5xx", "..", ",", "1", "é"]
)


@given(st.lists(fragments).map("".join) | st.text())
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


def test_a_term_may_have_no_place_in_a_filter():
    def refuse(node):
        return "no statuses here" if isinstance(node, Number) and node.field == "status" else ""

    for text in ("a status:5xx", "a -(b or status:404,410)", "a status>=500 b"):
        with pytest.raises(QueryError, match="no statuses here") as caught:
            parse(text, refuse)
        assert text[caught.value.position : caught.value.end].rstrip(")").startswith("status")
    assert parse("size:1..2 or is:error", refuse) == parse("size:1..2 or is:error")
