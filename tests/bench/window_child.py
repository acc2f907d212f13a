"""The real window with a watch on it, for ``million``: when it paints, how long a frame takes, what stalls it.

Arguments: when the command was given (monotonic nanoseconds), then ``open TRACE`` or ``live TRACE SECONDS``. Prints
what the longest turns of its event loop were made of, then what it found as one line of JSON, and ends.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import sys
import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer

from app import __main__ as program
from app import desk as made
from app.request import Request
from tests.bench.turns import Turns

_STEPS = 500
_BEAT_MS = 5
_WARM_S = 4.0  #: of the live part, while the window comes up


class Watch(QObject):
    """Looks at the table's paint events and ends the program when all is measured."""

    def __init__(self, desk: made.Desk, begun_ns: int, seconds: float, turns: Turns) -> None:
        super().__init__(desk.window)
        self._desk, self._begun, self._seconds, self._turns = desk, begun_ns, seconds, turns
        self._table = desk.traffic.table
        self.found: dict[str, float] = {"asked": self._since()}
        self._frames: list[float] = []
        self._ran: list[float] = []  # of each frame, the time that this thread had a processor
        self._lags: list[float] = []
        self._seen = 0
        self._stall, self._last_beat = 0.0, 0.0
        self._stall_ran, self._last_ran = 0.0, 0.0
        self._beat = QTimer(self, interval=_BEAT_MS)
        self._beat.timeout.connect(self._on_beat)
        desk.window.installEventFilter(self)
        self._table.viewport().installEventFilter(self)
        self._ended = time.monotonic() + 300

    def _since(self) -> float:
        return (time.monotonic_ns() - self._begun) / 1e6

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Qt's: before an event reaches the window or the table."""
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self, self._on_painted)
        return False

    def _on_painted(self) -> None:
        if "paint" not in self.found:
            self.found |= {"paint": self._since(), "paint_cpu": time.process_time() * 1e3}
        model, (first, last) = self._table.exchanges, self._table.rows_on_screen()
        shown = [model.row_at(at) for at in range(first, min(last + 1, model.rowCount()))]
        if shown and shown[-1] is not None and "rows" not in self.found:
            self.found |= {"rows": self._since(), "rows_cpu": time.process_time() * 1e3}
            QTimer.singleShot(1500, self, self._begin)
        over = [row for row in shown if row is not None and row.closed_ns]
        if self._last_beat and over and over[-1].id > self._seen:
            self._seen = over[-1].id
            self._lags.append((time.monotonic_ns() - over[-1].closed_ns) / 1e6)

    def _begin(self) -> None:
        if self._seconds:
            QTimer.singleShot(round(_WARM_S * 1000), self, self._begin_live)
        else:
            self._table.follow(False)
            self._scroll(0)

    def _scroll(self, step: int) -> None:
        """A frame is what is painted at once: the whole table, at another place each time, then time for answers."""
        bar = self._table.verticalScrollBar()
        begun, ran = time.perf_counter(), time.thread_time()
        bar.setValue(bar.maximum() * step // _STEPS if step % 10 else bar.value() + 3)
        self._table.viewport().repaint()
        self._frames.append((time.perf_counter() - begun) * 1e3)
        self._ran.append((time.thread_time() - ran) * 1e3)
        if step < _STEPS:
            QTimer.singleShot(15, self, lambda: self._scroll(step + 1))
            return
        for name, frames in (("frame", self._frames), ("frame_cpu", self._ran)):
            self.found[f"{name}_p99"] = sorted(frames)[round(len(frames) * 0.99) - 1]
            self.found[f"{name}_median"] = statistics.median(frames)
        self._end()

    def _begin_live(self) -> None:
        self._last_beat, self._last_ran = time.perf_counter(), time.thread_time()
        self._beat.start()
        self._turns.begin()
        QTimer.singleShot(round(self._seconds * 1000), self, self._end_live)

    def _on_beat(self) -> None:
        now, ran = time.perf_counter(), time.thread_time()
        self._stall = max(self._stall, (now - self._last_beat) * 1e3 - _BEAT_MS)
        self._stall_ran = max(self._stall_ran, (ran - self._last_ran) * 1e3)
        self._last_beat, self._last_ran = now, ran
        self._turns.end_turn()

    def _end_live(self) -> None:
        self._beat.stop()
        lags = sorted(self._lags) or [float("inf")]
        self.found |= {"stall": self._stall, "stall_cpu": self._stall_ran, "lag_p99": lags[round(len(lags) * 0.99) - 1]}
        self.found["lag_median"] = statistics.median(lags)
        self._end()

    def _end(self) -> None:
        status = Path("/proc/self/status").read_text()
        self.found["memory"] = int(status.split("VmRSS:")[1].split()[0]) / 1024
        if self._seconds:
            print(*self._turns.told(), sep="\n")
        print(json.dumps(self.found), flush=True)
        os.kill(os.getpid(), signal.SIGTERM)  # as the user closes it, so that the supervisor ends too


def main() -> int:
    """Run the program with the watch."""
    begun_ns, verb, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    seconds, turns = float(sys.argv[4]) if verb == "live" else 0.0, Turns()
    if seconds:
        turns.watch()

    class Watched(made.Desk):
        def open(self, request: Request) -> None:
            self.watch = Watch(self, begun_ns, seconds, turns)
            super().open(request)
            if verb == "live":
                self.window.leave_welcome()
                self.show_trace(path, live=True)

    made.Desk = Watched  # type: ignore[misc]
    return program.main(["open", path] if verb == "open" else [])


if __name__ == "__main__":
    sys.exit(main())
