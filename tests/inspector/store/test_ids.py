"""Ids: out of a database, and in and out of masks."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.store import ids

several = st.sets(st.integers(1, 60) | st.integers(1, 3000) | st.integers(1, 200_000), max_size=60)
PIECE = ids.PIECE


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.execute("CREATE TABLE exchange (id INTEGER PRIMARY KEY)")
        yield made


def fill(connection: sqlite3.Connection, held: list[int]) -> None:
    connection.execute("DELETE FROM exchange")
    connection.executemany("INSERT INTO exchange VALUES (?)", [(identity,) for identity in held])


@given(several, st.sampled_from([0, 1, 10**7, 80_000_000, 2**40, 2**62]), st.booleans())
def test_what_a_statement_gives_comes_in_its_order(connection, chosen: set[int], first: int, backwards: bool) -> None:
    held = sorted((first + one for one in chosen), reverse=backwards)
    fill(connection, held)
    order = "DESC" if backwards else "ASC"
    assert ids.collect(connection, f"SELECT id FROM exchange ORDER BY id {order}", ()) == array("q", held)


@pytest.mark.parametrize("held", [[-5, 3], [0, 2**63 - 1], [0, 79_999_999], [0, 80_000_000], [7, 89_999_999], []])
def test_ids_of_any_size_are_told(connection, held: list[int]) -> None:
    fill(connection, held)
    assert ids.collect(connection, "SELECT id FROM exchange", ()).tolist() == held
    assert ids.collect(connection, "SELECT id FROM exchange WHERE id = ?", (held[:1] or (4,))).tolist() == held[:1]


@pytest.mark.parametrize("count", [8191, 8192, 8193, 20_000])
def test_more_than_are_read_at_once(connection, count: int) -> None:
    counted = f"WITH RECURSIVE n (id) AS (SELECT 5 UNION ALL SELECT id + 3 FROM n LIMIT {count}) SELECT id FROM n"
    fill(connection, [5])
    assert ids.collect(connection, counted, ()) == array("q", range(5, 5 + 3 * count, 3))


@given(several, st.randoms(use_true_random=False), st.integers(0, 100))
def test_each_is_there_once_and_in_order(chosen: set[int], chance, many: int) -> None:
    shuffled = [*sorted(chosen), *list(chosen)[:5]]
    chance.shuffle(shuffled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "_MANY", many)
        patch.setattr(ids, "_SPARSE", 3000)
        assert ids.ascending(array("q", shuffled)) == array("q", sorted(chosen))


def test_many_far_apart_are_put_in_order() -> None:
    wide = array("q", (10**15 - one * 10**9 for one in range(60_000)))
    assert ids.ascending(wide) == wide[::-1]


@given(several, st.integers(-2, 40))
def test_a_mask_holds_what_was_put_into_it(chosen: set[int], piece: int) -> None:
    first = piece * PIECE
    held = array("q", sorted(first + one for one in chosen))
    mask = bytearray(200_001)
    ids.put(mask, held, first)
    assert mask.count(1) == len(chosen)
    assert ids.held(first, mask) == held


@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 256, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 300])
@pytest.mark.parametrize("first", [0, 16 * PIECE, 2**40])
def test_a_full_mask_holds_all(size: int, first: int) -> None:
    assert ids.held(first, b"\1" * size) == array("q", range(first, first + size))


@given(st.binary(max_size=700), st.integers(0, 2 * PIECE))
def test_any_pattern_is_told(pattern: bytes, before: int) -> None:
    mask = bytes(before) + bytes(one & 1 for one in pattern)
    assert ids.held(0, mask).tolist() == [at for at, there in enumerate(mask) if there]
