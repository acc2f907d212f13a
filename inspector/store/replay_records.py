"""What a trace says of replays into it, and of the modes that they compare.

Knows their tables; not how anything is sent.
"""

# ruff: noqa: S608 - what is put together into SQL here are names of our own columns; values are parameters

from __future__ import annotations

from inspector.model import ReplayResult, ReplayRun, Trial
from inspector.store.access import Access
from inspector.store.rows import Replayed, integer, text
from inspector.store.whole import listed


class ReplayRecords(Access):
    """Questions about replays."""

    def replay_runs(self) -> list[ReplayRun]:
        """Every replay into this trace, in order."""
        columns = listed("id", "source url speed", "total started_ns ended_ns", "state error")
        with self._mapped():
            return [
                ReplayRun(*row) for row in self._connection.execute(f"SELECT {columns} FROM replay_run ORDER BY id")
            ]

    def replay_results(self, run: int) -> list[ReplayResult]:
        """What a replay found, in the order it found it."""
        columns = listed("run original exchange same", "differences error")
        with self._mapped():
            found = self._connection.execute(f"SELECT {columns} FROM replay_result WHERE run = ? ORDER BY id", (run,))
            return [
                ReplayResult(of, original, exchange, bool(same), differences, error)
                for of, original, exchange, same, differences, error in found
            ]

    def trials(self) -> list[Trial]:
        """The turns of the modes in the comparison that this trace holds, in order."""
        columns = listed(
            "id", "mode", "workers threads round concurrency run instance", "state problem",
            "warmed memory_peak memory_mean cpu_ns deaths",
        )  # fmt: skip
        with self._mapped():
            return [Trial(*row) for row in self._connection.execute(f"SELECT {columns} FROM trial ORDER BY id")]

    def replayed(self, run: int) -> list[Replayed]:
        """What a replay sent and what came of it, in figures, in the order it came back."""
        columns = ", ".join([
            integer("r.original"), integer("r.exchange"), text("e.method"), text("e.target"), integer("e.status"),
            integer("e.opened_ns"), integer("e.duration_ns"), integer("r.same"), text("r.error"),
        ])  # fmt: skip
        source = "replay_result AS r LEFT JOIN exchange AS e ON e.id = r.exchange"
        with self._mapped():
            found = self._connection.execute(f"SELECT {columns} FROM {source} WHERE r.run = ? ORDER BY r.id", (run,))
            return [Replayed(*row) for row in found]
