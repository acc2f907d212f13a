"""The filter of what a recording keeps: the language of every other filter, but for what is not known in time.

Each exchange is looked at once, when it is over. What is written to it or worked out of it later has no place in such a
filter, and is refused where it stands.

Pure.
"""

from __future__ import annotations

from inspector.query.language import Flag, Node, Number, Query, Text, parse

_LATER = "is known only after an exchange was kept"
_WRITTEN = f"{{}} {_LATER}: you write it. What is marked or has a comment is kept in any case"
#: Why a field has no place in it.
_FIELDS = {
    "mark": _WRITTEN.format("a mark"),
    "comment": _WRITTEN.format("a comment"),
    "finding": f"a finding {_LATER}: the rules are checked on what was recorded",
    "cause": f"why a worker ended {_LATER}: what it had in hand is over first. is:failed keeps that",
    "age": "every exchange is as young when it is looked at; duration: says how long it took, time: when it began",
}
_OVER = "an exchange is looked at when it is over; none is open then"
_FLAGS = {"marked": _FIELDS["mark"], "commented": _FIELDS["comment"], "open": _OVER}


def parse_capture(text: str) -> Query | None:
    """The filter that ``text`` means for a recording; None for an empty one, which keeps everything.

    Raises QueryError also for terms that have no place in it.
    """
    return parse(text, _why_not) if text.strip() else None


def _why_not(node: Node) -> str:
    match node:
        case Flag():
            return _FLAGS.get(node.name, "")
        case Text(field="state", value="open"):
            return _OVER
        case Text() | Number():
            return _FIELDS.get(node.field, "")
    return ""  # pragma: no cover - only leaves are asked about
