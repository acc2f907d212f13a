"""The control socket: takes commands from any number of clients, replies once to each, sends events to subscribers.

A thin shell around the codec. It knows nothing of applications: an ``Executor`` carries commands out. A client that
does not read is not waited for: events for it are left out while its buffer is full, and each event is a whole
state, so that the next one makes up for those.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from supervisor.control import codec
from supervisor.control.messages import (
    PROTOCOL_VERSION,
    Command,
    Event,
    Finished,
    Hello,
    InstallServer,
    Problem,
    Refused,
    ReplayBeside,
    Reply,
    Subscribe,
    Welcome,
)
from supervisor.control.place import secure

log = logging.getLogger(__name__)

#: A client with this much unread gets no more events until it reads.
FULL = 4 * 1024 * 1024

#: Commands that end with the client that asked: who closes its side of the connection wants no more of them.
BOUND = (InstallServer, ReplayBeside)


class Executor(Protocol):
    """Carries commands out."""

    async def execute(self, command: Command, tell: Callable[[Event], None]) -> Reply:
        """The reply to ``command``. Must not raise for what a user can ask for.

        ``tell`` sends an event to the client that asked, and to no other. A command that only that client has a use for
        (``BOUND``) is cancelled when it goes.
        """
        ...

    def snapshot(self) -> list[Event]:
        """What a new subscriber has missed: one event for each application and replay there is."""
        ...


class ControlServer:
    """Listens on a Unix socket of the user's own.

    ``on_clients`` is told the number of connected clients whenever it changes.
    """

    def __init__(self, executor: Executor, on_clients: Callable[[int], None]) -> None:
        self._executor = executor
        self._on_clients = on_clients
        self._clients: set[_Client] = set()
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._alone = asyncio.Event()
        self._alone.set()

    async def start(self, path: Path) -> None:
        """Listen at ``path``. Raises UnsafeDirectoryError or OSError."""
        secure(path.parent)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # a killed supervisor with the same pid left it
        old = os.umask(0o177)
        try:
            self._server = await asyncio.get_running_loop().create_unix_server(lambda: _Client(self), os.fspath(path))
        finally:
            os.umask(old)
        self._path = path

    def broadcast(self, event: Event) -> None:
        """Send ``event`` to every subscriber."""
        line = b""
        for client in self._clients:
            if client.subscribed:
                line = line or codec.encode(event)
                client.offer(line)

    async def close(self) -> None:
        """Stop listening, cut the clients, remove the socket."""
        if self._server is None or self._path is None:
            return
        # The path goes first, and those who came in time are let in: asyncio does not bear a server that is closed
        # between accepting a connection and making its transport.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        await asyncio.sleep(0.01)
        self._server.close()
        for client in list(self._clients):
            client.close()
        await self._until_alone(1.0)
        for client in list(self._clients):  # it does not read its last words
            client.transport.abort()
        await self._until_alone(1.0)
        await self._server.wait_closed()
        self._server = None

    async def _until_alone(self, limit: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._alone.wait()

    def came(self, client: _Client) -> None:
        """A client connected."""
        self._clients.add(client)
        self._alone.clear()
        self._on_clients(len(self._clients))

    def went(self, client: _Client) -> None:
        """A client is gone."""
        self._clients.discard(client)
        if not self._clients:
            self._alone.set()
        self._on_clients(len(self._clients))

    async def answer(self, client: _Client, command: Command) -> Reply:
        """Do what ``command`` says, whatever happens."""
        if isinstance(command, Hello):
            return client.greet(command)
        if not client.greeted:
            return Refused(id=command.id, problem=Problem(what="The first message must be Hello.", usage=True))
        if isinstance(command, Subscribe):
            client.subscribe(self._executor.snapshot())
            return Finished(id=command.id)
        try:
            return await self._executor.execute(command, client.tell)
        except Exception as error:  # a fault of ours: the client learns of it, the rest goes on
            log.exception("command %s failed", type(command).__name__)
            why = f"{type(error).__name__}: {error}"
            return Refused(id=command.id, problem=Problem(what="Gatescope failed to carry that out.", why=why))


class _Client(asyncio.Protocol):
    """One connection. Commands run beside each other; replies go out as they come."""

    transport: asyncio.Transport

    def __init__(self, server: ControlServer) -> None:
        self._server = server
        self._lines = codec.Lines()
        self._tasks: set[asyncio.Task[None]] = set()
        self._bound: set[asyncio.Task[None]] = set()
        self._done_asking = False
        self.greeted = False
        self.subscribed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of asyncio's
        self._server.came(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        self._abandon()
        self._server.went(self)

    def eof_received(self) -> bool:
        self._done_asking = True
        self._abandon()
        if not self._tasks:
            self.transport.close()
        return True  # what it asked before is still answered

    def data_received(self, data: bytes) -> None:
        try:
            lines = self._lines.feed(data)
        except codec.DecodeError as error:
            self._refuse(error)
            self.transport.close()
            return
        for line in lines:
            self._line(line)

    def _line(self, line: bytes) -> None:
        try:
            message = codec.decode(line)
        except codec.DecodeError as error:
            self._refuse(error)
            return
        if not isinstance(message, Command):
            self._refuse(codec.DecodeError(f"{type(message).__name__} is not a command", getattr(message, "id", 0)))
            return
        task = asyncio.get_running_loop().create_task(self._run(message))
        self._tasks.add(task)
        if isinstance(message, BOUND):
            self._bound.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._bound.discard(task)
        if self._done_asking and not self._tasks:
            self.transport.close()

    def _abandon(self) -> None:
        for task in self._bound:
            task.cancel()

    async def _run(self, command: Command) -> None:
        self.send(codec.encode(await self._server.answer(self, command)))

    def greet(self, hello: Hello) -> Reply:
        """Compare versions: a client of another one is told so and may try nothing else."""
        if hello.version != PROTOCOL_VERSION:
            what = f"This supervisor speaks version {PROTOCOL_VERSION} of the protocol, the client {hello.version}."
            why = "They come from different versions of Gatescope."
            return Refused(id=hello.id, problem=Problem(what=what, why=why, usage=True))
        self.greeted = True
        return Welcome(id=hello.id, version=PROTOCOL_VERSION, pid=os.getpid())

    def subscribe(self, missed: list[Event]) -> None:
        """Send events from now on, beginning with what there is."""
        self.subscribed = True
        for event in missed:
            self.send(codec.encode(event))

    def offer(self, line: bytes) -> None:
        """Send an event, unless the client does not keep up."""
        if self.transport.get_write_buffer_size() < FULL:
            self.send(line)

    def tell(self, event: Event) -> None:
        """Send an event that is for this client alone."""
        self.offer(codec.encode(event))

    def send(self, line: bytes) -> None:
        """Send a reply."""
        if not self.transport.is_closing():
            self.transport.write(line)

    def close(self) -> None:
        """Cut the connection once what was written has left."""
        self.transport.close()

    def _refuse(self, error: codec.DecodeError) -> None:
        problem = Problem(what="The supervisor did not understand a message.", why=str(error), usage=True)
        self.send(codec.encode(Refused(id=error.id, problem=problem)))
