"""Broken rules of the contract as text for a terminal: one exchange's, and all by rule.

Pure.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from inspector.contract import RULES, Rule
from inspector.export.findings import title
from inspector.export.listing import Style, cut, visible
from inspector.model import Fault, Finding, Severity

if TYPE_CHECKING:
    from inspector.store.findings import BrokenRule, FoundRow, Tally

_COLOURS: dict[str, str] = {Severity.VIOLATION: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def exchange_lines(findings: Sequence[Finding], style: Style) -> Iterator[str]:
    """What one exchange breaks, as a block below the rest of what is told of it; nothing where it breaks nothing."""
    if findings:
        yield from ("", style.title(f"Findings ({len(findings)})"))
        yield from (f"  {finding_line(found, style)}" for found in findings)


def finding_line(finding: Finding, style: Style) -> str:
    """One finding among those of its exchange: how grave, whose fault, which rule, what was seen."""
    severity = style.paint(f"{visible(finding.severity):<9}", _COLOURS.get(finding.severity, ""))
    left = f"{severity} {visible(finding.fault):<11} {visible(finding.rule):<13} "
    where = f" (message {finding.seq})" if finding.seq >= 0 else ""
    return left + cut(visible(finding.detail or title(finding.rule)) + where, max(40, 2 * style.width))


def rule_lines(broken: BrokenRule, found: Sequence[FoundRow], style: Style) -> Iterator[str]:
    """A rule that was broken, what it asks for, how to mend it, and some of the exchanges that break it."""
    severity = next((s for s in Severity if getattr(broken, f"{s}s")), Severity.NOTE)
    count = f"{broken.count} in {_counted(broken.exchanges, 'exchange')}"
    yield style.title(f"{visible(broken.rule)}  {title(broken.rule)}")
    yield f"  {style.paint(severity, _COLOURS[severity])}, {_whose(broken)}, {count}"
    known = RULES.get(broken.rule)
    if known is not None:
        yield from _words(known, style)
    for row in found:
        yield cut(f"  #{row.finding.exchange} {_named(row)}: {visible(row.finding.detail)}", max(40, style.width))
    if broken.count > len(found):
        yield style.paint(f"  and {broken.count - len(found)} more: gatescope ls TRACE finding:{broken.rule}", "dim")


def _whose(broken: BrokenRule) -> str:
    if not broken.by_server:
        return f"by the {Fault.APPLICATION}"
    if broken.by_server == broken.count:
        return f"by the {Fault.SERVER}"
    return f"{broken.by_server} by the {Fault.SERVER}, the others by the {Fault.APPLICATION}"


def _words(rule: Rule, style: Style) -> Iterator[str]:
    for name, words in (("asks", rule.asks), ("mend", rule.mend), ("source", rule.source)):
        yield from textwrap.wrap(words, max(40, style.width), initial_indent=f"  {name + ':':<8}",
                                 subsequent_indent=" " * 10)  # fmt: skip


def _named(row: FoundRow) -> str:
    called = f"{visible(row.method)} {visible(cut(row.target, 60))}".strip() or visible(row.kind)
    return f"{called} message {row.finding.seq}" if row.finding.seq >= 0 else called


def summary(broken: Iterable[BrokenRule], tally: Tally) -> str:
    """The last line: how much was found, and what was not judged."""
    rules = list(broken)
    parts = [f"{_counted(sum(r.count for r in rules), 'finding')} by {_counted(len(rules), 'rule')}"]
    parts.append(f"{tally.judged} of {_counted(tally.over, 'exchange')} judged")
    if tally.missing:
        parts.append(f"{tally.missing} not judged")
    if tally.failed:
        parts.append(f"{tally.failed} could not be judged")
    return ", ".join(parts)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
