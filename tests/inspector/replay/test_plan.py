"""What is replayed, in what order and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.model import Exchange, Kind, State
from inspector.replay.plan import factor, plan


def exchange(identity: int, opened: int = 0, **fields: object) -> Exchange:
    return Exchange(**{"id": identity, "opened_ns": opened, "method": "GET", "target": "/", **fields})


@pytest.mark.parametrize(("speed", "expected"), [("original", 1), ("max", float("inf")), ("2", 2), ("0.5", 0.5)])
def test_speeds(speed, expected):
    assert factor(speed) == expected


@pytest.mark.parametrize("speed", ["", "0", "-1", "nan", "inf", "fast", "1e999"])
def test_what_is_not_a_speed(speed):
    with pytest.raises(ValueError, match="is not a speed"):
        factor(speed)


def test_original_pace_keeps_order_and_distance():
    made = plan([exchange(2, 1_500), exchange(1, 1_000), exchange(3, 1_500)], "original")
    assert [(step.original.id, step.at_ns) for step in made.steps] == [(1, 0), (2, 500), (3, 500)]
    assert made.paced


def test_a_factor_shortens_the_distance():
    made = plan([exchange(1, 1_000), exchange(2, 2_000)], "4")
    assert [step.at_ns for step in made.steps] == [0, 250]


def test_full_speed_has_an_order_and_no_times():
    made = plan([exchange(1, 2_000), exchange(2, 1_000)], "max")
    assert [(step.original.id, step.at_ns) for step in made.steps] == [(2, 0), (1, 0)]
    assert not made.paced


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": Kind.LIFESPAN, "method": ""}, "lifespan"),
        ({"replay_run": 1, "replay_of": 5}, "replay itself"),
        ({"method": ""}, "never understood"),
        ({"target": ""}, "never understood"),
    ],
)
def test_what_is_not_replayed_and_why(fields, reason):
    made = plan([exchange(1), exchange(2, **fields)], "max")
    assert [step.original.id for step in made.steps] == [1]
    [skipped] = made.skipped
    assert skipped.original.id == 2
    assert reason in skipped.reason


def test_what_failed_or_is_a_stream_of_events_is_replayed():
    made = plan([exchange(1, state=State.FAILED), exchange(2, kind=Kind.SSE), exchange(3, state=State.OPEN)], "max")
    assert len(made.steps) == 3


def test_replays_of_replays_when_asked():
    assert len(plan([exchange(1, replay_run=1)], "max", replays_too=True).steps) == 1


def test_nothing_to_replay():
    assert plan([], "original").steps == ()


@given(st.lists(st.integers(0, 10**15), max_size=30), st.sampled_from(["original", "3", "0.25", "max"]))
def test_each_has_its_place_once_and_time_never_goes_back(times, speed):
    made = plan([exchange(number, opened) for number, opened in enumerate(times, 1)], speed)
    assert sorted(step.original.id for step in made.steps) == list(range(1, len(times) + 1))
    starts = [step.at_ns for step in made.steps]
    assert starts == sorted(starts)
    assert not starts or starts[0] == 0
