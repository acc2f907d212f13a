"""Findings in the window's words: how grave, whose fault, where, and as text to copy. Pure; knows no rule by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from app.theme.roles import Role
from inspector.model import Fault, Finding, Severity

if TYPE_CHECKING:  # the window starts without the rules
    from inspector.contract import Rule

#: By severity: its name, its icon, its colour; the gravest first.
SEVERITIES: dict[str, tuple[str, str, Role]] = {
    Severity.VIOLATION: ("Violation", "error", Role.SERVER_ERROR),
    Severity.WARNING: ("Warning", "warning", Role.CLIENT_ERROR),
    Severity.NOTE: ("Note", "info", Role.REDIRECT),
}
#: What each means.
MEANINGS: dict[str, str] = {
    Severity.VIOLATION: "against a MUST of the specification",
    Severity.WARNING: "against a SHOULD, or another server would do otherwise",
    Severity.NOTE: "good to know",
}
FAULTS: dict[str, str] = {Fault.APPLICATION: "Application", Fault.SERVER: "Server"}
UNKNOWN = "A rule that this Gatescope does not know"


def gravity(severity: str) -> tuple[str, str, Role]:
    """Name, icon and colour of a severity, also of one that nobody knows."""
    return SEVERITIES.get(severity, SEVERITIES[Severity.NOTE])


def headline(finding: Finding, rule: Rule | None) -> str:
    """What the rule's breach is called."""
    return rule.title if rule is not None else f"{UNKNOWN}: {finding.rule}"


def whose(finding: Finding) -> str:
    """Who is to mend it."""
    if finding.fault == Fault.SERVER:
        return "The server's: what calls the application, or an adapter between them."
    return "The application's: your code, or a framework or middleware that it uses."


def place(finding: Finding) -> str:
    """Where it shows."""
    return f"message {finding.seq}" if finding.seq >= 0 else "the call as a whole"


def numbered(counts: Mapping[str, int]) -> str:
    """How many of each severity, the gravest first."""
    named = ((counts.get(severity, 0), name.lower()) for severity, (name, _, _) in SEVERITIES.items())
    return ", ".join(f"{count:,} {name}{'' if count == 1 else 's'}" for count, name in named if count)


def counted(findings: Iterable[Finding]) -> str:
    """The same of findings."""
    return numbered(Counter(finding.severity for finding in findings))


def summed(count: int, gravest: str, own: str) -> str:
    """What is to be known of ``count`` findings at a glance; ``own`` is the gravest of the application's, if any is."""
    if count == 1:
        return f"1 finding, the {Fault.APPLICATION if own else Fault.SERVER}'s, a {gravest}."
    if own:
        return f"{count} findings, the gravest of the application's a {own}."
    return f"{count} findings, all the server's, the gravest a {gravest}."


def sentence(finding: Finding, rule: Rule | None) -> str:
    """A finding on one line: how grave, what was done, whose fault, which rule."""
    name, _, _ = gravity(finding.severity)
    return f"{name} by the {finding.fault}: {headline(finding, rule)} ({finding.rule})"


def as_text(finding: Finding, rule: Rule | None) -> str:
    """A finding with all that is said of it, to be pasted into a report."""
    name, _, _ = gravity(finding.severity)
    lines = [
        f"{headline(finding, rule)} ({finding.rule})",
        f"{name}, {finding.fault}, exchange {finding.exchange}, {place(finding)}",
        finding.detail,
    ]
    if rule is not None:
        lines += [f"The specification asks: {rule.asks}", f"To mend it: {rule.mend}", f"Source: {rule.source}"]
    return "\n".join(line for line in lines if line)


def checked(interface: str, messages: int, rules: Iterable[str], *, dropped: int, running: bool) -> str:
    """What was looked at where nothing was found; ``rules`` are the ids of all there are."""
    asgi = "ASGI" if interface.startswith("ASGI") else interface
    sides = f"{asgi} and HTTP" if interface else "HTTP"
    many = f"{messages:,} message{'' if messages == 1 else 's'}"
    others = {"WSGI": ("ASGI",), "ASGI": ("WSGI",)}.get(asgi, ("ASGI", "WSGI"))
    count = sum(not rule.startswith(others) for rule in rules)
    so_far = " so far" if running else ""
    parts = [f"Its {many}{so_far}, the heads and the bodies were held against the {count} rules of {sides}."]
    if not interface:
        parts.append("What the server and the application said to each other was not seen: no probe was there.")
    if dropped:
        parts.append("Not everything was recorded: rules that need to see it all were left out.")
    return " ".join(parts)


def rank(finding: Finding) -> tuple[bool, int]:
    """The application's first, which its author can mend; of each side's the gravest."""
    known = list(SEVERITIES)
    grave = known.index(finding.severity) if finding.severity in known else len(known)
    return finding.fault == Fault.SERVER, grave


def alarming(finding: Finding) -> bool:
    """Whether it is to be told in red: against a MUST, and the application's."""
    return finding.severity == Severity.VIOLATION and finding.fault != Fault.SERVER
