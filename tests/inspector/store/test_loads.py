"""Sums of what began at each slot in each step of time are those of the exchanges one by one."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from inspector.store import loads
from inspector.store.reader import TraceReader
from inspector.store.rows import ExchangeRow, Load
from tests.support.long_trace import LongTrace

MANY = 3_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("loads") / "long.gatescope"
    LongTrace(made).write(MANY)
    return made


@pytest.fixture
def copy(path: Path, tmp_path: Path) -> Path:
    made = tmp_path / "other.gatescope"
    shutil.copyfile(path, made)
    return made


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def one_by_one(rows: Iterable[ExchangeRow], begin: int, end: int, steps: int) -> list[Load]:
    found: dict[tuple[int, int], Load] = {}
    for row in rows:
        if begin <= row.opened_ns < end and row.kind != "lifespan":
            key = row.worker_slot, (row.opened_ns - begin) * steps // (end - begin)
            known = found.get(key, Load(*key, 0, 0, 0, 0))
            busy = known.busy_ns + round((row.duration_ms or 0) * 1e6)
            failed = known.failed + (row.state == "failed")
            found[key] = Load(*key, known.exchanges + 1, max(known.worst, row.status), failed, busy)
    return [found[key] for key in sorted(found)]


@pytest.mark.parametrize("steps", [1, 7, 500])
@pytest.mark.parametrize("stretch", [10, 1_000, 1_000_000])
def test_sums_are_those_of_the_exchanges(path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, stretch: int):
    monkeypatch.setattr(loads, "_STRETCH", stretch)
    monkeypatch.setattr(loads, "_MOST", 100)
    with TraceReader(path) as reader:
        rows = reader.exchanges()
        for begin, end in ((rows[0].opened_ns, rows[-1].opened_ns), (rows[700].opened_ns, rows[2100].opened_ns + 1)):
            assert reader.loads(begin, end, steps) == one_by_one(rows, begin, end, steps)


def test_ids_far_apart_and_late_ones_are_counted(copy: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loads, "_STRETCH", 50)
    change(
        copy,
        "DELETE FROM exchange WHERE id BETWEEN 50 AND 900",
        f"UPDATE exchange SET id = {2**40} WHERE id = {MANY}",
        "UPDATE exchange SET state = 'failed' WHERE id % 3 = 0",
        "UPDATE exchange SET kind = 'lifespan' WHERE id % 11 = 0",
        "UPDATE exchange SET opened_ns = (SELECT opened_ns FROM exchange WHERE id = 1000) WHERE id = 1500",
    )
    with TraceReader(copy) as reader:
        rows = reader.exchanges()
        begin, end = rows[0].opened_ns, rows[-1].opened_ns + 1
        assert reader.loads(begin, end, 20) == one_by_one(rows, begin, end, 20)
        narrow = next(row.opened_ns for row in rows if row.id == 1000)
        assert sum(load.exchanges for load in reader.loads(narrow, narrow + 1, 1)) == 2


def test_values_of_other_types_are_read_as_numbers(copy: Path):
    change(copy, "UPDATE exchange SET status = 'x', duration_ns = '5 ms', worker = 'w', opened_ns = opened_ns + 0.5")
    with TraceReader(copy) as reader:
        first, last = (reader.rows([identity])[0].opened_ns for identity in (1, MANY))
        [load] = reader.loads(first, last + 1, 1)
        assert (load.slot, load.worst, load.exchanges) == (0, 0, MANY)
        assert load.busy_ns == 5 * MANY


def test_of_no_exchanges_there_are_no_sums(copy: Path):
    change(copy, "DELETE FROM exchange")
    with TraceReader(copy) as reader:
        assert reader.loads(1, 2**62, 4) == []


def test_what_has_not_changed_for_long_is_found_from_the_newest_on(copy: Path):
    change(copy, "UPDATE exchange SET rev = id", f"UPDATE exchange SET rev = {2 * MANY} WHERE id = 7")
    with TraceReader(copy) as reader:
        begun = {row.id: row.opened_ns for row in reader.rows([6, 100])}
        assert reader.newest_before(101) == begun[100]
        assert reader.newest_before(8) == begun[6]
        assert reader.newest_before(1) == 0
