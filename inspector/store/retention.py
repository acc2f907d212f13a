"""Keeps a trace under its limit: when it is over, the oldest finished exchanges go, and what went is counted.

Runs in the scribe, between batches, in a transaction of its own. Space that becomes free is used again by what
comes; the file does not shrink while it is being written.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

from inspector.store.facets import SIZE
from inspector.store.schema import COUNT, DROPPED, RECORDED

#: A pass deletes at most so many exchanges, so that batches are not kept waiting for long.
_AT_MOST = 20_000
_TARGET = 0.9  #: of the limit: what a pass aims at, so that the next is not due at once

_USED = "SELECT (SELECT page_count FROM pragma_page_count()) - (SELECT freelist_count FROM pragma_freelist_count())"
_FINISHED = "SELECT id FROM exchange WHERE id <= ?1 AND state <> 'open'"


class Retention:
    """Trims the trace behind ``connection`` to ``limit`` bytes. ``went`` counts by kind what it has deleted."""

    def __init__(self, connection: sqlite3.Connection, limit: int) -> None:
        self.limit = limit
        self.went: Counter[str] = Counter()
        self.last = 0  #: the last exchange that went
        self._connection = connection
        self._page_size = int(connection.execute("PRAGMA page_size").fetchone()[0])

    def used(self) -> int:
        """Bytes of the pages in use, those still in the write-ahead log with them."""
        [(pages,)] = self._connection.execute(_USED)
        return int(pages) * self._page_size

    def trim(self) -> Counter[str]:
        """One pass if it is needed; what it deleted, by kind. If it did, another may be needed."""
        used = self.used()
        if used <= self.limit:
            return Counter()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            went = self._delete(1 - _TARGET * self.limit / used)
            for what, count in went.items():
                self._connection.execute(COUNT, (DROPPED + what, count))
            self._connection.execute(COUNT, (RECORDED, -went["messages"]))
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self.went.update(went)
        return went

    def _delete(self, share: float) -> Counter[str]:
        """Delete about ``share`` of what there is."""
        return self._exchanges(share) or self._messages_of_open(share) or self._logs(share)

    def _exchanges(self, share: float) -> Counter[str]:
        execute = self._connection.execute
        [(total,)] = execute("SELECT count(*) FROM exchange")
        count = min(_AT_MOST, max(1, round(total * share)))
        oldest = "SELECT max(id) FROM (SELECT id FROM exchange WHERE state <> 'open' ORDER BY id LIMIT ?)"
        [(last,)] = execute(oldest, (count,))
        if last is None:
            return Counter()
        sizes = f"SELECT sum((request_size > 0) + (response_size > 0)) FROM exchange WHERE id IN ({_FINISHED})"  # noqa: S608
        [(bodies,)] = execute(sizes, (last,))
        messages = execute(f"DELETE FROM message WHERE exchange <= ?1 AND exchange IN ({_FINISHED})", (last,)).rowcount  # noqa: S608
        execute(f"DELETE FROM detail WHERE id IN ({_FINISHED})", (last,))  # noqa: S608
        exchanges = execute("DELETE FROM exchange WHERE id <= ? AND state <> 'open'", (last,)).rowcount
        for table in ("annotation", "finding", "judged"):
            gone = f"DELETE FROM {table} WHERE exchange <= ? AND exchange NOT IN (SELECT id FROM exchange)"  # noqa: S608
            execute(gone, (last,))
        execute("DELETE FROM facet WHERE block <= ?", (last // SIZE,))
        execute("DELETE FROM facet_block WHERE block <= ?", (last // SIZE,))
        self.last = last
        logs = self._logs_before_first_exchange()
        return +Counter(exchanges=exchanges, bodies=bodies or 0, messages=messages, logs=logs)

    def _logs_before_first_exchange(self) -> int:
        """Output from before the oldest finished exchange that is left is as old as what went."""
        begun = "CASE WHEN opened_ns > 0 THEN opened_ns ELSE called_ns END"
        first = f"SELECT {begun} FROM exchange WHERE state <> 'open' ORDER BY id LIMIT 1"  # noqa: S608
        last = f"SELECT id FROM log WHERE t_ns < ({first}) ORDER BY id DESC LIMIT 1"  # noqa: S608
        return self._connection.execute(f"DELETE FROM log WHERE id <= ({last})").rowcount  # noqa: S608

    def _messages_of_open(self, share: float) -> Counter[str]:
        """Nothing finished is left: the one with most messages (a WebSocket, a stream) gives its oldest ones."""
        most = "SELECT exchange, count(*), min(seq) FROM message GROUP BY exchange ORDER BY 2 DESC LIMIT 1"
        found = self._connection.execute(most).fetchone()
        if found is None or found[1] < 2:
            return Counter()
        identity, count, first = found
        before = first + max(1, round(count * min(0.5, share)))
        deleted = self._connection.execute("DELETE FROM message WHERE exchange = ? AND seq < ?", (identity, before))
        return +Counter(messages=deleted.rowcount)

    def _logs(self, share: float) -> Counter[str]:
        [(first, last)] = self._connection.execute("SELECT min(id), max(id) FROM log")
        if first is None:
            return Counter()
        before = first + max(1, round((last - first) * min(0.5, share)))
        return +Counter(logs=self._connection.execute("DELETE FROM log WHERE id < ?", (before,)).rowcount)
