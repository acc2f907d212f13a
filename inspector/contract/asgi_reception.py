"""What an ASGI server made of what it was sent: it refused what is right, or took what is wrong without a word.

Pure. Looks last, since it has to know what the other rules found.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.contract.asgi_http import GONE
from inspector.contract.asgi_messages import OURS, SENT
from inspector.contract.case import Case, Event
from inspector.contract.rule import RULES, Rule
from inspector.model import Fault, Finding, Severity

_ERRORS = "ASGI specification 3.0, Error Handling"
_THEIRS = "This is the server's to mend: report it there, or choose another server if it matters to you."

MSG_09 = Rule(
    "ASGI-MSG-09", "The server took a message that is wrong, and did not say so",
    "A server raises an error from send when a message cannot be right.",
    "Mend the application: other servers refuse the message.",
    _ERRORS, Severity.WARNING, Fault.SERVER,
)  # fmt: skip
MSG_10 = Rule(
    "ASGI-MSG-10", "The server refused a message because of a key that it does not know",
    "Servers pass over keys that they do not know.", _THEIRS, _ERRORS, Severity.WARNING, Fault.SERVER,
)  # fmt: skip
MSG_11 = Rule(
    "ASGI-MSG-11", "The server refused a message because a key is missing that may be missing",
    "Keys that are optional have a default.",
    "Until the server is mended, give the key its default in each message.",
    "ASGI HTTP & WebSocket message format 2.5", fault=Fault.SERVER,
)  # fmt: skip
DR_50 = Rule(
    "ASGI-DR-50", "The server offers refusals by a response, and refused a right one",
    "A server with the extension websocket.http.response takes its messages, in as many pieces as they come.",
    _THEIRS, "ASGI extensions, WebSocket Denial Response", fault=Fault.SERVER,
)  # fmt: skip
RULES.update({rule.id: rule for rule in (MSG_09, MSG_10, MSG_11, DR_50)})

#: Mistakes that a server notices if it looks at what it is sent.
NOTICEABLE = frozenset(
    ("ASGI-MSG-01", "ASGI-MSG-02", "ASGI-MSG-03", "ASGI-MSG-04", "ASGI-MSG-12", "ASGI-HTTP-01", "ASGI-HTTP-02",
     "ASGI-HTTP-07", "ASGI-HTTP-08", "ASGI-HTTP-11", "ASGI-WS-01", "ASGI-WS-02", "ASGI-WS-06", "ASGI-WS-07")
)  # fmt: skip


def reception(case: Case, found: list[Finding]) -> Iterator[Finding]:
    """What the server took and should not have, and the other way round; ``found``: what the other rules found."""
    if not case.complete:
        return
    events = {event.seq: event for event in case.app}
    ours = [finding for finding in found if finding.fault == Fault.APPLICATION]
    for number, rule in {finding.seq: finding.rule for finding in ours if finding.rule in NOTICEABLE}.items():
        if number not in case.refused and number != case.app[-1].seq:  # of the last one nobody knows yet
            detail = f"{events[number].type} was taken, though it breaks {rule}."
            yield MSG_09.broken(case, events[number], detail)
    wrong = {finding.seq for finding in ours}
    for number, text in case.refused.items():
        if number not in wrong and not text.startswith(GONE):
            yield from _refused(case, events[number], text)


def _refused(case: Case, event: Event, text: str) -> Iterator[Finding]:
    """The message ``event`` is right as far as the other rules go, and the server raised ``text``."""
    known = SENT.get(event.type)
    if known is None or event.type in OURS:
        return
    required, optional, extension = known
    for key in optional:
        if text == f"KeyError: '{key}'" and key not in event.info and not (key == "body" and event.payload is not None):
            yield MSG_11.broken(case, event, f"{event.type} without {key}: {text}")
            return
    for key in event.info:
        if key not in required and key not in optional and key != "payload" and f"'{key}'" in text:
            yield MSG_10.broken(case, event, f"{event.type} with {key}: {text}")
            return
    if extension == "websocket.http.response" and not case.deserted:
        yield DR_50.broken(case, event, f"{event.type}: {text}")
