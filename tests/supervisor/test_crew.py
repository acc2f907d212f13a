"""Lives and deaths of workers, which are real processes here; what masters and probes say is put in by the tests."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector.live import LiveExchanges
from inspector.model import Exchange, Instance, Kind, Worker, WorkerState
from inspector.store.reader import TraceReader
from inspector.store.writer import TraceWriter
from supervisor.crew import Crew
from supervisor.death import Order
from supervisor.lines import understand
from supervisor.servers.base import Mode
from supervisor.servers.catalogue import MODES
from supervisor.servers.custom import CUSTOM
from supervisor.tree.watch import OomKills


class Stage:
    """A crew, its trace, and the processes that play its workers."""

    def __init__(self, folder: Path, mode: Mode, workers: int) -> None:
        self.writer = TraceWriter(folder / "t.gatescope")
        self.live = LiveExchanges(self.writer)
        self.events: list[tuple[str, int, int]] = []
        self.loops = 0
        instance = Instance(id=1, app="a", target="m:a", mode=mode.slug, interface="WSGI", workers=workers, threads=1)
        self.crew = Crew(
            instance=instance, mode=mode, live=self.live, clock=time.monotonic_ns, changed=self.changed,
            looping=self.looping,
        )  # fmt: skip
        self.processes: list[subprocess.Popen[bytes]] = []

    def changed(self, worker: Worker, event: str) -> None:
        self.events.append((event, worker.slot, worker.generation))

    def looping(self) -> None:
        self.loops += 1

    def process(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        self.processes.append(process)
        return process

    def worker(self, *, ready: bool = True) -> Worker:
        worker = self.crew.connected(self.process().pid)
        if ready:
            self.crew.ready(worker, time.monotonic_ns())
        return worker

    def kill(self, worker: Worker, number: int = signal.SIGKILL) -> None:
        os.kill(worker.pid, number)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.writer.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Callable[[str, int], Stage]]:
    made: list[Stage] = []

    def make(mode: str = "gunicorn-sync", workers: int = 2) -> Stage:
        made.append(Stage(tmp_path, CUSTOM if mode == "custom" else MODES[mode], workers))
        return made[-1]

    yield make
    for one in made:
        one.close()


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(20):
            await scene()

    asyncio.run(main())


async def exited(worker: Worker) -> None:
    while worker.state != WorkerState.EXITED:  # noqa: ASYNC110 - a state has no event
        await asyncio.sleep(0.005)


def test_a_death_from_outside(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage()
        worker = on.worker()
        exchange = Exchange(id=7, worker=worker.id, called_ns=1)
        on.live.add(exchange, expects_app=True)
        began = time.monotonic()
        on.kill(worker)
        on.crew.disconnected(worker)
        await exited(worker)
        assert time.monotonic() - began < 1
        assert (worker.cause, worker.signal, worker.exit_code) == ("killed", 9, None)
        assert worker.outcome == "was killed by SIGKILL (not sent by its master)"
        assert worker.in_hand == (7,)
        assert exchange.error == "its worker was killed by SIGKILL (not sent by its master)"
        assert on.events == [("born", 1, 1), ("ready", 1, 1), ("exited", 1, 1)]

    play(scene)


def test_the_successor_takes_the_slot(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage()
        first, second = on.worker(), on.worker()
        assert (first.slot, second.slot) == (1, 2)
        on.kill(first)
        await exited(first)
        third = on.worker()
        assert (third.slot, third.generation) == (1, 2)
        assert on.crew.outcomes[1].startswith("was killed")
        assert on.crew.ready_count == 2

    play(scene)


def test_what_the_master_did_is_told_apart(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage()
        worker = on.worker()
        now = time.monotonic_ns()
        on.crew.master_said("signal", worker.pid, signal.SIGABRT, now)
        on.kill(worker, signal.SIGABRT)
        on.crew.master_said("exited", worker.pid, signal.SIGABRT, now)
        await exited(worker)
        assert worker.cause == "timeout"
        assert "it had not answered in time" in worker.outcome

    play(scene)


def exit_detail(on: Stage, worker: Worker) -> dict[str, Any]:
    on.writer.flush()
    with TraceReader(on.writer.path) as reader:
        return next(event.detail for event in reader.worker_events(worker.id) if event.event == "exited")


def test_what_a_hanging_worker_was_doing_is_known_from_before_its_master_cut_it_off(
    stage: Callable[..., Stage],
) -> None:
    """gunicorn's sync worker makes an exception of SIGABRT, so that the request is over before the worker is."""

    async def scene() -> None:
        on = stage()
        worker = on.worker()
        now = time.monotonic_ns()
        hung = Exchange(id=7, method="GET", target="/hang?a=b", worker=worker.id, called_ns=now - 2_000_000_000)
        hung.last_type, hung.last_ns = "call", hung.called_ns
        answered = Exchange(id=8, worker=worker.id, called_ns=now - 1)
        lifespan = Exchange(id=9, kind=Kind.LIFESPAN, worker=worker.id, called_ns=now - 1)
        for exchange in (hung, answered, lifespan):
            on.live.add(exchange, expects_app=True)
        on.crew.master_said("signal", worker.pid, signal.SIGABRT, now)
        for exchange, error in ((hung, "the application raised SystemExit: 1"), (answered, "")):
            on.live.app_returned(exchange, now + 1, error)
            on.live.wire_closed(exchange, now + 2)
        on.kill(worker, signal.SIGABRT)
        on.crew.master_said("exited", worker.pid, signal.SIGABRT, now)
        await exited(worker)
        assert (worker.cause, worker.in_hand) == ("timeout", (7,))
        assert hung.error == f"its worker {worker.outcome}"
        [held] = exit_detail(on, worker)["held"]
        assert held == {
            "exchange": 7, "method": "GET", "path": "/hang", "elapsed_ms": 2000.0, "last": "call",
            "last_age_ms": 2000.0,
        }  # fmt: skip

    play(scene)


def test_a_kill_while_the_kernel_was_short_of_memory(stage: Callable[..., Stage], tmp_path: Path) -> None:
    """What is read here is a tree as the kernel shows it: to be killed by the kernel takes rights of its own."""

    async def scene() -> None:
        on = stage()
        shot, other = on.worker(), on.worker()
        counter = tmp_path / "sys" / "memory.events"
        for path, text in ((tmp_path / "proc" / "self" / "cgroup", "0::/"), (counter, "oom 0\noom_kill 3\n")):
            path.parent.mkdir(parents=True)
            path.write_text(text)
        on.crew.lives[shot.pid].oom_kills = OomKills("self", tmp_path / "proc", tmp_path / "sys")
        on.crew.second_passed()
        counter.write_text("oom 1\noom_kill 4\n")
        on.kill(shot)
        on.kill(other)
        await exited(shot)
        await exited(other)
        assert (shot.cause, other.cause) == ("out of memory", "killed")
        assert "the kernel was killing for want of memory" in shot.outcome

    play(scene)


def test_a_crash_tells_where(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage()
        worker = on.worker()
        for line in ("Fatal Python error: Segmentation fault", "Current thread 0x1 (most recent call first):",
                     '  File "/srv/shop.py", line 12 in total'):  # fmt: skip
            on.crew.heard(understand(line), worker)
        on.kill(worker, signal.SIGSEGV)
        await exited(worker)
        assert worker.outcome == "crashed with SIGSEGV (a fault in native code) at shop.py:12, in total"
        assert "line 12 in total" in exit_detail(on, worker)["stack"]

    play(scene)


def test_a_worker_that_its_master_outlived_is_no_orphan(stage: Callable[..., Stage]) -> None:
    """Hypercorn's master ends with its first worker, maybe before that one's death is judged."""

    async def scene() -> None:
        on = stage("hypercorn", 2)
        worker = on.worker()
        on.kill(worker)
        on.crew.master_said("exited", worker.pid, signal.SIGKILL, time.monotonic_ns())
        on.crew.master_gone = True
        await exited(worker)
        assert (worker.cause, worker.signal) == ("killed", signal.SIGKILL)

    play(scene)


def test_a_master_that_kills_the_dead_did_not_kill_it(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage("uvicorn", 2)
        worker = on.worker()
        on.kill(worker)
        while not on.crew.lives[worker.pid].ended_ns:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        on.crew.master_said("signal", worker.pid, signal.SIGKILL, time.monotonic_ns())
        await exited(worker)
        assert worker.cause == "killed"

    play(scene)


def test_ordered_ends_are_graceful(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage("uvicorn", 2)
        worker, slow = on.worker(), on.worker()
        on.crew.stopping(Order.STOP)
        assert worker.state == WorkerState.STOPPING
        on.kill(worker, signal.SIGTERM)
        await exited(worker)
        assert worker.cause == "graceful"
        on.crew.stopping(Order.KILL)
        on.kill(slow)
        await on.crew.gone(5)
        assert slow.cause == "forced"

    play(scene)


def test_a_closed_connection_is_no_death(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage()
        worker = on.worker()
        on.crew.disconnected(worker)
        await asyncio.sleep(0.1)
        assert worker.state == WorkerState.READY
        await on.crew.gone(0.01)
        assert worker.cause == "unknown"

    play(scene)


def test_a_worker_that_was_dead_before_it_could_be_watched(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage()
        process = on.process()
        process.kill()
        process.wait()
        on.crew.master_said("signal", process.pid, 9, time.monotonic_ns())
        on.crew.master_said("born", process.pid, 0, 123)
        worker = on.crew.connected(process.pid)
        assert worker.born_ns == 123
        on.crew.disconnected(worker)
        on.crew.master_said("exited", process.pid, 9, time.monotonic_ns())
        await exited(worker)
        assert worker.cause == "timeout"

    play(scene)


@pytest.mark.parametrize("ready", [True, False])
def test_a_loop_of_young_deaths_is_noticed(stage: Callable[..., Stage], ready: bool) -> None:
    async def scene() -> None:
        on = stage()
        for _ in range(5):
            worker = on.worker(ready=ready)
            on.kill(worker)
            await exited(worker)
        assert on.loops == 1
        assert worker.generation == 5
        assert not on.crew.loop_over
        on.crew.begin_again()
        assert on.crew.loop_over

    play(scene)


def test_what_the_user_or_a_request_kills_is_no_loop(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage()
        for number in range(6):
            worker = on.worker()
            if number % 2:
                life = on.crew.living(worker.slot)
                assert life is not None
                assert on.crew.send(life, signal.SIGKILL)
            else:
                on.live.add(Exchange(id=100 + number, worker=worker.id, called_ns=1), expects_app=True)
                on.kill(worker)
            await exited(worker)
        assert on.loops == 0
        assert worker.outcome == "was killed by SIGKILL, which Gatescope was asked to send"

    play(scene)


def test_a_pause_is_seen_whoever_makes_it(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage()
        worker = on.worker()
        life = on.crew.living(1)
        assert life is not None
        on.crew.send(life, signal.SIGSTOP)
        assert worker.state == WorkerState.PAUSED
        assert on.crew.ready_count == 0
        on.kill(worker, signal.SIGCONT)
        while worker.state == WorkerState.PAUSED:
            on.crew.second_passed()
            await asyncio.sleep(0.005)
        on.kill(worker, signal.SIGSTOP)
        while worker.state != WorkerState.PAUSED:
            on.crew.second_passed()
            await asyncio.sleep(0.005)
        on.crew.wake()
        assert worker.state == WorkerState.READY
        assert [event for event, _, _ in on.events[2:]] == ["paused", "resumed", "paused", "resumed"]
        on.kill(worker)
        await exited(worker)
        assert on.crew.living(1) is None
        assert on.crew.living(7) is None
        assert not on.crew.send(life, signal.SIGCONT)

    play(scene)


LINE = "[2026-01-31 12:00:00 +0000] [{}] [INFO] {}"


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("Handling signal: hup", "reload"),
        ("Handling signal: ttou", "scale-down"),
        ("Handling signal: term", "graceful"),
        ("nothing of the kind", "graceful"),
    ],
)
def test_why_a_master_ends_a_worker(stage: Callable[..., Stage], line: str, cause: str) -> None:
    async def scene() -> None:
        on = stage("gunicorn-uvicorn", 2)
        worker = on.worker()
        assert on.crew.heard(understand(LINE.format(1, line)), None) is None
        on.crew.master_said("signal", worker.pid, signal.SIGTERM, time.monotonic_ns())
        assert worker.state == WorkerState.STOPPING
        assert on.crew.staff == 0
        on.kill(worker, signal.SIGTERM)
        await exited(worker)
        assert worker.cause == cause

    play(scene)


@pytest.mark.parametrize("named", [True, False])
def test_a_remark_about_a_worker(stage: Callable[..., Stage], named: bool) -> None:
    async def scene() -> None:
        on = stage("uvicorn", 2)
        worker, other = on.worker(), on.worker()
        said = understand(LINE.format(worker.pid, "Handling signal: hup"))
        assert on.crew.heard(said, None) is worker  # which is no master: it says so of nobody
        assert on.crew.reason is None
        limit = understand("INFO:     Maximum request limit of 50 exceeded. Terminating process.")
        assert on.crew.heard(limit, worker if named else None) is (worker if named else None)
        on.kill(worker, signal.SIGTERM)
        await exited(worker)
        assert worker.cause == "max-requests"
        on.kill(other)
        await exited(other)
        assert other.cause == "killed"

    play(scene)


def test_one_that_makes_way_for_newer_code(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage("custom", 1)
        assert (on.crew.reported, on.crew.master) == (False, False)
        worker = on.worker()
        assert (on.crew.reported, on.crew.steadfast) == (True, 1)
        on.crew.master_said("reloading", worker.pid, 0, time.monotonic_ns())
        assert on.events[-1] == ("reloading", 1, 1)
        assert (on.crew.ready_count, on.crew.steadfast, on.crew.master) == (1, 0, False)
        on.crew.master_said("signal", worker.pid, signal.SIGTERM, time.monotonic_ns())
        assert on.crew.master  # whoever tells that is one
        on.kill(worker, signal.SIGTERM)
        await exited(worker)
        assert worker.cause == "reload"
        on.crew.master_said("reloading", worker.pid, 0, time.monotonic_ns())  # late news
        assert on.events[-1] == ("exited", 1, 1)
        on.crew.begin_again()
        assert not on.crew.reported

    play(scene)


def test_a_second_connection_is_the_same_worker(stage: Callable[..., Stage]) -> None:
    async def scene() -> None:
        on = stage()
        worker = on.worker()
        assert on.crew.connected(worker.pid) is worker
        on.kill(worker)
        await exited(worker)
        on.crew.ready(worker, 1)  # said before its end, read after
        assert worker.state == WorkerState.EXITED

    play(scene)
