"""Tagged JSON: Python values as they were at the interface, in text that any JSON tool (SQLite's too) can read.

Strings, numbers, booleans, ``None``, lists and dicts with string keys are plain JSON. The rest is an object with one
key that starts with ``$``: ``{"$bytes": "latin-1 text"}``, ``{"$tuple": [...]}``, ``{"$dict": [[key, value], ...]}``
for dicts with other keys (or with keys that start with ``$``), ``{"$float": "nan"}``, ``{"$int": "..."}`` for integers
beyond 64 bits, ``{"$object": ["type", "short form"]}`` for whatever else there was.

Pure. The probe puts a 3-tuple ``(OPAQUE, type, short form)`` in place of an object; see ``inspector/probe``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: First item of the tuple that the probe puts in place of an object.
OPAQUE = "\x00gatescope.object"


@dataclass(frozen=True, slots=True)
class Opaque:
    """An object that could not travel: its type and a short form of it."""

    type: str
    text: str

    def __repr__(self) -> str:
        return self.text


# ASCII: lone surrogates survive as escapes. What is circular does not get as far as the encoder.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def dumps(value: Any) -> str:
    """``value`` as tagged JSON; what is nested too deeply to be of use is named as an object."""
    try:
        return _encode(_tag(value))
    except RecursionError:
        return _encode({"$object": [type(value).__name__, "nested too deeply"]})


def loads(text: str) -> Any:
    """The value that ``dumps`` was given. Raises ValueError for text that is not tagged JSON, or too deep."""
    try:
        return _decode(text)
    except RecursionError as error:  # ``dumps`` stops long before: somebody else wrote this
        raise ValueError("it is nested too deeply") from error


def _tag(value: Any) -> Any:
    tagger = _TAGGERS.get(type(value))
    return {"$object": [type(value).__name__, repr(value)[:200]]} if tagger is None else tagger(value)


def _tag_atom(value: Any) -> Any:
    return value


def _tag_bytes(value: bytes) -> Any:
    return {"$bytes": value.decode("latin-1")}


def _tag_int(value: int) -> Any:
    return value if -(2**63) <= value < 2**63 else {"$int": str(value)}


def _tag_float(value: float) -> Any:
    return value if math.isfinite(value) else {"$float": repr(value)}


def _tag_list(value: list[Any]) -> Any:
    return [_tag_header(item) if type(item) is tuple and len(item) == 2 else _tag(item) for item in value]


def _tag_header(value: tuple[Any, Any]) -> Any:
    # The pairs that raw headers are made of: on the hot path, so without detours.
    name, text = value
    if type(name) is bytes and type(text) is bytes:
        return {"$tuple": [{"$bytes": name.decode("latin-1")}, {"$bytes": text.decode("latin-1")}]}
    return {"$tuple": [_tag(name), _tag(text)]}


def _tag_tuple(value: tuple[Any, ...]) -> Any:
    if len(value) == 3 and value[0] == OPAQUE:
        return {"$object": [value[1], value[2]]}
    return {"$tuple": _tag_list(value)}  # type: ignore[arg-type]  # it only iterates


def _tag_dict(value: dict[Any, Any]) -> Any:
    for key in value:
        if type(key) is not str or key.startswith("$"):
            return {"$dict": [[_tag(key), _tag(item)] for key, item in value.items()]}
    return {key: item if type(item) is str else _tag(item) for key, item in value.items()}


def _tag_opaque(value: Opaque) -> Any:
    return {"$object": [value.type, value.text]}


_TAGGERS: dict[type, Callable[[Any], Any]] = {
    str: _tag_atom,
    bool: _tag_atom,
    type(None): _tag_atom,
    bytes: _tag_bytes,
    int: _tag_int,
    float: _tag_float,
    list: _tag_list,
    tuple: _tag_tuple,
    dict: _tag_dict,
    Opaque: _tag_opaque,
}


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
            return dict(value)
        case "$int":
            return int(value)
        case "$float":
            return float(value)
        case "$object":
            return Opaque(*value)
        case _:
            return pairs


_decode = json.JSONDecoder(object_hook=_untag).decode
