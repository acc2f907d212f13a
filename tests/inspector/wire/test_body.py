from __future__ import annotations

import pytest

from inspector.wire.body import CHUNKED, UNTIL_CLOSE, BodyReader
from inspector.wire.errors import BadRequest, BadResponse


def test_a_length() -> None:
    body = BodyReader(5, BadRequest)
    assert body.feed(b"abc") == (b"abc", [b"abc"], b"")
    assert not body.done
    assert body.feed(b"") == (b"", [], b"")
    assert body.feed(b"deGET /") == (b"de", [b"de"], b"GET /")
    assert body.done
    assert not body.ends_with_connection


def test_no_body_is_done_at_once() -> None:
    body = BodyReader(0, BadResponse)
    assert body.done
    assert body.feed(b"next") == (b"", [], b"next")


def test_chunks() -> None:
    body = BodyReader(CHUNKED, BadRequest)
    assert body.feed(b"2\r\nab\r\n") == (b"2\r\nab\r\n", [b"ab"], b"")
    assert not body.done
    assert body.feed(b"0\r\n\r\nGET /") == (b"0\r\n\r\n", [], b"GET /")
    assert body.done
    with pytest.raises(BadResponse):
        BodyReader(CHUNKED, BadResponse).feed(b"x")


def test_until_the_connection_ends() -> None:
    body = BodyReader(UNTIL_CLOSE, BadResponse)
    assert body.ends_with_connection
    assert body.feed(b"abc") == (b"abc", [b"abc"], b"")
    assert not body.done
