"""Real probes at the end of a real socket: takes the frames that they send, and starts servers with the probe inside.

Nothing here stands in for a part of ours: the frames are cut by ``inspector.frames``, the servers started as the
supervisor starts them.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from inspector.frames import Frame, FrameDecoder
from inspector.ring import RingReader

PROBE = Path(__file__).parents[2] / "inspector" / "probe"
TOKEN = "token-of-the-test"
DEADLINE = 20.0


class FrameSink:
    """Listens like the collector and keeps every frame, with the pid of the process that sent it."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "collector")
        self.frames: list[tuple[int, Frame]] = []
        self.messages: dict[tuple[int, int], list[Frame]] = {}
        self.gone: list[int] = []
        self._changed = threading.Condition()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        self._connections: list[socket.socket] = []

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._read, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _read(self, connection: socket.socket) -> None:
        decoder, ring_decoder, ring, pid = FrameDecoder(), FrameDecoder(), None, 0
        ended = False
        while not ended:
            readable, _, _ = select.select([connection], [], [], 0.002 if ring else None)
            data = _received(connection) if readable else None
            ended = data == b""  # what is in the ring then was written before
            frames = decoder.feed(data) if data else []
            if ring:
                frames += ring_decoder.feed(ring.read())
            for frame in frames:
                if frame[0] == "hello":
                    pid, ring = frame[4], RingReader(frame[7]["ring"]) if "ring" in frame[7] else None
                self._add(pid, frame)
        connection.close()
        if ring:
            ring.close()
        with self._changed:
            self.gone.append(pid)
            self._changed.notify_all()

    def _add(self, pid: int, frame: Frame) -> None:
        with self._changed:
            self.frames.append((pid, frame))
            if frame[0] in ("msgs", "done"):
                self.messages.setdefault((pid, frame[1]), []).extend(frame[-1])
            self._changed.notify_all()

    def wait(self, condition: Callable[[], Any], what: str = "frames") -> Any:
        """Wait until ``condition()`` is true, and return what it gives."""
        with self._changed:
            found = self._changed.wait_for(condition, DEADLINE)
        assert found, f"waited in vain for {what}; got {[frame[:3] for _, frame in self.frames]}"
        return found

    def of(self, kind: str, pid: int = 0) -> list[Frame]:
        """The frames of a kind, of one process or all, in order."""
        return [frame for sender, frame in self.frames if frame[0] == kind and pid in (0, sender)]

    def call(self, number: int = 0, kind: str = "http") -> tuple[Frame, list[Frame], Frame]:
        """A call that is over, by its position among those of its ``kind``: its frame, its messages, its end."""
        self.wait(lambda: len(self.ended(kind)) > number, f"the end of call {number}")
        return self.ended(kind)[number]

    def ended(self, kind: str) -> list[tuple[Frame, list[Frame], Frame]]:
        """All calls of ``kind`` that are over."""
        found = []
        for pid, frame in list(self.frames):
            if frame[0] == "call" and frame[5] == kind:
                ends = [end for end in self.of("done", pid) if end[1] == frame[2]]
                found.extend((frame, self.messages[pid, frame[2]], end) for end in ends)
        return found

    def close(self) -> None:
        """Drop everything and wait for the threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join(DEADLINE)
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(DEADLINE)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 16)
    except OSError:
        return b""


class Server:
    """A server with the probe inside, on a socket of ours."""

    def __init__(
        self, sink: FrameSink, process: subprocess.Popen[bytes], listener: socket.socket, output: Path
    ) -> None:
        self.sink = sink
        self.process = process
        self._listener = listener
        self._output = output
        self.port: int = listener.getsockname()[1]

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self._output.read_text(errors="replace")

    def ready(self, count: int = 1) -> list[int]:
        """The pids of its workers, once ``count`` of them can serve."""
        try:
            self.sink.wait(lambda: len(self.sink.of("ready")) >= count, "ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}") from None
        return [pid for pid, frame in self.sink.frames if frame[0] == "ready"]

    def get(self, path: str = "/", *, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """One request: status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, {name.replace("_", "-"): v for name, v in headers.items()})
            response = connection.getresponse()
            return response.status, response.read()

    def exchange(self, number: int, path: str = "/", **more: Any) -> tuple[int, bytes]:
        """The same as the proxy sends it, as exchange ``number``."""
        return self.get(path, gatescope_exchange=f"{TOKEN}-{number}", **more)

    def open(self, request: bytes) -> socket.socket:
        """A connection on which ``request`` was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), DEADLINE)
        connection.sendall(request)
        return connection

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop, and wait."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


@contextlib.contextmanager
def frame_sink() -> Iterator[FrameSink]:
    """A sink in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        sink = FrameSink(folder)
        try:
            yield sink
        finally:
            sink.close()


def launch_config(sink: FrameSink, server: str, argv: list[str], project: Path, fd: int, **more: Any) -> dict[str, Any]:
    """What the supervisor would put into the environment."""
    return {
        "protocol": 1, "socket": sink.path, "instance": 1, "token": TOKEN, "header": "gatescope-exchange",
        "server": server, "argv": argv, "target": "site_app:app", "factory": False, "interface": "WSGI", "adapt": None,
        "lend": {}, "fd": fd, "host": "127.0.0.1", "port": 0, "threads": 2, "body_head": 65536, "body_tail": 4096,
        "cwd": str(project), "parent": os.getpid(), **more,
    }  # fmt: skip


@contextlib.contextmanager
def server(
    sink: FrameSink, slug: str, project: Path, *argv: str, python: str = sys.executable, **more: Any
) -> Iterator[Server]:
    """``slug`` serving ``project``; ``{fd}`` in ``argv`` stands for the descriptor. Killed in the end, with its
    children.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    listener.set_inheritable(True)
    words = [word.replace("{fd}", str(listener.fileno())) for word in argv]
    config = launch_config(sink, slug, words, project, listener.fileno(), **more)
    environ = {name: value for name, value in os.environ.items() if name not in ("WEB_CONCURRENCY", "PYTHONPATH")}
    environ.update(GATESCOPE_LAUNCH=json.dumps(config), PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1")
    with tempfile.TemporaryDirectory() as folder, listener:
        output = Path(folder, "output")
        with output.open("wb") as log:
            process = subprocess.Popen(
                [python, str(PROBE / "launch.py")], env=environ, cwd=project, stdout=log, stderr=log,
                pass_fds=[listener.fileno()], start_new_session=True,
            )  # fmt: skip
        try:
            yield Server(sink, process, listener, output)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(DEADLINE)


def alive(pid: int) -> bool:
    """Whether a process runs: a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for something that announces itself to nobody."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)
