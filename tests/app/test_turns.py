"""Pieces of work that should not be done in one turn of the window's event loop."""

from __future__ import annotations

from array import array

from pytestqt.qtbot import QtBot

from app.traffic.table_model import ExchangeTableModel
from app.turns import Turns


def test_who_asks_right_behind_another_waits_and_not_for_ever(qtbot: QtBot):
    turns = Turns()
    assert turns.free()
    asked = 0

    def let_in() -> bool:
        nonlocal asked
        asked += 1
        turns.took()
        return turns.free()

    qtbot.waitUntil(let_in)
    assert asked > 1


def test_a_turn_is_free_again_after_a_moment(qtbot: QtBot):
    turns = Turns()
    turns.took()
    qtbot.waitUntil(turns.free)


def test_what_left_a_long_list_leaves_it_row_by_row_where_that_is_little(qtbot: QtBot):
    model = ExchangeTableModel()
    held = array("q", range(1, 2000))
    model.set_ids(held[:], ascending=True)
    removed: list[tuple[int, int]] = []
    model.rowsRemoved.connect(lambda _parent, first, last: removed.append((first, last)))
    fresh = array("q", [1, 2, 7, *range(500, 2100)])
    assert not model.set_ids(fresh, ascending=True)
    assert list(model.ids) == list(fresh)
    assert removed == [(2, 5), (3, 494)]
    # Something in between that was not there, or nothing of it left: a list of its own.
    assert model.set_ids(array("q", [1, 2, 5, *range(500, 2100)]), ascending=True)
    assert model.set_ids(array("q", [5000]), ascending=True)
    assert model.set_ids(array("q"), ascending=True)
