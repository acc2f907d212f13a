"""What an ASGI server lets an application receive, and what it makes of what the application sends. The server's side.

Pure. What stood on the wire, as the proxy saw it, is compared with what was said at the application.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inspector.contract.asgi_http import GONE
from inspector.contract.asgi_messages import spec_version
from inspector.contract.asgi_websocket import sendable
from inspector.contract.case import Case, Event
from inspector.contract.fields import a, first, head_fields, length, pairs, shown
from inspector.contract.rule import Rule, checks
from inspector.contract.stages import COMPLETE, Stage
from inspector.model import CLIENT_LEFT, Fault, Finding, Severity
from inspector.tagged import Opaque

_WWW = "ASGI HTTP & WebSocket message format 2.5"
_THEIRS = "This is the server's to mend: report it there, or choose another server if it matters to you."

MS = 1_000_000
#: Milliseconds until a server knows that the client is gone.
NOTICED_MS = 250
#: Messages that a server may take after that without a word.
TAKEN = 2
#: What chunked framing looks like where it was not taken off.
_CHUNKS = re.compile(rb"[0-9A-Fa-f]{1,8}(;[^\r\n]*)?\r\n")


def _rule(number: str, title: str, asks: str, part: str, severity: Severity = Severity.VIOLATION) -> Rule:
    return Rule(f"ASGI-{number}", title, asks, _THEIRS, f"{_WWW}, {part}", severity, Fault.SERVER)


HTTP_50 = _rule(
    "HTTP-50", "receive gave a message that is none of HTTP's",
    "For an HTTP request receive gives http.request and http.disconnect.", "HTTP",
)  # fmt: skip
HTTP_51 = _rule(
    "HTTP-51", "receive gave a request's body although it had ended",
    "After the http.request without more_body=True comes http.disconnect, once the client is gone.", "Request",
)  # fmt: skip
HTTP_52 = _rule(
    "HTTP-52", "receive gave a body that is not bytes, or a flag that is not a bool",
    "In http.request body is bytes and more_body a bool.", "Request",
)  # fmt: skip
HTTP_54 = _rule(
    "HTTP-54", "A request's body ended with another length than was announced",
    "A body that was cut ends with http.disconnect, not with more_body=False.", "Request",
)  # fmt: skip
HTTP_55 = _rule(
    "HTTP-55", "The framing of chunks is in the request's body",
    "The server takes the chunked coding off before the application sees the body.", "HTTP",
)  # fmt: skip
HTTP_56 = _rule(
    "HTTP-56", "send went on as if the client were there",
    "A server that speaks 2.4 or later raises an OSError from send when the client has left.", "Disconnected Client",
    Severity.WARNING,
)  # fmt: skip
HTTP_59 = _rule(
    "HTTP-59", "receive said that the client had left, and it had not",
    "http.disconnect comes when the connection is closed, or after the response.", "Disconnect", Severity.WARNING,
)  # fmt: skip
WS_50 = _rule(
    "WS-50", "The first message of a WebSocket was not websocket.connect",
    "receive gives websocket.connect first.", "Connect",
)  # fmt: skip
WS_51 = _rule(
    "WS-51", "receive gave a message before the WebSocket was accepted",
    "Messages of the peer come after websocket.accept.", "Connect",
)  # fmt: skip
WS_52 = _rule(
    "WS-52", "A received message has both text and bytes, or neither",
    "websocket.receive has either text, a str, or bytes.", "Receive",
)  # fmt: skip
WS_53 = _rule(
    "WS-53", "websocket.disconnect came without a code",
    "code is an int; 1005 when the peer gave none, 1006 when the connection was lost.", "Disconnect",
)  # fmt: skip
WS_54 = _rule(
    "WS-54", "receive gave a message after websocket.disconnect",
    "websocket.disconnect is the last message.", "Disconnect",
)  # fmt: skip
WS_55 = _rule(
    "WS-55", "websocket.disconnect has another code or reason than the peer sent",
    "code and reason are the ones in the peer's close frame.", "Disconnect",
)  # fmt: skip
WS_56 = _rule(
    "WS-56", "A refused WebSocket was not answered with status 403",
    "A close before the accept becomes an HTTP response with status 403.", "Close",
)  # fmt: skip
WS_57 = _rule(
    "WS-57", "The close frame has another code or reason than the application gave",
    "The code and reason of websocket.close go to the peer.", "Close",
)  # fmt: skip
WS_58 = _rule(
    "WS-58", "Headers of websocket.accept are not in the response",
    "The headers of websocket.accept are sent with the response that switches protocols.", "Accept",
)  # fmt: skip
WS_60 = _rule(
    "WS-60", "The WebSocket was cut without a close frame when the application had ended",
    "When the application ends, the server closes the WebSocket.", "WebSocket Connection Scope", Severity.WARNING,
)  # fmt: skip


@checks(HTTP_50, HTTP_51, HTTP_52, HTTP_54, HTTP_55, on=("http",))
def hands_over_the_request(case: Case) -> Iterator[Finding]:
    """Does the application receive the request, whole and once?"""
    size, parts, ended = 0, 0, False
    for event in case.app:
        if event.direction != "in" or event.type in ("call", "raise", "?", "http.disconnect"):
            continue
        if event.type != "http.request":
            yield HTTP_50.broken(case, event, f"It gave {event.type}.")
            continue
        if ended:
            yield HTTP_51.broken(case, event, "An http.request after the one without more_body=True.")
            continue
        for key, right in (("body", bytes), ("more_body", bool)):
            if key in event.info and not isinstance(event.info[key], right | Opaque):
                yield HTTP_52.broken(case, event, f"{key} is {a(event.info[key])}.")
        size, parts, ended = size + event.size, parts + 1, not event.more
        if ended and case.complete:
            yield from _against_the_request(case, event, size, parts)


@checks(HTTP_56, on=("http", "websocket"))
def says_when_nobody_listens(case: Case) -> Iterator[Finding]:
    """Does send raise when the client is gone, if the server says it would?"""
    if spec_version(case) < (2, 4):
        return
    gone = next((event.t_ns for event in case.wire if event.type == "client.gone"), 0)
    if not gone:
        return
    taken = 0
    for event in case.app:
        if event.direction == "out" and event.type in ("http.response.body", "websocket.send"):
            taken += event.t_ns > gone + NOTICED_MS * MS and not case.refused.get(event.seq, "").startswith(GONE)
            if taken > TAKEN:
                late = (event.t_ns - gone) // MS
                yield HTTP_56.broken(case, event, f"It was sent {late} ms after the client had left, without an error.")
                return


@checks(HTTP_59, on=("http",))
def knows_who_is_there(case: Case) -> Iterator[Finding]:
    """Is http.disconnect true?"""
    exchange = case.exchange
    if exchange.error or not exchange.answered_ns or not case.walk.gone_ns:
        return
    if case.walk.last in COMPLETE:  # so it did answer, and the client took it
        told = next(event for event in case.app if event.type == "http.disconnect")
        yield HTTP_59.broken(case, told, "The client was there, and received the whole response afterwards.")


@checks(WS_50, WS_51, WS_52, WS_53, WS_54, on=("websocket",))
def hands_over_messages(case: Case) -> Iterator[Finding]:
    """Does the application receive connect, messages, disconnect, in this order?"""
    for event, stage, step in case.walk.strays if case.complete else ():
        if event.direction != "in":
            continue
        if stage is Stage.NEW:
            yield WS_50.broken(case, event, f"It was {step}.")
        elif stage is Stage.GONE:
            yield WS_54.broken(case, event, f"It was {step}.")
        elif step == "websocket.receive":
            yield WS_51.broken(case, event, f"The WebSocket was {stage}.")
    for event in case.app:
        if event.type == "websocket.receive" and event.direction == "in":
            left = [key for key in ("text", "bytes") if event.info.get(key) is not None]
            if len(left) + (event.payload is not None) != 1:
                yield WS_52.broken(case, event, f"It has {'both' if left else 'neither'}.")
            elif left and not isinstance(event.info[left[0]], Opaque):
                yield WS_52.broken(case, event, f"{left[0]} is {a(event.info[left[0]])}.")
        elif event.type == "websocket.disconnect":
            code = event.info.get("code")
            if type(code) is not int and not isinstance(code, Opaque):
                yield WS_53.broken(case, event, f"code is {shown(code)}.")


@checks(WS_55, WS_57, WS_60, on=("websocket",))
def passes_closes_on(case: Case) -> Iterator[Finding]:
    """Do close frames and messages say the same, and is there a frame at all?"""
    if case.exchange.status != 101 or not case.over:
        return
    closes = [event for event in case.wire if event.type == "ws.close"]
    if any(event.info.get("from") == "proxy" for event in closes):
        return
    told = next((event for event in case.app if event.type == "websocket.disconnect"), None)
    asked = next((e for e in case.app if e.type == "websocket.close" and case.walk.before[e.seq] is Stage.OPEN), None)
    if told is not None and asked is None:
        yield from _peers_close(case, told, closes)
    elif asked is not None and asked.seq not in case.refused and closes and closes[0].direction == "out":
        yield from _own_close(case, asked, closes[0])
    cut = next((event for event in case.wire if event.type == "upstream.gone"), None)
    if cut is not None and not closes and case.ended is not None and case.ended.t_ns <= cut.t_ns:
        yield WS_60.broken(case, cut, "The connection was closed; the peer sees code 1006.")


@checks(WS_56, WS_58, on=("websocket",))
def answers_the_handshake(case: Case) -> Iterator[Finding]:
    """Does the response to the handshake say what the application said?"""
    if not case.exchange.response_head:
        return
    if any(event.type == "response.head" and event.info.get("from") == "proxy" for event in case.wire):
        return
    for event in case.app:
        if event.direction != "out" or event.seq in case.refused:
            continue
        before = case.walk.before[event.seq]
        if event.type == "websocket.close" and before is Stage.CONNECTING and case.exchange.status != 403:
            yield WS_56.broken(case, event, f"The status was {case.exchange.status}.")
        elif event.type == "websocket.accept" and before is Stage.CONNECTING and case.exchange.status == 101:
            there = head_fields(case.exchange.response_head)
            gone = [name for name, _ in pairs(event.info.get("headers")) if first(there, name.lower()) is None]
            if gone:
                severity = Severity.NOTE if spec_version(case) < (2, 1) else None
                detail = f"Not there: {', '.join(name.decode('latin-1') for name in gone[:5])}."
                yield WS_58.broken(case, event, detail, severity=severity)


def _against_the_request(case: Case, event: Event, size: int, parts: int) -> Iterator[Finding]:
    """The whole body that was handed over, beside what was announced and what was on the wire."""
    headers = case.request_fields
    if first(headers, b"transfer-encoding") is not None:
        wire = case.exchange.request_body.size
        if parts == 1 and size > wire and case.exchange.request_head and _CHUNKS.match(event.payload or b""):
            yield HTTP_55.broken(case, event, f"{size} bytes were received of a body of {wire}.")
        return
    announced = length(headers)
    if announced is not None and announced != size:
        yield HTTP_54.broken(case, event, f"content-length is {announced}, and {size} bytes came.")


def _peers_close(case: Case, told: Event, closes: list[Event]) -> Iterator[Finding]:
    code = told.info.get("code")
    if closes and closes[0].direction == "in":
        expected = closes[0].info.get("code", 1005)
        reason, said = closes[0].info.get("reason", ""), told.info.get("reason") or ""
        if code != expected:
            yield WS_55.broken(case, told, f"The peer closed with {expected}, the application was told {code}.")
        elif reason != said and spec_version(case) >= (2, 3) and "reason" in told.info:
            yield WS_55.broken(case, told, "The reason is another one.", severity=Severity.NOTE)
    elif not closes and case.exchange.error.startswith(CLIENT_LEFT) and code != 1006:
        detail = f"The connection was lost, which is 1006; the application was told {code}."
        yield WS_55.broken(case, told, detail, severity=Severity.WARNING)


def _own_close(case: Case, asked: Event, frame: Event) -> Iterator[Finding]:
    code, reason = asked.info.get("code", 1000), asked.info.get("reason") or ""
    if type(code) is not int or not sendable(code):
        return  # the application's fault, and what becomes of it is the server's choice
    if frame.info.get("code", 1005) != code:
        yield WS_57.broken(case, frame, f"The application said {code}, the frame {frame.info.get('code', 1005)}.")
    elif frame.info.get("reason", "") != reason:
        yield WS_57.broken(case, frame, "The reason that the application gave is not in the frame.")
