"""What a difference is, what may be overlooked, and how two JSON documents differ.

Pure. Knows nothing of HTTP or WebSockets; ``inspector.diff`` and ``inspector.sequences`` do.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

#: Headers that differ from one answer to the next, or from one server to the next, whatever the application says.
#: Connection, Keep-Alive and Transfer-Encoding belong to the hop (RFC 9110 7.6.1), Date and Server to the server.
#: What a server answers to a WebSocket's key and offers of compression is its own affair (RFC 6455 4.2.2).
VOLATILE_HEADERS = frozenset(
    {"age", "connection", "date", "keep-alive", "proxy-connection", "server", "server-timing", "traceparent"}
    | {"transfer-encoding", "via", "x-process-time", "x-request-id", "x-response-time", "x-runtime", "x-trace-id"}
    | {"sec-websocket-accept", "sec-websocket-extensions", "upgrade"}
)
_LONGEST_VALUE = 2_000  #: characters of one value in a difference


@dataclass(frozen=True, slots=True)
class Rules:
    """What to overlook.

    ``volatile_headers`` in lower case. ``volatile_paths``: places in a JSON body, as differences name them, with
    ``[*]`` for any index and ``.*`` for any key: ``$.items[*].created``. ``header_order``: whether the order of names
    counts.
    """

    volatile_headers: frozenset[str] = VOLATILE_HEADERS
    volatile_paths: tuple[str, ...] = ()
    header_order: bool = False
    most: int = 200  #: differences that are listed


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same.

    ``where`` is ``error``, ``status``, ``header``, ``body``, ``event`` (of an event stream), ``message`` or ``close``
    (of a WebSocket); ``path`` names the header, the place in a JSON document (``$.a[0]``), the lines of a text, or the
    item and the place in it (``#2 $.a``). ``change`` is ``added``, ``removed`` or ``changed``, seen from the original;
    the side that lacks it is None.
    """

    where: str
    path: str
    original: Any
    replay: Any
    change: str = "changed"
    volatile: bool = False

    def plain(self) -> dict[str, Any]:
        """As a dictionary for JSON. (``dataclasses.asdict`` copies every value, which costs more than comparing.)"""
        return {
            "where": self.where,
            "path": self.path,
            "original": self.original,
            "replay": self.replay,
            "change": self.change,
            "volatile": self.volatile,
        }


DEFAULT = Rules()


def short(text: str) -> str:
    """``text``, or its beginning and its length where that is too long to be listed."""
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text)} characters)"


def common_ends(old: Sequence[object], new: Sequence[object]) -> tuple[int, int]:
    """How many items two sequences share at their start and, beyond those, at their end."""
    shortest = min(len(old), len(new))
    start = 0
    while start < shortest and old[start] == new[start]:
        start += 1
    end = 0
    while end < shortest - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, end


_ABSENT = object()
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def compare_json(original: Any, replay: Any, rules: Rules) -> Iterator[Difference]:
    """Walk both documents together. Numbers are compared by value; what only one of them has is added or removed."""
    volatile = [_pattern(path) for path in rules.volatile_paths]
    waiting: list[tuple[str, Any, Any]] = [("$", original, replay)]
    while waiting:
        path, old, new = waiting.pop()
        if isinstance(old, dict) and isinstance(new, dict):
            waiting.extend(reversed(_members(path, old, new)))
        elif isinstance(old, list) and isinstance(new, list):
            waiting.extend(reversed(_items(path, old, new)))
        elif not _equal_values(old, new):
            moved = any(pattern.match(path) for pattern in volatile)
            yield Difference("body", path, _value(old), _value(new), _json_change(old, new), moved)


def masked(document: Any, rules: Rules) -> Any:
    """``document`` without what ``rules`` overlook, to see whether two are alike. Raises RecursionError."""
    volatile = [_pattern(path) for path in rules.volatile_paths]

    def without(path: str, value: Any) -> Any:
        if any(pattern.match(path) for pattern in volatile):
            return None
        if isinstance(value, dict):
            return {name: without(path + _step(name), each) for name, each in value.items()}
        if isinstance(value, list):
            return [without(f"{path}[{index}]", each) for index, each in enumerate(value)]
        return value

    return without("$", document) if volatile else document


def _json_change(old: Any, new: Any) -> str:
    if old is _ABSENT:
        return "added"
    return "removed" if new is _ABSENT else "changed"


def _members(path: str, old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    names = dict.fromkeys([*old, *new])
    return [(path + _step(name), old.get(name, _ABSENT), new.get(name, _ABSENT)) for name in names]


def _step(name: str) -> str:
    return f".{name}" if _PLAIN_KEY.fullmatch(name) else f"[{json.dumps(name)}]"


def _items(path: str, old: list[Any], new: list[Any]) -> list[tuple[str, Any, Any]]:
    """Pair the items of two lists: an item put in or taken out must not make all that follow it differ."""
    _, end = common_ends(old, new) if len(old) != len(new) else (0, 0)
    shorter, longer = sorted((len(old), len(new)))
    pairs = []
    for index in range(longer):
        if index < shorter - end:
            pair = old[index], new[index]
        elif index >= longer - end:
            pair = old[index - longer + len(old)], new[index - longer + len(new)]
        else:
            pair = (old[index], _ABSENT) if len(old) == longer else (_ABSENT, new[index])
        pairs.append((f"{path}[{index}]", *pair))
    return pairs


def _equal_values(old: Any, new: Any) -> bool:
    numbers = (int, float)
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new):
        return True
    if isinstance(old, numbers) and isinstance(new, numbers):
        return old == new
    return type(old) is type(new) and bool(old == new)


def _value(value: Any) -> Any:
    """A JSON value as it stands in a difference: whole while it is short."""
    if value is _ABSENT:
        return None
    if isinstance(value, str):
        return short(value)
    text = json.dumps(value)
    return value if len(text) <= _LONGEST_VALUE else short(text)


def _pattern(path: str) -> re.Pattern[str]:
    """A place with wildcards as an expression that matches it and everything in it."""
    escaped = re.escape(path).replace(r"\[\*\]", r"\[\d+\]").replace(r"\.\*", r"(?:\.[^.\[]+|\[\"(?:[^\"\\]|\\.)*\"\])")
    return re.compile(escaped + r"(?=[.\[]|$)")
