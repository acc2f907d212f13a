"""A WebSocket as ASGI speaks it: accepting, sending, closing, refusing. The application's side.

Pure. The order is a table (``stages.WEBSOCKET``); here stands which rule a message breaks that comes out of order.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.contract.case import Case, Event
from inspector.contract.fields import a, misshapen, pairs, shown
from inspector.contract.rule import Rule, checks
from inspector.contract.stages import Stage
from inspector.model import Finding, Severity
from inspector.tagged import Opaque

_WWW = "ASGI HTTP & WebSocket message format 2.5"
_CONNECT, _ACCEPT, _SEND = f"{_WWW}, Connect", f"{_WWW}, Accept", f"{_WWW}, Send"
_CLOSE, _GONE = f"{_WWW}, Close", f"{_WWW}, Disconnect"
_CODES = "RFC 6455 section 7.4"

MS = 1_000_000
#: Milliseconds in which a message may cross the news that the peer is gone.
CROSSING_MS = 100
#: Milliseconds that the peer's messages may lie unread.
UNREAD_MS = 30_000
LONGEST_REASON = 123  #: bytes, RFC 6455 section 5.5

WS_01 = Rule(
    "ASGI-WS-01", "A message was sent before the WebSocket was accepted",
    "Until websocket.accept is sent there is no WebSocket, only a request for one.",
    "Send {'type': 'websocket.accept'} first.",
    _CONNECT,
)  # fmt: skip
WS_02 = Rule(
    "ASGI-WS-02", "The WebSocket was accepted twice",
    "A WebSocket is accepted once.",
    "Let either the middleware or the view accept, not both.",
    _ACCEPT,
)  # fmt: skip
WS_03 = Rule(
    "ASGI-WS-03", "The application answered before it had received websocket.connect",
    "The first message is received: websocket.connect. Then the application accepts or closes.",
    "Call receive once before you accept.",
    _CONNECT, Severity.WARNING,
)  # fmt: skip
WS_04 = Rule(
    "ASGI-WS-04", "The application returned, and neither accepted the WebSocket nor refused it",
    "websocket.connect is answered by websocket.accept, or by websocket.close, which refuses.",
    "Send websocket.close in the branch that returns.",
    _CONNECT,
)  # fmt: skip
WS_05 = Rule(
    "ASGI-WS-05", "The application returned without closing the WebSocket",
    "A call that returns ends the WebSocket. How the peer learns of it is up to the server: by code 1011, 1005 or "
    "1006, or not at all.",
    "Send {'type': 'websocket.close'} at the end.",
    f"{_WWW}, WebSocket Connection Scope", Severity.WARNING,
)  # fmt: skip
WS_06 = Rule(
    "ASGI-WS-06", "A message holds both text and bytes, or neither",
    "websocket.send has either text or bytes.",
    "Leave the other key out, or set it to None.",
    _SEND,
)  # fmt: skip
WS_07 = Rule(
    "ASGI-WS-07", "A message's text is not a str, or its bytes are not bytes",
    "text is a str, bytes is bytes.",
    "Use bytes=... for what is encoded already, and text=... for str.",
    _SEND,
)  # fmt: skip
WS_08 = Rule(
    "ASGI-WS-08", "A message was sent after the application had closed the WebSocket",
    "After websocket.close nothing can be sent, not even another close.",
    "Remember that it is closed; often a finally closes once more.",
    _CLOSE, Severity.WARNING,
)  # fmt: skip
WS_09 = Rule(
    "ASGI-WS-09", "A message was sent after the peer was gone",
    "After websocket.disconnect was received nobody listens, and the WebSocket needs no close.",
    "End the loop that sends when websocket.disconnect comes, and close only what is open.",
    _GONE, Severity.WARNING,
)  # fmt: skip
WS_10 = Rule(
    "ASGI-WS-10", "A subprotocol was chosen that the client did not offer",
    "The subprotocol of websocket.accept is one of scope['subprotocols'], or None. With another browsers hang up.",
    "Choose one of those that are offered, or none.",
    "RFC 6455 section 4.2.2",
)  # fmt: skip
WS_11 = Rule(
    "ASGI-WS-11", "The subprotocol was set as a header",
    "The headers of websocket.accept do not have sec-websocket-protocol: the server writes that.",
    "Use the key subprotocol.",
    _ACCEPT,
)  # fmt: skip
WS_12 = Rule(
    "ASGI-WS-12", "The headers of websocket.accept are not pairs of bytes in lower case",
    "headers is an iterable of [name, value], both bytes, names in lower case and without a colon in front.",
    "Encode both, and lower the name.",
    _ACCEPT,
)  # fmt: skip
WS_13 = Rule(
    "ASGI-WS-13", "A header of websocket.accept is the server's to write",
    "The handshake's own headers (connection, upgrade, sec-websocket-accept, ...) come from the server, and a response "
    "that switches protocols has no body to give a length of.",
    "Leave them out.",
    "RFC 6455 section 4.2.2", Severity.WARNING,
)  # fmt: skip
WS_14 = Rule(
    "ASGI-WS-14", "The WebSocket was closed with a code that cannot be sent",
    "Codes are 1000 to 1003, 1007 to 1014, and 3000 to 4999. 1004, 1005, 1006 and 1015 never go over the wire.",
    "Use 1000 for a normal end, 1011 for an error, 4000 to 4999 for what you define yourself.",
    _CODES,
)  # fmt: skip
WS_15 = Rule(
    "ASGI-WS-15", "The reason for closing is too long",
    "A reason has at most 123 bytes of UTF-8: it has to fit into one small frame.",
    "Shorten it, or send the details as a message before you close.",
    "RFC 6455 section 5.5",
)  # fmt: skip
WS_17 = Rule(
    "ASGI-WS-17", "receive was called after the peer was gone",
    "websocket.disconnect is the last message. Some servers repeat it, others let receive wait for ever.",
    "End the loop over receive when it comes.",
    _GONE, Severity.WARNING,
)  # fmt: skip
WS_18 = Rule(
    "ASGI-WS-18", "The close has a code that is not an int, or a reason that is not a str",
    "code is an int, 1000 if it is left out; reason is a str or None.",
    "Leave the key out if there is nothing to say.",
    _CLOSE,
)  # fmt: skip
WS_19 = Rule(
    "ASGI-WS-19", "The WebSocket was refused with a code or reason, which the client never sees",
    "A close before the accept becomes an HTTP response with status 403; clients report code 1006.",
    "To tell the client why, accept first and close then, or send a response with websocket.http.response.start.",
    _CLOSE, Severity.NOTE,
)  # fmt: skip
WS_23 = Rule(
    "ASGI-WS-23", "The peer's messages lay unread",
    "Messages wait until the application calls receive, and so does the news that the peer is gone.",
    "Receive in a task of its own, also where only sending matters.",
    f"{_WWW}, Receive", Severity.NOTE,
)  # fmt: skip

_STRAYS: dict[tuple[Stage, str], Rule] = {
    (Stage.CONNECTING, "websocket.send"): WS_01,
    (Stage.NEW, "websocket.send"): WS_01,
    (Stage.OPEN, "websocket.accept"): WS_02,
    (Stage.NEW, "websocket.accept"): WS_03,
    (Stage.NEW, "websocket.close"): WS_03,
    (Stage.CLOSED, "websocket.send"): WS_08,
    (Stage.CLOSED, "websocket.close"): WS_08,
    (Stage.CLOSED, "websocket.accept"): WS_08,
    (Stage.GONE, "websocket.send"): WS_09,
    (Stage.GONE, "websocket.close"): WS_09,
    (Stage.GONE, "websocket.accept"): WS_09,
}
_THE_SERVERS = frozenset(
    (b"upgrade", b"connection", b"sec-websocket-accept", b"sec-websocket-extensions", b"content-length",
     b"transfer-encoding")
)  # fmt: skip
_DONE = {
    Stage.NEW: "before websocket.connect was received", Stage.CONNECTING: "before websocket.accept",
    Stage.OPEN: "when it was open already", Stage.CLOSED: "after the application had closed it",
    Stage.GONE: "after websocket.disconnect was received",
}  # fmt: skip


@checks(WS_01, WS_02, WS_03, WS_08, WS_09, on=("websocket",))
def speaks_in_order(case: Case) -> Iterator[Finding]:
    """Connect, accept, messages, close, and nothing after."""
    if not case.complete:
        return
    gone = case.walk.gone_ns
    for event, stage, step in case.walk.strays:
        rule = _STRAYS.get((stage, step))
        if rule is WS_09 and step != "websocket.close" and event.t_ns - gone < CROSSING_MS * MS:
            continue
        if rule is not None:
            # Frameworks refuse what has no route in this way, and every server takes it.
            severity = Severity.NOTE if rule is WS_03 and step == "websocket.close" else None
            yield rule.broken(case, event, f"{event.type} was sent {_DONE[stage]}.", severity=severity)


@checks(WS_04, WS_05, on=("websocket",))
def leaves_no_open_end(case: Case) -> Iterator[Finding]:
    """Was the WebSocket answered, and closed, when the application returned?"""
    if not case.returned or case.deserted or case.refused:
        return
    ended = case.ended
    assert ended is not None
    if any(event.type == "ws.close" and event.direction == "in" and event.t_ns < ended.t_ns for event in case.wire):
        return
    if case.walk.last in (Stage.NEW, Stage.CONNECTING):
        yield WS_04.broken(case, ended, "It returned before it had answered websocket.connect.")
    elif case.walk.last is Stage.OPEN:
        yield WS_05.broken(case, ended, "It returned while the WebSocket was open.")


@checks(WS_06, WS_07, on=("websocket",))
def sends_text_or_bytes(case: Case) -> Iterator[Finding]:
    """Does each message have one of them, of the right type?"""
    for event in case.app:
        if event.type != "websocket.send" or event.direction != "out":
            continue
        info = event.info
        left = {key: info[key] for key in ("text", "bytes") if info.get(key) is not None}
        if len(left) + (event.payload is not None) != 1:
            yield WS_06.broken(case, event, f"It has {'both' if left else 'neither'}.")
        for key, value in left.items():
            if event.payload is None and not isinstance(value, Opaque):
                what = "a bytearray or memoryview" if key == "bytes" and isinstance(value, bytes) else a(value)
                yield WS_07.broken(case, event, f"{key} is {what}.")


@checks(WS_10, WS_11, WS_12, WS_13, on=("websocket",))
def accepts_with_care(case: Case) -> Iterator[Finding]:
    """Are the subprotocol and headers of the accept what they may be?"""
    for event in _sent(case, "websocket.accept"):
        chosen, offered = event.info.get("subprotocol"), case.context.get("subprotocols", [])
        if isinstance(chosen, str) and chosen and isinstance(offered, list | tuple) and chosen not in offered:
            said = ", ".join(map(str, offered)) or "none"
            yield WS_10.broken(case, event, f"It chose {chosen}; the client offered {said}.")
        if "headers" not in event.info:
            continue
        if wrong := misshapen(event.info["headers"]):
            yield WS_12.broken(case, event, f"In headers, {wrong}.")
        for name, _ in pairs(event.info["headers"]):
            said = name.decode("latin-1")
            if name[:1] == b":":
                yield WS_12.broken(case, event, f"The header is called {said}.")
            elif name != name.lower():
                yield WS_12.broken(case, event, f"{said} is not in lower case.", severity=Severity.NOTE)
            if name.lower() == b"sec-websocket-protocol":
                yield WS_11.broken(case, event, "The headers have sec-websocket-protocol.")
            elif name.lower() in _THE_SERVERS:
                yield WS_13.broken(case, event, f"The headers have {said}.")


@checks(WS_14, WS_15, WS_18, WS_19, on=("websocket",))
def closes_with_care(case: Case) -> Iterator[Finding]:
    """Are the code and reason of a close what they may be?"""
    for event in _sent(case, "websocket.close"):
        code, reason = event.info.get("code", 1000), event.info.get("reason")
        if case.walk.before[event.seq] in (Stage.NEW, Stage.CONNECTING):
            if code != 1000 or reason:
                yield WS_19.broken(case, event, f"It refused with code {shown(code)} and reason {shown(reason)}.")
        elif isinstance(code, int) and not isinstance(code, bool) and not sendable(code):
            yield WS_14.broken(case, event, f"It closed with {code}.")
        for key, value in (("code", code), ("reason", reason or "")):
            right = int if key == "code" else str
            if not isinstance(value, right | Opaque) or isinstance(value, bool):
                yield WS_18.broken(case, event, f"{key} is {shown(value)}.")
        if isinstance(reason, str) and len(reason.encode("utf-8", "replace")) > LONGEST_REASON:
            yield WS_15.broken(case, event, f"The reason has {len(reason.encode('utf-8', 'replace'))} bytes.")


@checks(WS_17, on=("websocket",))
def stops_receiving(case: Case) -> Iterator[Finding]:
    """Did it stop receiving when the peer was gone?"""
    told = [event for event in case.app if event.type == "websocket.disconnect"]
    if len(told) > 1:
        yield WS_17.broken(case, told[1], f"It received websocket.disconnect {len(told)} times.")


@checks(WS_23, on=("websocket",))
def receives_what_comes(case: Case) -> Iterator[Finding]:
    """Did it receive what the peer sent, before long?"""
    if not case.complete or case.ended is None:
        return
    said = [event for event in case.wire if event.direction == "in" and event.type in ("ws.text", "ws.binary")]
    heard = [event for event in case.app if event.type in ("websocket.receive", "websocket.disconnect")]
    unheard = said[len(heard)] if len(said) > len(heard) else None
    if unheard is not None and case.ended.t_ns - unheard.t_ns > UNREAD_MS * MS:
        seconds = (case.ended.t_ns - unheard.t_ns) // (1000 * MS)
        detail = f"{len(said) - len(heard)} of {len(said)} messages were never received, the first for {seconds} s."
        yield WS_23.broken(case, None, detail)


def sendable(code: int) -> bool:
    """Whether a close frame may have ``code``."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def _sent(case: Case, kind: str) -> list[Event]:
    return [event for event in case.app if event.type == kind and event.direction == "out"]
