"""The extensions of ASGI: trailers, early hints, files by descriptor or path, push, debug, denial responses, TLS.

Pure. A message of an extension that the server does not offer is judged as that alone (ASGI-MSG-12).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inspector.contract.asgi_messages import offers
from inspector.contract.case import Case, Event
from inspector.contract.fields import Field, a, first, misshapen, pairs, shown
from inspector.contract.rule import Rule, checks
from inspector.contract.stages import Stage
from inspector.model import Fault, Finding, Severity
from inspector.tagged import Opaque

_EXTENSIONS = "ASGI extensions"
_ORDER = "Send it in the order that the extension names."
_THEIRS = "This is the server's to mend: report it there."

TR_02 = Rule(
    "ASGI-TR-02", "Trailers were sent that the start had not announced",
    "A response with trailers says so in its start: trailers=True.",
    "Add trailers=True to http.response.start.",
    f"{_EXTENSIONS}, HTTP Trailers",
)  # fmt: skip
TR_03 = Rule(
    "ASGI-TR-03", "Trailers were announced and never sent",
    "After trailers=True the response ends with http.response.trailers, not with the body.",
    "Send http.response.trailers, with an empty list if there are none.",
    f"{_EXTENSIONS}, HTTP Trailers",
)  # fmt: skip
TR_04 = Rule(
    "ASGI-TR-04", "Trailers were sent before the body was complete",
    "Trailers follow the last body.", _ORDER, f"{_EXTENSIONS}, HTTP Trailers",
)  # fmt: skip
TR_05 = Rule(
    "ASGI-TR-05", "A message was sent after the last trailers",
    "Trailers without more_trailers=True end the response.", "Set more_trailers=True on all but the last.",
    f"{_EXTENSIONS}, HTTP Trailers", Severity.WARNING,
)  # fmt: skip
TR_06 = Rule(
    "ASGI-TR-06", "The trailers are not pairs of bytes in lower case",
    "headers is an iterable of [name, value], both bytes, names in lower case and without a colon in front.",
    "Encode both, and lower the name.", f"{_EXTENSIONS}, HTTP Trailers",
)  # fmt: skip
TR_07 = Rule(
    "ASGI-TR-07", "A trailer was sent that the header Trailer does not name",
    "The response's header Trailer names what will follow the body.", "Add its name to the header trailer.",
    "RFC 9110 section 6.6.2", Severity.WARNING,
)  # fmt: skip
TR_08 = Rule(
    "ASGI-TR-08", "Trailers were sent to a client that does not take them",
    "A client that wants trailers says TE: trailers. Servers drop them otherwise.",
    "Do not put anything into trailers that the client needs.", "RFC 9110 section 6.5.1", Severity.NOTE,
)  # fmt: skip
TR_09 = Rule(
    "ASGI-TR-09", "A field was sent as a trailer that must not be one",
    "What is needed to read the message (its length, coding, type, host) cannot come after it.",
    "Send it with http.response.start.", "RFC 9110 section 6.5.1", Severity.WARNING,
)  # fmt: skip
TR_10 = Rule(
    "ASGI-TR-10", "Trailers were announced to a server that does not offer them",
    "trailers=True needs 'http.response.trailers' in scope['extensions'].",
    "Ask for the extension first, and leave the key out otherwise.",
    f"{_EXTENSIONS}, HTTP Trailers", Severity.WARNING,
)  # fmt: skip
EH_02 = Rule(
    "ASGI-EH-02", "The links of an early hint are not bytes",
    "links is an iterable of bytes, each the value of a Link header.", "Encode each link.",
    f"{_EXTENSIONS}, Early Hints",
)  # fmt: skip
EH_03 = Rule(
    "ASGI-EH-03", "An early hint was sent after the response had started",
    "Hints come before http.response.start: they are a response of their own, with status 103.", _ORDER,
    "RFC 8297 section 2",
)  # fmt: skip
ZC_03 = Rule(
    "ASGI-ZC-03", "The offset or count of a file is not a number",
    "offset and count are ints, not below 0.", "Pass numbers, or leave them out.", f"{_EXTENSIONS}, Zero Copy Send",
)  # fmt: skip
ZC_04 = Rule(
    "ASGI-ZC-04", "A file was sent before the response had started, or after it was complete",
    "http.response.zerocopysend takes the place of http.response.body.", _ORDER, f"{_EXTENSIONS}, Zero Copy Send",
)  # fmt: skip
PS_02 = Rule(
    "ASGI-PS-02", "The path of a file is not absolute",
    "path is a str that begins at the root: the server may have another working directory.",
    "Use os.path.abspath, and str() of a Path.", f"{_EXTENSIONS}, Path Send",
)  # fmt: skip
PS_03 = Rule(
    "ASGI-PS-03", "A file's path was sent before the response had started",
    "http.response.pathsend follows http.response.start.", _ORDER, f"{_EXTENSIONS}, Path Send",
)  # fmt: skip
PS_04 = Rule(
    "ASGI-PS-04", "A file's path and a body were sent in one response",
    "http.response.pathsend is the whole body.", "Use one of them.", f"{_EXTENSIONS}, Path Send",
)  # fmt: skip
PS_05 = Rule(
    "ASGI-PS-05", "Two files' paths were sent in one response",
    "http.response.pathsend is the whole body, and comes once.", "Send one file.", f"{_EXTENSIONS}, Path Send",
)  # fmt: skip
PS_06 = Rule(
    "ASGI-PS-06", "A file was sent by its path without its length and type",
    "The server only sends the file: content-length and content-type are the application's to set.",
    "Add both to http.response.start.", f"{_EXTENSIONS}, Path Send", Severity.WARNING,
)  # fmt: skip
DR_02 = Rule(
    "ASGI-DR-02", "A WebSocket was refused by a response after it had been answered",
    "websocket.http.response.start takes the place of websocket.accept or websocket.close.",
    "Refuse before you accept; afterwards close.", f"{_EXTENSIONS}, WebSocket Denial Response",
)  # fmt: skip
DR_03 = Rule(
    "ASGI-DR-03", "The body of a refusal was sent before its start",
    "websocket.http.response.start comes first.", _ORDER, f"{_EXTENSIONS}, WebSocket Denial Response",
)  # fmt: skip
DR_04 = Rule(
    "ASGI-DR-04", "A WebSocket's message was sent while it was being refused",
    "After websocket.http.response.start only its body follows.", "Either accept or refuse.",
    f"{_EXTENSIONS}, WebSocket Denial Response",
)  # fmt: skip
DR_05 = Rule(
    "ASGI-DR-05", "The refusal of a WebSocket was not completed",
    "After websocket.http.response.start comes at least one body, the last without more_body=True.",
    "Send {'type': 'websocket.http.response.body'} at the end.", f"{_EXTENSIONS}, WebSocket Denial Response",
)  # fmt: skip
DR_06 = Rule(
    "ASGI-DR-06", "The refusal of a WebSocket is not a right response",
    "Its status, headers and body are like those of an HTTP response: an int, pairs of bytes, bytes.",
    "Encode headers and body, pass the status as a number.", f"{_EXTENSIONS}, WebSocket Denial Response",
)  # fmt: skip
DR_07 = Rule(
    "ASGI-DR-07", "A WebSocket was refused with a status that refuses nothing",
    "1xx would not end the request, and 2xx says that all is well.", "Use 4xx or 5xx, or redirect with 3xx.",
    "RFC 6455 section 4.2.2", Severity.NOTE,
)  # fmt: skip
DBG_01 = Rule(
    "ASGI-DBG-01", "Debug information was sent after the response had started, or twice",
    "http.response.debug is for tests, and comes once, before http.response.start.", _ORDER, f"{_EXTENSIONS}, Debug",
)  # fmt: skip
DBG_02 = Rule(
    "ASGI-DBG-02", "Debug information is not a dict",
    "info is a dict whose keys are str.", "Put what you have into a dict.", f"{_EXTENSIONS}, Debug",
)  # fmt: skip
DBG_03 = Rule(
    "ASGI-DBG-03", "The server takes debug information",
    "http.response.debug is for test clients; a server on a network does not offer it.", _THEIRS,
    f"{_EXTENSIONS}, Debug", Severity.WARNING, Fault.SERVER,
)  # fmt: skip
PU_01 = Rule(
    "ASGI-PU-01", "A push was sent before the response had started, or after it was complete",
    "http.response.push comes between http.response.start and the last body.", _ORDER, f"{_EXTENSIONS}, Server Push",
)  # fmt: skip
PU_02 = Rule(
    "ASGI-PU-02", "The path or headers of a push are not what they must be",
    "path is a str, headers are pairs of bytes in lower case.", "Pass the path as text, and encode the headers.",
    f"{_EXTENSIONS}, Server Push",
)  # fmt: skip
PU_03 = Rule(
    "ASGI-PU-03", "A resource was pushed",
    "Browsers no longer take pushes.", "Use early hints, or a Link header with rel=preload.", "practice", Severity.NOTE,
)  # fmt: skip
TLS_01 = Rule(
    "ASGI-TLS-01", "The scope tells of TLS on a connection that has none",
    "The extension tls is there if, and only if, the connection is encrypted.", _THEIRS,
    "ASGI TLS extension 0.2, When to use this extension", fault=Fault.SERVER,
)  # fmt: skip
TLS_02 = Rule(
    "ASGI-TLS-02", "What the scope tells of TLS lacks a key",
    "server_cert, tls_version and cipher_suite are there, if only as None.", _THEIRS,
    "ASGI TLS extension 0.2, TLS Connection Scope", fault=Fault.SERVER,
)  # fmt: skip
TLS_03 = Rule(
    "ASGI-TLS-03", "What the scope tells of TLS has a value of another type",
    "Certificates and names are str or None; tls_version and cipher_suite are the protocol's numbers, or None; "
    "client_cert_chain is a list of str.", _THEIRS,
    "ASGI TLS extension 0.2, TLS Connection Scope", fault=Fault.SERVER,
)  # fmt: skip
TLS_05 = Rule(
    "ASGI-TLS-05", "The scope has a client's certificate, and no name of it",
    "client_cert_name is there when client_cert_chain has a certificate.", _THEIRS,
    "ASGI TLS extension 0.2, TLS Connection Scope", fault=Fault.SERVER,
)  # fmt: skip

_FORBIDDEN = frozenset(
    (b"content-length", b"transfer-encoding", b"host", b"content-type", b"content-encoding", b"content-range",
     b"trailer", b"te", b"authorization", b"set-cookie", b"cache-control")
)  # fmt: skip
_PATHS = "http.response.pathsend"


@checks(TR_02, TR_04, TR_05, EH_03, ZC_04, PS_03, PS_04, PS_05, DBG_01, PU_01, on=("http",))
def come_in_order(case: Case) -> Iterator[Finding]:
    """What of a response's extensions has its place where."""
    if not case.complete:
        return
    for event in _sent(case, "http.response.debug")[1:]:
        yield DBG_01.broken(case, event, "It is the second one.")
    for event, stage, step in case.walk.strays:
        rule = _out_of_place(stage, step.rstrip("+!"))
        if rule is not None and _offered(case, event):
            yield rule.broken(case, event, f"{event.type}, when the response was {stage}.")


@checks(TR_03, TR_06, TR_07, TR_08, TR_09, TR_10, on=("http",))
def trailers(case: Case) -> Iterator[Finding]:
    """Are trailers announced, sent, and made of what they may be?"""
    start = case.walk.start
    if start is None:
        return
    promised = start.info.get("trailers") is True
    if promised and not offers(case, "http.response.trailers"):
        yield TR_10.broken(case, start, "The scope's extensions do not have http.response.trailers.")
        return
    if case.walk.last is Stage.TRAILERS and case.returned and not case.deserted:
        yield TR_03.broken(case, case.ended, "It returned after the body.")
    head = pairs(start.info.get("headers"))
    announced = {name.strip().lower() for name in (first(head, b"trailer") or b"").split(b",")}
    for event in _sent(case, "http.response.trailers"):
        if wrong := _wrong_fields(event.info.get("headers", [])):
            yield TR_06.broken(case, event, wrong)
        for name, _ in pairs(event.info.get("headers")):
            if name.lower() in _FORBIDDEN:
                yield TR_09.broken(case, event, f"It has {name.decode('latin-1')}.")
            elif name.lower() not in announced:
                yield TR_07.broken(case, event, f"It has {name.decode('latin-1')}.")
        te = first(case.request_fields, b"te") or b""
        if b"trailers" not in te.lower():
            yield TR_08.broken(case, event, f"The request's TE is {te.decode('latin-1')!r}.")


@checks(EH_02, ZC_03, DBG_02, PU_02, PU_03, on=("http",))
def hold_what_they_must(case: Case) -> Iterator[Finding]:
    """What the messages of extensions are made of."""
    for event in case.app:
        info = event.info
        if event.type not in _HOLD or event.direction != "out" or not _offered(case, event):
            continue
        if event.type == "http.response.early_hint":
            links = info.get("links", [])
            if not isinstance(links, list | tuple | Opaque) or not all(_is(link, bytes) for link in _items(links)):
                yield EH_02.broken(case, event, f"links is {shown(links)}.")
        elif event.type == "http.response.zerocopysend":
            for key in ("offset", "count"):
                value = info.get(key)
                if value is not None and (not _is(value, int) or (isinstance(value, int) and value < 0)):
                    yield ZC_03.broken(case, event, f"{key} is {shown(value)}.")
        elif event.type == "http.response.debug":
            said = info.get("info", {})
            if not _is(said, dict) or not all(isinstance(key, str) for key in _items(said)):
                yield DBG_02.broken(case, event, f"info is {a(said)}: {shown(said)}.")
        else:
            yield PU_03.broken(case, event, f"It pushed {shown(info.get('path'))}.")
            wrong = _wrong_fields(info.get("headers", []))
            if wrong or not _is(info.get("path", ""), str):
                yield PU_02.broken(case, event, wrong or f"path is {shown(info['path'])}.")


@checks(PS_02, PS_06, on=("http",))
def paths(case: Case) -> Iterator[Finding]:
    """Is a file named as the server can find it, with what the client must know of it?"""
    for event in _sent(case, _PATHS):
        path = event.info.get("path", "/")
        if not _is(path, str) or (isinstance(path, str) and path[:1] != "/" and path[1:2] != ":"):
            yield PS_02.broken(case, event, f"path is {shown(path)}.")
        head = pairs(case.walk.start.info.get("headers")) if case.walk.start is not None else []
        for name in (b"content-length", b"content-type"):
            if case.walk.start is not None and first(head, name) is None:
                yield PS_06.broken(case, event, f"The response has no {name.decode()}.")


@checks(DR_02, DR_03, DR_04, DR_05, on=("websocket",))
def refusals_come_in_order(case: Case) -> Iterator[Finding]:
    """A refusal is started once, instead of anything else, and completed."""
    if not case.complete:
        return
    for event, stage, step in case.walk.strays:
        if step.startswith("websocket.http.response."):
            early = stage in (Stage.NEW, Stage.CONNECTING) and step.rstrip("+").endswith("body")
            if _offered(case, event):
                yield (DR_03 if early else DR_02).broken(case, event, f"{event.type}, when it was {stage}.")
        elif stage is Stage.DENYING and event.direction == "out":
            yield DR_04.broken(case, event, f"It sent {event.type}.")
    if case.walk.last is Stage.DENYING and case.returned and not case.deserted:
        yield DR_05.broken(case, case.ended, "It returned before the last body.")


@checks(DR_06, DR_07, on=("websocket",))
def refusals_are_responses(case: Case) -> Iterator[Finding]:
    """Is a refusal made of what a response is made of?"""
    for event in _sent(case, "websocket.http.response.start"):
        status = event.info.get("status", 403)
        if wrong := _wrong_fields(event.info.get("headers", [])):
            yield DR_06.broken(case, event, wrong)
        if not isinstance(status, Opaque) and type(status) is not int:
            yield DR_06.broken(case, event, f"The status is {shown(status)}.")
        elif isinstance(status, int) and status < 300:
            severity = Severity.VIOLATION if status < 200 else None
            yield DR_07.broken(case, event, f"The status is {status}.", severity=severity)
    for event in _sent(case, "websocket.http.response.body"):
        if not _is(event.info.get("body", b""), bytes):
            yield DR_06.broken(case, event, f"The body is {a(event.info['body'])}.")


@checks(DBG_03, TLS_01, TLS_02, TLS_03, TLS_05, on=("http", "websocket"))
def are_offered_where_they_belong(case: Case) -> Iterator[Finding]:
    """What the server says of extensions in the scope."""
    extensions = case.context.get("extensions")
    if not isinstance(extensions, dict):
        return
    if "http.response.debug" in extensions and case.exchange.request_head:
        yield DBG_03.broken(case, None, "The scope's extensions have http.response.debug.")
    tls = extensions.get("tls")
    if not isinstance(tls, dict):
        return
    if case.context.get("scheme") not in ("https", "wss"):
        yield TLS_01.broken(case, None, f"The scheme is {case.context.get('scheme')}.")
    for key in ("server_cert", "tls_version", "cipher_suite"):
        if key not in tls:
            yield TLS_02.broken(case, None, f"There is no {key}.")
    for key, right in _TLS.items():
        value = tls.get(key)
        if value is not None and not (type(value) is right if right is int else _is(value, right)):
            yield TLS_03.broken(case, None, f"{key} is {shown(value)}.")
    if _items(tls.get("client_cert_chain")) and tls.get("client_cert_name") is None:
        yield TLS_05.broken(case, None, "client_cert_chain has a certificate, and client_cert_name is None.")


_HOLD = frozenset(
    ("http.response.early_hint", "http.response.zerocopysend", "http.response.debug", "http.response.push")
)  # fmt: skip
_OUT_OF_PLACE = {
    "http.response.early_hint": EH_03, "http.response.zerocopysend": ZC_04, "http.response.debug": DBG_01,
    "http.response.push": PU_01,
}  # fmt: skip
_TLS: dict[str, type] = {
    "server_cert": str, "client_cert_name": str, "client_cert_error": str, "client_cert_chain": list,
    "tls_version": int, "cipher_suite": int,
}  # fmt: skip


def _out_of_place(stage: Stage, kind: str) -> Rule | None:
    """The rule that a message of ``kind`` breaks at ``stage``, where it has no place."""
    if stage is Stage.TRAILED and kind != "http.response.start":
        return TR_05
    if kind == "http.response.trailers":
        return TR_04 if stage in (Stage.NEW, Stage.PROMISED) else TR_02
    if kind == _PATHS:
        return {Stage.NEW: PS_03, Stage.FILE_SENT: PS_05}.get(stage, PS_04)
    if kind == "http.response.body":
        return PS_04 if stage is Stage.FILE_SENT else None
    return _OUT_OF_PLACE.get(kind)


def _sent(case: Case, kind: str) -> list[Event]:
    return [event for event in case.app if event.type == kind and event.direction == "out" and _offered(case, event)]


def _offered(case: Case, event: Event) -> bool:
    """Whether the server offers the extension that the message is of; those without one it takes anyway."""
    if event.type.startswith("websocket."):
        return offers(case, "websocket.http.response")
    return event.type in ("http.response.body", "http.response.start") or offers(case, event.type)


def _wrong_fields(headers: Any) -> str:
    """What is wrong with header fields, as a sentence; empty if nothing is."""
    if wrong := misshapen(headers):
        return f"In headers, {wrong}."
    known: list[Field] = pairs(headers)
    odd = [name for name, _ in known if name[:1] == b":" or name != name.lower()]
    return f"{odd[0].decode('latin-1')} is not in lower case, or begins with a colon." if odd else ""


def _is(value: Any, kind: type) -> bool:
    """Whether ``value`` is of ``kind``, or an object, which may be."""
    return isinstance(value, kind | Opaque) and not isinstance(value, bool)


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | dict) else []
