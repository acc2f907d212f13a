"""What each key of a WSGI environ and of an ASGI scope is for, and where that is laid down.

Pure: a table of sentences and the rules for keys that come in families (``HTTP_*``). Sources are named by document and
section: PEP 3333 "environ Variables", RFC 3875 for what CGI says of the same variable, and the ASGI specification's
HTTP & WebSocket and Lifespan documents.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence or two about a key, and the section it comes from."""

    text: str
    source: str


_ENVIRON = "PEP 3333, environ Variables"
_HTTP = "ASGI, HTTP Connection Scope"
_BOTH = "ASGI, HTTP and WebSocket Connection Scope"
_SOCKET = "ASGI, WebSocket Connection Scope"

_COMMON = "ASGI, Applications"
_OTHER = "not of ASGI: a framework's own key"


def _wsgi(text: str, source: str = _ENVIRON) -> Explanation:
    return Explanation(text, source)


WSGI: dict[str, Explanation] = {
    "REQUEST_METHOD": _wsgi("The request's method, such as GET or POST. Never empty."),
    "SCRIPT_NAME": _wsgi(
        "The part of the path at which the application is mounted. Empty when it is mounted at the root; "
        "with PATH_INFO it makes the whole path."
    ),
    "PATH_INFO": _wsgi(
        "The rest of the path, for the application to route on. Percent-escapes are already undone, and the bytes are "
        "put into a string as latin-1: encode it back to latin-1 to get at UTF-8."
    ),
    "QUERY_STRING": _wsgi("What follows the question mark in the URL, still escaped. May be empty or absent."),
    "CONTENT_TYPE": _wsgi("The request's Content-Type field. It has no HTTP_ in front, as in CGI."),
    "CONTENT_LENGTH": _wsgi(
        "How many bytes of body follow, as a string of digits. Empty or absent for a body of unknown length: then many "
        "frameworks see an empty body."
    ),
    "SERVER_NAME": _wsgi("The server's host name, for building URLs when the request has no Host field. Never empty."),
    "SERVER_PORT": _wsgi("The server's port, as a string. Never empty."),
    "SERVER_PROTOCOL": _wsgi("The version the client spoke, such as HTTP/1.1: of the request, not of the response."),
    "SERVER_SOFTWARE": _wsgi("Name and version of the server.", "RFC 3875, section 4.1.17"),
    "GATEWAY_INTERFACE": _wsgi("The CGI version; a remnant that some servers keep.", "RFC 3875, section 4.1.4"),
    "REMOTE_ADDR": _wsgi(
        "The address of the peer that connected: behind a proxy it is the proxy's, unless the server trusts what the "
        "proxy says.",
        "RFC 3875, section 4.1.8",
    ),
    "REMOTE_HOST": _wsgi("The peer's host name, if it was looked up.", "RFC 3875, section 4.1.9"),
    "REMOTE_PORT": _wsgi("The peer's port. No standard asks for it."),
    "REMOTE_USER": _wsgi("The user, when the server did the authentication.", "RFC 3875, section 4.1.11"),
    "AUTH_TYPE": _wsgi("How the server authenticated the user.", "RFC 3875, section 4.1.1"),
    "HTTPS": _wsgi("Set by some servers when the request came by TLS.", "PEP 3333, environ Variables (optional)"),
    "REQUEST_URI": _wsgi("The request target as it was on the wire. An addition of some servers, not a standard key."),
    "RAW_URI": _wsgi("The request target as it was on the wire. An addition of some servers, not a standard key."),
    "wsgi.version": _wsgi("The version of WSGI as a tuple: (1, 0) for PEP 3333 and for PEP 333 before it."),
    "wsgi.url_scheme": _wsgi("The scheme of the URL the client used: http or https."),
    "wsgi.input": _wsgi(
        "The request's body as a binary stream to read from. The application should not read past CONTENT_LENGTH "
        "unless wsgi.input_terminated says that the end is marked.",
        "PEP 3333, Input and Error Streams",
    ),
    "wsgi.errors": _wsgi(
        "A text stream for the application's errors; it usually ends in the server's log.",
        "PEP 3333, Input and Error Streams",
    ),
    "wsgi.multithread": _wsgi("True when another thread of this process may call the application at the same time."),
    "wsgi.multiprocess": _wsgi("True when another process may run the same application at the same time."),
    "wsgi.run_once": _wsgi("True when the server expects to call the application only this once, as under CGI."),
    "wsgi.file_wrapper": _wsgi(
        "A callable that turns a file into a response body, so that the server may send it without copying it through "
        "Python.",
        "PEP 3333, Optional Platform-Specific File Handling",
    ),
    "wsgi.input_terminated": _wsgi(
        "True when reading wsgi.input to its end is safe even without CONTENT_LENGTH. An extension that several "
        "servers and frameworks agree on."
    ),
    "gunicorn.socket": _wsgi("The client's socket. gunicorn's extension: what is done with it is not seen here."),
    "waitress.client_disconnected": _wsgi("A callable that says whether the client is gone. waitress's extension."),
    "asgi.scope": _wsgi(
        "The scope that this environ was made from: an adapter stands between an ASGI server and WSGI."
    ),
    "wsgi.early_hints": _wsgi("A callable that sends a 103 Early Hints response. gunicorn's extension."),
}

ASGI: dict[str, Explanation] = {
    "type": Explanation("Which protocol this scope is for: http, websocket or lifespan.", _COMMON),
    "asgi": Explanation("The versions spoken: version of the interface, spec_version of this protocol.", _COMMON),
    "asgi.version": Explanation('The interface: "3.0" for applications called once with three arguments.', _COMMON),
    "asgi.spec_version": Explanation("The version of this protocol's own specification; 2.0 if absent.", _BOTH),
    "http_version": Explanation('The HTTP version of the request: "1.0", "1.1", "2" or "3".', _BOTH),
    "method": Explanation("The request's method in upper case.", _HTTP),
    "scheme": Explanation("The scheme of the URL: http, https, ws or wss. Defaults to the plain one.", _BOTH),
    "path": Explanation(
        "The path with its percent-escapes undone and decoded from UTF-8. It includes root_path in servers that follow "
        "the current text.",
        _BOTH,
    ),
    "raw_path": Explanation(
        "The path's bytes as they were on the wire, without the query. Optional: some servers leave it out.", _BOTH
    ),
    "query_string": Explanation("What follows the question mark, as bytes, still escaped.", _BOTH),
    "root_path": Explanation("Where the application is mounted; what SCRIPT_NAME is in WSGI.", _BOTH),
    "headers": Explanation(
        "The header fields in order, as pairs of bytes; names are in lower case. HTTP/2 pseudo-headers are not in it.",
        _BOTH,
    ),
    "client": Explanation(
        "Host and port of the peer, or None. Behind a proxy it is the proxy's, unless the server trusts what it says.",
        _BOTH,
    ),
    "server": Explanation("Host and port the server listens on; for a Unix socket, its path and None.", _BOTH),
    "subprotocols": Explanation("The subprotocols the client offers; the application may accept one.", _SOCKET),
    "extensions": Explanation("What this server can do beyond the specification: a key for each.", "ASGI, Extensions"),
    "state": Explanation(
        "A copy of what the application put there during lifespan startup; its own for each request, with the values "
        "shared.",
        "ASGI, Lifespan State",
    ),
    "app": Explanation("The application object, added by a framework for its own use.", _OTHER),
    "router": Explanation("The router, added by a framework for its own use.", _OTHER),
    "endpoint": Explanation("What the framework's router chose.", _OTHER),
    "path_params": Explanation("Parameters the framework's router took from the path.", _OTHER),
    "extensions.http.response.push": Explanation("The server can push (HTTP/2).", "ASGI, Server Push"),
    "extensions.http.response.zerocopysend": Explanation(
        "The server can send from a file descriptor.", "ASGI, Extensions: Zero Copy Send"
    ),
    "extensions.http.response.pathsend": Explanation(
        "The server can send a file by its path.", "ASGI, Extensions: Path Send"
    ),
    "extensions.http.response.early_hint": Explanation(
        "The server can send 103 Early Hints.", "ASGI, Extensions: Early Hints"
    ),
    "extensions.http.response.trailers": Explanation("The server can send trailers.", "ASGI, HTTP Trailers"),
    "extensions.http.response.debug": Explanation(
        "A test client's way to get at what the application rendered with.", "ASGI, Extensions: Debug"
    ),
    "extensions.websocket.http.response": Explanation(
        "The application can refuse a WebSocket with a response of its own.",
        "ASGI, Extensions: WebSocket Denial Response",
    ),
    "extensions.tls": Explanation("What is known of the TLS connection.", "ASGI, TLS Extension"),
}  # fmt: skip


def explain(interface: str, path: tuple[str, ...]) -> Explanation | None:
    """What the key at ``path`` (names from the top) is, or None when nothing is known of it.

    ``interface`` is ``WSGI``, ``ASGI2`` or ``ASGI3``. An item inside a known value is explained by that value.
    """
    table = WSGI if interface == "WSGI" else ASGI
    for length in range(len(path), 0, -1):
        known = table.get(".".join(path[:length]))
        if known is not None:
            return known
    return _family(path[0]) if interface == "WSGI" and path else None


def _family(key: str) -> Explanation | None:
    if key in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
        return _wsgi("A content field with HTTP_ in front: the standard key has no prefix.", "RFC 3875, section 4.1.18")
    if key.startswith("HTTP_"):
        field = key[5:].replace("_", "-").title()
        return _wsgi(f"The request's {field} field; several of that name are joined by commas.")
    if "." in key:
        return _wsgi(f"Set by {key.partition('.')[0]}: keys with a dot belong to a server, a gateway or a framework.")
    return None
