"""Reads a response's head, tolerantly but safely (RFC 9112 sections 4 to 6).

Servers are the user's own and come as they are: odd reasons, bare LF, unknown fields pass. What a client might frame
otherwise than we do is refused with BadResponse, since it would put the next response on a wrong footing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector.wire.body import CHUNKED, UNTIL_CLOSE
from inspector.wire.errors import BadResponse

#: Bytes of a head before it is refused.
HEAD_LIMIT = 256 * 1024

_HEAD = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: [^\r\n\0]*+)?\r?\n(?:[^\r\n\0]++\r?\n)*+\r?\n")
_FRAMING = re.compile(
    rb"\n(?i:(content-length|transfer-encoding|connection|content-type|upgrade|sec-websocket-extensions))"
    rb"([ \t]*):[ \t]*([^\r\n]*)(?=\r?\n([ \t]?))"
)
_END = re.compile(rb"\n\r?\n")
_BODILESS = frozenset({204, 304})


@dataclass(slots=True)
class ResponseHead:
    """What the head says about the message. ``length``: bytes of the body, ``CHUNKED`` or ``UNTIL_CLOSE``."""

    status: int
    version: str
    size: int
    length: int = UNTIL_CLOSE
    keep_alive: bool = True
    says_keep_alive: bool = False  #: in so many words, as an HTTP/1.0 client needs it
    event_stream: bool = False  #: ``text/event-stream``
    upgrade: str = ""
    extensions: str = ""  #: ``Sec-WebSocket-Extensions``

    @property
    def informational(self) -> bool:
        """1xx: another head follows; 101 is final in its own way."""
        return self.status < 200


def parse_response(data: bytes, method: str) -> ResponseHead | None:
    """The head at the start of ``data`` answering ``method``; None while it is incomplete. Raises BadResponse."""
    match = _HEAD.match(data)
    if match is None:
        _explain(data)
        return None
    minor, code = match.groups()
    status = int(code)
    head = ResponseHead(status, "1.1" if minor == b"1" else "1.0", match.end())
    _frame(head, _FRAMING.findall(data, 0, head.size))
    if status < 200 or status in _BODILESS or method == "HEAD":
        head.length = 0
    elif head.length == UNTIL_CLOSE:
        head.keep_alive = False
    return head


def _frame(head: ResponseHead, fields: list[tuple[bytes, bytes, bytes, bytes]]) -> None:
    lengths: list[bytes] = []
    codings = b""
    connection = b""
    for spelt, gap, value, fold in fields:
        name = spelt.lower()
        if gap or fold:
            raise BadResponse(f"its {name.decode()} field is written so that two readers may read it differently")
        if name == b"content-length":
            lengths.append(value.rstrip(b" \t"))
        elif name == b"transfer-encoding":
            codings += b"," + value.lower()
        elif name == b"connection":
            connection += b"," + value.lower() if connection else value.lower()
        elif name == b"content-type":
            head.event_stream = value[:17].lower() == b"text/event-stream"
        elif name == b"upgrade":
            head.upgrade = value.decode("latin-1").strip().lower()
        else:
            head.extensions += ("," if head.extensions else "") + value.decode("latin-1")
    if lengths or codings:
        head.length = _body_length(lengths, codings)
    if connection == b"keep-alive":
        head.says_keep_alive = True
    elif connection or head.version == "1.0":
        options = {option.strip(b" \t") for option in connection.split(b",")}
        head.says_keep_alive = b"keep-alive" in options and b"close" not in options
        head.keep_alive = head.says_keep_alive or (head.version == "1.1" and b"close" not in options)


def _body_length(lengths: list[bytes], codings: bytes) -> int:
    if codings:
        if lengths:
            raise BadResponse("it has both Content-Length and Transfer-Encoding")
        last = codings.rpartition(b",")[2].strip(b" \t")
        return CHUNKED if last == b"chunked" else UNTIL_CLOSE
    length = lengths[0]
    if lengths.count(length) < len(lengths):
        raise BadResponse("its Content-Length fields differ")
    if not length.isdigit() or len(length) > 18:
        raise BadResponse("its Content-Length is not a number")
    return int(length)


def _explain(data: bytes) -> None:
    """Returns if the head is only incomplete, else raises BadResponse."""
    if not data.startswith(b"HTTP/1."[: len(data)]):
        raise BadResponse("it does not start with HTTP/1.1 or HTTP/1.0")
    if _END.search(data):
        raise BadResponse("its head has a malformed status line, a stray CR or a NUL")
    if len(data) > HEAD_LIMIT:
        raise BadResponse(f"its head is larger than {HEAD_LIMIT} bytes")
