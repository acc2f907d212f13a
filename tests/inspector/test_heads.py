"""Raw heads, taken apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inspector.heads import Head, parse_head


def test_order_case_and_repetition_stay():
    head = parse_head(b"GET / HTTP/1.1\r\nHost: a\r\nX-a:1\r\nx-A: 2\r\n\r\nbody: no")
    assert head == Head("GET / HTTP/1.1", (("Host", "a"), ("X-a", "1"), ("x-A", "2")))
    assert head.get("x-a") == "1"
    assert head.get("none") == ""


def test_folded_bare_and_odd_lines():
    head = parse_head(b" \nA: 1\n  2\n\t3\nodd\n")
    assert head.headers == (("A", "1 2 3"), ("odd", ""))
    assert parse_head(b"x\r\n y\r\n\r\n").headers == ((" y", ""),)


def test_a_value_keeps_its_last_byte():
    """Though in latin-1, as which it is read, that may be a blank."""
    value = "voilà".encode().decode("latin-1")
    assert value != value.strip()
    assert parse_head(f"x\r\nA: \t{value} \r\n {value}\r\n\r\n".encode("latin-1")).get("a") == f"{value} {value}"


def test_the_reason_phrase():
    assert parse_head(b"HTTP/1.1 404 Not Found\r\n\r\n").reason == "Not Found"
    assert parse_head(b"HTTP/1.1 200\r\n\r\n").reason == ""


@given(st.binary())
def test_any_bytes(raw):
    parse_head(raw)
