"""What any message of ASGI must be, of whichever protocol: a dict with a type that is known, and allowed, here.

Pure. Order is the business of the protocols' own modules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from inspector.contract.case import Case, Event
from inspector.contract.fields import a, shown
from inspector.contract.rule import ASGI, Rule, checks
from inspector.model import Fault, Finding, Severity
from inspector.tagged import Opaque

_EVENTS = "ASGI specification 3.0, Events"
_PROTOCOLS = "ASGI specification 3.0, Protocol Specifications"
_MESSAGES = "ASGI HTTP & WebSocket message format 2.5"

#: What an application may send: the keys it must give, those it may, and the extension that the server must offer.
SENT: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "http.response.start": (("status",), ("headers", "trailers"), ""),
    "http.response.body": ((), ("body", "more_body"), ""),
    "http.response.trailers": (("headers",), ("more_trailers",), "http.response.trailers"),
    "http.response.early_hint": (("links",), (), "http.response.early_hint"),
    "http.response.push": (("path", "headers"), (), "http.response.push"),
    "http.response.zerocopysend": (("file",), ("offset", "count", "more_body"), "http.response.zerocopysend"),
    "http.response.pathsend": (("path",), (), "http.response.pathsend"),
    "http.response.debug": (("info",), (), "http.response.debug"),
    "websocket.accept": ((), ("subprotocol", "headers"), ""),
    "websocket.send": ((), ("bytes", "text"), ""),
    "websocket.close": ((), ("code", "reason"), ""),
    "websocket.http.response.start": (("status",), ("headers",), "websocket.http.response"),
    "websocket.http.response.body": ((), ("body", "more_body"), "websocket.http.response"),
    "lifespan.startup.complete": ((), (), ""),
    "lifespan.startup.failed": ((), ("message",), ""),
    "lifespan.shutdown.complete": ((), (), ""),
    "lifespan.shutdown.failed": ((), ("message",), ""),
}
#: Rows of a call that are no messages of ASGI: we wrote them.
OURS = frozenset(("call", "return", "raise"))
#: Keys that we wrote, and keys whose values have rules of their own.
_EXEMPT = frozenset(("gatescope.thread", "payload", "headers", "file", "info", "links"))
#: Types of objects that must not be in a message. Others may be subclasses of what is allowed.
_FOREIGN = frozenset(
    ("set", "frozenset", "complex", "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta",
     "decimal.Decimal", "uuid.UUID", "pathlib.PosixPath", "bytearray", "memoryview", "generator", "range")
)  # fmt: skip

MSG_01 = Rule(
    "ASGI-MSG-01", "A message was not a dict",
    "Everything that goes through send or receive is a dict.",
    "Pass a dict with a type, such as {'type': 'http.response.start', 'status': 200}.",
    _EVENTS,
)  # fmt: skip
MSG_02 = Rule(
    "ASGI-MSG-02", "A message had no type",
    "Each message says what it is under the key 'type', as a str.",
    "Add the type, for example 'http.response.body'.",
    _EVENTS,
)  # fmt: skip
MSG_03 = Rule(
    "ASGI-MSG-03", "A message of another protocol was sent",
    "A call speaks one protocol, the one its scope names: an HTTP request is answered with http messages, a WebSocket "
    "with websocket messages, the lifespan with lifespan messages.",
    "Look at scope['type'] before you answer, and send messages whose type begins with it.",
    _PROTOCOLS,
)  # fmt: skip
MSG_04 = Rule(
    "ASGI-MSG-04", "A message of a type that does not exist was sent",
    "An application sends only the types that the protocol, or an extension which the server offers, defines.",
    "Look for a misspelt type; types that the server sends, such as http.request, cannot be sent back.",
    _MESSAGES,
)  # fmt: skip
MSG_05 = Rule(
    "ASGI-MSG-05", "A message held a value of a type that messages do not have",
    "Messages are made of bytes, str, int, float, bool, None, lists, and dicts whose keys are str, so that they could "
    "go to another process.",
    "Convert the value before it is sent: a set to a list, a date to text, a bytearray to bytes.",
    _EVENTS,
)  # fmt: skip
MSG_06 = Rule(
    "ASGI-MSG-06", "A message held a number that messages cannot carry",
    "Integers fit into 64 bits with a sign; floats are finite.",
    "Send very large numbers as text, and leave out what is infinite or not a number.",
    _EVENTS,
)  # fmt: skip
MSG_07 = Rule(
    "ASGI-MSG-07", "A message lacked a key that it must have",
    "Some keys have no default: a response's start needs its status, early hints their links.",
    "Add the key.",
    _MESSAGES,
)  # fmt: skip
MSG_08 = Rule(
    "ASGI-MSG-08", "A message had a key that looks misspelt",
    "Servers pass over keys they do not know, so a misspelt key has no effect, and nobody says so.",
    "Compare the key with the ones that the message may have.",
    "practice", Severity.WARNING,
)  # fmt: skip
MSG_12 = Rule(
    "ASGI-MSG-12", "A message of an extension was sent that the server does not offer",
    "Messages of an extension may only be sent when scope['extensions'] has its name.",
    "Ask 'NAME' in scope.get('extensions', {}) first, and do without it otherwise.",
    "ASGI specification 3.0, Extensions",
)  # fmt: skip
MSG_13 = Rule(
    "ASGI-MSG-13", "A key was used that is newer than what the server speaks",
    "scope['asgi']['spec_version'] says which version of the message format the server knows: a WebSocket can be "
    "accepted with headers from 2.1 on, and closed with a reason from 2.3 on.",
    "Leave the key out for servers that say less.",
    "ASGI HTTP & WebSocket message format 2.5, Spec Versions",
)  # fmt: skip
_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")
_NEWER = {("websocket.accept", "headers"): (2, 1), ("websocket.close", "reason"): (2, 3)}


@checks(MSG_01, MSG_02, on=ASGI)
def is_a_message(case: Case) -> Iterator[Finding]:
    """Is it a dict, with a type?"""
    for event in case.app:
        kind = event.type
        if kind == "?":
            message = event.info.get("message")
            fault = Fault.APPLICATION if event.direction == "out" else Fault.SERVER
            if isinstance(message, Opaque) and message.type == "dict":
                yield MSG_02.broken(case, event, f"{message.text[:100]} has no type.", fault=fault)
            elif isinstance(message, Opaque):
                yield MSG_01.broken(case, event, f"{message.text[:100]} is {a(message)}.", fault=fault)
        elif _is_no_text(kind):
            yield MSG_02.broken(case, event, f"The type is {kind[:100]}, which is not a str.")


@checks(MSG_03, MSG_04, MSG_12, on=ASGI)
def has_a_known_type(case: Case) -> Iterator[Finding]:
    """Is the type one that this application may send here?"""
    protocol = case.protocol
    for event in case.app:
        if event.direction != "out" or event.type in OURS:
            continue
        known = SENT.get(event.type)
        namespace, dot, _ = event.type.partition(".")
        if known is not None and namespace == protocol:
            if known[2] and not offers(case, known[2]):
                yield MSG_12.broken(case, event, f"The scope's extensions do not have {known[2]}.")
        elif namespace != protocol and namespace in ("http", "websocket", "lifespan") and dot:
            yield MSG_03.broken(case, event, f"{event.type} in answer to a scope of type {protocol}.")
        elif event.type[:1] not in ("<", "?") and not _is_no_text(event.type):
            yield MSG_04.broken(case, event, f"There is no message {shown(event.type)} that an application sends.")


@checks(MSG_05, MSG_06, on=ASGI)
def has_values_that_travel(case: Case) -> Iterator[Finding]:
    """Are its values of the types that messages have?"""
    for event in case.app:
        if len(event.info) < 1 or event.type in OURS or event.type == "?":
            continue
        fault = Fault.APPLICATION if event.direction == "out" else Fault.SERVER
        for key, value in event.info.items():
            if type(value) is bool or key in _EXEMPT or (key == "body" and isinstance(value, bytes)):
                continue
            if not isinstance(key, str):
                yield MSG_05.broken(case, event, f"The key {shown(key)} is not a str.", fault=fault)
            elif foreign := _foreign(value):
                yield MSG_05.broken(case, event, f"{key} holds {foreign}.", fault=fault)
            elif number := _too_large(value):
                yield MSG_06.broken(case, event, f"{key} holds {number}.", fault=fault)


@checks(MSG_07, MSG_08, MSG_13, on=ASGI)
def has_its_keys(case: Case) -> Iterator[Finding]:
    """Are the keys there that must be, and no others by mistake?"""
    spec = spec_version(case)
    for event in case.app:
        known = SENT.get(event.type) if event.direction == "out" else None
        if known is None:
            continue
        required, optional, _ = known
        for key in required:
            if key not in event.info:
                yield MSG_07.broken(case, event, f"{event.type} without {key}.")
        for key in event.info:
            meant = None if key in required or key in optional else _meant(key, (*required, *optional), event)
            if meant:
                yield MSG_08.broken(case, event, f"{shown(key)} in {event.type}: {meant} may be meant.")
            newer = _NEWER.get((event.type, key))
            if newer and spec < newer and event.info[key]:
                since = ".".join(map(str, newer))
                yield MSG_13.broken(case, event, f"{key} came with {since}; the server says {spec[0]}.{spec[1]}.")


def offers(case: Case, extension: str) -> bool:
    """Whether the server offers ``extension``."""
    extensions = case.context.get("extensions")
    return not case.context or (isinstance(extensions, dict) and extension in extensions)


def spec_version(case: Case) -> tuple[int, int]:
    """The version of the message format that the server says it speaks."""
    asgi = case.context.get("asgi")
    said = asgi.get("spec_version", "2.0") if isinstance(asgi, dict) else "2.0"
    version = _VERSION.fullmatch(said) if isinstance(said, str) else None
    return (int(version[1]), int(version[2])) if version else (2, 0)


def _is_no_text(kind: str) -> bool:
    """Whether ``kind`` is what a type prints as that is no str. (Of one that begins with "<" nobody can tell.)"""
    return kind[:1] in set("0123456789-([{") or kind[:2] in ("b'", 'b"') or kind in ("None", "True", "False")


def _foreign(value: Any) -> str:
    """What in ``value`` messages must not have; empty if there is nothing."""
    if isinstance(value, Opaque):
        return f"{a(value)}" if value.type in _FOREIGN else ""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                return f"the key {shown(key)}"
            if found := _foreign(item):
                return found
    elif isinstance(value, list | tuple):
        for item in value:
            if found := _foreign(item):
                return found
    return ""


def _too_large(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isfinite(value) else repr(value)
    if isinstance(value, int):
        return "" if -(2**63) <= value < 2**63 else "an integer beyond 64 bits"
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return next((found for item in items if (found := _too_large(item))), "")


def _meant(key: Any, known: tuple[str, ...], event: Event) -> str:
    """The key that ``key`` looks like, unless that one is there too."""
    if not isinstance(key, str) or len(key) < 4 or key in _EXEMPT:
        return ""
    plain = key.lower().replace("-", "_")
    for name in known:
        if name not in event.info and (plain == name or _apart(plain.replace("_", ""), name.replace("_", "")) <= 1):
            return name
    return ""


def _apart(one: str, other: str) -> int:
    """Whether two words are the same (0), one letter apart, changed, missing or swapped (1), or more (2)."""
    if one == other:
        return 0
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return 2
    same = next((i for i, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    if len(short) < len(long):
        return 1 if short[same:] == long[same + 1 :] else 2
    swapped = short[same : same + 2] == long[same : same + 2][::-1] and short[same + 2 :] == long[same + 2 :]
    return 1 if short[same + 1 :] == long[same + 1 :] or swapped else 2
