"""Tables, versions and what is no trace."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from inspector.store import schema
from inspector.store.errors import TraceError


def connect(path=":memory:"):
    return closing(sqlite3.connect(path, isolation_level=None))


def test_the_columns_that_the_writer_fills_are_there():
    with connect() as connection:
        schema.create(connection)
        for table, columns in schema.COLUMNS.items():
            found = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            assert [name for name in found if name in columns] == list(columns), table
            assert set(found) - set(columns) <= {"id"}, table


def test_a_new_trace_checks_out():
    with connect() as connection:
        schema.create(connection)
        assert schema.check(connection, "x") == schema.version()
        schema.check_tables(connection, "x")


def test_each_step_is_taken_once(monkeypatch):
    with connect() as connection:
        schema.create(connection)
        monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "ALTER TABLE log ADD COLUMN colour TEXT;"))
        schema.migrate(connection)
        schema.migrate(connection)
        assert schema.check(connection, "x") == schema.version() == len(schema.MIGRATIONS)
        assert "colour" in [row[1] for row in connection.execute("PRAGMA table_info(log)")]


def test_the_third_step_keeps_what_a_trace_holds(monkeypatch):
    """``answered_ns`` and ``held_ns`` are 0 in exchanges from before, and no finding is known of them."""
    with connect() as connection:
        with monkeypatch.context() as patch:
            patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
            schema.create(connection)
        connection.execute("INSERT INTO exchange (id, rev, target, closed_ns) VALUES (1, 1, '/x', 9)")
        schema.migrate(connection)
        schema.check_tables(connection, "x")
        found = connection.execute("SELECT id, target, closed_ns, answered_ns, held_ns FROM exchange").fetchall()
        assert found == [(1, "/x", 9, 0, 0)]
        assert connection.execute("SELECT count(*) FROM finding, judged").fetchone() == (0,)


def test_a_step_that_fails_changes_nothing(monkeypatch, tmp_path):
    path = tmp_path / "t"
    with connect(path) as connection:
        schema.create(connection)
        monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE extra (a); CREATE TABLE log (b);"))
        with pytest.raises(sqlite3.OperationalError):
            schema.migrate(connection)
    with connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS) - 1,)
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)


def test_another_program_s_database_is_no_trace():
    with connect() as connection, pytest.raises(TraceError, match="not a Gatescope trace"):
        schema.check(connection, "x")


def test_a_newer_version_says_to_update():
    with connect() as connection:
        schema.create(connection)
        connection.execute("PRAGMA user_version = 99")
        with pytest.raises(TraceError, match=r"newer Gatescope.*Update"):
            schema.check(connection, "x")


@pytest.mark.parametrize(
    "foreign",
    [
        "CREATE VIEW v AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON log BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
    ],
)
def test_what_would_run_with_our_queries_is_refused(foreign):
    with connect() as connection:
        schema.create(connection)
        try:
            connection.execute(foreign)
        except sqlite3.OperationalError:
            pytest.skip("this SQLite has no such tables")
        with pytest.raises(TraceError, match="not a trace that Gatescope wrote"):
            schema.check(connection, "x")


@pytest.mark.parametrize(
    "damage",
    ["DROP TABLE message", "ALTER TABLE log RENAME COLUMN text TO words", "ALTER TABLE log ADD COLUMN x AS (id + 1)"],
)
def test_tables_that_are_not_ours_are_told(damage):
    with connect() as connection:
        schema.create(connection)
        connection.execute(damage)
        with pytest.raises(TraceError, match="damaged"):
            schema.check_tables(connection, "x")
