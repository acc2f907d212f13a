"""What a body is and how it reads: JSON, form, event stream, text, image or bytes.

Pure: bytes and header values in, text and tables out. The kind is what the content type says; where it says nothing,
what the bytes look like. Nothing here decides on colours or widgets.
"""

from __future__ import annotations

import enum
import gzip
import json
import zlib
from dataclasses import dataclass
from urllib.parse import parse_qsl

from inspector.model import Body

SHOWN_LIMIT = 512 * 1024  #: bytes laid out as text; more would make the window wait
_HEX_LIMIT = 64 * 1024  #: bytes laid out as a hex dump: 4,096 lines
_INFLATED_LIMIT = 4 * 1024 * 1024  #: bytes a compressed body may become, whatever it claims


class BodyKind(enum.StrEnum):
    """How a body can be shown at its best."""

    EMPTY = "empty"
    JSON = "JSON"
    FORM = "form"
    EVENTS = "events"
    TEXT = "text"
    IMAGE = "image"
    BINARY = "bytes"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a ``text/event-stream`` (HTML Living Standard, section 9.2.6). ``retry`` is text as sent."""

    type: str
    data: str
    id: str = ""
    retry: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The bytes to show, and what was done to get them or why it could not be."""

    content: bytes
    note: str = ""


def media_type(content_type: str) -> str:
    """``text/html`` of ``Text/HTML; charset=utf-8``."""
    return content_type.partition(";")[0].strip().lower()


def charset(content_type: str) -> str:
    """The charset parameter, lower case; empty if there is none."""
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def classify(content: bytes, content_type: str) -> BodyKind:
    """The kind of a body by its content type (RFC 9110 section 8.3), or by its first bytes when that is missing."""
    if not content:
        return BodyKind.EMPTY
    name = media_type(content_type)
    if name == "application/json" or name.endswith("+json"):
        return BodyKind.JSON
    if name == "text/event-stream":
        return BodyKind.EVENTS
    if name == "application/x-www-form-urlencoded":
        return BodyKind.FORM
    if name.startswith("image/") and name != "image/svg+xml":
        return BodyKind.IMAGE
    if name.startswith("text/") or name in _TEXT_TYPES or name.endswith("+xml"):
        return BodyKind.TEXT
    return _sniff(content) if name in ("", "application/octet-stream") else _text_or_bytes(content)


_TEXT_TYPES = {
    "application/javascript",
    "application/xml",
    "application/yaml",
    "application/toml",
    "application/graphql",
}


def _sniff(content: bytes) -> BodyKind:
    if content.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8")):
        return BodyKind.IMAGE
    if content.lstrip()[:1] in (b"{", b"[") and _text_or_bytes(content) is BodyKind.TEXT:
        return BodyKind.JSON
    return _text_or_bytes(content)


def _text_or_bytes(content: bytes) -> BodyKind:
    sample = content[:4096]
    if b"\x00" in sample:
        return BodyKind.BINARY
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3 or len(content) <= len(sample):  # a character cut by the sample is no fault
            return BodyKind.BINARY
    return BodyKind.TEXT


def decode(body: Body, content_encoding: str) -> Decoded:
    """What is kept of ``body`` with its content coding undone (RFC 9110 section 8.4), as far as the bytes go."""
    content = body.head
    coding = content_encoding.strip().lower()
    if not content or coding in ("", "identity"):
        return Decoded(content)
    if coding not in ("gzip", "x-gzip", "deflate"):
        return Decoded(content, f"{coding}: shown as it was sent, this coding is not undone here")
    wbits = (31,) if coding != "deflate" else (15, -15)  # servers disagree on what "deflate" is
    for bits in wbits:
        machine = zlib.decompressobj(bits)
        try:
            return Decoded(machine.decompress(content, _INFLATED_LIMIT), f"{coding} undone")
        except (zlib.error, gzip.BadGzipFile):
            continue
    return Decoded(content, f"{coding}: the bytes are not valid, shown as they were sent")


def as_text(content: bytes, content_type: str = "") -> str:
    """``content`` as text by its charset, UTF-8 otherwise; what does not decode becomes escapes."""
    try:
        return content.decode(charset(content_type) or "utf-8", "backslashreplace")
    except LookupError:
        return content.decode("utf-8", "backslashreplace")


def pretty_json(content: bytes, content_type: str = "") -> str | None:
    """JSON with two spaces of indentation, keys in their order; None when it is not JSON (or was cut)."""
    try:
        return json.dumps(json.loads(as_text(content, content_type)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def form_fields(content: bytes) -> list[tuple[str, str]]:
    """Names and values of a URL-encoded form in order, blanks kept (WHATWG URL, section 5.1)."""
    return parse_qsl(content.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="backslashreplace")


def server_events(content: bytes) -> list[ServerEvent]:
    """The complete events in a stream; a block without data is no event but is shown when it names a type or retry."""
    text = content.decode("utf-8", "backslashreplace").removeprefix("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    *blocks, _unfinished = text.split("\n\n")
    return [event for block in blocks if (event := _server_event(block)) is not None]


def _server_event(block: str) -> ServerEvent | None:
    fields: dict[str, list[str]] = {}
    for line in block.split("\n"):
        if not line:
            continue
        name, _, value = line.partition(":")
        fields.setdefault(name or "comment", []).append(value.removeprefix(" "))
    if not fields:
        return None
    comments = "\n".join(fields.get("comment", ()))
    data = "\n".join(fields["data"]) if "data" in fields else comments
    default = "message" if "data" in fields else "comment" if comments else ""
    return ServerEvent(
        type=fields.get("event", [default])[-1],
        data=data,
        id=fields.get("id", [""])[-1],
        retry=fields.get("retry", [""])[-1],
    )


def hex_dump(content: bytes, start: int = 0, limit: int = _HEX_LIMIT) -> str:
    """Offset, sixteen bytes in hex, and the printable ASCII of them, a line each; at most ``limit`` bytes."""
    shown = content[:limit]
    rows = [_hex_line(shown[at : at + 16], start + at) for at in range(0, len(shown), 16)]
    return "\n".join(rows)


def _hex_line(chunk: bytes, offset: int) -> str:
    left, right = chunk[:8].hex(" "), chunk[8:].hex(" ")
    printable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in chunk)
    return f"{offset:08x}  {left:<23}  {right:<23}  {printable}"


def kept_note(body: Body) -> str:
    """What of a truncated body was kept, in a sentence; empty when all of it was."""
    if not body.truncated:
        return ""
    kept = f"the first {len(body.head):,}"
    if body.tail:
        kept += f" and the last {len(body.tail):,}"
    return f"Cut while recording: {kept} of {body.size:,} bytes were kept."
