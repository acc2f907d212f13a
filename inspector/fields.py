"""The fields of an exchange that have names of their own: its headers, and the keys of its scope or environ, as text.

Pure. One definition for whoever filters by them, shows them in a column, or keeps them side by side for that
(``inspector.store.facets``). Names are ``request.NAME`` and ``response.NAME`` of headers in lower case, ``scope.KEY``
with a dot before each key further down, ``environ.KEY``; a scope's own list of headers is left to the headers. Reads
what the probe tagged (``inspector.tagged``) as plain JSON, evaluates nothing, and bears whatever a trace holds.
"""

from __future__ import annotations

import json
from typing import Any

#: How deep dicts in a scope are gone into.
_DEPTH = 8
_HEADERS = "scope.headers"

_SPACE = " \t\r\n\v\f"  #: what ``bytes.strip`` takes off
_encode = json.JSONEncoder(separators=(",", ":")).encode


def headers(head: bytes) -> dict[str, str]:
    """The fields of a raw head by name in lower case, several of a name joined by ", " (RFC 9110 section 5.3)."""
    found: dict[str, str] = {}
    for line in head.decode("latin-1").split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            key = name.lower()
            text = value.strip(_SPACE)
            found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def keys(interface: str, context: str) -> dict[str, str]:
    """The keys of a scope or an environ; none where it is neither."""
    kind = "environ" if interface == "WSGI" else "scope" if interface.upper().startswith("ASGI") else ""
    if not kind or not context:
        return {}
    try:
        value = json.loads(context)
    except (ValueError, RecursionError):
        return {}
    found: dict[str, str] = {}
    if isinstance(value, dict):
        _add(found, f"{kind}.", value, _DEPTH if kind == "scope" else 1)
    return found


def _add(found: dict[str, str], prefix: str, value: dict[str, Any], depth: int) -> None:
    for key, item in value.items():
        name = prefix + key
        if type(item) is str:
            found.setdefault(name, item)
        elif name != _HEADERS and (text := _text(item)) is not None:
            found.setdefault(name, text)
            if depth > 1 and type(item) is dict and not _tagged(item):
                _add(found, name + ".", item, depth - 1)


def _tagged(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("$")


def _text(value: Any) -> str | None:
    """A value as people write it: bytes and objects as their text, an address as ``host:port``, the rest as JSON."""
    kind = type(value)
    if kind is dict and len(value) == 1:
        [(tag, held)] = value.items()
        if tag in ("$bytes", "$int", "$float") and isinstance(held, str):
            return held
        if tag in ("$tuple", "$object") and isinstance(held, list) and len(held) == 2:
            return _pair(tag, held)
    if kind is dict or kind is list:
        return _encode(value)
    return None if value is None else str(value)


def _pair(tag: str, held: list[Any]) -> str:
    first, second = held
    if isinstance(first, str) and tag == "$object" and isinstance(second, str):
        return second
    if isinstance(first, str) and tag == "$tuple" and type(second) is int:
        return f"[{first}]:{second}" if ":" in first else f"{first}:{second}"
    return _encode({tag: held})


def every(interface: str, context: str, request_head: bytes, response_head: bytes) -> dict[str, str]:
    """All fields of an exchange."""
    found = keys(interface, context)
    for side, head in (("request", request_head), ("response", response_head)):
        found.update((f"{side}.{name}", value) for name, value in headers(head).items())
    return found


def names(field: str, key: str) -> tuple[str, ...]:
    """What the filter language calls ``header``, ``request``, ``response``, ``scope`` or ``environ``, and a name."""
    if field in ("request", "response"):
        return (f"{field}.{key.lower()}",)
    if field == "header":
        return (f"request.{key.lower()}", f"response.{key.lower()}")
    return (f"{field}.{key}",)
