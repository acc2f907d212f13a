"""SIGKILL at random, again and again, under load: the supervisor, a server's master, a worker, the window.

    python -m tests.endurance.kills [--rounds 100 | --victims VICTIM...] [--seed N]

After each kill: nothing that belonged to what was killed runs 3 s later, the rest goes on, the trace opens and is
whole, and every request that was answered more than 100 ms before the kill is in it. Prints a line for each round; the
exit status is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import psutil

from inspector.store.reader import TraceReader
from supervisor.control.client import ControlClient
from supervisor.control.messages import AppStatus, ModeStatus
from tests.endurance import scene
from tests.endurance.load import Load

#: Seconds within which all that belonged to what was killed is gone.
GONE = 3.0
#: What was answered so long before a kill is in the trace (ns).
KEPT = 100_000_000
#: A server that dies too often in a row is given up (``supervisor.policy``): before that it is replaced by a switch.
MOST_KILLS = 2

#: What Qt says where windows are drawn nowhere.
OFFSCREEN = "This plugin does not support propagateSizeHints()"

VICTIMS = ("supervisor", "master", "worker", "window")


class Show:
    """A window, the supervisor that it started, an application, and the load on it: until the supervisor is killed."""

    def __init__(self, on: scene.Stage, number: int, rng: random.Random) -> None:
        self.failures: list[str] = []
        self.oldest_lost = 0  #: ns before the kill at which the oldest request was answered that is not in the trace
        self.trace = on.folder / f"{number}.gatescope"
        self.supervisor: psutil.Process
        self._on = on
        self._rng = rng
        self._window: subprocess.Popen[bytes]
        self._client: ControlClient
        self._load: Load
        self._modes: list[ModeStatus]
        self._kills = 0  #: of the present instance's processes
        self._troubles: list[tuple[int, int]] = []  #: from a kill of a server's process until all workers served again

    # --- the parts ----------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Everything, from the window on."""
        self._open_window()
        socket = self._socket()
        self._client = await asyncio.to_thread(scene.client_at, socket)
        self.supervisor = psutil.Process(self._client.pid)
        interface = self._rng.choice(["ASGI", "WSGI"])
        target = self._on.target(interface)
        listed = await asyncio.to_thread(scene.ready_modes, self._client, target)
        self._modes = [mode for mode in listed if mode.interface == interface]
        mode, workers = self._any_mode()
        status = await asyncio.to_thread(scene.start, self._client, target, mode, workers, self.trace)
        self._expect(await asyncio.to_thread(scene.until, self._attached), "the window did not find its supervisor")
        self._load = Load(status.url)
        self._load.start()

    def _open_window(self) -> None:
        command = [sys.executable, "-m", "app", "open", str(self._on.project)]
        with (self._on.folder / "window.log").open("wb") as log:
            self._window = subprocess.Popen(command, cwd=scene.ROOT, env=self._on.environment, stdout=log, stderr=log)

    async def _close_window(self) -> None:
        self._window.terminate()
        status = await asyncio.to_thread(self._window.wait, scene.PATIENCE)
        said = (self._on.folder / "window.log").read_text().replace(OFFSCREEN, "").strip()
        self._expect((status, said) == (0, ""), f"the window ended with status {status} and said: {said}")

    def _socket(self) -> Path:
        """Where the window's supervisor listens: a path that the window chooses."""
        found: list[Path] = []

        def there() -> bool:
            found[:] = (self._on.folder / "gatescope").glob(f"*-{self._window.pid}.sock")
            return bool(found)

        assert scene.until(there), "the window started no supervisor, and found none"
        return found[0]

    def _attached(self) -> bool:
        """Whether the window has found its supervisor: it, we, and the listening socket have the same address there."""
        ours = [found.laddr for found in self.supervisor.net_connections("unix")]
        return scene.heeds_sigterm(self._window.pid) and sum(str(address).endswith(".sock") for address in ours) >= 3

    def _any_mode(self) -> tuple[str, int]:
        mode = self._rng.choice(self._modes)
        return mode.slug, self._rng.randint(1, 3) if mode.workers else 1

    async def close(self) -> None:
        """End the load, then the window, which ends the supervisor, which ends all else."""
        await self._load.stop()
        self._client.close()
        left = [self.supervisor, *scene.family(self.supervisor.pid)]
        await self._close_window()
        over = await asyncio.to_thread(scene.until, lambda: not scene.living(left))
        self._expect(over, f"the window was closed, and there are still {scene.living(left)}")
        self._check_trace(time.monotonic_ns())

    def cut(self) -> None:
        """Leave nothing running, whatever came in between."""
        self._window.kill()
        self._window.wait(scene.PATIENCE)
        if hasattr(self, "supervisor"):
            self._client.close()
            with contextlib.suppress(psutil.NoSuchProcess):
                self.supervisor.kill()

    # --- one round ----------------------------------------------------------------------------------------------------

    async def round(self, victim: str) -> str:
        """Kill ``victim`` and look what becomes of it all; a few words on what was killed."""
        await self._load.more(50)
        await asyncio.sleep(self._rng.uniform(0.1, 0.6))
        status = await asyncio.to_thread(scene.status, self._client)
        self._no_failed_request("before the kill", 0)
        what = f"{status.mode} * {status.workers}"
        if victim == "supervisor":
            await self._kill_supervisor()
        elif victim == "window":
            await self._kill_window()
        else:
            await self._kill_server(victim, status)
        return what

    async def _kill_supervisor(self) -> None:
        """All goes with it but the window, and the scribe, which ends when it has written what it was sent."""
        left = scene.family(self.supervisor.pid)
        killed = time.monotonic_ns()
        self.supervisor.kill()
        TraceReader(self.trace).close()  # it opens at once, and not only when the scribe has finished
        await self._gone([self.supervisor, *left])
        await self._load.stop()
        self._client.close()
        self._expect(self._window.poll() is None, "the window went with the supervisor")
        await self._close_window()
        self._check_trace(killed)

    async def _kill_window(self) -> None:
        """Nothing goes with it; the next one finds what runs."""
        around = scene.family(self._window.pid)
        killed = time.monotonic_ns()
        self._window.kill()
        await asyncio.to_thread(self._window.wait, scene.PATIENCE)
        others = [process for process in around if process != self.supervisor]
        others = [process for process in others if process not in scene.family(self.supervisor.pid)]
        await self._gone(others)
        self._open_window()
        with await asyncio.to_thread(scene.client_at, await asyncio.to_thread(self._socket)) as client:
            self._expect(client.pid == self.supervisor.pid, "the new window started a supervisor of its own")
        self._expect(await asyncio.to_thread(scene.until, self._attached), "the new window did not find its supervisor")
        await self._load.more()
        self._no_failed_request("though nothing but the window was killed", killed)
        self._check_trace(killed)

    async def _kill_server(self, victim: str, status: AppStatus) -> None:
        """A worker is replaced, and a server is; requests may fail until that is done, and no longer."""
        own = scene.family(status.pid)
        worker = self._rng.choice([process.pid for process in status.processes])
        pid = status.pid if victim == "master" else worker
        doomed = [process for process in own if process.pid == pid]
        if pid == status.pid:
            doomed = [psutil.Process(pid), *own]
        killed = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        await self._gone(doomed)
        whole = await asyncio.to_thread(scene.until, lambda: self._whole(pid))
        stands = await asyncio.to_thread(scene.status, self._client)
        self._expect(whole, f"{victim} {pid} was killed, and now it stands like this: {stands}")
        self._troubles.append((killed - KEPT, time.monotonic_ns()))
        await self._load.more()
        self._check_trace(killed)
        self._kills += 1
        if self._kills >= MOST_KILLS or not whole:
            self._kills = 0
            await asyncio.to_thread(scene.switch, self._client, *self._any_mode())
        self._load.failures.clear()

    def _whole(self, pid: int) -> bool:
        """Whether all workers serve, and the one with ``pid`` is none of them."""
        status = scene.status(self._client)
        ready = [process.pid for process in status.processes if process.state == "ready"]
        return status.state == "running" and pid not in ready and len(ready) == status.workers

    # --- what must hold -----------------------------------------------------------------------------------------------

    async def _gone(self, doomed: list[psutil.Process]) -> None:
        over = await asyncio.to_thread(scene.until, lambda: not scene.living(doomed), GONE)
        self._expect(over, f"{GONE:g} s later there is still {[(p, p.cmdline()) for p in scene.living(doomed)]}")

    def _no_failed_request(self, when: str, since: int) -> None:
        failed = [what for at, what in self._load.failures if at >= since]
        self._expect(not failed, f"{len(failed)} requests failed {when}: {failed[:3]}")
        self._load.failures.clear()

    def _check_trace(self, killed: int) -> None:
        """That the trace is whole, and has all that was answered long enough before the moment ``killed``."""
        self.failures += [f"the trace: {fault}" for fault in scene.faults(self.trace)]
        with closing(sqlite3.connect(f"file:{self.trace}?mode=ro", uri=True, timeout=scene.PATIENCE)) as connection:
            rows = dict(connection.execute("SELECT target, state FROM exchange"))
        for mark, at in self._load.answered.items():
            state = rows.get(f"/{mark}", "not there")
            # A worker may die with the call in hand whose answer it has just sent: that is no loss.
            if state == "done" or (state == "failed" and self._in_trouble(at)):
                continue
            self.oldest_lost = max(self.oldest_lost, killed - at)
            if killed - at > KEPT:
                self.failures.append(f"/{mark} was answered {(killed - at) / 1e6:.0f} ms before, and is {state}")

    def _in_trouble(self, at: int) -> bool:
        return any(began <= at <= over for began, over in self._troubles)

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.failures.append(otherwise)


async def endure(on: scene.Stage, victims: list[str], rng: random.Random) -> list[str]:
    """Kill one after the other; what failed."""
    failures: list[str] = []
    killed: Counter[str] = Counter()
    lost = 0
    show: Show | None = None
    try:
        for number, victim in enumerate(victims, start=1):
            if show is None:
                show = Show(on, number, rng)
                await show.open()
            what = await show.round(victim)
            killed[victim] += 1
            print(f"  {number:3} {victim:>10}  {what:<22} {'; '.join(show.failures)[:400] or 'all well'}", flush=True)
            failures += [f"round {number}, {victim}, {what}: {failure}" for failure in show.failures]
            show.failures.clear()
            lost = max(lost, show.oldest_lost)
            if victim == "supervisor":
                show = None
        if show is not None:
            await show.close()
            failures += show.failures
    finally:
        if show is not None:
            show.cut()
    print(f"  killed: {dict(killed)}; nothing was lost that was older than {lost / 1e6:.0f} ms", flush=True)
    return failures


def main(arguments: list[str] | None = None) -> int:
    """Run them; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="how many kills (default: 100)")
    parser.add_argument("--victims", nargs="+", choices=VICTIMS, help="whom to kill, in this order, instead of rounds")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32), help="to repeat a run")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    victims = options.victims or [rng.choice(VICTIMS) for _ in range(options.rounds)]
    with scene.stage() as on:
        failures = asyncio.run(endure(on, victims, rng))
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{len(failures)} failures" if failures else "no failure")
    return 1 if failures else 0


if __name__ == "__main__":
    scene.end_in_order()
    sys.exit(main())
