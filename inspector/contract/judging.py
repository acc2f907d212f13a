"""Judging one case: every check looks, and what only follows from something else that was found is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from inspector.contract import (
    asgi_call,
    asgi_extensions,
    asgi_http,
    asgi_lifespan,
    asgi_messages,
    asgi_scope,
    asgi_server,
    asgi_websocket,
    practice,
    response,
    wsgi,
)
from inspector.contract.asgi_reception import reception
from inspector.contract.case import Case
from inspector.contract.rule import CHECKS
from inspector.model import Finding

#: Where the rules stand, and so what registers them.
MODULES = (
    asgi_call, asgi_scope, asgi_messages, asgi_http, asgi_websocket, asgi_lifespan, asgi_extensions, asgi_server,
    response, practice, wsgi,
)  # fmt: skip

#: Findings of one rule on one exchange; the last of them says how many more there are.
MOST = 10

#: A rule that was found -> the rules, by how their ids begin, that then say nothing new about the exchange.
CONSEQUENCES: dict[str, tuple[str, ...]] = {
    "ASGI-APP-02": ("ASGI-APP-06", "ASGI-LS-01", "ASGI-HTTP-", "ASGI-WS-"),
    "ASGI-APP-11": ("ASGI-HTTP-03", "ASGI-HTTP-04"),
    "ASGI-APP-13": ("ASGI-HTTP-05",),
    "ASGI-HTTP-01": ("ASGI-HTTP-03",),
    "ASGI-HTTP-02": ("ASGI-HTTP-05",),
    "ASGI-HTTP-07": ("RESP-05", "ASGI-HTTP-03"),
    "ASGI-HTTP-08": ("ASGI-HTTP-03", "RESP-10"),
    "ASGI-HTTP-11": ("RESP-02",),
    "ASGI-HTTP-12": ("ASGI-HTTP-04",),
    "ASGI-HTTP-14": ("PRAC-04",),
    "ASGI-MSG-01": ("ASGI-HTTP-03", "ASGI-HTTP-04", "ASGI-WS-04"),
    "ASGI-MSG-02": ("ASGI-HTTP-03", "ASGI-HTTP-04", "ASGI-WS-04"),
    "ASGI-MSG-03": ("ASGI-HTTP-03", "ASGI-HTTP-04", "ASGI-WS-04"),
    "ASGI-MSG-04": ("ASGI-HTTP-03", "ASGI-HTTP-04", "ASGI-WS-04"),
    "ASGI-MSG-07": ("ASGI-HTTP-03",),
    "ASGI-MSG-12": ("ASGI-HTTP-03", "ASGI-HTTP-04", "ASGI-WS-04", "ASGI-DR-"),
    "ASGI-LS-02": ("ASGI-LS-03",),
    "ASGI-WS-01": ("ASGI-WS-04",),
    "ASGI-WS-54": ("ASGI-WS-17",),
    "RESP-01": ("RESP-02",),
    "RESP-03": ("RESP-01", "RESP-10"),
    "RESP-04": ("RESP-01", "RESP-10"),
    "RESP-12": ("ASGI-HTTP-03",),
    "WSGI-IT-11": ("PRAC-08",),
    "WSGI-IT-15": ("PRAC-04",),
    "WSGI-SR-16": ("RESP-",),
}
#: What was the matter with a case -> the same.
CIRCUMSTANCES: tuple[tuple[Callable[[Case], object], tuple[str, ...]], ...] = (
    (lambda case: case.asgi and case.deserted, ("RESP-02", "ASGI-HTTP-20")),
)


def judge(case: Case) -> list[Finding]:
    """What ``case`` breaks, in order of time: first causes only, and of each rule the first few findings."""
    looks = CHECKS.get(case.protocol or case.exchange.interface, ())
    found = [finding for check in looks for finding in check(case)]
    if case.asgi:
        found.extend(reception(case, found))
    if not found:
        return found
    found = list(_causes(case, found))
    found.sort(key=lambda finding: (finding.t_ns, finding.seq, finding.rule))
    return found if len(found) <= MOST else list(_first_of_each(found))


def _causes(case: Case, found: list[Finding]) -> Iterable[Finding]:
    """``found`` without what only follows from the rest, or from what happened to the exchange."""
    rules = {finding.rule for finding in found}
    follow = tuple(begin for rule in rules for begin in CONSEQUENCES.get(rule, ()))
    follow += tuple(begin for true, begins in CIRCUMSTANCES if true(case) for begin in begins)
    return (finding for finding in found if not (follow and finding.rule.startswith(follow)))


def _first_of_each(found: list[Finding]) -> Iterable[Finding]:
    counts = Counter(finding.rule for finding in found)
    seen: Counter[str] = Counter()
    for finding in found:
        seen[finding.rule] += 1
        if seen[finding.rule] < MOST or counts[finding.rule] == MOST == seen[finding.rule]:
            yield finding
        elif seen[finding.rule] == MOST:
            yield replace(finding, detail=f"{finding.detail} ({counts[finding.rule] - MOST:,} more like it)".lstrip())
