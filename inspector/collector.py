"""Takes what the probes tell, and makes exchanges and messages of it.

A thin asyncio shell: a Unix socket that workers and masters connect to; ``inspector.frames`` cuts what they say, and
``inspector.calls`` joins it to the proxy's exchanges. Runs on the supervisor's one event loop thread. It knows who is
expected by instance and token, and nothing of how processes are started or what their ends mean: it tells a
``WorkerListener``.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
from collections.abc import Callable
from typing import Any, Protocol, cast

from inspector.calls import Calls
from inspector.frames import PROTOCOL, Frame, FrameDecoder, FrameError
from inspector.live import LiveExchanges
from inspector.model import Worker
from inspector.recording import Recorder
from inspector.ring import RingError, RingReader

#: Seconds between two looks at the memory of a worker with traffic. It is looked at by the clock and not when something
#: comes: to wake us would cost a call several times what all the rest of the probe does.
LOOK = 0.004

#: Looks in vain after which we ask to be woken, and seconds after which we look all the same.
IDLE_LOOKS = 60
NAP = 0.25

#: Bytes of one read of a socket.
PORTION = 256 << 10

#: Seconds that a connection has to say who it is.
HELLO_WITHIN = 10.0


class WorkerListener(Protocol):
    """Who wants to know of workers: the supervisor. Called on the loop's thread; nothing it does may block."""

    def worker_connected(self, instance: int, pid: int, ppid: int, info: dict[str, Any]) -> Worker:
        """A process that serves said hello; the answer is its row."""
        ...

    def worker_ready(self, worker: Worker, t: int) -> None:
        """``worker`` can serve."""
        ...

    def worker_gone(self, worker: Worker, t: int) -> None:
        """``worker`` closed its connection, which only its end does: all it said before has been taken in."""
        ...

    def boot_error(self, instance: int, t: int, text: str) -> None:
        """A process of ``instance`` could not load the application; ``text`` is the traceback."""
        ...

    def master_event(self, instance: int, event: str, pid: int, value: int, t: int) -> None:
        """``pid`` was ``born``, ``exited`` (``value``: wait status), got the ``signal`` ``value`` from its master, or
        is ``reloading``: about to end for newer code, as it or its master says.
        """
        ...


class Collector:
    """The socket that probes connect to.

    ``refused``: connections dropped because they were not a probe's of ours, or stopped making sense.
    """

    def __init__(
        self, recorder: Recorder, live: LiveExchanges, listener: WorkerListener, clock: Callable[[], int]
    ) -> None:
        self.recorder = recorder
        self.live = live
        self.listener = listener
        self.clock = clock
        self.refused = 0
        self._tokens: dict[int, str] = {}
        self._server: asyncio.AbstractServer | None = None
        self.path = ""
        self._connections: set[_Connection] = set()
        self._empty = asyncio.Event()

    async def start(self, path: str | os.PathLike[str]) -> None:
        """Listen at ``path``, which must not exist, in a folder that only the user may enter. Raises OSError."""
        loop = asyncio.get_running_loop()
        self.path = os.fspath(path)
        self._server = await loop.create_unix_server(lambda: _Connection(self, loop), self.path, backlog=512)

    def expect(self, instance: int, token: str) -> None:
        """From now on the processes of ``instance`` may connect; they know ``token``."""
        self._tokens[instance] = token

    def forget(self, instance: int) -> None:
        """No more connections of ``instance``; those there are go on until they end."""
        self._tokens.pop(instance, None)

    async def close(self) -> None:
        """Stop listening, take what was sent so far, and drop every connection.

        The listener hears of workers that had gone before, but not of those that live on.
        """
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.finish()
        if self._connections:
            await self._empty.wait()
        if self._server is not None:
            await self._server.wait_closed()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)

    def instance_of(self, token: str) -> int:
        """The instance that ``token`` was given to, or 0."""
        for instance, expected in self._tokens.items():
            if hmac.compare_digest(expected.encode(), token.encode("utf-8", "replace")):
                return instance
        return 0

    def joined(self, connection: _Connection) -> None:
        """A connection is there."""
        self._connections.add(connection)
        self._empty.clear()

    def left(self, connection: _Connection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()


class _Connection(asyncio.Protocol):
    """One process: unknown until its hello, then a worker or a master.

    What follows the hello comes through the socket, or where the hello names it, through shared memory; then the socket
    only wakes us, and shows when the process ends.
    """

    def __init__(self, collector: Collector, loop: asyncio.AbstractEventLoop) -> None:
        self._collector = collector
        self._loop = loop
        self._decoder = FrameDecoder()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ring: RingReader | None = None
        self._ring_decoder = FrameDecoder()
        self._idle = 0
        self._instance = 0
        self._worker: Worker | None = None
        self._calls: Calls | None = None
        self._dropped = False  # by us, while the process lives
        self._handle: Callable[[Frame], None] = self._hello

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for its hello, but not for ever."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self._collector.joined(self)
        self._timer = self._loop.call_later(HELLO_WITHIN, self._refuse)

    def data_received(self, data: bytes) -> None:
        """The hello, what a master says, and the bell."""
        self._take(self._decoder, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        """It ended, or we dropped it. What a worker had written before it died counts."""
        if self._timer is not None:
            self._timer.cancel()
        if self._ring is not None:
            self._read(self._ring)
            self._ring.close()
            self._ring = None
        if self._calls is not None and not self._dropped:
            self._calls.over(self._collector.clock())
        if self._worker is not None and not self._dropped:
            self._collector.listener.worker_gone(self._worker, self._collector.clock())
        self._collector.left(self)

    def finish(self) -> None:
        """Take what is there, which the loop may not have looked at yet, and drop the connection."""
        assert self._transport is not None
        descriptor = self._transport.get_extra_info("socket").fileno()
        if descriptor >= 0 and not self._dropped:
            self._dropped = not self._drain(descriptor)
        self._transport.abort()

    def _drain(self, descriptor: int) -> bool:
        """Take what the socket holds. Whether the process has closed it."""
        try:
            while data := os.read(descriptor, PORTION):
                self._take(self._decoder, data)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def _open_ring(self, path: str) -> None:
        """Raises FrameError for a path that is not beside our socket, or no ring."""
        if os.path.dirname(path) != os.path.dirname(self._collector.path):
            raise FrameError("a ring in a strange place")
        try:
            self._ring = RingReader(path)
        except (OSError, RingError) as error:
            raise FrameError(f"no ring: {error}") from error
        self._timer = self._loop.call_later(LOOK, self._look)

    def _look(self) -> None:
        """Read, and see to it that we look again: soon, while there is traffic."""
        if self._ring is None:
            return
        if self._read(self._ring):
            self._idle = 0
        else:
            self._idle += 1
        asleep = self._idle > IDLE_LOOKS and self._ring.sleep()
        self._timer = self._loop.call_later(NAP if asleep else LOOK, self._look)

    def _woken(self) -> None:
        self._idle = 0
        if self._timer is not None:
            self._timer.cancel()
        self._look()

    def _read(self, ring: RingReader) -> int:
        try:
            data = ring.read()
        except RingError:
            self._refuse()
            return 0
        if data:
            self._take(self._ring_decoder, data)
        return len(data)

    def _take(self, decoder: FrameDecoder, data: bytes) -> None:
        try:
            for frame in decoder.feed(data):
                self._handle(frame)
        except FrameError:
            self._refuse()

    def _refuse(self) -> None:
        if self._dropped:
            return
        self._dropped = True
        self._collector.refused += 1
        self._collector.recorder.dropped("probe connections", 1)
        self._handle = _ignore
        assert self._transport is not None
        self._transport.abort()

    def _hello(self, frame: Frame) -> None:
        if frame[0] != "hello":
            raise FrameError("no hello")
        _, protocol, token, role, pid, ppid, _t, info = frame
        self._instance = self._collector.instance_of(token) if protocol == PROTOCOL else 0
        if not self._instance or role not in ("worker", "master"):
            raise FrameError("not one of ours")
        if self._timer is not None:
            self._timer.cancel()
        if role == "worker":
            if type(info.get("ring")) is str:
                self._open_ring(info["ring"])
            self._worker = self._collector.listener.worker_connected(self._instance, pid, ppid, info)
            self._calls = Calls(self._collector.recorder, self._collector.live, self._worker)
        self._handle = self._told

    def _told(self, frame: Frame) -> None:
        kind = frame[0]
        if self._calls is not None and self._calls.take(frame):
            return
        listener = self._collector.listener
        if kind == "bell":
            self._woken()
        elif kind == "ready" and self._worker is not None:
            listener.worker_ready(self._worker, frame[1])
        elif kind == "boot-error":
            listener.boot_error(self._instance, frame[1], frame[2])
        elif kind == "lost":
            self._collector.recorder.dropped("probe events", frame[1])
        elif kind in ("born", "reloading"):
            listener.master_event(self._instance, kind, frame[1], 0, frame[2])
        elif kind in ("exited", "signal"):
            listener.master_event(self._instance, kind, frame[1], frame[2], frame[3])
        # else: of a later probe; there is nothing to be done about it


def _ignore(frame: Frame) -> None:
    pass
