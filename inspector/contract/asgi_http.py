"""An HTTP response as ASGI sends it: what comes when, and what the messages hold. The application's side.

Pure. The order is a table (``stages.HTTP``); here stands which rule a message breaks that comes out of order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inspector.contract.case import Case, Event
from inspector.contract.fields import a, first, length, misshapen, pairs, shown
from inspector.contract.rule import Rule, checks
from inspector.contract.stages import COMPLETE, Stage
from inspector.model import Finding, Severity
from inspector.tagged import Opaque

_START = "ASGI HTTP & WebSocket message format 2.5, Response Start"
_BODY = "ASGI HTTP & WebSocket message format 2.5, Response Body"
_REQUEST = "ASGI HTTP & WebSocket message format 2.5, Request"
_GONE = "ASGI HTTP & WebSocket message format 2.5, Disconnect"

MS = 1_000_000
#: Milliseconds that an application may go on sending after it was told that the client left, and how many messages.
GRACE_MS, GRACE_COUNT = 1000, 3
#: Milliseconds within which a response follows what it waited for, and how long such a wait is no accident.
PROMPTLY_MS, WAITED_MS = 100, 500
#: Times that an application is told of the disconnect: middleware may well ask once more.
TOLD = 3
#: Bytes of a request's body that are no matter if nobody reads them.
SMALL = 65536

HTTP_01 = Rule(
    "ASGI-HTTP-01", "A body was sent before the response was started",
    "The first message of a response is http.response.start, with the status and headers; the body follows.",
    "Send http.response.start first. If an error handler sends the body, let it start the response, too.",
    _START,
)  # fmt: skip
HTTP_02 = Rule(
    "ASGI-HTTP-02", "The response was started twice",
    "There is one http.response.start: the status and headers cannot be taken back.",
    "Often an error handler answers although the response has begun: remember whether it has, and only raise then.",
    _START,
)  # fmt: skip
HTTP_03 = Rule(
    "ASGI-HTTP-03", "The application returned without a response",
    "Each request is answered: with a start and at least one body, before the application returns.",
    "Look for a branch that returns early, or a middleware that does not call what it wraps.",
    "ASGI HTTP & WebSocket message format 2.5, HTTP",
)  # fmt: skip
HTTP_04 = Rule(
    "ASGI-HTTP-04", "The application returned before its response was complete",
    "After the start comes at least one http.response.body, and the last one has more_body=False (or no more_body).",
    "Send {'type': 'http.response.body'} at the end, also for responses without a body.",
    _BODY,
)  # fmt: skip
HTTP_05 = Rule(
    "ASGI-HTTP-05", "A message was sent after the response was complete",
    "After the body without more_body=True the response is over; what follows is passed over, or raises an error.",
    "Set more_body=True on every piece but the last.",
    _BODY, Severity.WARNING,
)  # fmt: skip
HTTP_07 = Rule(
    "ASGI-HTTP-07", "The status is not one a final response can have",
    "The status is an int from 200 to 599.",
    "Pass the number, such as 404, and not text; 1xx cannot end a request.",
    _START,
)  # fmt: skip
HTTP_08 = Rule(
    "ASGI-HTTP-08", "The headers are not pairs of bytes",
    "headers is an iterable of [name, value], both of them bytes.",
    "Encode both: (b'content-type', b'text/plain'); of a dict, pass its items.",
    _START,
)  # fmt: skip
HTTP_09 = Rule(
    "ASGI-HTTP-09", "A header's name is not in lower case",
    "Names of headers are sent in lower case. Servers for HTTP/1 let it pass; in HTTP/2 the response is malformed.",
    "Use name.lower(); the client cannot tell the difference.",
    _START, Severity.NOTE,
)  # fmt: skip
HTTP_10 = Rule(
    "ASGI-HTTP-10", "A header's name begins with a colon",
    "Names such as :status belong to HTTP/2 and 3, and to the server.",
    "Leave it out, and set the status in http.response.start.",
    _START,
)  # fmt: skip
HTTP_11 = Rule(
    "ASGI-HTTP-11", "A body is not bytes",
    "body is bytes. What servers do with anything else differs: an error, or an empty body.",
    "Encode text, and turn a bytearray or memoryview into bytes.",
    _BODY,
)  # fmt: skip
HTTP_12 = Rule(
    "ASGI-HTTP-12", "A flag is not True or False",
    "more_body, more_trailers and trailers are bools; any other value counts as true or false by chance.",
    "Pass True or False.",
    _BODY,
)  # fmt: skip
HTTP_14 = Rule(
    "ASGI-HTTP-14", "The application went on sending after the client had left",
    "http.disconnect, or an OSError from send, says that nobody listens any more.",
    "Stop producing then: end the loop, close what it reads from, return.",
    _GONE, Severity.WARNING,
)  # fmt: skip
HTTP_16 = Rule(
    "ASGI-HTTP-16", "receive was called again and again after the client had left",
    "Nothing comes after http.disconnect. Some servers repeat it, others let receive wait for ever.",
    "End the loop over receive when http.disconnect comes.",
    _GONE, Severity.WARNING,
)  # fmt: skip
HTTP_17 = Rule(
    "ASGI-HTTP-17", "The application waited for the client to leave before it answered",
    "After the last http.request (more_body=False) receive waits until the client is gone.",
    "Stop receiving at the message without more_body=True, and answer.",
    _REQUEST, Severity.WARNING,
)  # fmt: skip
HTTP_20 = Rule(
    "ASGI-HTTP-20", "The request's body was not read to its end",
    "A body comes in messages until one has no more_body=True. What is left is thrown away, or ends the connection.",
    "Read it, or answer with an error status and expect the client to see a broken connection if it is large.",
    _REQUEST, Severity.NOTE,
)  # fmt: skip
HTTP_21 = Rule(
    "ASGI-HTTP-21", "Half a request's body was taken for all of it",
    "When http.disconnect comes before the message without more_body=True, the body is incomplete.",
    "Give up the request then; do not store or process what came.",
    _REQUEST, Severity.WARNING,
)  # fmt: skip

#: What was done where a step has no place: by the stage, and how the step's name begins.
_STRAYS = (
    (frozenset((Stage.NEW,)), "http.response.body", HTTP_01),
    (frozenset(Stage) - {Stage.NEW}, "http.response.start", HTTP_02),
    (COMPLETE - {Stage.FILE_SENT}, "http.response.body", HTTP_05),
    (frozenset((Stage.TRAILERS,)), "http.response.body", HTTP_05),
)


@checks(HTTP_01, HTTP_02, HTTP_05, on=("http",))
def sends_in_order(case: Case) -> Iterator[Finding]:
    """Start, then bodies, then nothing."""
    if not case.complete:
        return
    for event, stage, step in case.walk.strays:
        for stages, begins, rule in _STRAYS:
            if stage in stages and step.startswith(begins):
                yield rule.broken(case, event, f"{event.type}, when the response was {_standing(stage)}.")


@checks(HTTP_03, HTTP_04, on=("http",))
def finishes(case: Case) -> Iterator[Finding]:
    """Was there a whole response when the application returned?"""
    if not case.returned or case.deserted or case.refused:
        return
    stage = case.walk.last
    if stage is Stage.NEW:
        yield HTTP_03.broken(case, case.ended, "It returned, and had not sent http.response.start.")
    elif stage is Stage.STARTED:
        yield HTTP_04.broken(case, case.ended, "It returned after http.response.start, without a body message.")
    elif stage in (Stage.SENDING, Stage.PROMISED):
        yield HTTP_04.broken(case, case.ended, "It returned; the last body it sent said more_body=True.")


@checks(HTTP_07, on=("http",))
def has_a_status(case: Case) -> Iterator[Finding]:
    """Is the status a number that a response can have?"""
    for event in _of(case, "http.response.start"):
        status = event.info.get("status", 200)
        if isinstance(status, Opaque):
            continue  # an enumeration's, most likely
        if isinstance(status, bool) or not isinstance(status, int):
            yield HTTP_07.broken(case, event, f"The status is {shown(status)}, {a(status)}.")
        elif not 200 <= status <= 599:
            severity = Severity.WARNING if 600 <= status <= 999 else None
            yield HTTP_07.broken(case, event, f"The status is {status}.", severity=severity)


@checks(HTTP_08, HTTP_09, HTTP_10, on=("http",))
def has_headers(case: Case) -> Iterator[Finding]:
    """Are the headers pairs of bytes, in lower case?"""
    for event in _of(case, "http.response.start"):
        if "headers" not in event.info:
            continue
        headers = event.info["headers"]
        if wrong := misshapen(headers):
            yield HTTP_08.broken(case, event, f"In headers, {wrong}.")
        names = [name for name, _ in pairs(headers)]
        if capitals := [name for name in names if name != name.lower()]:
            grave = Severity.VIOLATION if str(case.context.get("http_version", "1.1"))[:1] in ("2", "3") else None
            said = ", ".join(name.decode("latin-1") for name in capitals[:3])
            yield HTTP_09.broken(case, event, f"In capitals: {said}.", severity=grave)
        for name in names:
            if name[:1] == b":":
                yield HTTP_10.broken(case, event, f"The header is called {name.decode('latin-1')}.")


@checks(HTTP_11, HTTP_12, on=("http",))
def has_a_body(case: Case) -> Iterator[Finding]:
    """Is each body bytes, and each flag a bool?"""
    for event in case.app:
        info = event.info
        if event.direction != "out" or not info:
            continue
        if event.type == "http.response.body" and "body" in info and not _may_be_bytes(info["body"]):
            value = info["body"]
            what = "a bytearray or memoryview" if isinstance(value, bytes) else a(value)
            yield HTTP_11.broken(case, event, f"The body is {what}.")
        for key in ("more_body", "trailers", "more_trailers"):
            if key in info and not isinstance(info[key], bool | Opaque):
                yield HTTP_12.broken(case, event, f"{key} is {shown(info[key])}.")


@checks(HTTP_14, on=("http",))
def stops_when_nobody_listens(case: Case) -> Iterator[Finding]:
    """Did it stop sending when it knew that the client had left?"""
    told, after = 0, 0
    done = case.walk.done_ns
    for event in case.app:
        if told and event.direction == "out" and event.type.startswith("http."):
            after += 1
            if after > GRACE_COUNT or event.t_ns - told > GRACE_MS * MS:
                late = (event.t_ns - told) // MS
                yield HTTP_14.broken(case, event, f"It was still sending {late} ms after it was told, message {after}.")
                return
        elif not told and _says_gone(event) and not (done and event.t_ns > done):
            told = event.t_ns


@checks(HTTP_16, on=("http",))
def stops_receiving(case: Case) -> Iterator[Finding]:
    """Did it stop receiving when the client had left?"""
    told = _received(case, "http.disconnect")
    if len(told) >= TOLD:
        yield HTTP_16.broken(case, told[TOLD - 1], f"It received http.disconnect {len(told)} times.")


@checks(HTTP_17, HTTP_21, on=("http",))
def heeds_the_end_of_the_request(case: Case) -> Iterator[Finding]:
    """What did it do about a disconnect that came before its answer?"""
    told = _received(case, "http.disconnect")
    begun = next((event for event in case.app if event.type == "http.response.start"), None)
    if not told or begun is None or begun.t_ns < told[0].t_ns:
        return
    bodies = [event for event in _received(case, "http.request") if event.t_ns < told[0].t_ns]
    status = begun.info.get("status")
    if not bodies or not isinstance(status, int) or status >= 400:
        return
    waited, then = told[0].t_ns - bodies[-1].t_ns, begun.t_ns - told[0].t_ns
    if bodies[-1].more and case.complete:
        detail = f"{sum(body.size for body in bodies):,} bytes had come when the client left; it answered {status}."
        yield HTTP_21.broken(case, begun, detail)
    elif waited > WAITED_MS * MS and then < PROMPTLY_MS * MS and not _only_looked(case, told[0]):
        yield HTTP_17.broken(case, begun, f"It answered {then // MS} ms after the client had given up.")


@checks(HTTP_20, on=("http",))
def reads_the_request(case: Case) -> Iterator[Finding]:
    """Was a body that was announced read?"""
    if not case.returned or case.deserted:
        return
    headers = case.request_fields
    announced = length(headers) or 0
    bodies = _received(case, "http.request")
    if (bodies and not bodies[-1].more) or not (announced or first(headers, b"transfer-encoding")):
        return
    if first(headers, b"expect") and not bodies:
        return  # the client waits to be asked for it
    left = max(announced - sum(body.size for body in bodies), 0)
    start = case.walk.start
    status = start.info.get("status") if start is not None else 0
    if left > SMALL:
        yield HTTP_20.broken(case, case.ended, f"{left:,} bytes were left.", severity=Severity.WARNING)
    elif isinstance(status, int) and status < 400:
        yield HTTP_20.broken(case, case.ended, f"{left:,} bytes were left." if announced else "Nobody read all of it.")


def _only_looked(case: Case, told: Event) -> bool:
    """Whether it broke off a ``receive`` before: so one looks whether the client is there, without waiting for it."""
    return any(
        event.type == "raise" and event.info.get("from") == "receive" and "CancelledError" in str(event.info)
        for event in case.app
        if event.t_ns < told.t_ns
    )


def _of(case: Case, kind: str) -> list[Event]:
    return [event for event in case.app if event.type == kind]


def _received(case: Case, kind: str) -> list[Event]:
    return [event for event in _of(case, kind) if event.direction == "in"]


def _standing(stage: Stage) -> str:
    """The stage, as a sentence about the response goes on."""
    if stage in COMPLETE:
        return "complete"
    return "not started" if stage is Stage.NEW else "under way"


def _may_be_bytes(value: Any) -> bool:
    """Whether it is of a class of its own that is bytes for all we know."""
    return isinstance(value, Opaque) and value.text[:2] in ("b'", 'b"')


#: How exceptions are called that say that the client is gone: OSError and what servers derive from it.
GONE = (
    "OSError",
    "ClientDisconnect",
    "BrokenPipeError",
    "ConnectionResetError",
    "ConnectionAbortedError",
    "ConnectionError",
)


def _says_gone(event: Event) -> bool:
    if event.type == "raise" and event.direction == "in":
        return str(event.info.get("exception", "")).startswith(GONE)
    return event.type == "http.disconnect"
