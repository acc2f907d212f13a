"""Traffic to look at: drives the safe paths of the demo applications as a few people with browsers would.

Speaks HTTP and WebSocket to a URL and knows nothing else of the application: what it does not have (404, a refused
WebSocket) is left out from then on. Never asks for what harms a worker unless told to.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx
import websockets.asyncio.client
import websockets.exceptions

#: Seconds that what is under way at the end may still take.
_GRACE = 10.0
#: Seconds between two requests of a crowd, or two looks at a stream.
_CROWD_PAUSE = 3.0
_STREAM_PAUSE = 1.0
_CROWD = 10
#: Answers of a proxy in front of an application (RFC 9110 sections 15.6.3 to 15.6.5), not of that.
_NOBODY_THERE = (502, 503, 504)
_LARGE = bytes(range(256)) * 1024  # an upload of a quarter of a megabyte


@dataclass(slots=True)
class TrafficReport:
    """What came of it. ``answered`` counts answers (or WebSocket messages) by path; ``failed`` what got none or a 5xx.

    ``skipped`` are the paths that the application does not have.
    """

    answered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    skipped: set[str] = field(default_factory=set)
    problem: str = ""  #: the last failure, in words


async def drive(url: str, seconds: float, *, rate: float = 8.0, also: Sequence[str] = ()) -> TrafficReport:
    """Make traffic against ``url`` for ``seconds``, then end within ten more.

    ``rate``: small requests a second. ``also``: paths to ask for once besides, such as ``/error`` or ``/exit``.
    """
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with httpx.AsyncClient(base_url=url, timeout=_GRACE, limits=limits, trust_env=False) as client:
        driver = _Driver(client, url, rate, asyncio.get_running_loop().time() + seconds)
        people = [driver.browse(), driver.crowd(), driver.watch(), driver.echo(), driver.chat(), driver.ask(also)]
        tasks = [asyncio.ensure_future(person) for person in people]
        try:
            _, late = await asyncio.wait(tasks, timeout=seconds + _GRACE)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    if late:
        driver.report.problem = "Some requests were not answered in time."
    return driver.report


class _Driver:
    """The people: each method is one of them and returns when time is up."""

    def __init__(self, client: httpx.AsyncClient, url: str, rate: float, end: float) -> None:
        self.client = client
        self.sockets = "ws" + url.removeprefix("http").rstrip("/")
        self.pause = 1.0 / rate
        self.end = end
        self.report = TrafficReport()
        self.time = asyncio.get_running_loop().time

    async def browse(self) -> None:
        """Somebody who clicks through the small pages."""
        clicks: list[Callable[[], Awaitable[None]]] = [
            lambda: self.get("/"),
            lambda: self.get("/json", page="1", of="3"),
            lambda: self.get("/html"),
            lambda: self.get("/form"),
            lambda: self.send("/form", data={"name": "Ada Lovelace", "colour": "green"}),
            lambda: self.send("/upload", content=_LARGE, headers={"content-type": "application/octet-stream"}),
            lambda: self.send("/upload", files={"file": ("hello.txt", b"hello\n" * 100, "text/plain")}),
        ]
        for click in itertools.cycle(clicks):
            await click()
            if not await self.rest(self.pause):
                return

    async def crowd(self) -> None:
        """Ten people who ask for something slow at the same moment."""
        while await self.rest(0):
            await asyncio.gather(*(self.get("/slow", seconds="0.3") for _ in range(_CROWD)))
            await self.rest(_CROWD_PAUSE)

    async def watch(self) -> None:
        """Somebody who follows a stream, then events, and starts work in the background."""
        while await self.rest(0):
            await self.get("/stream", chunks="5", pause="0.1")
            await self.get("/sse", events="5", pause="0.1")
            await self.get("/background", seconds="0.5")
            await self.rest(_STREAM_PAUSE)

    async def ask(self, paths: Sequence[str]) -> None:
        """Somebody who asks for each of ``paths`` once."""
        for path in paths:
            await self.get(path)

    async def get(self, path: str, **query: str) -> None:
        """Ask for a page."""
        await self.request("GET", path, params=query)

    async def send(self, path: str, **content: object) -> None:
        """Send something to a page."""
        await self.request("POST", path, **content)

    async def request(self, method: str, path: str, **content: object) -> None:
        """One request, read to its end; what fails is counted, what is not there is not asked for again."""
        if path in self.report.skipped:
            return
        try:
            answer = await self.client.request(method, path, **content)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            self.report.failed[path] += 1
            self.report.problem = f"{path}: {error or type(error).__name__}"
            return
        if answer.status_code == httpx.codes.NOT_FOUND:
            self.report.skipped.add(path)
        elif answer.is_server_error:
            self.report.failed[path] += 1
            self.report.problem = f"{path}: status {answer.status_code}"
        else:
            self.report.answered[path] += 1

    async def echo(self) -> None:
        """Somebody who talks to the echo."""

        async def talk() -> None:
            async with self.open("/ws/echo") as socket:
                sayings: list[str | bytes] = ["hello", "Grüße", b"\x00\x01\x02"]
                for said in itertools.cycle(sayings):
                    await socket.send(said)
                    await socket.recv()
                    self.report.answered["/ws/echo"] += 1
                    if not await self.rest(0.5):
                        return

        await self.socket("/ws/echo", talk)

    async def chat(self) -> None:
        """Two people who talk to each other. With several workers they may never meet, but each hears itself."""

        async def talk() -> None:
            async with self.open("/ws/chat") as ada, self.open("/ws/chat") as bob:
                for number in itertools.count(1):
                    for who, name in ((ada, "Ada"), (bob, "Bob")):
                        said = f"{name}: message {number}"
                        await who.send(said)
                        while await who.recv() != said:
                            pass
                        self.report.answered["/ws/chat"] += 1
                        if not await self.rest(0.7):
                            return

        await self.socket("/ws/chat", talk)

    def open(self, path: str) -> websockets.asyncio.client.connect:
        """A WebSocket to ``path``."""
        return websockets.asyncio.client.connect(
            self.sockets + path, proxy=None, open_timeout=_GRACE, close_timeout=2, compression=None
        )

    async def socket(self, path: str, talk: Callable[[], Awaitable[None]]) -> None:
        """Let somebody talk over a WebSocket; connect again when the worker at the other end has gone."""
        while await self.rest(0):
            try:
                return await talk()
            except (OSError, websockets.exceptions.WebSocketException) as error:
                if isinstance(error, websockets.exceptions.InvalidHandshake) and not _from_the_proxy(error):
                    self.report.skipped.add(path)  # the application has none
                    return None
                self.report.failed[path] += 1
                self.report.problem = f"{path}: {error or type(error).__name__}"
                await self.rest(1)
        return None

    async def rest(self, seconds: float) -> bool:
        """Wait, but not past the end. Whether there is time left."""
        await asyncio.sleep(max(0.0, min(seconds, self.end - self.time())))
        return self.time() < self.end


def _from_the_proxy(error: Exception) -> bool:
    """Whether nobody could take the handshake just then: its worker had gone, or no server was there in time."""
    return isinstance(error, websockets.exceptions.InvalidStatus) and error.response.status_code in _NOBODY_THERE
