"""Which exchanges pass a filter, as sets that the indexes and facets of a trace tell term by term.

To look each exchange of a long list up in the table takes longer than to have whole lists from indexes; so each term
gives the set of those that pass it, and the sets are joined and cut. A set is a long integer with a byte for each id
from a first one on, 1 if it is in: a million are joined in a millisecond. What is in no index is looked for in the
table, among those that pass the rest where they are few.

Knows the tables of a trace; nothing of what is done with what passes.
"""

# ruff: noqa: S608 - what is put together into SQL here is our own; values are parameters

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from inspector.query import Query, to_sql
from inspector.query.indexes import Listed, Statements, listed
from inspector.query.language import And, Node, Not, Number, Or, Text
from inspector.query.sql import Condition, masked
from inspector.query.vocabulary import KEYED
from inspector.store import ids
from inspector.store.masks import Masks

_SPARSE = 16  #: so many times as wide as long, and a trace's ids are not worth a byte for each that might be
_NARROW = 1 << 20  #: ids; so many are always worth it
_FEW = 30_000  #: exchanges that are looked up one by one sooner than all are looked at
_SAMPLED = 2_000  #: exchanges of a trace from which on it pays to know before which are fewer, those in or the others
_BLOCK = 1024  #: ids that are counted before they are read
_PLACES, _ROWS = 16, 64  #: where in the trace, and how many exchanges there, are looked at for that


@dataclass(frozen=True, slots=True)
class Span:
    """The exchanges there are: from ``low`` to ``high``, all of them unless there are gaps.

    ``first``, where sets begin, is a multiple of ``ids.PIECE``. ``all``: the set of them.
    """

    first: int
    low: int
    high: int
    count: int
    all: int

    @property
    def size(self) -> int:
        """Bytes of a set."""
        return self.high - self.first + 1


class Sets:
    """Sets of the exchanges behind ``connection``; ``condition`` makes SQL about ``e``, the exchange table, of a query.

    A set speaks of one moment: to ask for it, and for what is done with it, takes a transaction.
    """

    def __init__(
        self, connection: sqlite3.Connection, masks: Masks, condition: Callable[[Query | None], Condition]
    ) -> None:
        self._connection = connection
        self._masks = masks
        self._condition = condition
        self._gappy: tuple[tuple[int, ...], int] = ((), 0)  # all exchanges when some are gone in between, and when

    def passing(self, query: Query | None) -> Passing | None:
        """Those that ``query`` lets through; None where a set would be too wide. Raises sqlite3.Error."""
        bounds = "SELECT min(id), (SELECT max(id) FROM exchange), (SELECT count(*) FROM exchange) FROM exchange"
        [(low, high, count)] = self._connection.execute(bounds)
        if not count:
            return Passing(Span(0, 0, -1, 0, 0), 0)
        first = low - low % ids.PIECE
        if high - first > max(_NARROW, count * _SPARSE):
            return None
        span = self._with_all(Span(first, low, high, count, 0))
        if query is None:
            return Passing(span, span.all)
        present = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
        indexes = frozenset(("", *(name for (name,) in present)))
        look = _Look(self._connection, self._masks, self._condition, span, indexes, {})
        return Passing(span, look.at(query.node))

    def _with_all(self, span: Span) -> Span:
        if span.count == span.high - span.low + 1:
            return replace(span, all=_number(bytes(span.low - span.first) + b"\1" * span.count))
        [(version,)] = self._connection.execute("PRAGMA data_version")
        key = (version, span.low, span.high, span.count)
        if self._gappy[0] != key:
            self._gappy = (key, _set(ids.collect(self._connection, "SELECT id FROM exchange", ()), span))
        return replace(span, all=self._gappy[1])


@dataclass(frozen=True, slots=True)
class Passing:
    """Those that pass, of the exchanges there are."""

    span: Span
    set: int

    @property
    def _mask(self) -> bytes:
        return self.set.to_bytes(self.span.size, "little")

    def ids(self) -> array[int]:
        """Their ids, in order."""
        return ids.held(self.span.first, self._mask)

    def condition(self) -> Condition:
        """SQL about ``e``, the exchange table: that it is one of them."""
        if self.set == self.span.all:
            return "1", []
        if self._mask.count(1) <= _FEW:
            return "e.id IN (SELECT value FROM json_each(?))", [json.dumps(self.ids().tolist())]
        return masked(self.span.first, self._mask)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look through a trace, at one moment."""

    connection: sqlite3.Connection
    masks: Masks
    condition: Callable[[Query | None], Condition]
    span: Span
    indexes: frozenset[str]
    known: dict[Node, int | None]  #: what was told already

    def at(self, node: Node) -> int:
        """The set of those that pass."""
        told = self._told(node)
        if told is not None:
            return told
        match node:
            case Not():
                return self.at(node.part) ^ self.span.all
            case Or():
                sets, rest = self._parted(node.parts)
                return _any([*sets, self._scanned(Or(rest), self.span.all)])
        return self._scanned(node, self.span.all)

    def _parted(self, parts: Sequence[Node]) -> tuple[list[int], tuple[Node, ...]]:
        """The sets of the parts that are in indexes, and the other parts."""
        told = [(part, self._told(part)) for part in parts]
        return [found for _, found in told if found is not None], tuple(part for part, found in told if found is None)

    def _told(self, node: Node) -> int | None:
        """The set of those that pass, if indexes tell of it; None: it has to be looked for in the table."""
        if node not in self.known:
            self.known[node] = self._tell(node)
        return self.known[node]

    def _tell(self, node: Node) -> int | None:
        index = listed(node)
        if index is not None and index.index in self.indexes:
            return self._listed(node, index)
        match node:
            case Not():
                told = self._told(node.part)
                return None if told is None else told ^ self.span.all
            case And():
                return self._both(node.parts)
            case Or():
                sets, rest = self._parted(node.parts)
                return None if rest else _any(sets)
            case Number(field="id"):
                return self._numbered(node)
            case Text(field="finding", op="prefix", value="none" | "unjudged"):
                return self._unbroken(node.value)
            case Text() if node.field in KEYED and node.key:
                return self._masked(node)
        return None

    def _both(self, parts: Sequence[Node]) -> int | None:
        """Those that pass all parts: by those of which fewest pass first, and when few are left, by a look at those."""
        left = sorted(parts, key=self._share)
        rest: list[Node] = []
        passed = self.span.all
        while left and (passed == self.span.all or passed.bit_count() > _FEW):
            part = left.pop(0)
            told = self._told(part)
            if told is None:
                rest.append(part)
            else:
                passed &= told
        rest += left
        if not rest:
            return passed
        return self._scanned(And(tuple(rest)), passed) if len(rest) < len(parts) else None

    def _listed(self, node: Node, index: Listed) -> int:
        """What an index tells: those that pass, or the others, which are fewer."""
        if index.outside and self._share(node) > 0.5:
            return self._set(index.outside) ^ self.span.all
        return self._set(index.inside, foreign=index.foreign)

    def _set(self, statements: Statements, *, foreign: bool = False) -> int:
        """The exchanges that statements give; ``foreign``: of another table, and they may be gone."""
        found = array("q")
        known = f"SELECT CAST(id AS INTEGER) AS id FROM ({{}}) WHERE +id BETWEEN {self.span.low} AND {self.span.high}"
        for select, values in statements:
            found += ids.collect(self.connection, known.format(select) if foreign else select, values)
        held = _set(found, self.span)
        return held & self.span.all if foreign else held

    def _share(self, node: Node) -> float:
        """About how many of the exchanges pass, of 1; what is in no index is to be asked last."""
        match node:
            case Number(field="id"):
                return 0
            case Not():
                return 1 - self._share(node.part)
        return self._sampled(to_sql(Query("", node))) if listed(node) is not None else 1

    def _most(self, condition: Condition) -> bool:
        """Whether it seems that most exchanges pass."""
        return self._sampled(condition) > 0.5

    def _sampled(self, condition: Condition) -> float:
        """How many exchanges pass, of 1, by some from all parts of the trace; of a short one nobody has to know."""
        if self.span.count < _SAMPLED:
            return 0
        where, values = condition
        low, high = self.span.low, self.span.high
        rows = "SELECT * FROM exchange WHERE id >= ? ORDER BY id LIMIT ?"
        sql = f"SELECT count(*), ifnull(sum({where}), 0) FROM ({rows}) AS e"
        starts = [low + (high - low) * place // _PLACES for place in range(_PLACES)]
        counts = [self.connection.execute(sql, [*values, start, _ROWS]).fetchone() for start in starts]
        return float(sum(passed for _, passed in counts) / sum(looked_at for looked_at, _ in counts))

    def _numbered(self, node: Number) -> int:
        """A comparison of the id itself."""
        low, high = self.span.low, self.span.high
        match node.op:
            case "=":
                low, high = max(low, node.value), min(high, node.value)
            case "<" | "<=":
                high = min(high, node.value - (node.op == "<"))
            case _:
                low = max(low, node.value + (node.op == ">"))
        return self._between(low, high)

    def _between(self, low: int, high: int) -> int:
        return _number(bytes(low - self.span.first) + b"\1" * (high - low + 1)) & self.span.all if low <= high else 0

    def _masked(self, node: Text) -> int | None:
        """A test of a header or key that facets tell."""
        mask = self.masks.find(node)
        if mask is None:
            return None
        first, holds = mask
        return _number(holds) << 8 * (first - self.span.first) & self.span.all

    def _unbroken(self, word: str) -> int:
        """Those that break no rule, or of which nobody knows."""
        judged = self._judged()
        if word == "unjudged":
            running = self._set((("SELECT e.id FROM exchange AS e WHERE e.state = 'open'", []),))
            return self.span.all & ~(judged | running)
        return judged & ~self._set((("SELECT f.exchange AS id FROM finding AS f", []),), foreign=True)

    def _judged(self) -> int:
        """Those that were judged."""
        found = self._all_judged() & self.span.all
        return found & ~self._set((("SELECT j.exchange AS id FROM judged AS j WHERE j.rev = 0", []),), foreign=True)

    def _all_judged(self) -> int:
        """Those that were looked at for findings: mostly all from one to another, or in most blocks."""
        # Each by itself is answered from the ends of the table, or from its pages; together all rows would be read.
        each = ("ifnull(min(exchange), 0)", "ifnull(max(exchange), -1)", "count(*)")
        low, high, count = (self.connection.execute(f"SELECT {one} FROM judged").fetchone()[0] for one in each)
        whole = count == high - low + 1
        low, high = max(low, self.span.low), min(high, self.span.high)
        if whole:
            return self._between(low, high)
        counted = "SELECT count(*) FROM judged WHERE exchange BETWEEN ? AND ?"
        there = bytearray(self.span.size)
        for start in range(low, high + 1, _BLOCK):
            end = min(start + _BLOCK - 1, high)
            [(count,)] = self.connection.execute(counted, (start, end))
            if count == end - start + 1:
                there[start - self.span.first : end + 1 - self.span.first] = b"\1" * count
            elif count:
                select = "SELECT CAST(exchange AS INTEGER) AS id FROM judged WHERE exchange BETWEEN ? AND ?"
                ids.put(there, ids.collect(self.connection, select, (start, end)), self.span.first)
        return _number(there)

    def _scanned(self, node: Node, among: int) -> int:
        """Those of ``among`` that pass, by a look at each of them."""
        within, values = Passing(self.span, among).condition()
        where, parameters = self.condition(Query("", node))
        most = self._most((where, parameters))
        select = f"SELECT e.id FROM exchange AS e WHERE {within} AND {'NOT' * most} ({where})"
        found = self._set(((select, [*values, *parameters]),))
        return among & ~found if most else found


def _any(sets: Sequence[int]) -> int:
    """What is in one of them."""
    found = 0
    for one in sets:
        found |= one
    return found


def _set(found: array[int], span: Span) -> int:
    there = bytearray(span.size)
    ids.put(there, found, span.first)
    return _number(there)


def _number(mask: bytes | bytearray) -> int:
    return int.from_bytes(mask, "little")
