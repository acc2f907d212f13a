"""Rows into tables, many to a statement.

Each step of an SQLite statement has its price besides the row: the module gives the interpreter lock away and takes it
back, resets and looks up. So a thousand rows are one step and not a thousand: ``INSERT ... VALUES (...), (...), ...``.
There are a few sizes of each statement, all of them prepared once; a batch between two sizes is padded with rows of
NULLs, which ``OR IGNORE`` skips since a column is ``NOT NULL``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any

from inspector.store.schema import COLUMNS

#: SQLite's default limit since 3.32; asked of the connection too, for builds that have less.
MAX_VARIABLES = 32_766
#: Bytes after which a statement is sent though it has room: its bound values stay in memory until it is used again.
MAX_BYTES = 4 << 20
_SIZES = tuple(1 << power for power in range(12))

Row = tuple[Any, ...]


class BulkInsert:
    """Writes rows of one table: inserts them, or where ``upsert``, replaces those with the same ``id``."""

    def __init__(self, table: str, *, upsert: bool = False, max_variables: int = MAX_VARIABLES) -> None:
        columns = COLUMNS[table]
        self.width = len(columns)
        self._sql = {
            size: _statement(table, columns, size, upsert=upsert)
            for size in _SIZES
            if size * self.width <= max_variables or size == 1
        }
        # The key is given, since SQLite would otherwise look for a free one before it sees that the row is skipped.
        key = None if columns[0] not in ("id", "exchange") else 0
        self._padding = (key, *repeat(None, self.width - 1))

    def write(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> int:
        """Write ``rows``; how many the table did not take: a key that it has, values that cannot be stored."""
        written, start = 0, 0
        while start < len(rows):
            size = self._size_for(len(rows) - start)
            chunk = rows[start : start + size]
            start += size
            try:
                written += self._step(connection, chunk, size)
            except (UnicodeError, OverflowError, TypeError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
                # A value that SQLite has no form for (a lone surrogate, an integer beyond 64 bits): rare, so slow.
                storable = [_storable(row) for row in chunk if len(row) == self.width]
                written += self._step(connection, storable, size)
        return len(rows) - written

    def _size_for(self, count: int) -> int:
        """The statement to take: one with some room left if that is not too much, else a full one."""
        larger = 1 << (count - 1).bit_length()
        fits = larger in self._sql and 2 * (larger - count) <= count
        return larger if fits else min(larger >> 1, max(self._sql))

    def write_split(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> int:
        """The same for rows with large values: never much more than ``MAX_BYTES`` to a statement."""
        return sum(self.write(connection, chunk) for chunk in _split(rows))

    def _step(self, connection: sqlite3.Connection, rows: Sequence[Row], size: int) -> int:
        values = list(chain.from_iterable(rows))
        for _ in range(size - len(rows)):
            values.extend(self._padding)
        return connection.execute(self._sql[size], values).rowcount


def _statement(table: str, columns: tuple[str, ...], size: int, *, upsert: bool) -> str:
    row = f"({','.join('?' * len(columns))})"
    sql = f"INSERT OR IGNORE INTO {table} ({','.join(columns)}) VALUES {','.join([row] * size)}"  # noqa: S608
    if upsert:
        key, *rest = columns
        sql += f" ON CONFLICT ({key}) DO UPDATE SET {','.join(f'{name}=excluded.{name}' for name in rest)}"
    return sql


def _split(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start, weight = 0, 0
    for index, row in enumerate(rows):
        weight += sum(map(len, filter(_is_long, row)))
        if weight >= MAX_BYTES:
            yield rows[start : index + 1]
            start, weight = index + 1, 0
    if start < len(rows):
        yield rows[start:]


def _is_long(value: object) -> bool:
    return isinstance(value, bytes | str)


def _storable(row: Iterable[Any]) -> Row:
    """``row`` with each value as something that SQLite can hold."""
    return tuple(map(_storable_value, row))


def _storable_value(value: Any) -> Any:
    if value is None or isinstance(value, bytes | float):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, int):
        return max(-(2**63), min(int(value), 2**63 - 1))
    return str(value).encode("utf-8", "backslashreplace").decode()
