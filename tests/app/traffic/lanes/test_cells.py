"""Cells: what is gathered by pixel column, how strong, and that the cost goes with the pixels."""

from __future__ import annotations

import pytest

from app.traffic.lanes.bars import OPEN, Look, Parts, Row
from app.traffic.lanes.cells import LEVELS, Scale, cells


def row_of(*bars: tuple[int, int, int, int]) -> Row:
    """Bars of start, call, end and tone."""
    row = Row()
    for number, (start, called, end, tone) in enumerate(bars, start=1):
        row.append(number, Parts(start, called, end, end, end), Look(tone, 200, ""))
    return row


def test_scale() -> None:
    scale = Scale(100, 10, 50)
    assert (scale.end, scale.x(150), scale.t(5)) == (600, 5.0, 150)


def test_wide_bars_stand_alone_and_narrow_ones_share_a_column() -> None:
    row = row_of((100, 100, 103, 1), (103, 103, 106, 6), (106, 106, 150, 1), (151, 151, 153, 1))
    big, small = cells(row, Scale(100, 10, 50), 1000)
    assert big == [2]
    assert small == [(0, 1, 6, 3), (5, 1, 1, 1)]


def test_waiting_counts_for_a_third_and_nothing_is_fainter_than_one() -> None:
    working, idle = row_of((100, 100, 110, 1)), row_of((100, 110, 110, 1))
    assert cells(working, Scale(100, 10, 5), 1000)[1] == [(0, 1, 1, LEVELS)]
    assert cells(idle, Scale(100, 10, 5), 1000)[1] == [(0, 1, 1, 2)]
    assert cells(row_of((100, 100, 100, 1)), Scale(100, 10, 5), 1000)[1] == [(0, 1, 1, 1)]


def test_cells_that_look_alike_and_touch_are_one() -> None:
    row = row_of((100, 100, 110, 1), (110, 110, 120, 1), (140, 140, 150, 1), (150, 150, 160, 2))
    assert cells(row, Scale(100, 10, 50), 1000)[1] == [(0, 2, 1, 4), (4, 1, 1, 4), (5, 1, 2, 4)]


def test_what_is_in_flight_grows_with_time() -> None:
    row = row_of((100, OPEN, OPEN, 4))
    assert cells(row, Scale(100, 10, 50), 105) == ([], [(0, 1, 4, 1)])
    assert cells(row, Scale(100, 10, 50), 150) == ([0], [])


def test_coarser_cells_where_there_are_too_many_rows() -> None:
    row = row_of((100, 100, 110, 1), (110, 110, 120, 1), (130, 130, 140, 6))
    assert cells(row, Scale(100, 10, 50, grain=2), 1000)[1] == [(0, 2, 1, 4), (2, 2, 6, 3)]


@pytest.mark.parametrize("begin", range(0, 100, 7))
def test_a_cell_keeps_its_bars_while_the_view_moves(begin: int) -> None:
    row = row_of(*((start, start, start + 3, 1 + start % 5) for start in range(0, 600, 3)))
    step = 10
    left = begin * step
    _, here = cells(row, Scale(left, step, 10), 1000)
    _, whole = cells(row, Scale(0, step, 60), 1000)
    paint = {column: cell[2:] for cell in whole for column in range(cell[0], cell[0] + cell[1])}
    for cell in here:
        for column in range(cell[0], cell[0] + cell[1]):
            assert column < 0 or column + begin not in paint or paint[column + begin] == cell[2:]


def test_a_hundred_thousand_bars_cost_what_their_pixels_cost() -> None:
    row = row_of(*((start, start, start + 2, 1) for start in range(0, 400_000, 4)))
    big, small = cells(row, Scale(0, 400, 1000), 400_000)
    assert big == []
    assert small == [(0, 1000, 1, 3)]
