from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import tagged
from inspector.tagged import OPAQUE, Opaque

atoms = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
    | st.builds(Opaque, st.text(), st.text())
)  # fmt: skip
keys = st.text() | st.integers() | st.binary() | st.tuples(st.text(), st.binary())
values = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(), inner)
        | st.dictionaries(keys, inner)
        | st.tuples(st.binary(), st.binary())
    ),
)


@given(values)
def test_values_come_back_with_their_types(value: Any) -> None:
    text = tagged.dumps(value)
    json.loads(text)
    back = tagged.loads(text)
    assert repr(back) == repr(value)
    assert type(back) is type(value)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"$tuple":' * 10_000 + "[]" + "}" * 10_000])
def test_what_is_nested_too_deeply_is_no_value(text: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        tagged.loads(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, True, None, "x"]}, '{"a":[1,true,null,"x"]}'),
        (b"\x00\xff", '{"$bytes":"\\u0000\\u00ff"}'),
        ((1,), '{"$tuple":[1]}'),
        ((b"a", b"b"), '{"$tuple":[{"$bytes":"a"},{"$bytes":"b"}]}'),
        ([(b"a", b"b")], '[{"$tuple":[{"$bytes":"a"},{"$bytes":"b"}]}]'),
        ([(b"a", 1), (1, b"a")], '[{"$tuple":[{"$bytes":"a"},1]},{"$tuple":[1,{"$bytes":"a"}]}]'),
        ({1: 2}, '{"$dict":[[1,2]]}'),
        ({"$x": 2}, '{"$dict":[["$x",2]]}'),
        (2**63, '{"$int":"9223372036854775808"}'),
        (math.inf, '{"$float":"inf"}'),
        ("\ud800", '"\\ud800"'),
        ((OPAQUE, "io.BytesIO", "<it>"), '{"$object":["io.BytesIO","<it>"]}'),
        (Opaque("T", "short"), '{"$object":["T","short"]}'),
        (range(3), '{"$object":["range","range(0, 3)"]}'),
    ],
)
def test_the_text_is_as_described(value: Any, text: str) -> None:
    assert tagged.dumps(value) == text


def test_not_a_number_survives() -> None:
    assert math.isnan(tagged.loads(tagged.dumps(math.nan)))


def test_an_object_shows_its_short_form() -> None:
    assert repr(tagged.loads(tagged.dumps((OPAQUE, "T", "<a T>")))) == "<a T>"


def test_plain_json_objects_of_one_key_stay_what_they_are() -> None:
    assert tagged.loads('{"$unknown": 1}') == {"$unknown": 1}
    assert tagged.loads('{"a": 1}') == {"a": 1}


def test_nesting_has_an_end() -> None:
    value: Any = []
    for _ in range(5000):
        value = [value]
    assert tagged.loads(tagged.dumps(value)) == Opaque("list", "nested too deeply")


def test_other_text_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        tagged.loads("nonsense")
