"""Which message of one exchange stands beside which of the other, in rows, with a sentence about each and what differs.

Pure. Messages are matched by what they mean; among those of one meaning, pieces of a body by the byte they begin with
(by their number, if both sides have equally many), everything else by its number. Where that would make lines cross,
the longest run that does not cross is kept, so that each side reads from top to bottom in its own order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.traffic import formats
from app.traffic.compare.meanings import ALONE, CROSSED, WORDS, Meaning, meaning
from app.traffic.sequence import said
from inspector.diff import VOLATILE_HEADERS
from inspector.model import Message, Side

#: Header fields that say nothing of the application, or what the pieces of the body say too.
_UNTELLING = VOLATILE_HEADERS | {"content-length"}
#: Counted by the byte that they begin with.
_MEASURED = (Meaning.PIECE, Meaning.READ)


@dataclass(frozen=True, slots=True)
class Half:
    """One of the two exchanges: its messages in the order they happened, and whether it is one of WSGI."""

    messages: Sequence[Message]
    wsgi: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What stands beside each other; None: nothing. ``difference`` is empty where both say the same."""

    left: Message | None
    right: Message | None
    text: str
    difference: str = ""

    @property
    def paired(self) -> bool:
        """Whether both sides have it."""
        return self.left is not None and self.right is not None


def rows(left: Half, right: Half, *, wire: bool = True) -> list[Row]:
    """All rows, from the first message to the last. Without ``wire`` only what server and application said."""
    found = _aligned(_of(left, Side.APP), _of(right, Side.APP))
    return _merged(_aligned(_of(left, Side.WIRE), _of(right, Side.WIRE)), found) if wire else found


def _of(half: Half, side: Side) -> Half:
    return Half([message for message in half.messages if message.side == side], half.wsgi)


# --- matching ---------------------------------------------------------------------------------------------------------

_Key = tuple[Meaning, str, int]


@dataclass(slots=True)
class _Keys:
    """Where each key stands in its side's messages."""

    meanings: list[Meaning]
    keys: list[_Key] = field(default_factory=list)

    @property
    def places(self) -> dict[_Key, int]:
        return {key: place for place, key in enumerate(self.keys)}


def _aligned(left: Half, right: Half) -> list[Row]:
    lefts, rights = _keyed(left), _keyed(right)
    by_number = _counted(left, lefts) == _counted(right, rights)
    for half, side in ((left, lefts), (right, rights)):
        _number(half, side, by_number=by_number)
    places = rights.places
    pairs = [(place, places[key]) for place, key in enumerate(lefts.keys) if key in places]
    kept = _uncrossed(pairs)
    there = (set(lefts.keys), set(rights.keys))
    found: list[Row] = []
    at_left = at_right = 0
    for l_end, r_end in [*kept, (len(left.messages), len(right.messages))]:
        found += [_alone(left, right, lefts, at, there[1], on_left=True) for at in range(at_left, l_end)]
        found += [_alone(right, left, rights, at, there[0], on_left=False) for at in range(at_right, r_end)]
        if l_end < len(left.messages):
            found.append(_pair(left, right, l_end, r_end, lefts.meanings[l_end]))
        at_left, at_right = l_end + 1, r_end + 1
    return found


def _keyed(half: Half) -> _Keys:
    return _Keys([meaning(message, wsgi=half.wsgi) for message in half.messages])


def _counted(half: Half, side: _Keys) -> Counter[tuple[Meaning, str]]:
    """How many pieces there are of each body."""
    pairs = zip(half.messages, side.meanings, strict=True)
    return Counter(_family(message, what) for message, what in pairs if _is_measured(message, what))


def _family(message: Message, what: Meaning) -> tuple[Meaning, str]:
    """Messages that are counted together."""
    named = what in (Meaning.WIRE, Meaning.SOCKET, Meaning.LIFESPAN, Meaning.EXTRA)
    return what, message.type if named else ""


def _is_measured(message: Message, what: Meaning) -> bool:
    return what in _MEASURED or (what is Meaning.WIRE and message.type.endswith(".body"))


def _number(half: Half, side: _Keys, *, by_number: bool) -> None:
    seen: Counter[tuple[Meaning, str]] = Counter()
    repeated: Counter[tuple[Meaning, str]] = Counter()
    taken: set[_Key] = set()
    for message, what in zip(half.messages, side.meanings, strict=True):
        family = _family(message, what)
        measured = not by_number and _is_measured(message, what)
        key = (*family, seen[family])
        if key in taken:  # one that carries nothing begins where the next one does
            repeated[family] += 1
            key = (*family, -repeated[family])
        taken.add(key)
        side.keys.append(key)
        seen[family] += message.size if measured else 1


def _uncrossed(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of ``pairs``, which ascend on the left, that ascends on the right too."""
    ends: list[int] = []  # the least right end of a run of each length
    holders: list[int] = []  # the pair that it ends with
    before: list[int] = []
    for number, (_, right) in enumerate(pairs):
        length = bisect_left(ends, right)
        before.append(holders[length - 1] if length else -1)
        if length == len(ends):
            ends.append(right)
            holders.append(number)
        else:
            ends[length], holders[length] = right, number
    kept = []
    at = holders[-1] if holders else -1
    while at >= 0:
        kept.append(pairs[at])
        at = before[at]
    return kept[::-1]


def _merged(wire: list[Row], app: list[Row]) -> list[Row]:
    """Both in one list, by time where the two can be compared."""
    found: list[Row] = []
    at = 0
    for row in app:
        while at < len(wire) and _before(wire[at], row):
            found.append(wire[at])
            at += 1
        found.append(row)
    return found + wire[at:]


def _before(one: Row, other: Row) -> bool:
    if one.left and other.left:
        return one.left.t_ns <= other.left.t_ns
    if one.right and other.right:
        return one.right.t_ns <= other.right.t_ns
    return False


# --- words ------------------------------------------------------------------------------------------------------------


def _pair(left: Half, right: Half, l_at: int, r_at: int, what: Meaning) -> Row:
    one, other = left.messages[l_at], right.messages[r_at]
    words = WORDS[what]
    text = words.both if left.wsgi != right.wsgi else words.same or words.both
    return Row(one, other, text, difference(one, other, what))


def _alone(half: Half, beside: Half, side: _Keys, at: int, there: set[_Key], *, on_left: bool) -> Row:
    message, words = half.messages[at], WORDS[side.meanings[at]]
    text = ALONE
    if side.keys[at] in there:
        text = CROSSED
    elif half.wsgi != beside.wsgi:
        text = (words.wsgi if half.wsgi else words.asgi) or ALONE
    elif side.meanings[at] in (Meaning.WIRE, Meaning.PIECE):
        text = words.wsgi
    return Row(message, None, text) if on_left else Row(None, message, text)


def difference(left: Message, right: Message, what: Meaning) -> str:
    """How two messages of the same meaning differ, in a few words; empty when what matters is the same."""
    if what is Meaning.START:
        return _differing_start(said(left), said(right))
    if what is Meaning.RAISE:
        return "" if said(left).get("exception") == said(right).get("exception") else "another exception"
    if what is Meaning.WIRE and not left.type.endswith(".body"):
        return ""  # the server's own words; what the application said is beside it
    if left.size != right.size:
        return f"{formats.size(left.size)} ≠ {formats.size(right.size)}"
    whole = left.payload is not None and right.payload is not None
    same = (left.payload, left.tail) == (right.payload, right.tail)
    return "other bytes" if whole and not same else ""


def _differing_start(left: dict[str, Any], right: dict[str, Any]) -> str:
    found = []
    one, other = (str(keys.get("status", ""))[:3] for keys in (left, right))
    if one != other:
        found.append(f"status {one} ≠ {other}")
    ours, theirs = _headers(left), _headers(right)
    names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    found += names[:3]
    if len(names) > 3:
        found.append(f"{len(names) - 3} headers more")
    return ", ".join(found)


def _headers(keys: dict[str, Any]) -> dict[str, list[str]]:
    """The values of each header that says something of the application, by its name in lower case."""
    found: dict[str, list[str]] = {}
    headers = keys.get("headers")
    for pair in headers if isinstance(headers, list) else []:
        if isinstance(pair, list | tuple) and len(pair) == 2:
            name, value = (part.decode("latin-1") if isinstance(part, bytes) else str(part) for part in pair)
            if name.lower() not in _UNTELLING:
                found.setdefault(name.lower(), []).append(value)
    return found
