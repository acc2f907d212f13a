"""One window for each project: the first listens in the user's private folder, a further one asks it to come forward.

A line of JSON each way, with the protocol's version first; whatever else comes is not answered, and then the asker
opens a window of its own.
"""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

VERSION = 1
ANSWER_MS = 1500  #: how long the first window may take to answer before it is taken for frozen
_TRIES = 3
_LONGEST = 4096  #: bytes of a question
_QUESTION: dict[str, object] = {"version": VERSION, "verb": "raise"}
_ANSWER: dict[str, object] = {"version": VERSION, "verb": "raised"}


class FirstWindow(QObject):
    """Listens for further windows of the same project.

    Signals:
        raise_wanted: somebody opened the project once more.
    """

    raise_wanted = Signal()

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_asked)

    def is_first(self) -> bool:
        """Whether this is the first window: then it listens from now on. If not, the first was asked to come forward.

        Of two that begin at once one gets the socket, and the other finds it there at its next try.
        """
        for _ in range(_TRIES):
            if _ask(self._path):
                return False
            if self._server.listen(str(self._path)):
                return True
            QLocalServer.removeServer(str(self._path))  # of a window that was killed, or is frozen
        return True

    def close(self) -> None:
        """The window is gone."""
        self._server.close()

    def _on_asked(self) -> None:
        while (asker := self._server.nextPendingConnection()) is not None:
            asker.readyRead.connect(lambda asker=asker: self._on_question(asker))
            asker.disconnected.connect(asker.deleteLater)
            if asker.bytesAvailable():
                self._on_question(asker)

    def _on_question(self, asker: QLocalSocket) -> None:
        if not asker.canReadLine():
            if asker.bytesAvailable() > _LONGEST:
                asker.abort()
            return
        if _read(bytes(asker.readLine().data())) == _QUESTION:
            asker.write(_line(_ANSWER))
            asker.flush()
            self.raise_wanted.emit()
        asker.disconnectFromServer()


def _ask(path: Path) -> bool:
    """Whether a window there came forward. Blocks; to be asked before there is a window of our own."""
    socket = QLocalSocket()
    socket.connectToServer(str(path))
    if not socket.waitForConnected(ANSWER_MS):
        return False
    socket.write(_line(_QUESTION))
    while not socket.canReadLine():
        if not socket.waitForReadyRead(ANSWER_MS):
            return False
    return _read(bytes(socket.readLine().data())) == _ANSWER


def _line(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _read(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None
