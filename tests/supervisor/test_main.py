"""``python -m supervisor`` as the window uses it: a process of its own, driven over its socket."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.store.reader import TraceReader
from supervisor.control.client import ControlClient, ControlError
from supervisor.control.messages import (
    AppChanged,
    AppStatus,
    CancelReplay,
    Command,
    Finished,
    GetStatus,
    ListModes,
    MakeTraffic,
    ModesListed,
    OutputWritten,
    ReloadApp,
    ReplayChanged,
    Shutdown,
    StartApp,
    StartReplay,
    StatusReported,
    StopApp,
    Subscribe,
    SwitchMode,
    TargetSpec,
)
from supervisor.tree.proc import session
from tests.support.apps import project


class Backend:
    """A supervisor process and a client of it."""

    def __init__(self, folder: Path, linger: float = 60.0) -> None:
        self.folder = project(folder / "project")
        folder.chmod(0o700)
        command = [sys.executable, "-m", "supervisor", "--control", str(folder / "c.sock"), "--linger", str(linger)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.path = Path(self.process.stdout.readline().strip())
        self.client = ControlClient(self.path, timeout=60)

    def start(self, target: str, mode: str, **options: object) -> AppStatus:
        spec = TargetSpec(target=target, cwd=str(self.folder))
        return self.done(StartApp(id=self.id, target=spec, mode=mode, **options))  # type: ignore[arg-type]

    @property
    def id(self) -> int:
        return self.client.next_id()

    def status(self) -> tuple[AppStatus, ...]:
        reply = self.client.ask(GetStatus(id=self.id))
        assert isinstance(reply, StatusReported)
        return reply.apps

    def done(self, command: Command) -> AppStatus:
        reply = self.client.ask(command)
        assert isinstance(reply, Finished)
        assert reply.app is not None
        return reply.app

    def close(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Backend(tmp_path)
    yield made
    made.close()


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as response:
        return bytes(response.read())


def test_several_applications_side_by_side(backend: Backend) -> None:
    wsgi = backend.start("wsgi:app", "waitress", threads=2)
    asgi = backend.start("asgi:app", "uvicorn", name="mine")
    again = backend.start("wsgi:app", "wsgiref")
    assert [wsgi.name, asgi.name, again.name] == ["wsgi", "mine", "wsgi-2"]
    assert [get(app.url)[:4] for app in (wsgi, asgi, again)] == [b"wsgi", b"asgi", b"wsgi"]
    assert wsgi.target == TargetSpec(target="wsgi:app", cwd=str(backend.folder))
    with pytest.raises(ControlError, match="Say which"):
        backend.client.ask(ReloadApp(id=backend.id))
    assert backend.done(ReloadApp(id=backend.id, app="mine")).instance > asgi.instance
    reply = backend.client.ask(GetStatus(id=backend.id))
    assert isinstance(reply, StatusReported)
    assert [app.state for app in reply.apps] == ["running"] * 3
    backend.client.ask(Shutdown(id=backend.id))
    assert backend.process.wait(60) == 0
    assert [session(app.pid) for app in (wsgi, again)] == [[], []]


def test_stopped_and_started_again_under_the_same_address(backend: Backend) -> None:
    first = backend.start("wsgi:app", "gunicorn-sync", name="shop")
    get(first.url)
    with pytest.raises(ControlError, match="running already"):
        backend.start("wsgi:app", "gunicorn-sync", name="shop")
    assert backend.done(StopApp(id=backend.id, app="shop")).state == "stopped"
    assert backend.done(StopApp(id=backend.id, app="shop")).state == "stopped"
    second = backend.start("wsgi:app", "gunicorn-gthread", name="shop", threads=3)
    assert (second.url, second.trace, second.threads) == (first.url, first.trace, 3)
    assert get(second.url).startswith(b"wsgi")
    assert backend.done(SwitchMode(id=backend.id, mode="waitress")).threads == 3


def test_modes_are_listed(backend: Backend) -> None:
    reply = backend.client.ask(ListModes(id=backend.id, target=TargetSpec(target="demo:fastapi")))
    assert isinstance(reply, ModesListed)
    assert (reply.framework, reply.interface) == ("FastAPI", "ASGI3")
    assert {mode.slug: mode.state for mode in reply.modes}["gunicorn-sync"] == "adaptable"
    with pytest.raises(ControlError, match="could not be loaded") as caught:
        backend.client.ask(ListModes(id=backend.id, target=TargetSpec(target="broken:app", cwd=str(backend.folder))))
    assert "the sky is falling" in caught.value.problem.detail


def test_events_come_at_a_bearable_pace(backend: Backend) -> None:
    backend.client.ask(Subscribe(id=backend.id))
    app = backend.start("wsgi:app", "waitress")
    backend.client.events.clear()
    began = time.monotonic()
    for number in range(300):
        get(f"{app.url}/?{number}")
    took = time.monotonic() - began
    reply = backend.client.ask(GetStatus(id=backend.id))
    assert isinstance(reply, StatusReported)
    changes = [event for event in backend.client.events if isinstance(event, AppChanged)]
    assert 1 <= len(changes) <= took * 10 + 3
    printed: list[str] = []
    while not any("/?299" in line or line == "wsgi /" for line in printed):
        event = backend.client.receive()
        printed += event.lines if isinstance(event, OutputWritten) else ()


def test_a_replay_and_traffic(backend: Backend) -> None:
    backend.client.ask(Subscribe(id=backend.id))
    app = backend.start("asgi:app", "uvicorn")
    for number in range(3):
        get(f"{app.url}/?{number}")
    deadline = time.monotonic() + 30
    while True:  # the trace's writer gathers; the originals are there once they are written
        reply = backend.client.ask(StartReplay(id=backend.id, source=app.trace))
        assert isinstance(reply, Finished)
        assert reply.replay is not None
        if reply.replay.total >= 3 or time.monotonic() > deadline:
            break
    status = reply.replay
    while status.state == "running":
        event = backend.client.receive()
        if isinstance(event, ReplayChanged) and event.replay.run == status.run:
            status = event.replay
    assert (status.state, status.sent, status.trace) == ("finished", status.total, app.trace)
    with TraceReader(app.trace) as trace:
        assert {run.source for run in trace.replay_runs()} == {""}
    with pytest.raises(ControlError, match="no replay 99"):
        backend.client.ask(CancelReplay(id=backend.id, run=99))
    backend.done(MakeTraffic(id=backend.id, seconds=0.2))
    with pytest.raises(ControlError, match="being made"):
        backend.client.ask(MakeTraffic(id=backend.id))
    backend.done(StopApp(id=backend.id))
    with pytest.raises(ControlError, match="asgi is stopped"):
        backend.client.ask(MakeTraffic(id=backend.id))


def test_a_start_that_hangs_can_be_stopped(backend: Backend) -> None:
    text = "import os, time\nif os.path.exists('hang'):\n    time.sleep(60)\nopen('hang', 'w').close()\n"
    (backend.folder / "hanging.py").write_text(f"{text}from wsgi import app\n")
    asked: list[str] = []

    def ask() -> None:
        spec = TargetSpec(target="hanging:app", cwd=str(backend.folder))
        with ControlClient(backend.path, timeout=60) as client, pytest.raises(ControlError) as caught:
            client.ask(StartApp(id=client.next_id(), target=spec, mode="gunicorn-sync"))
        asked.append(caught.value.problem.what)

    thread = threading.Thread(target=ask)
    thread.start()
    while not (apps := backend.status()) or apps[0].state != "starting":
        pass
    assert backend.done(StopApp(id=backend.id, app="hanging")).state == "stopped"
    thread.join(30)
    assert asked == ["hanging was stopped before it served."]


def test_it_lingers_for_a_while_without_clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    backend = Backend(tmp_path, linger=1.0)
    app = backend.start("wsgi:app", "gunicorn-sync")
    backend.client.close()
    with ControlClient(backend.path) as again:  # a window that was started again
        reply = again.ask(GetStatus(id=again.next_id()))
        assert isinstance(reply, StatusReported)
        assert reply.apps[0].state == "running"
    assert backend.process.wait(60) == 0
    assert session(app.pid) == []
    assert not backend.path.exists()
    backend.close()


def test_a_socket_that_cannot_be_made(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    command = [sys.executable, "-m", "supervisor", "--control", str(tmp_path / "c.sock")]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 1
    assert "can be entered by other users" in outcome.stderr
    assert "Traceback" not in outcome.stderr
