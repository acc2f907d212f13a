"""Text as lines that are made when they are looked at."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cancel import Abandoned
from app.theme.roles import Role
from app.traffic.markup import indent
from app.traffic.multipart import parts
from app.traffic.syntax import colored
from app.traffic.text_lines import LONGEST, ByteLines, HexLines, JoinedLines, plain, text_lines

PIECES = st.sampled_from(["", "a", "é", "€" * 900, "\n", "\r\n", "x" * 1996, "y" * 5000, "z" * 70_000])


@given(st.lists(PIECES, max_size=12))
def test_lines_have_all_of_the_text_and_none_is_too_long(pieces: list[str]) -> None:
    text = "".join(pieces)
    lines = ByteLines(text.encode())
    shown = [lines.line(number) for number in range(len(lines))]
    assert "".join(shown) == text.replace("\r\n", "").replace("\n", "")
    assert all(len(line) <= LONGEST for line in shown)


def test_searching_finds_lines_whatever_the_case() -> None:
    lines = ByteLines(b"one\ntwo\n" * 40_000 + b"Needle\nend")
    assert lines.find("NEEDLE", 0) == 80_000
    assert lines.find("two", 2) == 3
    assert (lines.find("two", 80_001), lines.find("", 0), lines.find("end", 90_000)) == (-1, -1, -1)
    with pytest.raises(Abandoned):
        lines.find("needle", 0, lambda: True)


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "klingon", "base64", ""])
def test_any_charset_gives_lines(charset: str) -> None:
    content = "é\nb".encode("utf-16" if charset == "utf-16" else "latin-1")
    lines = text_lines(content, charset)
    assert len(lines) == 2
    assert lines.line(0) == ("\\xe9" if charset in ("klingon", "base64", "") else "é")


def test_bytes_are_found_as_text_and_as_hex() -> None:
    lines = HexLines(bytes(range(256)))
    assert (len(lines), lines.find("abc", 0), lines.find("f0 f1", 0), lines.find("zz", 0)) == (16, 4, 15, -1)


def test_joined_lines_are_one_after_the_other() -> None:
    lines = JoinedLines([plain("a\nb"), plain("gap", Role.CLIENT_ERROR), plain("c")])
    assert [lines.line(number) for number in range(len(lines))] == ["a", "b", "gap", "c"]
    assert (list(lines.spans(2)), lines.find("c", 1)) == ([(0, 3, Role.CLIENT_ERROR)], 3)


@given(st.text(max_size=200))
def test_colours_change_no_text(text: str) -> None:
    lines = colored(text.replace("\t", " "), "json")
    assert len(lines) >= 1
    assert colored(text, "no language").colored is not None


def test_markup_is_indented_and_loses_nothing_but_white_space() -> None:
    html = "<!doctype html><body><p>one<b>two</b><br>three</p><script>if (a<b) {}</script><i>open"
    laid_out = indent(html, html=True)
    assert laid_out.split("\n")[3:6] == ["    one", "    <b>two</b>", "    <br>"]
    assert re.sub(r"\s", "", laid_out) == re.sub(r"\s", "", html)
    assert indent("<ul><li>one<li>two</ul>", html=True) == "<ul>\n  <li>\n    one\n  <li>\n    two\n</ul>"
    assert indent("<a><b x='>'/><!-- c --><![CDATA[<]]></a></z>", html=False) == (
        "<a>\n  <b x='>'/>\n  <!-- c -->\n  <![CDATA[<]]>\n</a>\n</z>"
    )


@given(st.text(alphabet="<>/ab\"' !-", max_size=300), st.booleans())
def test_markup_bears_anything(text: str, html: bool) -> None:
    assert re.sub(r"\s", "", indent(text, html=html)) == re.sub(r"\s", "", text)


def test_parts_that_are_broken_are_shown_as_far_as_they_go() -> None:
    body = b'--X\r\nContent-Disposition: form-data; name="a\\"b"\r\n\r\nhello\r\n--X\r\nA: b\r\n\r\nrest'
    found, problem = parts(body, "multipart/form-data; boundary=X")
    assert [(part.name, part.content, part.whole) for part in found] == [('a"b', b"hello", True), ("", b"rest", False)]
    assert problem == "The last boundary is missing."
    assert parts(b"junk", "multipart/form-data; boundary=X")[0] == []
    assert "no boundary" in parts(body, "multipart/form-data")[1]
