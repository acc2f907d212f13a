"""What differs between two sequences: the messages that a server sent over a WebSocket, or the events of a stream.

Pure. Items are aligned first, so that one more at the beginning does not make all that follow differ; two that stand
beside each other are compared as JSON where both are, else as they are. Positions are counted from 1 and are the
original's, but for what only the replay has.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from inspector.documents import Difference, Rules, common_ends, compare_json, masked, short
from inspector.model import Body, Direction, Message, Side, by_time
from inspector.tagged import loads

_MOST_ITEMS = 1_000  #: items that are aligned with one another; above, a changed region is compared in step
#: Close codes that never pass on the wire (RFC 6455 section 7.4.1): a close frame without one, and no close frame.
NO_CODE, NOT_CLOSED = 1005, 1006
#: Who ends a WebSocket. The proxy does so when its server is replaced or stopped.
CLIENT, SERVER, PROXY = "client", "server", "proxy"
_DATA = ("ws.text", "ws.binary")
_GONE = {"client.gone": CLIENT, "upstream.gone": SERVER}


@dataclass(frozen=True, slots=True)
class Item:
    """One of a sequence: a message (``kind`` is ``text`` or ``binary``) or an event (its type).

    ``fields`` are what an event has besides its data: ``id`` and ``retry``.
    """

    kind: str
    body: Body
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a WebSocket ended: who closed it first, or left without (``code`` is ``NOT_CLOSED`` then).

    ``by`` is ``PROXY`` where neither of the two wanted it to end, and empty where that is not known: it was open still,
    or cut. ``answer`` is the code of the other side's close frame, 0 without one.
    """

    by: str = ""
    code: int = 0
    reason: str = ""
    answer: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a server said over a WebSocket, and how that ended."""

    said: tuple[Item, ...] = ()
    ending: Ending = Ending()


# --- WebSockets -------------------------------------------------------------------------------------------------------


def on_the_wire(messages: Iterable[Message]) -> list[Message]:
    """Those that a client and its server exchanged, in order."""
    return by_time(one for one in messages if one.side == Side.WIRE)


def conversation(messages: Iterable[Message]) -> Conversation:
    """What was recorded of a WebSocket, as its client saw it."""
    seen = on_the_wire(messages)
    said = (one for one in seen if one.direction == Direction.OUT and one.type in _DATA)
    return Conversation(tuple(Item(one.type.removeprefix("ws."), body_of(one)) for one in said), ending_of(seen))


def body_of(message: Message) -> Body:
    """A message's payload."""
    return Body(message.size, message.payload or b"", message.tail, message.sha256)


def ending_of(wire: Iterable[Message]) -> Ending:
    """How the WebSocket ended of which these are the messages."""
    ending = Ending()
    for message in wire:
        by = CLIENT if message.direction == Direction.IN else SERVER
        if message.type == "ws.close":
            info = information(message)
            code, reason = close_code(message, info)
            if info.get("from") == PROXY:
                return ending if ending.by else Ending(PROXY, code, reason)
            if ending.by == by:
                continue
            if ending.by:
                return dataclasses.replace(ending, answer=code)
            ending = Ending(by, code, reason)
        elif message.type in _GONE and not ending.by:
            return Ending(_GONE[message.type], NOT_CLOSED)
    return ending


def close_code(message: Message, info: dict[str, Any]) -> tuple[int, str]:
    """The code and reason of a close frame: as they were read, else (from an archive) out of the payload."""
    if isinstance(info.get("code"), int):
        return info["code"], str(info.get("reason", ""))
    payload = message.payload or b""
    if len(payload) < 2:
        return NO_CODE, ""
    return int.from_bytes(payload[:2], "big"), payload[2:].decode(errors="replace")


def information(message: Message) -> dict[str, Any]:
    """What is known of a message besides its payload."""
    try:
        found = loads(message.info) if message.info else {}
    except ValueError:  # a trace may hold anything
        return {}
    return found if isinstance(found, dict) else {}


def compare_conversations(original: Conversation, replay: Conversation, rules: Rules) -> Iterator[Difference]:
    """What the server said, in its order, and how the WebSocket ended."""
    yield from compare_items(original.said, replay.said, rules, where="message")
    yield from _compare_endings(original.ending, replay.ending)


def _compare_endings(original: Ending, replay: Ending) -> Iterator[Difference]:
    if original.by in ("", PROXY):  # the recording does not tell how it would have ended
        return
    if original.by != replay.by:
        yield Difference("close", "by", original.by, _who(replay), "changed" if replay.by else "removed")
        return
    if original.code != replay.code:
        yield Difference("close", "code", original.code, replay.code)
    if original.reason != replay.reason:
        yield Difference("close", "reason", original.reason, replay.reason)
    if original.by == CLIENT and original.answer != replay.answer:  # servers answer by themselves, each in its way
        yield Difference("close", "answer", original.answer or None, replay.answer or None, volatile=True)


def _who(ending: Ending) -> str | None:
    """Who ended it, and with what where that was the proxy: the two sides never said this."""
    return f"{PROXY}, with {ending.code} ({ending.reason})" if ending.by == PROXY else ending.by or None


# --- event streams ----------------------------------------------------------------------------------------------------

_LINE_END = re.compile(r"\r\n|\r|\n")


def parse_events(stream: bytes) -> list[Item]:
    """The events of a ``text/event-stream`` (HTML, section 9.2.6): an unfinished one at the end is none.

    Comments are left out. An event without data is kept where it has a type, since that is what a reader would miss.
    """
    events: list[Item] = []
    lines = _LINE_END.split(stream.decode("utf-8", "replace").removeprefix("\ufeff"))
    found: dict[str, list[str]] = {}
    for line in lines[:-1]:  # what follows the last line's end is unfinished
        if line:
            name, _, value = line.partition(":")
            found.setdefault(name, []).append(value.removeprefix(" "))
            continue
        if found.keys() & {"data", "event", "id", "retry"}:
            events.append(_event(found))
        found = {}
    return events


def _event(found: dict[str, list[str]]) -> Item:
    data = "\n".join(found.get("data", [])).encode()
    fields = tuple((name, found[name][-1]) for name in ("id", "retry") if name in found)
    return Item(found.get("event", ["message"])[-1], Body(len(data), data), fields)


# --- either -----------------------------------------------------------------------------------------------------------


def compare_items(
    original: Sequence[Item], replay: Sequence[Item], rules: Rules, *, where: str, cut: bool = False
) -> Iterator[Difference]:
    """What differs between two sequences of ``where`` (``message`` or ``event``).

    ``cut``: the original's client left before its end, so that what is missing or too much there says nothing.
    """
    old, new = [_key(item, rules) for item in original], [_key(item, rules) for item in replay]
    if old != new and sorted(old) == sorted(new):
        yield Difference(where, "(order)", *_orders(old, new))
        return
    for a, b in _pairs(old, new):
        if a is None or b is None:
            late = cut and (b is None or b >= len(old)) and (a is None or a >= len(new))
            yield _one_sided(original, replay, a, b, where=where, volatile=late)
        else:
            yield from _compare_pair(original[a], replay[b], rules, where, a + 1)


def _key(item: Item, rules: Rules) -> str:
    """What makes two items alike: everything but what may differ."""
    document = _document(item)
    try:
        content = _digest(item.body) if document is _NONE else json.dumps(masked(document, rules), sort_keys=True)
    except RecursionError:  # nested too deeply to look into
        content = _digest(item.body)
    return f"{item.kind} {content} {item.fields}"


_NONE = object()


def _document(item: Item) -> Any:
    """The JSON document that an item is, or that it is none. A number or a word alone is text."""
    content = item.body.head + item.body.tail
    if item.body.truncated or content[:64].lstrip()[:1] not in (b"{", b"["):
        return _NONE
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return _NONE


def _orders(old: list[str], new: list[str]) -> tuple[str, str]:
    """Both orders, from the first item that stands elsewhere to the last, as the original's positions."""
    start, end = common_ends(old, new)
    places: dict[str, list[int]] = {}
    for number, key in enumerate(old):
        places.setdefault(key, []).append(number + 1)
    moved = [places[key].pop(0) for key in new]
    before = range(start + 1, len(old) - end + 1)
    return short(", ".join(map(str, before))), short(", ".join(map(str, moved[start : len(new) - end])))


def _pairs(old: list[str], new: list[str]) -> Iterator[tuple[int | None, int | None]]:
    """Positions of both that stand beside each other; None where one side has nothing there."""
    start, end = common_ends(old, new)
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    yield from ((at, at) for at in range(start))
    if max(len(middle_old), len(middle_new)) > _MOST_ITEMS:  # aligning takes quadratic time
        blocks = [("replace", 0, len(middle_old), 0, len(middle_new))]
    else:
        blocks = list(difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes())
    for _, a, b, c, d in blocks:
        for step in range(max(b - a, d - c)):
            yield (start + a + step if a + step < b else None, start + c + step if c + step < d else None)
    yield from ((len(old) - end + at, len(new) - end + at) for at in range(end))


def _one_sided(
    original: Sequence[Item], replay: Sequence[Item], a: int | None, b: int | None, *, where: str, volatile: bool
) -> Difference:
    if a is not None:
        return Difference(where, f"#{a + 1}", shown(original[a]), None, "removed", volatile)
    assert b is not None
    return Difference(where, f"#{b + 1}", None, shown(replay[b]), "added", volatile)


def _compare_pair(old: Item, new: Item, rules: Rules, where: str, number: int) -> Iterator[Difference]:
    if old == new:
        return
    if old.kind != new.kind:
        yield Difference(where, f"#{number} type", old.kind, new.kind)
    for name in dict.fromkeys(name for name, _ in (*old.fields, *new.fields)):
        was, now = dict(old.fields).get(name), dict(new.fields).get(name)
        if was != now:
            change = "added" if was is None else "removed" if now is None else "changed"
            yield Difference(where, f"#{number} {name}", was, now, change)
    before, after = _document(old), _document(new)
    if before is not _NONE and after is not _NONE:
        for found in compare_json(before, after, rules):
            yield dataclasses.replace(found, where=where, path=f"#{number} {found.path}")
    elif _digest(old.body) != _digest(new.body):
        yield Difference(where, f"#{number}", shown(old), shown(new))


def shown(item: Item) -> str:
    """An item in a list of differences: its text, or its length and hash where it is none or not whole."""
    body = item.body
    if not body.truncated:
        try:
            return short((body.head + body.tail).decode())
        except UnicodeDecodeError:
            pass
    return f"{body.size} bytes, SHA-256 {_digest(body)}"


def _digest(body: Body) -> str:
    return body.sha256 or hashlib.sha256(body.head + body.tail).hexdigest()
