"""Messages read for judging."""

from __future__ import annotations

from inspector import tagged
from inspector.contract.event import COMMON, Event, read
from inspector.model import Message


def message(info: str = "", kind: str = "http.response.body", **fields: object) -> Event:
    return read(Message(1, 3, 7, "app", "out", kind, info=info, **fields))


def test_everything_is_carried_over() -> None:
    event = message('{"more_body":true}', size=3, payload=b"ab", tail=b"b")
    assert (event.seq, event.t_ns, event.direction, event.type) == (3, 7, "out", "http.response.body")
    assert (event.size, event.payload, event.tail, event.info) == (3, b"ab", b"b", {"more_body": True})
    assert (event.more, event.whole) == (True, None)
    assert message(size=2, payload=b"ab").whole == b"ab"
    assert message().whole is None


def test_infos_short_and_long() -> None:
    assert message('{"a":1}').info == {"a": 1}
    assert message(tagged.dumps({"a": "x" * COMMON})).info == {"a": "x" * COMMON}
    assert message("no JSON").info == {}
    assert message("[1]").info == {}


def test_the_type_of_an_enumeration_counts() -> None:
    assert message(kind="<T.START: 'http.response.start'>").type == "http.response.start"
    assert message(kind="<object>").type == "<object>"
