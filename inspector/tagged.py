"""Tagged JSON: Python values as they were at the interface, in text that any JSON tool (SQLite's too) can read.

Strings, numbers, booleans, ``None``, lists and dicts with string keys are plain JSON. The rest is an object with one
key that starts with ``$``: ``{"$bytes": "latin-1 text"}``, ``{"$tuple": [...]}``, ``{"$dict": [[key, value], ...]}``
for dicts with other keys (or with keys that start with ``$``), ``{"$float": "nan"}``, ``{"$int": "..."}`` for integers
beyond 64 bits, ``{"$object": ["type", "short form"]}`` for whatever else there was.

Pure. The probe sends objects as ``Opaque`` 3-tuples ``("$object", type, short form)``; see ``inspector/probe``.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

_OPAQUE = "\x00gatescope.object"  # first item of the tuple the probe puts in place of an object


@dataclass(frozen=True, slots=True)
class Opaque:
    """An object that could not travel: its type and a short form of it."""

    type: str
    text: str

    def __repr__(self) -> str:
        return self.text


def dumps(value: Any) -> str:
    """``value`` as tagged JSON."""
    return json.dumps(_tag(value), separators=(",", ":"))  # ASCII: lone surrogates survive as escapes


def loads(text: str) -> Any:
    """The value that ``dumps`` was given. Raises ValueError for text that is not tagged JSON."""
    return json.loads(text, object_hook=_untag)


def _tag(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value
    if kind is bytes:
        return {"$bytes": value.decode("latin-1")}
    if kind is tuple:
        if len(value) == 3 and value[0] == _OPAQUE:
            return {"$object": [value[1], value[2]]}
        return {"$tuple": [_tag(item) for item in value]}
    if kind is list:
        return [_tag(item) for item in value]
    if kind is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: _tag(item) for key, item in value.items()}
        return {"$dict": [[_tag(key), _tag(item)] for key, item in value.items()]}
    if kind is bool or value is None:
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**63 else {"$int": str(value)}
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if kind is Opaque:
        return {"$object": [value.type, value.text]}
    return {"$object": [kind.__name__, repr(value)[:200]]}


def _untag(pairs: dict[str, Any]) -> Any:
    if len(pairs) != 1:
        return pairs
    [(key, value)] = pairs.items()
    match key:
        case "$bytes":
            return value.encode("latin-1")
        case "$tuple":
            return tuple(value)
        case "$dict":
            return {name: item for name, item in value}
        case "$int":
            return int(value)
        case "$float":
            return float(value)
        case "$object":
            return Opaque(*value)
        case _:
            return pairs
