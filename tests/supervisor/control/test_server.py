"""The control server and its client over a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisor.control import codec, place
from supervisor.control.client import ControlClient, ControlError, connect
from supervisor.control.messages import (
    AppChanged,
    AppStatus,
    Command,
    Event,
    Finished,
    GetStatus,
    Hello,
    Problem,
    Refused,
    Reply,
    Shutdown,
    StatusReported,
    Subscribe,
    TargetSpec,
)
from supervisor.control.server import ControlServer

STATUS = AppStatus(name="a", target=TargetSpec(target="m:a"))


class Executor:
    """Answers GetStatus, refuses the rest, and breaks on Shutdown."""

    async def execute(self, command: Command, tell: Callable[[Event], None]) -> Reply:
        if isinstance(command, Shutdown):
            raise RuntimeError("broken")
        if isinstance(command, GetStatus):
            return StatusReported(id=command.id, apps=(STATUS,))
        return Refused(id=command.id, problem=Problem(what="No.", usage=True))

    def snapshot(self) -> list[Event]:
        return [AppChanged(app=STATUS)]


class Running:
    """A control server on a thread of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: list[int] = []
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._up.wait(10)

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.server = ControlServer(Executor(), self.counts.append)
        self.end = asyncio.Event()
        await self.server.start(self.path)
        self._up.set()
        await self.end.wait()
        await self.server.close()

    def broadcast(self, event: Event) -> None:
        self.loop.call_soon_threadsafe(self.server.broadcast, event)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.end.set)
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "gatescope"


@pytest.fixture
def running(runtime: Path) -> Iterator[Running]:
    server = Running(runtime / "1.sock")
    yield server
    server.close()


def test_a_command_gets_its_reply(running: Running) -> None:
    with ControlClient(running.path) as client:
        assert client.pid == os.getpid()
        reply = client.ask(GetStatus(id=client.next_id()))
        assert isinstance(reply, StatusReported)
        assert reply.apps == (STATUS,)


def test_nobody_else_can_enter(running: Running) -> None:
    assert running.path.parent.stat().st_mode & 0o777 == 0o700
    assert running.path.stat().st_mode & 0o077 == 0


def test_events_come_to_those_who_asked(running: Running) -> None:
    with ControlClient(running.path, timeout=10) as client, ControlClient(running.path) as other:
        client.ask(Subscribe(id=client.next_id()))
        assert client.events == [AppChanged(app=STATUS)]  # what it had missed
        running.broadcast(AppChanged(app=STATUS))
        assert client.receive() == AppChanged(app=STATUS)
        other.ask(GetStatus(id=other.next_id()))
        assert other.events == []


def test_a_refusal_is_raised(running: Running) -> None:
    with ControlClient(running.path) as client, pytest.raises(ControlError, match="No"):
        client.ask(codec.decode(b'{"type":"StopApp","id":9}'))  # type: ignore[arg-type]


def test_a_fault_of_ours_is_an_answer_and_the_server_lives(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    with ControlClient(running.path) as client:
        with pytest.raises(ControlError) as caught:
            client.ask(Shutdown(id=client.next_id()))
        assert "RuntimeError: broken" in caught.value.problem.why
        assert isinstance(client.ask(GetStatus(id=client.next_id())), StatusReported)
    assert "Shutdown failed" in caplog.text


def lines(path: Path, *sent: bytes) -> list[dict[str, object]]:
    """The answers to raw lines."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(10)
        raw.connect(str(path))
        raw.sendall(b"".join(sent))
        raw.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := raw.recv(65536):
            received += chunk
    return [json.loads(line) for line in received.splitlines()]


def test_strange_messages_get_an_answer(running: Running) -> None:
    hello = codec.encode(Hello(id=1))
    answers = lines(running.path, hello, b"what?\n", b'{"type":"Dance","id":5}\n', codec.encode(Finished(id=6)))
    assert [answer["type"] for answer in answers].count("Refused") == 3
    assert {answer["id"] for answer in answers} == {0, 1, 5, 6}


def test_hello_comes_first_and_with_the_right_version(running: Running) -> None:
    [answer] = lines(running.path, codec.encode(GetStatus(id=3)))
    assert answer["problem"]["what"] == "The first message must be Hello."  # type: ignore[index]
    first, second = sorted(
        lines(running.path, codec.encode(Hello(id=1, version=99)), codec.encode(GetStatus(id=2))),
        key=lambda answer: str(answer["id"]),
    )
    assert "version" in first["problem"]["what"]  # type: ignore[index]
    assert second["type"] == "Refused"


def test_the_number_of_clients_is_known(running: Running) -> None:
    with ControlClient(running.path):
        pass
    deadline = threading.Event()
    for _ in range(500):
        if running.counts[-1:] == [0]:
            break
        deadline.wait(0.01)
    assert running.counts == [1, 0]


def test_a_client_that_does_not_read_is_not_waited_for(running: Running) -> None:
    lazy = ControlClient(running.path)
    lazy.ask(Subscribe(id=lazy.next_id()))
    big = AppChanged(app=AppStatus(name="x" * 100_000, target=TargetSpec(target="t")))
    for _ in range(200):
        running.broadcast(big)
    with ControlClient(running.path, timeout=10) as client:
        assert isinstance(client.ask(GetStatus(id=client.next_id())), StatusReported)
    lazy.close()


def test_the_only_one_is_found_and_stale_sockets_are_removed(running: Running, runtime: Path) -> None:
    stale = runtime / "2.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stale))
    with connect() as client:
        assert client.pid == os.getpid()
    assert not stale.exists()
    again = Running(runtime / "3.sock")
    with pytest.raises(ControlError, match="2 supervisors"):
        connect()
    again.close()


def test_nobody_there(runtime: Path, tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="No supervisor"):
        connect()
    with pytest.raises(ControlError, match="does not answer"):
        connect(str(tmp_path / "none.sock"))


def test_a_directory_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(place.UnsafeDirectoryError, match="755"):
        place.secure(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(place.UnsafeDirectoryError, match="not a directory"):
        place.secure(link)


def test_without_a_runtime_directory_it_is_the_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert place.runtime_directory() == tmp_path / f"gatescope-{os.getuid()}"
    assert place.running() == []
