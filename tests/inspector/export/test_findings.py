"""Findings as JSON objects."""

from __future__ import annotations

import json

from inspector.contract import RULES
from inspector.export.findings import finding_record, title
from inspector.export.record import to_line
from inspector.model import Fault, Finding, Severity

KNOWN = next(iter(RULES.values()))


def test_a_finding_has_the_words_of_its_rule():
    found = Finding(7, KNOWN.id, Severity.WARNING, Fault.SERVER, 3, 99, "seen")
    assert json.loads(to_line(finding_record(found, 1.5))) == {
        "exchange": 7, "rule": KNOWN.id, "severity": "warning", "fault": "server", "title": KNOWN.title,
        "detail": "seen", "source": KNOWN.source, "mend": KNOWN.mend, "message": 3, "t": 1.5,
    }  # fmt: skip


def test_a_rule_of_a_newer_program_has_none_and_a_call_as_a_whole_no_message():
    record = finding_record(Finding(7, "NEW-01", Severity.NOTE, Fault.APPLICATION), 0.0)
    assert (record["title"], record["source"], record["mend"]) == (title("NEW-01"), "", "")
    assert "does not know" in record["title"]
    assert record["message"] is None
