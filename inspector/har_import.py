"""Entries of a HAR 1.2 file as exchanges (http://www.softwareishard.com/blog/har-12-spec/), with the messages of
WebSockets, which browsers put beside them in ``_webSocketMessages``.

Pure. Times become nanoseconds since the epoch, so that the trace's two clocks are one. What HAR does not know (the
application's side, the chunks) stays empty; heads are written anew from the fields. An entry that makes no sense is
left out and counted by the caller.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from inspector.model import Body, Direction, Exchange, Kind, Message, Side, State

_MS = 1_000_000
#: Of the opcodes of RFC 6455 section 11.8 those that stand in a HAR, and what a message of each is here.
_OPCODES = {1: "ws.text", 2: "ws.binary", 8: "ws.close", 9: "ws.ping", 10: "ws.pong"}
_DIRECTIONS = {"send": Direction.IN, "receive": Direction.OUT}  # a HAR's view is the client's


class HarError(ValueError):
    """What was read is no HAR; says why."""


def entries(text: str) -> list[Any]:
    """The entries of a file, as they stand in it. Raises ``HarError``."""
    try:
        found = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise HarError(f"It is not JSON: {error}") from None
    log = found.get("log") if isinstance(found, dict) else None
    listed = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(listed, list):
        raise HarError("It has no log.entries, as a HAR file must.")
    return listed


def exchange_of(entry: Any, identity: int, *, head: int, tail: int) -> Exchange:
    """One exchange, over; of bodies the first ``head`` and the last ``tail`` bytes. Raises ``HarError``."""
    request, response = _part(entry, "request"), _part(entry, "response")
    url = urlsplit(_text(request, "url"))
    made = Exchange(identity, state=State.DONE, method=_text(request, "method") or "GET")
    made.target = f"{url.path or '/'}{f'?{url.query}' if url.query else ''}"
    made.http_version = _text(request, "httpVersion").upper().removeprefix("HTTP/") or "1.1"
    made.status = _number(response, "status")
    made.opened_ns = _started(entry)
    made.forwarded_ns = made.opened_ns + _spent(entry, "blocked", "dns", "connect", "send")
    made.first_byte_ns = made.forwarded_ns + _spent(entry, "wait")
    made.closed_ns = max(made.opened_ns + int(_amount(entry, "time") * _MS), made.first_byte_ns)
    made.request_head = _head(f"{made.method} {made.target} HTTP/1.1", request, url.netloc)
    made.request_body = _body(_content(_mapping(request, "postData")), head, tail)
    _note_missing(made.request_body, _number(request, "bodySize"))
    if made.status:
        made.response_head = _head(f"HTTP/1.1 {made.status} {_text(response, 'statusText')}", response, "")
        made.response_body = _body(_content(_mapping(response, "content")), head, tail)
        _note_missing(made.response_body, _number(_mapping(response, "content"), "size"))
        made.kind = Kind.SSE if "text/event-stream" in _text(_mapping(response, "content"), "mimeType") else Kind.HTTP
    else:
        made.state, made.error = State.FAILED, "The archive has no response to it."
    if made.status == 101 or _text(entry, "_resourceType") == "websocket":
        made.kind = Kind.WEBSOCKET
    return made


def messages_of(entry: Any, exchange: Exchange, *, head: int, tail: int) -> list[Message]:
    """What went over the WebSocket that ``exchange`` was made of ``entry``; of payloads as much as of bodies.

    What makes no sense is left out. The exchange is over no sooner than the last of them.
    """
    listed = entry.get("_webSocketMessages")
    if exchange.kind != Kind.WEBSOCKET or not isinstance(listed, list):
        return []
    found: list[Message] = []
    for each in listed:
        direction = _DIRECTIONS.get(_text(each, "type")) if isinstance(each, dict) else None
        kind = _OPCODES.get(_number(each, "opcode")) if direction else None
        data = _payload(_text(each, "data"), binary=kind != "ws.text") if kind else None
        if direction is None or kind is None or data is None:
            continue
        body = _body(data, head, tail)
        at = int(_amount(each, "time") * 1e9) or exchange.opened_ns
        made = Message(exchange.id, len(found), at, Side.WIRE, direction, kind, body.size, body.head, body.tail)
        found.append(made)
    exchange.closed_ns = max(exchange.closed_ns, *(message.t_ns for message in found), 0)
    return found


def _payload(text: str, *, binary: bool) -> bytes | None:
    """What ``data`` stands for: text as it is, all else in base64; None where it is not the base64 it should be."""
    if not binary:
        return text.encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _part(entry: Any, name: str) -> Mapping[str, Any]:
    found = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(found, dict):
        raise HarError(f"An entry without a {name}.")
    return found


def _mapping(part: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = part.get(name)
    return found if isinstance(found, dict) else {}


def _text(part: Mapping[str, Any], name: str) -> str:
    found = part.get(name)
    return found if isinstance(found, str) else ""


def _amount(part: Mapping[str, Any], name: str) -> float:
    """Milliseconds; what is not known is -1 in a HAR, and 0 here. So is what is no number that makes sense."""
    found = part.get(name)
    return float(found) if isinstance(found, int | float) and 0 <= found < 1e12 else 0.0


def _number(part: Mapping[str, Any], name: str) -> int:
    return int(_amount(part, name))


def _spent(entry: Mapping[str, Any], *phases: str) -> int:
    timings = _mapping(entry, "timings")
    return int(sum(_amount(timings, phase) for phase in phases) * _MS)


def _started(entry: Mapping[str, Any]) -> int:
    try:
        moment = datetime.fromisoformat(_text(entry, "startedDateTime"))
    except ValueError:
        raise HarError("An entry without a time that can be read.") from None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def _head(first: str, part: Mapping[str, Any], host: str) -> bytes:
    """A head as HTTP/1.1 has it; pseudo-headers of HTTP/2 are left out, and a missing Host is put in.

    So is Content-Encoding: bodies stand in a HAR as they are without it.
    """
    listed = part.get("headers")
    lines = [first]
    for field in listed if isinstance(listed, list) else []:
        name, value = (_text(field, "name"), _text(field, "value")) if isinstance(field, dict) else ("", "")
        if name and not name.startswith(":") and name.casefold() != "content-encoding":
            lines.append(f"{name}: {value}")
    if host and not any(line.casefold().startswith("host:") for line in lines[1:]):
        lines.insert(1, f"Host: {host}")
    clean = (line.replace("\r", " ").replace("\n", " ") for line in lines)
    return "\r\n".join((*clean, "", "")).encode("utf-8", "replace")


def _content(content: Mapping[str, Any]) -> bytes:
    text = _text(content, "text").encode("utf-8", "surrogateescape")
    if _text(content, "encoding") != "base64":
        return text
    try:
        return base64.b64decode(text, validate=False)
    except binascii.Error:
        raise HarError("A body that is not the base64 it says it is.") from None


def _note_missing(body: Body, size: int) -> None:
    """Archives leave out bodies that were too large for them: then only the length is known."""
    if not body.size:
        body.size = size


def _body(data: bytes, head: int, tail: int) -> Body:
    if len(data) <= head + tail:
        return Body(len(data), data)
    return Body(len(data), data[:head], data[-tail:] if tail else b"")
