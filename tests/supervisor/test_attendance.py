"""The lines to workers: real worker processes attend, are asked, print into pipes of their own, and end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from supervisor.attendance import Attendance, SilenceError
from supervisor.launching import PROBE

WORKER = """
import importlib.util, os, sys, threading, time
place = sys.argv[1]
spec = importlib.util.spec_from_file_location("_p", place + "/__init__.py", submodule_search_locations=[place])
sys.modules["_p"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
from _p.attend import attend
attend(sys.argv[2], sys.argv[3], own_output=sys.argv[4] == "own")
print("hello from", os.getpid(), flush=True)
print("\\x1b[31mbad\\x1b[0m", file=sys.stderr, flush=True)


def idle():
    time.sleep(60)


idle()
"""


class Stage:
    def __init__(self, folder: Path) -> None:
        folder.chmod(0o700)
        self.lines: list[tuple[int, str, str]] = []
        self.news = asyncio.Event()
        self.attendance = Attendance(str(folder / "a"), "token", self.line)
        self.processes: list[subprocess.Popen[bytes]] = []

    def line(self, pid: int, stream: str, text: str) -> None:
        self.lines.append((pid, stream, text))
        self.news.set()

    async def worker(self, token: str = "token", output: str = "own") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", WORKER, str(PROBE), self.attendance.path, token, output]
        process = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    async def until(self, reached: Callable[[], object]) -> None:
        while not reached():
            self.news.clear()
            await self.news.wait()

    async def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
        await self.attendance.close()


def pause(process: subprocess.Popen[bytes]) -> None:
    """Stop all its threads."""
    process.send_signal(signal.SIGSTOP)
    tasks = Path(f"/proc/{process.pid}/task")
    while any(") T " not in (task / "stat").read_text() for task in tasks.iterdir()):
        pass


def play(folder: Path, scene: Callable[[Stage], Awaitable[None]]) -> None:
    async def main() -> None:
        on = Stage(folder)
        async with asyncio.timeout(30):
            await on.attendance.start()
            try:
                await scene(on)
            finally:
                await on.close()

    asyncio.run(main())


def test_a_worker_prints_into_pipes_of_its_own_and_says_what_it_does(tmp_path: Path) -> None:
    async def scene(on: Stage) -> None:
        one, two = await on.worker(), await on.worker()
        await on.until(lambda: len(on.lines) == 4)
        for process in (one, two):
            assert (process.pid, "stdout", f"hello from {process.pid}") in on.lines
            assert (process.pid, "stderr", "\x1b[31mbad\x1b[0m") in on.lines
        dumps = await asyncio.gather(*(on.attendance.ask(one.pid, 20) for _ in range(5)))
        for dump in dumps:
            [stack] = dump
            assert (stack["kind"], stack["name"], stack["state"]) == ("thread", "MainThread", "main")
            assert [frame[2] for frame in stack["frames"]] == ["<module>", "idle"]
        assert os.listdir(tmp_path) == ["a"]  # the pipes are known by their descriptors alone

    play(tmp_path, scene)


def test_the_only_process_keeps_the_pipes_it_has(tmp_path: Path) -> None:
    async def scene(on: Stage) -> None:
        process = await on.worker(output="shared")
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"hello from %d\n" % process.pid
        assert await on.attendance.ask(process.pid, 20)
        assert on.lines == []

    play(tmp_path, scene)


def test_those_who_are_gone_or_strange_do_not_answer(tmp_path: Path) -> None:
    async def scene(on: Stage) -> None:
        process = await on.worker()
        await on.until(lambda: len(on.lines) == 2)
        await asyncio.to_thread(pause, process)
        with pytest.raises(SilenceError, match="did not answer"):
            await on.attendance.ask(process.pid, 0.1)
        process.send_signal(signal.SIGCONT)
        assert await on.attendance.ask(process.pid, 20)  # a late answer is not taken for this one's
        await asyncio.to_thread(pause, process)
        asked = asyncio.ensure_future(on.attendance.ask(process.pid, 20))
        await asyncio.sleep(0)
        process.kill()
        with pytest.raises(SilenceError, match="it has ended"):
            await asked
        stranger = await on.worker(token="guessed")
        assert stranger.stdout is not None
        assert await asyncio.to_thread(stranger.stdout.readline) == b"hello from %d\n" % stranger.pid
        with pytest.raises(SilenceError, match="no line"):
            await on.attendance.ask(stranger.pid, 20)

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "hello", [b"nonsense\n", b"{}\n", b'{"token": "token", "pid": 1, "pipes": ["/etc/passwd", "/etc/passwd"]}\n']
)
def test_who_says_nonsense_is_sent_away(tmp_path: Path, hello: bytes) -> None:
    async def scene(on: Stage) -> None:
        reader, writer = await asyncio.open_unix_connection(on.attendance.path)
        writer.write(hello)
        assert await reader.read() == b""
        writer.close()

    play(tmp_path, scene)
