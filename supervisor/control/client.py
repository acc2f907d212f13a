"""A small blocking client of the control socket, for the command line.

It knows the protocol and nothing of what the commands do.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from supervisor.control import codec
from supervisor.control.messages import Command, Event, Hello, Problem, Refused, Reply, Welcome
from supervisor.control.place import running


class ControlError(Exception):
    """The supervisor could not be reached or refused; ``problem`` is for the user."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


class ControlClient:
    """One connection. A context manager."""

    def __init__(self, path: Path, timeout: float | None = 120.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        self._lines = codec.Lines()
        self._waiting: list[bytes] = []
        self._ids = 0
        self.events: list[Event] = []  #: those that came while a reply was waited for
        self.pid = 0  #: of the supervisor
        try:
            self._socket.connect(os.fspath(path))
            welcome = self.ask(Hello(id=self.next_id()))
        except OSError as error:
            self._socket.close()
            why = f"{path}: {error.strerror or error}"
            raise ControlError(Problem(what="The supervisor does not answer.", why=why)) from None
        except ControlError:
            self._socket.close()
            raise
        if isinstance(welcome, Welcome):
            self.pid = welcome.pid

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def next_id(self) -> int:
        """A number for the next command."""
        self._ids += 1
        return self._ids

    def ask(self, command: Command) -> Reply:
        """Send ``command``; its reply. Raises ControlError when it is refused or the supervisor is gone."""
        self._socket.sendall(codec.encode(command))
        while True:
            message = self.receive()
            if isinstance(message, Event):
                self.events.append(message)
            elif isinstance(message, Reply) and message.id in (command.id, 0):
                if isinstance(message, Refused):
                    raise ControlError(message.problem)
                return message

    def receive(self) -> codec.Message:
        """The next message. Raises ControlError at the end, TimeoutError."""
        while not self._waiting:
            received = self._socket.recv(65536)
            if not received:
                raise ControlError(Problem(what="The supervisor has gone."))
            self._waiting.extend(self._lines.feed(received))
        return codec.decode(self._waiting.pop(0))


def connect(control: str = "", timeout: float | None = 120.0) -> ControlClient:
    """A client of the supervisor at ``control``, or of the only one that runs. Raises ControlError."""
    if control:
        return ControlClient(Path(control), timeout)
    found = running()
    if not found:
        way = "Start one with: gatescope run TARGET --mode MODE"
        raise ControlError(Problem(what="No supervisor is running.", why=way, usage=True))
    if len(found) > 1:
        listed = "\n".join(f"  --control {path}" for path in found)
        what = f"{len(found)} supervisors are running; say which one."
        raise ControlError(Problem(what=what, why="One of:", detail=listed, usage=True))
    return ControlClient(found[0], timeout)
