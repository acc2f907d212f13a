"""Broken rules of the contract as JSON objects.

Pure. What a rule asks for, where that stands and how to mend what breaks it is in the contract's own words; a trace may
name rules that this program does not know, from a newer one.
"""

from __future__ import annotations

from typing import Any

from inspector.contract import RULES
from inspector.model import Finding


def title(rule: str) -> str:
    """What a rule's breach is called."""
    known = RULES.get(rule)
    return known.title if known else "A rule that this Gatescope does not know"


def finding_record(finding: Finding, t: float) -> dict[str, Any]:
    """One line of ``findings --json``. ``t`` in seconds since 1970; ``message`` is null where it is the call's."""
    known = RULES.get(finding.rule)
    return {
        "exchange": finding.exchange,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "fault": str(finding.fault),
        "title": title(finding.rule),
        "detail": finding.detail,
        "source": known.source if known else "",
        "mend": known.mend if known else "",
        "message": finding.seq if finding.seq >= 0 else None,
        "t": t,
    }
