"""The values that everything speaks of."""

from __future__ import annotations

from inspector.model import Body, Exchange


def test_a_body_is_truncated_when_bytes_are_missing_between_its_ends():
    assert not Body().truncated
    assert not Body(3, b"abc").truncated
    assert not Body(4, b"ab", b"cd").truncated
    assert Body(5, b"ab", b"cd").truncated


def test_exchanges_do_not_share_bodies():
    first, second = Exchange(1), Exchange(2)
    first.request_body.size = 5
    assert second.request_body == Body()
    assert first.response_body is not first.request_body
