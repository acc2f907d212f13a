"""The connection to the supervisor: commands with ids and callbacks out, replies and events in, as Qt signals.

It never blocks: connecting, starting the process and every answer happen on the event loop. It knows the messages and
nothing of what they do. When the supervisor dies the link says so once, answers what is pending with a refusal, and
waits to be told to ``start`` again.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalSocket

from app.link.process import Elsewhere, SupervisorProcess
from supervisor.control import codec
from supervisor.control.messages import (
    PROTOCOL_VERSION,
    AppChanged,
    BesideProgress,
    Command,
    ComparisonChanged,
    Event,
    Hello,
    InstallProgress,
    OutputWritten,
    Problem,
    Refused,
    ReplayChanged,
    Reply,
    Shutdown,
    Subscribe,
    WayOut,
    Welcome,
)

#: How long a supervisor may take from its start to its first answer.
START_MS = 20_000
#: How long to wait between two attempts to reach it.
RETRY_MS = 60

Callback = Callable[[Reply], None]


class LinkState(enum.StrEnum):
    """Where the link stands."""

    OFF = "off"  #: not asked for yet, or closed on purpose
    STARTING = "starting"  #: the process is being started, or the socket tried
    ON = "on"  #: greeted; commands are answered
    LOST = "lost"  #: the supervisor went away, or could not be started; ``problem`` says why


class SupervisorLink(QObject):
    """The one link of a window.

    Signals:
        state_changed: a ``LinkState``.
        app_changed: an ``AppStatus``, whenever one changes.
        replay_changed: a ``ReplayStatus``.
        comparison_changed: a ``ComparisonStatus``.
        output_written: the application's name, and its lines (a tuple of str).
        install_progressed: an ``InstallProgress`` of what this link asked for.
        beside_progressed: a ``BesideProgress`` of what this link asked for.
    """

    state_changed = Signal(object)
    app_changed = Signal(object)
    replay_changed = Signal(object)
    comparison_changed = Signal(object)
    output_written = Signal(str, object)
    install_progressed = Signal(object)
    beside_progressed = Signal(object)

    def __init__(
        self, path: Path, process: SupervisorProcess, parent: QObject | None = None, *, start_ms: int = START_MS
    ) -> None:
        super().__init__(parent)
        self.path = path
        self.state = LinkState.OFF
        self.problem: Problem | None = None
        self.supervisor_pid = 0
        self._process = process
        self._lines = codec.Lines()
        self._next_id = 1
        self._pending: dict[int, Callback] = {}
        self._queued: list[Command] = []
        self._deadline = QTimer(self, singleShot=True, interval=start_ms)
        self._deadline.timeout.connect(self._on_deadline)
        self._retry = QTimer(self, singleShot=True, interval=RETRY_MS)
        self._retry.timeout.connect(self._connect)
        self._socket = QLocalSocket(self)
        self._socket.connected.connect(self._on_connected)
        self._socket.readyRead.connect(self._on_bytes)
        self._socket.errorOccurred.connect(self._on_socket_error)
        self._socket.disconnected.connect(self._on_disconnected)

    def expect(self) -> None:
        """Have commands wait from now on: ``start`` follows when all are there who are to hear what comes."""
        if self.state is not LinkState.ON:
            self._become(LinkState.STARTING)

    def start(self) -> None:
        """Reach the supervisor at the path, or start one there. Answers by ``state_changed``."""
        if self._under_way():
            return
        self._process.forget()
        self._deadline.start()
        self._become(LinkState.STARTING)
        self._connect()

    def send(self, command: Command, done: Callback | None = None) -> int:
        """Send ``command`` under an id of its own (returned); ``done`` gets its one reply.

        Before the link is on, commands wait for it; without a link the reply is a refusal.
        """
        numbered = dataclasses.replace(command, id=self._number())
        if done is not None:
            self._pending[numbered.id] = done
        if self.state is LinkState.ON:
            self._write(numbered)
        elif self.state is LinkState.STARTING:
            self._queued.append(numbered)
        else:
            QTimer.singleShot(0, self, lambda: self._refuse(numbered.id))
        return numbered.id

    def shut_down(self, done: Callable[[], None]) -> None:
        """End the supervisor with all its applications; ``done`` when it said so, or is gone."""
        if not self._under_way():
            self.close()
            QTimer.singleShot(0, self, done)
            return

        def on_answer(_reply: Reply) -> None:
            self.close()
            done()

        self.send(Shutdown(id=0), on_answer)

    def beside(self) -> SupervisorLink:
        """Another link to the same supervisor, for a command that ends when the link is closed. It never starts one."""
        return SupervisorLink(self.path, Elsewhere(), self)

    def close(self) -> None:
        """Hang up and leave the supervisor running."""
        self._retry.stop()
        self._become(LinkState.OFF)
        self._socket.abort()

    def _under_way(self) -> bool:
        """Whether there is a link, or one is being made."""
        return self.state is LinkState.ON or self._deadline.isActive()

    # the socket

    def _connect(self) -> None:
        if self.state is LinkState.STARTING:
            self._lines = codec.Lines()
            self._socket.connectToServer(str(self.path))

    def _on_connected(self) -> None:
        hello = Hello(id=self._number())
        self._pending[hello.id] = self._on_welcome
        self._write(hello)

    def _on_socket_error(self, _error: object) -> None:
        if self.state is not LinkState.STARTING or self._socket.state() is QLocalSocket.LocalSocketState.ConnectedState:
            return
        if not self._process.started:
            failure = self._process.start(self.path)
        elif self._process.ended():
            failure = "It ended before it answered."
        else:
            failure = ""
        if failure:
            self._lose(Problem(what="The supervisor could not be started.", why=failure, detail=self._process.output()))
        else:
            self._retry.start()

    def _on_deadline(self) -> None:
        if self.state is LinkState.STARTING:
            why = f"It did not answer within {self._deadline.interval() / 1000:g} seconds."
            self._lose(Problem(what="The supervisor does not answer.", why=why, detail=self._process.output()))
            self._socket.abort()

    def _on_disconnected(self) -> None:
        if self.state is LinkState.OFF:
            self._settle_pending()
        elif self.state is LinkState.ON:
            why = (
                "Its process ended or was killed; it took its applications with it. The trace keeps what was recorded."
            )
            self._lose(Problem(what="The supervisor is gone.", why=why, detail=self._process.output()))
        elif self.problem is None:
            self._retry.start()

    def _on_bytes(self) -> None:
        try:
            for line in self._lines.feed(bytes(self._socket.readAll().data())):
                self._dispatch(codec.decode(line))
        except codec.DecodeError as error:
            what = "The supervisor said something this window does not understand."
            self._lose(Problem(what=what, why=f"Are both of the same version? {error}"))
            self._socket.abort()

    def _write(self, command: Command) -> None:
        self._socket.write(codec.encode(command))

    # messages

    def _dispatch(self, message: codec.Message) -> None:
        match message:
            case AppChanged():
                self.app_changed.emit(message.app)
            case ReplayChanged():
                self.replay_changed.emit(message.replay)
            case ComparisonChanged():
                self.comparison_changed.emit(message.comparison)
            case OutputWritten():
                self.output_written.emit(message.app, message.lines)
            case InstallProgress():
                self.install_progressed.emit(message)
            case BesideProgress():
                self.beside_progressed.emit(message)
            case _ if isinstance(message, Reply):
                done = self._pending.pop(message.id, None)
                if done is not None:
                    done(message)
            case _:
                assert not isinstance(message, Event), message  # every event has its branch

    def _on_welcome(self, reply: Reply) -> None:
        if not isinstance(reply, Welcome) or reply.version != PROTOCOL_VERSION:
            why = reply.problem.why if isinstance(reply, Refused) else "It is of another version of Gatescope."
            self._lose(Problem(what="The supervisor would not talk to this window.", why=why))
            return
        self.supervisor_pid = reply.pid
        self._become(LinkState.ON)
        self._write(Subscribe(id=self._number()))
        queued, self._queued = self._queued, []
        for command in queued:
            self._write(command)

    # states

    def _lose(self, problem: Problem) -> None:
        self.problem = dataclasses.replace(problem, ways_out=(*problem.ways_out, WayOut(text="Start it again")))
        self.supervisor_pid = 0
        self._retry.stop()
        self._become(LinkState.LOST)
        self._settle_pending()

    def _become(self, state: LinkState) -> None:
        if state is self.state:
            return
        self.state = state
        if state is not LinkState.STARTING:
            self._deadline.stop()
        if state is not LinkState.LOST:
            self.problem = None
        self.state_changed.emit(state)

    def _settle_pending(self) -> None:
        self._queued.clear()
        for identity in list(self._pending):
            self._refuse(identity)

    def _refuse(self, identity: int) -> None:
        done = self._pending.pop(identity, None)
        if done is not None and done != self._on_welcome:
            problem = self.problem or Problem(what="There is no supervisor to ask.", why="The link to it is closed.")
            done(Refused(id=identity, problem=problem))

    def _number(self) -> int:
        self._next_id += 1
        return self._next_id
