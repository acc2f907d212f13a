"""Putting a server into an application's environment: asked of the supervisor, followed line by line, and cancelled.

The installation ends when the client that asked for it goes; so each has a link of its own, and hanging up cancels it.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.link import LinkState, SupervisorLink
from supervisor.control.messages import (
    Finished,
    InstallProgress,
    InstallServer,
    ModeStatus,
    Problem,
    Refused,
    Reply,
    TargetSpec,
)


class Installation(QObject):
    """The one installation that a window has under way, or the last one that ended.

    Signals:
        changed: it began, said something, or ended.
        installed: it ended well (the application's name, and the mode that is ready now).
    """

    changed = Signal()
    installed = Signal(str, str)

    def __init__(self, link: SupervisorLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._main = link
        self._link: SupervisorLink | None = None
        self.state = "none"  #: none, running, failed, cancelled, done
        self.app = ""
        self.mode: ModeStatus | None = None
        self.command = ""
        self.lines: list[str] = []
        self.problem: Problem | None = None

    @property
    def running(self) -> bool:
        """Whether one is under way."""
        return self.state == "running"

    def start(self, app: str, spec: TargetSpec, mode: ModeStatus) -> None:
        """Install what ``mode`` lacks for ``spec``, unless one is under way already."""
        if self.running:
            return
        self.state, self.app, self.mode, self.problem = "running", app, mode, None
        self.command, self.lines = install_command(mode), []
        self._link = self._main.beside()
        self._link.install_progressed.connect(self._on_progress)
        self._link.start()
        self._link.send(InstallServer(id=0, target=spec, mode=mode.slug), self._on_reply)
        self.changed.emit()

    def cancel(self) -> None:
        """End what is under way; the tool cleans up behind itself."""
        if self.running:
            self._end("cancelled")

    def forget(self) -> None:
        """The user has seen how it ended."""
        if not self.running:
            self.state = "none"
            self.changed.emit()

    def _on_progress(self, progress: InstallProgress) -> None:
        self.command = progress.command
        self.lines.extend(progress.lines)
        self.changed.emit()

    def _on_reply(self, reply: Reply) -> None:
        if not self.running or self.mode is None:
            return  # hung up on: that is how it was cancelled
        match reply:
            case Finished():
                self._end("done")
                self.installed.emit(self.app, self.mode.slug)
            case Refused():
                self.problem = reply.problem
                self._end("failed")
            case _:
                pass

    def _end(self, state: str) -> None:
        self.state = state
        link, self._link = self._link, None
        if link is not None:
            if link.state is not LinkState.OFF:
                link.close()
            link.deleteLater()
        self.changed.emit()


def install_command(mode: ModeStatus) -> str:
    """What is typed to install what ``mode`` lacks; empty where nothing lacks or none can be."""
    return next((way.command for way in mode.ways_out if way.mode == mode.slug and " install " in way.command), "")
