"""A replay's results as rows and as pairs of text to compare.

Pure. What differs was found by whoever ran the replay; here it is only laid out.
"""

from __future__ import annotations

import difflib
import enum
import json
import re
from dataclasses import dataclass

from inspector.model import NOT_REPLAYED, ReplayResult


class Verdict(enum.StrEnum):
    """What came of one replayed exchange."""

    SAME = "same"
    DIFFERENT = "different"
    FAILED = "failed"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same: where, which part of it, and both values as text."""

    where: str
    path: str
    original: str
    replay: str
    volatile: bool = False  #: says nothing about the application: the answers count as the same


#: A name in a list: what is in brackets may hold commas and blanks.
_NAME = re.compile(r"(?:\[[^\]]*\]|[^,\s\[])+")


def names_in(text: str) -> tuple[str, ...]:
    """The headers and places in JSON that a user has listed, with commas or blanks between them, each once."""
    return tuple(dict.fromkeys(_NAME.findall(text)))


def verdict(result: ReplayResult) -> Verdict:
    """What came of it: one that could not be sent failed, one that is no request to send was left out."""
    if result.error.startswith(NOT_REPLAYED):
        return Verdict.LEFT_OUT
    if result.error or not result.exchange:
        return Verdict.FAILED
    return Verdict.SAME if result.same else Verdict.DIFFERENT


def differences(text: str) -> list[Difference]:
    """The differences of a result, out of its JSON; none for text that is not that."""
    try:
        found = json.loads(text) if text else []
    except ValueError:
        return []
    return [_difference(item) for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _difference(item: dict[str, object]) -> Difference:
    return Difference(
        where=str(item.get("where", "")),
        path=str(item.get("path") or ""),
        original=_value(item.get("original")),
        replay=_value(item.get("replay")),
        volatile=item.get("volatile") is True,
    )


def _value(value: object) -> str:
    if value is None:
        return "(absent)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def brief(result: ReplayResult) -> str:
    """What differs, in a few words for a cell: the error, or the places with their number."""
    if result.error:
        return result.error.removeprefix(NOT_REPLAYED)
    places: dict[str, int] = {}
    for difference in differences(result.differences):
        if not difference.volatile:
            places[difference.where] = places.get(difference.where, 0) + 1
    return ", ".join(f"{where} x{count}" if count > 1 else where for where, count in places.items())


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one side: ``equal``, ``changed``, or ``gap`` where the other side has more."""

    text: str
    kind: str


def side_by_side(original: str, replay: str, limit: int = 5_000) -> tuple[list[Line], list[Line]]:
    """Both texts line by line, with gaps so that equal lines stand beside each other.

    Texts of more than ``limit`` lines are compared line by line without looking for moves: that stays quick.
    """
    left, right = original.split("\n"), replay.split("\n")
    if max(len(left), len(right)) > limit:
        return _in_step(left, right)
    lines: tuple[list[Line], list[Line]] = ([], [])
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for tag, l1, l2, r1, r2 in matcher.get_opcodes():
        kind = "equal" if tag == "equal" else "changed"
        height = max(l2 - l1, r2 - r1)
        for side, texts in ((lines[0], left[l1:l2]), (lines[1], right[r1:r2])):
            side.extend(Line(text, kind) for text in texts)
            side.extend(Line("", "gap") for _ in range(height - len(texts)))
    return lines


def _in_step(left: list[str], right: list[str]) -> tuple[list[Line], list[Line]]:
    lines: tuple[list[Line], list[Line]] = ([], [])
    for at in range(max(len(left), len(right))):
        one = left[at] if at < len(left) else None
        other = right[at] if at < len(right) else None
        for side, text in ((lines[0], one), (lines[1], other)):
            side.append(Line("", "gap") if text is None else Line(text, "equal" if one == other else "changed"))
    return lines


def progress(sent: int, total: int, same: int, different: int, failed: int) -> str:
    """How far a replay is, in a line."""
    parts = [f"{sent} of {total} sent", f"{same} the same"]
    if different:
        parts.append(f"{different} different")
    if failed:
        parts.append(f"{failed} failed")
    return " · ".join(parts)
