"""Reads a trace, while it is being written or after, whoever wrote it and however that ended.

Opens read-only and runs nothing that a file brings with it. Use it in the thread that made it. Every method raises
TraceError when the file turns out to be damaged.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

import json
import os
import re
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Self

from inspector import fields
from inspector.model import (
    Exchange,
    Instance,
    Message,
    ReplayResult,
    ReplayRun,
    Stall,
    Trial,
    Worker,
    WorkerEvent,
)
from inspector.query import Query, to_sql
from inspector.query.functions import Functions
from inspector.query.sql import Clock, Condition
from inspector.store import field_order, ids, seen, whole
from inspector.store import rows as shapes
from inspector.store.annotations import Annotations, Note
from inspector.store.errors import READING_ERRORS, TraceError, explain
from inspector.store.findings import Findings
from inspector.store.log_lines import LogFilter
from inspector.store.masks import Masks
from inspector.store.opening import open_for_reading
from inspector.store.rows import (
    ExchangeRow,
    Found,
    Load,
    LogRow,
    Over,
    Replayed,
    Session,
    TraceCounts,
    TraceMeta,
    blob,
    integer,
    text,
)
from inspector.store.schema import DROPPED, RECORDED, SIFTED
from inspector.store.whole import listed

__all__ = [
    "ORDERS", "ExchangeRow", "Found", "LogFilter", "LogRow", "Session", "TraceCounts", "TraceError", "TraceMeta",
    "TraceReader",
]  # fmt: skip

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
_IDS_AT_ONCE = 500
_SAMPLE = 1_000  #: of the newest exchanges, to know whether a filter lets most through
#: SQL that changes when exchanges up to an id have gone: to make room, or at their end by a filter of the recording.
_GONE = (
    "SELECT (SELECT ifnull(sum(count), 0) FROM tally WHERE what = 'dropped exchanges') || ' ' || CASE WHEN EXISTS"
    f" (SELECT 1 FROM tally WHERE what = '{SIFTED}')"
    " THEN (SELECT count(*) FROM exchange WHERE state = 'open' AND id <= ?) ELSE '' END"
)
_LATE = 2_000  #: so many ids may one that began before another stand behind it
_YOUNG = 20_000  #: among so many of the newest ids one may still come late


class TraceReader:
    """The trace at ``path``, read-only. Raises TraceError when there is none, or it cannot be read.

    What its user has deleted is left out of every list and count, unless ``deleted``; asked for by id it is there.
    """

    def __init__(self, path: str | os.PathLike[str], *, deleted: bool = False) -> None:
        self.path = Path(path)
        self._opened = open_for_reading(self.path)
        self._connection = self._opened.connection
        self._counted: tuple[int, int, object] = (0, 0, None)  # up to which id, how many, what had gone by then
        self._functions = Functions(time.monotonic)
        self._annotations = Annotations(self._connection, shows_all=deleted)
        self._masks = Masks(self._connection, self._functions)
        for name, arguments, function in self._functions.all:
            self._connection.create_function(name, arguments, function, deterministic=True)
        #: Which rules of the contract its exchanges break.
        self.findings = Findings(self._connection, self._mapped, self._condition, self._annotations.condition)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._opened.close()

    def interrupt(self) -> None:
        """Break off what is being read, which then raises TraceError. The one method for other threads."""
        self._connection.interrupt()

    # --- the trace ----------------------------------------------------------------------------------------------------

    def meta(self) -> TraceMeta:
        """Who recorded it, when, with what limits."""
        with self._mapped():
            [(version,)] = self._connection.execute("PRAGMA user_version")
            columns = listed("id first_exchange monotonic_ns wall_ns", "host program", "pid ended_ns")
            sessions = [Session(*row) for row in self._connection.execute(f"SELECT {columns} FROM session ORDER BY id")]
            found = self._connection.execute(f"SELECT {text('value')} FROM meta WHERE key = 'limits'").fetchone()
        limits = _json(found[0] if found else "", dict)
        kept = {str(name): value for name, value in limits.items() if isinstance(value, int)}
        return TraceMeta(str(self.path), int(version), tuple(sessions), kept)

    def counts(self) -> TraceCounts:
        """How much there is, and what is not."""
        with self._mapped():
            exchanges = self._count()
            shown = self._annotations.condition()
            unfinished_of = f"SELECT count(*) FROM exchange AS e WHERE e.state = 'open' AND {shown}"
            [(unfinished,)] = self._connection.execute(unfinished_of)
            tally = dict(self._connection.execute(f"SELECT {text('what')}, {integer('count')} FROM tally"))
        messages, sifted = int(tally.pop(RECORDED, 0)), int(tally.pop(SIFTED, 0))
        dropped = {what.removeprefix(DROPPED): count for what, count in tally.items() if count}
        size = sum(_size(self.path.with_name(self.path.name + suffix)) for suffix in ("", "-wal"))
        return TraceCounts(exchanges, unfinished, messages, dropped, size, sifted)

    def _count(self) -> int:
        """How many exchanges there are: a live window asks often, so those long there are not counted each time."""
        known, count, gone = self._counted
        [(last, now_gone)] = self._connection.execute(f"SELECT (SELECT max(id) FROM exchange), ({_GONE})", (known,))
        if now_gone != gone:
            known, count = 0, 0
        if (last or 0) - known > 2 * _YOUNG:
            count += self._counted_between(known, last - _YOUNG)
            known = last - _YOUNG
            [(now_gone,)] = self._connection.execute(f"SELECT ({_GONE})", (known,))
            self._counted = (known, count, now_gone)
        return count + self._counted_between(known, last or 0) - self._annotations.left_out(now_gone)

    def _counted_between(self, after: int, last: int) -> int:
        if not after:  # from an index that is smaller than the table
            [(count, later)] = self._connection.execute(
                "SELECT (SELECT count(*) FROM exchange), (SELECT count(*) FROM exchange WHERE id > ?)", (last,)
            )
            return int(count) - int(later)
        sql = "SELECT count(*) FROM exchange WHERE id > ? AND id <= ?"
        return int(self._connection.execute(sql, (after, last)).fetchone()[0])

    def data_version(self) -> int:
        """A number that changes when somebody wrote to the trace: cheap to ask before asking anything else."""
        with self._mapped():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    # --- exchanges ----------------------------------------------------------------------------------------------------

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

    def ids(
        self, query: Query | None = None, order: str = "id", descending: bool = False, limit: int | None = None
    ) -> array[int]:
        """The ids of the exchanges that ``query`` lets through, all or the first ``limit``, for lists of any length."""
        with self._mapped():
            if order == "id" and limit is None:
                found = self._ids_by_id(query)
                return found[::-1] if descending else found
            if order not in ORDERS:
                found = field_order.ordered(self._connection, order, _field(order), self._ids_by_id(query))
                return (found[::-1] if descending else found)[:limit]
            where, parameters = self._condition(query)
            if limit is not None:
                where = f"({where}) AND {self._annotations.condition()}"
            sql = f"SELECT e.id FROM exchange AS e WHERE {where} ORDER BY {_order(order, descending)} LIMIT ?"
            found = ids.collect(self._connection, sql, [*parameters, -1 if limit is None else limit])
            return self._annotations.shown(found, ascending=False) if limit is None else found

    def _ids_by_id(self, query: Query | None) -> array[int]:
        if query is None:
            return self._annotations.shown(ids.everything(self._connection), ascending=True)
        broken = self.findings.ids(query)
        if broken is not None:
            return self._annotations.shown(broken, ascending=True)
        where, parameters = self._condition(query)
        most = self._is_most(where, parameters)
        # As the index gives them: to sort them is quicker here. Of most of them, the others are told sooner.
        sql = f"SELECT e.id FROM exchange AS e WHERE {'NOT' * most} ({where})"
        if most:
            with self._at_one_moment():
                others = ids.collect(self._connection, sql, parameters)
                found = ids.others(ids.everything(self._connection), others)
        else:
            found = ids.ascending(ids.collect(self._connection, sql, parameters))
        return self._annotations.shown(found, ascending=True)

    def _is_most(self, where: str, parameters: Sequence[Any]) -> bool:
        """Whether a condition lets more than half of the newest exchanges through; not of few."""
        newest = "SELECT * FROM exchange ORDER BY id DESC LIMIT ?"
        sql = f"SELECT count(*), ifnull(sum({where}), 0) FROM ({newest}) AS e"
        [(looked_at, passed)] = self._connection.execute(sql, [*parameters, _SAMPLE])
        return bool(looked_at == _SAMPLE and 2 * passed > looked_at)

    def loads(self, begin_ns: int, end_ns: int, steps: int) -> list[Load]:
        """What began between two moments, summed by slot and by step, of which there are ``steps`` in that time.

        For a view of so long a time that single exchanges are narrower than a pixel; lifespans are left out.
        """
        step = "(e.opened_ns - ?1) * ?3 / (?2 - ?1)"
        slot = "ifnull((SELECT CAST(w.slot AS INTEGER) FROM worker AS w WHERE w.id = e.worker), 0)"
        sums = "count(*), ifnull(max(CAST(e.status AS INTEGER)), 0), sum(e.state = 'failed')"
        busy = integer("sum(CAST(e.duration_ns AS INTEGER))")
        with self._mapped():
            sql = (
                f"SELECT {slot}, CAST({step} AS INTEGER), {sums}, {busy} FROM exchange AS e"
                " WHERE e.id BETWEEN ?4 AND ?5 AND e.opened_ns >= ?1 AND e.opened_ns < ?2 AND e.kind <> 'lifespan'"
                f" AND {self._annotations.condition()} GROUP BY 1, 2 ORDER BY 1, 2"
            )
            first, last = self._ids_about(begin_ns, end_ns)
            return [Load(*row) for row in self._connection.execute(sql, (begin_ns, end_ns, steps, first, last))]

    def _ids_about(self, begin_ns: int, end_ns: int) -> tuple[int, int]:
        """Ids between which all exchanges are that began between two moments: ids are given in about that order."""
        [(low, high)] = self._connection.execute(
            "SELECT ifnull((SELECT min(id) FROM exchange), 0), ifnull((SELECT max(id) FROM exchange), 0)"
        )

        def found(t_ns: int) -> int:
            left, right = int(low), int(high)
            sql = "SELECT id, opened_ns FROM exchange WHERE id >= ? AND opened_ns > 0 ORDER BY id LIMIT 1"
            while left < right:
                middle = (left + right) // 2
                row = self._connection.execute(sql, (middle,)).fetchone()
                if row is None or row[1] >= t_ns:
                    right = middle
                else:
                    left = int(row[0]) + 1
            return left

        return found(begin_ns) - _LATE, found(end_ns) + _LATE

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

    def rows(self, identities: Sequence[int]) -> list[ExchangeRow]:
        """The exchanges with these ids, in this order; those that are gone are left out."""
        found: dict[int, ExchangeRow] = {}
        for start in range(0, len(identities), _IDS_AT_ONCE):
            chunk = [int(identity) for identity in identities[start : start + _IDS_AT_ONCE]]
            marks = ",".join("?" * len(chunk))
            found.update((row.id, row) for row in self._rows_at_once(f"WHERE e.id IN ({marks})", chunk))
        return [found[identity] for identity in identities if identity in found]

    def fields(self, identities: Sequence[int], names: Sequence[str]) -> dict[int, tuple[str, ...]]:
        """Headers and keys of these exchanges: for each the values of ``names``, as a filter names them.

        ``header.host`` is the request's, or where it has none, the response's.
        """
        wanted = [fields.names(*name.split(".", 1)) for name in names]
        found: dict[int, tuple[str, ...]] = {}
        columns = ", ".join((text("e.interface"), text("d.context"), blob("d.request_head"), blob("d.response_head")))
        for start in range(0, len(identities), _IDS_AT_ONCE):
            chunk = [int(identity) for identity in identities[start : start + _IDS_AT_ONCE]]
            marks = ",".join("?" * len(chunk))
            source = f"detail AS d JOIN exchange AS e ON e.id = d.id WHERE d.id IN ({marks})"
            with self._mapped():
                for identity, *sources in self._connection.execute(f"SELECT d.id, {columns} FROM {source}", chunk):
                    held = fields.every(*sources)
                    found[identity] = tuple(next((held[n] for n in some if n in held), "") for some in wanted)
        return found

    def field_names(self, newest: int = 500) -> list[str]:
        """The headers and keys that the ``newest`` exchanges have, as a filter names them, in order."""
        columns = ", ".join((text("e.interface"), text("d.context"), blob("d.request_head"), blob("d.response_head")))
        source = "detail AS d JOIN exchange AS e ON e.id = d.id ORDER BY d.id DESC LIMIT ?"
        seen: set[str] = set()
        with self._mapped():
            for sources in self._connection.execute(f"SELECT {columns} FROM {source}", (newest,)):
                seen.update(fields.every(*sources))
        return sorted({f"header.{n.partition('.')[2]}" if n.startswith("re") else n for n in seen})

    def seen(self, field: str, typed: str = "", limit: int = 50) -> list[tuple[str, int]]:
        """Values of a filter's ``field`` in the newest exchanges that have ``typed`` in them, with how often each."""
        with self._mapped():
            return seen.seen(self._connection, field, typed, limit)

    def passing(self, query: Query, identities: Sequence[int]) -> set[int]:
        """Which of these exchanges ``query`` lets through: for as many as a screen has."""
        found: set[int] = set()
        for start in range(0, len(identities), _IDS_AT_ONCE):
            chunk = [int(identity) for identity in identities[start : start + _IDS_AT_ONCE]]
            with self._mapped():
                # Without the masks, which are for all of a trace.
                where, parameters = to_sql(query, clock=self._clock())
                sql = f"SELECT e.id FROM exchange AS e WHERE e.id IN ({','.join('?' * len(chunk))}) AND {where}"
                found.update(identity for (identity,) in self._connection.execute(sql, [*chunk, *parameters]))
        return found

    def annotations_version(self) -> int:
        """A number that grows when somebody marks, comments, deletes or brings back."""
        with self._mapped():
            return self._annotations.version()

    def annotations(self) -> dict[int, Note]:
        """What was written to exchanges: marks, comments, and what is deleted, by exchange."""
        with self._mapped():
            return self._annotations.notes()

    def exchange(self, identity: int) -> Exchange | None:
        """One exchange with everything but its messages; None when there is none."""
        with self._mapped():
            return whole.exchange(self._connection, identity)

    def messages(self, exchange: int, start: int = 0, limit: int | None = None) -> list[Message]:
        """The messages of an exchange from number ``start`` on, in order."""
        with self._mapped():
            return whole.messages(self._connection, exchange, start, limit)

    def message_count(self, exchange: int) -> int:
        """How many messages of an exchange are in the file."""
        with self._mapped():
            sql = "SELECT count(*) FROM message WHERE exchange = ?"
            return int(self._connection.execute(sql, (exchange,)).fetchone()[0])

    # --- servers ------------------------------------------------------------------------------------------------------

    def instances(self) -> list[Instance]:
        """Every launch, in order."""
        columns = listed(
            "id", "app target mode interface", "workers threads adapted", "command", "pid started_ns ready_ns ended_ns",
            "outcome url",
        )  # fmt: skip
        with self._mapped():
            instances = [
                Instance(*row) for row in self._connection.execute(f"SELECT {columns} FROM instance ORDER BY id")
            ]
        for instance in instances:
            instance.adapted = bool(instance.adapted)
        return instances

    def workers(self, instance: int | None = None) -> list[Worker]:
        """Every serving process, of one instance or of all, in the order of their ids."""
        columns = listed("id instance slot generation pid", "state", "born_ns ready_ns ended_ns")
        columns += f", CAST(exit_code AS INTEGER), {integer('signal')}, {listed('', 'cause outcome in_hand')}"
        sql = f"SELECT {columns} FROM worker WHERE ?1 IS NULL OR instance = ?1 ORDER BY id"
        with self._mapped():
            found = self._connection.execute(sql, (instance,)).fetchall()
        return [_worker(row) for row in found]

    def worker_events(self, worker: int | None = None) -> list[WorkerEvent]:
        """What happened to a worker, or to all, in order."""
        columns = listed("worker t_ns", "event detail")
        sql = f"SELECT {columns} FROM worker_event WHERE ?1 IS NULL OR worker = ?1 ORDER BY id"
        with self._mapped():
            found = self._connection.execute(sql, (worker,)).fetchall()
        return [WorkerEvent(of, t_ns, event, _json(detail, dict)) for of, t_ns, event, detail in found]

    def logs(
        self,
        *,
        after: int = 0,
        limit: int | None = None,
        instance: int | None = None,
        worker: int | None = None,
        exchange: int | None = None,
        newest: bool = False,
    ) -> list[LogRow]:
        """Lines with an id above ``after``, oldest first; with ``newest`` the last ``limit`` of them."""
        chosen = {"instance": instance, "worker": worker, "exchange": exchange}
        conditions = [f"{name} = ?" for name, value in chosen.items() if value is not None]
        where = " AND ".join(["id > ?", *conditions, *(["exchange > 0"] if exchange else [])])
        columns = listed("t_ns instance worker", "stream text", "exchange", "level", "id")
        sql = f"SELECT {columns} FROM log WHERE {where} ORDER BY id {'DESC' if newest else ''} LIMIT ?"
        values = [after, *(value for value in chosen.values() if value is not None), -1 if limit is None else limit]
        with self._mapped():
            lines = [LogRow(*row) for row in self._connection.execute(sql, values)]
        return lines[::-1] if newest else lines

    def log_ids(self, wanted: LogFilter, *, after: int = 0) -> array[int]:
        """The ids above ``after`` of the lines that are ``wanted``, in order: what a long list is built on."""
        where, values = wanted.to_sql()
        sql = f"SELECT id FROM log WHERE id > ? AND {where} ORDER BY id"
        with self._mapped():
            return array("q", chain.from_iterable(self._connection.execute(sql, [after, *values])))

    def log_rows(self, identities: Sequence[int]) -> list[LogRow]:
        """The lines with these ids, in the order of the ids; those that are gone are left out."""
        columns = listed("t_ns instance worker", "stream text", "exchange", "level", "id")
        found: list[LogRow] = []
        for start in range(0, len(identities), _IDS_AT_ONCE):
            chunk = [int(identity) for identity in identities[start : start + _IDS_AT_ONCE]]
            sql = f"SELECT {columns} FROM log WHERE id IN ({','.join('?' * len(chunk))}) ORDER BY id"
            with self._mapped():
                found += [LogRow(*row) for row in self._connection.execute(sql, chunk)]
        return found

    def stalls(self, worker: int | None = None, *, newest: int | None = None) -> list[Stall]:
        """When the event loop of a worker, or of any, was held up, in order, all or the ``newest``; of each the last
        that is known.
        """
        columns = listed("worker from_ns until_ns exchange", "stack")
        last = "SELECT max(id) FROM stall WHERE ?1 IS NULL OR worker = ?1 GROUP BY worker, from_ns"
        sql = f"SELECT {columns} FROM stall WHERE id IN ({last} ORDER BY 1 DESC LIMIT ?2) ORDER BY id"
        with self._mapped():
            found = self._connection.execute(sql, (worker, -1 if newest is None else newest))
            return [Stall(*row) for row in found]

    # --- replays ------------------------------------------------------------------------------------------------------

    def replay_runs(self) -> list[ReplayRun]:
        """Every replay into this trace, in order."""
        columns = listed("id", "source url speed", "total started_ns ended_ns", "state error")
        with self._mapped():
            return [
                ReplayRun(*row) for row in self._connection.execute(f"SELECT {columns} FROM replay_run ORDER BY id")
            ]

    def replay_results(self, run: int) -> list[ReplayResult]:
        """What a replay found, in the order it found it."""
        columns = listed("run original exchange same", "differences error")
        with self._mapped():
            found = self._connection.execute(f"SELECT {columns} FROM replay_result WHERE run = ? ORDER BY id", (run,))
            return [
                ReplayResult(of, original, exchange, bool(same), differences, error)
                for of, original, exchange, same, differences, error in found
            ]

    def trials(self) -> list[Trial]:
        """The turns of the modes in the comparison that this trace holds, in order."""
        columns = listed(
            "id", "mode", "workers threads round concurrency run instance", "state problem",
            "warmed memory_peak memory_mean cpu_ns deaths",
        )  # fmt: skip
        with self._mapped():
            return [Trial(*row) for row in self._connection.execute(f"SELECT {columns} FROM trial ORDER BY id")]

    def replayed(self, run: int) -> list[Replayed]:
        """What a replay sent and what came of it, in figures, in the order it came back."""
        columns = ", ".join([
            integer("r.original"), integer("r.exchange"), text("e.method"), text("e.target"), integer("e.status"),
            integer("e.opened_ns"), integer("e.duration_ns"), integer("r.same"), text("r.error"),
        ])  # fmt: skip
        source = "replay_result AS r LEFT JOIN exchange AS e ON e.id = r.exchange"
        with self._mapped():
            found = self._connection.execute(f"SELECT {columns} FROM {source} WHERE r.run = ? ORDER BY r.id", (run,))
            return [Replayed(*row) for row in found]

    def _condition(self, query: Query | None) -> Condition:
        return to_sql(query, self._masks.find, self._clock()) if query else ("1", [])

    def _clock(self) -> Clock:
        """Of this machine, and what the trace says of the one it was recorded on."""
        sql = f"SELECT {listed('first_exchange wall_ns monotonic_ns')} FROM session ORDER BY id"
        found = self._connection.execute(sql)
        sessions = tuple((first, (wall - monotonic) % 2**62) for first, wall, monotonic in found)
        return Clock(sessions, (time.localtime().tm_gmtoff or 0) * 10**9, time.time_ns())

    # --- within -------------------------------------------------------------------------------------------------------

    def _rows(self, tail: str, parameters: Sequence[Any]) -> list[ExchangeRow]:
        sql = f"SELECT {shapes.COLUMNS} FROM {shapes.SOURCE} {tail}"
        with self._mapped():
            return list(map(ExchangeRow._make, self._connection.execute(sql, parameters)))

    def _rows_at_once(self, tail: str, parameters: Sequence[Any]) -> list[ExchangeRow]:
        """The same for some hundreds, as one text: for each row of a cursor a busy window may let one wait."""
        row = f"SELECT json_array({shapes.COLUMNS}) AS made FROM {shapes.SOURCE} {tail}"
        with self._mapped():
            [(found,)] = self._connection.execute(f"SELECT group_concat(made, ',') FROM ({row})", parameters)
            return list(map(ExchangeRow._make, json.loads(f"[{found or ''}]")))

    @contextmanager
    def _at_one_moment(self) -> Iterator[None]:
        """What several statements see is the same, whoever writes meanwhile."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        self._functions.begin()
        try:
            yield
        except READING_ERRORS as error:
            if self._functions.slow:
                raise TraceError(self._functions.slow, "", "Make it simpler, or narrow the filter.") from None
            raise TraceError(f"{self.path} could not be read.", explain(error), "Try again, or open a copy.") from None


def _worker(row: tuple[Any, ...]) -> Worker:
    values: list[Any] = list(row)
    values[-1] = tuple(identity for identity in _json(row[-1], list) if type(identity) is int)
    return Worker(*values)


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


def _json(source: str, kind: type) -> Any:
    """The JSON value in ``source`` if it is of this ``kind``, else an empty one."""
    try:
        value = json.loads(source)
    except (ValueError, RecursionError):
        return kind()
    return value if isinstance(value, kind) else kind()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
