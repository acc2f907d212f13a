"""One exchange as it was recorded, with its detail, and its messages: read through whatever connection there is.

Knows the tables; knows neither who reads nor why: a reader does, for people, and the scribe, to judge.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

import sqlite3

from inspector.model import Body, Exchange, Message, State
from inspector.store import rows as shapes
from inspector.store.rows import blob, integer, text


def listed(*groups: str) -> str:
    """SQL for columns: groups of integers and of texts in turn, beginning with integers."""
    shaped = [text if index % 2 else integer for index in range(len(groups))]
    return ", ".join(shape(name) for shape, group in zip(shaped, groups, strict=True) for name in group.split())


_MESSAGE = (
    f"SELECT {listed('exchange seq t_ns', 'side direction type', 'size')},"
    f" CASE WHEN payload IS NOT NULL THEN CAST(payload AS BLOB) END, {blob('tail')}, {text('sha256')}, {text('info')}"
    " FROM message WHERE exchange = ? AND seq >= ? ORDER BY seq LIMIT ?"
)


def exchange(connection: sqlite3.Connection, identity: int) -> Exchange | None:
    """Everything but its messages; None when there is none. Raises sqlite3.Error."""
    if not -(2**63) <= identity < 2**63:  # more than SQLite can hold
        return None
    names = ", ".join(text(f"e.{n}") if n in shapes.TEXT else integer(f"e.{n}") for n in shapes.SCALARS)
    found = connection.execute(f"SELECT {names} FROM exchange AS e WHERE e.id = ?", (identity,)).fetchone()
    if found is None:
        return None
    values = dict(zip(shapes.SCALARS, found, strict=True))
    sizes = (values.pop("request_size"), values.pop("response_size"))
    made = Exchange(**values)
    _add_detail(connection, made, *sizes)
    over = made.state != State.OPEN
    made.app_done = over or bool(made.returned_ns or not made.called_ns)
    made.wire_done = over or made.closed_ns > 0
    return made


def _add_detail(connection: sqlite3.Connection, made: Exchange, request_size: int, response_size: int) -> None:
    names = ", ".join(blob(name) if name in shapes.BLOBS else text(name) for name in shapes.DETAIL)
    found = connection.execute(f"SELECT {names} FROM detail WHERE id = ?", (made.id,)).fetchone()
    if found is None:
        found = tuple(b"" if name in shapes.BLOBS else "" for name in shapes.DETAIL)
    made.request_head, made.response_head, *bodies, made.context, made.exception = found
    made.request_body = Body(request_size, *bodies[:3])
    made.response_body = Body(response_size, *bodies[3:])


def messages(
    connection: sqlite3.Connection, of: int, start: int = 0, limit: int | None = None, most_bytes: int | None = None
) -> list[Message]:
    """The messages of exchange ``of`` from number ``start`` on, in order of their numbers. Raises sqlite3.Error.

    At most ``limit``, and no more once their payloads have ``most_bytes`` together.
    """
    found = connection.execute(_MESSAGE, (of, start, -1 if limit is None else limit))
    if most_bytes is None:
        return [Message(*row) for row in found]
    made, held = [], 0
    for row in found:
        message = Message(*row)
        made.append(message)
        held += len(message.payload or b"") + len(message.tail)
        if held > most_bytes:
            break
    found.close()
    return made
