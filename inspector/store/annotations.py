"""What the reader of a trace writes into it: marks, comments, and which exchanges are not to be shown.

Beside the recorder, at any time: each change is a short transaction on a connection of its own, so that the scribe
waits for it no longer than for its own disk. Nothing of the recording is changed, and nothing is ever removed: what is
deleted is left out by the reader, so that it can be brought back.

Knows SQLite and paths; nothing of where marks are shown.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

import os
import sqlite3
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import filterfalse, islice
from pathlib import Path
from urllib.parse import quote

from inspector.store import schema
from inspector.store.errors import READING_ERRORS, TraceError, explain
from inspector.store.rows import integer, text

LONGEST = 10_000  #: characters of a comment
_PATIENCE_SECONDS = 5.0
_AT_ONCE = 5_000  #: exchanges of one transaction: some ten milliseconds
_BREATH_SECONDS = 0.01  #: between two, for whoever waits to write
_IDS = 500
#: In the table ``meta``: a number that grows with each change, and the last exchange that "clear" took away.
_VERSION, _CLEARED = "annotated", "cleared"


class Field(StrEnum):
    """What can be written to an exchange."""

    MARK = "mark"
    COMMENT = "comment"
    DELETED = "deleted"


Value = str | int


@dataclass(frozen=True, slots=True)
class Note:
    """What was written to one exchange."""

    mark: str = ""
    comment: str = ""
    deleted: bool = False


# --- writing ----------------------------------------------------------------------------------------------------------


def write(path: Path, field: Field, values: Mapping[int, Value]) -> dict[int, Value]:
    """Set ``field`` of these exchanges; what it was, to be handed in again to undo it.

    Raises TraceError: the trace is not this user's, may not be written, or is from another version of the program.
    """
    before: dict[int, Value] = {}
    left = iter(values.items())
    with _open(path) as connection:
        while part := dict(islice(left, _AT_ONCE)):
            if before:
                time.sleep(_BREATH_SECONDS)
            with _changing(connection):
                before |= _read(connection, field, part)
                connection.executemany(
                    f"INSERT INTO annotation (exchange, {field}) VALUES (?, ?)"
                    f" ON CONFLICT (exchange) DO UPDATE SET {field} = excluded.{field}",
                    part.items(),
                )
                if not all(part.values()):
                    connection.execute("DELETE FROM annotation WHERE mark = '' AND comment = '' AND NOT deleted")
    return before


def clear(path: Path, through: int | None = None) -> tuple[int, int]:
    """Leave out every exchange up to ``through``, None for the newest there is: what it was before, and is now.

    To undo it, clear through what it was before. Raises TraceError as ``write`` does.
    """
    with _open(path) as connection, _changing(connection):
        before = _number(connection, _CLEARED)
        if through is None:
            [(newest,)] = connection.execute("SELECT ifnull(max(id), 0) FROM exchange")
            through = int(newest)
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_CLEARED, through))
    return before, through


def _read(connection: sqlite3.Connection, field: Field, wanted: Mapping[int, Value]) -> dict[int, Value]:
    nothing: Value = 0 if field is Field.DELETED else ""
    found = dict.fromkeys(wanted, nothing)
    shaped = integer(field) if field is Field.DELETED else text(field)
    ids = list(wanted)
    for start in range(0, len(ids), _IDS):
        chunk = ids[start : start + _IDS]
        marks = ",".join("?" * len(chunk))
        found.update(
            connection.execute(f"SELECT exchange, {shaped} FROM annotation WHERE exchange IN ({marks})", chunk)
        )
    return found


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    what = f"{path} could not be written to."
    _refuse_others(path, what)
    try:
        uri = f"file:{quote(str(path.absolute()))}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE_SECONDS)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            if schema.check(connection, str(path)) != schema.version():
                why = "An older Gatescope recorded it: what is shown is a copy in today's form."
                raise TraceError(what, why, "Record into it once more, then mark it.")
            schema.check_tables(connection, str(path))
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")  # the scribe's log is the scribe's
            yield connection
            if not path.with_name(path.name + "-lock").exists():  # nobody records: so that the file can be copied alone
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            connection.close()
    except READING_ERRORS as error:
        raise TraceError(what, explain(error), "Try again, or write to a copy of it.") from None


def _refuse_others(path: Path, what: str) -> None:
    """Write to what is the user's alone: beside another's trace SQLite would leave files that lock its owner out."""
    if not path.is_file():
        raise TraceError(what, "It is not there any more.", "Open it from where it is now.")
    if hasattr(os, "geteuid") and path.stat().st_uid != os.geteuid():
        raise TraceError(what, "It belongs to another user.", "Make a copy of it and mark that.")
    if not os.access(path, os.W_OK):
        raise TraceError(what, "It is read-only.", "Make a copy that you may write, and mark that.")


@contextmanager
def _changing(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        version = _number(connection, _VERSION) + 1
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_VERSION, version))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _number(connection: sqlite3.Connection, key: str) -> int:
    found = connection.execute(f"SELECT {integer('value')} FROM meta WHERE key = ?", (key,)).fetchone()
    return int(found[0]) if found else 0


# --- reading ----------------------------------------------------------------------------------------------------------


class Annotations:
    """What is written in the trace behind ``connection``, read anew when it was changed. Raises sqlite3.Error.

    ``shows_all``: nothing is left out.
    """

    def __init__(self, connection: sqlite3.Connection, *, shows_all: bool = False) -> None:
        self._connection = connection
        self._shows_all = shows_all
        self._version = -1
        self._cleared = 0
        self._deleted = array("q")
        self._counted: tuple[object, int] = (None, 0)

    def version(self) -> int:
        """A number that grows with each change."""
        return _number(self._connection, _VERSION)

    def notes(self) -> dict[int, Note]:
        """All there is, by exchange."""
        columns = (
            f"{integer('exchange')}, {text('mark')}, substr({text('comment')}, 1, {LONGEST}), {integer('deleted')}"
        )
        found = self._connection.execute(f"SELECT {columns} FROM annotation ORDER BY exchange")
        return {identity: Note(mark, comment, bool(deleted)) for identity, mark, comment, deleted in found}

    def condition(self) -> str:
        """SQL about ``e``, the exchange table: what is to be shown."""
        self._refresh()
        parts = [f"e.id > {self._cleared}"] if self._cleared else []
        if self._deleted:  # few against the exchanges: each is looked up by its id
            parts.append("NOT EXISTS (SELECT 1 FROM annotation AS n WHERE n.exchange = e.id AND n.deleted)")
        return " AND ".join(parts) or "1"

    def shown(self, ids: array[int], *, ascending: bool) -> array[int]:
        """``ids`` without what is left out: quicker than to ask SQLite about each."""
        self._refresh()
        if not ascending:
            if not self._cleared and not self._deleted:
                return ids
            deleted = set(self._deleted)
            return array("q", filterfalse(lambda i: i <= self._cleared or i in deleted, ids))
        if self._cleared:
            ids = ids[bisect_right(ids, self._cleared) :]
        return without(ids, self._deleted) if self._deleted else ids

    def left_out(self, gone: object) -> int:
        """How many exchanges of the file are left out; ``gone`` changes when the recorder lets go of some."""
        self._refresh()
        key = (self._version, gone)
        if self._counted[0] != key:
            sql = (
                "SELECT (SELECT count(*) FROM exchange WHERE id <= ?1) + (SELECT count(*) FROM annotation AS n"
                " JOIN exchange AS e ON e.id = n.exchange WHERE n.deleted AND e.id > ?1)"
            )
            count = self._connection.execute(sql, (self._cleared,)).fetchone()[0] if self.condition() != "1" else 0
            self._counted = (key, int(count))
        return self._counted[1]

    def _refresh(self) -> None:
        version = self.version()
        if version == self._version or self._shows_all:
            return
        self._cleared = _number(self._connection, _CLEARED)
        deleted = self._connection.execute(
            f"SELECT {integer('exchange')} FROM annotation WHERE deleted ORDER BY exchange"
        )
        self._deleted = array("q", (identity for (identity,) in deleted))
        self._version = version


def without(ids: array[int], gone: array[int]) -> array[int]:
    """``ids`` without ``gone``, both in order."""
    kept, begin = array("q"), 0
    for identity in gone:
        at = bisect_left(ids, identity, begin)
        if at == len(ids):
            break
        if ids[at] == identity:
            kept += ids[begin:at]
            begin = at + 1
    return kept + ids[begin:]
