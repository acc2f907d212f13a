"""A rule, and what it says of a case."""

from __future__ import annotations

from inspector.contract.rule import Rule
from inspector.model import Fault, Severity
from tests.support.cases import MS, http

RULE = Rule("X-1", "A thing was done", "That it is not.", "Do not.", "practice")


def test_a_finding_of_a_message_and_of_the_call() -> None:
    case = http()
    [call] = case.app
    finding = RULE.broken(case, call, "Seen.")
    assert (finding.exchange, finding.rule, finding.seq, finding.t_ns) == (1, "X-1", 0, 1001 * MS)
    assert (finding.severity, finding.fault, finding.detail) == (Severity.VIOLATION, Fault.APPLICATION, "Seen.")
    other = RULE.broken(case, None, "", severity=Severity.NOTE, fault=Fault.SERVER)
    assert (other.seq, other.t_ns, other.severity, other.fault) == (-1, 1001 * MS, Severity.NOTE, Fault.SERVER)


def test_an_exchange_that_was_never_called_begins_when_it_was_opened() -> None:
    case = http()
    case.exchange.called_ns = 0
    assert RULE.broken(case, None, "").t_ns == 1000 * MS
