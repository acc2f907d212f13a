"""A trace in the order of a header, or of a key of the scopes or environs.

Facets tell the value of each exchange in a block; what has none is read the long way. It goes a block at a time, so
that it can be told how far it is, and be given up. A few different values are kept here; many go to a table of the
connection's own, which SQLite sorts in pieces, on the disk if need be: memory stays the same whatever the trace holds,
and the interpreter lock is free meanwhile. Equal values stand in the order of their ids.
"""

# ruff: noqa: S608 - what is put together into SQL here is our own; values are parameters

from __future__ import annotations

import json
import sqlite3
import string
from array import array
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator

from inspector import fields
from inspector.store import ids
from inspector.store.facets import SIZE, unpack

#: Hears of how many exchanges, and of how many in all, the values are known. What it raises ends the work.
Told = Callable[[int, int], None]

_FACETS = "SELECT name, CAST(data AS BLOB) FROM facet WHERE block = ? AND name IN ({marks})"
_MOST_VALUES = 5_000  #: different ones that are kept here
_MOST_TEXT = 4 << 20  #: characters of them
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # as SQLite's NOCASE has it
_ASIDE = "CREATE TEMP TABLE IF NOT EXISTS field_order (id INTEGER PRIMARY KEY, value TEXT NOT NULL)"
_PUT = (
    "INSERT OR REPLACE INTO temp.field_order"
    " SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)"
)


def ordered(
    connection: sqlite3.Connection,
    name: str,
    value: str,
    wanted: array[int],
    told: Told = lambda _done, _all: None,
) -> array[int]:
    """``wanted``, which is in order, by the field ``name``; ``value`` is SQL for it. Raises sqlite3.Error."""
    kind, _, key = name.partition(".")
    names = fields.names(kind, key)
    with_facets = {block for (block,) in connection.execute("SELECT block FROM facet_block")}
    sorter = _Sorter(connection)
    done = 0
    try:
        for block, held in _blocks(wanted):
            facet = _told(connection, block, names) if block in with_facets else None
            values = facet if facet is not None else _read(connection, block, value)
            done += sorter.put([pair for pair in values if pair[0] in held])
            told(done, len(wanted))
        return sorter.sorted()
    finally:
        sorter.close()


def _blocks(wanted: array[int]) -> Iterator[tuple[int, Container[int]]]:
    """The blocks that ``wanted`` are in, with those of each."""
    begin = 0
    while begin < len(wanted):
        block = wanted[begin] // SIZE
        end = bisect_left(wanted, (block + 1) * SIZE, begin, min(begin + SIZE, len(wanted)))
        held = wanted[begin:end]
        whole = held[-1] - held[0] == len(held) - 1
        yield block, range(held[0], held[-1] + 1) if whole else frozenset(held)
        begin = end


class _Sorter:
    """Puts ids in the order of their texts; ids are put in in their own order."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._groups: dict[str, array[int]] = {}
        self._length = 0  # characters of what is kept
        self._aside = False  # whether it is in a table

    def put(self, pairs: Iterable[tuple[int, str]]) -> int:
        """Take these; how many they were."""
        pairs = list(pairs)
        if self._aside:
            self._connection.execute(_PUT, (json.dumps(pairs),))
            return len(pairs)
        for identity, text in pairs:
            if text not in self._groups:
                self._groups[text] = array("q")
                self._length += len(text)
            self._groups[text].append(identity)
        if len(self._groups) > _MOST_VALUES or self._length > _MOST_TEXT:
            self._put_aside()
        return len(pairs)

    def _put_aside(self) -> None:
        """What is kept, into the table."""
        self._connection.execute(_ASIDE)
        self._connection.execute("DELETE FROM temp.field_order")
        self._aside = True
        for text, group in self._groups.items():
            for start in range(0, len(group), SIZE):
                self.put((identity, text) for identity in group[start : start + SIZE])
        self._groups.clear()

    def sorted(self) -> array[int]:
        """All that was put in."""
        if self._aside:
            by = "SELECT id FROM temp.field_order ORDER BY value COLLATE NOCASE, id"
            return ids.collect(self._connection, by, ())
        found = array("q")
        for group in _in_order(self._groups):
            found.extend(group)
        return found

    def close(self) -> None:
        """Let go of the table."""
        if self._aside:
            self._connection.execute("DROP TABLE IF EXISTS temp.field_order")


def _in_order(groups: dict[str, array[int]]) -> Iterator[array[int]]:
    """The ids of each value; those that differ in case only are one value."""
    joined: dict[str, list[array[int]]] = {}
    for text, group in groups.items():
        joined.setdefault(text.translate(_LOWER), []).append(group)
    for text in sorted(joined):
        several = joined[text]
        yield several[0] if len(several) == 1 else array("q", sorted(one for group in several for one in group))


def _told(connection: sqlite3.Connection, block: int, names: tuple[str, ...]) -> Iterable[tuple[int, str]] | None:
    """Each id of a block, also of what is gone, and its value as facets tell it; None where they do not."""
    sql = _FACETS.format(marks=",".join("?" * len(names)))
    held = dict(connection.execute(sql, (block, *names)).fetchall())
    values = [""] * SIZE
    for name in reversed(names):  # the first that an exchange has
        if name in held:
            found = unpack(held[name])
            if found is None:
                return None
            texts, numbers = ["", *found[0]], found[1]
            values = [texts[number] if number else before for number, before in zip(numbers, values, strict=True)]
    return enumerate(values, start=block * SIZE)


def _read(connection: sqlite3.Connection, block: int, value: str) -> list[tuple[int, str]]:
    """The same of the exchanges themselves."""
    sql = f"SELECT e.id, {value} AS held FROM exchange AS e WHERE e.id >= ? AND e.id < ? ORDER BY e.id"
    pairs = f"SELECT json_group_array(json_array(id, held)) FROM ({sql})"
    [(text,)] = connection.execute(pairs, (block * SIZE, (block + 1) * SIZE))
    return json.loads(text)  # type: ignore[no-any-return]
