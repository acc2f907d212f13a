"""What the launch bar shows and does, without a widget: entries, choices, statuses, and the commands that follow.

Changing the choice of a running application is the switch; workers and threads wait a moment for the next step first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.launch import choice as choices
from app.launch.choice import Choice, Entry, Verdict
from app.launch.recent import entries_of, forgotten, remembered
from app.link import LinkState, SupervisorLink
from app.settings import Settings
from supervisor.control.messages import (
    AppStatus,
    Finished,
    ListModes,
    MakeTraffic,
    ModesListed,
    ModeStatus,
    Problem,
    Refused,
    ReloadApp,
    Reply,
    StartApp,
    StopApp,
    SwitchMode,
    TargetSpec,
    WayOut,
)

#: How long a stepper must rest before its number counts.
DEBOUNCE_MS = 400


class LaunchController(QObject):
    """The applications of this window, and the one in view.

    Signals:
        changed: anything that the bar shows.
        entries_changed: the list of applications, or which of them run.
        selected: another application is in view (its ``Entry``).
        trace_changed: the trace of the application in view: path, and whether it still grows.
    """

    changed = Signal()
    entries_changed = Signal()
    selected = Signal(object)
    trace_changed = Signal(str, bool)

    def __init__(self, link: SupervisorLink, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._settings = settings
        self.entries: dict[str, Entry] = {}
        self.statuses: dict[str, AppStatus] = {}
        self.current: Entry | None = None
        self._listed: dict[str, ModesListed] = {}
        self._choices: dict[str, Choice] = {}
        self._problems: dict[str, Problem] = {}
        self._unfound: dict[str, Problem] = {}  #: what the last look at a target ended with, where it failed
        self._dismissed: dict[str, Problem] = {}  #: what statuses go on telling and the user has read
        self._busy: dict[str, str] = {}  #: application -> what it was told to do and has not answered yet
        self._sent: dict[str, Choice] = {}  #: what was asked for and has not been seen to run yet
        self._wanted = ""  #: to be started when its modes are known
        self._asked = 0  #: id of the newest ListModes
        self._trace = ("", False)
        self._rest = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._rest.timeout.connect(self._on_rested)
        link.app_changed.connect(self.on_app_changed)
        link.state_changed.connect(self._on_link_changed)

    # what the bar shows

    @property
    def name(self) -> str:
        """The name of the application in view, or an empty string."""
        return self.current.name if self.current else ""

    @property
    def status(self) -> AppStatus | None:
        """The application in view as it stands; None while it was never started."""
        return self.statuses.get(self.name)

    @property
    def listed(self) -> ModesListed | None:
        """What is known of the target in view."""
        return self._listed.get(self.name)

    @property
    def choice(self) -> Choice:
        """What is picked."""
        return self._choices.get(self.name, Choice())

    @property
    def mode(self) -> ModeStatus | None:
        """The mode picked."""
        return choices.find_mode(self.listed, self.choice.mode)

    @property
    def verdict(self) -> Verdict:
        """Whether the choice can run."""
        return choices.judge(self.choice, self.listed)

    @property
    def problem(self) -> Problem | None:
        """What is wrong with the application in view: a command failed, it did itself, or its recording does."""
        own, status = self._problems.get(self.name), self.status
        told = status.problem if status else None
        return own or (told if told != self._dismissed.get(self.name) else None)

    @property
    def look_failed(self) -> bool:
        """Whether the target in view could not be looked at, when that was last tried."""
        return self.name in self._unfound or (self.listed is not None and self.listed.problem is not None)

    @property
    def state(self) -> str:
        """The pill's word: what was just asked for, else the application's state."""
        if self._link.state is LinkState.LOST:
            return "crashed"
        status = self.status
        return self._busy.get(self.name) or (status.state if status else "stopped")

    @property
    def live(self) -> bool:
        """Whether the application in view has processes."""
        return self.state in choices.LIVE_STATES

    @property
    def can_start(self) -> bool:
        """Whether the application in view is known, stopped, can run as picked, and there is somebody to start it."""
        lost = self._link.state is LinkState.LOST
        return self.current is not None and not self.live and not lost and self.verdict.can_run

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self.name in self._busy

    @property
    def command(self) -> str:
        """The production command of the choice."""
        status, mode = self.status, self.mode
        if status and status.command and choices.runs(self._effective(), status):
            return status.command
        return mode.command if mode else ""

    @property
    def any_live(self) -> bool:
        """Whether any application of this window runs."""
        return any(status.state in choices.LIVE_STATES for status in self.statuses.values())

    # the list of applications

    def add_entries(self, entries: Iterable[Entry]) -> None:
        """Offer these too."""
        for entry in entries:
            self.entries.setdefault(entry.name, entry)
        self.entries_changed.emit()

    def load_recent(self) -> None:
        """Offer what was used before."""
        for entry in entries_of(self._settings.shared("recent", list[Any]())):
            self.entries.setdefault(entry.name, entry)
        self.entries_changed.emit()

    def add_target(self, spec: TargetSpec) -> Entry:
        """Offer ``spec``, look at it, and remember it. One that is there already is taken."""
        known = next((e for e in self.entries.values() if choices.same_target(e.spec, spec)), None)
        name = known.name if known else choices.entry_name(spec, self.entries.keys() | self.statuses.keys())
        entry = dataclasses.replace(known, spec=spec) if known else Entry(name, spec)
        self.entries[entry.name] = entry
        self._listed.pop(entry.name, None)
        self._problems.pop(entry.name, None)
        self._unfound.pop(entry.name, None)
        self._remember(entry)
        self.entries_changed.emit()
        self.select(entry.name)
        return entry

    def forget(self, name: str) -> None:
        """Don't offer ``name`` any more. What runs stays."""
        if name in self.entries and name not in self.statuses:
            del self.entries[name]
            kept = self._settings.shared("recent", list[Any]())
            self._settings.set_shared("recent", forgotten(kept, name))
            self.entries_changed.emit()

    def select(self, name: str) -> None:
        """Put ``name`` in view."""
        entry = self.entries[name]
        if entry == self.current and self.listed is not None:
            return
        self._rest.stop()
        self.current = entry
        self._settings.use_project(entry.project)
        if name not in self._choices:
            self._choices[name] = self._last_choice(entry)
        self.selected.emit(entry)
        self.look_again()
        self._tell_trace()
        self.changed.emit()

    def look_again(self) -> None:
        """Ask anew what the target is and which modes it can run in."""
        if self.current is None:
            return
        name, picked = self.name, self.choice
        if self._forget_failure(name):
            self.changed.emit()
        command = ListModes(id=0, target=self.current.spec, workers=picked.workers, threads=picked.threads)
        self._asked += 1
        number = self._asked
        self._link.send(command, lambda reply: self._on_listed(name, number, reply))

    # the choice

    def set_interface(self, interface: str) -> None:
        """Pick the interface that the server shall speak."""
        self._choose(choices.choose_interface(self.choice, self.listed, interface))

    def set_mode(self, slug: str, *, adapt: bool = False) -> None:
        """Pick a mode."""
        self._choose(choices.choose_mode(self.choice, self.listed, slug, adapt=adapt))

    def set_workers(self, count: int) -> None:
        """Pick the number of workers; counts when it has rested."""
        self._step(dataclasses.replace(self.choice, workers=count))

    def set_threads(self, count: int) -> None:
        """Pick the number of threads for each worker; counts when it has rested."""
        self._step(dataclasses.replace(self.choice, threads=count))

    def take(self, way: WayOut) -> None:
        """Do what a way out says: pick its mode (and switch or start), or look again."""
        if way.mode or way.adapt:
            failed = self._problems.pop(self.name, None) is not None
            before = self.choice
            self.set_mode(way.mode or self.choice.mode, adapt=way.adapt)
            if failed and not self.live and self.choice != before:
                self.start()
        else:
            self.look_again()

    def back_to_running(self) -> None:
        """Pick again what runs."""
        if self.status is not None:
            self._choices[self.name] = choices.of_status(self.status, self.listed, self.choice)
            self.changed.emit()

    def dismiss(self) -> None:
        """The user has read the problem."""
        self._problems.pop(self.name, None)
        if self.status is not None and self.status.problem is not None:
            self._dismissed[self.name] = self.status.problem
        self.changed.emit()

    # commands

    def start(self) -> None:
        """Start the application in view."""
        if self.current is None or not self.can_start:
            return
        picked, entry = self._effective(), self.current
        self._sent[entry.name] = picked
        self._tell(
            StartApp(
                id=0, target=entry.spec, mode=picked.mode, name=entry.name, workers=picked.workers,
                threads=picked.threads, adapt=picked.adapt,
            ),
            "starting",
        )  # fmt: skip

    def start_when_ready(self) -> None:
        """Start the application in view as soon as it is known that it can be."""
        self._wanted = self.name
        self._start_wanted()

    def stop(self) -> None:
        """Stop it when its requests are answered."""
        self._tell(StopApp(id=0, app=self.name), "stopping")

    def reload(self) -> None:
        """Load its code anew."""
        self._tell(ReloadApp(id=0, app=self.name), "switching")

    def make_traffic(self) -> None:
        """Send the demo's requests for a while."""
        name = self.name
        self._link.send(MakeTraffic(id=0, app=name), lambda reply: self._on_done(name, reply, told=False))

    # events

    def on_app_changed(self, status: AppStatus) -> None:
        """An application's new status arrived."""
        before = self.statuses.get(status.name)
        self.statuses[status.name] = status
        if status.problem is None:
            self._dismissed.pop(status.name, None)
        if status.name not in self.entries:
            self.entries[status.name] = Entry(status.name, status.target, demo=status.target.target.startswith("demo:"))
        self._follow(before, status)
        if before is None or before.state != status.state:
            self.entries_changed.emit()
        if self.current is None and status.state in choices.LIVE_STATES:
            self.select(status.name)
        elif status.name == self.name:
            self._tell_trace()
            self.changed.emit()

    def _follow(self, before: AppStatus | None, now: AppStatus) -> None:
        """Pick what runs when somebody else changed it; our own change leaves alone what was picked since."""
        sent = self._sent.get(now.name)
        if sent is not None and choices.runs(sent, now):
            del self._sent[now.name]
        elif now.name not in self._busy and _mode_changed(before, now):
            picked = self._choices.get(now.name, Choice())
            self._choices[now.name] = choices.of_status(now, self._listed.get(now.name), picked)

    def _on_link_changed(self, state: LinkState) -> None:
        if state is LinkState.ON and self.current is not None:
            self.look_again()
        elif state is LinkState.LOST:
            for name, status in self.statuses.items():
                if status.state in choices.LIVE_STATES:
                    self.statuses[name] = dataclasses.replace(
                        status, state="stopped", processes=(), in_flight=0, url=""
                    )
            self._busy.clear()
            self.entries_changed.emit()
            self._tell_trace()
        self.changed.emit()

    def _on_listed(self, name: str, number: int, reply: Reply) -> None:
        if number != self._asked and name == self.name:
            return  # a younger question is under way
        if isinstance(reply, ModesListed):
            self._listed[name] = reply
            self._forget_failure(name)
            picked = self._choices.get(name, Choice())
            status = self.statuses.get(name)
            if status is not None and status.state in choices.LIVE_STATES and name not in self._busy:
                picked = choices.of_status(status, reply, picked)
            self._choices[name] = choices.settle(picked, reply)
        elif isinstance(reply, Refused) and self._link.state is LinkState.ON:
            self._problems[name] = self._unfound[name] = reply.problem
        self.changed.emit()
        self._start_wanted()

    def _forget_failure(self, name: str) -> bool:
        """The last look at ``name`` counts no more; whether it had failed."""
        failed = self._unfound.pop(name, None)
        if failed is not None and self._problems.get(name) is failed:
            del self._problems[name]
        return failed is not None

    def _start_wanted(self) -> None:
        if self._wanted and self._wanted == self.name and self.listed is not None:
            self._wanted = ""
            self.start()

    def _on_rested(self) -> None:
        self.look_again()
        self._switch_if_running()

    def _on_done(self, name: str, reply: Reply, *, told: bool = True) -> None:
        if told:
            self._busy.pop(name, None)
        match reply:
            case Refused() if self._link.state is LinkState.ON:
                self._problems[name] = reply.problem
                self._sent.pop(name, None)
                status = self.statuses.get(name)
                if status is not None and status.state == "running":
                    listed = self._listed.get(name)
                    self._choices[name] = choices.of_status(status, listed, self._choices.get(name, Choice()))
            case Finished(app=AppStatus() as status):
                self.on_app_changed(status)
            case _:
                pass
        self.entries_changed.emit()
        self.changed.emit()
        if told and isinstance(reply, Finished) and name == self.name:
            self._switch_if_running()  # what was picked in the meantime

    # helpers of the above

    def _effective(self) -> Choice:
        return choices.effective(self.choice, self.listed)

    def _choose(self, picked: Choice) -> None:
        if self.current is None or picked == self.choice:
            return
        self._choices[self.name] = picked
        self._problems.pop(self.name, None)
        self._settings.set_value(f"launch.choice.{self.name}", dataclasses.asdict(picked))
        self._switch_if_running()
        self.changed.emit()

    def _step(self, picked: Choice) -> None:
        if self.current is None or picked == self.choice:
            return
        self._choices[self.name] = picked
        self._settings.set_value(f"launch.choice.{self.name}", dataclasses.asdict(picked))
        self._rest.start()
        self.changed.emit()

    def _switch_if_running(self) -> None:
        status, picked = self.status, self._effective()
        if status is None or self.busy or self._rest.isActive() or status.state != "running":
            return
        if choices.runs(picked, status) or not self.verdict.can_run:
            return
        self._sent[self.name] = picked
        self._tell(
            SwitchMode(
                id=0,
                mode=picked.mode,
                app=self.name,
                workers=picked.workers,
                threads=picked.threads,
                adapt=picked.adapt,
            ),
            "switching",
        )

    def _tell(self, command: StartApp | StopApp | ReloadApp | SwitchMode, state: str) -> None:
        if not self.name:
            return
        name = self.name
        self._problems.pop(name, None)
        self._busy[name] = state
        self._link.send(command, lambda reply: self._on_done(name, reply))
        self.entries_changed.emit()
        self.changed.emit()

    def _tell_trace(self) -> None:
        status = self.status
        trace = (status.trace, status.state in choices.LIVE_STATES) if status else ("", False)
        if trace != self._trace:
            self._trace = trace
            self.trace_changed.emit(*trace)

    def _last_choice(self, entry: Entry) -> Choice:
        kept = self._settings.value(f"launch.choice.{entry.name}", dict[str, Any]())
        try:
            return Choice(**kept) if kept else Choice(mode=entry.mode)
        except TypeError:  # written by another version
            return Choice(mode=entry.mode)

    def _remember(self, entry: Entry) -> None:
        if entry.demo:
            return
        kept = self._settings.shared("recent", list[Any]())
        self._settings.set_shared("recent", remembered(kept, entry, self._settings.option("recent_limit")))


def _mode_changed(before: AppStatus | None, now: AppStatus) -> bool:
    if before is None:
        return bool(now.mode)
    return (before.mode, before.workers, before.threads, before.adapted) != (
        now.mode, now.workers, now.threads, now.adapted
    )  # fmt: skip
