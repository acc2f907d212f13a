"""A million exchanges, measured: ``python -m tests.bench.million``.

Makes a long trace (``--trace`` names a file that is kept and used again), reads it as the window does, opens the real
window on it in a process of its own, scrolls through all of it, and lets another process record while the window looks
on. Prints each figure beside its bound, and where it says more on a busy machine, the processor's time;
those of the window are of the offscreen platform, which paints into memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from inspector.query import parse
from inspector.store.reader import TraceReader
from tests.support.long_trace import LongTrace

#: What is asked of the reader: a filter, and the milliseconds it may take.
FILTERS = {
    "status:5xx": 150, "status:200": 150, "worker:3": 150, "method:POST": 150, "method:GET": 150, "kind:http": 150,
    "path:/api/items": 150, "is:error": 150, "is:done": 150, "is:dropped": 150, "duration:>100ms": 150, "mark:red": 150,
    "status:5xx method:GET kind:http": 150, "status:200 method:GET duration:<50ms": 150,
    "header.user-agent:curl": 1500, "scope.client:127.0.0.1:4000": 1500, "environ.REMOTE_ADDR:127": 1500,
    "header.x-request-id:abc": 1500,
}  # fmt: skip
ORDERS = ("duration", "path", "status", "size", "time", "header.user-agent")
FIRST = 500
_ROWS = "%-52s %12s %12s  %-16s%s"


class Table:
    """The figures as they come."""

    def __init__(self) -> None:
        self.missed = 0
        print(_ROWS % ("", "measured", "bound", "", ""), flush=True)

    def add(self, what: str, value: float, bound: float, unit: str = "ms", ran: float | None = None) -> None:
        """One figure; over its bound it is marked. ``ran``: how much of the time a processor worked on it."""
        over = bool(bound) and value > bound
        self.missed += over
        limit = f"{bound:.4g} {unit}" if bound else ""
        cpu = f"cpu {ran:.1f} {unit}" if ran is not None else ""
        print(_ROWS % (what, f"{value:.1f} {unit}", limit, cpu, "MISSED" if over else ""), flush=True)

    def timed(self, what: str, bound: float, call: Callable[[], Any]) -> Any:
        """The time that ``call`` takes, as a figure; what it gave."""
        begun, ran = time.perf_counter(), time.thread_time()
        result = call()
        self.add(what, (time.perf_counter() - begun) * 1e3, bound, ran=(time.thread_time() - ran) * 1e3)
        return result


def make(path: Path, count: int, table: Table) -> None:
    """The trace, unless it is there."""
    if path.exists():
        return
    begun = time.perf_counter()
    LongTrace(path).write(count)
    table.add(f"made {count:,} exchanges", time.perf_counter() - begun, 90, "s")
    table.add("file", path.stat().st_size / 2**20, 0, "MiB")


def read(path: Path, table: Table) -> None:
    """What the window asks of a reader."""
    reader = table.timed("open", 0, lambda: TraceReader(path))
    with reader:
        table.timed("all ids", 1000, reader.ids)
        table.timed("newest 100 rows", 0, lambda: reader.exchanges(order="id", descending=True, limit=100))
        for text, bound in FILTERS.items():
            query = parse(text)
            with TraceReader(path) as before:  # what a machine pays once: the file's pages
                before.ids(query)
            with TraceReader(path) as fresh:  # which has no answers of the one before
                table.timed(f"filter {text}", bound, lambda query=query, on=fresh: on.ids(query))  # type: ignore[misc]
        for order in ORDERS:
            table.timed(f"sort by {order}: first {FIRST}", 1000, lambda by=order: reader.ids(order=by, limit=FIRST))  # type: ignore[misc]
            table.timed(f"sort by {order}: all", 0, lambda by=order: reader.ids(order=by))  # type: ignore[misc]
        newest = reader.exchanges(order="id", descending=True, limit=1)
        _search(reader, table, newest[0].id if newest else 0)


def _search(reader: TraceReader, table: Table, last: int) -> None:
    query = parse("header.accept:json")
    longest, begun, after, found = 0.0, time.perf_counter(), 0, 0
    while after < last:
        slice_begun = time.perf_counter()
        part = reader.search(query, after, 20_000)
        longest = max(longest, time.perf_counter() - slice_begun)
        after, found = part.last, found + len(part.ids)
    table.add("search in slices: longest slice", longest * 1e3, 0)
    table.add("search in slices: all", (time.perf_counter() - begun) * 1e3, 0)


def window(arguments: list[str]) -> tuple[dict[str, float], list[str]]:
    """Open the real window in a process of its own, with ``arguments`` of ``window_child``; its figures and words."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": folder,
                       "XDG_RUNTIME_DIR": folder}  # fmt: skip
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has been compiled
        command = [sys.executable, "-m", "tests.bench.window_child", str(time.monotonic_ns()), *arguments]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    *lines, last = done.stdout.splitlines()
    found: dict[str, float] = json.loads(last)
    return found, lines


def look(path: Path, table: Table) -> None:
    """The window on the finished trace."""
    found, _lines = window(["open", str(path)])
    table.add("window: first paint after the command", found["paint"], 1500, ran=found["paint_cpu"])
    table.add("window: first rows after the command", found["rows"], 1500, ran=found["rows_cpu"])
    table.add("window: first rows after the trace was asked for", found["rows"] - found["asked"], 1000)
    table.add("window: a frame while scrolling, median", found["frame_median"], 0, ran=found["frame_cpu_median"])
    table.add("window: a frame while scrolling, p99", found["frame_p99"], 16.7, ran=found["frame_cpu_p99"])
    table.add("window: resident memory", found["memory"], 300, "MiB")


def live(rate: int, seconds: float, table: Table) -> None:
    """The window on a trace that another process records."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "live.gatescope")
        command = [sys.executable, "-m", "tests.bench.live_writer", str(path), str(rate)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
            found, turns = window(["live", str(path), str(seconds)])
            written, _ = writer.communicate(timeout=120)
    table.add(f"live at {rate}/s: recorded", float(written.split()[-1]), 0, "/s")
    table.add("live: longest stall of the window", found["stall"], 50, ran=found["stall_cpu"])
    table.add("live: newest on the screen after its end, p99", found["lag_p99"], 200)
    table.add("live: newest on the screen after its end, median", found["lag_median"], 0)
    table.add("live: resident memory", found["memory"], 300, "MiB")
    print("processor time of the window's thread, and what its longest turns were made of:", *turns, sep="\n  ")


def main() -> None:
    """Measure and print. The exit status is 1 when a bound was missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=1_000_000)
    options.add_argument("--trace", type=Path, help="where the trace is kept; without it, it is made anew each time")
    options.add_argument("--rate", type=int, default=5_000, help="exchanges a second of the live part")
    options.add_argument("--seconds", type=float, default=60.0, help="of the live part; 0 leaves it out")
    chosen = options.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.trace or Path(folder, "million.gatescope")
        make(path, chosen.count, table)
        read(path, table)
        look(path, table)
    if chosen.seconds:
        live(chosen.rate, chosen.seconds, table)
    sys.exit(1 if table.missed else 0)


if __name__ == "__main__":
    main()
