"""Exchanges as HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/).

Pure. WebSocket messages stand in ``_webSocketMessages`` as Chrome writes them; what HAR has no place for (the worker,
the phases) in ``_gatescope``. Bodies are text where they are text, else base64; a body of which only head and tail are
known says so in its comment. Secrets are masked unless asked otherwise.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from inspector.export.address import address
from inspector.export.record import Record
from inspector.export.timings import moment, timings
from inspector.heads import Head, parse_head
from inspector.model import Body, Direction, Exchange, Kind, Side
from inspector.secrets import mask, mask_url

_DECODED_LIMIT = 64 << 20  #: bytes that a compressed body may become
_UNKNOWN = -1  #: HAR's word for what is not known or does not apply


def to_har(records: Iterable[Record], *, version: str, secrets: bool = False) -> Iterator[str]:
    """The file in pieces, so that a long trace need not be in memory. Exchanges without a request are left out."""
    creator = {"name": "Gatescope", "version": version}
    yield f'{{"log":{{"version":"1.2","creator":{json.dumps(creator)},"pages":[],"entries":['
    separator = "\n"
    for record in records:
        if record.exchange.request_head:
            yield separator + json.dumps(har_entry(record, secrets=secrets))
            separator = ",\n"
    yield "\n]}}\n"


def har_entry(record: Record, *, secrets: bool = False) -> dict[str, Any]:
    """One entry."""
    exchange = record.exchange
    parts = timings(exchange)
    started = moment(record.wall_ns)
    entry: dict[str, Any] = {
        "startedDateTime": started.isoformat(),
        "time": parts.get("total", 0),
        "request": _request(exchange, record.proxy, secrets=secrets),
        "response": _response(exchange, secrets=secrets),
        "cache": {},
        "timings": _timings(exchange, parts),
        "_gatescope": {
            "exchange": exchange.id,
            "mode": record.mode,
            "slot": record.worker.slot if record.worker else 0,
            "pid": record.worker.pid if record.worker else 0,
            "state": str(exchange.state),
            "timings": parts,
        },
    }
    if exchange.kind == Kind.WEBSOCKET:
        entry["_resourceType"] = "websocket"
        entry["_webSocketMessages"] = _websocket_messages(record)
    if record.mark:
        entry["_gatescope"]["mark"] = record.mark
    if words := "\n".join(filter(None, (record.comment, exchange.error))):
        entry["comment"] = words
    return entry


def _request(exchange: Exchange, proxy: str, *, secrets: bool) -> dict[str, Any]:
    head = parse_head(exchange.request_head)
    headers = list(head.headers) if secrets else mask(head.headers)
    target = exchange.target if secrets else mask_url(exchange.target)
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": _url(exchange, target, head, proxy),
        "httpVersion": f"HTTP/{exchange.http_version}",
        "cookies": _cookies(value for name, value in headers if name.lower() == "cookie"),
        "headers": _pairs(headers),
        "queryString": _query(target),
        "headersSize": len(exchange.request_head),
        "bodySize": exchange.request_body.size,
    }
    if exchange.request_body.size:
        request["postData"] = _post_data(exchange.request_body, head.get("content-type"))
    return request


def _response(exchange: Exchange, *, secrets: bool) -> dict[str, Any]:
    head = parse_head(exchange.response_head)
    headers = list(head.headers) if secrets else mask(head.headers)
    return {
        "status": exchange.status,
        "statusText": head.reason,
        "httpVersion": f"HTTP/{exchange.http_version}",
        "cookies": _set_cookies(value for name, value in headers if name.lower() == "set-cookie"),
        "headers": _pairs(headers),
        "content": _content(exchange.response_body, head),
        "redirectURL": head.get("location") if secrets else mask_url(head.get("location")),
        "headersSize": len(exchange.response_head) or _UNKNOWN,
        "bodySize": exchange.response_body.size,
    }


def _timings(exchange: Exchange, parts: dict[str, float]) -> dict[str, float]:
    """HAR's: ``send`` and what precedes it are the client's and the proxy's, ``wait`` is until the first byte."""
    first = exchange.first_byte_ns
    wait = max(0, first - exchange.forwarded_ns) / 1e6 if first and exchange.forwarded_ns else 0
    receive = max(0, exchange.closed_ns - first) / 1e6 if first and exchange.closed_ns else 0
    return {
        "blocked": _UNKNOWN, "dns": _UNKNOWN, "connect": _UNKNOWN, "ssl": _UNKNOWN, "send": parts.get("wait", 0),
        "wait": round(wait, 3), "receive": round(receive, 3),
    }  # fmt: skip


def _url(exchange: Exchange, target: str, head: Head, proxy: str) -> str:
    place = address(exchange.target, head, proxy)
    if place.whole:
        return target
    scheme = "ws" if exchange.kind == Kind.WEBSOCKET else "http"
    path = target if target.startswith("/") else f"/{target}"
    return f"{scheme}://{place.authority}{path}"


def _query(target: str) -> list[dict[str, str]]:
    pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    return _pairs(pairs)


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _cookies(values: Iterable[str]) -> list[dict[str, str]]:
    parts = [part.strip().partition("=") for value in values for part in value.split(";") if part.strip()]
    return _pairs((name, value) for name, _, value in parts)


def _set_cookies(values: Iterable[str]) -> list[dict[str, Any]]:
    cookies: list[dict[str, Any]] = []
    for value in values:
        pair, *attributes = value.split(";")
        name, _, content = pair.strip().partition("=")
        cookie: dict[str, Any] = {"name": name, "value": content}
        for attribute in attributes:
            key, _, setting = attribute.strip().partition("=")
            match key.lower():
                case "path" | "domain":
                    cookie[key.lower()] = setting
                case "httponly":
                    cookie["httpOnly"] = True
                case "secure":
                    cookie["secure"] = True
        cookies.append(cookie)
    return cookies


def _post_data(body: Body, content_type: str) -> dict[str, Any]:
    """HAR knows only text here; other bytes are base64, with the ``encoding`` that responses have."""
    data: dict[str, Any] = {"mimeType": content_type, "params": []}
    return {**data, **_text(body.head + body.tail), **_comment(body)}


def _content(body: Body, head: Head) -> dict[str, Any]:
    """``size`` is of the decoded body, ``compression`` what coding saved (HAR 1.2, content)."""
    raw = body.head + body.tail
    decoded = None if body.truncated else _decoded(raw, head.get("content-encoding"))
    content: dict[str, Any] = {"size": body.size, "mimeType": head.get("content-type")}
    if decoded is not None:
        content.update(size=len(decoded), compression=len(decoded) - body.size)
    return {**content, **_text(raw if decoded is None else decoded), **_comment(body)}


def _text(raw: bytes) -> dict[str, str]:
    try:
        return {"text": raw.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(raw).decode(), "encoding": "base64"}


def _comment(body: Body) -> dict[str, str]:
    if not body.truncated:
        return {}
    head, tail = len(body.head), len(body.tail)
    return {"comment": f"incomplete: the first {head} and the last {tail} of {body.size} bytes were kept"}


def _decoded(raw: bytes, coding: str) -> bytes | None:
    """A body as it was before its codings (RFC 9110 section 8.4.1); None without one, and where it is damaged."""
    if not coding.strip():
        return None
    from inspector.codings import undo  # few bodies need it, and what it imports takes its time

    undone = undo(raw, coding, limit=_DECODED_LIMIT)
    return undone.content if undone.note and not undone.broken and not undone.cut else None


def _websocket_messages(record: Record) -> list[dict[str, Any]]:
    """Data frames as the wire saw them; where no proxy stood in between, as the application did."""
    wire = any(message.side == Side.WIRE and message.type.startswith("ws.") for message in record.messages)
    begun = record.exchange.opened_ns or record.exchange.called_ns
    found: list[dict[str, Any]] = []
    for message in record.messages:
        if (message.side == Side.WIRE) != wire or message.type not in _DATA_TYPES:
            continue
        text = _websocket_text(message.payload or b"", binary=message.type == "ws.binary")
        seconds = (record.wall_ns + message.t_ns - begun) / 1e9
        sent = message.direction == Direction.IN  # Chrome's view is the client's
        found.append({"type": "send" if sent else "receive", "time": seconds, **text})
    return found


_DATA_TYPES = ("ws.text", "ws.binary", "websocket.receive", "websocket.send")


def _websocket_text(payload: bytes, *, binary: bool) -> dict[str, Any]:
    if not binary:
        with contextlib.suppress(UnicodeDecodeError):
            return {"opcode": 1, "data": payload.decode()}
    return {"opcode": 2, "data": base64.b64encode(payload).decode()}
