from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.wire.chunked import LINE_LIMIT, TRAILER_LIMIT, ChunkedBody
from inspector.wire.errors import BadRequest, BadResponse

WHOLE = b'5\r\nhello\r\n00a;name="v;1";x\r\n0123456789\r\n1 ; ext\r\n!\r\n0\r\nX-Sum: 1\r\nEtag: "a"\r\n\r\n'
CONTENT = b"hello0123456789!"


def feed(parts: list[bytes]) -> tuple[bytes, bytes, bytes, bool]:
    body = ChunkedBody(BadRequest)
    passed, content, rest = b"", b"", b""
    for index, part in enumerate(parts):
        some, pieces, rest = body.feed(part)
        passed += some
        content += b"".join(pieces)
        if body.done:
            rest += b"".join(parts[index + 1 :])
            break
    return passed, content, rest, body.done


def test_a_whole_body_at_once() -> None:
    body = ChunkedBody(BadRequest)
    assert body.feed(WHOLE + b"GET /") == (WHOLE, [b"hello", b"0123456789", b"!"], b"GET /")
    assert body.done


def test_a_body_without_trailer_and_without_content() -> None:
    assert feed([b"0\r\n\r\n"]) == (b"0\r\n\r\n", b"", b"", True)


@given(st.lists(st.integers(0, len(WHOLE) + 4), max_size=12))
def test_split_anywhere_it_says_the_same(cuts: list[int]) -> None:
    data = WHOLE + b"next"
    edges = [0, *sorted(cuts), len(data)]
    parts = [data[start:end] for start, end in itertools.pairwise(edges)]
    assert feed(parts) == (WHOLE, CONTENT, b"next", True)


def test_an_incomplete_size_line_is_held_back() -> None:
    body = ChunkedBody(BadRequest)
    assert body.feed(b"5") == (b"", [], b"")
    assert body.feed(b"\r\nhel") == (b"5\r\nhel", [b"hel"], b"")
    assert body.feed(b"lo\r") == (b"lo", [b"lo"], b"")
    assert body.feed(b"\n0\r") == (b"\r\n", [], b"")
    assert body.feed(b"\n\r\n") == (b"0\r\n\r\n", [], b"")
    assert body.done


BAD = [
    b"x\r\n",
    b"\r\n",
    b"-5\r\n",
    b"+5\r\n",
    b"0x5\r\n",
    b"5 \r\nhello\r\n",
    b" 5\r\nhello\r\n",
    b"5\nhello\r\n",
    b"5;a\nb\r\n",
    b"5;a\rb\r\n",
    b"5;\0\r\n",
    b"1234567890abcdef\r\n",
    b"ffffffffffffffffffff",
    b"5;" + b"x" * LINE_LIMIT,
    b"5\r\nhelloX",
    b"5\r\nhello\n",
    b"5\r\nhello\rX",
    b"0\r\nbad\r\n\r\n",
    b"0\r\nX : y\r\n\r\n",
    b"0\r\n folded\r\n\r\n",
    b"0\r\nX: a\nb\r\n\r\n",
    b"0\r\nX: a\0",
    b"0\r\nContent-Length: 5\r\n\r\n",
    b"0\r\nX: y\r\ntransfer-encoding: chunked\r\n\r\n",
    b"0\r\nX: " + b"y" * TRAILER_LIMIT,
]


@pytest.mark.parametrize("data", BAD, ids=lambda data: repr(data)[:40])
def test_what_could_be_read_in_two_ways_is_refused_however_it_comes(data: bytes) -> None:
    with pytest.raises(BadResponse):
        ChunkedBody(BadResponse).feed(data)
    with pytest.raises(BadRequest):
        feed([data[index : index + 1] for index in range(len(data))])


@given(st.binary(max_size=60))
def test_any_bytes_pass_as_they_are_or_are_refused(data: bytes) -> None:
    body = ChunkedBody(BadRequest)
    try:
        passed, _, rest = body.feed(data)
    except BadRequest:
        return
    assert data.startswith(passed)
    assert data.endswith(rest)
