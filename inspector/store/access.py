"""A trace opened to be read, and what all questions to it have in common: the base of ``TraceReader``.

Knows the connection, what filters become in SQL, and which errors mean a damaged file; asks nothing by itself.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inspector.query import Query, to_sql
from inspector.query.functions import Functions
from inspector.query.sql import Clock, Condition
from inspector.store import rows as shapes
from inspector.store.annotations import Annotations
from inspector.store.errors import READING_ERRORS, TraceError, explain
from inspector.store.findings import Findings
from inspector.store.masks import Masks
from inspector.store.opening import open_for_reading
from inspector.store.rows import ExchangeRow
from inspector.store.sets import Sets
from inspector.store.whole import listed

IDS_AT_ONCE = 500  #: of the rows that are asked for by their ids in one statement


class Access:
    """The trace at ``path``, read-only, and how what a filter means is asked of it.

    Raises TraceError when there is none, or it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, deleted: bool = False) -> None:
        self.path = Path(path)
        self._opened = open_for_reading(self.path)
        self._connection = self._opened.connection
        self._functions = Functions(time.monotonic)
        self._annotations = Annotations(self._connection, shows_all=deleted)
        self._masks = Masks(self._connection, self._functions)
        self._sets = Sets(self._connection, self._masks, self._condition)
        for name, arguments, function in self._functions.all:
            self._connection.create_function(name, arguments, function, deterministic=True)
        #: Which rules of the contract its exchanges break.
        self.findings = Findings(self._connection, self._mapped, self._condition, self._annotations.condition)

    def close(self) -> None:
        """Let go of the file."""
        self._opened.close()

    def interrupt(self) -> None:
        """Break off what is being read, which then raises TraceError. The one method for other threads."""
        self._connection.interrupt()

    def _condition(self, query: Query | None) -> Condition:
        return to_sql(query, self._masks.find, self._clock()) if query else ("1", [])

    def _clock(self) -> Clock:
        """Of this machine, and what the trace says of the one it was recorded on."""
        sql = f"SELECT {listed('first_exchange wall_ns monotonic_ns')} FROM session ORDER BY id"
        found = self._connection.execute(sql)
        sessions = tuple((first, (wall - monotonic) % 2**62) for first, wall, monotonic in found)
        return Clock(sessions, (time.localtime().tm_gmtoff or 0) * 10**9, time.time_ns())

    def _rows(self, tail: str, parameters: Sequence[Any]) -> list[ExchangeRow]:
        sql = f"SELECT {shapes.COLUMNS} FROM {shapes.SOURCE} {tail}"
        with self._mapped():
            return list(map(ExchangeRow._make, self._connection.execute(sql, parameters)))

    def _rows_at_once(self, tail: str, parameters: Sequence[Any]) -> list[ExchangeRow]:
        """The same for some hundreds, as one text: for each row of a cursor a busy window may let one wait."""
        row = f"SELECT json_array({shapes.COLUMNS}) AS made FROM {shapes.SOURCE} {tail}"
        with self._mapped():
            [(found,)] = self._connection.execute(f"SELECT group_concat(made, ',') FROM ({row})", parameters)
            return list(map(ExchangeRow._make, json.loads(f"[{found or ''}]")))

    @contextmanager
    def _at_one_moment(self) -> Iterator[None]:
        """What several statements see is the same, whoever writes meanwhile."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        self._functions.begin()
        try:
            yield
        except READING_ERRORS as error:
            if self._functions.slow:
                raise TraceError(self._functions.slow, "", "Make it simpler, or narrow the filter.") from None
            raise TraceError(f"{self.path} could not be read.", explain(error), "Try again, or open a copy.") from None


def json_value(source: str, kind: type) -> Any:
    """The JSON value in ``source`` if it is of this ``kind``, else an empty one."""
    try:
        value = json.loads(source)
    except (ValueError, RecursionError):
        return kind()
    return value if isinstance(value, kind) else kind()
