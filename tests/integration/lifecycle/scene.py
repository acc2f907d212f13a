"""One application of a running supervisor, seen from outside: what it says of itself, what its trace holds, and which
processes there are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from inspector.model import Exchange, Message, Worker
from inspector.query import parse
from inspector.store.reader import TraceReader
from supervisor.control.client import ControlClient, ControlError
from supervisor.control.messages import AppStatus, Command, Finished, GetStatus, Problem, StatusReported

#: Seconds to wait for anything.
PATIENCE = 60.0
#: The variable by which the processes of one application are found, wherever they have got to.
MARK = "GATESCOPE_TEST_MARK"

T = TypeVar("T")


def until(wanted: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """What ``wanted`` gives, as soon as that is true of it. Raises AssertionError."""
    deadline = time.monotonic() + patience
    while not (found := wanted()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


def within(limit: float, took: float) -> str:
    """``within 3 s`` if it took no longer, else how long it took."""
    return f"within {limit:g} s" if took <= limit else f"after {took:.1f} s"


def words(text: str, wanted: str) -> str:
    """``wanted`` where it is in ``text``, else the whole text."""
    return wanted if wanted in text else text


class Scene:
    """An application by its control socket, name and trace. A context manager; belongs to one thread."""

    def __init__(self, control: str, name: str, trace: Path, mark: str) -> None:
        self.name = name
        self.mark = mark
        self.client = ControlClient(Path(control))
        self.path = trace
        self._reader: TraceReader | None = None

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        if self._reader is not None:
            self._reader.close()

    # --- what it is told ----------------------------------------------------------------------------------------------

    def tell(self, make: Callable[..., Command], **fields: object) -> AppStatus | Problem:
        """Have a command carried out; how the application stands then, or why it was refused."""
        try:
            reply = self.client.ask(make(id=self.client.next_id(), **fields))
        except ControlError as error:
            return error.problem
        assert isinstance(reply, Finished)
        assert reply.app is not None
        return reply.app

    def status(self) -> AppStatus:
        """How it stands."""
        reply = self.client.ask(GetStatus(id=self.client.next_id(), app=self.name))
        assert isinstance(reply, StatusReported)
        return reply.apps[0]

    # --- what its trace holds -----------------------------------------------------------------------------------------

    @property
    def trace(self) -> TraceReader:
        """Its trace, as far as it is written."""
        if self._reader is None:
            self._reader = TraceReader(self.path)
        return self._reader

    def workers(self, instance: int = 0) -> list[Worker]:
        """The workers of the instance, or of all."""
        return self.trace.workers(instance or None)

    def ready(self) -> list[Worker]:
        """Those that can take requests."""
        return [worker for worker in self.workers() if worker.state == "ready"]

    def ended(self, pids: Iterable[int]) -> list[Worker]:
        """The workers with these pids, once all of them have ended and their ends are recorded."""
        wanted = set(pids)

        def found() -> list[Worker]:
            ended = [worker for worker in self.workers() if worker.pid in wanted and worker.cause]
            return ended if len(ended) == len(wanted) else []

        return until(found, f"the ends of {sorted(wanted)}")

    def in_hand(self, target: str) -> tuple[Exchange, Worker]:
        """The request of ``target`` that a worker works on, and the worker, as soon as one does."""

        def found() -> tuple[Exchange, Worker] | None:
            for exchange in self.exchanges(target):
                for worker in self.workers() if exchange.state == "open" and exchange.called_ns else ():
                    if worker.id == exchange.worker and not worker.cause:
                        return exchange, worker
            return None

        return until(found, f"a worker that has {target} in hand")

    def exchanges(self, target: str) -> list[Exchange]:
        """All exchanges of ``target``, whole."""
        found = [self.trace.exchange(id) for id in self.trace.ids(parse(f'target:"{target}"'))]
        return [exchange for exchange in found if exchange is not None and exchange.target == target]

    def over(self, target: str) -> Exchange:
        """The last exchange of ``target``, once it is over."""

        def found() -> Exchange | None:
            exchanges = self.exchanges(target)
            return exchanges[-1] if exchanges and exchanges[-1].state != "open" else None

        return until(found, f"the end of {target}")

    def messages(self, exchange: Exchange) -> list[Message]:
        """Its messages on the application's side."""
        return [message for message in self.trace.messages(exchange.id) if message.side == "app"]

    def remarks(self, words: str) -> int:
        """How many lines of Gatescope's own have ``words`` in them."""
        return sum(row.stream == "gatescope" and words in row.text for row in self.trace.logs())

    # --- what processes there are -------------------------------------------------------------------------------------

    def processes(self) -> list[int]:
        """All that its servers have left running, by the mark in their environment."""
        return marked(self.mark)


def marked(mark: str) -> list[int]:
    """The processes with that mark in their environment; those that ended and wait to be reaped have none."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                environment = Path(f"/proc/{name}/environ").read_bytes()
            except OSError:
                continue
            if f"{MARK}={mark}\0".encode() in environment:
                found.append(int(name))
    return found
