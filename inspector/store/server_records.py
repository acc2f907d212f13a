"""What a trace says of those who served: instances, workers and their lives, lines of output, held-up event loops.

Knows their tables; nothing of exchanges.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain
from typing import Any

from inspector.model import Instance, ProbeCost, Stall, Worker, WorkerEvent
from inspector.store.access import IDS_AT_ONCE, Access, json_value
from inspector.store.log_lines import LogFilter
from inspector.store.rows import LogRow, integer
from inspector.store.whole import listed


class ServerRecords(Access):
    """Questions about servers."""

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
            costs = self._probe_costs(None)
        workers = [_worker(row) for row in found]
        for worker in workers:
            worker.cost = costs.get(worker.id)
        return workers

    def probe_cost(self, worker: int) -> ProbeCost | None:
        """What the probe cost a call in ``worker``, None where that was not measured."""
        with self._mapped():
            return self._probe_costs(worker).get(worker)

    def _probe_costs(self, worker: int | None) -> dict[int, ProbeCost]:
        """By worker. The last event of each counts."""
        sql = (
            f"SELECT {listed('worker', 'detail')} FROM worker_event"
            " WHERE event = 'cost' AND (?1 IS NULL OR worker = ?1) ORDER BY id"
        )
        found = self._connection.execute(sql, (worker,)).fetchall()
        costs = {of: _cost(json_value(detail, dict)) for of, detail in found}
        return {of: cost for of, cost in costs.items() if cost is not None}

    def worker_events(self, worker: int | None = None) -> list[WorkerEvent]:
        """What happened to a worker, or to all, in order."""
        columns = listed("worker t_ns", "event detail")
        sql = f"SELECT {columns} FROM worker_event WHERE ?1 IS NULL OR worker = ?1 ORDER BY id"
        with self._mapped():
            found = self._connection.execute(sql, (worker,)).fetchall()
        return [WorkerEvent(of, t_ns, event, json_value(detail, dict)) for of, t_ns, event, detail in found]

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
        for start in range(0, len(identities), IDS_AT_ONCE):
            chunk = [int(identity) for identity in identities[start : start + IDS_AT_ONCE]]
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


def _worker(row: tuple[Any, ...]) -> Worker:
    values: list[Any] = list(row)
    values[-1] = tuple(identity for identity in json_value(row[-1], list) if type(identity) is int)
    return Worker(*values)


def _cost(detail: dict[str, Any]) -> ProbeCost | None:
    """What an event tells of the probe's cost; None where a file that is not ours tells something else."""
    values = [detail.get(name) for name in ("probe_ns", "call_ns", "measured")]
    whole = [value for value in values if type(value) is int and value >= 0]
    return ProbeCost(*whole) if len(whole) == len(values) else None
