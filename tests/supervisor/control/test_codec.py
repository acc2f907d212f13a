from __future__ import annotations

import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.control import codec, messages
from supervisor.control.messages import (
    AppChanged,
    AppStatus,
    Finished,
    Hello,
    MakeTraffic,
    Problem,
    StartApp,
    StatusReported,
    TargetSpec,
    WayOut,
)

MESSAGES = typing.get_args(codec.Message)

st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(str, st.text(st.characters(codec="utf-8")))


@given(st.one_of([st.from_type(kind) for kind in MESSAGES]))
def test_every_message_comes_back_as_it_went(message: codec.Message) -> None:
    line = codec.encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert codec.decode(line) == message


def test_all_dataclasses_of_the_protocol_are_in_one_union_or_inside_one() -> None:
    inner = {
        "TargetSpec", "WayOut", "Problem", "WorkerStatus", "AppStatus", "ModeStatus", "ReplayStatus", "Stack", "Frame",
        "Preset", "Candidate", "TrialMode", "TrialStatus", "ComparisonStatus",
    }  # fmt: skip
    declared = {name for name, value in vars(messages).items() if hasattr(value, "__dataclass_fields__")}
    assert declared == {kind.__name__ for kind in MESSAGES} | inner


def test_nested_values() -> None:
    problem = Problem(what="no", ways_out=(WayOut(text="try", mode="uvicorn", adapt=True),))
    status = AppStatus(name="a", target=TargetSpec(target="m:a", env=(("K", "V"),)), problem=problem)
    for message in (AppChanged(app=status), Finished(id=1, app=None), StatusReported(id=2, apps=(status, status))):
        assert codec.decode(codec.encode(message)) == message


def test_a_float_may_be_written_as_an_integer() -> None:
    assert codec.decode(b'{"type":"MakeTraffic","id":1,"seconds":3}') == MakeTraffic(id=1, seconds=3.0)


@pytest.mark.parametrize(
    ("line", "text", "identity"),
    [
        (b"{", "not JSON", 0),
        (b"[" * 100_000, "not JSON", 0),
        (b"\xff", "not JSON", 0),
        (b"[]", "not a JSON object", 0),
        (b'{"type":"Hello"}', "Hello lacks 'id'", 0),
        (b'{"type":"Hello","id":"1"}', "Hello.id is '1', not a int", 0),
        (b'{"type":"Hello","id":true}', "Hello.id is True, not a int", 0),
        (b'{"type":"Hello","id":4,"zest":1}', "Hello has no field 'zest'", 4),
        (b'{"type":"StartApp","id":5,"mode":"uvicorn","target":[]}', "StartApp.target is [], not a TargetSpec", 5),
        (
            b'{"type":"StartApp","id":5,"mode":"m","target":{"target":"x","env":[["a"]]}}',
            "StartApp.target.env has 1 items, not 2",
            5,
        ),
        (
            b'{"type":"StartApp","id":5,"mode":"m","target":{"target":"x","env":"a"}}',
            "StartApp.target.env is 'a', not a list",
            5,
        ),
    ],
)
def test_what_is_not_a_message_is_refused(line: bytes, text: str, identity: int) -> None:
    with pytest.raises(codec.DecodeError) as caught:
        codec.decode(line)
    assert text in str(caught.value)
    assert caught.value.id == identity
    assert not isinstance(caught.value, codec.UnknownMessageError)


@pytest.mark.parametrize("name", ["Bye", 3, None, "TargetSpec"])
def test_an_unknown_type_says_which_command_to_answer(name: object) -> None:
    with pytest.raises(codec.UnknownMessageError) as caught:
        codec.decode(json.dumps({"type": name, "id": 7}).encode())
    assert caught.value.id == 7


def test_defaults_need_not_be_sent() -> None:
    start = codec.decode(b'{"type":"StartApp","id":1,"target":{"target":"m:a"},"mode":"uvicorn"}')
    assert start == StartApp(id=1, target=TargetSpec(target="m:a"), mode="uvicorn")


@given(st.lists(st.binary().filter(lambda b: b"\n" not in b)), st.integers(1, 9))
def test_lines_do_not_depend_on_how_they_arrive(lines: list[bytes], step: int) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    cutter = codec.Lines()
    seen = [line for at in range(0, len(stream), step) for line in cutter.feed(stream[at : at + step])]
    assert seen == lines


def test_lines_have_a_limit() -> None:
    cutter = codec.Lines(limit=4)
    assert cutter.feed(b"abcd") == []
    with pytest.raises(codec.DecodeError):
        cutter.feed(b"e")
    with pytest.raises(codec.DecodeError):
        cutter.feed(b"abcdefg\n")
    assert cutter.feed(codec.encode(Hello(id=1))[:2] + b"\n") == [b'{"']
