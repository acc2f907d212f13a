"""A term of the filter language out of a cell of the table: what "filter by this" writes.

Pure; the language itself is ``inspector.query``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.traffic.columns import Column
from inspector.query.completion import quote

if TYPE_CHECKING:
    from inspector.store.reader import ExchangeRow

quoted = quote


def term(column: Column, row: ExchangeRow) -> str:
    """``status:404`` for the status cell of a row; empty for a column without a filter, or an empty cell."""
    if not column.field or column.value is None:
        return ""
    value = column.value(row)
    return f"{column.field}:{quoted(value)}" if value and value != "0" else ""


def narrowed(filter_text: str, wanted: str) -> str:
    """``filter_text`` with one more term that must hold; alternatives are put in brackets first."""
    if " or " in filter_text.lower():
        filter_text = f"({filter_text})"
    return f"{filter_text} {wanted}".strip()
