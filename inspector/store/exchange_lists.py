"""Which exchanges of a trace there are, pass a filter, or have changed, and in what order.

Lists that may be a million long; what one exchange holds is read by ``exchange_parts``.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from typing import Any

from inspector.query import Query, to_sql
from inspector.store import field_order, ids, loads
from inspector.store.access import IDS_AT_ONCE, Access
from inspector.store.rows import ExchangeRow, Found, Load, Over, integer, text

#: What exchanges can be ordered by, and how SQL says it; the id decides between equals.
ORDERS = {
    "id": "e.id",
    "rev": "e.rev",
    "opened": "e.opened_ns",
    "time": "max(e.opened_ns, e.called_ns * (e.opened_ns = 0))",
    "duration": "e.duration_ns",
    "status": "e.status",
    "method": "e.method COLLATE NOCASE",
    "target": "e.target COLLATE NOCASE",
    "path": "e.target COLLATE NOCASE",
    "kind": "e.kind",
    "state": "e.state",
    "client": "e.client",
    "type": "e.content_type",
    "size": "e.response_size",
    "request_size": "e.request_size",
    "messages": "e.messages",
    "instance": "e.instance",
    "worker": "(SELECT w.slot FROM worker AS w WHERE w.id = e.worker)",
    "pid": "(SELECT w.pid FROM worker AS w WHERE w.id = e.worker)",
    "mode": "(SELECT i.mode FROM instance AS i WHERE i.id = e.instance)",
    "mark": "ifnull((SELECT a.mark FROM annotation AS a WHERE a.exchange = e.id), '')",
    "findings": "(SELECT count(*) FROM finding AS f WHERE f.exchange = e.id)",
    "comment": "ifnull((SELECT a.comment FROM annotation AS a WHERE a.exchange = e.id), '') COLLATE NOCASE",
}
_ORDERED_BY = ("header", "scope", "environ")


class ExchangeLists(Access):
    """Questions that many exchanges answer."""

    def exchanges(
        self,
        query: Query | None = None,
        *,
        order: str = "id",
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[ExchangeRow]:
        """The exchanges that ``query`` lets through, those in flight with them."""
        with self._mapped():
            where, parameters = self._condition(query)
            where = f"({where}) AND {self._annotations.condition()}"
        tail = f"WHERE {where} ORDER BY {_order(order, descending)} LIMIT ? OFFSET ?"
        return self._rows(tail, [*parameters, -1 if limit is None else limit, offset])

    def changes(self, since_rev: int, limit: int) -> list[ExchangeRow]:
        """The first ``limit`` exchanges written after change ``since_rev``, in the order of their last change."""
        with self._mapped():
            shown = self._annotations.condition()
        return self._rows_at_once(f"WHERE e.rev > ? AND {shown} ORDER BY e.rev LIMIT ?", [since_rev, limit])

    def over(self, since_rev: int, limit: int, query: Query | None = None) -> tuple[list[Over], int]:
        """The first ``limit`` exchanges that are over and were written after a change, and up to which one that is.

        Lifespans are left out. One may come again, when it is written again.
        """
        slot = "ifnull((SELECT CAST(w.slot AS INTEGER) FROM worker AS w WHERE w.id = e.worker), 0)"
        began = "CASE WHEN e.opened_ns > 0 THEN e.opened_ns ELSE e.called_ns END"
        failed = "e.state = 'failed' OR e.status >= 500 OR e.has_exception"
        columns = ", ".join([
            integer("e.id"), integer("e.rev"), text("e.method"), text("e.target"), slot, integer(began),
            integer("e.duration_ns"), integer("e.response_size"), integer(f"({failed})"),
        ])  # fmt: skip
        with self._mapped():
            where, parameters = self._condition(query)
            [(newest,)] = self._connection.execute("SELECT ifnull(max(rev), 0) FROM exchange")
            sql = (
                f"SELECT {columns} FROM exchange AS e WHERE e.rev > ? AND e.rev <= ? AND e.state <> 'open'"
                f" AND e.kind <> 'lifespan' AND ({where}) AND {self._annotations.condition()} ORDER BY e.rev LIMIT ?"
            )
            found = self._connection.execute(sql, [since_rev, newest, *parameters, limit]).fetchall()
        rows = [Over(*row) for row in found]
        return rows, rows[-1].rev if len(rows) == limit else int(newest)

    def newest_rev(self) -> int:
        """The number of the last change of any exchange, 0 without any."""
        with self._mapped():
            return int(self._connection.execute("SELECT ifnull(max(rev), 0) FROM exchange").fetchone()[0])

    def newest_before(self, rev: int) -> int:
        """When the newest exchange began that has not changed since ``rev``, lifespans left out; 0: there is none."""
        # The plus keeps SQLite from collecting all of them by an index: the newest are looked at one by one.
        sql = (
            f"SELECT {integer('opened_ns')} FROM exchange WHERE +rev < ? AND opened_ns > 0 AND +kind <> 'lifespan'"
            " ORDER BY id DESC LIMIT 1"
        )
        with self._mapped():
            found = self._connection.execute(sql, (rev,)).fetchone()
        return int(found[0]) if found else 0

    def ids(
        self,
        query: Query | None = None,
        order: str = "id",
        descending: bool = False,
        limit: int | None = None,
        told: field_order.Told = lambda _done, _all: None,
    ) -> array[int]:
        """The ids of the exchanges that ``query`` lets through, all or the first ``limit``, for lists of any length.

        ``told`` hears how far a sort by a header or key is; what it raises ends the work.
        """
        with self._mapped():
            if order == "id" and limit is None:
                found = self._ids_by_id(query)
                return found[::-1] if descending else found
            if order not in ORDERS:
                value, wanted = _field(order), self._ids_by_id(query)
                found = field_order.ordered(self._connection, order, value, wanted, told)
                return (found[::-1] if descending else found)[:limit]
            by = _order(order, descending)
            if limit is not None:
                where, parameters = self._condition(query)
                where = f"({where}) AND {self._annotations.condition()}"
                return self._collected(f"WHERE {where} ORDER BY {by} LIMIT ?", [*parameters, limit])
            with self._at_one_moment():
                passing = self._sets.passing(query)
                where, parameters = self._condition(query) if passing is None else passing.condition()
                found = self._collected(f"WHERE {where} ORDER BY {by}", parameters)
            return self._annotations.shown(found, ascending=False)

    def _ids_by_id(self, query: Query | None) -> array[int]:
        with self._at_one_moment():
            passing = self._sets.passing(query)
            if passing is not None:
                found = passing.ids()
            else:
                where, parameters = self._condition(query)
                found = ids.ascending(self._collected(f"WHERE {where}", parameters))
        return self._annotations.shown(found, ascending=True)

    def _collected(self, tail: str, parameters: Sequence[Any]) -> array[int]:
        return ids.collect(self._connection, f"SELECT e.id FROM exchange AS e {tail}", parameters)

    def passing(self, query: Query, identities: Sequence[int]) -> set[int]:
        """Which of these exchanges ``query`` lets through: for as many as a screen has."""
        found: set[int] = set()
        for start in range(0, len(identities), IDS_AT_ONCE):
            chunk = [int(identity) for identity in identities[start : start + IDS_AT_ONCE]]
            with self._mapped():
                # Without the masks, which are for all of a trace.
                where, parameters = to_sql(query, clock=self._clock())
                sql = f"SELECT e.id FROM exchange AS e WHERE e.id IN ({','.join('?' * len(chunk))}) AND {where}"
                found.update(identity for (identity,) in self._connection.execute(sql, [*chunk, *parameters]))
        return found

    def search(self, query: Query, after: int, limit: int) -> Found:
        """A slice of a search that may take long: which of the next ``limit`` exchanges after ``after`` pass.

        Begin after 0 and go on after ``last`` until ``over``; between two slices it can be left, and progress shown.
        """
        with self._mapped():
            bounds = "SELECT max(id) FROM (SELECT id FROM exchange WHERE id > ? ORDER BY id LIMIT ?)"
            [(last,)] = self._connection.execute(bounds, (after, limit))
            if last is None:
                return Found(array("q"), after, True)
            where, parameters = self._condition(query)
            sql = f"SELECT e.id FROM exchange AS e WHERE e.id > ? AND e.id <= ? AND {where} ORDER BY e.id"
            found = ids.collect(self._connection, sql, [after, last, *parameters])
            passed = self._annotations.shown(found, ascending=True)
            [(newest,)] = self._connection.execute("SELECT max(id) FROM exchange")
        return Found(passed, last, last >= newest)

    def loads(self, begin_ns: int, end_ns: int, steps: int) -> list[Load]:
        """What began between two moments, summed by slot and by step, of which there are ``steps`` in that time.

        For a view of so long a time that single exchanges are narrower than a pixel; lifespans are left out.
        """
        with self._mapped():
            return loads.between(self._connection, self._annotations.condition(), begin_ns, end_ns, steps)


def _order(order: str, descending: bool) -> str:
    """SQL for an order: one of ``ORDERS``, or a header or key as a filter names it. Raises KeyError."""
    direction = "DESC" if descending else "ASC"
    column = ORDERS[order] if order in ORDERS else f"{_field(order)} COLLATE NOCASE"
    return f"{column} {direction}" + ("" if order == "id" else f", e.id {direction}")


def _field(name: str) -> str:
    kind, _, key = name.partition(".")
    if kind not in _ORDERED_BY or not re.fullmatch(r"[A-Za-z0-9_.-]+", key):
        raise KeyError(name)
    detail = "(SELECT {value} FROM detail AS d WHERE d.id = e.id)"
    if kind == "header":
        value = f"ifnull(gs_header(d.request_head, '{key}'), gs_header(d.response_head, '{key}'))"
    else:
        value = f"gs_key(e.interface, d.context, '{name}')"
    return f"ifnull({detail.format(value=value)}, '')"
