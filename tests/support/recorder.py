"""A recorder that keeps everything in memory, in order. It counts messages as the trace's writer does."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

from inspector.model import Exchange, LogLine, Stall, WorkerEvent
from inspector.recording import MessageRow


class KeepingRecorder:
    """``inspector.recording.Recorder``."""

    body_head = 65536
    body_tail = 4096

    def __init__(self) -> None:
        self.rows: list[MessageRow] = []
        self.touched: list[Exchange] = []
        self.lines: list[LogLine] = []
        self.stalls: list[Stall] = []
        self.events: list[WorkerEvent] = []
        self.lost: Counter[str] = Counter()
        self._ids = itertools.count(1000)

    def new_id(self, table: str) -> int:
        """The next one, whatever for."""
        return next(self._ids)

    def touch(self, exchange: Exchange) -> None:
        """Keep."""
        self.touched.append(exchange)

    def message(self, exchange: Exchange, row: MessageRow) -> None:
        """Keep, and count."""
        assert row[1] == exchange.messages
        exchange.messages += 1
        self.rows.append(row)

    def log(self, line: LogLine) -> None:
        """Keep."""
        self.lines.append(line)

    def stall(self, stall: Stall) -> None:
        """Keep."""
        self.stalls.append(stall)

    def worker_event(self, event: WorkerEvent) -> None:
        """Keep."""
        self.events.append(event)

    def dropped(self, what: str, count: int) -> None:
        """Count."""
        self.lost[what] += count

    def _ignore(self, thing: Any) -> None:
        pass

    instance = worker = replay_run = replay_result = trial = _ignore
