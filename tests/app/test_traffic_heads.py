"""Heads taken apart for display."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.traffic.heads import parse_head


def test_order_and_case_are_kept_and_names_found_without_case() -> None:
    head = parse_head(b"GET /caf\xe9 HTTP/1.1\r\nHost: a\r\nX-B:  two \r\nx-b: three\r\n\r\nbody: no")
    assert head.start_line == "GET /café HTTP/1.1"
    assert head.headers == (("Host", "a"), ("X-B", "two"), ("x-b", "three"))
    assert head.get("x-b") == "two"
    assert head.get("cookie") == ""


def test_folded_lines_are_joined_and_odd_ones_shown() -> None:
    head = parse_head(b"HTTP/1.1 200 OK\r\n folded at once\r\nA: b\r\n\tc\r\nno colon\r\n\r\n")
    assert head.headers == (("", " folded at once"), ("A", "b c"), ("", "no colon"))


@given(st.binary())
def test_any_bytes_are_taken(raw: bytes) -> None:
    head = parse_head(raw)
    assert isinstance(head.start_line, str)
    assert all(len(pair) == 2 for pair in head.headers)
