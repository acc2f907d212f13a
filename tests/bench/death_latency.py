"""How soon a worker's death is known, with its cause and what it had in hand: ``python -m tests.bench.death_latency``.

For each server, workers are killed with SIGKILL, every second one with a request in hand. Three moments count, from
just before ``os.kill``: when the supervisor saw the first sign of it (the time in its event), when a reader that polls
the trace file can read the whole event, and when the server itself said so, by its line of output. uvicorn looks every
half second, and hypercorn says nothing. Exit status 1 when a median to the readable event is at or above ``BOUND``.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from inspector.model import Worker, WorkerState
from inspector.query import parse
from inspector.store.reader import TraceReader
from tests.support.apps import project
from tests.support.load import Sent
from tests.support.program import GatescopeRun, running

#: Milliseconds from the kill to the event in the file that half of all deaths must stay below.
BOUND = 50.0
WORKERS = 3
#: Idle workers are killed when they are so old (seconds): those that die younger, again and again, are held.
OLD = 2.1
PATIENCE = 60.0

OPEN = parse("path:/slow state:open")

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Subject:
    """A server. ``says``: what it prints when it notices a death (``{pid}`` is the worker's). ``together``: its workers
    all end with one. ``rest``: seconds that a worker must have lived, or its server takes its death for a loop.
    """

    target: str
    mode: str
    says: str = ""
    together: bool = False
    rest: float = 0.0


SUBJECTS = (
    Subject("wsgi:app", "gunicorn-sync", r"Worker \(pid:{pid}\) was sent SIGKILL"),
    Subject("asgi:app", "uvicorn", r"Child process \[{pid}\] died"),
    Subject("asgi:app", "hypercorn", together=True),
    Subject("asgi:app", "granian", r"Unexpected exit from worker", rest=6.0),
)


@dataclass(slots=True)
class Figures:
    """Milliseconds from the kill, one for each death. ``wrong``: deaths that were told otherwise than they were."""

    noticed: list[float] = field(default_factory=list)
    readable: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def until(found: Callable[[], Found | None], pause: float = 0.0005) -> Found:
    """What ``found`` gives once it gives something."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (result := found()) is not None:
            return result
        time.sleep(pause)
    raise TimeoutError("nothing came of it within a minute")


class Killing:
    """Deaths in one running instance."""

    def __init__(self, run: GatescopeRun, reader: TraceReader, subject: Subject) -> None:
        self.run, self.reader, self.subject = run, reader, subject

    def once(self, figures: Figures, *, busy: bool) -> None:
        """Kill one worker, and read of it."""
        sent, exchange, victim = self._with_a_request() if busy else (None, 0, self._idle())
        killed = time.monotonic_ns()
        os.kill(victim.pid, signal.SIGKILL)
        event = until(lambda: next((e for e in self.reader.worker_events(victim.id) if e.event == "exited"), None))
        figures.readable.append((time.monotonic_ns() - killed) / 1e6)
        figures.noticed.append((event.t_ns - killed) / 1e6)
        told = (event.detail["cause"], event.detail["in_hand"])
        if told != ("killed", [exchange] if exchange else []):
            figures.wrong.append(f"{self.subject.mode} worker {victim.slot}.{victim.generation}: {told}")
        if sent is not None:
            sent.leave()
        if self.subject.says:
            figures.server.append((self._said(victim.pid, killed) - killed) / 1e6)
        if not self.subject.together:
            until(lambda: len(self._ready()) == WORKERS or None, 0.02)

    def _ready(self) -> list[Worker]:
        return [worker for worker in self.reader.workers() if worker.state == WorkerState.READY]

    def _idle(self) -> Worker:
        oldest = min(self._ready(), key=lambda worker: worker.ready_ns)
        self._let_live(oldest, max(OLD, self.subject.rest))
        return oldest

    @staticmethod
    def _let_live(worker: Worker, seconds: float) -> None:
        time.sleep(max(0.0, seconds - (time.monotonic_ns() - worker.ready_ns) / 1e9))

    def _with_a_request(self) -> tuple[Sent, int, Worker]:
        before = max((row.id for row in self.reader.exchanges(order="id", descending=True, limit=1)), default=0)
        sent = Sent(self.run.url, "/slow?60")

        def taken() -> tuple[int, int] | None:
            newest = next(iter(self.reader.exchanges(OPEN, order="id", descending=True, limit=1)), None)
            return (newest.id, newest.worker) if newest and newest.worker and newest.id > before else None

        exchange, worker = until(taken, 0.005)
        victim = next(one for one in self._ready() if one.id == worker)
        self._let_live(victim, self.subject.rest)
        return sent, exchange, victim

    def _said(self, pid: int, killed: int) -> int:
        words = re.compile(self.subject.says.format(pid=pid))
        return until(lambda: next((line.t_ns for line in self.reader.logs(limit=30, newest=True)
                                   if line.t_ns > killed and words.search(line.text)), None), 0.02)  # fmt: skip


def killing(subject: Subject, folder: Path) -> Iterator[Killing]:
    """An instance of ``subject``, started and in the end stopped; another one where the first ends with its worker."""
    while True:
        workers = 2 if subject.together else WORKERS
        arguments = (subject.target, "--mode", subject.mode, "--workers", workers)
        with running(*arguments, cwd=folder, output=subprocess.DEVNULL) as run, TraceReader(run.trace) as reader:
            made = Killing(run, reader, subject)
            until(lambda: len(made._ready()) == workers or None, 0.02)  # noqa: B023
            yield made
            while not subject.together:
                yield made


def measure(subject: Subject, deaths: int) -> Figures:
    """Kill so many workers of ``subject``."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as name:
        instances = killing(subject, project(Path(name)))
        try:
            for number in range(deaths):
                next(instances).once(figures, busy=bool(number % 2))
        finally:
            instances.close()  # type: ignore[attr-defined]
    return figures


def row(mode: str, figures: Figures) -> str:
    """One line of the table; the ratio is of the server's own word to what the supervisor saw."""

    def cells(values: list[float]) -> str:
        if not values:
            return f"{'-':>8} {'-':>8} {'-':>8}"
        p95 = sorted(values)[min(len(values) - 1, round(len(values) * 0.95))]
        return f"{statistics.median(values):8.1f} {p95:8.1f} {max(values):8.1f}"

    ratio = "-"
    if figures.server:
        ratio = f"{statistics.median(figures.server) / statistics.median(figures.noticed):.1f}"
    groups = " | ".join(cells(values) for values in (figures.readable, figures.noticed, figures.server))
    return f"{mode:<14} {len(figures.readable):6} | {groups} | {ratio:>6}"


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--deaths", type=int, default=100, metavar="N", help="of each server (100)")
    options.add_argument("--modes", nargs="+", default=[subject.mode for subject in SUBJECTS])
    chosen = options.parse_args()
    three = " | ".join(f"{what:^26}" for what in ("readable in the trace, ms", "seen, ms", "the server's own word, ms"))
    print(f"{'':<14} {'':>6} | {three} |")
    print(f"{'server':<14} {'deaths':>6}" + f" | {'median':>8} {'p95':>8} {'max':>8}" * 3 + " |  ratio", flush=True)
    status = 0
    for subject in SUBJECTS:
        if subject.mode not in chosen.modes:
            continue
        figures = measure(subject, chosen.deaths)
        print(row(subject.mode, figures), flush=True)
        for line in figures.wrong:
            print(f"  not told as it was: {line}")
        if statistics.median(figures.readable) >= BOUND or figures.wrong:
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
