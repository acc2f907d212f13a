"""Entries of a HAR 1.2 file as exchanges (http://www.softwareishard.com/blog/har-12-spec/).

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

from inspector.model import Body, Exchange, Kind, State

_MS = 1_000_000


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
    made.request_body = _body(_posted(request), head, tail)
    if made.status:
        made.response_head = _head(f"HTTP/1.1 {made.status} {_text(response, 'statusText')}", response, "")
        made.response_body = _body(_content(response), head, tail)
        made.kind = Kind.SSE if "text/event-stream" in _text(_mapping(response, "content"), "mimeType") else Kind.HTTP
    else:
        made.state, made.error = State.FAILED, "The archive has no response to it."
    if made.status == 101 or _text(entry, "_resourceType") == "websocket":
        made.kind = Kind.WEBSOCKET
    return made


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


def _posted(request: Mapping[str, Any]) -> bytes:
    return _text(_mapping(request, "postData"), "text").encode("utf-8", "surrogateescape")


def _content(response: Mapping[str, Any]) -> bytes:
    content = _mapping(response, "content")
    text = _text(content, "text").encode("utf-8", "surrogateescape")
    if _text(content, "encoding") != "base64":
        return text
    try:
        return base64.b64decode(text, validate=False)
    except binascii.Error:
        raise HarError("A body that is not the base64 it says it is.") from None


def _body(data: bytes, head: int, tail: int) -> Body:
    if len(data) <= head + tail:
        return Body(len(data), data)
    return Body(len(data), data[:head], data[-tail:] if tail else b"")
