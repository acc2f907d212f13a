"""Sums of exchanges by route and by step of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.statistics.sums import MOST_ROUTES, OTHERS, STEPS, Figures, Sums, class_of, middle, percentiles
from inspector.store.rows import Over

S = 1_000_000_000
MS = 1_000_000


def row(
    identity: int, began: int = 0, took: int = MS, *, target: str = "/", slot: int = 1, failed: bool = False
) -> Over:
    return Over(identity, identity, "GET", target, slot, began, took, 10, failed)


def summed(*rows: Over) -> Figures:
    sums = Sums()
    sums.add(rows, lambda ns, _id: ns)
    return sums.figures()


@given(st.integers(0, 2**62))
def test_a_class_stands_for_its_times_within_a_percent(ns: int) -> None:
    assert abs(middle(class_of(ns)) - ns) <= ns / 100


@given(st.lists(st.integers(0, 2**50), min_size=2))
def test_classes_are_in_the_order_of_their_times(times: list[int]) -> None:
    assert [class_of(ns) for ns in sorted(times)] == sorted(class_of(ns) for ns in times)


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_percentiles_are_those_of_the_nearest_rank(times: list[int]) -> None:
    counted: dict[int, int] = {}
    for ns in times:
        counted[class_of(ns)] = counted.get(class_of(ns), 0) + 1
    ordered = sorted(times)
    for percent, found in zip((1, 50, 99, 100), percentiles(counted, 1, 50, 99, 100), strict=True):
        exact = ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
        assert abs(found - exact) <= exact / 100


def test_nothing_is_nothing() -> None:
    assert percentiles({}, 50, 99) == (0, 0)
    assert summed() == Figures()


def test_routes_are_told_apart_and_counted_once() -> None:
    rows = [row(n, took=n * MS, target=f"/items/{n}?q=1", failed=n == 100) for n in range(1, 101)]
    found = summed(*rows, rows[0], row(101, target="/about"))
    assert found.count == 101
    items, about = found.routes
    assert (items.name, items.count, items.errors, items.bytes) == ("GET /items/{}", 100, 1, 1000)
    assert items.slowest == 100 * MS
    for ns, percent in ((items.p50, 50), (items.p90, 90), (items.p99, 99)):
        assert abs(ns - percent * MS) <= percent * MS / 100
    assert (about.name, about.count) == ("GET /about", 1)


def test_of_very_many_routes_the_rest_is_one() -> None:
    found = summed(*(row(n, target=f"/x{n}y") for n in range(MOST_ROUTES + 50)))
    assert len(found.routes) == MOST_ROUTES + 1
    assert (found.routes[-1].name, found.routes[-1].count) == (OTHERS, 50)


def test_the_course_tells_rates_latencies_and_what_was_in_flight() -> None:
    course = summed(
        row(1, 0, 500 * MS), row(2, 100 * MS, 500 * MS, failed=True), row(3, 2 * S, 2 * S, slot=2), row(4, 0, slot=0)
    ).course
    assert course.at == (0.5, 1.5, 2.5, 3.5)
    assert course.rate == (3.0, 0.0, 1.0, 0.0)
    assert course.errors == (1.0, 0.0, 0.0, 0.0)
    assert course.in_flight == {1: (1.0, 0.0, 0.0, 0.0), 2: (0.0, 0.0, 1.0, 1.0)}
    assert course.p50[1] is None
    assert abs((course.p99[0] or 0) - 500) <= 5


def test_a_long_time_has_longer_steps_and_loses_nothing() -> None:
    found = summed(*(row(n, n * S, took=S) for n in range(10 * STEPS)))
    assert len(found.course.at) <= STEPS
    assert found.course.step_s == 16
    assert round(sum(found.course.rate) * found.course.step_s) == 10 * STEPS
    assert abs(sum(found.course.in_flight[1]) * found.course.step_s - 10 * STEPS) < 2


def test_one_that_lasts_for_ever_does_not_make_steps_of_its_own() -> None:
    found = summed(row(1, 0), row(2, 0, took=10**6 * S))
    assert len(found.course.at) == 1


def test_two_recordings_days_apart() -> None:
    found = summed(row(1, 0), row(2, 10**6 * S))
    assert len(found.course.at) == 2


def test_numbers_that_no_recorder_gives_take_no_memory_of_their_size() -> None:
    """A trace may come from anywhere."""
    odd = (2**62, -1, -(2**62), 2**40)
    assert summed(*(row(number) for number in (*odd, 1, *odd, 1))).count == len(odd) + 1
