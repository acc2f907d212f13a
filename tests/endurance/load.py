"""Clients that ask on and on and check every answer: over HTTP, over WebSockets, and wrk where it is installed."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import websockets

#: Seconds until an answer, or a message that comes back, is given up.
PATIENCE = 60.0
#: RFC 6455's registry of close codes: the service is restarted.
SERVICE_RESTART = 1012

_marks = count(1)


class BadAnswerError(Exception):
    """An answer, or the lack of one, that no client should get."""


@dataclass(slots=True)
class Load:
    """Connections that send one request after the other, each with a mark of its own; every fourth has a body.

    ``answered``: when the last byte of the answer to each mark was read (``time.monotonic_ns``). ``failures``: when
    something else came, and what. ``pause``: seconds between an answer and the next request of a connection.
    """

    url: str
    connections: int = 16
    pause: float = 0.005
    answered: dict[int, int] = field(default_factory=dict)
    failures: list[tuple[int, str]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        """Begin, on the running loop."""
        self._tasks = [asyncio.create_task(self._ask_on()) for _ in range(self.connections)]

    async def stop(self) -> None:
        """End, in the middle of whatever it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def more(self, number: int = 20) -> None:
        """Wait for so many answers more. Raises TimeoutError."""
        goal = len(self.answered) + number
        async with asyncio.timeout(PATIENCE):
            while len(self.answered) < goal:  # noqa: ASYNC110 - somebody else's list
                await asyncio.sleep(0.005)

    async def _ask_on(self) -> None:
        address = urlsplit(self.url)
        while True:
            writer = None
            try:
                reader, writer = await asyncio.open_connection(address.hostname, address.port)
                while await self._ask(reader, writer):  # noqa: ASYNC110 - a pace, not a wait
                    await asyncio.sleep(self.pause)
            except (OSError, asyncio.IncompleteReadError, BadAnswerError, TimeoutError) as error:
                self.failures.append((time.monotonic_ns(), repr(error)))
                await asyncio.sleep(0.02)
            finally:
                if writer is not None:
                    writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request. Whether the connection can take another."""
        mark = next(_marks)
        body = b"x" * (mark % 1000) if mark % 4 == 0 else b""
        head = f"{'POST' if body else 'GET'} /{mark} HTTP/1.1\r\nHost: endurance\r\n"
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{head}{length}\r\n".encode() + body)
        async with asyncio.timeout(PATIENCE):
            status, answer, keep = await read_answer(reader)
        if (status, answer) != (200, b"right /%d %d" % (mark, len(body))):
            raise BadAnswerError(f"{'POST' if body else 'GET'} /{mark}: {status} {answer[:200]!r}")
        self.answered[mark] = time.monotonic_ns()
        return keep


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Status and body of one response, and whether the connection stays. Raises what streams raise."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip().lower() for name, _, value in (line.partition(":") for line in lines)}
    version, status, *_ = first.split(" ")
    if "content-length" in fields:
        body = await reader.readexactly(int(fields["content-length"]))
    else:
        body = await reader.read()
    return int(status), body, version == "HTTP/1.1" and fields.get("connection") != "close"


@dataclass(slots=True)
class Sockets:
    """WebSockets that send a message, wait until it comes back, and so on; opened again when they were closed.

    ``closed``: how often with which code. ``failures``: everything but a close with 1012, and when.
    """

    url: str
    number: int = 4
    exchanged: int = 0
    closed: Counter[int] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        """Open them, on the running loop."""
        self._tasks = [asyncio.create_task(self._talk_on()) for _ in range(self.number)]

    async def stop(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _talk_on(self) -> None:
        while True:
            try:
                async with websockets.connect(
                    self.url.replace("http:", "ws:"), open_timeout=PATIENCE, ping_interval=None, proxy=None
                ) as connection:
                    await self._talk(connection)
            except websockets.ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                self.closed[code] += 1
                if code != SERVICE_RESTART:
                    self._fail(f"closed with {code}: {closed!r}")
            except (OSError, BadAnswerError, TimeoutError, websockets.WebSocketException) as error:
                self._fail(repr(error))
                await asyncio.sleep(0.02)

    async def _talk(self, connection: websockets.ClientConnection) -> None:
        for number in count():
            await connection.send(str(number))
            async with asyncio.timeout(PATIENCE):
                answer = await connection.recv()
            if answer != f"right {number}":
                raise BadAnswerError(f"message {number} came back as {answer!r}")
            self.exchanged += 1
            await asyncio.sleep(0.01)

    def _fail(self, what: str) -> None:
        self.failures.append((time.monotonic_ns(), what))


# wrk calls request and response in a thread's own Lua, done in the main one. Its counters are globals so that done can
# get at them. A 'right' answer names a path and a length; whose it is cannot be told, as the connections are mixed.
_LUA = """
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init(args) asked, wrong, sample = 0, 0, "" end
function delay() return %d end
function request() asked = asked + 1; return wrk.format("GET", "/" .. asked) end
function response(status, headers, body)
  if status ~= 200 or not string.match(body, "^right /%%d+ 0$") then
    wrong = wrong + 1
    if wrong == 1 then sample = status .. " " .. body end
  end
end
function done(summary, latency, requests)
  local file = io.open("%s", "w")
  local bad, first = 0, ""
  for _, thread in ipairs(threads) do
    bad = bad + thread:get("wrong")
    first = first .. thread:get("sample")
  end
  local e = summary.errors
  file:write(string.format('{"requests": %%d, "connect": %%d, "read": %%d, "write": %%d, "timeout": %%d, ',
    summary.requests, e.connect, e.read, e.write, e.timeout))
  file:write(string.format('"status": %%d, "wrong": %%d, "p99_ms": %%.1f, "max_ms": %%.1f}',
    e.status, bad, latency:percentile(99) / 1e3, latency.max / 1e3))
  file:close()
  if first ~= "" then print("first wrong answer: " .. first) end
end
"""


class Wrk:
    """wrk with 16 connections, for as long as it is let. ``pause``: milliseconds before each request."""

    def __init__(self, url: str, pause: int = 5) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gs-wrk-")
        self._report = Path(self._folder.name) / "report.json"
        self._script = Path(self._folder.name) / "load.lua"
        self._script.write_text(_LUA % (pause, self._report))
        self._url = url
        self._process: asyncio.subprocess.Process | None = None

    @staticmethod
    def there() -> bool:
        """Whether it is installed."""
        return shutil.which("wrk") is not None

    async def start(self) -> None:
        """Begin."""
        options = ["-t1", "-c16", "-d2h", "--timeout", f"{PATIENCE:g}s", "-s", str(self._script), self._url]
        self._process = await asyncio.create_subprocess_exec("wrk", *options, stdout=asyncio.subprocess.PIPE)

    async def stop(self) -> tuple[dict[str, float], list[str]]:
        """End; its figures, and what failed."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(2)
        printed, _ = await asyncio.wait_for(self._process.communicate(), PATIENCE)
        try:
            figures: dict[str, float] = json.loads(self._report.read_text())
        except (OSError, ValueError):
            return {}, [f"wrk reported nothing: {printed.decode()}"]
        finally:
            self._folder.cleanup()
        failed = [f"{kind}: {figures[kind]}" for kind in ("connect", "read", "write", "timeout", "status", "wrong")
                  if figures[kind]]  # fmt: skip
        if failed:
            failed = [f"wrk: {', '.join(failed)}; {printed.decode()}"]
        return figures, failed
