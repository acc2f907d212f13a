"""The request of a recorded exchange, to be sent again as it was: same names, same case, same order, same bytes.

Pure. Only what belongs to one connection is left out (RFC 9110 7.6.1), and the length is counted anew. What an
application cannot see is not kept: blanks around a value, where a body was cut into chunks, and trailers.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspector.model import Body, Exchange

#: Fields of the connection, not of the message. Transfer-Encoding is kept when it says that chunks were sent,
#: Connection when it only says whether the connection stays open, or that trailers may come: applications see it, and
#: we can do as it says.
_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"http2-settings"})
#: Of a handshake's fields those that are not sent again, and those that must be there.
_NOT_OF_A_HANDSHAKE = frozenset(
    {b"keep-alive", b"proxy-connection", b"http2-settings", b"transfer-encoding", b"content-length"}
)
_HANDSHAKE = ((b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Version", b"13"))
_DOABLE = frozenset({b"keep-alive", b"close", b"te"})


class UnreplayableError(Exception):
    """The request cannot be sent again; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """What goes on the wire. ``chunked``: the body goes in one chunk, where the original's went in some."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    chunked: bool
    version: str = "1.1"

    def head(self, host: bytes = b"") -> bytes:
        """To the blank line and with it. ``host`` is said where HTTP/1.1 must have one and there is none."""
        line = b" ".join((self.method.encode("latin-1"), self.target, f"HTTP/{self.version}".encode("ascii")))
        headers = self.headers
        if host and self.version == "1.1" and not any(name.lower() == b"host" for name, _ in headers):
            headers = ((b"Host", host), *headers)
        return line + b"\r\n" + b"".join(name + b": " + value + b"\r\n" for name, value in headers) + b"\r\n"

    def framed_body(self) -> bytes:
        """The body as it goes after the head (RFC 9112 section 7.1 for chunks)."""
        if not self.chunked:
            return self.body
        chunk = b"%x\r\n%s\r\n" % (len(self.body), self.body) if self.body else b""
        return chunk + b"0\r\n\r\n"


def rebuild(original: Exchange, *, host: str = "", mark: tuple[str, str] | None = None) -> Request:
    """The request of ``original``, which must be complete with its bodies.

    ``host`` replaces the recorded Host. ``mark`` is one header more, for our own proxy. Raises UnreplayableError.
    """
    fields = parse_fields(original.request_head)
    chunked = any(name.lower() == b"transfer-encoding" and b"chunked" in value.lower() for name, value in fields)
    body = _whole(original.request_body, _announced(fields))
    if original.state == "open" and chunked:
        raise UnreplayableError("its body may not have been received to the end")
    headers = [*_kept(fields, len(body), chunked, host.encode("ascii"))]
    if mark is not None:
        headers.append((mark[0].encode("ascii"), mark[1].encode("ascii")))
    version = "1.0" if original.http_version == "1.0" and not chunked else "1.1"
    return Request(original.method, original.target.encode("latin-1"), tuple(headers), body, chunked, version)


def rebuild_handshake(
    original: Exchange, key: str, extensions: str, *, host: str = "", mark: tuple[str, str] | None = None
) -> Request:
    """The opening handshake of a recorded WebSocket (RFC 6455 section 4.1): its fields where they stood.

    ``key`` is a new one, as each handshake must have; ``extensions`` what is offered, empty for none. Raises
    UnreplayableError.
    """
    new = {b"host": host, b"sec-websocket-key": key, b"sec-websocket-extensions": extensions}
    fields: list[tuple[bytes, bytes]] = []
    seen: set[bytes] = set()
    for name, value in parse_fields(original.request_head):
        lower = name.lower()
        if lower in _NOT_OF_A_HANDSHAKE or lower.startswith(b"gatescope-"):
            continue
        if lower in new and lower in seen:
            continue
        seen.add(lower)
        if lower == b"sec-websocket-extensions" and not extensions:
            continue
        fields.append((name, (new.get(lower) or value.decode("latin-1")).encode("latin-1")))
    fields += [(name, value) for name, value in _HANDSHAKE if name.lower() not in seen]  # HTTP/2, or an archive
    if b"sec-websocket-key" not in seen:
        fields.append((b"Sec-WebSocket-Key", key.encode("ascii")))
    if mark is not None:
        fields.append((mark[0].encode("ascii"), mark[1].encode("ascii")))
    return Request("GET", original.target.encode("latin-1"), tuple(fields), b"", chunked=False)


def options(connection: bytes) -> set[bytes]:
    """What a Connection field lists, in lower case."""
    return {option.strip(b" \t") for option in connection.lower().split(b",")}


def values(request: Request, name: bytes) -> list[str]:
    """The values of the fields ``name``, which is in lower case."""
    return [value.decode("latin-1") for each, value in request.headers if each.lower() == name]


def parse_fields(head: bytes) -> list[tuple[bytes, bytes]]:
    """The header fields of a request's head as recorded. Raises UnreplayableError for a line that is none."""
    fields = []
    for line in head.rstrip(b"\r\n").split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise UnreplayableError("its header was not valid, and would be refused before it reached the application")
        fields.append((name, value.strip(b" \t")))
    return fields


def _announced(fields: list[tuple[bytes, bytes]]) -> int | None:
    """The length that the original said its body had."""
    for name, value in fields:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return None


def _whole(body: Body, announced: int | None) -> bytes:
    if body.truncated:
        kept = len(body.head) + len(body.tail)
        raise UnreplayableError(f"only {kept} of the {body.size} bytes of its body were recorded")
    if announced is not None and announced != body.size:
        raise UnreplayableError(f"only {body.size} of the {announced} bytes of its body were received")
    return body.head + body.tail


def _kept(fields: list[tuple[bytes, bytes]], length: int, chunked: bool, host: bytes) -> list[tuple[bytes, bytes]]:
    """The fields that are sent: the recorded ones but for the hop's, our own marks, and a length of its own."""
    kept = []
    for name, value in fields:
        match name.lower():
            case b"host" if host:
                kept.append((name, host))
            case b"content-length" if not chunked:
                kept.append((name, str(length).encode()))
            case b"transfer-encoding" if chunked:
                kept.append((name, b"chunked"))
            case b"content-length" | b"transfer-encoding":
                continue
            case b"connection" if options(value) <= _DOABLE:
                kept.append((name, value))
            case lower if lower in _HOP_BY_HOP or lower.startswith(b"gatescope-"):
                continue
            case _:
                kept.append((name, value))
    if length and not chunked and not any(name.lower() == b"content-length" for name, _ in kept):
        kept.append((b"Content-Length", str(length).encode()))  # HTTP/2, or a recording by another program
    return kept
