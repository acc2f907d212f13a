"""Ids: put in order, and those that are left without others."""

from __future__ import annotations

import sqlite3
from array import array
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.store import ids


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done with many ids is done with few here."""
    monkeypatch.setattr(ids, "_MANY", 5)
    monkeypatch.setattr(ids, "_PIECE", 7)


several = st.sets(st.integers(1, 60) | st.integers(1, 3000), max_size=60)


@given(several, st.randoms(use_true_random=False))
def test_each_is_there_once_and_in_order(chosen: set[int], chance) -> None:
    shuffled = sorted(chosen)
    chance.shuffle(shuffled)
    assert ids.ascending(array("q", shuffled)) == array("q", sorted(chosen))
    assert ids.ascending(array("q", sorted(chosen))) == array("q", sorted(chosen))


@given(several, st.integers(0, 5000), st.booleans(), st.data())
def test_the_others_are_those_that_are_not_among_some(chosen: set[int], first: int, gaps: bool, data) -> None:
    every = sorted(first + one for one in chosen) if gaps else list(range(first + 1, first + 1 + len(chosen)))
    some = data.draw(st.permutations(every).flatmap(lambda each: st.integers(0, len(each)).map(lambda n: each[:n])))
    assert ids.others(array("q", every), array("q", some)) == array("q", sorted(set(every) - set(some)))


@given(several, st.integers(0, 5000), st.booleans(), st.data())
def test_all_but_some_of_a_trace(chosen: set[int], first: int, gaps: bool, data) -> None:
    every = sorted(first + one for one in chosen) if gaps else list(range(first + 1, first + 1 + len(chosen)))
    some = data.draw(st.permutations(every).flatmap(lambda each: st.integers(0, len(each)).map(lambda n: each[:n])))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE exchange (id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO exchange VALUES (?)", [(identity,) for identity in every])
        assert ids.all_but(connection, array("q", some)) == array("q", sorted(set(every) - set(some)))


def test_a_few_are_cut_out() -> None:
    every = array("q", range(10, 1000))
    assert ids.others(every, array("q", (999, 10, 500))) == array("q", (i for i in range(11, 999) if i != 500))
