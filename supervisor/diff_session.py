"""``gatescope diff``: two recordings, exchange by exchange. Starts nothing and sends nothing."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from typing import Any

from inspector import diff
from inspector.export.listing import visible
from inspector.model import Exchange
from inspector.pairing import Asked, Pair, pair
from inspector.query import Query, QueryError, parse
from inspector.store.errors import TraceError
from inspector.store.reader import TraceReader
from supervisor import wording
from supervisor.control.messages import Problem
from supervisor.options import fail
from supervisor.replay_session import difference_words

#: Differences that are printed of one pair without ``--json``.
_SHOWN = 5


def run(options: argparse.Namespace) -> int:
    """Compare; the exit status."""
    try:
        query = parse(options.filter) if options.filter else None
        with TraceReader(options.one) as one, TraceReader(options.other) as other:
            return _Diff(one, other, options).run(query)
    except QueryError as error:
        problem = Problem(what=f"The filter cannot be read: {error}", usage=True)
    except TraceError as error:
        problem = Problem(what=error.what, why=f"{error.why} {error.next}".strip(), usage=True)
    return fail(problem, as_json=options.json)


class _Diff:
    """The two recordings and what was found."""

    def __init__(self, one: TraceReader, other: TraceReader, options: argparse.Namespace) -> None:
        self._one, self._other = one, other
        self._json = options.json
        self._replays_too = options.replays_too
        self._rules = diff.rules(options.ignore, header_order=options.header_order)
        self._counts: Counter[str] = Counter()

    def run(self, query: Query | None) -> int:
        """Everything; the exit status."""
        paired = pair(self._chosen(self._one, query), self._chosen(self._other, query))
        for found in paired.pairs:
            self._tell(found)
        self._summary(paired.left_out)
        return int(self._counts.total() > self._counts["same"])

    def _chosen(self, reader: TraceReader, query: Query | None) -> list[Asked]:
        reader.findings.judge_for(query)
        return [row for row in reader.exchanges(query) if self._replays_too or not row.replay_run]

    def _tell(self, found: Pair) -> None:
        """One pair, or what has no partner."""
        if found.one is None or found.other is None:
            self._count("only in A" if found.one else "only in B", found, None, None, [])
            return
        one, other = self._one.exchange(found.one.id), self._other.exchange(found.other.id)
        if one is None or other is None:  # deleted, or grown too old, since the list was made
            self._counts["gone"] += 1
            return
        differences = diff.compare(diff.answer_of(one), diff.answer_of(other), self._rules)
        self._count("same" if diff.same(differences) else "different", found, one, other, differences)

    def _count(
        self,
        verdict: str,
        found: Pair,
        one: Exchange | None,
        other: Exchange | None,
        differences: list[diff.Difference],
    ) -> None:
        self._counts[verdict] += 1
        asked = found.asked
        if self._json:
            _write(wording.line(_fields(verdict, found, one, other, differences)))
            return
        if verdict == "same":
            return
        number = f"{found.one.id if found.one else '-'} / {found.other.id if found.other else '-'}"
        _write(visible(f"{verdict.upper():<9}  {number:>11}  {asked.method} {asked.target}"))
        counted = [difference for difference in differences if not difference.volatile]
        for difference in counted[:_SHOWN]:
            _write(visible(f"           {difference_words(difference)}"))
        if len(counted) > _SHOWN:
            _write(f"           and {len(counted) - _SHOWN} more")

    def _summary(self, left_out: int) -> None:
        counts = self._counts
        if self._json:
            fields = {name.replace(" ", "_").lower(): counts[name] for name in ("same", "different", "only in A",
                      "only in B", "gone")}  # fmt: skip
            _write(wording.line({"event": "summary", **fields, "left_out": left_out}))
            return
        _write(
            f"{counts['same'] + counts['different']} pairs: {counts['same']} same, {counts['different']} different. "
            f"Without a partner: {counts['only in A']} in {_name(self._one)}, {counts['only in B']} in "
            f"{_name(self._other)}."
        )
        if counts["gone"]:
            _write(f"  {counts['gone']} gone while they were compared")
        if left_out:
            _write(f"  {left_out} not compared: WebSockets, lifespans, and requests that were never understood")


def _name(reader: TraceReader) -> str:
    return visible(os.path.basename(reader.path))


def _fields(
    verdict: str, found: Pair, one: Exchange | None, other: Exchange | None, differences: list[diff.Difference]
) -> dict[str, Any]:
    return {
        "event": "pair", "verdict": verdict, "one": found.one.id if found.one else 0,
        "other": found.other.id if found.other else 0, "method": found.asked.method, "target": found.asked.target,
        "status": one.status if one else 0, "other_status": other.status if other else 0,
        "differences": [difference.plain() for difference in differences],
        "timings": wording.timings(one) if one else {}, "other_timings": wording.timings(other) if other else {},
    }  # fmt: skip


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
