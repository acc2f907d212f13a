"""The values that everything speaks of."""

from __future__ import annotations

from inspector.model import Body, Exchange, Message, by_time


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


def test_messages_are_ordered_by_when_they_happened_and_then_by_when_they_came():
    early, late, same = (Message(1, seq, t_ns, "app", "in", "call") for seq, t_ns in ((2, 10), (0, 20), (3, 20)))
    assert by_time([late, same, early]) == [early, late, same]
