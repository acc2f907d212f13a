"""Many rows to a statement."""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from inspector.store import bulk, schema
from inspector.store.bulk import BulkInsert


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.create(connection)
        yield connection


def message(exchange: int, seq: int, payload: object = b"", kind: object = "http.request") -> tuple[object, ...]:
    return (exchange, seq, 5, "app", "in", kind, 0, payload, b"", "", "")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 11, 12, 64, 65, 257, 2047, 2048, 2049, 5000])
def test_every_row_arrives_whatever_their_number(connection, count):
    insert = BulkInsert("message")
    assert insert.write(connection, [message(1, n) for n in range(count)]) == 0
    [(total, distinct)] = connection.execute("SELECT count(*), count(DISTINCT seq) FROM message")
    assert total == distinct == count


def test_padding_leaves_no_trace(connection):
    for table in schema.COLUMNS:
        width = len(schema.COLUMNS[table])
        insert = BulkInsert(table, upsert=table in ("exchange", "detail", "tally", "instance", "worker"))
        assert insert.write(connection, [tuple(range(100 * n, 100 * n + width)) for n in range(1, 4)]) == 0
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (3,), table


def test_an_upsert_replaces(connection):
    insert = BulkInsert("tally", upsert=True)
    insert.write(connection, [("a", 1), ("b", 2), ("c", 3)])
    insert.write(connection, [("b", 20), ("d", 4), ("a", 10)])
    assert dict(connection.execute("SELECT * FROM tally")) == {"a": 10, "b": 20, "c": 3, "d": 4}


def test_a_key_that_is_there_is_counted_as_refused(connection):
    insert = BulkInsert("message")
    insert.write(connection, [message(1, 0)])
    assert insert.write(connection, [message(1, 0), message(1, 1), message(2, 0)]) == 1


class Colour(enum.IntEnum):
    RED = 1


def test_values_without_a_form_in_sqlite_are_written_as_near_as_can_be(connection):
    rows = [
        message(1, 0, kind="a\udc80b"),
        message(1, 1, payload=bytearray(b"x")),
        message(1, 2**80),
        message(1, 2, kind=ValueError("no")),
        message(1, 3)[:-1],
        message(1, 4, payload=1.5),
        message(1, Colour.RED + 5),
    ]
    assert BulkInsert("message").write(connection, rows) == 1  # the one that is too short
    found = dict(connection.execute("SELECT seq, type FROM message"))
    assert found[0] == "a\\udc80b"
    assert found[2] == "no"
    assert 2**63 - 1 in found
    assert dict(connection.execute("SELECT seq, payload FROM message"))[1] == b"x"


def test_large_values_are_sent_in_several_statements(connection, monkeypatch):
    steps: list[int] = []
    original = BulkInsert._step
    monkeypatch.setattr(
        BulkInsert, "_step", lambda self, c, rows, size: steps.append(len(rows)) or original(self, c, rows, size)
    )
    monkeypatch.setattr(bulk, "MAX_BYTES", 1000)
    rows = [message(1, n, payload=bytes(400)) for n in range(8)]
    assert BulkInsert("message").write_split(connection, rows) == 0
    assert connection.execute("SELECT count(*) FROM message").fetchone() == (8,)
    assert max(steps) <= 3


def test_a_small_limit_of_variables_is_kept(connection):
    insert = BulkInsert("message", max_variables=100)
    assert insert.write(connection, [message(1, n) for n in range(50)]) == 0
    assert BulkInsert("message", max_variables=5).write(connection, [message(2, n) for n in range(3)]) == 0
