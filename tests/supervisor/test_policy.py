from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supervisor.policy import BOOT_LIMIT, ENOUGH, LONGEST_PAUSE, STEADY, Backoff, CrashLoop, Readiness, readiness


def test_ready_when_all_workers_are() -> None:
    assert readiness(workers=2, ready=2, boot_error=False, alive=True, waited=0) is Readiness.SERVE
    assert readiness(workers=2, ready=1, boot_error=False, alive=True, waited=1) is Readiness.WAIT


def test_at_the_limit_those_that_are_ready_serve() -> None:
    assert readiness(workers=2, ready=1, boot_error=False, alive=True, waited=BOOT_LIMIT) is Readiness.SERVE
    assert readiness(workers=2, ready=0, boot_error=False, alive=True, waited=BOOT_LIMIT) is Readiness.FAIL


def test_a_worker_that_cannot_load_the_application_fails_all() -> None:
    assert readiness(workers=2, ready=1, boot_error=True, alive=True, waited=0) is Readiness.FAIL
    assert readiness(workers=1, ready=0, boot_error=False, alive=False, waited=0) is Readiness.FAIL


def test_pauses_grow_until_it_is_enough() -> None:
    backoff = Backoff()
    assert [backoff.died(0.1) for _ in range(ENOUGH)] == [1.0, 2.0, 4.0, 8.0, None]


def test_a_long_life_is_no_series() -> None:
    backoff = Backoff()
    for _ in range(3):
        backoff.died(0.1)
    assert backoff.died(STEADY) == 0.0
    assert backoff.died(0.1) == 1.0


@given(st.lists(st.floats(0, 100)))
def test_never_longer_than_the_longest(lives: list[float]) -> None:
    backoff = Backoff()
    for lived in lives:
        pause = backoff.died(lived)
        assert pause is None or 0 <= pause <= LONGEST_PAUSE


def test_one_that_is_held_is_one_that_dies_quickly() -> None:
    backoff = Backoff()
    backoff.died(0.1)
    assert [backoff.looped() for _ in range(4)] == [2.0, 4.0, 8.0, None]


def test_a_loop_is_many_deaths_in_a_short_time() -> None:
    loop = CrashLoop()
    assert [loop.died_young(at) for at in (0, 1, 2, 3, 4)] == [False, False, False, False, True]
    slow = CrashLoop()
    assert not any(slow.died_young(at * 4.0) for at in range(10))


def test_a_loop_is_over_when_nothing_died_for_long() -> None:
    loop = CrashLoop()
    assert loop.over(0)
    loop.died_young(1)
    assert not loop.over(5)
    assert loop.over(11)
    loop.died_young(12)
    loop.forget()
    assert loop.over(12)
