"""What a body is and how it reads: JSON, form, event stream, markup, MessagePack, text, image or bytes.

Pure: bytes and header values in, text and tables out. The kind is what the content type says; where it says nothing,
what the bytes look like. Nothing here decides on colours or widgets; ``rendering`` chooses between the views of a body.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from app.traffic.text_lines import hex_line
from inspector import codings
from inspector.codings import Decoded
from inspector.model import Body

SHOWN_LIMIT = 512 * 1024  #: bytes laid out as one text; more would make the window wait
_HEX_LIMIT = 64 * 1024  #: bytes of a hex dump that is one text: 4,096 lines
_INFLATED_LIMIT = 4 * 1024 * 1024  #: bytes a compressed body may become where nobody can wait for more


class BodyKind(enum.StrEnum):
    """How a body can be shown at its best."""

    EMPTY = "empty"
    JSON = "JSON"
    JSON_LINES = "JSON lines"
    MSGPACK = "MessagePack"
    FORM = "form"
    MULTIPART = "multipart"
    EVENTS = "events"
    HTML = "HTML"
    XML = "XML"
    TEXT = "text"
    IMAGE = "image"
    BINARY = "bytes"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a ``text/event-stream`` (HTML Living Standard, section 9.2.6). ``retry`` is text as sent.

    ``end`` is how many bytes of the body there are up to the blank line that ends the event, and with it.
    """

    type: str
    data: str
    id: str = ""
    retry: str = ""
    end: int = 0


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
    if name in _BY_TYPE:
        return _BY_TYPE[name]
    if name.startswith("image/") and name != "image/svg+xml":
        return BodyKind.IMAGE
    for ending, kind in _BY_ENDING:
        if name.endswith(ending):
            return kind
    if name.startswith("multipart/"):
        return BodyKind.MULTIPART
    if name.startswith("text/"):
        return BodyKind.TEXT
    return _sniff(content) if name in ("", "application/octet-stream") else _text_or_bytes(content)


_BY_TYPE = {
    "application/json": BodyKind.JSON,
    "text/json": BodyKind.JSON,
    "application/x-ndjson": BodyKind.JSON_LINES,
    "application/ndjson": BodyKind.JSON_LINES,
    "application/jsonl": BodyKind.JSON_LINES,
    "application/x-jsonlines": BodyKind.JSON_LINES,
    "application/jsonlines": BodyKind.JSON_LINES,
    "application/msgpack": BodyKind.MSGPACK,
    "application/x-msgpack": BodyKind.MSGPACK,
    "application/vnd.msgpack": BodyKind.MSGPACK,
    "text/event-stream": BodyKind.EVENTS,
    "application/x-www-form-urlencoded": BodyKind.FORM,
    "text/html": BodyKind.HTML,
    "application/xml": BodyKind.XML,
    "text/xml": BodyKind.XML,
    "image/svg+xml": BodyKind.XML,
    "application/xhtml+xml": BodyKind.XML,
    "application/javascript": BodyKind.TEXT,
    "application/yaml": BodyKind.TEXT,
    "application/toml": BodyKind.TEXT,
    "application/graphql": BodyKind.TEXT,
}
#: Structured syntax suffixes, RFC 6839 and RFC 9512.
_BY_ENDING = (
    ("+json", BodyKind.JSON),
    ("+xml", BodyKind.XML),
    ("+msgpack", BodyKind.MSGPACK),
    ("+yaml", BodyKind.TEXT),
)


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
    """What is kept of ``body``'s head with its content coding undone, at most 4 MB: for those who cannot wait."""
    return codings.undo(body.head, content_encoding, limit=_INFLATED_LIMIT, whole=not body.truncated)


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


def server_events(content: bytes) -> Iterator[ServerEvent]:
    """The complete events in a stream; a block without data is no event but is shown when it names a type or retry."""
    start = 3 if content.startswith(b"\xef\xbb\xbf") else 0
    for blank in _BLANK_LINE.finditer(content, start):
        event = _server_event(content[start : blank.start()].decode("utf-8", "backslashreplace"), blank.end())
        start = blank.end()
        if event is not None:
            yield event


#: The end of a block: a line's end and an empty line. Ends may be CR LF, LF or CR.
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)++")  # atomic: else CR LF would be two ends


def _server_event(block: str, end: int) -> ServerEvent | None:
    fields: dict[str, list[str]] = {}
    for line in block.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
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
        end=end,
    )


def hex_dump(content: bytes, start: int = 0, limit: int = _HEX_LIMIT) -> str:
    """Offset, sixteen bytes in hex, and the printable ASCII of them, a line each; at most ``limit`` bytes."""
    shown = content[:limit]
    rows = [hex_line(shown[at : at + 16], start + at) for at in range(0, len(shown), 16)]
    return "\n".join(rows)


def kept_note(body: Body) -> str:
    """What of a truncated body was kept, in a sentence; empty when all of it was."""
    if not body.truncated:
        return ""
    kept = f"the first {len(body.head):,}"
    if body.tail:
        kept += f" and the last {len(body.tail):,}"
    return f"Cut while recording: {kept} of {body.size:,} bytes were kept."
