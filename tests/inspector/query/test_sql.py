"""Conditions against a real trace: what SQL says is what the tree says, evaluated in Python."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import tagged
from inspector.export.phases import lengths
from inspector.model import Body, Exchange, Fault, Finding, Instance, Kind, Severity, State, Worker
from inspector.query import parse, to_sql
from inspector.query.functions import Functions, header
from inspector.query.language import (
    And,
    Flag,
    Node,
    Not,
    Number,
    Or,
    Query,
    Text,
    ascii_lower,
)
from inspector.query.sql import Clock
from inspector.query.vocabulary import CHOICES, FINDINGS, FLAGS, NUMBERS, TEXTS
from inspector.store.reader import ExchangeRow, TraceReader
from inspector.store.writer import TraceWriter

TARGETS = ["/", "/Api/items?page=2", "/api", "/x/%C3%89?a=/api", "*", "/É", "/nul\0/behind", ""]
MARKS = ["", "Red", "blue"]
BODIES = [b"", b"Out of stock", b"get \xff\xc3\x89"]
CONTEXTS = ["", tagged.dumps({"type": "http", "path": "/É", "server": {"name": "a"}, "raw": b"x", "n": 7}), "broken {"]
#: How the workers ended, and what each had in hand then: one is gone from the trace, one lives.
ENDS = [("timeout", (3, 40, 9999)), ("out of memory", (7,)), ("", (9,)), ("Timeout", ())]


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraceReader]:
    path = tmp_path_factory.mktemp("query") / "t.gatescope"
    with closing(TraceWriter(path)) as writer:
        for mode, interface in (("gunicorn-sync", "WSGI"), ("uvicorn", "ASGI3")):
            writer.instance(Instance(writer.new_id("instance"), "a", "a:a", mode, interface, 1, 1))
        for number, (cause, in_hand) in enumerate(ENDS):
            worker = Worker(writer.new_id("worker"), 1, number % 2 + 1, number // 2 + 1, 100 + number)
            worker.cause, worker.in_hand = cause, in_hand
            writer.worker(worker)
        for number in range(120):
            exchange = made(writer.new_id("exchange"), number)
            if exchange.kind == Kind.WEBSOCKET:
                for seq, way in enumerate(("in", "out")):
                    row = (exchange.id, seq, 1, "wire", way, "ws.text", 4, f"ws {way} {number % 5}", b"", "", "")
                    writer.message(exchange, row)
            writer.touch(exchange)
    annotate(path)
    spoil(path)
    judge(path)
    with TraceReader(path) as reader:
        yield reader


def annotate(path: Path) -> None:
    """Marks and comments, as a window writes them."""
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = [(number, MARKS[number % 3], ["", "look again"][number % 2]) for number in range(1, 120, 3)]
        connection.executemany("INSERT INTO annotation (exchange, mark, comment) VALUES (?, ?, ?)", rows)


def spoil(path: Path) -> None:
    """Workers with something else than a list of numbers: a trace may come from anywhere."""
    with closing(sqlite3.connect(path)) as connection, connection:
        odd = [(9, "killed", "[1, "), (10, "killed", '["8", null, {"a": 11}, 12]'), (11, "killed", None)]
        connection.executemany("INSERT INTO worker (id, instance, cause, in_hand) VALUES (?, 1, ?, ?)", odd)


def judge(path: Path) -> None:
    """Findings of our own in place of those that the recording made: most exchanges are judged, some break rules."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("DELETE FROM finding; DELETE FROM judged")
        over = connection.execute("SELECT id, rev FROM exchange WHERE state <> 'open'").fetchall()
        connection.executemany("INSERT INTO judged VALUES (?, ?)", [row for row in over if row[0] % 4])
        rows = [(i, found.rule, found.severity, found.fault) for i in range(1, 121) for found in broken(i)]
        connection.executemany(
            "INSERT INTO finding (exchange, rule, severity, fault, seq, t_ns, detail) VALUES (?, ?, ?, ?, 0, 0, '')",
            rows,
        )


def broken(identity: int) -> list[Finding]:
    if identity % 5 or list(State)[(identity - 1) % 3] == State.OPEN:
        return []
    severities = [Severity.NOTE, Severity.VIOLATION][: 1 + identity % 2]
    rules = ["GET-SR-01", "HTTP-02"]
    return [Finding(identity, rules[n], each, list(Fault)[identity % 2]) for n, each in enumerate(severities)]


def annotation(identity: int) -> tuple[str, str]:
    return (MARKS[identity % 3], ["", "look again"][identity % 2]) if identity % 3 == 1 and identity < 120 else ("", "")


def made(identity: int, number: int) -> Exchange:
    """The exchanges differ in every field, with periods that do not divide each other."""
    exchange = Exchange(identity, list(Kind)[number % 4], list(State)[number % 3])
    exchange.method = ["GET", "POST", "get"][number % 3]
    exchange.target = TARGETS[number % len(TARGETS)]
    exchange.status = [0, 200, 204, 404, 500, 503, 599][number % 7]
    exchange.instance, exchange.worker = number % 3, number % 5
    exchange.interface = ["", "WSGI", "ASGI3"][number % 3]
    exchange.context = CONTEXTS[number // 3 % 3] if number % 5 else tagged.dumps({"wsgi.url_scheme": "http", "A": "É"})
    exchange.request_head = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n" if number % 2 else b""
    exchange.response_head = b"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML\r\n\r\n" if number % 11 else b""
    exchange.request_body = Body(number, BODIES[number % 3])
    exchange.response_body = Body(number * 100, BODIES[number % 2])
    exchange.opened_ns, exchange.closed_ns = 1, [0, 1 + number * 10_000_000][number % 13 > 0]
    exchange.client, exchange.task = f"127.0.0.{number % 2}:5{number}", f"Task-{number % 4}"
    exchange.error, exchange.exception = ["", "client gone"][number % 6 == 0], ["", "KeyError"][number % 9 == 0]
    exchange.replay_run, exchange.replay_of, exchange.dropped = number % 4, number % 6, number % 5
    exchange.messages = number % 8
    return exchange


# --- the same in Python -----------------------------------------------------------------------------------------------

FLAG = {
    "open": lambda r: r.state == "open",
    "done": lambda r: r.state == "done",
    "failed": lambda r: r.state == "failed",
    "error": lambda r: r.state == "failed" or r.status >= 500 or r.has_exception,
    "exception": lambda r: r.has_exception,
    "replay": lambda r: r.replay_run > 0,
    "dropped": lambda r: r.dropped > 0,
    "marked": lambda r: bool(annotation(r.id)[0]),
    "commented": lambda r: bool(annotation(r.id)[1]),
}
NUMBER = {
    "duration": lambda r: None if r.duration_ms is None else round(r.duration_ms * 1e6),
    "size": lambda r: r.response_size,
    "request-size": lambda r: r.request_size,
    "worker": lambda r: r.worker_slot or None,
    "pid": lambda r: r.worker_pid or None,
    "generation": lambda r: r.worker_generation or None,
    "replay": lambda r: r.replay_run,
    "original": lambda r: r.replay_of,
    "wait": lambda r: lengths(r).get("wait"),
    **dict.fromkeys(("queue", "application", "sending", "buffered", "held", "after"), lambda _r: None),  # not called
    "age": lambda _r: 10**15,  # they are from when the machine was started: days ago
}
COMPARE = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def holds(node: Node, row: ExchangeRow, exchange: Exchange) -> bool:
    match node:
        case And():
            return all(holds(part, row, exchange) for part in node.parts)
        case Or():
            return any(holds(part, row, exchange) for part in node.parts)
        case Not():
            return not holds(node.part, row, exchange)
        case Flag():
            return FLAG[node.name](row)
        case Number():
            value = NUMBER[node.field](row) if node.field in NUMBER else getattr(row, node.field)
            return value is not None and COMPARE[node.op](value, node.value)
        case Text():
            return any(matches(node, value) for value in texts(node, row, exchange))


def texts(node: Text, row: ExchangeRow, exchange: Exchange) -> list[str | None]:
    match node.field:
        case "body" | "request-body" | "response-body":
            return bodies(node.field, exchange)
        case "exception":
            return [exchange.exception or None]
        case "mark" | "comment":
            return [annotation(row.id)[node.field == "comment"] or None]
        case "cause":
            return [cause for cause, in_hand in (*ENDS, ("killed", (12,))) if cause and row.id in in_hand]
        case "finding":
            words = {node.value} & words_of(row) if node.op == "prefix" else set()
            return [*(found.rule for found in broken(row.id)), *words]
        case "message":
            return ["ws.text"] if exchange.kind == Kind.WEBSOCKET else []
        case "app":
            return ["a" if row.mode else None]
        case "request" | "response":
            return [header(getattr(exchange, f"{node.field}_head"), node.key)]
        case "header" if not node.key:
            return [exchange.request_head.decode(), exchange.response_head.decode()]
        case "header":
            return [header(exchange.request_head, node.key), header(exchange.response_head, node.key)]
        case "scope" | "environ":
            return [in_context(node, exchange)]
        case "type":
            return [row.content_type]
        case "mode":
            return [row.mode or None]
    return [getattr(row, node.field)]


def words_of(row: ExchangeRow) -> set[str]:
    """The words that ``finding:`` may be followed by to have this exchange."""
    found = broken(row.id)
    words = {"any", *(str(word) for each in found for word in (each.severity, each.fault))} if found else set()
    if row.state != "open":
        words |= {"unjudged"} if row.id % 4 == 0 else set() if found else {"none"}
    return words


def bodies(field: str, exchange: Exchange) -> list[str | None]:
    number = exchange.id - 1
    sides = {"request-body": exchange.request_body.head, "response-body": exchange.response_body.head}
    found: list[str | None] = []
    for side, way in (("request-body", "in"), ("response-body", "out")):
        if field in ("body", side):
            found.append(sides[side].decode("utf-8", "replace") or None)
            if exchange.kind == Kind.WEBSOCKET:
                found.append(f"ws {way} {number % 5}")
    return found


def in_context(node: Text, exchange: Exchange) -> str | None:
    wanted = "WSGI" if node.field == "environ" else "ASGI3"
    try:
        value: Any = json.loads(exchange.context)
    except ValueError:
        return None
    if exchange.interface != wanted:
        return None
    whole = node.field == "environ" or (isinstance(value, dict) and node.key in value)
    for key in [node.key] if whole else node.key.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return value.get("$bytes", json.dumps(value, separators=(",", ":")))
    return None if value is None else str(value)


def matches(node: Text, value: str | None) -> bool:
    if value is None:
        return False
    if node.op == "regex":
        return bool(Functions(lambda: 0.0).regex(node.value, value))
    lowered = ascii_lower(value)
    return {"contains": node.value in lowered, "prefix": lowered.startswith(node.value)}.get(
        node.op, lowered == node.value
    )


# --- the property -----------------------------------------------------------------------------------------------------

words = st.sampled_from(
    ["", "/", "/api", "a", "É", "é", "get", "Items", "0", "gunicorn", "http", "page", "text/", "?", "'", "red"]
)
numbers = st.builds(
    Number,
    st.sampled_from(sorted(NUMBERS)),
    st.sampled_from(sorted(COMPARE)),
    st.sampled_from([0, 1, 2, 3, 7, 100, 102, 404, 500, 50_000_000, 2**63 - 1]),
)
plain_texts = st.builds(
    Text, st.sampled_from(sorted(TEXTS)), st.sampled_from(["contains", "prefix", "equals"]), words.map(ascii_lower)
)
patterns = st.builds(
    Text, st.sampled_from(sorted(TEXTS)), st.just("regex"), st.sampled_from(["^/", "I", r"\d", "$", "é"])
)
keyed = st.builds(
    Text,
    st.sampled_from(["header", "scope", "environ", "request", "response"]),
    st.sampled_from(["contains", "equals", "regex"]),
    st.sampled_from(["", "http", "a.example", "/É", "x", "7"]),
    st.sampled_from(["host", "Content-Type", "type", "path", "server.name", "raw", "n", "wsgi.url_scheme", "A"]),
)
anywhere = st.builds(
    Text, st.just("header"), st.sampled_from(["contains", "regex"]), st.sampled_from(["host", "^get", "x"])
)
choices = st.sampled_from([Text(f, "equals", v) for f, known in CHOICES.items() for v in known.values()])
leaves = numbers | plain_texts | patterns | keyed | anywhere | choices | st.sampled_from([Flag(name) for name in FLAGS])
trees = st.recursive(
    leaves,
    lambda parts: (
        st.builds(Not, parts)
        | st.lists(parts, max_size=3).map(tuple).flatmap(lambda made: st.sampled_from([And(made), Or(made)]))
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(node=trees)
def test_sql_means_what_the_tree_means(trace, node):
    found = set(trace.ids(Query("", node)))
    expected = {row.id for row in rows(trace) if holds(node, row, exchanges(trace)[row.id])}
    assert found == expected


_cache: dict[str, Any] = {}


def rows(trace: TraceReader) -> list[ExchangeRow]:
    return _cache.setdefault("rows", trace.exchanges())


def exchanges(trace: TraceReader) -> dict[int, Exchange]:
    if "exchanges" not in _cache:
        _cache["exchanges"] = {row.id: trace.exchange(row.id) for row in rows(trace)}
    return _cache["exchanges"]


@pytest.mark.parametrize("field", [*NUMBERS, *TEXTS, *CHOICES])
def test_every_field_has_its_sql(trace, field):
    value = next(iter(CHOICES.get(field, ["1"])))
    assert trace.ids(parse(f"{field}:{value}")) is not None


def test_what_was_typed_is_in_parameters_only():
    where, parameters = to_sql(parse("path:x'--  header.x:y status:7 scope.a:~z"))
    assert not re.search("[yz]'|--|7", where)
    assert parameters == ["x'--", "x", "y", "x", "y", 7, "z", "scope.a"]


def test_indexes_serve_the_usual_filters(trace):
    plans = {"status:5xx": "exchange_status", "worker:1": "exchange_worker", "state:open": "exchange_open"}
    plans |= {"is:failed": "exchange_failed", "id:3": "PRIMARY KEY"}
    for text, index in plans.items():
        where, parameters = to_sql(parse(text))
        sql = f"EXPLAIN QUERY PLAN SELECT e.id FROM exchange AS e WHERE {where}"
        plan = " ".join(row[3] for row in trace._connection.execute(sql, parameters))
        assert index in plan, (text, plan)


def test_a_long_filter_is_not_too_deep_for_sqlite(trace):
    assert len(trace.ids(parse(" ".join(["-nowhere"] * 100)))) == 120
    assert len(trace.ids(parse("(" * 39 + "a" + ")" * 39))) > 0


def test_messages_are_looked_for_by_their_type(trace):
    sockets = list(trace.ids(parse("kind:ws")))
    assert list(trace.ids(parse("message:ws.text"))) == list(trace.ids(parse("message:~^WS"))) == sockets
    assert len(trace.ids(parse("-message:text"))) == 120 - len(sockets)
    assert list(trace.ids(parse("message:=ws"))) == []


def test_trees_from_text_are_evaluated_the_same_way(trace):
    def count(text: str) -> int:
        return len(trace.ids(parse(text)))

    assert count("") == 120
    assert count("method:get") + count("-method:get") == 120
    assert count("status:>500 status:<600") == count("status>=501 and status<=599")
    assert count("path:/api") == count("path:/API") > 0
    assert count("is:open duration:>0") == 0


def test_paths_are_looked_for_in_an_index_without_losing_any(trace):
    for text in ("path:/API", "target:=*", "path:=/api/items", "path:=/api/items?page=2", "-path:/api", "method:=get"):
        plain = [row.id for row in rows(trace) if holds(parse(text).node, row, exchanges(trace)[row.id])]
        assert list(trace.ids(parse(text))) == plain, text


@pytest.mark.parametrize("word", [*FINDINGS, "get-sr", "HTTP-02", "=HTTP-02", "~^get", "~2$", "x"])
def test_findings_are_those_of_the_exchanges_and_alone_come_from_their_index(trace, word):
    query, narrower = parse(f"finding:{word}"), parse(f"finding:{word} id:>0")
    plain = [row.id for row in rows(trace) if holds(query.node, row, exchanges(trace)[row.id])]
    assert list(trace.ids(query)) == list(trace.ids(narrower)) == [row.id for row in trace.exchanges(query)] == plain
    assert set(trace.ids(parse(f"-finding:{word}"))) == {row.id for row in rows(trace)} - set(plain)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cause:timeout", [3, 40]), ("cause:=TIMEOUT", [3, 40]), ("cause:memory", [7]), ('cause:"out of memory"', [7]),
        ("cause:~^(t|o)", [3, 7, 40]), ("cause:~.", [3, 7, 12, 40]), ("cause:killed", [12]), ("cause:crash", []),
    ],
)  # fmt: skip
def test_what_a_worker_had_in_hand_is_found_by_the_cause_of_its_end(trace, text, found):
    assert list(trace.ids(parse(text))) == found
    assert set(trace.ids(parse(f"-{text}"))) == {row.id for row in rows(trace)} - set(found)


def test_what_is_known_of_a_header_is_not_looked_for():
    where, parameters = to_sql(parse("header.host:x status:200"), lambda node: (1024, b"\1\0"))
    assert "detail" not in where
    assert parameters == [b"\1\0", 1024, 200]


def test_times_are_of_the_clock_of_whoever_asks(trace):
    hour = 3600 * 10**9
    where, parameters = to_sql(parse("time:>10:32"), clock=Clock(((1, 5), (60, 7), (90, 9)), hour, 10 * hour))
    assert where.count("?") == len(parameters)
    connection = trace._connection

    def found(text: str, clock: Clock) -> list[int]:
        where, parameters = to_sql(parse(text), clock=clock)
        sql = f"SELECT e.id FROM exchange AS e WHERE {where} ORDER BY e.id"
        return [identity for (identity,) in connection.execute(sql, parameters)]

    clock = Clock(((1, 10 * hour), (61, 11 * hour), (91, 30 * hour)), hour, 32 * hour)
    assert found("time:11:00", clock) == list(range(1, 61))
    assert found("time:>=12:00", clock) == list(range(61, 91))
    assert found("time:23:00..8:00", clock) == list(range(91, 121))
    assert found("time:1970-01-02", clock) == list(range(91, 121))
    assert found("time:<1970-01-01T12:00", clock) == list(range(1, 61))
    assert found("age:<3h", clock) == list(range(91, 121))
    assert found("time:<0:01", Clock()) == list(range(1, 121))
    assert len(trace.ids(parse(f"time:{time.localtime().tm_year}-01-01..9999-12-31 age:<90000000h"))) == 120


def test_an_exception_is_looked_for_where_there_is_one(trace):
    found = trace.ids(parse("exception:keyerror"))
    assert list(found) == list(trace.ids(parse("is:exception")))
    assert not trace.ids(parse("exception:ValueError"))
