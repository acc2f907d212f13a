"""Cases for the rules of the contract, as a trace would have them, in few words.

A story is a list of messages, one millisecond apart: ``sent`` and ``got`` for what an ASGI application says and hears,
``raised`` for what the server raised at it, ``wire`` for what the proxy saw. The probe writes infos as these do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from inspector import tagged
from inspector.contract import Case, judge
from inspector.model import Exchange, Kind, Message, State

MS = 1_000_000
SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/a",
    "raw_path": b"/a",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"here")],
    "client": ("127.0.0.1", 51324),
    "server": ("127.0.0.1", 8000),
    "state": {},
}
SOCKET_SCOPE = {
    **{key: value for key, value in SCOPE.items() if key != "method"},
    "type": "websocket",
    "scheme": "ws",
    "subprotocols": ["chat"],
    "extensions": {"websocket.http.response": {}},
}
LIFESPAN_SCOPE = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
REQUEST_HEAD = b"GET /a HTTP/1.1\r\nHost: here\r\n\r\n"


#: A rule, how grave it is, what breaks it, and what comes nearest to that without breaking it.
Sample = tuple[str, str, Case, Case]


def found(case: Case) -> set[str]:
    """The rules that ``case`` breaks."""
    return {finding.rule for finding in judge(case)}


def holds(sample: Sample) -> None:
    """Fails unless the rule tells the one from the other."""
    rule, severity, offence, legal = sample
    assert (rule, severity) in {(finding.rule, str(finding.severity)) for finding in judge(offence)}, judge(offence)
    assert rule not in found(legal), judge(legal)


def event(direction: str, kind: str, *, side: str = "app", wait: float = 1, **fields: Any) -> Message:
    """A message ``wait`` milliseconds after the one before; ``info`` is a value here, not yet text."""
    info = fields.pop("info", None)
    return Message(0, 0, round(wait * MS), side, direction, kind, info=tagged.dumps(info) if info else "", **fields)


def _asgi(direction: str, message: dict[Any, Any], wait: float) -> Message:
    info = dict(message)
    kind = info.pop("type")
    payload = None
    if kind.endswith((".body", "http.request")) and type(info.get("body")) is bytes:
        payload = info.pop("body")
    elif kind in ("websocket.receive", "websocket.send"):
        if type(info.get("bytes")) is bytes:
            payload = info.pop("bytes")
        elif type(info.get("text")) is str:
            payload = info.pop("text").encode()
            info["payload"] = "text"
    return event(direction, kind, wait=wait, size=len(payload or b""), payload=payload, info=info)


def sent(kind: str, *, wait: float = 1, **keys: Any) -> Message:
    """The application sends a message of that type and keys."""
    return _asgi("out", {"type": kind, **keys}, wait)


def got(kind: str, *, wait: float = 1, **keys: Any) -> Message:
    """The application receives one."""
    return _asgi("in", {"type": kind, **keys}, wait)


def raised(text: str, *, by: str = "send") -> Message:
    """The server raised at the application."""
    return event("in", "raise", info={"from": by, "exception": text})


def wire(direction: str, kind: str, *, wait: float = 1, **fields: Any) -> Message:
    """What the proxy saw."""
    return event(direction, kind, side="wire", wait=wait, **fields)


def start(status: Any = 200, headers: Any = ((b"content-type", b"text/plain"),), **keys: Any) -> Message:
    """``http.response.start``."""
    headers = list(headers) if isinstance(headers, tuple) else headers
    return sent("http.response.start", status=status, headers=headers, **keys)


def body(data: Any = b"hello", **keys: Any) -> Message:
    """``http.response.body``."""
    return sent("http.response.body", body=data, **keys)


REQUEST = got("http.request", body=b"", more_body=False)
RETURN = event("out", "return")
CALL = event("in", "call")


def left(text: str) -> Message:
    """An exception leaves the application."""
    return event("out", "raise", info={"exception": text})


def case(story: Iterable[Message], exchange: Exchange, *, mode: str = "") -> Case:
    """The case of a story: messages get their numbers and times here."""
    messages, t = [], exchange.opened_ns
    for number, message in enumerate(story):
        t += message.t_ns
        messages.append(replace(message, seq=number, t_ns=t))
    app = [message for message in messages if message.side == "app"]
    if app:
        exchange.called_ns = exchange.called_ns or app[0].t_ns
    ends = [message for message in app if message.direction == "out" and message.type in ("return", "raise")]
    if ends:
        exchange.returned_ns = ends[-1].t_ns
        if ends[-1].type == "raise" and not exchange.exception:
            said = tagged.loads(ends[-1].info or "{}").get("exception")
            exchange.exception = f"Traceback (most recent call last):\n  File x\n{said}"
    exchange.messages = len(messages)
    return Case(exchange, messages, mode)


def _exchange(kind: str, interface: str, context: dict[Any, Any], fields: dict[str, Any]) -> Exchange:
    known: dict[str, Any] = {"state": State.DONE, "opened_ns": 1000 * MS, "method": "GET", "target": "/a"}
    if kind != Kind.LIFESPAN:
        known["request_head"] = REQUEST_HEAD
    known |= {"interface": interface, "context": tagged.dumps(context)}
    return Exchange(1, kind=kind, **{**known, **fields})


def http(*story: Message, scope: dict[Any, Any] | None = None, mode: str = "", **fields: Any) -> Case:
    """An HTTP request to an ASGI application. ``scope``: what differs; ``fields``: of the exchange."""
    exchange = _exchange(Kind.HTTP, "ASGI3", {**SCOPE, **(scope or {})}, fields)
    return case((CALL, *story), exchange, mode=mode)


def answered(*story: Message, scope: dict[Any, Any] | None = None, **fields: Any) -> Case:
    """The same, of an application that reads the request first and returns at the end."""
    return http(REQUEST, *story, RETURN, scope=scope, **fields)


def websocket(*story: Message, scope: dict[Any, Any] | None = None, mode: str = "", **fields: Any) -> Case:
    """A WebSocket to an ASGI application."""
    exchange = _exchange(Kind.WEBSOCKET, "ASGI3", {**SOCKET_SCOPE, **(scope or {})}, {"status": 101, **fields})
    return case((CALL, *story), exchange, mode=mode)


def lifespan(*story: Message, scope: dict[Any, Any] | None = None, **fields: Any) -> Case:
    """The life of an ASGI application."""
    return case((CALL, *story), _exchange(Kind.LIFESPAN, "ASGI3", {**LIFESPAN_SCOPE, **(scope or {})}, fields))
