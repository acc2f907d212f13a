"""The collector at the end of real sockets and shared memory, told things by the probe's own emitter, and by
strangers.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from inspector.collector import Collector
from inspector.live import LiveExchanges
from inspector.model import Exchange, Worker
from inspector.probe.emitter import Emitter
from inspector.probe.encode import encode
from tests.support.recorder import KeepingRecorder

DEADLINE = 10.0
TOKEN = "the token"


class Listener:
    """``inspector.collector.WorkerListener``."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def worker_connected(self, instance: int, pid: int, ppid: int, info: dict[str, Any]) -> Worker:
        self.heard.append(("connected", instance, pid, ppid))
        return Worker(id=pid * 10, instance=instance, slot=1, generation=1, pid=pid)

    def worker_ready(self, worker: Worker, t: int) -> None:
        self.heard.append(("ready", worker.id, t))

    def worker_gone(self, worker: Worker, t: int) -> None:
        self.heard.append(("gone", worker.id, t))

    def boot_error(self, instance: int, t: int, text: str) -> None:
        self.heard.append(("boot-error", instance, text))

    def master_event(self, instance: int, event: str, pid: int, value: int, t: int) -> None:
        self.heard.append((event, instance, pid, value, t))


class World:
    """A collector, and those around it."""

    def __init__(self, folder: str) -> None:
        self.path = f"{folder}/collector"
        self.recorder = KeepingRecorder()
        self.listener = Listener()
        self.live = LiveExchanges(self.recorder)  # type: ignore[arg-type]
        self.collector = Collector(self.recorder, self.live, self.listener, lambda: 99)  # type: ignore[arg-type]
        self.emitters: list[Emitter] = []

    def worker(self, pid: int = 5, *, ring: bool = True, role: str = "worker", token: str = TOKEN) -> Emitter:
        emitter = Emitter()
        place = f"{self.path}.{pid}" if ring else ""
        info: dict[str, str] = {}
        assert emitter.connect(self.path, ("hello", 1, token, role, pid, 4, 0, info), place)
        self.emitters.append(emitter)
        return emitter

    def file(self, number: int, content: bytes) -> str:
        path = Path(f"{self.path}.{number}")
        path.write_bytes(content)
        return str(path)

    def stranger(self, data: bytes) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.connect(self.path)
        made.sendall(data)
        return made

    async def until(self, condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, self.listener.heard
            await asyncio.sleep(0.001)

    def heard(self, *what: Any) -> bool:
        return what in self.listener.heard


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        made = World(folder)
        await made.collector.start(made.path)
        made.collector.expect(1, TOKEN)
        made.collector.expect(2, "another")
        try:
            yield made
        finally:
            await made.collector.close()
            for emitter in made.emitters:
                emitter.abandon()


def call(number: int, xid: int = 0) -> bytes:
    return encode(("call", xid, number, 10, "WSGI", "http", {"PATH_INFO": "/"}, "MainThread"))


@pytest.mark.parametrize("ring", [True, False])
def test_a_workers_life(ring: bool) -> None:
    async def run() -> None:
        async with world() as made:
            exchange = Exchange(id=7, opened_ns=1, request_head=b"GET / HTTP/1.1\r\n\r\n")
            made.live.add(exchange, expects_app=True)
            emitter = made.worker(ring=ring)
            emitter.now(encode(("ready", 3)))
            messages = emitter.begin(1, call(1, xid=7))
            messages.append((11, "out", "start_response", 0, None, b"", "", {"status": "200 OK"}))
            await made.until(lambda: exchange.called_ns)
            assert made.listener.heard == [("connected", 1, 5, 4), ("ready", 50, 3)]
            assert made.live.in_hand(50) == (7,)
            emitter.finish(1, 12, "", messages)
            await made.until(lambda: exchange.app_done)
            assert [row[5] for row in made.recorder.rows] == ["call", "start_response"]
            emitter.now(encode(("lost", 4)))
            emitter.abandon()
            await made.until(lambda: made.heard("gone", 50, 99))
            assert made.recorder.lost == {"probe events": 4}

    asyncio.run(run())


def test_all_that_a_worker_said_comes_before_its_end() -> None:
    async def run() -> None:
        async with world() as made:
            emitter = made.worker()
            for number in range(1, 2001):
                emitter.finish(number, 12, "", emitter.begin(number, call(number)))
            emitter.begin(2001, call(2001))
            in_hand: list[Any] = []
            made.listener.worker_gone = lambda worker, t: in_hand.append(made.live.in_hand(50))  # type: ignore[method-assign]
            emitter.abandon()
            await made.until(lambda: in_hand)
            assert len(in_hand[0]) == 1, "only the last call had not ended"
            assert len(made.recorder.rows) == 2001

    asyncio.run(run())


def test_a_worker_that_was_silent_is_heard_again() -> None:
    async def run() -> None:
        async with world() as made:
            emitter = made.worker()
            for pause in (0.0, 0.5, 0.0):  # longer than the collector looks in vain before it sleeps
                await asyncio.sleep(pause)
                seen = len(made.recorder.rows)
                emitter.finish(1, 12, "", emitter.begin(1, call(1)))
                await made.until(lambda seen=seen: len(made.recorder.rows) > seen)

    asyncio.run(run())


def test_what_a_master_tells() -> None:
    async def run() -> None:
        async with world() as made:
            emitter = made.worker(role="master", ring=False, token="another")
            for frame in (
                ("born", 5, 1), ("signal", 5, 15, 2), ("exited", 5, 9, 3), ("boot-error", 4, "Traceback"),
                ("ready", 5), ("of a later probe", 1),
            ):  # fmt: skip
                emitter.now(encode(frame))
            await made.until(lambda: made.heard("boot-error", 2, "Traceback"))
            assert made.listener.heard[:3] == [("born", 2, 5, 0, 1), ("signal", 2, 5, 15, 2), ("exited", 2, 5, 9, 3)]
            assert not made.heard("connected", 2, 5, 4)

    asyncio.run(run())


HELLO = ("hello", 1, TOKEN, "worker", 5, 4, 0, {})


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("<I", 65 << 20),
        encode(("ready", 3)),
        encode((*HELLO[:1], 2, *HELLO[2:])),
        encode((*HELLO[:2], "guessed", *HELLO[3:])),
        encode((*HELLO[:3], "intruder", *HELLO[4:])),
        encode((*HELLO[:7], {"ring": "/etc/passwd"})),
        encode(HELLO) + encode(("ready", "soon")),
    ],
)
def test_strangers_are_turned_away_and_others_served(data: bytes) -> None:
    async def run() -> None:
        async with world() as made:
            with made.stranger(data) as stranger:
                stranger.settimeout(DEADLINE)
                await made.until(lambda: made.collector.refused)
                assert stranger.recv(1) == b""
            assert made.recorder.lost == {"probe connections": 1}
            made.worker(6).now(encode(("ready", 3)))
            await made.until(lambda: made.heard("ready", 60, 3))
            assert not any(event[0] == "gone" for event in made.listener.heard)

    asyncio.run(run())


def test_a_ring_beside_the_socket_must_be_one() -> None:
    async def run() -> None:
        async with world() as made:
            for number, content in enumerate((b"", b"\xff" * 1000)):
                path = made.file(number, content)
                with made.stranger(encode((*HELLO[:7], {"ring": path}))):
                    await made.until(lambda number=number: made.collector.refused == number + 1)

    asyncio.run(run())


def test_who_says_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.collector.HELLO_WITHIN", 0.01)

    async def run() -> None:
        async with world() as made:
            with made.stranger(b""):
                await made.until(lambda: made.collector.refused)

    asyncio.run(run())


def test_the_forgotten_may_not_come_back() -> None:
    async def run() -> None:
        async with world() as made:
            made.collector.forget(1)
            made.collector.forget(1)
            with made.stranger(encode(HELLO)):
                await made.until(lambda: made.collector.refused)

    asyncio.run(run())


@pytest.mark.parametrize("ring", [True, False])
def test_closing_takes_what_was_said_and_tells_of_those_that_had_gone(ring: bool) -> None:
    async def run() -> None:
        async with world() as made:
            gone, alive = made.worker(5, ring=ring), made.worker(6, ring=ring)
            await made.until(lambda: len(made.listener.heard) == 2)
            for emitter in (gone, alive):
                emitter.finish(1, 12, "", emitter.begin(1, call(1)))
            gone.abandon()
            await made.collector.close()
            assert len(made.recorder.rows) == 2
            assert [event[:2] for event in made.listener.heard if event[0] == "gone"] == [("gone", 50)]
            await made.collector.close()

    asyncio.run(run())


def test_a_collector_that_never_started_closes() -> None:
    async def run() -> None:
        recorder: Any = KeepingRecorder()
        await Collector(recorder, LiveExchanges(recorder), Listener(), lambda: 0).close()

    asyncio.run(run())


def test_uvloop_does_as_well() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def run() -> None:
        async with world() as made:
            emitter = made.worker()
            emitter.now(encode(("ready", 3)))
            await made.until(lambda: made.heard("ready", 50, 3))
            other = made.worker(6, ring=False)
            await made.until(lambda: made.heard("connected", 1, 6, 4))
            other.now(encode(("ready", 4)))
            await made.collector.close()
            assert made.heard("ready", 60, 4)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
