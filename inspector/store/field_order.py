"""A trace in the order of a header, or of a key of the scopes or environs.

Facets tell the value of each exchange in a block; what has none is read the long way, a block at a time, so that it can
be broken off. Equal values stand in the order of their ids.
"""

# ruff: noqa: S608 - what is put together into SQL here is our own; values are parameters

from __future__ import annotations

import json
import sqlite3
import string
from array import array
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator
from heapq import merge

from inspector import fields
from inspector.store.facets import SIZE, unpack

_FACETS = "SELECT name, CAST(data AS BLOB) FROM facet WHERE block = ? AND name IN ({marks})"
_AT_ONCE = 4_096  #: texts
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # as SQLite's NOCASE has it

Groups = dict[str, "array[int]"]


def ordered(connection: sqlite3.Connection, name: str, value: str, wanted: array[int]) -> array[int]:
    """``wanted``, which is in order, by the field ``name``; ``value`` is SQL for it. Raises sqlite3.Error."""
    kind, _, key = name.partition(".")
    names = fields.names(kind, key)
    with_facets = {block for (block,) in connection.execute("SELECT block FROM facet_block")}
    groups: Groups = {}
    for block, ids in _blocks(wanted):
        told = _told(connection, block, names) if block in with_facets else None
        for identity, text in told if told is not None else _read(connection, block, value):
            if identity in ids:
                if text not in groups:
                    groups[text] = array("q")
                groups[text].append(identity)
    found = array("q")
    for group in _in_order(groups):
        found.extend(group)
    return found


def _blocks(wanted: array[int]) -> Iterator[tuple[int, Container[int]]]:
    """The blocks that ``wanted`` are in, with those of each."""
    begin = 0
    while begin < len(wanted):
        block = wanted[begin] // SIZE
        end = bisect_left(wanted, (block + 1) * SIZE, begin, min(begin + SIZE, len(wanted)))
        ids = wanted[begin:end]
        yield block, range(ids[0], ids[-1] + 1) if ids[-1] - ids[0] == len(ids) - 1 else frozenset(ids)
        begin = end


def _in_order(groups: Groups) -> Iterator[array[int]]:
    """The ids of each value; those that differ in case only are one value."""
    joined: dict[str, list[array[int]]] = {}
    for text, ids in groups.items():
        joined.setdefault(text.translate(_LOWER), []).append(ids)
    for text in _sorted(list(joined)):
        several = joined[text]
        yield several[0] if len(several) == 1 else array("q", sorted(one for ids in several for one in ids))


def _sorted(texts: list[str]) -> Iterable[str]:
    """In order; of many a part at a time, since to sort holds the interpreter lock."""
    return merge(*(sorted(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)))


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
