"""Exchanges as curl commands for a POSIX shell.

Pure. One command per exchange sends what was recorded: method, target, fields in their order, body. What curl would
add by itself is switched off where the original did not have it. It goes to this machine, whatever Host was named, so
that no cookie reaches a stranger. Options: https://curl.se/docs/manpage.html
"""

from __future__ import annotations

import re

from inspector.export.address import Address, address
from inspector.export.listing import visible
from inspector.heads import parse_head
from inspector.model import Exchange, Kind
from inspector.secrets import mask, mask_url

#: curl makes these itself from the URL and the body.
_CURLS_OWN = {"host", "content-length", "transfer-encoding"}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 section 5.6.2; "@name" would make curl read a file
#: A longer argument may not fit (Linux: 128 KiB for each); the body is piped in.
_LONGEST_ARGUMENT = 100_000


def to_curl(exchange: Exchange, *, proxy: str = "", secrets: bool = False) -> str:
    """The command, with a comment before it where it can't be all of it. Secrets are masked unless ``secrets``.

    ``proxy``: the URL at which the request came in, if it is known.
    """
    if exchange.kind == Kind.LIFESPAN or not exchange.request_head:
        return f"# exchange {exchange.id} is no request that can be sent ({visible(exchange.kind)})"
    head = parse_head(exchange.request_head)
    headers = list(head.headers) if secrets else mask(head.headers)
    target = exchange.target if secrets else mask_url(exchange.target)
    place = address(exchange.target, head, proxy)
    body = exchange.request_body
    feed, data = _body(body.head + body.tail)
    words = [
        "curl",
        *_method(exchange.method, has_body=bool(body.size)),
        *_protocol(exchange, target),
        *(["-H", quote(f"Host: {place.host}")] if place.host else []),
        *_headers(headers, body.size),
    ]
    words += [*data, *_target(target, place)]
    lines = [f"# exchange {exchange.id}: the recorded body is incomplete"] if body.truncated else []
    if place.host:
        lines.append(f"# exchange {exchange.id}: goes to {place.authority}; put in where the application listens")
    return "\n".join([*lines, feed + " ".join(words)])


def quote(text: str) -> str:
    """``text`` (one character a byte) as one word of a shell; ``$'...'`` only where single quotes cannot hold it."""
    if all(letter.isalnum() or letter in "-_./:=@%+," for letter in text) and text.isascii() and text:
        return text
    if text.isascii() and all(letter.isprintable() or letter == "\n" for letter in text):
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(_escaped(letter) for letter in text) + "'"


def _escaped(letter: str) -> str:
    if letter in "\\'":
        return "\\" + letter
    if letter.isascii() and letter.isprintable():
        return letter
    raw = bytes([ord(letter)]) if ord(letter) < 256 else letter.encode("utf-8", "surrogatepass")
    return "".join(f"\\{byte:03o}" for byte in raw)  # three digits: one that follows is not taken for part of it


def _method(method: str, *, has_body: bool) -> list[str]:
    if method == "HEAD" and not has_body:
        return ["-I"]
    implied = "POST" if has_body else "GET"
    return [] if method == implied else ["-X", quote(method)]


def _protocol(exchange: Exchange, target: str) -> list[str]:
    options = ["--path-as-is", "-g"] if _is_unusual(target) else []
    if exchange.http_version == "1.0":
        options.append("--http1.0")
    elif exchange.kind == Kind.WEBSOCKET:
        options.append("--http1.1")
    return [*options, "-N"] if exchange.kind in (Kind.WEBSOCKET, Kind.SSE) else options


def _is_unusual(target: str) -> bool:
    return any(part in target for part in ("/.", "[", "]", "{", "}"))


def _headers(headers: list[tuple[str, str]], size: int) -> list[str]:
    names = {name.lower() for name, _ in headers}
    words: list[str] = []
    for name, value in headers:
        if name.lower() not in _CURLS_OWN and _TOKEN.fullmatch(name):
            words += ["-H", quote(f"{name}: {value}" if value else f"{name};")]
    unwanted = [name for name in ("User-Agent", "Accept") if name.lower() not in names]
    if size and "content-type" not in names:
        unwanted.append("Content-Type")
    for name in unwanted:
        words += ["-H", quote(f"{name}:")]
    if "accept-encoding" in names:
        words.append("--compressed")
    return words


def _body(body: bytes) -> tuple[str, list[str]]:
    """What to pipe into curl, if anything, and the options that send it."""
    if not body:
        return "", []
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    shown = text and all(letter.isprintable() or letter in "\n\t" for letter in text)
    if shown and len(body) <= _LONGEST_ARGUMENT and not text.startswith("@"):
        return "", ["--data-binary", _quote_text(text)]
    if shown:
        return f"printf %s {_quote_text(text)} | ", ["--data-binary", "@-"]
    octal = "".join(f"\\0{byte:03o}" for byte in body)
    return f"printf %b '{octal}' | ", ["--data-binary", "@-"]


def _quote_text(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _target(target: str, place: Address) -> list[str]:
    if place.whole:
        return [quote(target)]
    base = f"http://{place.authority}"
    if not target.startswith("/"):  # asterisk form (RFC 9112 section 3.2.4), or a URL of elsewhere
        return ["--request-target", quote(target), quote(base)]
    return [quote(base + target)]
