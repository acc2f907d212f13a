"""A rule of the contract, and the register of all: a rule stands beside the function that looks for what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from inspector.contract.case import Case, Event
from inspector.model import Fault, Finding, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule asks for. Texts are sentences for a developer who has not read the specification."""

    id: str  #: stable, e.g. "ASGI-HTTP-02"; never used again for another rule
    title: str  #: what was done, as a headline: "The response was started twice"
    asks: str  #: what the specification asks for
    mend: str  #: what to do about it
    source: str  #: e.g. "PEP 3333, The start_response() Callable"; "RFC 9110 section 8.6"
    severity: Severity = Severity.VIOLATION
    fault: Fault = Fault.APPLICATION

    def broken(
        self, case: Case, event: Event | None, detail: str, *, severity: Severity | None = None,
        fault: Fault | None = None,
    ) -> Finding:  # fmt: skip
        """The finding that ``event`` (None: the call as a whole) breaks this rule; ``detail`` says what was seen."""
        exchange = case.exchange
        seq, t_ns = (event.seq, event.t_ns) if event is not None else (-1, exchange.called_ns or exchange.opened_ns)
        return Finding(exchange.id, self.id, severity or self.severity, fault or self.fault, seq, t_ns, detail)


Check = Callable[[Case], Iterator[Finding]]

#: Every rule, by its id.
RULES: dict[str, Rule] = {}
#: Who looks at a call, in order: by its interface, or for ASGI by its protocol.
CHECKS: dict[str, list[Check]] = {"http": [], "websocket": [], "lifespan": [], "WSGI": []}
ASGI = ("http", "websocket", "lifespan")


def checks(*rules: Rule, on: tuple[str, ...]) -> Callable[[Check], Check]:
    """Register ``rules`` and the function that looks for what breaks them; ``on``: which calls it looks at."""

    def register(check: Check) -> Check:
        for rule in rules:
            assert RULES.setdefault(rule.id, rule) is rule, f"{rule.id} is another rule's"
        for calls in on:
            CHECKS[calls].append(check)
        return check

    return register
