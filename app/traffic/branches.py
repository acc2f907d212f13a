"""A document as a tree whose branches are made when they are opened: JSON, JSON lines, MessagePack.

Pure. A branch knows its name, what it is and how to make those under it; a container of many is grouped by the
thousand, so that no level is longer than a view can lay out at once. Positions for searching are the branches' own
business: bytes for JSON, the order of a walk for values.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgpack  # type: ignore[import-untyped]

from app.cancel import Abandoned, Cancelled, never
from app.traffic import formats, json_index
from app.traffic.json_index import Members
from app.traffic.text_lines import find_bytes

GROUP = 1_000  #: members that stand side by side
PREVIEW = 240  #: characters
MSGPACK_LIMIT = 4 * 2**20  #: bytes of MessagePack that are taken apart
_PLAIN_NAME = re.compile(r"[A-Za-z_$][\w$-]*\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a search got to: the branches from below the root down to it, and from where to go on."""

    trail: list[Branch]
    position: int


class Branch(ABC):
    """One value of a document."""

    def __init__(self, name: str, path: str, kind: str) -> None:
        self.name = name
        self.path = path
        self.kind = kind
        self._children: list[Branch] | None = None

    @property
    @abstractmethod
    def text(self) -> str:
        """The value, or the beginning of it."""

    @property
    @abstractmethod
    def forks(self) -> bool:
        """Whether there is anything under it."""

    @property
    def weight(self) -> int:
        """How much work it is to open it, in bytes; 0 once it is open."""
        return 0

    @abstractmethod
    def copy_text(self) -> str:
        """The whole value."""

    @abstractmethod
    def _make(self, cancelled: Cancelled) -> list[Branch]:
        """Those under it."""

    def children(self, cancelled: Cancelled = never) -> list[Branch]:
        """Those under it, made at the first time. Raises Abandoned."""
        if self._children is None:
            self._children = self._make(cancelled)
        return self._children

    def find(self, wanted: str, after: int, cancelled: Cancelled = never) -> Found | None:
        """The next place behind position ``after`` (-1: from the beginning) that has ``wanted``."""
        folded = wanted.casefold()
        for position, trail in enumerate(_walk(self, [])):
            if cancelled():
                raise Abandoned
            leaf = trail[-1]
            said = leaf.name if leaf.forks else f"{leaf.name}\n{leaf.copy_text()}"
            if position > after and folded in said.casefold():
                return Found(list(trail), position)
        return None


def _walk(branch: Branch, trail: list[Branch]) -> Iterator[list[Branch]]:
    for child in branch.children():
        yield [*trail, child]
        yield from _walk(child, [*trail, child])


class JsonBranch(Branch):
    """A value of a JSON text, by its place in the bytes."""

    def __init__(
        self, text: bytes, span: tuple[int, int], name: str, path: str, members: Members | None = None
    ) -> None:
        super().__init__(name, path, json_index.kind(text, span[0]))
        self._text = text
        self.start, self.end = span
        self.first = self.start  #: where its name begins, if it has one
        self._members = members

    @property
    def text(self) -> str:
        """Its literal, or the beginning of it with a count if it was opened."""
        literal = self._text[self.start : min(self.end, self.start + PREVIEW)].decode("utf-8", "backslashreplace")
        shown = formats.cell(" ".join(literal.split()) if self.kind in ("object", "array") else literal)
        return shown if self.end - self.start <= PREVIEW else f"{shown}…"

    @property
    def forks(self) -> bool:
        """Whether it is a container with something in it."""
        if self.kind not in ("object", "array"):
            return False
        inside = json_index.value_start(self._text, self.start + 1)
        return self._text[inside : inside + 1] not in (b"}", b"]", b"")

    @property
    def weight(self) -> int:
        """Its length, while its members are not known."""
        return 0 if self._children is not None or self._members is not None else self.end - self.start

    def copy_text(self) -> str:
        """The literal as it came; of a string what it says."""
        if self.kind == "string":
            return json_index.string(self._text, self.start, self.end)
        return self._text[self.start : self.end].decode("utf-8", "backslashreplace")

    def _make(self, cancelled: Cancelled) -> list[Branch]:
        if not self.forks:
            return []
        members = self._members or json_index.members(self._text, self.start, cancelled)
        self._members = None
        return _grouped(self._text, members, self.path)

    def find(self, wanted: str, after: int, cancelled: Cancelled = never) -> Found | None:
        """The next place in the text; positions are bytes."""
        at = find_bytes(self._text, wanted, max(after + 1, self.start), "utf-8", cancelled)
        if at < 0 or at >= self.end:
            return None
        return Found(_trail(self, at, cancelled), at)


def _trail(branch: Branch, at: int, cancelled: Cancelled) -> list[Branch]:
    """The branches that hold the byte at ``at``, from below ``branch`` down."""
    trail: list[Branch] = []
    while branch.forks:
        inner = [c for c in branch.children(cancelled) if isinstance(c, JsonBranch | _Group)]
        held = next((child for child in inner if child.first <= at < child.end), None)
        if held is None:
            break
        trail.append(held)
        branch = held
    return trail


class _Group(Branch):
    """A stretch of a long container's members."""

    def __init__(self, text: bytes, members: Members, span: tuple[int, int], path: str) -> None:
        first, last = span
        super().__init__(f"{formats.count(first)} … {formats.count(last - 1)}", path, "")
        self._text, self._members, self._span = text, members, span
        begins = members.names if members.is_object else members.starts
        self.first, self.end = begins[first], members.ends[last - 1]

    @property
    def text(self) -> str:
        """Nothing: its name says it."""
        return ""

    @property
    def forks(self) -> bool:
        """Always."""
        return True

    def copy_text(self) -> str:
        """The members with what stands between them."""
        return self._text[self.first : self.end].decode("utf-8", "backslashreplace")

    def _make(self, cancelled: Cancelled) -> list[Branch]:  # noqa: ARG002  it is not much
        return _grouped(self._text, self._members, self.path, self._span)


def _grouped(text: bytes, members: Members, path: str, span: tuple[int, int] | None = None) -> list[Branch]:
    """The members in ``span``, or groups of them if they are many."""
    first, last = span or (0, len(members))
    size = 1
    while last - first > GROUP * size:
        size *= GROUP
    if size > 1:
        starts = range(first, last, size)
        return [_Group(text, members, (at, min(at + size, last)), path) for at in starts]
    return [_member(text, members, number, path) for number in range(first, last)]


def _member(text: bytes, members: Members, number: int, path: str) -> JsonBranch:
    span = members.starts[number], members.ends[number]
    if not members.is_object:
        return JsonBranch(text, span, str(number), f"{path}[{number}]")
    begin = members.names[number]
    colon = text.rfind(b":", begin, span[0])
    name = json_index.string(text, begin, text.rfind(b'"', begin, colon) + 1)
    made = JsonBranch(text, span, formats.cell(name), f"{path}{_step(name)}")
    made.first = begin
    return made


def _step(name: object) -> str:
    if not isinstance(name, str):
        return f"[{name!r}]"
    return f".{name}" if _PLAIN_NAME.match(name) else f"[{json.dumps(name, ensure_ascii=False)}]"


def json_tree(content: bytes, cancelled: Cancelled = never) -> JsonBranch:
    """A JSON text as a tree. Raises ``json_index.NotJson`` or Abandoned."""
    root = json_index.document(content, cancelled)
    return JsonBranch(content, (root.start, root.end), "", "$", root.members)


class LinesBranch(Branch):
    """An NDJSON text: a list of values, one a line. A line that is not JSON is shown as it is."""

    def __init__(self, content: bytes, cancelled: Cancelled = never) -> None:
        super().__init__("", "$", "array")
        self._content = content
        self._members = json_index.lines(content, cancelled)
        self.first, self.end = 0, len(content)

    def __len__(self) -> int:
        return len(self._members)

    @property
    def text(self) -> str:
        """How many."""
        return f"{formats.count(len(self))} lines"

    @property
    def forks(self) -> bool:
        """Whether there are lines."""
        return len(self) > 0

    def copy_text(self) -> str:
        """All of it."""
        return self._content.decode("utf-8", "backslashreplace")

    def _make(self, cancelled: Cancelled) -> list[Branch]:  # noqa: ARG002  the lines are known
        return _grouped(self._content, self._members, self.path)

    def find(self, wanted: str, after: int, cancelled: Cancelled = never) -> Found | None:
        """The next place in the text; positions are bytes."""
        at = find_bytes(self._content, wanted, after + 1, "utf-8", cancelled)
        return None if at < 0 else Found(_trail(self, at, cancelled), at)


class ValueBranch(Branch):
    """A Python value."""

    def __init__(self, value: Any, name: str, path: str) -> None:
        super().__init__(name, path, _kind(value))
        self._value = value

    @property
    def text(self) -> str:
        """Its short form."""
        if isinstance(self._value, dict | list):
            count = len(self._value)
            noun = "key" if isinstance(self._value, dict) else "item"
            return f"{formats.count(count)} {noun}{'' if count == 1 else 's'}"
        return formats.cell(repr(self._value), PREVIEW)

    @property
    def forks(self) -> bool:
        """Whether it is a container with something in it."""
        return isinstance(self._value, dict | list) and bool(self._value)

    def copy_text(self) -> str:
        """The value as Python writes it; of text what it says."""
        return self._value if isinstance(self._value, str) else repr(self._value)

    def _make(self, cancelled: Cancelled) -> list[Branch]:  # noqa: ARG002  they are there
        if not self.forks:
            return []
        if isinstance(self._value, dict):
            pairs = [(_key(key), _step(key), value) for key, value in self._value.items()]
        else:
            pairs = [(str(at), f"[{at}]", value) for at, value in enumerate(self._value)]
        return [ValueBranch(value, formats.cell(name), self.path + step) for name, step, value in pairs]


def _key(key: object) -> str:
    return key if isinstance(key, str) else repr(key)


def _kind(value: object) -> str:
    names = {dict: "map", list: "array", str: "string", bytes: "bin", bool: "boolean", type(None): "nil"}
    return names.get(type(value), type(value).__name__)


class NotMsgpack(ValueError):  # noqa: N818
    """The bytes are not MessagePack, or too many to take apart."""


def msgpack_tree(content: bytes) -> ValueBranch:
    """MessagePack as a tree; several values after one another become an array. Raises NotMsgpack."""
    if len(content) > MSGPACK_LIMIT:
        raise NotMsgpack(f"more than {MSGPACK_LIMIT:,} bytes")
    unpacker = msgpack.Unpacker(
        raw=False, strict_map_key=False, unicode_errors="backslashreplace", max_buffer_size=MSGPACK_LIMIT
    )
    unpacker.feed(content)
    values: list[Any] = []
    try:
        values.extend(unpacker)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise NotMsgpack(str(error) or type(error).__name__) from None
    if unpacker.tell() < len(content):
        raise NotMsgpack("the end is missing")
    return ValueBranch(values[0] if len(values) == 1 else values, "", "$")
