"""Findings as readers have them: those that the recording made, and those that a reader makes for itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from inspector.model import Fault, Finding, Severity, State
from inspector.query import parse
from inspector.store import judgement, schema
from inspector.store.annotations import Field, write
from inspector.store.findings import Wanted
from inspector.store.reader import TraceReader
from tests.support.made_trace import MadeTrace

V, W, N = Severity.VIOLATION, Severity.WARNING, Severity.NOTE
APP, SERVER = Fault.APPLICATION, Fault.SERVER


def told(path: Path, *findings: Finding, judged: object = ()) -> None:
    """Have these in the trace, and nothing else; ``judged`` exchanges were looked at."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("DELETE FROM finding; DELETE FROM judged")
        rows = [(f.exchange, f.rule, str(f.severity), str(f.fault), f.seq, f.t_ns, f.detail) for f in findings]
        sql = "INSERT INTO finding (exchange, rule, severity, fault, seq, t_ns, detail) VALUES (?, ?, ?, ?, ?, ?, ?)"
        connection.executemany(sql, rows)
        connection.executemany("INSERT INTO judged VALUES (?, 1)", [(each,) for each in judged])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = MadeTrace(tmp_path / "t.gatescope")
    made.traffic(10)
    made.exchange(1, state=State.OPEN)
    made.close()
    told(
        made.path,
        Finding(1, "A-01", V, APP, 2, 50, "first"), Finding(1, "A-01", V, APP, 3, 60), Finding(2, "A-01", W, SERVER),
        Finding(2, "B-02", N, SERVER, -1, 70), Finding(3, "C-03", W, APP, 0, 80),
        judged=range(1, 9),
    )  # fmt: skip
    return made.path


def test_rules_by_whose_fault_how_grave_and_how_often(path):
    with TraceReader(path) as reader:
        first, second, third = reader.findings.rules()
        assert (first.rule, second.rule, third.rule) == ("A-01", "C-03", "B-02")
        assert (first.count, first.exchanges, first.violations, first.warnings, first.notes) == (3, 2, 2, 1, 0)
        assert (first.by_server, first.first_ns, first.last_ns, first.first, first.last) == (1, 0, 60, 1, 2)
        assert [rule.rule for rule in reader.findings.rules(Wanted(severities=frozenset({W})))] == ["C-03", "A-01"]
        assert [rule.rule for rule in reader.findings.rules(Wanted(faults=frozenset({SERVER})))] == ["A-01", "B-02"]
        assert [rule.rule for rule in reader.findings.rules(Wanted(parse("id:3")))] == ["C-03"]
        assert [rule.count for rule in reader.findings.rules(Wanted(rule="A-01"))] == [3]


def test_findings_with_their_exchanges_in_order_or_the_youngest_first(path):
    with TraceReader(path) as reader:
        rows = reader.findings.rows()
        assert [(row.finding.exchange, row.finding.rule) for row in rows] == [
            (1, "A-01"), (1, "A-01"), (2, "A-01"), (2, "B-02"), (3, "C-03"),
        ]  # fmt: skip
        [exchange] = reader.rows([1])
        assert (rows[0].method, rows[0].target, rows[0].status) == (exchange.method, exchange.target, exchange.status)
        newest = reader.findings.rows(Wanted(rule="A-01"), limit=2, newest=True)
        assert [row.finding.exchange for row in newest] == [2, 1]
        assert reader.findings.of(1) == tuple(row.finding for row in rows[:2])
        assert reader.findings.of(99) == ()


def test_rows_of_the_table_count_them_and_can_be_ordered_by_that(path):
    with TraceReader(path) as reader:
        rows = reader.exchanges(order="findings", descending=True, limit=3)
        assert [(row.findings, row.gravest, row.gravest_own) for row in rows] == [
            (2, "warning", ""), (2, "violation", "violation"), (1, "warning", "warning"),
        ]  # fmt: skip
        assert list(reader.ids(parse("finding:a-0"))) == [1, 2]
        assert reader.seen("finding", "nothing like it") == [("A-01", 3), ("B-02", 1), ("C-03", 1)]


def test_what_the_user_deleted_breaks_nothing_that_is_shown(path):
    write(path, Field.DELETED, {1: 1})
    with TraceReader(path) as reader:
        assert [rule.count for rule in reader.findings.rules() if rule.rule == "A-01"] == [1]
        assert list(reader.ids(parse("finding:any"))) == [2, 3]


def test_a_reader_judges_for_itself_what_nobody_has_and_writes_nothing(path):
    before = path.read_bytes()
    with TraceReader(path) as reader:
        assert (reader.findings.tally().over, reader.findings.tally().missing) == (10, 2)
        judged = reader.findings.judge_some(1)
        assert [each.exchange for each in judged] == [9]
        with TraceReader(path) as other:  # another reader of the same window
            other.findings.take(judged)
            other.findings.take([])
            assert other.findings.tally().missing == 1
            assert [each.exchange for each in other.findings.judge_some(5)] == [10]
            assert other.findings.judge_some(5) == []
        reader.findings.judge_for(parse("status:200"))
        assert reader.findings.tally().missing == 1
        reader.findings.judge_for(parse("-finding:none"))
        assert reader.findings.tally().missing == 0
        assert [rule.rule for rule in reader.findings.rules()][:1] == ["A-01"]
        assert {1, 2, 3} <= set(reader.ids(parse("finding:any")))
        assert reader.findings.of(1)[0].rule == "A-01"
    assert path.read_bytes() == before


def test_all_can_be_judged_again_by_the_rules_of_now(path):
    with TraceReader(path) as reader:
        reader.findings.judge_rest(again=True)
        assert (reader.findings.tally().judged, reader.findings.tally().missing) == (10, 0)
        assert not {rule.rule for rule in reader.findings.rules()} & {"A-01", "B-02", "C-03"}
        assert reader.findings.of(1) == judgement.judge(reader._connection, 1).findings


def test_a_trace_from_before_there_were_rules_is_judged_too(tmp_path):
    path = tmp_path / "old.gatescope"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.executescript(f"{schema.MIGRATIONS[0]} PRAGMA user_version = 1;")
        connection.execute(
            "INSERT INTO exchange (id, rev, state, kind, interface, method, target, messages, dropped, called_ns,"
            " returned_ns) VALUES (1, 1, 'done', 'http', 'ASGI3', 'GET', '/', 1, 0, 1, 5)"
        )
        connection.execute(
            "INSERT INTO message VALUES (1, 0, 2, 'app', 'out', 'http.response.body', 0, x'', x'', '', '{}')"
        )
        connection.commit()
    with TraceReader(path) as reader:
        assert reader.findings.tally().missing == 1
        assert reader.findings.of(1)
        assert list(reader.ids(parse("finding:any"))) == []
        reader.findings.judge_rest()
        assert list(reader.ids(parse("finding:ASGI-HTTP-01"))) == [1]
        assert reader.rows([1])[0].findings == len(reader.findings.of(1))


def test_what_runs_is_judged_as_it_stands(path):
    with TraceReader(path) as reader:
        [running] = reader.ids(parse("is:open"))
        assert isinstance(reader.findings.of(running), tuple)
