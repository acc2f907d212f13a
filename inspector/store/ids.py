"""Ids of a million exchanges out of SQLite in little time, and without the interpreter lock for most of it.

A statement that gives a row an id costs a handing over of that lock for each, for which a busy window may let it wait.
So the statement gives one row: all ids as one text, in numbers of eight digits each, which are read here by the
thousand with arithmetic on long integers. Sets of ids are masks: a byte for each id from a first one on, 1 if it is in.

Knows SQLite; nothing of what exchanges are.
"""

# ruff: noqa: S608 - what is put together is SQL of our own

from __future__ import annotations

import json
import sqlite3
import sys
from array import array
from collections.abc import Sequence
from operator import mul
from typing import Any

#: Ids of a piece: half a millisecond, then others may run. A mask begins at a multiple of it (``PIECE``).
PIECE = 1 << 16
_MANY = 50_000  #: beyond, sorting at once would hold the lock for long
_SPARSE = 16  #: so many times as wide as long, and a set of ids is not worth a byte for each that might be

# Eight ASCII digits are eight bytes, the first of which has the highest place: two become a number below 100, two of
# those one below 10,000, two of those the whole, in all ids of a piece at once. What is worked out between them and not
# wanted is cut off; nothing grows beyond its place.
_DIGITS = 8
_BIAS = 10 ** (_DIGITS - 1)  #: is added, so that all have as many digits
_WIDEST = 8 * _BIAS  #: from the first id to the last; while one reads, others may be added
_READ = 1 << 13  #: ids read at once
_EACH = int.from_bytes(b"\1".ljust(_DIGITS, b"\0") * _READ, "little")  #: a 1 in the place of each id
_UNITS, _PAIRS, _FOURS = _EACH * 0x0F0F0F0F0F0F0F0F, _EACH * 0x00FF00FF00FF00FF, _EACH * 0x0000FFFF0000FFFF
_WHOLES = _EACH * 0x00000000FFFFFFFF

_HALF = 128  #: ids of which the low byte has the same highest bit
_BLOCK = 2 * _HALF
_PLACES = int.from_bytes(bytes(range(_HALF, _BLOCK)) * (PIECE // _HALF), "little")
_LOWER = bytes(range(_HALF)) * 2  #: to the low byte of an id in the first half of a block
_BLOCKS = [bytes((number,)) for number in range(PIECE // _BLOCK)]


def collect(connection: sqlite3.Connection, select: str, parameters: Sequence[Any]) -> array[int]:
    """The ids that ``select`` gives, in its order: whole numbers between those of the first and the last exchange."""
    [(low, high)] = connection.execute(
        "SELECT ifnull(min(id), 0), ifnull((SELECT max(id) FROM exchange), 0) FROM exchange"
    )
    if not 0 <= low <= high < low + _WIDEST:
        [(text,)] = connection.execute(f"SELECT json_group_array(id) FROM ({select})", parameters)
        return array("q", json.loads(text))
    digits = f"SELECT CAST(group_concat(id + {_BIAS - low}, '') AS BLOB) FROM ({select})"
    return _read(connection.execute(digits, parameters).fetchone()[0] or b"", _BIAS - low)


def _read(digits: bytes, bias: int) -> array[int]:
    """Numbers of eight digits each; ``bias`` is taken off them."""
    ids = array("q")
    for start in range(0, len(digits), _READ * _DIGITS):
        piece = digits[start : start + _READ * _DIGITS]
        number = int.from_bytes(piece, "little") & _UNITS
        number = (number * 10 + (number >> 8)) & _PAIRS
        number = (number * 100 + (number >> 16)) & _FOURS
        number = (number * 10_000 + (number >> 32)) & _WHOLES
        number -= (_EACH >> 8 * (_READ * _DIGITS - len(piece))) * bias
        ids.frombytes(number.to_bytes(len(piece), "little"))
    if sys.byteorder == "big":
        ids.byteswap()
    return ids


def ascending(ids: array[int]) -> array[int]:
    """The same ids in order; each is there once."""
    if len(ids) <= _MANY:
        return array("q", sorted(set(ids)))
    low, high = min(ids), max(ids)
    if high - low > len(ids) * _SPARSE:
        return array("q", sorted(set(ids)))
    first = low - low % PIECE
    there = bytearray(high - first + 1)
    put(there, ids, first)
    return held(first, there)


def put(there: bytearray, ids: array[int], first: int) -> None:
    """Put ids into a mask that begins at ``first`` and has room for them."""
    for identity in ids:
        there[identity - first] = 1


def held(first: int, mask: bytes | bytearray) -> array[int]:
    """The ids of a mask, in order. ``first`` is a multiple of ``PIECE``."""
    ids = array("q")
    for start in range(0, len(mask), PIECE):
        ids.frombytes(_held(first + start, mask[start : start + PIECE].ljust(PIECE, b"\0")))
    return ids


def _held(first: int, mask: bytes | bytearray) -> bytes:
    """The same of one piece, as an array has them in memory.

    Ids are put together by their bytes. Each that is in the mask becomes its place in its half of a block, which is
    never 0, and each that is not is cut out; these are the low bytes. The next is the block's number, and the rest is
    the same in all.
    """
    counts = [mask.count(1, start, start + _HALF) for start in range(0, PIECE, _HALF)]
    total = sum(counts)
    if not total:
        return b""
    places = (int.from_bytes(mask, "little") * 0xFF & _PLACES).to_bytes(PIECE, "little").translate(None, b"\0")
    low, at = [], 0
    for before, behind in zip(counts[::2], counts[1::2], strict=True):
        middle, end = at + before, at + before + behind
        low += [places[at:middle].translate(_LOWER), places[middle:end]]
        at = end
    blocks = map(mul, _BLOCKS, map(sum, zip(counts[::2], counts[1::2], strict=True)))
    ids = bytearray(first.to_bytes(8, "little", signed=True) * total)
    ids[0::8] = b"".join(low)
    ids[1::8] = b"".join(blocks)
    if sys.byteorder == "big":
        swapped = array("q", bytes(ids))
        swapped.byteswap()
        return swapped.tobytes()
    return bytes(ids)
