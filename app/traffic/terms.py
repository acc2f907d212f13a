"""Terms of the filter language: out of a cell of the table, and in and out of a filter's text.

Pure; the language itself is ``inspector.query``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.traffic.columns import Column
from inspector.query import QueryError, parse
from inspector.query.completion import quote
from inspector.query.language import Not, pieces

if TYPE_CHECKING:
    from inspector.store.reader import ExchangeRow

quoted = quote


def term(column: Column, row: ExchangeRow) -> str:
    """``status:404`` for the status cell of a row; empty for a column without a filter, or an empty cell."""
    if not column.field or column.value is None:
        return ""
    value = column.value(row)
    return f"{column.field}:{quoted(value)}" if value and value != "0" else ""


def parts(text: str) -> list[str]:
    """The terms of a filter of which all must hold; none for a text that is no filter."""
    try:
        return [text[piece.begin : piece.end] for piece in pieces(text)]
    except QueryError:
        return []


def is_negated(part: str) -> bool:
    """Whether a term says "not"."""
    return isinstance(parse(part).node, Not)


def negated(part: str) -> str:
    """The other exchanges."""
    if is_negated(part):
        return part[1:].strip() if part.startswith("-") else part[3:].strip()
    other = f"-{part}"
    return other if parse(other).node == Not(parse(part).node) else f"-({part})"


def narrowed(filter_text: str, wanted: str) -> str:
    """``filter_text`` with one more term that must hold; alternatives are put in brackets first.

    What it has already stays as it is, and takes the place of its opposite.
    """
    held = parts(filter_text)
    if wanted in held:
        return filter_text
    if filter_text and " or " in wanted.lower():
        wanted = f"({wanted})"
    if negated(wanted) in held:
        return " ".join(wanted if part == negated(wanted) else part for part in held)
    if " or " in filter_text.lower():
        filter_text = f"({filter_text})"
    return f"{filter_text} {wanted}".strip()
