from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.target.dotenv import DotenvError, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("# nothing\n\n  \n", ()),
        ("A=1\nB=two words  # a remark\n", (("A", "1"), ("B", "two words"))),
        ("export A = 1\r\nB=", (("A", "1"), ("B", ""))),
        ("A=#none\nB=x#y", (("A", ""), ("B", "x#y"))),
        ("\ufeffA='it # is $HOME \\n'", (("A", "it # is $HOME \\n"),)),
        ('A="a\\tb\\"c\\x \\\\"  # remark\nB=1', (("A", 'a\tb"c\\x \\'), ("B", "1"))),
        ('A="two\nlines"\nB=1', (("A", "two\nlines"), ("B", "1"))),
        ("  A=1\n\tB=2", (("A", "1"), ("B", "2"))),
        ("A=\nB=2", (("A", ""), ("B", "2"))),
        ("URL=postgres://u:p=w@h/d?x=1", (("URL", "postgres://u:p=w@h/d?x=1"),)),
    ],
)
def test_variables(text: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A=1\nhello", "line 2 is not NAME=value"),
        ("1A=2", "line 1"),
        ("=x", "line 1"),
        ("A\n=x", "line 1"),
        ("A='open", "quotes of line 1"),
        ('A=1\nB="x" y', "quotes of line 2"),
    ],
)
def test_what_sets_nothing(text: str, words: str) -> None:
    with pytest.raises(DotenvError, match=words):
        parse(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(DotenvError):
        parse(text)


@given(st.text())
def test_what_is_quoted_comes_back(value: str) -> None:
    value = value.replace("\r\n", "\n")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(f'A="{quoted}"') == (("A", value),)
