"""Ids of a million exchanges out of SQLite in little time, and without the interpreter lock for most of it.

A statement that gives a row an id costs a handing over of that lock for each, for which a busy window may let it wait.
So the statement gives one row: all ids as a JSON text, read here in pieces between which others may run.
"""

# ruff: noqa: S608 - what is put together is SQL of our own

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Sequence
from itertools import compress
from typing import Any

_PIECE = 1 << 16  #: characters, about 9,000 ids: half a millisecond
_MANY = 50_000  #: beyond, sorting at once would hold the lock for long
_SPARSE = 16  #: so many times as wide as long, and a set of ids is not worth a byte for each that might be


def collect(connection: sqlite3.Connection, select: str, parameters: Sequence[Any]) -> array[int]:
    """The ids that ``select`` gives, in its order."""
    [(text,)] = connection.execute(f"SELECT json_group_array(id) FROM ({select})", parameters)
    ids = array("q")
    begin, end = 1, len(text) - 1
    while begin < end:
        comma = text.find(",", min(begin + _PIECE, end))
        stop = comma if comma >= 0 else end
        ids.extend(json.loads(f"[{text[begin:stop]}]"))
        begin = stop + 1
    return ids


def ascending(ids: array[int]) -> array[int]:
    """The same ids in order; each is there once."""
    if len(ids) <= _MANY:
        return array("q", sorted(set(ids)))
    low, high = min(ids), max(ids)
    if high - low > len(ids) * _SPARSE:
        return array("q", sorted(set(ids)))
    there = bytearray(high - low + 1)
    for identity in ids:
        there[identity - low] = 1
    ordered = array("q")
    for start in range(0, len(there), _PIECE):
        ordered.extend(compress(range(low + start, high + 1), there[start : start + _PIECE]))
    return ordered


def everything(connection: sqlite3.Connection) -> array[int]:
    """The ids of all exchanges, in order."""
    bounds = "(SELECT min(id) FROM exchange), (SELECT max(id) FROM exchange), (SELECT count(*) FROM exchange)"
    [(low, high, count)] = connection.execute(f"SELECT {bounds}")
    if count and count != high - low + 1:  # some are gone in between
        return collect(connection, "SELECT id FROM exchange ORDER BY id", ())
    if not count:
        return array("q")
    ids = array("q")
    for start in range(low, high + 1, _PIECE):
        ids.extend(range(start, min(start + _PIECE, high + 1)))
    return ids
