"""Which exchanges have a header or a key that passes a test: from the facets of a trace, and the long way elsewhere.

The answer is a mask: a byte for each id from the oldest exchange's block on, 1 where it holds. It is kept while nobody
writes.
"""

# ruff: noqa: S608 - what is put together into SQL here is our own; values are parameters

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from inspector import fields
from inspector.query import Query, to_sql
from inspector.query.functions import Functions, test
from inspector.query.language import Text
from inspector.store import ids
from inspector.store.facets import SIZE, mask

Known = tuple[int, bytes]

_FEWEST = 4  #: blocks with facets: with fewer there is nothing to be won
_MOST_GAPS = 400  #: stretches without facets: with more the trace is looked through in one go
_KEPT = 4  #: masks

_FACETS = (
    "SELECT b.block, CAST(f.data AS BLOB) FROM facet_block AS b LEFT JOIN facet AS f"
    " ON f.block = b.block AND f.name = ? WHERE b.block BETWEEN ? AND ?"
)


class Masks:
    """The masks of the trace behind ``connection``."""

    def __init__(self, connection: sqlite3.Connection, functions: Functions) -> None:
        self._connection = connection
        self._functions = functions
        self._known: dict[Text, Known | None] = {}
        self._version = -1

    def find(self, node: Text) -> Known | None:
        """The mask for a header or key; None when it is as quick to look at each exchange. Raises sqlite3.Error."""
        [(version,)] = self._connection.execute("PRAGMA data_version")
        if version != self._version or len(self._known) > _KEPT:
            self._known.clear()
            self._version = version
        if node not in self._known:
            self._known[node] = self._make(node)
        return self._known[node]

    def _make(self, node: Text) -> Known | None:
        names = fields.names(node.field, node.key)
        bounds = (
            "SELECT min(e.id), (SELECT max(id) FROM exchange), (SELECT count(*) FROM facet_block) FROM exchange AS e"
        )
        [(low, high, blocks)] = self._connection.execute(bounds)
        if blocks < _FEWEST or (high - low) // SIZE > 2 * blocks:  # the rest of the filter may narrow it more
            return None
        first, last = low // SIZE, high // SIZE
        holds = test(node.op, node.value, self._functions.regex)
        there = bytearray((last - first + 1) * SIZE)
        read = set(range(first, last + 1))
        for name in names:
            read &= self._take(there, name, first, last, holds)
        gaps = list(_stretches(sorted(set(range(first, last + 1)) - read)))
        if len(gaps) > _MOST_GAPS:
            return None
        for begin, end in gaps:
            self._look_at(there, node, first * SIZE, begin * SIZE, end * SIZE)
        return first * SIZE, bytes(there)

    def _take(self, there: bytearray, name: str, first: int, last: int, holds: Callable[[str], bool]) -> set[int]:
        """Put in what the facets of ``name`` say; the blocks that have facets."""
        read = set()
        for block, data in self._connection.execute(_FACETS, (name, first, last)):
            found = mask(data, holds) if data is not None else b""
            if found is None:
                continue
            read.add(block)
            at = (block - first) * SIZE
            if found:
                there[at : at + SIZE] = (
                    bytes(map(max, found, there[at : at + SIZE])) if any(there[at : at + SIZE]) else found
                )
        return read

    def _look_at(self, there: bytearray, node: Text, base: int, begin: int, end: int) -> None:
        """Put in what the exchanges from ``begin`` up to ``end`` say themselves."""
        there[begin - base : end - base] = bytes(end - begin)
        where, parameters = to_sql(Query("", node))
        sql = f"SELECT e.id FROM exchange AS e WHERE e.id >= ? AND e.id < ? AND {where}"
        for identity in ids.collect(self._connection, sql, [begin, end, *parameters]):
            there[identity - base] = 1


def _stretches(blocks: list[int]) -> Iterator[tuple[int, int]]:
    """Sorted numbers as half-open ranges of those that follow each other."""
    begin = end = -1
    for block in blocks:
        if block != end:
            if end > begin:
                yield begin, end
            begin = block
        end = block + 1
    if end > begin:
        yield begin, end
