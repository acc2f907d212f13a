"""How long the lanes take to paint while one moves through a hundred thousand bars: milliseconds of a frame.

Twenty rows of bars in four lanes, 1440 pixels wide, painted by the real widget into memory (``offscreen``): zooming in
and out around a point, moving by a few pixels a frame, and a live trace in which bars go on and are added. A screen
leaves 16.7 ms to a frame. Times are the processor's (``thread_time``), so that a busy machine counts for little.

    python -m tests.bench.lanes [--bars N] [--frames N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from app.theme import Theme
from app.traffic.lanes.bars import OPEN, Lanes, Look, Parts, Row
from app.traffic.lanes.canvas import LanesCanvas
from app.traffic.lanes.marks import marks_of
from app.traffic.lanes.view import SECOND
from inspector.model import Instance, Stall, Worker

FRAME_MS = 1000 / 60
SLOTS, ROWS = 4, 5
MS = 1_000_000


def made(bars: int) -> LanesCanvas:
    """Lanes full of bars: half a second on average, the last of each row still in flight."""
    chance = random.Random(4)
    lanes = Lanes()
    for slot in range(1, SLOTS + 1):
        lanes.rows[slot] = [Row(slot) for _ in range(ROWS)]
    every = [row for rows in lanes.rows.values() for row in rows]
    for number in range(bars):
        row = every[number % len(every)]
        add(lanes, row, number + 1, chance)
    for row in every:
        row.ends[-1] = OPEN
    lanes.first, lanes.last = SECOND, max(row.starts[-1] for row in every)
    canvas = LanesCanvas(lanes)
    workers = [Worker(slot, 1, slot, 1, slot, "ready", born_ns=1, ready_ns=2) for slot in lanes.rows]
    stalls = [Stall(1 + n % SLOTS, SECOND + n * 20 * SECOND, SECOND + n * 20 * SECOND + SECOND) for n in range(100)]
    canvas.marks = marks_of([Instance(1, "a", "a:a", "uvicorn", "ASGI3", SLOTS, 1, ready_ns=2)], workers, stalls)
    canvas.resize(1440, 240)
    return canvas


def add(lanes: Lanes, row: Row, identity: int, chance: random.Random) -> None:
    """One more bar at the end of a row."""
    start = (row.starts[-1] if row else SECOND) + chance.randrange(500, 900) * MS
    edges = [start + chance.randrange(50, 100) * MS * part for part in (0, 1, 3, 4, 4)]
    if row:
        row.ends[-1] = min(row.ends[-1], start)
    row.append(identity, Parts(*sorted(edges)), Look(chance.choice((1, 1, 1, 3, 5, 6)), 200, f"GET /{identity}"))
    lanes._where[identity] = row


def frames(canvas: LanesCanvas, count: int, step: Callable[[int], None]) -> list[float]:
    """Milliseconds of each of ``count`` frames, with what ``step`` does before it."""
    target = QPixmap(canvas.size())
    spent = []
    for number in range(count):
        begun = time.thread_time()
        step(number)
        canvas.viewport().render(target)
        spent.append((time.thread_time() - begun) * 1e3)
    return spent


def moves(canvas: LanesCanvas) -> dict[str, Callable[[int], None]]:
    """What is measured, by name."""
    chance = random.Random(5)
    every = [row for rows in canvas.lanes.rows.values() for row in rows]
    count = [10_000_000]

    def zoom(number: int) -> None:
        canvas.set_view(canvas.view.zoom(canvas.lanes.last // 3, 0.9 if number // 60 % 2 == 0 else 1 / 0.9))

    def move(number: int) -> None:
        canvas.set_view(canvas.view.pan((1 if number // 100 % 2 else -1) * canvas.view.span // 200))

    def grow(_number: int) -> None:
        for row in chance.sample(every, 5):
            row.ends[-1] = row.starts[-1] + 400 * MS
            count[0] += 1
            add(canvas.lanes, row, count[0], chance)
        canvas.lanes.last = max(row.starts[-1] for row in every)
        canvas.follow()

    return {"zooming": zoom, "moving": move, "live": grow}


def measure(bars: int, count: int) -> dict[str, dict[str, float]]:
    """Median, 99th percentile and longest of the frames, in milliseconds, of each way to move."""
    canvas = made(bars)
    canvas.show()
    found = {}
    for name, step in moves(canvas).items():
        canvas.fit()
        spent = frames(canvas, count, step)
        cuts = statistics.quantiles(spent, n=100)
        found[name] = {"p50": cuts[49], "p99": cuts[98], "longest": max(spent)}
    canvas.close()
    canvas.deleteLater()
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command. Returns 1 where a frame of the 99th percentile misses the screen's."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bars", type=int, default=100_000)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    application = QApplication.instance() or QApplication([])
    Theme(application)  # type: ignore[arg-type]
    found = measure(options.bars, options.frames)
    if options.json:
        print(json.dumps(found))
    else:
        for name, values in found.items():
            told = ", ".join(f"{key} {value:.1f} ms" for key, value in values.items())
            print(f"lanes, {options.bars} bars, {name}: {told} (a frame has {FRAME_MS:.1f} ms)")
    return int(any(values["p99"] > FRAME_MS for values in found.values()))


if __name__ == "__main__":
    sys.exit(main())
