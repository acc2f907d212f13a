"""How much began at each slot in each step of a long time: sums of a million exchanges, for views that show no more.

Exchanges are grouped by their worker, whose slot is looked up afterwards, and read in stretches of ids: what SQLite
sorts then stays in its cache. Each answer is one row, since for each row of a cursor a busy window may let one wait for
the interpreter lock. Knows the exchange table; not what is drawn of the sums.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from inspector.store.rows import Load, integer

_STRETCH = 16_000  #: ids read at once
_MOST = 400  #: stretches; where ids are far apart they are wider
_LATE = 2_000  #: so many ids may one that began before another stand behind it

_Sums = dict[tuple[int, int], list[int]]  # by slot and step: exchanges, the highest status, failed, time


def between(connection: sqlite3.Connection, shown: str, begin_ns: int, end_ns: int, steps: int) -> list[Load]:
    """What began from ``begin_ns`` up to ``end_ns``, cut into ``steps``, in the order of slots and steps.

    ``shown`` is SQL about ``e``, the exchange table: what is to be counted. Lifespans are not.
    """
    slots = dict(_answer(connection, f"SELECT json_array(id, {integer('slot')}) AS made FROM worker"))
    sums: _Sums = {}
    width, rest = divmod(end_ns - begin_ns, steps)
    step = "(e.opened_ns - ?1) * ?3 / (?2 - ?1)" if rest else "(e.opened_ns - ?1) / ?3"
    time = (begin_ns, end_ns, steps if rest else width)
    ids = ids_about(connection, begin_ns, end_ns)
    for first, last in _stretches(*ids):
        for worker, at, count, worst, busy in _answer(connection, _summed(step, shown), (*time, first, last)):
            known = sums.setdefault((slots.get(worker, 0), at), [0, 0, 0, 0])
            known[:] = known[0] + count, max(known[1], worst), 0, known[3] + busy
    for worker, at, failed in _answer(connection, _failed(step, shown), (*time, *ids)):
        if (key := (slots.get(worker, 0), at)) in sums:  # if not, it has only just been written
            sums[key][2] += failed
    return [Load(slot, step, *found) for (slot, step), found in sorted(sums.items())]


def _stretches(first: int, last: int) -> Iterator[tuple[int, int]]:
    wide = max(_STRETCH, -((first - last) // _MOST))
    for start in range(first, last + 1, wide):
        yield start, min(last, start + wide - 1)


def _answer(connection: sqlite3.Connection, select: str, parameters: Sequence[int] = ()) -> list[Any]:
    """The arrays that ``select`` makes."""
    [(text,)] = connection.execute(f"SELECT group_concat(made, ',') FROM ({select})", parameters)
    found: list[Any] = json.loads(f"[{text or ''}]")
    return found


def _summed(step: str, shown: str) -> str:
    sums = f"count(*), {integer('max(e.status)')}, {integer('sum(e.duration_ns)')}"
    return _grouped(step, sums, f"AND {shown}")


def _failed(step: str, shown: str) -> str:
    """By the index of those that failed: few, and all others are spared the question."""
    return _grouped(step, "count(*)", f"AND e.state = 'failed' AND {shown}")


def _grouped(step: str, sums: str, condition: str) -> str:
    """What may be of any type is made a number once a group, not once an exchange."""
    return (
        f"SELECT json_array({integer('e.worker')}, {integer(step)}, {sums}) AS made FROM exchange AS e"
        " WHERE e.id BETWEEN ?4 AND ?5 AND e.opened_ns >= ?1 AND e.opened_ns < ?2 AND e.kind <> 'lifespan'"
        f" {condition} GROUP BY e.worker, {step}"
    )


def ids_about(connection: sqlite3.Connection, begin_ns: int, end_ns: int) -> tuple[int, int]:
    """Ids between which all exchanges are that began between two moments: ids are given in about that order."""
    # Each by itself: asked for together, SQLite would look at every exchange.
    bounds = "ifnull((SELECT min(id) FROM exchange), 0), ifnull((SELECT max(id) FROM exchange), 0)"
    [(low, high)] = connection.execute(f"SELECT {bounds}")

    def found(t_ns: int) -> int:
        left, right = int(low), int(high)
        sql = f"SELECT id, {integer('opened_ns')} FROM exchange WHERE id >= ? AND opened_ns > 0 ORDER BY id LIMIT 1"
        while left < right:
            middle = (left + right) // 2
            row = connection.execute(sql, (middle,)).fetchone()
            if row is None or row[1] >= t_ns:
                right = middle
            else:
                left = int(row[0]) + 1
        return left

    return max(int(low), found(begin_ns) - _LATE), min(int(high), found(end_ns) + _LATE)
