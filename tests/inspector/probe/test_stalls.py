"""The watch over the event loop, in real servers: what holds their loops up is told, and nothing else is."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from inspector.frames import Frame
from tests.inspector.probe import test_launch, test_other_servers
from tests.support.probed import FrameSink, Server, frame_sink, server

SITE = """
import asyncio, time


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/sleep":
        time.sleep(0.3)  # here
    elif scope["path"] == "/child":
        await asyncio.ensure_future(child())
    elif scope["path"] == "/native":
        sum(range(25_000_000))
    elif scope["path"] == "/polite":
        await asyncio.sleep(0.3)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def child():
    await asyncio.sleep(0.1)
    block()


def block():
    time.sleep(0.2)  # below
"""
MODES = {
    **{mode: test_launch.MODES[mode] for mode in ("uvicorn", "gunicorn-uvicorn")},
    **{mode: test_other_servers.MODES[mode] for mode in test_other_servers.ASGI_MODES if "*" not in mode},
    "uvicorn*asyncio": (*test_launch.MODES["uvicorn"], "--loop", "asyncio"),
    "hypercorn*uvloop": (*test_other_servers.MODES["hypercorn"], "--worker-class", "uvloop"),
}  # fmt: skip


@pytest.fixture
def sink() -> Iterator[FrameSink]:
    with frame_sink() as made:
        yield made


def serving(sink: FrameSink, folder: Path, mode: str, port: int = 0) -> AbstractContextManager[Server]:
    folder.joinpath("site_app.py").write_text(SITE)
    words = [word.replace("{port}", str(port)) for word in MODES[mode]]
    return server(sink, test_launch.slug(mode), folder, *words, interface="ASGI3")


def stall(sink: FrameSink, place: str) -> tuple[Frame, Frame]:
    """The stall whose stack ends at the line with ``place``: when it was noticed, and when it was over."""
    line = next(number for number, text in enumerate(SITE.splitlines(), 1) if text.endswith(f"# {place}"))

    def found() -> list[Frame]:
        mine = [frame for frame in sink.of("stall") if f'site_app.py", line {line}, in ' in frame[4]]
        return [frame for frame in sink.of("stall") if mine and frame[1] == mine[0][1]]

    noticed, over = sink.wait(lambda: found()[1:] and found(), f"the stall {place}")
    return noticed, over


def calls(sink: FrameSink) -> list[Frame]:
    return [frame for frame in sink.of("call") if frame[5] == "http"]


@pytest.mark.parametrize("mode", MODES)
def test_a_blocked_loop_is_told_with_its_stack(sink: FrameSink, tmp_path: Path, mode: str) -> None:
    with socket.socket() as keeper:  # granian listens itself
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.bind(("127.0.0.1", 0))
        port = keeper.getsockname()[1]
        with serving(sink, tmp_path, mode, port) as running:
            running.ready()
            running.port = port if mode == "granian" else running.port
            assert running.exchange(1, "/sleep") == (200, b"ok")
            noticed, over = stall(sink, "here")
            assert running.exchange(2, "/child") == (200, b"ok")
            inner, _ = stall(sink, "below")
            assert running.stop() in (0, -signal.SIGTERM), running.output
            assert "Traceback" not in running.output
    first, second = calls(sink)
    assert "time.sleep(0.3)" in noticed[4].splitlines()[-1]
    assert "_gatescope_probe" not in noticed[4]
    assert "/inspector/probe/" not in noticed[4]
    assert (noticed[2:4], over[1], over[3:]) == ((0, first[2]), noticed[1], (first[2], ""))
    assert abs(noticed[1] - first[3]) < 50_000_000
    assert 0.2 < (over[2] - over[1]) / 1e9 < 1
    assert inner[3] == second[2], "it was a task that the application's had started"


def test_native_code_that_lets_nobody_run_is_told_too(sink: FrameSink, tmp_path: Path) -> None:
    with serving(sink, tmp_path, "uvicorn") as running:
        running.ready()
        assert running.exchange(1, "/native") == (200, b"ok")
        over = sink.wait(lambda: next((frame for frame in sink.of("stall") if frame[2]), None), "a stall")
    assert over[2] - over[1] > 100_000_000


def test_a_pause_and_patience_are_no_stalls(sink: FrameSink, tmp_path: Path) -> None:
    with serving(sink, tmp_path, "uvicorn") as running:
        [worker] = running.ready()
        asked = threading.Thread(target=running.exchange, args=(1, "/polite"))
        asked.start()
        sink.wait(lambda: calls(sink), "the call")
        os.kill(worker, signal.SIGSTOP)
        time.sleep(0.3)  # for as long as a stall would be
        os.kill(worker, signal.SIGCONT)
        asked.join()
        assert running.exchange(2, "/sleep") == (200, b"ok")
        stall(sink, "here")
    assert [frame[3] for frame in sink.of("stall")] == [calls(sink)[1][2]] * 2
