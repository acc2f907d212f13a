"""Reads a request's head, strictly: whatever it lets through has one reading only (RFC 9112 sections 2, 3, 5 and 6).

One regular expression accepts a whole head in one pass, a second picks out the few fields that frame the message.
What the first does not accept is looked at again, slowly, to say why. Header fields that frame nothing are not looked
at any further: they are the application's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from inspector.wire.body import CHUNKED
from inspector.wire.errors import BadRequest

#: Bytes of a head before it is refused with 431.
HEAD_LIMIT = 64 * 1024

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_VALUE = rb"[\t\x20-\x7e\x80-\xff]"
#: A request target has neither blanks nor a fragment; other ASCII passes, as browsers send it (RFC 9112 section 3.2).
_HEAD = re.compile(
    rb"(%b++) ([!-\"$-~]++) HTTP/1\.([01])\r\n(?:%b++:%b*+\r\n)*+\r\n" % (_TOKEN, _TOKEN, _VALUE),
)
_FRAMING = re.compile(
    rb"\n(?i:(host|connection|content-length|transfer-encoding|upgrade|expect|gatescope-replay)):[ \t]*([^\r]*)"
)
_TARGET = re.compile(rb"/.*|[A-Za-z][A-Za-z0-9+.\-]*://.+", re.DOTALL)
_HOST = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Za-z:.%_~\-]+\])(?::[0-9]*)?")
_LONE_NEWLINE = re.compile(rb"(?<!\r)\n")
_LONE_RETURN = re.compile(rb"\r[^\n]")
_REQUEST_LINE = re.compile(rb"([^ ]*) ([^ ]*) ([^ ]*)")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_METHOD = re.compile(rb"%b+" % _TOKEN)
_FIELD = re.compile(rb"(%b+):%b*" % (_TOKEN, _VALUE))

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})  # RFC 9110 section 9.2.2


@dataclass(slots=True)
class RequestHead:
    """What the head says about the message; the bytes themselves stay with whoever has them."""

    method: str
    target: str
    version: str  #: "1.0" or "1.1"
    line: int  #: bytes of the request line with its CR LF
    size: int  #: bytes of the head
    length: int = 0  #: bytes of the body, or ``CHUNKED``
    keep_alive: bool = True  #: the client wants the connection to persist (RFC 9112 section 9.3)
    expects_continue: bool = False
    upgrade: str = ""  #: the protocol asked for, in lower case
    replay: bytes = b""  #: value of our own ``gatescope-replay`` field

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again when a kept connection turns out to be closed (RFC 9110 section 9.2.2)."""
        return self.length == 0 and not self.upgrade and self.method in _IDEMPOTENT


def parse_request(data: bytes, limit: int = HEAD_LIMIT) -> RequestHead | None:
    """The head at the start of ``data``, or None while it is incomplete. Raises BadRequest."""
    match = _HEAD.match(data)
    if match is None:
        _explain(data, limit)
        return None
    size = match.end()
    if size > limit:
        _too_large(limit)
    method, target, minor = match.groups()
    head = RequestHead(method.decode(), target.decode(), "1.1" if minor == b"1" else "1.0", match.end(3) + 2, size)
    if target[0] != 0x2F:  # not a path: the rarer forms
        _check_target(method, target)
    if method == b"CONNECT":
        raise BadRequest("CONNECT asks for a tunnel to another host, and this proxy serves one application only", 501)
    _frame(head, _FRAMING.findall(data, match.end(3), size))
    return head


def strip_field(data: bytes, name: bytes) -> bytes:
    """A head without the field ``name`` (lower case), all else untouched."""
    return re.sub(rb"\n(?i:%b):[^\n]*(?=\n)" % re.escape(name), b"", data)


def _frame(head: RequestHead, fields: list[tuple[bytes, bytes]]) -> None:
    """Fill in what the framing fields say."""
    hosts = 0
    length: bytes | None = None
    codings = b""
    connection = b""
    upgrade = b""
    for spelt, raw in fields:
        name = spelt.lower()
        value = raw.rstrip(b" \t")
        if name == b"host":
            hosts += 1
            if _HOST.fullmatch(value) is None:
                raise BadRequest("the Host field is not a host name with an optional port")
        elif name == b"connection":
            connection += b"," + value.lower()
        elif name == b"content-length":
            if length is not None:
                raise BadRequest("there is more than one Content-Length field")
            length = value
        elif name == b"transfer-encoding":
            codings += b"," + value.lower()
        elif name == b"upgrade":
            upgrade = value
        elif name == b"expect":
            head.expects_continue = value.lower() == b"100-continue"
        else:
            head.replay = value
    if hosts != 1:
        _check_hosts(hosts, head.version)
    if codings or length is not None:
        head.length = _body_length(head.version, length, codings)
    if connection or head.version == "1.0":
        _persist(head, connection, upgrade)


def _check_hosts(hosts: int, version: str) -> None:
    """RFC 9112 section 3.2: one Host field; HTTP/1.0 may go without."""
    if hosts > 1:
        raise BadRequest("there is more than one Host field")
    if version == "1.1":
        raise BadRequest("an HTTP/1.1 request must have a Host field")


def _body_length(version: str, length: bytes | None, codings: bytes) -> int:
    """RFC 9112 section 6.3, without the parts that two recipients may read differently."""
    if codings:
        if length is not None:
            raise BadRequest("it has both Content-Length and Transfer-Encoding")
        if version == "1.0":
            raise BadRequest("Transfer-Encoding does not exist in HTTP/1.0")
        named = [coding.strip(b" \t") for coding in codings[1:].split(b",")]
        if named[-1] != b"chunked" or named.count(b"chunked") > 1:
            raise BadRequest("its Transfer-Encoding does not end in chunked, so that the body's end cannot be known")
        if len(named) > 1:
            raise BadRequest("only the transfer coding chunked is supported", 501)
        return CHUNKED
    if length is None or not length.isdigit() or len(length) > 18:
        raise BadRequest("its Content-Length is not a number")
    return int(length)


def _persist(head: RequestHead, connection: bytes, upgrade: bytes) -> None:
    """RFC 9112 section 9.3 and RFC 9110 section 7.8: what the Connection field's options mean."""
    options = {option.strip(b" \t") for option in connection.split(b",")}
    if head.version == "1.0":
        head.keep_alive = b"keep-alive" in options and b"close" not in options
        return
    head.keep_alive = b"close" not in options
    if b"upgrade" in options:
        head.upgrade = upgrade.decode("latin-1").lower()


def _check_target(method: bytes, target: bytes) -> None:
    """RFC 9112 section 3.2: origin-form, absolute-form, and the asterisk for OPTIONS; authority-form is CONNECT's."""
    if _TARGET.fullmatch(target) or method == b"CONNECT" or (method == b"OPTIONS" and target == b"*"):
        return
    raise BadRequest("the request target is neither a path nor a URL")


def _too_large(limit: int) -> NoReturn:
    raise BadRequest(f"its head is larger than {limit} bytes", 431)


def _explain(data: bytes, limit: int) -> None:
    """Why ``_HEAD`` does not match: returns if the head is only incomplete, else raises BadRequest."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        _explain_incomplete(data)
        if len(data) > limit:
            _too_large(limit)
        return
    lines = data[:end].split(b"\r\n")
    if b"\n" in data[:end].replace(b"\r\n", b""):
        raise BadRequest("a line ends in a bare LF instead of CR LF")
    if b"\r" in data[:end].replace(b"\r\n", b""):
        raise BadRequest("there is a CR that is not part of a line's end")
    _explain_request_line(lines[0])
    for line in lines[1:]:
        _explain_field(line)
    raise BadRequest("its head is malformed")  # pragma: no cover - the checks above are the pattern's parts


def _explain_incomplete(data: bytes) -> None:
    """What will not become a head, however much more comes, is said at once: the client may be waiting for us."""
    if data[0] == 0x16:
        raise BadRequest("these bytes look like TLS; this address speaks plain HTTP: use http:// in the URL")
    if _METHOD.match(data) is None:
        raise BadRequest("it does not start with a method")
    if _LONE_NEWLINE.search(data):
        raise BadRequest("a line ends in a bare LF instead of CR LF")
    if _LONE_RETURN.search(data):
        raise BadRequest("there is a CR that is not part of a line's end")


def _explain_request_line(line: bytes) -> None:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadRequest("the request line is not a method, a target and a version with one space between them")
    method, target, version = match.groups()
    if _METHOD.fullmatch(method) is None:
        raise BadRequest("the method has characters that a method cannot have")
    if version not in (b"HTTP/1.0", b"HTTP/1.1"):
        if _VERSION.fullmatch(version):
            raise BadRequest(f"it is {version.decode()}; this proxy speaks HTTP/1.1 and HTTP/1.0", 505)
        raise BadRequest("the request line does not end in an HTTP version")
    if re.fullmatch(rb"[!-\"$-~]+", target) is None:
        raise BadRequest("the request target has characters that must be percent-encoded, or a fragment (#)")


def _explain_field(line: bytes) -> None:
    if _FIELD.fullmatch(line):
        return
    if line[:1] in (b" ", b"\t"):
        raise BadRequest("a header field is folded over two lines (obs-fold), which HTTP/1.1 no longer allows")
    name, colon, value = line.partition(b":")
    if not colon:
        raise BadRequest("a header line has no colon")
    if name.endswith((b" ", b"\t")):
        raise BadRequest("there is whitespace between a header's name and its colon")
    if _METHOD.fullmatch(name) is None:
        raise BadRequest("a header's name has characters that it cannot have, or is empty")
    raise BadRequest("a header's value has a control character" + (" (NUL)" if b"\0" in value else ""))
