"""One exchange replayed under the other interface: what it can be run on is asked for, then the supervisor does it.

It ends when the client that asked goes; so it has a link of its own, and hanging up cancels it. The trace that it is
recorded in lies in a folder which goes with this object.
"""

from __future__ import annotations

from functools import partial
from itertools import count
from pathlib import Path

from PySide6.QtCore import QObject, QTemporaryDir, Signal

from app.link import LinkState, SupervisorLink
from app.traffic.compare.other import Offer, offers
from supervisor.control.messages import (
    AppStatus,
    BesideProgress,
    Finished,
    ListModes,
    ModesListed,
    Problem,
    Refused,
    ReplayBeside,
    Reply,
    TargetSpec,
)


class Rerun(QObject):
    """At most one at a time; a new one takes the place of what is under way.

    Signals:
        offered(list[Offer]): what the exchange can be run on, the best first; empty: on nothing.
        progressed(str): a step, in words.
        done(path, AppStatus): the trace that holds the replay is whole.
        failed(Problem): it could not be done.
    """

    offered = Signal(object)
    progressed = Signal(str)
    done = Signal(str, object)
    failed = Signal(object)

    def __init__(self, link: SupervisorLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._main = link
        self._link: SupervisorLink | None = None
        self._folder = QTemporaryDir()
        self._numbers = count(1)
        self._asked = 0

    @property
    def running(self) -> bool:
        """Whether one is under way."""
        return self._link is not None

    def ask(self, spec: TargetSpec, interface: str) -> None:
        """Find out what ``spec`` can be run on so that its server speaks ``interface``."""
        self.cancel()
        self._asked = next(self._numbers)
        self._main.send(ListModes(id=0, target=spec), partial(self._on_listed, self._asked, spec, interface))

    def _on_listed(self, number: int, spec: TargetSpec, interface: str, reply: Reply) -> None:
        if number != self._asked:
            return
        match reply:
            case ModesListed(problem=None):
                self.offered.emit(offers(spec, reply, interface))
            case ModesListed(problem=Problem() as problem) | Refused(problem=problem):
                self.failed.emit(problem)
            case _:
                pass

    def start(self, offer: Offer, source: str, exchange: int) -> None:
        """Replay ``exchange`` of the trace ``source`` on what ``offer`` says."""
        self.cancel()
        trace = str(Path(self._folder.path()) / f"{next(self._numbers)}.gatescope")
        command = ReplayBeside(
            id=0, target=offer.target, mode=offer.mode, adapt=offer.adapt, source=source, exchange=exchange, trace=trace
        )
        link = self._link = self._main.beside()
        link.beside_progressed.connect(self._on_progress)
        link.start()
        link.send(command, partial(self._on_reply, link, trace))

    def cancel(self) -> None:
        """End what is under way; the supervisor cleans up."""
        self._asked = 0
        link, self._link = self._link, None
        if link is not None:
            if link.state is not LinkState.OFF:
                link.close()
            link.deleteLater()

    def _on_progress(self, progress: BesideProgress) -> None:
        self.progressed.emit(progress.text)

    def _on_reply(self, link: SupervisorLink, trace: str, reply: Reply) -> None:
        if link is not self._link:
            return  # hung up on: that is how it was cancelled
        self.cancel()
        match reply:
            case Finished(app=AppStatus() as app):
                self.done.emit(trace, app)
            case Refused():
                self.failed.emit(reply.problem)
            case _:
                self.failed.emit(Problem(what="The supervisor gave another answer than it was asked for."))
