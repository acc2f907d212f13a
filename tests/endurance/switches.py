"""Switches of mode at random under load, and what clients notice of them: nothing, or a WebSocket's close with 1012.

    python -m tests.endurance.switches [--switches 50] [--seed N] [--pause MS]

For an ASGI application and a WSGI one, all modes that are ready. wrk asks over 16 connections (a client of ours where
there is none), two connections of our own check each answer against its request, four WebSockets exchange messages.
Prints a line for each switch; the exit status is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import time
from pathlib import Path

from inspector.model import CLIENT_LEFT
from inspector.query import parse
from inspector.store.reader import TraceReader
from supervisor.control.client import ControlClient, ControlError
from supervisor.control.messages import ModeStatus
from supervisor.death import Cause
from tests.endurance import scene
from tests.endurance.load import Load, Sockets, Wrk


class Run:
    """One application, and the load on it, while it is switched. ``failures``: all that should not have been."""

    def __init__(
        self, client: ControlClient, modes: list[ModeStatus], rng: random.Random, url: str, pause: int
    ) -> None:
        self.failures: list[str] = []
        self.figures = ""
        self._client = client
        self._modes = modes
        self._rng = rng
        self._own = Load(url, connections=2) if Wrk.there() else Load(url, pause=pause / 1000)
        self._wrk = Wrk(url, pause) if Wrk.there() else None
        self._sockets = Sockets(url, number=0 if modes[0].interface == "WSGI" else 4)

    async def switches(self, number: int) -> None:
        """So many, and the load all the time."""
        self._own.start()
        self._sockets.start()
        if self._wrk is not None:
            await self._wrk.start()
        try:
            for turn in range(1, number + 1):
                await self._own.more()
                await self._switch(turn)
                await asyncio.sleep(self._rng.uniform(0, 1))
            await self._own.more()
        finally:
            figures, failed = await self._wrk.stop() if self._wrk else ({}, [])
            await self._own.stop()
            await self._sockets.stop()
        self.failures += failed
        self.failures += [f"HTTP: {what}" for _, what in self._own.failures]
        self.failures += [f"WebSocket: {what}" for _, what in self._sockets.failures]
        asked = int(figures.get("requests", 0)) + len(self._own.answered)
        by_wrk = f" (wrk: 99 % within {figures['p99_ms']} ms, the slowest {figures['max_ms']} ms)" if figures else ""
        closed = dict(self._sockets.closed)
        self.figures = f"{asked} requests{by_wrk}, {self._sockets.exchanged} WebSocket messages, closed: {closed}"

    async def _switch(self, turn: int) -> None:
        mode = self._rng.choice(self._modes)
        workers = self._rng.randint(1, 3) if mode.workers else 1
        before = len(self._own.failures) + len(self._sockets.failures)
        began = time.monotonic()
        try:
            await asyncio.to_thread(scene.switch, self._client, mode.slug, workers)
        except ControlError as error:
            self.failures.append(f"switch {turn} to {mode.slug} * {workers}: {error.problem}")
        took = time.monotonic() - began
        await self._own.more()
        failed = len(self._own.failures) + len(self._sockets.failures) - before
        verdict = f"{failed} FAILED" if failed else "all well"
        print(f"  {turn:3} {mode.slug:>18} * {workers}  {took * 1000:6.0f} ms  {verdict}", flush=True)


def endure(on: scene.Stage, interface: str, number: int, rng: random.Random, pause: int) -> list[str]:
    """Switch the application of one interface ``number`` times; what failed."""
    trace = on.folder / f"{interface}.gatescope"
    with scene.supervisor(on) as (process, client):
        modes = scene.ready_modes(client, on.target(interface))
        modes = [mode for mode in modes if mode.interface == interface]
        print(f"{interface}: {', '.join(mode.slug for mode in modes)}", flush=True)
        status = scene.start(client, on.target(interface), modes[0].slug, 1, trace)
        run = Run(client, modes, rng, status.url, pause)
        asyncio.run(run.switches(number))
        processes = scene.family(process.pid)
    failures = run.failures + [f"the trace: {fault}" for fault in scene.faults(trace)] + recorded(trace)
    failures += [f"left behind: {process}" for process in scene.living(processes)]
    print(f"  {run.figures}", flush=True)
    return failures


def recorded(trace: Path) -> list[str]:
    """What the trace tells of failures: requests that did, and workers that did not end as they were told to."""
    with TraceReader(trace) as reader:
        rows = reader.exchanges(parse("state:failed or state:open"), limit=1000)
        workers = reader.workers()
    # What the clients themselves broke off, when they were stopped, is in order.
    failed = [row for row in rows if not row.error.startswith(CLIENT_LEFT)]
    found = [f"exchange {row.id} {row.kind} {row.method} {row.target}: {row.state}, {row.error}" for row in failed]
    found += [
        f"worker {worker.pid} of instance {worker.instance}: {worker.outcome}"
        for worker in workers
        if worker.cause != Cause.GRACEFUL
    ]
    return found[:20]


def main(arguments: list[str] | None = None) -> int:
    """Run them; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.switches", description=__doc__)
    parser.add_argument("--switches", type=int, default=50, help="for each of the two applications (default: 50)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32), help="to repeat a run")
    parser.add_argument("--pause", type=int, default=5, metavar="MS", help="of a connection between two requests")
    parser.add_argument("--interface", choices=("ASGI", "WSGI"), help="only the application of this one")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    failures = []
    for interface in [options.interface] if options.interface else ["ASGI", "WSGI"]:
        with scene.stage() as on:
            failures += endure(on, interface, options.switches, random.Random(options.seed), options.pause)
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{len(failures)} failures" if failures else "no failure")
    return 1 if failures else 0


if __name__ == "__main__":
    scene.end_in_order()
    sys.exit(main())
