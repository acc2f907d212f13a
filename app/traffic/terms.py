"""Terms of the filter language: out of a cell of the table, and in and out of a filter's text.

Pure; the language itself is ``inspector.query``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.traffic.columns import Column
from inspector import tagged
from inspector.model import Direction, Exchange, Message
from inspector.query import QueryError, parse
from inspector.query.completion import quote
from inspector.query.language import Not, pieces
from inspector.secrets import is_secret

if TYPE_CHECKING:
    from inspector.store.reader import ExchangeRow

quoted = quote
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_LONGEST = 2_000  #: characters of a value that a filter is made of
_SEARCHED = 200  #: of a text that is looked for in bodies


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """A term for something that is shown. ``column``: the name under which it can be a column; ``shown`` stands for a
    term with a secret.
    """

    term: str
    column: str = ""
    shown: str = ""


def equal(field: str, value: str | None, *, column: str = "", hide: bool = False) -> FieldTerm | None:
    """``field`` is exactly ``value``; None where the language cannot say that. ``hide``: the value is a secret."""
    if value is None or len(value) > _LONGEST or not _NAME.fullmatch(field):
        return None
    return FieldTerm(f"{field}:{quote(f'={value}')}", column, f"{field}: what it is here" if hide else "")


def searched(field: str, text: str) -> list[FieldTerm]:
    """``text`` is somewhere in a body; nothing for what is empty, long or more than a line."""
    text = text.strip()
    return [FieldTerm(f"{field}:{quote(text)}")] if 0 < len(text) <= _SEARCHED and text.isprintable() else []


def message_terms(message: Message) -> list[FieldTerm]:
    """A message of this type; what it carries, where that is a short text; the headers in it."""
    found = [FieldTerm(f"message:{quote(f'={message.type}')}")]
    carried = (message.payload or b"") + message.tail
    with contextlib.suppress(UnicodeDecodeError):
        found += searched("body", carried.decode()) if len(carried) == message.size else []
    side = "response" if message.direction == Direction.OUT else "request"
    for name, value in _headers(message.info):
        term = equal(f"{side}.header.{name}", value, column=f"header.{name.lower()}", hide=is_secret(name))
        found += [term] if term else []
    return found


def fact_terms(exchange: Exchange, *, slot: int, pid: int, mode: str) -> dict[str, list[FieldTerm]]:
    """What the facts of a summary stand for, by their names; ``Headline`` is what was asked for and came of it."""
    host = exchange.client.rpartition(":")[0]
    path = exchange.target.partition("?")[0]
    values: dict[str, list[tuple[str, str | int]]] = {
        "Exchange": [("id", exchange.id)],
        "Kind": [("kind", str(exchange.kind))],
        "Mode": [("mode", mode)],
        "Interface": [("interface", exchange.interface)],
        "Client": [("client", f"{host}:" if host else exchange.client)],
        "Worker": [("worker", slot)],
        "Process": [("pid", pid)],
        "Ran in": [("task", exchange.task)],
        "Headline": [("path", f"={path}" if path else ""), ("method", exchange.method), ("status", exchange.status)],
    }
    return {
        name: [FieldTerm(f"{field}:{quote(str(value))}") for field, value in pairs if value]
        for name, pairs in values.items()
    }


def last_line(traceback: str) -> str:
    """What a traceback says last: the exception and its words."""
    lines = [line for line in traceback.splitlines() if line.strip()]
    return lines[-1][:_SEARCHED].strip() if lines else ""


def _headers(info: str) -> Iterator[tuple[str, str]]:
    """The header fields in what was recorded of a message."""
    try:
        said = tagged.loads(info) if info else {}
    except (ValueError, TypeError):
        return
    listed = said.get("headers") if isinstance(said, dict) else None
    for pair in listed if isinstance(listed, list | tuple) else ():
        if isinstance(pair, list | tuple) and len(pair) == 2:
            name, value = (part.decode("latin-1") if isinstance(part, bytes) else part for part in pair)
            if isinstance(name, str) and isinstance(value, str):
                yield name, value


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
