"""Tooltips: wrapped, cut, and what looks like markup shown as it is."""

from __future__ import annotations

from app.theme import tip


def test_short_text_stays() -> None:
    assert tip("GET /json\n#4") == "GET /json\n#4"
    assert tip("") == ""
    assert tip("one\n\ntwo") == "one\n\ntwo"


def test_long_text_is_wrapped_and_cut() -> None:
    lines = tip("word " * 2000).splitlines()
    assert len(lines) == 19
    assert max(map(len, lines)) <= 100
    assert lines[-1] == "…"
    assert tip("x" * 150).splitlines() == ["x" * 100, "x" * 50]


def test_what_a_request_says_is_never_taken_for_html() -> None:
    hostile = "GET /<img src='file:///etc/hostname'><b>x</b>"
    assert "&lt;img" in tip(hostile)
    assert "<img" not in tip(hostile)
