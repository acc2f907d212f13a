"""The stretch of time in view, its ticks, and where lanes stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.traffic.lanes.view import SECOND, TALLEST, View, arrange, ticks


def test_following_keeps_the_newest_near_the_right_edge() -> None:
    view = View(0, 10 * SECOND).follow(100 * SECOND)
    assert view.begin == 90_200_000_000
    assert view.following
    closer = view.zoom(95 * SECOND, 0.5)
    assert closer.following
    assert closer.begin == 100 * SECOND - 4_900_000_000


def test_zooming_keeps_what_is_under_the_pointer() -> None:
    view = View(100, 1000 * SECOND, False)
    closer = view.zoom(100 + 250 * SECOND, 0.5)
    assert closer == View(100 + 125 * SECOND, 500 * SECOND, False)
    assert view.zoom(0, 1e-12).span == SECOND // 10_000
    assert view.zoom(0, 1e12).span == 7 * 24 * 3600 * SECOND


def test_panning_and_fitting_end_following() -> None:
    assert View(5, 10).pan(7) == View(12, 10, False)
    fitted = View().fit(0, 100 * SECOND)
    assert (fitted.span, fitted.following) == (104 * SECOND, False)
    assert fitted.begin < 0 < 100 * SECOND < fitted.end


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (10 * SECOND, ["01:00:00", "01:00:02", "01:00:04"]),
        (SECOND // 2, ["01:00:00.0", "01:00:00.1", "01:00:00.2"]),
        (SECOND // 1000, ["01:00:00.0000", "01:00:00.0002", "01:00:00.0004"]),
        (3600 * SECOND, ["01:00", "01:10", "01:20"]),
        (30 * 24 * 3600 * SECOND, ["00:00", "00:00", "00:00"]),
    ],
)
def test_ticks_stand_at_round_times_of_day(span: int, labels: list[str]) -> None:
    found = list(ticks(View(0, span), 6, 3600 * SECOND))
    assert [tick.label for tick in found[:3]] == labels


@given(st.integers(0, 10**18), st.integers(100_000, 10**16), st.integers(2, 30))
def test_ticks_are_neither_too_many_nor_outside(begin: int, span: int, most: int) -> None:
    view = View(begin, span)
    found = list(ticks(view, most, 17))
    assert all(view.begin <= tick.t_ns < view.end for tick in found)
    assert len(found) <= max(most + 1, span // (86_400 * SECOND) + 1)


def test_lanes_share_the_room_and_slot_0_is_last() -> None:
    assert arrange({}, 100, 36) == []
    roomy = arrange({0: 1, 2: 3, 1: 2}, 400, 36)
    assert [place.slot for place in roomy] == [1, 2, 0]
    assert roomy[1].row_height == TALLEST
    assert [place.top for place in roomy] == [0, 38, 92]
    tight = arrange({1: 10, 2: 10}, 120, 36)
    assert sum(place.height for place in tight) <= 120
    assert tight[0].row_height == 5
    overfull = arrange(dict.fromkeys(range(1, 9), 20), 100, 18)
    assert overfull[0].row_height == 3
    assert sum(place.height for place in overfull) > 100
