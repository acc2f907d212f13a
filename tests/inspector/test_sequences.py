"""What a server said over a WebSocket, or in a stream of events, beside what it said before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.documents import DEFAULT, Rules
from inspector.model import Body, Message
from inspector.sequences import (
    CLIENT,
    NO_CODE,
    NOT_CLOSED,
    PROXY,
    SERVER,
    Conversation,
    Ending,
    Item,
    compare_conversations,
    compare_items,
    conversation,
    ending_of,
    parse_events,
)


def items(*texts: str | bytes | dict[str, Any]) -> list[Item]:
    made = []
    for text in texts:
        content = json.dumps(text) if isinstance(text, dict) else text
        data = content.encode() if isinstance(content, str) else content
        made.append(Item("binary" if isinstance(text, bytes) else "text", Body(len(data), data)))
    return made


def found(old: list[Item], new: list[Item], *volatile: str, cut: bool = False) -> list[tuple[str, Any, Any, str]]:
    rules = Rules(volatile_paths=volatile)
    differences = list(compare_items(old, new, rules, where="message", cut=cut))
    assert {one.where for one in differences} <= {"message"}
    return [(one.path, one.original, one.replay, one.change) for one in differences if not one.volatile]


def message(direction: str, kind: str, payload: bytes = b"", *, t: int = 0, **fields: Any) -> Message:
    return Message(1, 0, t, "wire", direction, kind, len(payload), payload, **fields)


# --- items ------------------------------------------------------------------------------------------------------------


def test_json_is_compared_by_structure():
    assert found(items({"a": 1, "b": 2}), items('{"b": 2.0, "a": 1}')) == []
    assert found(items({"a": 1}), items({"a": 2})) == [("#1 $.a", 1, 2, "changed")]
    assert found(items("x", {"at": 1}), items("x", {"at": 2}), "$.at") == []


def test_text_and_bytes_are_compared_as_they_are():
    assert found(items("1"), items("1.0")) == [("#1", "1", "1.0", "changed")]
    [(path, before, after, _)] = found(items(b"\xff"), items(b"\xfe\xff"))
    assert path == "#1"
    assert before.startswith("1 bytes, SHA-256 a8100ae6aa1940d0")
    assert after.startswith("2 bytes")
    assert found(items("a"), items(b"a")) == [("#1 type", "text", "binary", "changed")]
    assert found(items("{broken"), items("{broken ")) == [("#1", "{broken", "{broken ", "changed")]


def test_one_more_or_less_moves_no_other():
    assert found(items("a", "b"), items("x", "a", "b")) == [("#1", None, "x", "added")]
    assert found(items("a", "b", "c"), items("a", "c")) == [("#2", "b", None, "removed")]
    assert found(items("a", "x", "y"), items("a", "z", "y", "w")) == [
        ("#2", "x", "z", "changed"),
        ("#4", None, "w", "added"),
    ]


def test_another_order_is_one_difference():
    assert found(items("a", "b", "c", "d"), items("a", "c", "b", "d")) == [("(order)", "2, 3", "3, 2", "changed")]
    assert found(items("a", "a", "b"), items("b", "a", "a")) == [("(order)", "1, 2, 3", "3, 1, 2", "changed")]
    old, new = items({"n": 1, "at": 5}, {"n": 2, "at": 6}), items({"n": 2, "at": 7}, {"n": 1, "at": 8})
    assert found(old, new, "$.at") == [("(order)", "1, 2", "2, 1", "changed")]


def test_what_its_client_did_not_stay_for_does_not_count():
    assert found(items("a"), items("a", "b"), cut=True) == []
    assert found(items("a", "b"), items("a"), cut=True) == []
    assert found(items("a", "b"), items("b"), cut=True) == [("#1", "a", None, "removed")]


def test_very_many_are_compared_in_step():
    old, new = items(*(f"a{n}" for n in range(2100))), items(*(f"b{n}" for n in range(2101)))
    assert len(found(old, new)) == 2101


def test_truncated_ones_are_compared_by_hash():
    one, two = (Item("text", Body(10**6, b"{", b"}", sha)) for sha in ("1", "2"))
    assert found([one], [one]) == []
    assert found([one], [two]) == [("#1", "1000000 bytes, SHA-256 1", "1000000 bytes, SHA-256 2", "changed")]


def test_what_is_nested_too_deeply_is_text():
    deep = "[" * 100_000
    assert found(items(deep), items(deep + " "))[0][3] == "changed"
    for depth in range(100, 1000, 50):  # as deep as can be parsed, and not be walked any more
        nested = "[" * depth + "1" + "]" * depth
        assert found(items(nested), items(nested), "$.a") == []


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), max_size=6))
def test_any_two_sequences(one, two):
    assert found(items(*one), items(*one)) == []
    assert bool(found(items(*one), items(*two))) == (one != two)


# --- event streams ----------------------------------------------------------------------------------------------------


def test_events():
    stream = b"\xef\xbb\xbf: hi\n\ndata: a\ndata:b\n\nevent: x\r\ndata\r\nid: 7\r\nretry: 5\r\n\r\n"
    stream += b"id: 8\n\nother: 1\n\ndata: un"
    assert parse_events(stream) == [
        Item("message", Body(3, b"a\nb")),
        Item("x", Body(0, b""), (("id", "7"), ("retry", "5"))),
        Item("message", Body(0, b""), (("id", "8"),)),
    ]
    assert parse_events(b"") == []


def test_events_beside_each_other():
    old = parse_events(b"id: 1\nretry: 9\ndata: {}\n\ndata: a\n\nid: 3\n\n")
    new = parse_events(b"id: 2\nretry: 9\ndata: {}\n\nretry: 1\ndata: a\n\ndata: b\n\n")
    assert found(old, new) == [
        ("#1 id", "1", "2", "changed"),
        ("#2 retry", None, "1", "added"),
        ("#3 id", "3", None, "removed"),
        ("#3", "", "b", "changed"),
    ]


# --- WebSockets -------------------------------------------------------------------------------------------------------


def test_a_conversation_is_what_the_server_said():
    seen = [
        message("out", "ws.close", t=9, info='{"code": 1000, "reason": "bye"}'),
        message("out", "ws.text", b"second", t=5, sha256="x"),
        message("in", "ws.text", b"not the server's", t=4),
        message("out", "ws.binary", b"first", t=3),
        message("out", "ws.ping", b"", t=3),
        Message(1, 0, 1, "app", "out", "websocket.send", 1, b"x"),
    ]
    assert conversation(seen) == Conversation(
        (Item("binary", Body(5, b"first")), Item("text", Body(6, b"second", sha256="x"))),
        Ending(SERVER, 1000, "bye"),
    )


@pytest.mark.parametrize(
    ("seen", "ending"),
    [
        ([], Ending()),
        ([message("in", "ws.close", b"\x03\xe8bye")], Ending(CLIENT, 1000, "bye")),
        ([message("in", "ws.close"), message("out", "ws.close")], Ending(CLIENT, NO_CODE, "", NO_CODE)),
        (
            [message("out", "ws.close", info='{"code": 4001, "reason": "no"}')] * 2
            + [message("in", "ws.close", b"\x03\xe9")],
            Ending(SERVER, 4001, "no", 1001),
        ),
        ([message("in", "client.gone")], Ending(CLIENT, NOT_CLOSED)),
        ([message("out", "upstream.gone")], Ending(SERVER, NOT_CLOSED)),
        ([message("out", "ws.close", b"\x03\xe8"), message("out", "upstream.gone")], Ending(SERVER, 1000)),
        (
            [message("out", "ws.close", info='{"code": 1012, "reason": "service restart", "from": "proxy"}')],
            Ending(PROXY, 1012, "service restart"),
        ),
        (
            [
                message("in", "ws.close", b"\x03\xe8"),
                message("out", "ws.close", info='{"code": 1012, "from": "proxy"}'),
            ],
            Ending(CLIENT, 1000),
        ),
        ([message("out", "ws.close", b"\x03\xe8", info="nonsense")], Ending(SERVER, 1000)),
        ([message("out", "ws.close", b"\x03\xe8", info="[]")], Ending(SERVER, 1000)),
        ([message("out", "ws.close", b"\x03\xe8", info='{"code": "1"}')], Ending(SERVER, 1000)),
    ],
)
def test_endings(seen, ending):
    assert ending_of(seen) == ending


def differing(old: Ending, new: Ending) -> list[tuple[str, Any, Any, bool]]:
    differences = list(compare_conversations(Conversation((), old), Conversation((), new), DEFAULT))
    assert {one.where for one in differences} <= {"close"}
    return [(one.path, one.original, one.replay, one.volatile) for one in differences]


def test_endings_beside_each_other():
    closed = Ending(SERVER, 1000, "bye", 1000)
    assert differing(closed, Ending(SERVER, 1000, "bye")) == []
    assert differing(closed, Ending(SERVER, 1011, "oops")) == [
        ("code", 1000, 1011, False),
        ("reason", "bye", "oops", False),
    ]
    assert differing(closed, Ending()) == [("by", SERVER, None, False)]
    assert differing(closed, Ending(CLIENT, 1000)) == [("by", SERVER, CLIENT, False)]
    assert differing(Ending(), closed) == []
    retired = Ending(PROXY, 1012, "service restart")
    assert differing(retired, closed) == []
    assert differing(closed, retired) == [("by", SERVER, "proxy, with 1012 (service restart)", False)]
    assert differing(Ending(CLIENT, 1000, "", 1000), Ending(CLIENT, 1000)) == [("answer", 1000, None, True)]


def test_messages_come_before_the_ending():
    old = Conversation(tuple(items("a")), Ending(SERVER, 1000))
    new = Conversation(tuple(items("b")), Ending(SERVER, 1001))
    assert [one.where for one in compare_conversations(old, new, DEFAULT)] == ["message", "close"]
