"""The scope that an ASGI server hands in: what must be in it, and whether it is what the client sent.

Pure. All of it is the server's to mend. The rules for HTTP hold for WebSockets as well, where both have the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from inspector.contract.case import Case
from inspector.contract.fields import Field, a, head_fields, misshapen, shown
from inspector.contract.rule import ASGI, Rule, checks
from inspector.model import Fault, Finding, Severity
from inspector.secrets import mask_url
from inspector.tagged import Opaque

_SPEC = "ASGI specification 3.0"
_HTTP = "ASGI HTTP & WebSocket message format 2.5, HTTP Connection Scope"
_WEBSOCKET = "ASGI HTTP & WebSocket message format 2.5, WebSocket Connection Scope"
_THEIRS = "This is the server's to mend: report it there, or choose another server if it matters to you."

#: What servers say that they speak, by the scope's type.
KNOWN_SPECS = {
    "http": frozenset(("2.0", "2.1", "2.2", "2.3", "2.4", "2.5")),
    "websocket": frozenset(("2.0", "2.1", "2.2", "2.3", "2.4", "2.5")),
    "lifespan": frozenset(("1.0", "2.0")),
}


_PORT = re.compile("[0-9]{1,5}")


def _rule(number: str, title: str, asks: str, source: str, severity: Severity = Severity.VIOLATION) -> Rule:
    return Rule(f"ASGI-{number}", title, asks, _THEIRS, source, severity, Fault.SERVER)


SC_02 = _rule(
    "SC-02", "The scope has no type",
    "scope['type'] says what is connected, as a str: http, websocket or lifespan.", f"{_SPEC}, Applications",
)  # fmt: skip
SC_03 = _rule(
    "SC-03", "The scope does not say which version of ASGI it is of",
    "scope['asgi']['version'] is the version, such as '3.0'.", f"{_SPEC}, Applications", Severity.WARNING,
)  # fmt: skip
SC_04 = _rule(
    "SC-04", "The scope names a version of the protocol that there is not",
    "scope['asgi']['spec_version'] is one of the versions that were published, for this type of scope.",
    "ASGI HTTP & WebSocket message format 2.5, Spec Versions", Severity.WARNING,
)  # fmt: skip
SC_05 = _rule(
    "SC-05", "A key of the scope is not a str",
    "The scope is a dict whose keys are str.", f"{_SPEC}, Strings and Unicode",
)  # fmt: skip
SC_06 = _rule(
    "SC-06", "The scope's extensions are not dicts",
    "scope['extensions'] is a dict that has a dict for the name of each extension.", f"{_SPEC}, Extensions",
)  # fmt: skip
HSC_01 = _rule(
    "HSC-01", "The scope's http_version is not a known one",
    "http_version is '1.0', '1.1' or '2' (or '3').", _HTTP,
)  # fmt: skip
HSC_02 = _rule("HSC-02", "The scope's method is not in capitals", "method is a str in capitals.", _HTTP)
HSC_03 = _rule(
    "HSC-03", "The scope's scheme is empty, or not a str",
    "scheme, where there is one, is a str such as 'http'; it cannot be empty.", _HTTP,
)  # fmt: skip
HSC_04 = _rule(
    "HSC-04", "The scope's path is not the one that was asked for",
    "path is the path of the request, without the query, percent-decoded and read as UTF-8.", _HTTP,
)  # fmt: skip
HSC_05 = _rule(
    "HSC-05", "The scope's raw_path is not what was on the wire",
    "raw_path, where there is one, is the path as bytes, as the client sent it, without the query.", _HTTP,
)  # fmt: skip
HSC_06 = _rule(
    "HSC-06", "The scope's query_string is not the query",
    "query_string is bytes, percent-encoded, without the question mark.", _HTTP,
)  # fmt: skip
HSC_07 = _rule(
    "HSC-07", "The scope's path does not begin with its root_path",
    "root_path, what the application is mounted at, is a str, and path begins with it.", _HTTP, Severity.WARNING,
)  # fmt: skip
HSC_08 = _rule(
    "HSC-08", "The scope's headers are not pairs of bytes",
    "headers is an iterable of [name, value], both bytes, names in lower case.", _HTTP,
)  # fmt: skip
HSC_09 = _rule(
    "HSC-09", "The scope's headers have one that begins with a colon",
    "What HTTP/2 sends as :authority and the like is taken out.", _HTTP,
)  # fmt: skip
HSC_10 = _rule(
    "HSC-10", "The scope's headers have no host",
    "In HTTP/2 and 3 the :authority comes as the header host, before all others.", _HTTP,
)  # fmt: skip
HSC_11 = _rule(
    "HSC-11", "The scope's client is not a host and a port",
    "client is None, or the host as a str and the port as an int.", _HTTP,
)  # fmt: skip
HSC_12 = _rule(
    "HSC-12", "The scope's server is not a host and a port",
    "server is None, or the host as a str and the port as an int, or the path of a socket and None.", _HTTP,
)  # fmt: skip
HSC_14 = _rule(
    "HSC-14", "The scope's headers are not those that the client sent",
    "Each header that was sent is there, by itself, and those of one name in their order.", _HTTP, Severity.WARNING,
)  # fmt: skip
HSC_15 = _rule(
    "HSC-15", "The scope's headers can be read only once",
    "headers may be any iterable, but an iterator is empty for whoever looks second.", _HTTP, Severity.NOTE,
)  # fmt: skip
WSC_01 = _rule(
    "WSC-01", "The scheme of a WebSocket is not ws or wss",
    "scheme is 'ws' or 'wss'.", _WEBSOCKET, Severity.WARNING,
)  # fmt: skip
WSC_02 = _rule(
    "WSC-02", "The scope's subprotocols are not a list of str",
    "subprotocols is an iterable of str; empty when the client offered none.", _WEBSOCKET,
)  # fmt: skip


@checks(SC_02, SC_03, SC_04, SC_05, SC_06, on=ASGI)
def is_a_scope(case: Case) -> Iterator[Finding]:
    """What every scope has."""
    scope = case.context
    if not scope:
        return
    if not isinstance(scope.get("type"), str):
        yield SC_02.broken(case, None, f"The type is {shown(scope.get('type'))}.")
    for key in scope:
        if not isinstance(key, str):
            yield SC_05.broken(case, None, f"It has the key {shown(key)}.")
    asgi = scope.get("asgi")
    if not isinstance(asgi, dict) or not isinstance(asgi.get("version"), str):
        yield SC_03.broken(case, None, f"asgi is {shown(asgi)}.")
    elif not _is_known(asgi.get("spec_version", "2.0"), case.protocol):
        yield SC_04.broken(case, None, f"For {case.protocol} it says {shown(asgi['spec_version'])}.")
    extensions = scope.get("extensions") or {}
    if not isinstance(extensions, dict):
        yield SC_06.broken(case, None, f"extensions is {a(extensions)}.")
    else:
        for name, value in extensions.items():
            if not isinstance(value, dict | Opaque | None):
                yield SC_06.broken(case, None, f"{name} is {shown(value)}.")


@checks(HSC_01, HSC_02, HSC_03, WSC_01, WSC_02, on=("http", "websocket"))
def says_what_is_asked(case: Case) -> Iterator[Finding]:
    """The version, method and scheme."""
    scope = case.context
    if not scope:
        return
    version, method, scheme = scope.get("http_version"), scope.get("method"), scope.get("scheme", "http")
    socket = case.protocol == "websocket"
    if version not in ("1.0", "1.1", "2", "3") and not (socket and version is None):
        yield HSC_01.broken(case, None, f"It is {shown(version)}.")
    if not socket and not (isinstance(method, str) and method == method.upper()):
        yield HSC_02.broken(case, None, f"It is {shown(method)}.")
    if not isinstance(scheme, str) or not scheme:
        yield HSC_03.broken(case, None, f"It is {shown(scheme)}.")
    elif socket and scope.get("scheme", "ws") not in ("ws", "wss"):
        yield WSC_01.broken(case, None, f"It is {shown(scheme)}.")
    offered = scope.get("subprotocols", [])
    if socket and not _are_names(offered):
        yield WSC_02.broken(case, None, f"It is {shown(offered)}.")


@checks(HSC_04, HSC_05, HSC_06, HSC_07, on=("http", "websocket"))
def says_where(case: Case) -> Iterator[Finding]:
    """The path and query, beside what was on the wire."""
    scope = case.context
    if not scope:
        return
    target = case.exchange.target.encode("latin-1", "replace") if case.exchange.request_head else None
    wire_path, _, wire_query = (target or b"").partition(b"?")
    path, raw, query, root = (scope.get(key) for key in ("path", "raw_path", "query_string", "root_path"))
    if raw is not None and not isinstance(raw, bytes):
        yield HSC_05.broken(case, None, f"It is {shown(raw)}, {a(raw)}.")
    elif raw is not None and target is not None and target[:1] == b"/" and raw != wire_path:
        # A root path in front is how some servers tell of it, to every request.
        mounted = isinstance(root, str) and raw == root.encode("latin-1", "replace") + wire_path
        severity = Severity.WARNING if mounted else None
        yield HSC_05.broken(case, None, f"It is {shown(raw)}; the wire had {shown(wire_path)}.", severity=severity)
    sent = raw if isinstance(raw, bytes) else wire_path
    if not isinstance(path, str):
        yield HSC_04.broken(case, None, f"It is {shown(path)}.")
    elif path[:1] != "/" and path != "*":
        yield HSC_04.broken(case, None, f"It is {shown(path)}, without a slash in front.", severity=Severity.WARNING)
    elif sent[:1] == b"/" and not (_decodes_to(sent, path) or _decodes_to(_root(root) + sent, path)):
        yield HSC_04.broken(case, None, f"It is {shown(path)}; {shown(sent)} was asked for.")
    if not isinstance(query, bytes) and not (case.protocol == "websocket" and query is None):
        yield HSC_06.broken(case, None, f"It is {shown(query)}.")
    elif query is not None and target is not None and query != wire_query:
        yield HSC_06.broken(case, None, f"It is {_query(query)}; the wire had {_query(wire_query)}.")
    if root and not (isinstance(root, str) and isinstance(path, str) and path.startswith(root.rstrip("/"))):
        yield HSC_07.broken(case, None, f"root_path is {shown(root)}, path is {shown(path)}.")


@checks(HSC_08, HSC_09, HSC_10, HSC_14, HSC_15, on=("http", "websocket"))
def has_the_headers(case: Case) -> Iterator[Finding]:
    """The headers, beside what was on the wire."""
    scope = case.context
    if not scope:
        return
    headers = scope.get("headers")
    if isinstance(headers, Opaque):
        if headers.type.endswith(("iterator", "generator")):
            yield HSC_15.broken(case, None, f"headers is {a(headers)}.")
        return
    if wrong := misshapen(headers):
        yield HSC_08.broken(case, None, f"In headers, {wrong}.")
        return
    known = case.request_fields
    for name, _ in known:
        if name[:1] == b":":
            yield HSC_09.broken(case, None, f"There is {shown(name)}.")
        elif name != name.lower():
            yield HSC_08.broken(case, None, f"{shown(name)} is not in lower case.", severity=Severity.NOTE)
    if str(scope.get("http_version"))[:1] in ("2", "3") and (not known or known[0][0] != b"host"):
        yield HSC_10.broken(case, None, f"http_version is {scope['http_version']}, and the first header is not host.")
    if case.exchange.request_head and known:
        yield from _against_the_wire(case, known)


@checks(HSC_11, HSC_12, on=("http", "websocket"))
def says_who(case: Case) -> Iterator[Finding]:
    """The addresses of both ends."""
    scope = case.context
    if not scope:
        return
    for rule, key in ((HSC_11, "client"), (HSC_12, "server")):
        value = scope.get(key)
        if value is not None and not _is_an_address(value, may_be_path=key == "server"):
            # A number as text does little harm, and would be told of each request.
            severity = Severity.WARNING if _is_an_address(_with_a_number(value), may_be_path=False) else None
            yield rule.broken(case, None, f"{key} is {shown(value)}.", severity=severity)


def _query(query: bytes) -> str:
    """It, with what may be a secret masked."""
    return shown(mask_url("?" + query.decode("latin-1"))[1:].encode("latin-1"))


def _is_known(spec: Any, protocol: str) -> bool:
    return isinstance(spec, str) and spec in KNOWN_SPECS[protocol]


def _are_names(value: Any) -> bool:
    if isinstance(value, Opaque):
        return True
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _root(root: Any) -> bytes:
    """What stands before the path where a proxy took the mount point off: the path has it, the wire has not."""
    return root.rstrip("/").encode("utf-8", "replace") if isinstance(root, str) else b""


def _decodes_to(sent: bytes, path: str) -> bool:
    try:
        return sent.decode("ascii") == path if b"%" not in sent else unquote_to_bytes(sent).decode() == path
    except UnicodeDecodeError:
        return True  # what becomes of it is not laid down


def _is_an_address(value: Any, *, may_be_path: bool) -> bool:
    if isinstance(value, Opaque):
        return True
    if not isinstance(value, list | tuple) or len(value) != 2 or not isinstance(value[0], str):
        return False
    return type(value[1]) is int or (may_be_path and value[1] is None)


def _with_a_number(value: Any) -> Any:
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    return (value[0], int(value[1])) if is_pair and isinstance(value[1], str) and _PORT.fullmatch(value[1]) else None


def _against_the_wire(case: Case, known: list[Field]) -> Iterator[Finding]:
    """A finding for the first name whose values differ. Names with "_" are dropped by some servers, for safety."""
    sent = head_fields(case.exchange.request_head)
    ours = [(name.lower(), text.strip(b" \t")) for name, text in known]
    if ours == sent:
        return
    theirs, told = _by_name(sent), _by_name(ours)
    for name, had in theirs.items():
        has = told.get(name, [])
        if had != has:
            severity = Severity.NOTE if b"_" in name and not has else None
            detail = f"{name.decode('latin-1')}: the wire had {_values(had)}, the scope has {_values(has)}."
            yield HSC_14.broken(case, None, detail, severity=severity)


def _by_name(known: list[Field]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, text in known:
        found.setdefault(name, []).append(text)
    return found


def _values(values: list[bytes]) -> str:
    # Not the values: they may be secrets.
    return {0: "none", 1: "one"}.get(len(values), str(len(values)))
