"""What the window's tests share: a supervisor made of a real socket and the real codec, a trace, and settings of
their own.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from app.link import SupervisorLink
from app.link.process import SupervisorProcess
from app.settings import Settings
from supervisor.control import codec
from supervisor.control.messages import (
    AppChanged,
    AppStatus,
    Command,
    Event,
    Finished,
    GetStatus,
    Hello,
    ListModes,
    ModesListed,
    ModeStatus,
    Problem,
    Refused,
    ReloadApp,
    Reply,
    SetCapture,
    Shutdown,
    StartApp,
    StatusReported,
    StopApp,
    SwitchMode,
    TargetSpec,
    WayOut,
    Welcome,
)
from tests.support.made_trace import MadeTrace
from tests.support.nets import HARMLESS, no_leaks, no_stalls, pytest_runtest_teardown, quick_to_look

__all__ = ["no_leaks", "no_stalls", "pytest_runtest_teardown", "quick_to_look"]

#: Generous: a wait that ends well ends long before.
WAIT_MS = 10_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A Qt warning fails the test that caused it."""
    for item in items:
        if "/tests/app/" in str(item.path):
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(*HARMLESS, extend=True))


class SocketSupervisor(QObject):
    """Answers like a supervisor with one kind of application, whose modes are below.

    Signals: ``got``: a command arrived.
    """

    got = Signal(object)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.commands: list[Command] = []
        self.refusals: dict[type, Problem] = {}
        self.held: set[type] = set()  # commands of these types are not answered yet
        self.version = 1
        self.listed = make_listed()
        self.apps: dict[str, AppStatus] = {}
        self._clients: list[QLocalSocket] = []
        self._server = QLocalServer(self)
        self._server.newConnection.connect(self._on_client)
        assert self._server.listen(str(path)), self._server.errorString()

    def of(self, kind: type) -> list[Command]:
        return [command for command in self.commands if isinstance(command, kind)]

    def tell(self, message: Event | Reply) -> None:
        for client in self._clients:
            client.write(codec.encode(message))
            client.flush()

    def say(self, raw: bytes) -> None:
        for client in self._clients:
            client.write(raw)
            client.flush()

    def release(self, kind: type) -> None:
        """Answer what was held."""
        self.held.discard(kind)
        for command in self.of(kind):
            self._answer(command)

    def die(self) -> None:
        self._server.close()
        for client in self._clients:
            client.abort()
        self._clients.clear()

    def _on_client(self) -> None:
        client = self._server.nextPendingConnection()
        lines = codec.Lines()
        self._clients.append(client)
        client.readyRead.connect(lambda: [self._take(line) for line in lines.feed(client.readAll().data())])

    def _take(self, line: bytes) -> None:
        command = codec.decode(line)
        self.commands.append(command)
        if type(command) not in self.held:
            self._answer(command)
        self.got.emit(command)

    def _answer(self, command: Command) -> None:
        problem = self.refusals.get(type(command))
        if problem is not None:
            self.tell(Refused(id=command.id, problem=problem))
            return
        match command:
            case Hello():
                self.tell(Welcome(id=command.id, version=self.version, pid=os.getpid()))
            case ListModes():
                self.tell(dataclasses.replace(self.listed, id=command.id))
            case StartApp() | SwitchMode() | ReloadApp() | StopApp() | SetCapture():
                self.tell(Finished(id=command.id, app=self._apply(command)))
            case GetStatus():
                self.tell(StatusReported(id=command.id, apps=tuple(self.apps.values())))
            case Shutdown():
                self.tell(Finished(id=command.id))
                self.die()
            case _:
                self.tell(Finished(id=command.id))

    def _apply(self, command: StartApp | SwitchMode | ReloadApp | StopApp | SetCapture) -> AppStatus:
        match command:
            case StartApp():
                status = make_status(
                    command.name, target=command.target, mode=command.mode, workers=command.workers,
                    threads=command.threads, adapted=command.adapt, capture=command.capture or "",
                )  # fmt: skip
            case SetCapture():
                status = dataclasses.replace(self.apps[command.app], capture=command.filter)
            case SwitchMode():
                status = dataclasses.replace(
                    self.apps[command.app], mode=command.mode, workers=command.workers or 1,
                    threads=command.threads or 1, adapted=command.adapt,
                )  # fmt: skip
            case ReloadApp():
                status = self.apps[command.app]
            case StopApp():
                status = dataclasses.replace(self.apps[command.app], state="stopped", url="")
        self.apps[status.name] = status
        self.tell(AppChanged(app=status))
        return status


def make_status(name: str = "shop", **fields: object) -> AppStatus:
    """A running application."""
    usual: dict[str, object] = {
        "target": TargetSpec(target="shop:app"), "interface": "ASGI3", "framework": "FastAPI",
        "python_version": "3.11.7", "mode": "uvicorn", "state": "running", "url": "http://127.0.0.1:8123",
        "command": f"run {name}",
    }  # fmt: skip
    return AppStatus(name=name, **{**usual, **fields})  # type: ignore[arg-type]


def make_listed(interface: str = "ASGI3") -> ModesListed:
    """Two modes that run it, one to install, and one that does not speak its interface."""
    ways = (
        WayOut(text="Take gunicorn-uvicorn, which speaks ASGI.", mode="gunicorn-uvicorn"),
        WayOut(text="Keep it, adapted.", mode="gunicorn-sync", adapt=True, command="python -m pip install gunicorn"),
    )
    return ModesListed(
        id=0, target=TargetSpec(target="shop:app"), interface=interface, framework="FastAPI", python_version="3.11.7",
        modes=(
            ModeStatus(slug="gunicorn-sync", title="gunicorn, sync workers", interface="WSGI", state="adaptable",
                       reason="It would answer every request with 500.", ways_out=ways, workers=True,
                       command="gunicorn"),
            ModeStatus(slug="uvicorn", title="uvicorn", interface="ASGI", state="ready", workers=True,
                       command="uvicorn x"),
            ModeStatus(slug="gunicorn-uvicorn", title="gunicorn with uvicorn workers", interface="ASGI", state="ready",
                       workers=True, command="gunicorn -k"),
            ModeStatus(slug="hypercorn", title="hypercorn", interface="ASGI", state="installable", reason="Not there.",
                       ways_out=(WayOut(text="Install it.", mode="hypercorn", command="pip install hypercorn"),)),
        ),
    )  # fmt: skip


class Unstartable(SupervisorProcess):
    """For tests in which a supervisor is there or not, but none is to be started."""

    @property
    def started(self) -> bool:
        return True


@pytest.fixture
def backend(tmp_path: Path, qapp: object) -> Iterator[SocketSupervisor]:
    made = SocketSupervisor(tmp_path / "w.sock")
    yield made
    made.die()
    made.deleteLater()


@pytest.fixture
def link(backend: SocketSupervisor) -> Iterator[SupervisorLink]:
    """A link to ``backend``, not started yet."""
    made = SupervisorLink(backend.path, Unstartable())
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def trace(tmp_path: Path) -> Iterator[MadeTrace]:
    """A trace under construction, still empty."""
    made = MadeTrace(tmp_path / "a.gatescope")
    yield made
    made.close()


@pytest.fixture
def settings(tmp_path: Path, qapp: object) -> Iterator[Settings]:
    made = Settings(tmp_path / "settings.ini")
    yield made
    made.deleteLater()
