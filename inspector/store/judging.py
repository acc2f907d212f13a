"""When the scribe judges exchanges by the contract: once they are over, the newest first, in what time is left.

Writing comes before it, and so does the traffic of the machine: while batches come, no more than a share of the time
is taken. What is not judged then is judged when it is quiet, and in the end for a bounded time; a reader counts what
was not. Exchanges in which something was found get a new change number, so that those who look are told.

Belongs to the scribe's process. Knows nothing of the rules.
"""

from __future__ import annotations

import gc
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from inspector.store import judgement
from inspector.store.judgement import Judgement

#: How long it judges before it looks whether something is to be written.
_SLICE_NS = 4_000_000
#: While batches come, so many slices of rest for one of work: proxy and workers need the processors. With so many
#: exchanges waiting there is a load that it would not keep up with: then most of it is left for later.
_REST, _REST_UNDER_LOAD, _LOAD = 2, 9, 300
#: No batch for so long: nobody else is at work.
_QUIET_NS = 500_000_000
#: What was judged is written after this time, or when it is so much: a transaction each would wake all readers.
_GATHER_NS = 40_000_000
_GATHER = 500
#: So many ids are remembered; those beyond are looked for in the trace when these are done.
_MOST_WAITING = 20_000
#: So many exchanges are looked through for some that were not judged, at a time.
_LOOK = 2_000
#: The scribe runs without garbage collection; rules may leave cycles.
_COLLECT = 2_000

_STATES = "SELECT id, rev FROM exchange WHERE id IN ({marks}) AND state <> 'open' ORDER BY id DESC"
_MISSING = (
    "SELECT e.id FROM exchange AS e LEFT JOIN judged AS j ON j.exchange = e.id"
    " WHERE e.id > ? AND e.id <= ? AND e.state <> 'open' AND (j.rev IS NULL OR j.rev < e.rev) ORDER BY e.id"
)


class Judging:
    """Judges through ``connection``, outside of any transaction of others. ``next_rev`` gives change numbers."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        next_rev: Callable[[], int],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._connection = connection
        self._next_rev = next_rev
        self._clock = clock
        self._waiting: dict[int, None] = {}  #: ids that were written, the newest last
        self._done: dict[int, Judgement] = {}  #: judged and not written yet
        self._first_done_ns = 0
        self._wrote_ns = clock() - _QUIET_NS
        self._rest_until = 0
        self._since_collection = 0
        # What an earlier session, or a scribe before this one, has left: looked for downwards from here.
        [(self._below,)] = connection.execute("SELECT ifnull(max(id), 0) FROM exchange")

    def wrote(self, ids: Iterable[int]) -> None:
        """Exchanges were written, in the transaction that is open now: what was found in them may not be all."""
        self._wrote_ns = self._clock()
        for identity in ids:
            self._done.pop(identity, None)
            self._waiting.pop(identity, None)
            self._waiting[identity] = None
        if len(self._waiting) > _MOST_WAITING:
            oldest = list(self._waiting)[: len(self._waiting) - _MOST_WAITING // 2]
            self._below = max(self._below, *oldest)
            for identity in oldest:
                del self._waiting[identity]

    def gone(self) -> None:
        """Exchanges were deleted: judge again what is not written yet, if it is still there."""
        self._waiting.update(dict.fromkeys(self._done))
        self._done.clear()

    def step(self) -> float | None:
        """Do a little; seconds until there is more to do, None when there is nothing. Raises sqlite3.Error."""
        now = self._clock()
        if now < self._rest_until:
            return (self._rest_until - now) / 1e9
        more = self._judge(now + _SLICE_NS)
        ended = self._clock()
        due = self._first_done_ns + _GATHER_NS
        if self._done and (len(self._done) >= _GATHER or ended >= due):
            self._write()
            ended = self._clock()
        if ended - self._wrote_ns < _QUIET_NS:
            rest = _REST_UNDER_LOAD if len(self._waiting) > _LOAD else _REST
            self._rest_until = ended + rest * (ended - now)
        if more:
            return max(0, self._rest_until - ended) / 1e9
        return max(0, due - ended) / 1e9 if self._done else None

    def finish(self, until_ns: int) -> None:
        """The recording is over: judge what is left, up to a moment. Raises sqlite3.Error."""
        while self._clock() < until_ns and self._judge(until_ns):
            if len(self._done) >= _GATHER:
                self._write()
        if self._done:
            self._write()

    def _judge(self, until_ns: int) -> bool:
        """Judge for a while; whether there is more."""
        while self._clock() < until_ns:
            if not self._waiting and not self._look():
                return False
            for identity, rev in self._next():
                found = judgement.judge(self._connection, identity, rev)
                if found is not None:
                    self._first_done_ns = self._first_done_ns if self._done else self._clock()
                    self._done[identity] = found
                self._since_collection += 1
        return True

    def _next(self) -> list[tuple[int, int]]:
        """The newest few that are over, with their change; those in flight are told of again when they end."""
        some = [self._waiting.popitem()[0] for _ in range(min(4, len(self._waiting)))]
        sql = _STATES.format(marks=",".join("?" * len(some)))
        return [(int(identity), int(rev)) for identity, rev in self._connection.execute(sql, some)]

    def _look(self) -> bool:
        """Look for exchanges that were never judged, further down; whether there may be some."""
        while self._below > 0:
            low = max(0, self._below - _LOOK)
            found = self._connection.execute(_MISSING, (low, self._below)).fetchall()
            self._below = low
            self._waiting.update((int(identity), None) for (identity,) in found if identity not in self._done)
            if self._waiting:
                return True
        return False

    def _write(self) -> None:
        """Write what was judged, and say of exchanges in which other rules are broken than before that they changed."""
        done, self._done = self._done, {}
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            changed = {each.exchange for each in done.values() if each.findings} | self._broken_before(done)
            judged = [
                replace(each, rev=self._next_rev()) if each.exchange in changed else each for each in done.values()
            ]
            judgement.write(self._connection, judged)
            revs = [(each.rev, each.exchange) for each in judged if each.exchange in changed]
            self._connection.executemany("UPDATE exchange SET rev = ? WHERE id = ?", revs)
            self._connection.execute("COMMIT")
        except BaseException:
            self._done = done
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._clean()

    def _broken_before(self, ids: Iterable[int]) -> set[int]:
        sql = "SELECT 1 FROM finding WHERE exchange = ? LIMIT 1"
        return {identity for identity in ids if self._connection.execute(sql, (identity,)).fetchone()}

    def _clean(self) -> None:
        if self._since_collection >= _COLLECT:
            self._since_collection = 0
            gc.collect()
