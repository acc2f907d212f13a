"""What the proxy, the collector and the supervisor need of a trace that is being written: the seam to the store.

The real one is ``inspector.store.writer.TraceWriter``. All methods are called on the supervisor's event loop thread,
never block, and cost no more than appending to a list: a process of its own does the writing. Nothing here may raise
into traffic.
"""

from __future__ import annotations

from typing import Protocol

from inspector.model import Exchange, Instance, LogLine, ReplayResult, ReplayRun, Stall, Trial, Worker, WorkerEvent

#: The columns of a message, in the order of ``inspector.model.Message``, as a plain tuple (it is on the hot path).
MessageRow = tuple[int, int, int, str, str, str, int, bytes | None, bytes, str, str]


class Recorder(Protocol):
    """Takes what happens. Ids are unique in the trace; ``new_id`` serves exchanges, workers, instances and runs."""

    body_head: int  #: bytes of a body kept from its start
    body_tail: int  #: bytes of a body kept from its end

    def new_id(self, table: str) -> int:
        """The next id for ``exchange``, ``instance``, ``worker``, ``replay_run`` or ``trial``."""
        ...

    def touch(self, exchange: Exchange) -> None:
        """``exchange`` is new or has changed: write it with the next batch."""
        ...

    def message(self, exchange: Exchange, row: MessageRow) -> None:
        """One message of ``exchange``; ``row[1]``, its number, is ``exchange.messages`` before this call."""
        ...

    def instance(self, instance: Instance) -> None:
        """Insert or update."""
        ...

    def worker(self, worker: Worker) -> None:
        """Insert or update."""
        ...

    def worker_event(self, event: WorkerEvent) -> None:
        """Append."""
        ...

    def log(self, line: LogLine) -> None:
        """Append."""
        ...

    def stall(self, stall: Stall) -> None:
        """Append."""
        ...

    def replay_run(self, run: ReplayRun) -> None:
        """Insert or update."""
        ...

    def replay_result(self, result: ReplayResult) -> None:
        """Append."""
        ...

    def trial(self, trial: Trial) -> None:
        """Insert or update."""
        ...

    def dropped(self, what: str, count: int) -> None:
        """Detail that could not be recorded: counted by kind, shown to the user."""
        ...
