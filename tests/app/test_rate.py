"""Rates of a count that grows: steady, in a burst, after a pause, begun anew."""

from __future__ import annotations

import pytest

from app.rate import WINDOW_S, Rate


def fed(*seen: tuple[float, int]) -> Rate:
    rate = Rate()
    for now, count in seen:
        rate.see(count, now)
    return rate


def test_nothing_can_be_said_of_one_look() -> None:
    assert Rate().per_second(5) == 0
    assert fed((1, 100)).per_second(5) == 0


def test_a_steady_flow_has_its_rate_from_the_beginning() -> None:
    rate = fed(*((at / 2, at * 5) for at in range(3)))
    assert rate.per_second(1.0) == pytest.approx(10)
    for at in range(3, 40):
        rate.see(at * 5, at / 2)
    assert rate.per_second(19.5) == pytest.approx(10)


def test_a_pause_lets_it_sink_to_nothing() -> None:
    rate = fed((0, 0), (1, 40))
    assert rate.per_second(1) == pytest.approx(40)
    assert rate.per_second(WINDOW_S) == pytest.approx(10)
    assert 0 < rate.per_second(WINDOW_S + 0.5) < 10
    assert rate.per_second(WINDOW_S + 1) == 0
    assert rate.per_second(100) == 0


def test_after_a_pause_only_what_is_new_counts() -> None:
    rate = fed((0, 0), (1, 40), (60, 40), (61, 44))
    assert rate.per_second(61) == pytest.approx(1)


def test_another_trace_begins_anew() -> None:
    rate = fed((0, 0), (1, 40), (2, 3))
    assert rate.per_second(2) == 0
    rate.see(5, 3)
    assert rate.per_second(3) == pytest.approx(2)


def test_two_looks_at_one_moment_are_no_division_by_nothing() -> None:
    assert fed((1, 4), (1, 4)).per_second(1) == 0
    assert fed((1, 4), (1, 4), (9, 4)).per_second(9) == 0
