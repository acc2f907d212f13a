"""What the launch bar shows, without a widget: the application in view, and where it stands.

Reads only. The controller is one of these that also acts.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.launch import choice as choices
from app.launch.choice import Choice, Entry, Verdict
from app.launch.extras import Extras
from app.launch.standing import Standing
from app.link import LinkState, SupervisorLink
from supervisor.control.messages import AppStatus, ModesListed, ModeStatus, Problem


class LaunchState(QObject):
    """The applications of this window as they stand, and which of them is in view.

    Signals:
        changed: anything that the bar shows.
    """

    changed = Signal()

    def __init__(self, link: SupervisorLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._standings: dict[str, Standing] = {}
        self.current: Entry | None = None

    @property
    def name(self) -> str:
        """The name of the application in view, or an empty string."""
        return self.current.name if self.current else ""

    @property
    def here(self) -> Standing:
        """Where the application in view stands."""
        return self._of(self.name) if self.name else Standing()

    def _of(self, name: str) -> Standing:
        return self._standings.setdefault(name, Standing())

    @property
    def statuses(self) -> dict[str, AppStatus]:
        """The applications that were ever started, as they are now."""
        return {name: one.status for name, one in self._standings.items() if one.status is not None}

    @property
    def status(self) -> AppStatus | None:
        """The application in view as it stands; None while it was never started."""
        return self.here.status

    @property
    def listed(self) -> ModesListed | None:
        """What is known of the target in view."""
        return self.here.listed

    @property
    def choice(self) -> Choice:
        """What is picked."""
        return self.here.picked

    @property
    def mode(self) -> ModeStatus | None:
        """The mode picked."""
        return self.here.mode

    @property
    def verdict(self) -> Verdict:
        """Whether the choice can run."""
        return self.here.verdict

    @property
    def problem(self) -> Problem | None:
        """What is wrong with the application in view: a command failed, it did itself, or its recording does."""
        return self.here.wrong

    @property
    def only_told(self) -> bool:
        """Whether ``problem`` is the application's own state, not what came of a command."""
        return self.here.problem is None

    @property
    def look_failed(self) -> bool:
        """Whether the target in view could not be looked at, when that was last tried."""
        return self.here.look_failed

    @property
    def lost(self) -> bool:
        """Whether there is no supervisor."""
        return self._link.state is LinkState.LOST

    @property
    def state(self) -> str:
        """The pill's word: what was just asked for, else the application's state."""
        return "no supervisor" if self.lost else self.here.state

    @property
    def pill(self) -> str:
        """``state``, or what more is known of it."""
        return choices.word(self.state, self.status)

    @property
    def extras(self) -> Extras:
        """What the options of the application in view add."""
        return self.here.options

    @property
    def outdated(self) -> bool:
        """Whether the application in view runs with other options than are set now."""
        return self.live and self.current is not None and self.here.outdated(self.current.spec)

    @property
    def failed(self) -> Choice | None:
        """What the application in view did not come up in, when that was last tried."""
        return self.here.failed

    @property
    def previous(self) -> ModeStatus | None:
        """The mode that the application in view served in before, if it is another one than is picked."""
        return self.here.previous

    @property
    def live(self) -> bool:
        """Whether the application in view has processes."""
        return self.state in choices.LIVE_STATES

    @property
    def can_start(self) -> bool:
        """Whether the application in view is known, stopped, can run as picked, and there is somebody to start it."""
        return self.current is not None and not self.live and not self.lost and self.verdict.can_run

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self.here.busy)

    @property
    def command(self) -> str:
        """The production command of the choice."""
        return self.here.production_command(live=self.live)

    @property
    def any_live(self) -> bool:
        """Whether any application of this window runs."""
        return any(one.has_processes for one in self._standings.values())
