"""What an index is asked for a term: those inside and those outside, from the index alone."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from inspector.query import parse, to_sql
from inspector.query.functions import Functions
from inspector.query.indexes import Statements, listed
from inspector.query.language import And, Not, Number, Or, Text
from inspector.store import schema

#: Filters that an index answers, and the index; ``finding`` and ``annotation`` are other tables.
SERVED = {
    "status:200": "exchange_status", "status:5xx": "exchange_status", "status:>404": "exchange_status",
    "status:>=404": "exchange_status", "status:<404": "exchange_status", "status:<=404": "exchange_status",
    "duration:>100ms": "exchange_duration", "duration:10ms..1s": "exchange_duration", "duration:5": "exchange_duration",
    "worker:1": "exchange_worker", "pid:>100": "exchange_worker", "generation:1..2": "exchange_worker",
    "method:get": "exchange_method", "method:=POST": "exchange_method",
    "path:/api": "exchange_target", "path:=/api": "exchange_target", "target:=/API?a=1": "exchange_target",
    "kind:ws": "exchange_kind", "state:open": "exchange_state", "state:done": "exchange_state",
    "is:done": "exchange_state", "is:open": "exchange_state", "is:failed": "exchange_state",
    "is:exception": "exchange_exception", "is:error": "exchange_status", "is:replay": "exchange_replay",
    "is:dropped": "exchange_dropped", "replay:2": "exchange_replay", "replay:>=1": "exchange_replay",
    "finding:any": "finding", "finding:violation": "finding_severity", "finding:server": "finding_fault",
    "finding:http": "finding_rule", "is:marked": "annotation", "is:commented": "annotation",
}  # fmt: skip
#: Those of them whose others are in the index, too.
BOTH = ("status", "duration", "worker", "pid", "generation", "method", "path", "target", "kind", "state", "is:done")
UNSERVED = (
    "path:api", "path:/a?b", "method:~^G", "size:>1", "id:3", "replay:0", "replay:<3", "finding:none", "time:10:30",
    "header.host:x", "body:x", "status:200 duration:>1", "status:200 method:GET", "status:200,404", "-status:200", "",
    "mark:red", 'path:=""', "client:127",
)  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    """Exchanges of every sort; some have nothing where there should be something."""
    chance = random.Random(5)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        schema.create(made)
        for name, what in schema.AT_REST.items():
            made.execute(f"CREATE INDEX {name} ON {what}")
        for name, arguments, function in Functions(lambda: 0.0).all:
            made.create_function(name, arguments, function, deterministic=True)
        made.executemany("INSERT INTO worker (id, instance, slot, pid, generation) VALUES (?, 1, ?, ?, ?)",
                         [(1, 1, 100, 1), (2, 2, 101, 1), (3, 1, 102, 3)])  # fmt: skip
        pools = {
            "status": [0, 200, 204, 404, 405, 500, 599, None], "method": ["GET", "get", "POST", "DELETE", None],
            "kind": ["http", "websocket", "sse", "lifespan", None], "state": ["open", "done", "failed", None],
            "target": ["/", "/api", "/API?a=1", "/api/items", "/apis?x", "/aph", "*", "", "/z", "é", None],
            "duration_ns": [None, 0, 5_000_000, 10_000_000, 10**8, 10**8 + 1, 10**9, 2 * 10**9],
            "worker": [0, 1, 2, 3, 9, None], "replay_run": [0, 0, 1, 2, 3], "dropped": [0, 3], "has_exception": [0, 1],
        }  # fmt: skip
        for identity in range(1, 400):
            row = {"id": identity, "rev": identity, **{name: chance.choice(pool) for name, pool in pools.items()}}
            made.execute(f"INSERT INTO exchange ({','.join(row)}) VALUES ({','.join('?' * len(row))})", [*row.values()])
            if chance.random() < 0.3:
                rule = chance.choice([("HTTP-01", "violation", "server"), ("WSGI-02", "note", "application")])
                made.execute("INSERT INTO finding VALUES (NULL, ?, ?, ?, ?, 0, 0, '')", (identity, *rule))
            if chance.random() < 0.2:
                made.execute("INSERT INTO annotation VALUES (?, ?, ?, 0)",
                             (identity, chance.choice(["", "red"]), chance.choice(["", "why"])))  # fmt: skip
        yield made


def told(connection: sqlite3.Connection, statements: Statements) -> set[int]:
    return {identity for select, values in statements for (identity,) in connection.execute(select, values)}


@pytest.mark.parametrize("text", SERVED)
def test_those_inside_pass_and_those_outside_are_the_others(connection, text):
    where, values = to_sql(parse(text))
    passing = told(connection, ((f"SELECT e.id FROM exchange AS e WHERE {where}", values),))
    every = told(connection, (("SELECT id FROM exchange", []),))
    found = listed(parse(text).node)
    assert found is not None
    assert passing
    assert told(connection, found.inside) == passing
    assert bool(found.outside) == text.startswith(BOTH)
    assert not found.outside or told(connection, found.outside) == every - passing


@pytest.mark.parametrize(("text", "index"), SERVED.items())
def test_an_index_serves_each_statement(connection, text, index):
    found = listed(parse(text).node)
    assert found is not None
    for select, values in (*found.inside, *found.outside):
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {select}", values))
        assert found.foreign or "INDEX" in plan, plan
    plans = [row[3] for select, values in found.inside
             for row in connection.execute(f"EXPLAIN QUERY PLAN {select}", values)]  # fmt: skip
    assert any(index in plan for plan in plans) or found.foreign
    assert found.index in ("", index, f"exchange_{text.partition(':')[0]}")


@pytest.mark.parametrize("text", UNSERVED)
def test_what_has_no_index_of_its_own_is_left_to_others(text):
    assert listed(parse(text).node) is None


def test_of_what_is_put_together_only_a_range_is_one_stretch():
    both = (Number("status", ">", 1), Text("method", "equals", "get"))
    assert listed(And(both)) is listed(Or(both)) is listed(Not(both[0])) is None
    assert listed(And((Number("size", ">", 1), Number("size", "<", 9)))) is None
    assert listed(And((Number("worker", ">", 1), Number("worker", "<", 9)))) is not None
