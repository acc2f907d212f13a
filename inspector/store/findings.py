"""Which rules of the contract the exchanges of a trace break: as the scribe judged them, and what it did not judge.

A recording that could not keep up leaves exchanges unjudged, and one of an older Gatescope all of them; a reader may
judge those for itself. What it finds then is in tables of its own connection, beside those of the trace, which is never
written to; to every filter both are one.

Knows the tables; knows neither rules nor windows.
"""

# ruff: noqa: S608 - what is put together into SQL here is our own; values are parameters

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from inspector.model import Fault, Finding, Severity, State
from inspector.query import Query
from inspector.query.language import judges
from inspector.query.sql import Condition
from inspector.store import judgement
from inspector.store.judgement import Judgement
from inspector.store.rows import integer, text
from inspector.store.whole import listed

_FINDING = f"{integer('f.exchange')}, {listed('', 'f.rule f.severity f.fault', 'f.seq f.t_ns', 'f.detail')}"
_FOUND = "finding AS f JOIN exchange AS e ON e.id = f.exchange"
_HERE = """
CREATE TEMP TABLE finding_here (
    id INTEGER PRIMARY KEY, exchange INTEGER, rule TEXT, severity TEXT, fault TEXT, seq INTEGER, t_ns INTEGER,
    detail TEXT);
CREATE INDEX temp.finding_here_exchange ON finding_here (exchange);
CREATE INDEX temp.finding_here_rule ON finding_here (rule, exchange);
CREATE TEMP TABLE judged_here (exchange INTEGER PRIMARY KEY, rev INTEGER);
CREATE TEMP VIEW finding AS SELECT {columns} FROM main.finding AS f WHERE {elsewhere}
    UNION ALL SELECT {columns} FROM temp.finding_here;
CREATE TEMP VIEW judged AS SELECT exchange, rev FROM main.judged AS f WHERE {elsewhere}
    UNION ALL SELECT exchange, rev FROM temp.judged_here;
""".format(
    columns="id, exchange, rule, severity, fault, seq, t_ns, detail",
    elsewhere="NOT EXISTS (SELECT 1 FROM temp.judged_here AS h WHERE h.exchange = f.exchange)",
)
_AT_ONCE = 200  #: exchanges judged within one question
_MISSING = (
    "SELECT e.id, e.rev FROM exchange AS e WHERE e.id > ? AND e.state <> 'open'"
    " AND NOT EXISTS (SELECT 1 FROM {judged} AS j WHERE j.exchange = e.id) ORDER BY e.id LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings: of exchanges that ``query`` lets through, of these severities, by whose fault, of one rule.

    Empty means any.
    """

    query: Query | None = None
    severities: frozenset[str] = frozenset()
    faults: frozenset[str] = frozenset()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule with what breaks it: how often, in how many exchanges, from when to when.

    ``first`` and ``last`` are the exchanges of ``first_ns`` and ``last_ns``, which are monotonic.
    """

    rule: str
    count: int
    exchanges: int
    violations: int
    warnings: int
    notes: int
    by_server: int  #: of ``count``; the others are the application's fault
    first_ns: int
    last_ns: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A finding with what names its exchange."""

    finding: Finding
    method: str
    target: str
    status: int
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many exchanges are over, how many of them were judged, and on how many the rules themselves failed."""

    over: int
    judged: int
    failed: int

    @property
    def missing(self) -> int:
        """Exchanges that nobody has judged."""
        return max(0, self.over - self.judged - self.failed)


class Findings:
    """Reads the findings behind ``connection``.

    ``guard`` is what every question runs within; it maps errors to TraceError. ``condition`` makes SQL about ``e``, the
    exchange table, of a query, and ``shown`` of what the user has not deleted.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        guard: Callable[[], AbstractContextManager[None]],
        condition: Callable[[Query | None], Condition],
        shown: Callable[[], str],
    ) -> None:
        self._connection = connection
        self._guard = guard
        self._condition = condition
        self._shown = shown
        self._here = False
        self._judged_up_to = 0

    # --- what was found -----------------------------------------------------------------------------------------------

    def of(self, identity: int) -> tuple[Finding, ...]:
        """What one exchange breaks, in order of time: as it was judged when it was over, or as it stands now."""
        with self._guard():
            state = "SELECT e.state, j.rev FROM exchange AS e LEFT JOIN judged AS j ON j.exchange = e.id WHERE e.id = ?"
            found = self._connection.execute(state, (identity,)).fetchone()
            if found is None:
                return ()
            if found[0] == State.OPEN or not found[1]:
                judged = judgement.judge(self._connection, identity)
                return judged.findings if judged is not None else ()
            sql = f"SELECT {_FINDING} FROM finding AS f WHERE f.exchange = ? ORDER BY f.t_ns, f.seq, f.rule"
            return tuple(Finding(*row) for row in self._connection.execute(sql, (identity,)))

    def rules(self, wanted: Wanted = Wanted()) -> list[BrokenRule]:
        """The rules that are broken: the application's first, then the gravest, then the most frequent."""
        where, parameters, joined = self._where(wanted)
        source = _FOUND if joined else "finding AS f"
        sums = ", ".join(f"sum(f.severity = '{severity}')" for severity in Severity)
        sql = (
            f"SELECT {text('f.rule')}, count(*), count(DISTINCT f.exchange), {sums},"
            f" sum(f.fault = '{Fault.SERVER}'), {integer('min(f.t_ns)')}, {integer('max(f.t_ns)')},"
            f" {integer('min(f.exchange)')}, {integer('max(f.exchange)')} FROM {source} WHERE {where} GROUP BY f.rule"
        )
        with self._guard():
            found = [BrokenRule(*row) for row in self._connection.execute(sql, parameters)]
        return sorted(found, key=lambda r: (r.by_server == r.count, not r.violations, not r.warnings, -r.count, r.rule))

    def rows(self, wanted: Wanted = Wanted(), *, limit: int | None = None, newest: bool = False) -> list[FoundRow]:
        """The findings, by exchange and time; with ``newest`` those of the youngest exchanges first."""
        return list(self.each(wanted, limit=limit, newest=newest))

    def each(self, wanted: Wanted = Wanted(), *, limit: int | None = None, newest: bool = False) -> Iterator[FoundRow]:
        """The same one after the other, for traces of any length."""
        where, parameters, _ = self._where(wanted)
        order = "DESC" if newest else "ASC"
        sql = (
            f"SELECT {_FINDING}, {listed('', 'e.method e.target', 'e.status', 'e.kind e.state')} FROM {_FOUND}"
            f" WHERE {where} ORDER BY f.exchange {order}, f.t_ns, f.seq, f.rule LIMIT ?"
        )
        with self._guard():
            for row in self._connection.execute(sql, [*parameters, -1 if limit is None else limit]):
                yield FoundRow(Finding(*row[:7]), *row[7:])

    def tally(self) -> Tally:
        """How much was judged."""
        sql = (
            "SELECT (SELECT count(*) FROM exchange) - (SELECT count(*) FROM exchange WHERE state = 'open'),"
            " (SELECT count(*) FROM judged), (SELECT count(*) FROM judged WHERE rev = 0)"
        )
        with self._guard():
            [(over, judged, failed)] = self._connection.execute(sql)
        return Tally(int(over), int(judged - failed), int(failed))

    def _where(self, wanted: Wanted) -> tuple[str, list[int | str | bytes], bool]:
        """The condition, its parameters, and whether it needs the exchanges."""
        with self._guard():
            where, parameters = self._condition(wanted.query)
            shown = self._shown()
        parts = [part for part in (where, shown) if part != "1"]
        joined = bool(parts)
        for column, values in (("severity", wanted.severities), ("fault", wanted.faults)):
            if values:
                parts.append(f"f.{column} IN ({','.join('?' * len(values))})")
                parameters = [*parameters, *sorted(values)]
        if wanted.rule:
            parts.append("f.rule = ?")
            parameters = [*parameters, wanted.rule]
        return " AND ".join(f"({part})" for part in parts) or "1", parameters, joined

    # --- what was not judged ------------------------------------------------------------------------------------------

    def judge_some(self, limit: int, *, again: bool = False) -> list[Judgement]:
        """Judge the next ``limit`` exchanges that nobody has, for this connection alone; none: there are no more.

        ``again``: those too that were judged when they were recorded, maybe by other rules.
        """
        missing = _MISSING.format(judged="temp.judged_here" if again else "judged")
        with self._guard():
            self._make_room()
            found = self._connection.execute(missing, (self._judged_up_to, limit)).fetchall()
            done = [judgement.judge(self._connection, int(identity), int(rev)) for identity, rev in found]
        judged = [each for each in done if each is not None]
        self.take(judged)
        return judged

    def take(self, judged: Sequence[Judgement]) -> None:
        """Take in what another reader of this trace has judged."""
        if not judged:
            return
        with self._guard():
            self._make_room()
            self._connection.execute("BEGIN")
            try:
                judgement.write(self._connection, judged, "temp")
            finally:
                self._connection.execute("COMMIT")
        self._judged_up_to = max(self._judged_up_to, *(each.exchange for each in judged))

    def judge_rest(self, *, again: bool = False) -> None:
        """Judge all that nobody has, or all there are."""
        while self.judge_some(_AT_ONCE, again=again):
            pass

    def judge_for(self, query: Query | None) -> None:
        """Judge all that nobody has if ``query`` asks for findings: it means these, too."""
        if query is not None and judges(query.node):
            self.judge_rest()

    def _make_room(self) -> None:
        if not self._here:
            self._connection.executescript(_HERE)
            self._here = True
