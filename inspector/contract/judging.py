"""Judging one case: every check looks, and what only follows from something else that was found is left out."""

from __future__ import annotations

from inspector.contract.case import Case
from inspector.contract.rule import CHECKS
from inspector.model import Finding


def judge(case: Case) -> list[Finding]:
    """What ``case`` breaks, in order of time."""
    found = [finding for check in CHECKS for finding in check(case)]
    return sorted(found, key=lambda finding: (finding.t_ns, finding.seq, finding.rule))
