"""Findings as text for a terminal."""

from __future__ import annotations

from inspector.contract import RULES
from inspector.export.findings_text import exchange_lines, rule_lines, summary
from inspector.export.listing import Style
from inspector.model import Fault, Finding, Severity
from inspector.store.findings import BrokenRule, FoundRow, Tally

PLAIN = Style(80)
KNOWN = next(iter(RULES.values()))


def broken(rule: str = KNOWN.id, count: int = 3, by_server: int = 0, **severities: int) -> BrokenRule:
    counts = {"violations": 0, "warnings": 0, "notes": 0, **(severities or {"notes": count})}
    return BrokenRule(rule, count, 2, by_server=by_server, first_ns=1, last_ns=2, first=4, last=5, **counts)


def row(seq: int = 3, method: str = "GET", detail: str = "seen") -> FoundRow:
    found = Finding(4, KNOWN.id, Severity.VIOLATION, Fault.APPLICATION, seq, 1, detail)
    return FoundRow(found, method, "/a\x1b[2J" if method else "", 200, "http" if method else "lifespan", "done")


def test_what_one_exchange_breaks_is_a_block():
    assert list(exchange_lines((), PLAIN)) == []
    findings = [row().finding, Finding(4, "NEW-01", "grave", "nobody's")]
    empty, head, first, second = exchange_lines(findings, Style(80, colours=True))
    assert (empty, "Findings (2)" in head) == ("", True)
    assert first.startswith("  \x1b[31mviolation\x1b[0m application")
    assert first.endswith("seen (message 3)")
    assert "does not know" in second


def test_a_rule_is_told_with_what_it_asks_for_and_some_that_break_it():
    lines = list(rule_lines(broken(violations=3), [row(), row(seq=-1, method="")], PLAIN))
    assert lines[0] == f"{KNOWN.id}  {KNOWN.title}"
    assert lines[1] == "  violation, by the application, 3 in 2 exchanges"
    assert lines[2].startswith("  asks:   ")
    assert any(line.startswith("  mend:   ") for line in lines)
    assert any(line.startswith("  source: ") for line in lines)
    assert lines[-3] == "  #4 GET /a\\x1b[2J message 3: seen"
    assert lines[-2] == "  #4 lifespan: seen"
    assert lines[-1] == f"  and 1 more: gatescope ls TRACE finding:{KNOWN.id}"
    assert all(len(line) <= 80 for line in lines)


def test_whose_fault_it_is_and_how_grave():
    assert "warning, by the server, 1 in" in list(rule_lines(broken(count=1, by_server=1, warnings=1), [], PLAIN))[1]
    both = list(rule_lines(broken("NEW-01", count=2, by_server=1), [row(), row()], PLAIN))
    assert both[1] == "  note, 1 by the server, the others by the application, 2 in 2 exchanges"
    assert len(both) == 4  # no words of a rule that nobody knows, and nothing that is not listed


def test_the_last_line_says_what_was_not_judged():
    assert summary([], Tally(1, 1, 0)) == "0 findings by 0 rules, 1 of 1 exchange judged"
    said = summary([broken(count=1)], Tally(9, 5, 1))
    assert said == "1 finding by 1 rule, 5 of 9 exchanges judged, 3 not judged, 1 could not be judged"
