"""The probe's own cost, from what was measured."""

from __future__ import annotations

from inspector.costs import RECENT, CostMeter, together
from inspector.model import ProbeCost


def test_the_middle_call_counts_and_not_one_that_was_held_up() -> None:
    meter = CostMeter()
    assert meter.take(300, 900) == ProbeCost(300, 900, 1)
    for spent, whole in ((20, 200), (5_000_000, 5_000_200), (22, 210)):
        meter.take(spent, whole)
    assert meter.take(21, 190) == ProbeCost(22, 210, 5)


def test_what_was_long_ago_does_not_count() -> None:
    meter = CostMeter()
    for _ in range(RECENT):
        meter.take(1000, 2000)
    for _ in range(RECENT):
        found = meter.take(10, 20)
    assert found == ProbeCost(10, 20, 2 * RECENT)


def test_no_figure_is_out_of_range() -> None:
    assert CostMeter().take(-5, -9) == ProbeCost(0, 0, 1)
    assert CostMeter().take(50, 20) == ProbeCost(50, 50, 1)


def test_it_is_written_ever_more_rarely() -> None:
    meter, written = CostMeter(), []
    for number in range(1, 101):
        meter.take(1, 1)
        if meter.worth_writing:
            written.append(number)
    assert written == [1, 2, 4, 8, 16, 32, 64]


def test_several_workers_have_the_middle_ones_figure() -> None:
    costs = [ProbeCost(30, 300, 1), None, ProbeCost(10, 100, 2), ProbeCost(20, 900, 3)]
    assert together(costs) == ProbeCost(20, 900, 6)
    assert together(costs[:3]) == ProbeCost(10, 100, 3)
    assert together([None]) is None
