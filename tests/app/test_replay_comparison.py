"""A replay's results as rows, and texts side by side."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.replay.comparison import Verdict, brief, differences, names_in, progress, side_by_side, verdict
from inspector.model import ReplayResult


def result(*found: object, exchange: int = 2, same: bool = False, error: str = "") -> ReplayResult:
    return ReplayResult(1, 1, exchange, same, json.dumps(found), error)


def test_verdict() -> None:
    assert verdict(result(same=True)) is Verdict.SAME
    assert verdict(result()) is Verdict.DIFFERENT
    assert verdict(result(exchange=0)) is Verdict.FAILED
    assert verdict(result(error="refused", same=True)) is Verdict.FAILED
    lifespan = result(exchange=0, error="not replayed: there is nothing to send")
    assert (verdict(lifespan), brief(lifespan)) == (Verdict.LEFT_OUT, "there is nothing to send")


def test_differences_are_read_as_text() -> None:
    [status, header, gone] = differences(
        json.dumps([
            {"where": "status", "path": "", "original": 200, "replay": 500},
            {"where": "header", "path": "date", "original": "a", "replay": "b", "volatile": True},
            {"where": "body", "path": "$.a", "original": {"é": 1}, "replay": None},
        ])
    )  # fmt: skip
    assert (status.original, status.replay) == ("200", "500")
    assert header.volatile
    assert (gone.original, gone.replay) == ('{"é": 1}', "(absent)")


@pytest.mark.parametrize("text", ["", "no json", '{"a": 1}', "[1]"])
def test_what_is_no_list_of_differences_has_none(text: str) -> None:
    assert differences(text) == []


def test_brief_counts_places_and_leaves_the_volatile_out() -> None:
    body = {"where": "body", "path": "$"}
    assert brief(result({"where": "status"}, body, body, {"where": "header", "volatile": True})) == "status, body x2"
    assert brief(result(error="refused")) == "refused"


def test_equal_lines_stand_beside_each_other() -> None:
    left, right = side_by_side("a\nb\nc", "a\nx\ny\nc")
    assert [(line.text, line.kind) for line in left] == [
        ("a", "equal"), ("b", "changed"), ("", "gap"), ("c", "equal")
    ]  # fmt: skip
    assert [line.kind for line in right] == ["equal", "changed", "changed", "equal"]


@pytest.mark.parametrize("limit", [1, 5_000])
@given(left=st.lists(st.sampled_from("abc"), max_size=12), right=st.lists(st.sampled_from("abc"), max_size=12))
def test_both_sides_are_as_high_and_lose_nothing(limit: int, left: list[str], right: list[str]) -> None:
    one, other = side_by_side("\n".join(left), "\n".join(right), limit)
    assert len(one) == len(other)
    assert [line.text for line in one if line.kind != "gap"] == "\n".join(left).split("\n")
    assert [line.text for line in other if line.kind != "gap"] == "\n".join(right).split("\n")
    assert all(a.text == b.text for a, b in zip(one, other, strict=True) if a.kind == "equal")


def test_progress_in_words() -> None:
    assert progress(3, 9, 3, 0, 0) == "3 of 9 sent · 3 the same"
    assert progress(9, 9, 5, 3, 1) == "9 of 9 sent · 5 the same · 3 different · 1 failed"


def test_a_list_of_names() -> None:
    assert names_in("") == names_in(" , ") == ()
    assert names_in('date, $.items[*].id $["a, b"].c,date') == ("date", "$.items[*].id", '$["a, b"].c')
