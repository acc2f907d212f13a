"""Messages as lines of a list."""

from __future__ import annotations

import pytest

from app.traffic import sequence
from app.traffic.sequence import MessageFilter
from inspector import tagged
from inspector.model import Message

START = Message(
    1, 0, 10, "app", "out", "http.response.start", info=tagged.dumps({"status": 200, "headers": [(b"a", b"b")]})
)  # fmt: skip
BODY = Message(1, 1, 20, "app", "out", "http.response.body", size=5, payload=b"Hello", info='{"more_body":false}')
CHUNK = Message(1, 2, 30, "wire", "in", "request.body", size=9, payload=b"abc", tail=b"yz")


@pytest.mark.parametrize(
    ("wanted", "passed"),
    [
        (MessageFilter(), [0, 1, 2]),
        (MessageFilter(side="wire"), [2]),
        (MessageFilter(direction="out"), [0, 1]),
        (MessageFilter(text="RESPONSE.start"), [0]),
        (MessageFilter(text="more_body"), [1]),
        (MessageFilter(text="hello"), [1]),
        (MessageFilter(side="app", text="yz"), []),
        (MessageFilter(text="yz"), [2]),
        (MessageFilter(text="~^http\\.(request|response\\.b)"), [1]),
        (MessageFilter(text="~h.LLO"), [1]),
        (MessageFilter(text="~("), []),
    ],
)
def test_filter(wanted: MessageFilter, passed: list[int]) -> None:
    assert [message.seq for message in (START, BODY, CHUNK) if wanted.accepts(message)] == passed


def test_a_line_says_direction_side_and_the_beginning_of_the_content() -> None:
    assert [sequence.arrow(BODY), sequence.arrow(CHUNK)] == ["←", "→"]
    assert [sequence.side(BODY), sequence.side(CHUNK)] == ["app", "wire"]
    assert sequence.preview(BODY) == "Hello"
    assert sequence.preview(START) == 'status=200, headers=[["a", "b"]]'
    assert sequence.preview(Message(1, 0, 0, "app", "in", "call")) == ""


def info(text: str) -> Message:
    return Message(1, 0, 0, "app", "out", "x", info=text)


def test_odd_keys_are_shown_all_the_same() -> None:
    assert sequence.preview(info("not json")) == "not json"
    assert sequence.preview(info("[1,2,3,4]")) == "[4]"
    assert sequence.preview(info('"text"')) == "text"
    assert sequence.preview(info('{"a":{"$dict":[]}}')) == 'a={"$dict": []}'


def test_the_pane_lays_keys_out() -> None:
    assert sequence.pretty_info(START.info) == "status: 200\nheaders:\n    a: b"
    assert sequence.pretty_info('{"text":"hi","n":[1]}') == "text: hi\nn: [1]"
    assert [sequence.pretty_info(text) for text in ("", "no", "[1]")] == ["", "no", "[\n  1\n]"]


def test_what_was_cut_is_said() -> None:
    assert sequence.cut_note(BODY) == ""
    assert "first 3 and the last 2 of 9" in sequence.cut_note(CHUNK)
    assert "first 1 of 2" in sequence.cut_note(Message(1, 0, 0, "app", "in", "x", size=2, payload=b"a"))
    assert "not recorded" in sequence.cut_note(Message(1, 0, 0, "app", "in", "x", size=2))
    assert sequence.cut_note(Message(1, 0, 0, "app", "in", "call")) == ""
    assert "in the Request tab" in sequence.cut_note(Message(1, 0, 0, "wire", "in", "request.body", size=2))
    assert "in the Response tab" in sequence.cut_note(Message(1, 0, 0, "wire", "out", "response.body", size=2))


def test_an_expression_that_is_none_is_said() -> None:
    assert "unterminated" in MessageFilter(text="~(").error
    assert MessageFilter(text="~a|b").error == MessageFilter(text="(").error == ""


def test_a_list_holds_the_beginning_of_what_is_large() -> None:
    large = Message(1, 0, 0, "app", "out", "x", size=5_000, payload=b"a" * 5_000, tail=b"b")
    assert sequence.slim(BODY) is BODY
    assert not sequence.is_slim(BODY)
    small = sequence.slim(large)
    assert (len(small.payload or b""), small.tail, small.size) == (sequence.KEPT, b"", 5_000)
    assert sequence.is_slim(small)


def test_a_message_as_a_line() -> None:
    assert sequence.line(BODY, 0).split("\t")[1:] == ["app", "←", "http.response.body", "5 B", "Hello"]


def test_keys_are_read_as_they_were() -> None:
    assert sequence.said(START) == {"status": 200, "headers": [(b"a", b"b")]}
    assert [sequence.said(info(text)) for text in ("", "no", "[1]")] == [{}, {}, {}]
