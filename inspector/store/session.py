"""A writer's stay in a trace: making or opening the file, and saying who writes and how its clocks stand.

Monotonic time starts anew with the machine, so each session has an anchor of its own between it and wall time.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inspector.store import schema
from inspector.store.errors import READING_ERRORS, TraceError, explain

#: Pages of the write-ahead log (4 KiB each) after which it is moved into the file: 16 MiB.
_CHECKPOINT_PAGES = 4096
_ID_TABLES = ("exchange", "instance", "worker", "replay_run", "trial")
_INTERRUPTED = "the recording was interrupted before it ended"


@contextlib.contextmanager
def mapped(what: str, next_step: str = "Choose another file or folder.") -> Iterator[None]:
    """SQLite's errors as TraceError: ``what`` happened, why, and the next step."""
    try:
        yield
    except READING_ERRORS as error:
        raise TraceError(what, explain(error), next_step) from None


def open_for_writing(path: Path, *, append: bool) -> sqlite3.Connection:
    """A connection to the trace at ``path``, made unless it exists; that it may exist is what ``append`` says.

    The file is the user's alone (mode 0600), as are those that SQLite puts beside it. Raises TraceError.
    """
    old = path.exists() and path.stat().st_size > 0
    if old and not append:
        raise TraceError(f"{path} exists already.", "", "Choose another name.")
    if not old:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with mapped(f"{path} cannot be recorded to."):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
        try:
            _prepare(connection, str(path), old=old)
        except BaseException:
            connection.close()
            raise
    return connection


def reopen(path: Path) -> sqlite3.Connection:
    """A connection to the trace at ``path`` for whoever goes on with a session. Raises TraceError, sqlite3.Error."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=1.0)
    try:
        _prepare(connection, str(path), old=True)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: str, *, old: bool) -> None:
    if old:
        schema.check(connection, path)
    # What is deleted to make room need not be overwritten at once; the file is its owner's.
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -16000")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    if old:
        schema.migrate(connection)
        schema.check_tables(connection, path)
        schema.awake(connection)
    else:
        schema.create(connection)
        # Into the file itself, so that it can be told for a trace whatever becomes of the log beside it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def begin(
    connection: sqlite3.Connection, limits: dict[str, Any], program: str, *, monotonic_ns: int, wall_ns: int
) -> dict[str, int]:
    """Note the session, close what an earlier one left open, and give the next free id of each table."""
    first = {}
    connection.execute("BEGIN IMMEDIATE")
    close_what_was_left(connection)
    for table in _ID_TABLES:
        [(last,)] = connection.execute(f"SELECT ifnull(max(id), 0) FROM {table}")  # noqa: S608
        first[table] = last + 1
    connection.execute(
        "INSERT INTO session (first_exchange, monotonic_ns, wall_ns, host, program, pid) VALUES (?, ?, ?, ?, ?, ?)",
        (first["exchange"], monotonic_ns, wall_ns, platform.node(), program, os.getpid()),
    )
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('limits', ?)", (json.dumps(limits),))
    connection.execute("DELETE FROM meta WHERE key = 'batch'")  # this session's batches are counted anew
    connection.execute("COMMIT")
    return first


def close_what_was_left(connection: sqlite3.Connection) -> None:
    """Say of what a recording that broke off left open that it was cut: nobody knows how it went on."""
    [(rev,)] = connection.execute("SELECT ifnull(max(rev), 0) FROM exchange")
    left = connection.execute("SELECT id FROM exchange WHERE state = 'open' ORDER BY id").fetchall()
    connection.executemany(
        "UPDATE exchange SET state = 'failed', error = ?, rev = ? WHERE id = ?",
        [(_INTERRUPTED, number, identity) for number, (identity,) in enumerate(left, start=rev + 1)],
    )
    connection.execute(
        "UPDATE worker SET state = 'exited', cause = 'unknown', outcome = ? WHERE state <> 'exited'", (_INTERRUPTED,)
    )
    connection.execute("UPDATE replay_run SET state = 'failed', error = ? WHERE state = 'running'", (_INTERRUPTED,))
    connection.execute(
        "UPDATE trial SET state = 'failed', problem = ? WHERE state IN ('waiting', 'starting', 'running')",
        (_INTERRUPTED,),
    )
