"""The stage of an endurance run: an application of each interface, whose answers can be checked, and its supervisor."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from inspector.store.reader import TraceReader
from supervisor.control.client import ControlClient, ControlError
from supervisor.control.messages import (
    AppStatus,
    Finished,
    GetStatus,
    ListModes,
    ModesListed,
    ModeStatus,
    StartApp,
    StatusReported,
    SwitchMode,
    TargetSpec,
)

ROOT = Path(__file__).parents[2]
#: Seconds that anything may take on a machine that is shared.
PATIENCE = 60.0

#: Answers ``right PATH LENGTH``, LENGTH being that of the request's body, so that each answer belongs to one request.
WSGI = """
def app(environ, start_response):
    length = len(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    body = b"right %s %d" % (environ["PATH_INFO"].encode("latin-1"), length)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""

#: The same; each message of a WebSocket comes back with ``right`` before it.
ASGI = """
async def app(scope, receive, send):
    await {"lifespan": lifespan, "http": http, "websocket": websocket}[scope["type"]](scope, receive, send)


async def lifespan(scope, receive, send):
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def http(scope, receive, send):
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"right %s %d" % (scope["path"].encode(), length)
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def websocket(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        try:
            await send({"type": "websocket.send", "text": "right " + message["text"]})
        except Exception:  # it was closed meanwhile: each server has a class of its own for that
            return
"""

TARGETS = {"WSGI": "wsgi:app", "ASGI": "asgi:app"}


@dataclass(frozen=True)
class Stage:
    """A private folder: the project in it, the traces, and an environment that keeps all else in it too."""

    folder: Path
    project: Path

    @property
    def environment(self) -> dict[str, str]:
        """For every process of the run: sockets, settings and state go into the folder, windows nowhere."""
        own = {name: str(self.folder) for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
        return {**os.environ, **own, "QT_QPA_PLATFORM": "offscreen"}

    def target(self, interface: str) -> TargetSpec:
        """The application of that interface."""
        return TargetSpec(target=TARGETS[interface], cwd=str(self.project))


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage that is cleared away in the end."""
    with tempfile.TemporaryDirectory(prefix="gs-endure-") as made:
        project = Path(made) / "project"
        project.mkdir()
        (project / "wsgi.py").write_text(WSGI)
        (project / "asgi.py").write_text(ASGI)
        yield Stage(Path(made), project)


@contextmanager
def supervisor(on: Stage) -> Iterator[tuple[subprocess.Popen[bytes], ControlClient]]:
    """A supervisor of its own, and a client of it. It is told to end in the end, and must do so well."""
    path = on.folder / "gatescope" / "endurance.sock"
    command = [sys.executable, "-m", "supervisor", "--control", str(path)]
    with (on.folder / "supervisor.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=on.environment, stdout=log, stderr=log)
    try:
        with client_at(path) as client:
            yield process, client
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    said = (on.folder / "supervisor.log").read_text().replace(f"{path}\n", "")
    assert (status, said) == (0, ""), f"the supervisor ended with status {status} and said: {said}"


def client_at(path: Path) -> ControlClient:
    """A client of the supervisor that listens there, or is about to."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ControlClient(path, timeout=2 * PATIENCE)
        except ControlError as error:
            if time.monotonic() > deadline:
                logs = {log.name: log.read_text() for log in path.parent.parent.glob("**/*.log")}
                raise TimeoutError(f"{path}: {error.problem}; {logs}") from None
            time.sleep(0.02)


def ready_modes(client: ControlClient, target: TargetSpec) -> list[ModeStatus]:
    """The modes in which ``target`` can be run as it is."""
    reply = client.ask(ListModes(id=client.next_id(), target=target))
    assert isinstance(reply, ModesListed)
    return [mode for mode in reply.modes if mode.state in ("ready", "lendable")]


def start(client: ControlClient, target: TargetSpec, mode: str, workers: int, trace: Path) -> AppStatus:
    """Start it; how it stands when it serves. Raises ControlError."""
    command = StartApp(id=client.next_id(), target=target, mode=mode, workers=workers, trace=str(trace), name="endured")
    reply = client.ask(command)
    assert isinstance(reply, Finished)
    assert reply.app is not None
    return reply.app


def switch(client: ControlClient, mode: str, workers: int) -> AppStatus:
    """Put it into another mode; how it stands then. Raises ControlError."""
    reply = client.ask(SwitchMode(id=client.next_id(), mode=mode, workers=workers))
    assert isinstance(reply, Finished)
    assert reply.app is not None
    return reply.app


def status(client: ControlClient) -> AppStatus:
    """How it stands."""
    reply = client.ask(GetStatus(id=client.next_id()))
    assert isinstance(reply, StatusReported)
    return reply.apps[0]


def end_in_order() -> None:
    """Have SIGTERM end the program as Ctrl-C does, so that what it started ends with it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def heeds_sigterm(pid: int) -> bool:
    """Whether the process has come so far as to have a handler for SIGTERM (proc_pid_status(5), ``SigCgt``)."""
    fields = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(fields.get("SigCgt", "0"), 16) >> (signal.SIGTERM - 1) & 1)


def until(reached: Callable[[], object], limit: float = PATIENCE) -> bool:
    """Whether it comes true within ``limit`` seconds."""
    deadline = time.monotonic() + limit
    while not reached():
        if time.monotonic() > deadline:
            return bool(reached())
        time.sleep(0.02)
    return True


def family(pid: int) -> list[psutil.Process]:
    """All that descends from the process ``pid``."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie does not."""
    return [process for process in processes if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def faults(trace: Path) -> list[str]:
    """What is wrong with a trace as a file: nothing, it is hoped."""
    with TraceReader(trace) as reader:  # it opens, as a window would
        reader.counts()
    with closing(sqlite3.connect(f"file:{trace}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
        found = [text for (text,) in connection.execute("PRAGMA integrity_check")]
    return [] if found == ["ok"] else found
