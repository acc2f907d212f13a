"""Header fields of any shape."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.contract.fields import a, first, head_fields, length, misshapen, pairs, shown, told
from inspector.tagged import Opaque


@pytest.mark.parametrize(("value", "read", "wrong"), [
    ([(b"a", b"b"), [b"c", b"d"]], [(b"a", b"b"), (b"c", b"d")], ""),
    ([], [], ""),
    (None, [], "headers is None"),
    ({b"a": b"b"}, [], "headers is a dict"),
    (Opaque("Headers", "Headers()"), [], ""),
    ([("a", b"b")], [], "'a' is a str"),
    ([(b"a", 5)], [], "5 is an int"),
    ([(b"a",)], [], "(b'a',) is not a pair"),
    ([b"ab", (b"a", b"b")], [(b"a", b"b")], "b'ab' is not a pair"),
    ([Opaque("Header", "Header()"), (Opaque("Name", "x"), b"b")], [], ""),
])  # fmt: skip
def test_pairs(value: Any, read: list[tuple[bytes, bytes]], wrong: str) -> None:
    assert pairs(value) == read
    assert misshapen(value) == wrong


def test_the_fields_of_a_head() -> None:
    assert head_fields(b"GET / HTTP/1.1\r\nHost:  here \r\nX-A: b\r\n c\r\n\r\n") == [
        (b"host", b"here"),
        (b"x-a", b"b c"),
    ]


def test_looking_up() -> None:
    fields = [(b"a", b"1"), (b"a", b"2")]
    assert (first(fields, b"a"), first(fields, b"b")) == (b"1", None)


@pytest.mark.parametrize(
    ("values", "said"), [([b"5"], 5), ([b"5", b"5"], 5), ([b"5", b"6"], None), ([], None), ([b"x"], None)]
)
def test_length(values: list[bytes], said: int | None) -> None:
    assert length([(b"content-length", value) for value in values]) == said


def test_words() -> None:
    assert [a(value) for value in (None, 1, "x", Opaque("http.HTTPStatus", ""))] == [
        "None",
        "an int",
        "a str",
        "a HTTPStatus",
    ]
    assert shown("x" * 100) == "'" + "x" * 56 + "..."


def test_what_may_be_a_secret_is_not_told() -> None:
    masked = "[masked]"
    assert [told(name, "x") for name in ("Cookie", b"set-cookie", "HTTP_COOKIE", "HTTP_X_API_KEY")] == [masked] * 4
    assert [told(name, "x") for name in ("Accept", b"x-a", "SERVER_PORT", 5)] == ["'x'"] * 4
