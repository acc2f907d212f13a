"""Facets: one header, or one key of the scopes or environs, of many exchanges side by side.

To look for a header in a million exchanges is to read all their heads, a gigabyte. So the scribe, when it has nothing
else to do, takes the exchanges of a block of ids apart once all of them are over, and keeps for each name its values in
the block: the different ones once, and for each exchange a number, 0 for none. A reader then looks at each different
value, not at each exchange. What is not in a facet yet (an open exchange's block, the newest, a busy recorder's) is
read the long way; a facet is only ever a shortcut, and a trace without any is as good.

The form of a facet's ``data``: zlib of a length (4 bytes, little-endian), that many bytes of a JSON list of texts, and
the numbers, one byte or two each (little-endian); no numbers when all exchanges have the first value.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence

from inspector import fields

SIZE = 1024  #: ids in a block; block n has the ids from n * SIZE on
_SLICE = 64  #: exchanges taken apart in one go: two milliseconds
_MOST_NAMES = 400  #: in a block; somebody who makes names up is read the long way
_MOST_BYTES = 8 << 20  #: of a facet, unpacked
_WIDE = 255  #: different values, from which on a number takes two bytes
_LENGTH = struct.Struct("<I")

_SOURCES = (
    "SELECT e.id, e.interface, ifnull(d.context, ''), d.request_head, ifnull(d.response_head, x'')"
    " FROM exchange AS e JOIN detail AS d ON d.id = e.id WHERE e.id >= ? AND e.id < ?"
)

Column = dict[int, str]


def pack(values: Column) -> bytes:
    """The facet of a block: values by the place of their exchange in it."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values.values()), start=1)}
    codes = array("H", bytes(2 * SIZE))
    for place, value in values.items() if len(numbers) > 1 or len(values) < SIZE else ():
        codes[place] = numbers[value]
    texts = json.dumps(list(numbers)).encode()
    if len(numbers) == 1 and len(values) == SIZE:
        packed = b""
    elif len(numbers) <= _WIDE:
        packed = bytes(codes)
    else:
        if sys.byteorder == "big":
            codes.byteswap()
        packed = codes.tobytes()
    return zlib.compress(_LENGTH.pack(len(texts)) + texts + packed, 1)


def unpack(data: bytes) -> tuple[list[str], Sequence[int]] | None:
    """The different values of a facet, and for each exchange its value's number, 0 for none; None for other data."""
    try:
        plain = zlib.decompressobj().decompress(data, _MOST_BYTES)
        [length] = _LENGTH.unpack_from(plain)
        texts = json.loads(plain[_LENGTH.size : _LENGTH.size + length])
    except (zlib.error, struct.error, ValueError, RecursionError):
        return None
    packed = plain[_LENGTH.size + length :]
    numbers: Sequence[int] = packed or b"\1" * SIZE
    if len(packed) == 2 * SIZE:
        wide = array("H", packed)
        if sys.byteorder == "big":
            wide.byteswap()
        numbers = wide
    known = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
    return (texts, numbers) if known and len(numbers) == SIZE and max(numbers) <= len(texts) else None


def mask(data: bytes, holds: Callable[[str], bool]) -> bytes | None:
    """For each exchange of a block 1 if its value ``holds``, else 0; None for data that is not as ``pack`` made it."""
    try:
        plain = zlib.decompressobj().decompress(data, _MOST_BYTES)
        [length] = _LENGTH.unpack_from(plain)
        texts = json.loads(plain[_LENGTH.size : _LENGTH.size + length])
        flags = bytes([0, *map(holds, texts)])
    except (zlib.error, struct.error, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return _expanded(flags, plain[_LENGTH.size + length :])


def _expanded(flags: bytes, packed: bytes) -> bytes | None:
    if not packed:
        return flags[1:2] * SIZE if len(flags) == 2 else None
    if len(packed) == SIZE:
        return packed.translate(flags.ljust(256, b"\0")) if len(flags) <= _WIDE + 1 else None
    if len(packed) != 2 * SIZE:
        return None
    codes = array("H", packed)
    if sys.byteorder == "big":
        codes.byteswap()
    try:
        return bytes(map(flags.__getitem__, codes))
    except IndexError:
        return None


class FacetBuilder:
    """Makes facets through ``connection``, a little at a time, outside of any transaction of others."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._done = {block for (block,) in connection.execute("SELECT block FROM facet_block")}
        [(low, high)] = connection.execute("SELECT ifnull(min(id), 0), ifnull(max(id), -1) FROM exchange")
        self._newest = high
        self._todo = {block for block in range(low // SIZE, high // SIZE + 1) if block not in self._done}
        self._block = -1
        self._work: Iterator[None] | None = None

    def wrote(self, ids: Iterable[int]) -> None:
        """Exchanges were written, in the transaction that is open now: facets that hold older values go."""
        known = list(ids)
        if not known:
            return
        self._newest = max(self._newest, *known)
        for block in {identity // SIZE for identity in known}:
            if block in self._done:
                self._done.discard(block)
                self._delete(block)
            if block == self._block:
                self._work, self._block = None, -1
            self._todo.add(block)

    def gone(self, last: int) -> None:
        """Exchanges up to ``last`` were deleted, and the facets of their blocks with them."""
        self._done = {block for block in self._done if block > last // SIZE}
        self._todo = {block for block in self._todo if block > last // SIZE}
        self._work, self._block = None, -1

    def step(self) -> bool:
        """Do a little; false when there is nothing to do until more is written. Raises sqlite3.Error."""
        if self._work is None:
            if (block := self._pick()) < 0:
                return False
            self._block, self._work = block, self._build(block)
        try:
            next(self._work)
        except StopIteration:
            self._work, self._block = None, -1
        except BaseException:
            self._work, self._block = None, -1
            raise
        return True

    def _pick(self) -> int:
        """A block that is full and over. One with an exchange in flight is looked at again when that is written."""
        full = sorted(block for block in self._todo if (block + 1) * SIZE <= self._newest + 1)
        for block in full:
            self._todo.discard(block)
            sql = "SELECT 1 FROM exchange WHERE state = 'open' AND id >= ? AND id < ? LIMIT 1"
            if self._connection.execute(sql, (block * SIZE, (block + 1) * SIZE)).fetchone() is None:
                return block
        return -1

    def _build(self, block: int) -> Iterator[None]:
        columns: dict[str, Column] = {}
        first = block * SIZE
        for start in range(first, first + SIZE, _SLICE):
            for identity, *sources in self._connection.execute(_SOURCES, (start, start + _SLICE)):
                place = identity - first
                for name, value in fields.every(*sources).items():
                    if name in columns:
                        columns[name][place] = value
                    else:
                        columns[name] = {place: value}
            if len(columns) > _MOST_NAMES:
                return
            yield
        packed = []
        for name, values in columns.items():
            packed.append((block, name, pack(values)))
            yield
        self._write(block, packed)

    def _write(self, block: int, packed: list[tuple[int, str, bytes]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany("INSERT OR REPLACE INTO facet VALUES (?, ?, ?)", packed)
            self._connection.execute("INSERT OR REPLACE INTO facet_block VALUES (?)", (block,))
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._done.add(block)

    def _delete(self, block: int) -> None:
        self._connection.execute("DELETE FROM facet WHERE block = ?", (block,))
        self._connection.execute("DELETE FROM facet_block WHERE block = ?", (block,))
