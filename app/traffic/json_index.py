"""Where the members of a JSON text are, found without keeping what they mean: how a body of 50 MB becomes a tree.

Pure. Reads UTF-8 bytes (RFC 8259 section 8.1) and gives positions in them; a value is decoded when somebody looks at
it. Values up to some 64 kB are left to the standard library's decoder, which is quick and checks them; only what is
larger is walked here, member by member, so that no call takes long and the work can be given up between two of them.
Duplicate names keep their places: what came is shown, not what a parser would make of it.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Generator
from dataclasses import dataclass, field

from app.cancel import Abandoned, Cancelled, never

#: Members of one container that are taken in; further ones are there in the text.
MOST = 1_000_000
_DEEPEST = 100  #: containers too big for the decoder, one within the other
_WINDOWS = (512, 65_536)
_LOOK_UP = 512  #: members between two questions whether anybody still waits

_SPACE = re.compile(rb"[ \t\n\r]*")
_SCALAR = rb'(?:-?\d[\d.eE+-]*|true|false|null|"(?:[^"\\\x00-\x1f]|\\.){0,200}")'
_RUN = re.compile(rb"(?:" + _SCALAR + rb"[ \t\n\r]*,[ \t\n\r]*){1,2000}")
# What numbers mean is not asked, and a number of many thousand digits is no error.
_DECODER = json.JSONDecoder(parse_int=bool, parse_float=bool, parse_constant=bool)


class NotJson(ValueError):  # noqa: N818
    """The bytes are not JSON; ``at`` says from where on."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(f"{why} at byte {at:,}")
        self.at = at
        self.why = why


@dataclass(slots=True)
class Members:
    """The members of one container, in order: where each value begins and ends, and each name in an object.

    ``end`` is where the container ends; 0 when there are further members than ``MOST``, which were not looked at.
    """

    is_object: bool
    names: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))
    end: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    def at(self, offset: int) -> int:
        """The member whose name or value holds ``offset``; -1 for none."""
        begins = self.names if self.is_object else self.starts
        low, high = 0, len(self.ends)
        while low < high:
            middle = (low + high) // 2
            if self.ends[middle] > offset:
                high = middle
            else:
                low = middle + 1
        return low if low < len(self.ends) and begins[low] <= offset else -1


def value_start(text: bytes, at: int = 0) -> int:
    """Where the value begins that stands after white space at ``at``; a byte order mark is passed over."""
    if not at and text.startswith(b"\xef\xbb\xbf"):
        at = 3
    found = _SPACE.match(text, at)
    assert found is not None, "matches nothing at the least"
    return found.end()


@dataclass(frozen=True, slots=True)
class Root:
    """The one value of a JSON text, with its members if it has any."""

    start: int
    end: int
    members: Members | None


def document(text: bytes, cancelled: Cancelled = never) -> Root:
    """The value that ``text`` is. Raises NotJson, or Abandoned when ``cancelled`` says so."""
    start = value_start(text)
    held = members(text, start, cancelled) if text[start : start + 1] in (b"{", b"[") else None
    end = skip(text, start, cancelled) if held is None else held.end
    if end and value_start(text, end) < len(text):
        raise NotJson(end, "more than one value")
    return Root(start, end or len(text), held)


def kind(text: bytes, start: int) -> str:
    """``object array string number boolean null`` by how a value begins; ``text`` for what can be none."""
    first = text[start : start + 1]
    return _KINDS.get(first) or _WORDS.get(text[start : start + 4], "text")


_KINDS = {b"{": "object", b"[": "array", b'"': "string"} | {bytes([sign]): "number" for sign in b"-0123456789"}
_WORDS = {b"true": "boolean", b"fals": "boolean", b"null": "null"}


def members(text: bytes, start: int, cancelled: Cancelled = never) -> Members:
    """The members of the container that begins at ``start``. Raises NotJson or Abandoned."""
    found = Members(text[start : start + 1] == b"{")
    walk = _walk(text, start, cancelled, 0)
    while len(found) < MOST:
        try:
            name, begin, end = next(walk)
        except StopIteration as ended:
            found.end = ended.value
            break
        if found.is_object:
            found.names.append(name)
        found.starts.append(begin)
        found.ends.append(end)
    return found


def skip(text: bytes, at: int, cancelled: Cancelled = never, depth: int = 0) -> int:
    """Where the value that begins at ``at`` ends."""
    for window in _WINDOWS:
        end = _decoded_end(text, at, window)
        if end:
            return end
    first = text[at : at + 1]
    if first == b'"':
        return _string_end(text, at)
    if first not in (b"{", b"["):
        raise NotJson(at, "no value")
    if depth >= _DEEPEST:
        raise NotJson(at, "nested too deeply")
    walk = _walk(text, at, cancelled, depth + 1, whole=False)
    while True:
        try:
            next(walk)
        except StopIteration as ended:
            return int(ended.value)


def _decoded_end(text: bytes, at: int, window: int) -> int:
    """The value's end if it lies within ``window`` bytes and is sound; else 0."""
    piece = text[at : at + window]
    try:
        plain = piece.decode("utf-8", "surrogateescape")
        _value, end = _DECODER.raw_decode(plain)
    except (ValueError, RecursionError):
        return 0
    length = end if plain.isascii() else len(plain[:end].encode("utf-8", "surrogateescape"))
    whole = length < len(piece) or at + length == len(text)  # a number at the edge may go on
    return at + length if whole else 0


def _walk(
    text: bytes, start: int, cancelled: Cancelled, depth: int, *, whole: bool = True
) -> Generator[tuple[int, int, int], None, int]:
    """Name (-1 in an array), begin and end of each member; returns where the container ends.

    With ``whole`` false members need not be told one by one, and runs of plain values are passed over at once.
    """
    named = text[start : start + 1] == b"{"
    closing = b"}" if named else b"]"
    at = value_start(text, start + 1)
    if text[at : at + 1] == closing:
        return at + 1
    count = 0
    while True:
        count += 1
        if not count % _LOOK_UP and cancelled():
            raise Abandoned
        if not (whole or named) and (run := _RUN.match(text, at)) is not None:
            at = run.end()
        name, at = _name(text, at) if named else (-1, at)
        end = skip(text, at, cancelled, depth)
        yield name, at, end
        at = value_start(text, end)
        sign = text[at : at + 1]
        if sign == closing:
            return at + 1
        if sign != b",":
            raise NotJson(at, "no comma" if sign else "the end is missing")
        at = value_start(text, at + 1)


def _name(text: bytes, at: int) -> tuple[int, int]:
    """Where a member's name begins, and its value."""
    if text[at : at + 1] != b'"':
        raise NotJson(at, "no name")
    colon = value_start(text, _string_end(text, at))
    if text[colon : colon + 1] != b":":
        raise NotJson(colon, "no colon")
    return at, value_start(text, colon + 1)


def _string_end(text: bytes, at: int) -> int:
    """The end of the string that begins at ``at``: behind the first quote that is not escaped."""
    quote = at
    while True:
        quote = text.find(b'"', quote + 1)
        if quote < 0:
            raise NotJson(at, "a string does not end")
        before = quote
        while text[before - 1] == 0x5C:  # each backslash escapes the next
            before -= 1
        if (quote - before) % 2 == 0:
            return quote + 1


def string(text: bytes, start: int, end: int) -> str:
    """What the string between ``start`` and ``end`` says; as it is written where it is not sound."""
    literal = text[start:end].decode("utf-8", "backslashreplace")
    try:
        value = json.loads(literal, strict=False)
    except ValueError:
        return literal
    return value if isinstance(value, str) else literal


def lines(content: bytes, cancelled: Cancelled = never) -> Members:
    """The values of an NDJSON text, one a line, blank lines left out. They are not checked here."""
    found = Members(False)
    at = 0
    while at < len(content) and len(found) < MOST:
        if not len(found) % _LOOK_UP and cancelled():
            raise Abandoned
        stop = content.find(b"\n", at)
        stop = len(content) if stop < 0 else stop
        start = value_start(content, at)
        if start < stop:
            found.starts.append(start)
            found.ends.append(stop)
        at = stop + 1
    found.end = len(content) if at >= len(content) else 0
    return found
