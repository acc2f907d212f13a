"""The functions that conditions call, which meet whatever a trace holds."""

from __future__ import annotations

import gzip
import zlib

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from inspector.query import functions
from inspector.query.functions import Functions, TooSlowError, body, compiled, head, header

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a:2 \r\nbroken\r\n\xff: \xe9\r\n\r\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [("host", "x"), ("X-A", "1, 2"), ("none", None), ("broken", None), ("\xff", "\xe9"), ("get /", None)],
)
def test_a_header_by_its_name(name, value):
    assert header(HEAD, name) == value


@pytest.mark.parametrize("head", [None, "text", 5])
def test_what_is_no_head_has_none(head):
    assert header(head, "host") is None
    assert header(HEAD, None) is None


def stopped() -> float:
    return 0.0


def test_a_regular_expression_anywhere_in_any_case():
    regex = Functions(stopped).regex
    assert regex("b.D", "abcd") == 1
    assert regex("^b", "abcd") == 0
    assert regex("x", None) is None
    assert regex(None, "x") is None
    assert regex("(", "x") is None


@given(st.binary() | st.text() | st.none(), st.text())
def test_nothing_raises(head, name):
    header(head, name)
    for _, arguments, function in Functions(stopped).all:
        function(*[head] * arguments)


def test_an_expression_that_backtracks_is_given_up():
    ours = Functions(stopped)
    with pytest.raises(TooSlowError, match="takes too long on a text of 5001 characters"):
        ours.regex("(a|aa)+$b", "/" + "a" * 5000)
    assert "(a|aa)+$b" in ours.slow
    ours.begin()
    assert ours.slow == ""


def test_a_statement_has_a_budget_of_its_own():
    times = iter(range(0, 1000, int(functions.PER_STATEMENT * 0.6)))
    ours = Functions(lambda: float(next(times)))
    ours.regex("a", "a")
    ours.begin()
    ours.regex("a", "a")
    with pytest.raises(TooSlowError, match="all these exchanges"):
        ours.regex("a", "a")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "missing"),
        ("a" * 2000, "longer"),
        ("((a{1000}){1000}){1000}", "repeats"),
        ("(a{,999}){9,999}", "repeats"),
        ("(" * 400 + ")" * 400, "nested"),
    ],
)
def test_expressions_that_are_refused(pattern, why):
    with pytest.raises(ValueError, match=why):
        compiled(pattern)


def test_what_people_write_is_not():
    compiled(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")


def test_a_key_of_a_context():
    assert functions.key("ASGI3", '{"a":{"b":"c"}}', "scope.a.b") == "c"
    assert functions.key("WSGI", '{"a":"c"}', "environ.b") is None
    assert functions.key(None, "{}", "x") is None
    assert functions.key("WSGI", None, "x") is None


@pytest.mark.parametrize(
    ("op", "value", "text", "holds"),
    [
        ("contains", "b\xc9", "aB\xc9c", True), ("contains", "\xe9", "\xc9", False), ("prefix", "ab", "ABC", True),
        ("equals", "abc", "ABC", True), ("equals", "ab", "ABC", False), ("regex", "b.$", "abc", True),
    ],
)  # fmt: skip
def test_a_text_is_tested_as_a_column_would_be(op, value, text, holds):
    assert functions.test(op, value, Functions(stopped).regex)(text) is holds


def test_a_body_is_text_with_its_coding_undone():
    text, noise = b"out of stock", "".join(map(str, range(99_999))).encode()
    packings = (
        ("gzip", gzip.compress(text)), ("deflate", zlib.compress(text)), ("", text), ("br", brotli.compress(text)),
        ("zstd", zstandard.compress(text)), ("gzip, br", brotli.compress(gzip.compress(text))), ("br", text),
        ("identity", text),
    )  # fmt: skip
    for coding, packed in packings:
        raw = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode()
        assert body(raw, packed, b"") == "out of stock"
    assert body(b"x\nContent-Encoding: gzip\n", b"not packed", b"end") == "not packed"
    assert body(b"x\nContent-Encoding: br\n", brotli.compress(noise)[:-9], b"end") in noise.decode()
    assert body(b"x\nContent-Encoding: identity\n", b"start", b"end") == "start\nend"
    assert body(None, "text", b"end \xff") == "text\nend \ufffd"
    assert body(None, None, b"") is None
    assert body(None, 7, None) is None


def test_a_head_is_text():
    assert head(b"a\xff") == "a\xff"
    assert head(None) is None
