from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from inspector.model import Body
from inspector.wire.capture import Capture


def test_nothing_is_an_empty_body() -> None:
    body = Body()
    Capture(4, 4).settle(body)
    assert body == Body()


def test_a_short_body_is_all_there_and_not_hashed() -> None:
    capture, body = Capture(4, 3), Body()
    capture.add(b"abc")
    capture.settle(body)
    assert body == Body(3, b"abc")
    capture.add(b"defg")
    capture.settle(body)
    assert body == Body(7, b"abcd", b"efg")
    assert not body.truncated


def test_a_long_body_is_cut_in_the_middle_and_hashed() -> None:
    capture, body = Capture(4, 3), Body()
    capture.add(b"0123456789")
    capture.settle(body)
    assert body == Body(10, b"0123", b"789", sha256(b"0123456789").hexdigest())
    assert body.truncated


@given(st.lists(st.binary(max_size=9), max_size=20), st.integers(0, 12), st.integers(0, 12), st.integers(0, 20))
def test_however_it_comes(pieces: list[bytes], head: int, tail: int, settled: int) -> None:
    capture, body = Capture(head, tail), Body()
    for index, piece in enumerate(pieces):
        capture.add(piece)
        if index == settled:
            capture.settle(body)
    capture.settle(body)
    whole = b"".join(pieces)
    assert body.size == len(whole)
    assert body.head == whole[:head]
    assert body.tail == (whole[head:][-tail:] if tail else b"")
    assert body.truncated is (len(whole) > head + tail)
    assert body.sha256 == (sha256(whole).hexdigest() if body.truncated else "")
