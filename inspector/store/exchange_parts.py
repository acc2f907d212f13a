"""What is known of single exchanges of a trace: their rows, headers and keys, messages, and what was written to them.

For as many as a screen shows; which there are is told by ``exchange_lists``.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

from collections.abc import Sequence

from inspector import fields
from inspector.model import Exchange, Message
from inspector.store import seen, whole
from inspector.store.access import IDS_AT_ONCE, Access
from inspector.store.annotations import Note
from inspector.store.rows import ExchangeRow, blob, text


class ExchangeParts(Access):
    """Questions about exchanges by their ids."""

    def rows(self, identities: Sequence[int]) -> list[ExchangeRow]:
        """The exchanges with these ids, in this order; those that are gone are left out."""
        found: dict[int, ExchangeRow] = {}
        for start in range(0, len(identities), IDS_AT_ONCE):
            chunk = [int(identity) for identity in identities[start : start + IDS_AT_ONCE]]
            marks = ",".join("?" * len(chunk))
            found.update((row.id, row) for row in self._rows_at_once(f"WHERE e.id IN ({marks})", chunk))
        return [found[identity] for identity in identities if identity in found]

    def fields(self, identities: Sequence[int], names: Sequence[str]) -> dict[int, tuple[str, ...]]:
        """Headers and keys of these exchanges: for each the values of ``names``, as a filter names them.

        ``header.host`` is the request's, or where it has none, the response's.
        """
        wanted = [fields.names(*name.split(".", 1)) for name in names]
        found: dict[int, tuple[str, ...]] = {}
        columns = ", ".join((text("e.interface"), text("d.context"), blob("d.request_head"), blob("d.response_head")))
        for start in range(0, len(identities), IDS_AT_ONCE):
            chunk = [int(identity) for identity in identities[start : start + IDS_AT_ONCE]]
            marks = ",".join("?" * len(chunk))
            source = f"detail AS d JOIN exchange AS e ON e.id = d.id WHERE d.id IN ({marks})"
            with self._mapped():
                for identity, *sources in self._connection.execute(f"SELECT d.id, {columns} FROM {source}", chunk):
                    held = fields.every(*sources)
                    found[identity] = tuple(next((held[n] for n in some if n in held), "") for some in wanted)
        return found

    def field_names(self, newest: int = 500) -> list[str]:
        """The headers and keys that the ``newest`` exchanges have, as a filter names them, in order."""
        columns = ", ".join((text("e.interface"), text("d.context"), blob("d.request_head"), blob("d.response_head")))
        source = "detail AS d JOIN exchange AS e ON e.id = d.id ORDER BY d.id DESC LIMIT ?"
        seen: set[str] = set()
        with self._mapped():
            for sources in self._connection.execute(f"SELECT {columns} FROM {source}", (newest,)):
                seen.update(fields.every(*sources))
        return sorted({f"header.{n.partition('.')[2]}" if n.startswith("re") else n for n in seen})

    def seen(self, field: str, typed: str = "", limit: int = 50) -> list[tuple[str, int]]:
        """Values of a filter's ``field`` in the newest exchanges that have ``typed`` in them, with how often each."""
        with self._mapped():
            return seen.seen(self._connection, field, typed, limit)

    def annotations_version(self) -> int:
        """A number that grows when somebody marks, comments, deletes or brings back."""
        with self._mapped():
            return self._annotations.version()

    def annotations(self) -> dict[int, Note]:
        """What was written to exchanges: marks, comments, and what is deleted, by exchange."""
        with self._mapped():
            return self._annotations.notes()

    def exchange(self, identity: int) -> Exchange | None:
        """One exchange with everything but its messages; None when there is none."""
        with self._mapped():
            return whole.exchange(self._connection, identity)

    def messages(self, exchange: int, start: int = 0, limit: int | None = None) -> list[Message]:
        """The messages of an exchange from number ``start`` on, in order."""
        with self._mapped():
            return whole.messages(self._connection, exchange, start, limit)

    def message_count(self, exchange: int) -> int:
        """How many messages of an exchange are in the file."""
        with self._mapped():
            sql = "SELECT count(*) FROM message WHERE exchange = ?"
            return int(self._connection.execute(sql, (exchange,)).fetchone()[0])
