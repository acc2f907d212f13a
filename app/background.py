"""Work for another thread than the window's: parsing a body, searching in it.

What nobody waits for any more is given up. One small pool for the whole window. A job gets a ``cancelled`` to ask
between its steps, and raises ``Abandoned`` when that says so. Its answer comes back in the window's thread, or not at
all if it was cancelled, overtaken, or if its owner is gone. Jobs must not touch widgets, and should take no longer
than some milliseconds in one call of C: the interpreter lock is the window's too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, QThreadPool, Signal
from shiboken6 import isValid

from app.cancel import Abandoned, Cancelled

_THREADS = 2


class _Answers(QObject):
    """Takes answers from the pool's threads into the window's.

    Signals: ``made(token, result, error)``.
    """

    made = Signal(int, object, object)

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[int, Background] = {}
        self.tokens = count(1)
        self.pool = QThreadPool()
        self.pool.setMaxThreadCount(_THREADS)
        self.pool.setThreadPriority(QThread.Priority.LowPriority)
        self.made.connect(self._take, Qt.ConnectionType.QueuedConnection)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.end)

    def _take(self, token: int, result: Any, error: Exception | None) -> None:
        owner = self.waiting.pop(token, None)
        if owner is not None and isValid(owner):
            owner.answer(token, result, error)

    def end(self) -> None:
        """Give up all that runs, and wait until it has."""
        for owner in list(self.waiting.values()):
            owner.cancel()
        self.pool.waitForDone()


_answers: _Answers | None = None


def _shared() -> _Answers:
    global _answers  # noqa: PLW0603  made when the first job comes, since it needs the application
    if _answers is None:
        _answers = _Answers()
    return _answers


class Background(QObject):
    """One job at a time for its owner: the next takes the place of the one before."""

    def __init__(self, owner: QObject) -> None:
        super().__init__(owner)
        self._token = 0
        self._stop = threading.Event()
        self._then: Callable[[Any], None] | None = None
        self._failed: Callable[[Exception], None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a job runs, or waits to."""
        return self._token != 0

    def run(
        self,
        job: Callable[[Cancelled], Any],
        then: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Do ``job(cancelled)`` elsewhere and hand what it returns to ``then`` here.

        An exception of its own goes to ``failed``; without one it is raised here.
        """
        self.cancel()
        answers = _shared()
        self._token = token = next(answers.tokens)
        self._stop = stop = threading.Event()
        self._then, self._failed = then, failed
        answers.waiting[token] = self

        def work() -> None:
            try:
                answers.made.emit(token, job(stop.is_set), None)
            except Abandoned:
                pass
            except Exception as error:  # it belongs to the one who asked
                answers.made.emit(token, None, error)

        answers.pool.start(work)

    def cancel(self) -> None:
        """Nobody waits for the answer any more."""
        if self._token:
            self._stop.set()
            _shared().waiting.pop(self._token, None)
            self._token = 0

    def answer(self, token: int, result: Any, error: Exception | None) -> None:
        """What the job came to; of the one that is waited for only."""
        if token != self._token:
            return
        self._token = 0
        if error is None:
            assert self._then is not None, "a job without anybody to tell"
            self._then(result)
        elif self._failed is not None:
            self._failed(error)
        else:
            raise error
