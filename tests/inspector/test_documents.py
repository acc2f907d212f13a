"""Two JSON documents beside each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.documents import DEFAULT, Difference, Rules, common_ends, compare_json, masked, short

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def found(old: Any, new: Any, *volatile: str) -> list[tuple[str, Any, Any, str]]:
    rules = Rules(volatile_paths=volatile)
    return [
        (one.path, one.original, one.replay, one.change) for one in compare_json(old, new, rules) if not one.volatile
    ]


def test_members_and_items():
    assert found({"a": 1, "b c": [1, 2]}, {"a": 2, "b c": [1, 3], "new": None}) == [
        ("$.a", 1, 2, "changed"),
        ('$["b c"][1]', 2, 3, "changed"),
        ("$.new", None, None, "added"),
    ]


def test_an_item_more_or_less_moves_no_other():
    assert found([1, 2, 3], [0, 1, 2, 3]) == [("$[0]", None, 0, "added")]
    assert found([0, 1, 2, 3], [1, 2, 3]) == [("$[0]", 0, None, "removed")]
    assert found([1, 2, 3], [1, 5, 2, 3]) == [("$[1]", None, 5, "added")]


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), (1, "1"), (None, 0), ([], {}), (1.5, 1.25)])
def test_values_of_another_kind_differ(old, new):
    assert len(found(old, new)) == 1


def test_numbers_are_the_same_by_value():
    assert found([1, 2.0, float("nan"), True], [1.0, 2, float("nan"), True]) == []


def test_what_is_volatile_is_listed_and_does_not_count():
    old, new = {"items": [{"id": 1, "n": 1}]}, {"items": [{"id": 2, "n": 1}]}
    assert found(old, new, "$.items[*].id") == []
    assert [one.volatile for one in compare_json(old, new, Rules(volatile_paths=("$.items",)))] == [True]
    assert found(old, new, "$.item") == [("$.items[0].id", 1, 2, "changed")]
    assert found({"a": {"é": 1}}, {"a": {"é": 2}}, "$.a.*") == []


def test_what_is_masked_is_alike():
    rules = Rules(volatile_paths=("$.items[*].id",))
    one, two = ({"items": [{"id": number, "n": "x"}]} for number in (1, 2))
    assert masked(one, rules) == masked(two, rules) == {"items": [{"id": None, "n": "x"}]}
    assert masked(one, DEFAULT) is one


def test_long_values_are_cut():
    assert short("x" * 3000) == "x" * 2000 + "… (3000 characters)"
    [(_, before, after, _)] = found({"a": "x" * 3000}, {"a": 1})
    assert (len(before), after) == (len(short("x" * 3000)), 1)
    [(_, before, _, _)] = found({"a": list(range(3000))}, {"a": 1})
    assert before.endswith("characters)")


def test_a_difference_as_a_dictionary():
    assert Difference("body", "$", 1, 2).plain() == {
        "where": "body", "path": "$", "original": 1, "replay": 2, "change": "changed", "volatile": False,
    }  # fmt: skip


@pytest.mark.parametrize(("old", "new", "ends"), [("", "", (0, 0)), ("abc", "abXc", (2, 1)), ("aa", "a", (1, 0))])
def test_common_ends(old, new, ends):
    assert common_ends(old, new) == ends


@given(DOCUMENTS, DOCUMENTS)
def test_any_two_documents(one, two):
    assert found(one, one) == []
    assert bool(found(one, two)) == bool(found(two, one))
