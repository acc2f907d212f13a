"""What a recording does not keep: exchanges that are over and do not pass the filter of its user.

The condition is the one by which every view asks, and SQLite itself is asked, so that both mean the same. An exchange
is written as always and stays visible while it is open, since one that hangs must be seen; when it is over and does not
pass it goes, within the transaction that says so, and is counted. Kept in any case: what its user marked or commented
on meanwhile, and what a replay sent, which is looked at beside its original. What applications print stays too: it is
the worker's, not the exchange's.

Belongs to the scribe's process, which starts without the modules that a filter needs: they are loaded with the first.
"""

# ruff: noqa: S608 - what is put together into SQL here is our own; values are parameters

from __future__ import annotations

import importlib.util
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.store.schema import COUNT, RECORDED, SIFTED
from inspector.store.shape import EXCHANGE, Row

if TYPE_CHECKING:
    from inspector.query import Query
    from inspector.query.functions import Functions

#: Distributions that conditions need, which a process without site-packages has to be told the place of.
_FOREIGN = ("regex", "brotli", "zstandard")
_AT_ONCE = 500
_REMEMBERED = 2_000
_STATE = EXCHANGE.index("state")
_KEPT = (
    "e.replay_run > 0 OR EXISTS (SELECT 1 FROM annotation AS a WHERE a.exchange = e.id"
    " AND (a.mark <> '' OR a.comment <> ''))"
)
#: Tables with rows that are an exchange's own, and by which column.
_OWN = {
    "message": "exchange", "finding": "exchange", "judged": "exchange", "annotation": "exchange", "detail": "id",
    "exchange": "id",
}  # fmt: skip


def mesh(query: Query | None, wall_ns: int = 0, zone_ns: int = 0) -> Row:
    """What a ``Sieve`` uses, as plain values for a frame; empty for no filter.

    ``wall_ns``: what to add to the recording's times to have nanoseconds since 1970; ``zone_ns``: to those for local
    time.
    """
    if query is None:
        return ()
    from inspector.query import to_sql  # few recordings need it
    from inspector.query.sql import Clock

    where, parameters = to_sql(query, clock=Clock(((0, wall_ns),), zone_ns))
    return where, tuple(parameters), tuple(dict.fromkeys(map(_folder, _FOREIGN)))


def _folder(module: str) -> str:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parents[1 if spec.submodule_search_locations else 0])


class Sieve:
    """Takes out through ``connection`` what does not pass. ``went``: how many exchanges of the last batch."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.went = 0
        self._connection = connection
        self._mesh: Row = ()
        self._gone: dict[int, None] = {}  # the last that went: one that is touched once more is not counted again
        self._going: list[int] = []  # those of the batch that is being written
        self._functions: Functions | None = None

    def use(self, mesh: Row) -> None:
        """For the next batch; what the function of that name made."""
        self._gone.update(dict.fromkeys(self._going))
        for identity in list(self._gone)[: max(0, len(self._gone) - _REMEMBERED)]:
            del self._gone[identity]
        self.went, self._going = 0, []
        if mesh and self._functions is None:
            sys.path.extend(folder for folder in mesh[2] if folder not in sys.path)
            from inspector.query.functions import Functions

            self._functions = Functions(time.monotonic)
            for name, arguments, function in self._functions.all:
                self._connection.create_function(name, arguments, function, deterministic=True)
        self._mesh = mesh

    def sift(self, exchanges: Sequence[Row]) -> None:
        """Of the exchanges of a batch take out those that are over and do not pass; in the batch's transaction.

        What cannot be judged is kept: in reasonable time, by a regular expression that backtracks, or because SQLite
        cannot take the condition. Raises sqlite3.Error for what is the matter with the file.
        """
        self.went, self._going = 0, []  # a batch that could not be written is written once more
        if not self._mesh:
            return
        over = [made[0] for made in exchanges if made[_STATE] != "open"]
        for start in range(0, len(over), _AT_ONCE):
            if failing := self._failing(over[start : start + _AT_ONCE]):
                self._take_out(failing)

    def _failing(self, over: list[int]) -> list[int]:
        assert self._functions is not None
        where, parameters, _ = self._mesh
        sql = f"SELECT e.id FROM exchange AS e WHERE e.id IN {_marks(over)} AND NOT ({where}) AND NOT ({_KEPT})"
        self._functions.begin()
        try:
            return [identity for (identity,) in self._connection.execute(sql, [*over, *parameters])]
        except sqlite3.Error:
            # What ends the transaction (a full disk) is of the file; whatever else is the matter is with the filter.
            if not self._connection.in_transaction:
                raise
            return []

    def _take_out(self, failing: list[int]) -> None:
        execute, marks = self._connection.execute, _marks(failing)
        gone = {
            table: execute(f"DELETE FROM {table} WHERE {column} IN {marks}", failing).rowcount
            for table, column in _OWN.items()
        }
        fresh = sum(identity not in self._gone for identity in failing)
        self._connection.executemany(COUNT, [(SIFTED, fresh), (RECORDED, -gone["message"])])
        self._going += failing
        self.went += fresh


def _marks(values: Sequence[int]) -> str:
    return f"({','.join('?' * len(values))})"
