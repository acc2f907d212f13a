"""Recorded WebSockets as scripts."""

from __future__ import annotations

from typing import Any

import pytest

from inspector.model import Exchange, Kind, Message
from inspector.replay.dialogue import CLOSE, GONE, Script, Turn, script
from inspector.replay.request import UnreplayableError
from inspector.sequences import CLIENT, NO_CODE, NOT_CLOSED, SERVER, Ending

MS = 10**6


def message(at: int, direction: str, kind: str, payload: bytes = b"", **fields: Any) -> Message:
    fields.setdefault("size", len(payload))
    return Message(1, at, (100 + at) * MS, fields.pop("side", "wire"), direction, kind, payload=payload, **fields)


def made(*messages: Message, **fields: Any) -> Script:
    fields = {"kind": Kind.WEBSOCKET, "opened_ns": 90 * MS, "first_byte_ns": 100 * MS, **fields}
    return script(Exchange(1, messages=len(messages), **fields), messages)


def test_turns_know_what_came_before_them_and_when():
    told = made(
        message(1, "out", "ws.text", b"welcome"),
        message(5, "in", "ws.text", b"hello"),
        message(5, "in", "websocket.receive", b"hello", side="app"),
        message(7, "out", "ws.ping"),
        message(9, "in", "ws.pong"),
        message(10, "out", "ws.binary", b"!"),
        message(12, "in", "ws.binary", b"\x00", tail=b"\x01", size=2),
        message(20, "in", "ws.close", b"\x0f\xa0done"),
        message(21, "in", "ws.text", b"after the end"),
        message(22, "out", "ws.close", b"\x0f\xa0"),
    )
    assert told.turns == (
        Turn("ws.text", b"hello", heard=1, at_ns=5 * MS, t_ns=105 * MS, gap_ns=4 * MS),
        Turn("ws.binary", b"\x00\x01", heard=2, at_ns=12 * MS, t_ns=112 * MS, gap_ns=2 * MS),
        Turn(CLOSE, code=4000, reason="done", heard=2, at_ns=20 * MS, t_ns=120 * MS, gap_ns=8 * MS),
    )
    assert (told.heard, told.ending) == (2, Ending(CLIENT, 4000, "done", 4000))


def test_the_servers_close_is_answered_by_the_connection():
    told = made(message(1, "in", "ws.text", b"x"), message(9, "out", "ws.close", b"\x03\xe8"), message(9, "in", CLOSE))
    assert [turn.type for turn in told.turns] == ["ws.text"]
    assert (told.ending, told.gap_ns) == (Ending(SERVER, 1000, "", NO_CODE), 8 * MS)


def test_a_client_that_left_leaves_again():
    told = made(message(3, "in", "client.gone"))
    assert told.turns == (Turn(GONE, at_ns=3 * MS, t_ns=103 * MS, gap_ns=3 * MS),)
    assert told.ending == Ending(CLIENT, NOT_CLOSED)
    assert made(message(3, "out", "ws.close"), message(4, "in", "client.gone")).turns == ()


def test_a_close_without_a_code_and_one_whose_reason_is_too_long():
    assert made(message(1, "in", "ws.close")).turns[0].code == 0
    info = '{"code": 1000, "reason": "' + "ä" * 100 + '"}'
    assert made(message(1, "in", "ws.close", info=info)).turns[0].reason == "ä" * 61


def test_one_that_was_refused_or_said_nothing():
    assert made(first_byte_ns=0) == Script()


@pytest.mark.parametrize(
    ("messages", "fields", "reason"),
    [
        ([], {"status": 101}, "what was said over it was not recorded"),
        ([], {"dropped": 2}, "2 of its messages or payloads were not recorded"),
        ([message(1, "in", "ws.text", b"he", tail=b"o", size=90)], {}, "only 3 of the 90 bytes"),
        ([message(1, "in", "ws.text", b"xx", info='{"inflated": false}')], {}, "compressed and could not be read"),
        ([message(1, "in", "ws.close", info='{"code": 1006}')], {}, "code 1006"),
        ([message(1, "in", "ws.close", b"\x0b\xb7")], {}, "code 2999"),
        ([message(1, "in", "ws.close", b"\x13\x88")], {}, "code 5000"),
    ],
)
def test_what_cannot_be_said_again(messages, fields, reason):
    with pytest.raises(UnreplayableError, match=reason):
        made(*messages, **fields)


def test_messages_that_are_not_in_the_trace_any_more():
    with pytest.raises(UnreplayableError, match="only 0 of its 3 messages"):
        script(Exchange(1, messages=3), [])
