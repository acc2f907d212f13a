"""Messages to lines of JSON and back.

Pure: bytes in, values out. It knows the shapes of ``supervisor.control.messages`` from their annotations and nothing
of sockets. Decoding is strict: what is not exactly a message is a ``DecodeError``, so that a stranger on the socket
gets an answer instead of half an effect.

    DecodeError          the line is not a message
        UnknownMessageError   it is well formed, but of a type this version does not know; carries the id to answer with
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from typing import Any, get_args

from supervisor.control import messages
from supervisor.control.messages import Command, Event, Reply

Message = Command | Reply | Event

#: A line longer than this is nobody's message.
MAX_LINE = 16 * 1024 * 1024

_TYPES: dict[str, type] = {kind.__name__: kind for kind in get_args(Message)}


class DecodeError(ValueError):
    """A line that is not a message. ``id`` is the command's number where it could be read, else 0."""

    def __init__(self, text: str, id: int = 0) -> None:
        super().__init__(text)
        self.id = id


class UnknownMessageError(DecodeError):
    """A message of a type that this version does not know."""


def encode(message: Message) -> bytes:
    """``message`` as one line of JSON, line feed included."""
    fields = {"type": type(message).__name__, **_plain(message)}
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The message in ``line``. Raises DecodeError."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise DecodeError("not a JSON object")
    identity = fields.get("id")
    identity = identity if type(identity) is int else 0
    name = fields.pop("type", None)
    kind = _TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UnknownMessageError(f"unknown message type {name!r}", identity)
    try:
        return typing.cast(Message, _build(kind, fields, kind.__name__))
    except DecodeError as error:
        raise DecodeError(str(error), identity) from None


class Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, received: bytes) -> list[bytes]:
        """The lines completed by ``received``, without their line feeds. Raises DecodeError when one is too long."""
        self._rest += received
        *lines, rest = bytes(self._rest).split(b"\n") if b"\n" in received else [bytes(self._rest)]
        if len(rest) > self._limit or any(len(line) > self._limit for line in lines):
            self._rest.clear()
            raise DecodeError(f"a line of more than {self._limit} bytes")
        if lines:
            self._rest = bytearray(rest)
        return lines


def _plain(value: Any) -> Any:
    """``value`` in JSON's own types. Tuples turn into lists by themselves, but may hold dataclasses."""
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


@functools.cache
def _fields(kind: type) -> dict[str, tuple[Any, bool]]:
    """Annotation of each field of ``kind``, and whether it must be given."""
    hints = typing.get_type_hints(kind, vars(messages))
    missing = dataclasses.MISSING
    return {
        field.name: (hints[field.name], field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(kind)
    }


def _build(kind: type, given: dict[str, Any], where: str) -> Any:
    expected = _fields(kind)
    if unknown := given.keys() - expected.keys():
        raise DecodeError(f"{where} has no field {min(unknown)!r}")
    if lacking := [name for name, (_, needed) in expected.items() if needed and name not in given]:
        raise DecodeError(f"{where} lacks {lacking[0]!r}")
    return kind(**{name: _value(expected[name][0], item, f"{where}.{name}") for name, item in given.items()})


def _value(annotation: Any, value: Any, where: str) -> Any:
    """``value`` as ``annotation`` asks. Some writers of JSON turn 1.0 into 1, so a float may be an int."""
    if isinstance(annotation, types.UnionType):
        return _optional(annotation, value, where)
    if typing.get_origin(annotation) is tuple:
        return _tuple(get_args(annotation), value, where)
    if dataclasses.is_dataclass(annotation) and isinstance(value, dict):
        return _build(typing.cast(type, annotation), value, where)
    if annotation is float and type(value) is int:
        return float(value)
    if type(value) is not annotation:
        raise DecodeError(f"{where} is {value!r:.60}, not a {annotation.__name__}")
    return value


def _optional(annotation: Any, value: Any, where: str) -> Any:
    if value is None:
        return None
    [kind] = [choice for choice in get_args(annotation) if choice is not types.NoneType]
    return _value(kind, value, where)


def _tuple(items: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise DecodeError(f"{where} is {value!r:.60}, not a list")
    if items[-1] is Ellipsis:
        return tuple(_value(items[0], item, where) for item in value)
    if len(items) != len(value):
        raise DecodeError(f"{where} has {len(value)} items, not {len(items)}")
    return tuple(_value(kind, item, where) for kind, item in zip(items, value, strict=True))
