"""What a server made of a request's head when it handed it over: what it added, changed, decoded or left out, in words.

Pure. Compares the bytes the client sent with the environ or scope the application got. It says what happened, not
whether it is right: rules are another room's. Sources: PEP 3333 "environ Variables" and "Unicode Issues", RFC 3875
section 4.1, ASGI HTTP & WebSocket specification "HTTP Connection Scope".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from app.traffic.heads import Head, parse_head
from inspector import tagged


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say about a key.

    ``path``: names from the top of the environ or scope; of what did not get there, where it would be. ``change``: one
    of ``same added changed decoded dropped``.
    """

    path: tuple[str, ...]
    change: str
    text: str


@dataclass(frozen=True, slots=True)
class _Request:
    """The head as it was on the wire."""

    head: Head
    method: str
    target: str
    version: str
    path: str
    query: str
    client: str

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.head.headers if key.lower() == name]


def against_wire(interface: str, context: str, request_head: bytes, client: str) -> list[Remark]:
    """What became of ``request_head``, sent by ``client`` (``host:port``); empty when one of the two is not known.

    ``interface`` is ``WSGI``, ``ASGI2`` or ``ASGI3``; ``context`` the environ or scope as tagged JSON.
    """
    scope = mapping(context)
    if not request_head or not scope:
        return []
    request = _request(request_head, client)
    return list(_environ(request, scope) if interface == "WSGI" else _scope(request, scope))


def mapping(context: str) -> dict[str, Any]:
    """A recorded environ or scope; empty for text that is none."""
    try:
        value = tagged.loads(context)
    except (ValueError, TypeError):
        return {}
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _request(raw: bytes, client: str) -> _Request:
    head = parse_head(raw)
    method, _, rest = head.start_line.partition(" ")
    target, _, version = rest.rpartition(" ")
    origin = target
    if "://" in target.partition("?")[0]:  # absolute form, RFC 9112 section 3.2.2
        parts = urlsplit(target)
        origin = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    path, _, query = origin.partition("?")
    return _Request(head, method, target, version, path, query, client)


# --- WSGI -------------------------------------------------------------------------------------------------------------


def _environ(request: _Request, environ: dict[str, Any]) -> Iterator[Remark]:
    yield _plain("REQUEST_METHOD", environ, request.method)
    yield _plain("SERVER_PROTOCOL", environ, request.version)
    yield from _path_info(request, environ)
    yield _query("QUERY_STRING", environ.get("QUERY_STRING"), request.query)
    for key in ("RAW_URI", "REQUEST_URI"):
        if key in environ:
            yield _plain(key, environ, request.target)
    told = {"REQUEST_METHOD", "SERVER_PROTOCOL", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "RAW_URI", "REQUEST_URI"}
    for remark in [*_environ_fields(request, environ), *_environ_ends(request, environ)]:
        told.add(remark.path[0])
        yield remark
    for key in environ:
        if key not in told:
            yield Remark((key,), "added", _made(key))


def _plain(key: str, context: dict[str, Any], sent: str) -> Remark:
    """A value that should be what was sent."""
    if key not in context:
        return Remark((key,), "dropped", f"{sent!r} on the wire; the key is missing.")
    if context[key] == sent:
        return Remark((key,), "same", "As on the wire.")
    return Remark((key,), "changed", f"{sent!r} on the wire.")


def _path_info(request: _Request, environ: dict[str, Any]) -> Iterator[Remark]:
    mount, info = (str(environ.get(key, "")) for key in ("SCRIPT_NAME", "PATH_INFO"))
    if mount:
        yield Remark(("SCRIPT_NAME",), "added", "Not on the wire: where the server was told that the application is.")
    elif "SCRIPT_NAME" in environ:
        yield Remark(("SCRIPT_NAME",), "added", "Empty: the application is at the root.")
    decoded = unquote_to_bytes(request.path.encode("latin-1")).decode("latin-1")
    key = ("PATH_INFO",)
    if mount + info == decoded or info == decoded:
        yield _decoded_path(key, request.path, decoded, "its bytes stand as latin-1 (PEP 3333, Unicode Issues)")
    elif info == request.path:
        yield Remark(key, "changed", f"Left as it was on the wire: the escapes of {request.path!r} were not undone.")
    elif info == unquote(request.path):
        yield Remark(key, "changed", f"{request.path!r} on the wire, decoded as UTF-8 where latin-1 is asked for.")
    else:
        yield Remark(key, "changed", f"{request.path!r} on the wire.")


def _decoded_path(key: tuple[str, ...], sent: str, decoded: str, how: str) -> Remark:
    if decoded == sent:
        return Remark(key, "same", "As on the wire.")
    slash = " An escaped slash can no longer be told from a real one." if "%2f" in sent.lower() else ""
    return Remark(key, "decoded", f"The escapes of {sent!r} were undone; {how}.{slash}")


def _query(key: str, value: Any, sent: str) -> Remark:
    if value is None:
        return Remark((key,), "dropped" if sent else "same", f"{sent!r} on the wire; the key is missing.")
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if text == sent:
        return Remark((key,), "same", "As on the wire, still escaped." if "%" in sent else "As on the wire.")
    return Remark((key,), "changed", f"{sent!r} on the wire.")


def cgi_key(name: str) -> str:
    """The environ key of a header field (RFC 3875 section 4.1.18)."""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _environ_fields(request: _Request, environ: dict[str, Any]) -> Iterator[Remark]:
    fields: dict[str, list[tuple[str, str]]] = {}
    for name, value in request.head.headers:
        fields.setdefault(cgi_key(name), []).append((name, value))
    for key, sent in fields.items():
        names = list(dict.fromkeys(name for name, _value in sent))
        if key not in environ:
            yield Remark((key,), "dropped", _why_dropped(names[0]))
        else:
            change, text = _value_words([value for _name, value in sent], str(environ[key]), names[0])
            if len(names) > 1:
                change, text = "changed", f"{' and '.join(names)} became one key. {text}"
            yield Remark((key,), change, text)
    for key in environ:
        if key.startswith("HTTP_") and key not in fields:
            bare = key.removeprefix("HTTP_")
            if bare in ("CONTENT_TYPE", "CONTENT_LENGTH") and bare in fields:
                yield Remark((key,), "added", f"Once more, beside {bare}, which is the key that the standard has.")
            else:
                yield Remark((key,), "added", "No such field on the wire: the server put it there.")


def _why_dropped(name: str) -> str:
    if "_" in name:
        return f"The field {name} did not get there: with an underscore it could pass for one with a hyphen."
    if name.lower() in ("transfer-encoding", "connection", "keep-alive", "te", "upgrade", "expect", "trailer"):
        return f"The field {name} did not get there: it is between the client and the server (RFC 9110 section 7.6.1)."
    return f"The field {name} did not get there."


def _value_words(sent: list[str], got: str, name: str) -> tuple[str, str]:
    """How the values of one field became one value."""
    if len(sent) == 1:
        lost = " Its name lost case and hyphens." if name != name.upper() else ""
        return ("same", f"{name} on the wire.{lost}") if sent[0] == got else ("changed", f"{sent[0]!r} on the wire.")
    for sign in (", ", ",", "; ", ";"):
        if sign.join(sent) == got:
            return "changed", f"{len(sent)} fields {name} on the wire, joined by {sign!r}."
    for at, which in ((-1, "last"), (0, "first")):
        if sent[at] == got:
            return "changed", f"{len(sent)} fields {name} on the wire; only the {which} was kept."
    return "changed", f"{len(sent)} fields {name} on the wire: {sent!r}."


def _environ_ends(request: _Request, environ: dict[str, Any]) -> Iterator[Remark]:
    yield from _client(("REMOTE_ADDR",), environ.get("REMOTE_ADDR"), request)
    scheme = environ.get("wsgi.url_scheme")
    yield from _scheme(("wsgi.url_scheme",), scheme, request)
    if "SERVER_NAME" in environ:
        yield Remark(("SERVER_NAME",), "added", _server_words(request))
    if "SERVER_PORT" in environ:
        port = environ["SERVER_PORT"]
        kind = "a string, as CGI has it" if isinstance(port, str) else "a number, where CGI has a string"
        yield Remark(("SERVER_PORT",), "added", f"The port the server listens on: {kind}.")


def _client(key: tuple[str, ...], host: Any, request: _Request) -> Iterator[Remark]:
    if not isinstance(host, str):
        return
    forwarded = [part.strip() for value in request.values("x-forwarded-for") for part in value.split(",")]
    peer = request.client.rpartition(":")[0].strip("[]")
    if host in forwarded:
        yield Remark(key, "changed", f"Taken from X-Forwarded-For; {peer} connected to the proxy.")
    elif host == peer:
        more = " X-Forwarded-For was not believed." if forwarded else ""
        yield Remark(key, "added", f"The address that the connection comes from.{more}")
    else:
        yield Remark(key, "added", f"The address that the server's connection comes from; the client's is {peer}.")


def _scheme(key: tuple[str, ...], scheme: Any, request: _Request) -> Iterator[Remark]:
    forwarded = [value.lower() for value in request.values("x-forwarded-proto")]
    if not isinstance(scheme, str):
        return
    if not forwarded:
        yield Remark(key, "added", "Not in the head: how the server was connected to.")
    elif scheme.lower().replace("ws", "http") == forwarded[0].replace("ws", "http"):
        yield Remark(key, "changed", "As X-Forwarded-Proto says.")
    else:
        yield Remark(key, "added", f"X-Forwarded-Proto says {forwarded[0]!r} and was not believed.")


def _server_words(request: _Request) -> str:
    host = request.head.get("host")
    return f"Where the server listens; the Host field says {host!r}." if host else "Where the server listens."


def _made(key: str) -> str:
    if key.startswith(("wsgi.", "asgi")) or key in ("type", "state", "extensions", "subprotocols"):
        return "Made by the server: the interface asks for it."
    return "Made by the server, not from the wire."


# --- ASGI -------------------------------------------------------------------------------------------------------------


def _scope(request: _Request, scope: dict[str, Any]) -> Iterator[Remark]:
    if "method" in scope:  # a WebSocket's scope has none
        yield _plain("method", scope, request.method)
    yield _plain("http_version", scope, request.version.removeprefix("HTTP/"))
    yield from _paths(request, scope)
    yield _query("query_string", scope.get("query_string"), request.query)
    told = {"method", "http_version", "path", "raw_path", "root_path", "query_string", "headers"}
    for remark in _scope_ends(request, scope):
        told.add(remark.path[0])
        yield remark
    yield from _scope_fields(request, scope.get("headers"))
    for key in scope:
        if key not in told:
            yield Remark((key,), "added", _made(key))


def _paths(request: _Request, scope: dict[str, Any]) -> Iterator[Remark]:
    root = str(scope.get("root_path", ""))
    if "root_path" in scope:
        words = "where the server was told that the application is" if root else "the application is at the root"
        yield Remark(("root_path",), "added", f"Not on the wire: {words}.")
    path, decoded = str(scope.get("path", "")), unquote(request.path)
    if path == decoded:
        yield _decoded_path(("path",), request.path, decoded, "its bytes were read as UTF-8")
    elif root and path == root + decoded:
        yield Remark(("path",), "changed", f"{request.path!r} on the wire; the server put root_path before it.")
    else:
        yield Remark(("path",), "changed", f"{request.path!r} on the wire.")
    raw = scope.get("raw_path")
    if raw is None:
        yield Remark(("raw_path",), "dropped", "The bytes of the path were not handed over; the key is optional.")
    elif raw == request.path.encode("latin-1"):
        yield Remark(("raw_path",), "same", "As on the wire.")
    else:
        yield Remark(("raw_path",), "changed", f"{request.path.encode('latin-1')!r} on the wire.")


def _scope_ends(request: _Request, scope: dict[str, Any]) -> Iterator[Remark]:
    for key in ("client", "server"):
        value = scope.get(key)
        if not isinstance(value, list | tuple) or len(value) != 2:
            continue
        port = " Its port is a string here; the specification has a number." if isinstance(value[1], str) else ""
        words = (
            _client((key,), value[0], request) if key == "client" else [Remark((key,), "added", _server_words(request))]
        )
        for remark in words:
            yield Remark(remark.path, "changed" if port else remark.change, remark.text + port)
    yield from _scheme(("scheme",), scope.get("scheme"), request)


def pairs(headers: Any) -> list[tuple[str, str]]:
    """The header fields of a scope as text; those that are not pairs of bytes are left out."""
    items = headers if isinstance(headers, list | tuple) else ()
    return [(item[0].decode("latin-1"), item[1].decode("latin-1")) for item in items if _is_pair(item)]


def _is_pair(item: Any) -> bool:
    return isinstance(item, list | tuple) and len(item) == 2 and all(isinstance(part, bytes) for part in item)


def _scope_fields(request: _Request, headers: Any) -> Iterator[Remark]:
    sent = [(name.lower(), value) for name, value in request.head.headers]
    got = pairs(headers)
    change, text = "same", "All fields as on the wire, in their order."
    if [name for name, _value in got] != [name for name, _value in sent]:
        change, text = "changed", "Not the fields of the wire one by one: some are missing, added or in another place."
    if any(name != name.lower() for name, _value in request.head.headers):
        text += " Names are in lower case, as the specification asks."
    yield Remark(("headers",), change, text)
    for name in dict.fromkeys(name for name, _value in [*sent, *got]):
        yield _field(name, [v for n, v in sent if n == name], [v for n, v in got if n == name])


def _field(name: str, sent: list[str], got: list[str]) -> Remark:
    key = ("headers", name)
    if sent == got:
        return Remark(key, "same", "As on the wire.")
    if not got:
        return Remark(key, "dropped", _why_dropped(name))
    if not sent:
        return Remark(key, "added", "No such field on the wire: the server put it there.")
    if len(got) == 1 < len(sent):
        return Remark(key, *_value_words(sent, got[0], name))
    return Remark(key, "changed", f"{sent[0] if len(sent) == 1 else sent!r} on the wire.")
