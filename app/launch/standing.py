"""Where one application of the window stands: what is known of it, picked for it, asked of it, and wrong with it.

Pure. The controller keeps one for each application and tells it what arrives; what is to be sent it asks.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from app.launch import choice as choices
from app.launch import extras as beside
from app.launch.choice import CUSTOM, Choice, Entry, Verdict
from app.launch.extras import Extras
from supervisor.control.messages import AppStatus, ModesListed, ModeStatus, Problem, StartApp, SwitchMode, TargetSpec


@dataclass(slots=True)
class Standing:
    """One application. What is None has not been seen, picked or tried yet."""

    status: AppStatus | None = None  #: as the supervisor told it last
    listed: ModesListed | None = None  #: what the last look at the target found
    choice: Choice | None = None
    extras: Extras | None = None
    busy: str = ""  #: what it was told to do and has not answered yet
    ran: tuple[TargetSpec, Extras] | None = None  #: what this window started it with, or switched it to
    asked: tuple[TargetSpec, Extras] | None = None  #: what it is being switched to
    command: str | None = None  #: the user's own that runs
    good: Choice | None = None  #: what it was last seen to serve in
    tried: Choice | None = None  #: what was asked for and has not been answered yet
    sent: Choice | None = None  #: what was asked for and has not been seen to run yet
    failed: Choice | None = None  #: what did not come up
    start_after: bool = False  #: to be started when it has stopped
    problem: Problem | None = None  #: what came of a command
    unfound: Problem | None = None  #: what the last look at the target ended with, where that failed
    dismissed: Problem | None = None  #: what its status goes on telling and the user has read

    # what is shown

    @property
    def picked(self) -> Choice:
        """What is picked."""
        return self.choice or Choice()

    @property
    def options(self) -> Extras:
        """What its options add."""
        return self.extras or Extras()

    @property
    def mode(self) -> ModeStatus | None:
        """The mode picked."""
        return choices.find_mode(self.listed, self.picked.mode)

    @property
    def effective(self) -> Choice:
        """What is picked as it is sent."""
        return choices.effective(self.picked, self.listed)

    @property
    def verdict(self) -> Verdict:
        """Whether what is picked can run."""
        return choices.judge(self.picked, self.listed)

    @property
    def wrong(self) -> Problem | None:
        """What is wrong with it: a command failed, it did itself, or its recording does."""
        own = self.problem
        if self.picked.mode == CUSTOM.slug and own is self.unfound:
            own = None  # a command of one's own needs nothing to be found
        told = self.status.problem if self.status else None
        return own or (told if told != self.dismissed else None)

    @property
    def look_failed(self) -> bool:
        """Whether its target could not be looked at, when that was last tried."""
        return self.unfound is not None or (self.listed is not None and self.listed.problem is not None)

    @property
    def state(self) -> str:
        """What was just asked for, else the state it is in."""
        return self.busy or (self.status.state if self.status else "stopped")

    @property
    def has_processes(self) -> bool:
        """Whether its status says that it lives."""
        return self.status is not None and self.status.state in choices.LIVE_STATES

    @property
    def previous(self) -> ModeStatus | None:
        """The mode that it served in before, if it is another one than is picked."""
        return choices.find_mode(self.listed, self.good.mode) if self.good and self.good != self.picked else None

    def outdated(self, spec: TargetSpec) -> bool:
        """Whether it was started with other options than ``spec`` and those that are set now."""
        if self.ran is None:
            return False
        before, options = self.ran
        return (before, options) != (spec, dataclasses.replace(self.options, capture=options.capture))

    def can_be_applied(self, spec: TargetSpec) -> bool:
        """Whether a switch gives what runs the options that are set now; for another address it has to be started."""
        return self.outdated(spec) and self.ran is not None and self.ran[1].listen == self.options.listen

    def production_command(self, *, live: bool) -> str:
        """The production command of what is picked."""
        status, mode = self.status, self.mode
        if mode is CUSTOM:
            return status.command if status and live and not self.to_switch(status) else self.picked.custom
        if status and status.command and choices.runs(self.effective, status):
            return status.command
        return mode.command if mode else ""

    def to_switch(self, status: AppStatus) -> bool:
        """Whether something else is picked than what runs."""
        picked = self.effective
        if not choices.runs(picked, status):
            return True
        return picked.mode == CUSTOM.slug and self.command not in (None, picked.custom)

    # what is sent

    def start(self, entry: Entry) -> StartApp:
        """The command that starts it as it is picked, and the note that this was tried."""
        self.sent = self.tried = picked = self.effective
        self.ran, self.command = (entry.spec, self.options), picked.custom
        extras = self.options
        return StartApp(
            id=0, target=entry.spec, mode=picked.mode, name=entry.name, workers=picked.workers, threads=picked.threads,
            adapt=picked.adapt, custom=_custom(picked), args=extras.args, root_path=extras.root_path,
            reload=extras.reload, listen=extras.listen,
            capture=extras.capture if extras.capture or self.listed else None,
        )  # fmt: skip

    def switch(self, entry: Entry) -> SwitchMode:
        """The command that switches what runs to what is picked and set, and the note that this was tried."""
        self.sent = self.tried = picked = self.effective
        self.command = picked.custom
        command = SwitchMode(
            id=0, app=entry.name, mode=picked.mode, workers=picked.workers, threads=picked.threads, adapt=picked.adapt,
            custom=_custom(picked),
        )  # fmt: skip
        if self.ran is None or not self.outdated(entry.spec):
            return command
        extras = dataclasses.replace(self.options, listen=self.ran[1].listen)  # that needs a start
        self.asked = (entry.spec, extras)
        return dataclasses.replace(
            command, target=entry.spec, args=extras.args, root_path=extras.root_path, reload=extras.reload
        )

    # what arrives

    def see(self, now: AppStatus) -> AppStatus | None:
        """Take in a status, and pick what runs when somebody else changed it; the status before.

        Our own change leaves alone what was picked since.
        """
        before, self.status = self.status, now
        if now.problem is None:
            self.dismissed = None
        if self.sent is not None and choices.runs(self.sent, now):
            self.sent = None
        elif not self.busy and _mode_changed(before, now):
            self.pick_what_runs(now)
        if now.capture != (before.capture if before else self.options.capture) and self.has_processes:
            self.extras = dataclasses.replace(self.options, capture=now.capture)
        if now.state == "running" and not self.busy and now.problem is None:
            self.good = choices.of_status(now, self.listed, self.picked)
        return before

    def pick_what_runs(self, status: AppStatus) -> None:
        """Pick what ``status`` says that it runs in."""
        self.choice = choices.of_status(status, self.listed, self.picked)

    def take_listing(self, listed: ModesListed) -> None:
        """The target was looked at: pick what fits, unless that is done."""
        first = self.listed is None
        self.listed = listed
        self.forget_look()
        picked = self.picked
        if not picked.mode and not self.has_processes:
            picked = self._as_the_project_says(listed, picked)
        if first and self.status is not None and self.has_processes and not self.busy:
            picked = choices.of_status(self.status, listed, picked)
        self.choice = choices.settle(picked, listed)

    def _as_the_project_says(self, listed: ModesListed, picked: Choice) -> Choice:
        """What its own table says of the application that was found, where the user has picked nothing yet."""
        preset = next((one for one in listed.presets if one.target.target == listed.target.target), None)
        if preset is None:
            return picked
        if self.options == Extras():
            self.extras = beside.of_preset(preset)
        return choices.of_preset(preset)

    def forget_look(self) -> bool:
        """The last look at the target counts no more; whether it had failed."""
        failed, self.unfound = self.unfound, None
        if failed is not None and self.problem is failed:
            self.problem = None
        return failed is not None

    def done(self) -> None:
        """A command was carried out."""
        self.failed = None
        self.ran, self.asked = self.asked or self.ran, None

    def refused(self, problem: Problem, tried: Choice | None) -> None:
        """A command was not done; ``tried`` is what it asked for."""
        self.problem, self.sent, self.start_after, self.asked = problem, None, False, None
        if tried is not None:
            self.failed = tried
        if self.status is not None and self.status.state in ("running", "switching"):  # the news come after the reply
            self.pick_what_runs(self.status)

    def dismiss(self) -> None:
        """The user has read what is wrong."""
        self.problem = self.failed = None
        if self.status is not None and self.status.problem is not None:
            self.dismissed = self.status.problem

    def lose(self) -> None:
        """Nobody is there any more who runs it."""
        self.busy = ""
        if self.status is not None and self.has_processes:
            self.status = dataclasses.replace(self.status, state="stopped", processes=(), in_flight=0, url="")


def _custom(picked: Choice) -> str:
    """The user's own command as it is sent: only its own mode takes one."""
    return picked.custom if picked.mode == CUSTOM.slug else ""


def _mode_changed(before: AppStatus | None, now: AppStatus) -> bool:
    if before is None:
        return bool(now.mode)
    return (before.mode, before.workers, before.threads, before.adapted) != (
        now.mode, now.workers, now.threads, now.adapted
    )  # fmt: skip
