"""Ids of a million exchanges out of SQLite in little time, and without the interpreter lock for most of it.

A statement that gives a row an id costs a handing over of that lock for each, for which a busy window may let it wait.
So the statement gives one row: all ids as a JSON text, read here in pieces between which others may run.
"""

# ruff: noqa: S608 - what is put together is SQL of our own

from __future__ import annotations

import json
import sqlite3
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from itertools import compress, repeat
from operator import lt
from typing import Any

_PIECE = 1 << 16  #: characters, about 9,000 ids: half a millisecond
_MANY = 50_000  #: beyond, sorting at once would hold the lock for long
_FEW = 64  #: such a part of all, and cutting them out is quicker than a mask
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
    if _in_order(ids):
        return ids
    if len(ids) <= _MANY or max(ids) - min(ids) > len(ids) * _SPARSE:
        return array("q", sorted(set(ids)))
    low, high = _low(min(ids), len(ids)), max(ids)
    there = bytearray(high - low + 1)
    _put(there, ids, low, 1)
    return _held(low, there)


def others(every: array[int], some: array[int]) -> array[int]:
    """Those of ``every``, which is in order, that are not among ``some``, which all are in it."""
    if len(some) * _FEW < len(every):
        return _cut(every, sorted(set(some)))
    span = every[-1] - every[0] + 1 if every else 0
    if span > len(every) * _SPARSE:
        gone = set(some)
        return array("q", (identity for identity in every if identity not in gone))
    if span == len(every):
        return _others_between(every[0] if every else 0, span, some)
    low = _low(every[0], len(every))
    there = bytearray(every[-1] - low + 1)
    _put(there, every, low, 1)
    _put(there, some, low, 0)
    return _held(low, there)


def _others_between(first: int, count: int, some: array[int]) -> array[int]:
    """Of ``count`` ids without a gap from ``first`` on, those that are not among ``some``."""
    low = _low(first, count)
    there = bytearray(first - low) + bytearray(b"\1") * count
    _put(there, some, low, 0)
    return _held(low, there)


def _in_order(ids: array[int]) -> bool:
    """As an index gives them that has one value for all."""
    for start in range(0, len(ids), _PIECE):
        piece = ids[start : start + _PIECE + 1]
        if not all(map(lt, piece, piece[1:])):
            return False
    return True


def _cut(every: array[int], gone: list[int]) -> array[int]:
    """``every`` without a few."""
    kept, begin = array("q"), 0
    for identity in gone:
        at = bisect_left(every, identity, begin)
        kept.extend(every[begin:at])
        begin = at + 1
    kept.extend(every[begin:])
    return kept


def _low(lowest: int, count: int) -> int:
    """Where a mask begins: at 0 if that costs little, so that nothing has to be taken off each id."""
    return 0 if 0 <= lowest <= count else lowest


def _put(there: bytearray, ids: array[int], low: int, value: int) -> None:
    for start in range(0, len(ids), _PIECE):
        piece = ids[start : start + _PIECE]
        deque(map(there.__setitem__, (one - low for one in piece) if low else piece, repeat(value)), maxlen=0)


def _held(low: int, there: bytearray) -> array[int]:
    """The ids of a mask, in order."""
    ordered = array("q")
    for start in range(0, len(there), _PIECE):
        ordered.extend(compress(range(low + start, low + len(there)), there[start : start + _PIECE]))
    return ordered


def everything(connection: sqlite3.Connection) -> array[int]:
    """The ids of all exchanges, in order."""
    low, high, count = _bounds(connection)
    if count and count != high - low + 1:  # some are gone in between
        return collect(connection, "SELECT id FROM exchange ORDER BY id", ())
    if not count:
        return array("q")
    ids = array("q")
    for start in range(low, high + 1, _PIECE):
        ids.extend(range(start, min(start + _PIECE, high + 1)))
    return ids


def all_but(connection: sqlite3.Connection, some: array[int]) -> array[int]:
    """The ids of all exchanges but ``some``, in order; without listing all where none is gone in between."""
    low, high, count = _bounds(connection)
    if count == high - low + 1 and len(some) * _FEW >= count:
        return _others_between(low, count, some)
    return others(everything(connection), some)


def _bounds(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """The lowest id, the highest, and how many there are; of none, ids between which there are none."""
    bounds = "ifnull((SELECT min(id) FROM exchange), 1), ifnull((SELECT max(id) FROM exchange), 0)"
    [(low, high, count)] = connection.execute(f"SELECT {bounds}, (SELECT count(*) FROM exchange)")
    return int(low), int(high), int(count)
