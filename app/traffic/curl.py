"""An exchange as a curl command that sends it again.

Pure. Every argument is quoted for a POSIX shell; header fields keep their order and case.
"""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

from app.traffic.heads import parse_head
from inspector.model import Exchange

#: curl makes these itself: from the URL, from the data, and from how it speaks to the server.
_CURLS_OWN = {"content-length", "connection", "transfer-encoding"}


def to_curl(exchange: Exchange, address: str = "") -> str:
    """The command, a header field a line. ``address``: where to send it; empty: to what the Host field says.

    A body that was cut while recording is left out, and a comment says so.
    """
    head = parse_head(exchange.request_head)
    host = head.get("host") or "localhost"
    url = f"{address.rstrip('/') or f'http://{host}'}{_path(exchange.target)}"
    parts = [f"curl {shlex.quote(url)}"]
    body = exchange.request_body
    if exchange.method != ("POST" if body.size else "GET"):
        parts.append("--head" if exchange.method == "HEAD" else f"-X {shlex.quote(exchange.method)}")
    same_host = urlsplit(url).netloc == host
    for name, value in head.headers:
        if name.lower() not in _CURLS_OWN and not (name.lower() == "host" and same_host):
            parts.append(f"-H {shlex.quote(f'{name}: {value}')}")
    if body.size and not body.truncated:
        parts.append(_data(body.head))
    command = " \\\n  ".join(parts)
    return f"# without its body, of which only a part was recorded\n{command}" if body.truncated else command


def _path(target: str) -> str:
    if target.startswith("/"):
        return target
    return "/" if target == "*" else urlsplit(target).path or "/"


def _data(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or "\x00" in text:  # what no argument can hold goes in by printf
        octal = "".join(f"\\{byte:03o}" for byte in content)
        return f"--data-binary @<(printf '{octal}')"
    return f"--data-raw {shlex.quote(text)}"
