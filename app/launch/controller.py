"""What the launch bar shows and does, without a widget: entries, choices, statuses, and the commands that follow.

Changing the choice of a running application is the switch; workers and threads wait a moment for the next step first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer, Signal

from app.launch import choice as choices
from app.launch import extras as beside
from app.launch.choice import CUSTOM, Choice, Entry, Verdict
from app.launch.extras import Extras
from app.launch.installation import Installation
from app.launch.kept import Kept
from app.launch.ways import Start, start_of
from app.link import LinkState, SupervisorLink
from app.settings import Settings
from supervisor.control.messages import (
    AppStatus,
    Candidate,
    Finished,
    ListModes,
    MakeTraffic,
    ModesListed,
    ModeStatus,
    Preset,
    Problem,
    Refused,
    ReloadApp,
    Reply,
    RestartApp,
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
        self._kept = Kept(settings)
        self.entries: dict[str, Entry] = {}
        self.statuses: dict[str, AppStatus] = {}
        self.current: Entry | None = None
        self._listed: dict[str, ModesListed] = {}
        self._choices: dict[str, Choice] = {}
        self._extras: dict[str, Extras] = {}
        self._ran: dict[str, tuple[TargetSpec, Extras]] = {}  #: what this window started each with
        self._commands: dict[str, str] = {}  #: the user's own that each runs
        self._good: dict[str, Choice] = {}  #: what each was last seen to serve in
        self._tried: dict[str, Choice] = {}  #: what was asked for and has not been answered yet
        self._failed: dict[str, Choice] = {}  #: what did not come up
        self._start_after: set[str] = set()  #: to be started when they have stopped
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
        self.installation = Installation(link, self)
        self.installation.installed.connect(self._on_installed)
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
        if self.choice.mode == CUSTOM.slug and own is self._unfound.get(self.name):
            own = None  # a command of one's own needs nothing to be found
        told = status.problem if status else None
        return own or (told if told != self._dismissed.get(self.name) else None)

    @property
    def only_told(self) -> bool:
        """Whether ``problem`` is the application's own state, not what came of a command."""
        return self.name not in self._problems

    @property
    def look_failed(self) -> bool:
        """Whether the target in view could not be looked at, when that was last tried."""
        return self.name in self._unfound or (self.listed is not None and self.listed.problem is not None)

    @property
    def state(self) -> str:
        """The pill's word: what was just asked for, else the application's state."""
        if self._link.state is LinkState.LOST:
            return "no supervisor"
        status = self.status
        return self._busy.get(self.name) or (status.state if status else "stopped")

    @property
    def pill(self) -> str:
        """``state``, or what more is known of it."""
        return choices.word(self.state, self.status)

    @property
    def extras(self) -> Extras:
        """What the options of the application in view add."""
        return self._extras.get(self.name, Extras())

    @property
    def outdated(self) -> bool:
        """Whether the application in view runs with other options than are set now."""
        ran = self._ran.get(self.name)
        return self.live and self.current is not None and ran is not None and ran != (self.current.spec, self.extras)

    @property
    def failed(self) -> Choice | None:
        """What the application in view did not come up in, when that was last tried."""
        return self._failed.get(self.name)

    @property
    def previous(self) -> ModeStatus | None:
        """The mode that the application in view served in before, if it is another one than is picked."""
        good = self._good.get(self.name)
        return choices.find_mode(self.listed, good.mode) if good and good != self.choice else None

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
        if mode is CUSTOM:
            return status.command if status and self.live and not self._to_switch(status) else self.choice.custom
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
        for entry in self._kept.recent():
            self.entries.setdefault(entry.name, entry)
        self.entries_changed.emit()

    def add_target(self, spec: TargetSpec) -> Entry:
        """Offer ``spec``, look at it, and remember it. One that is there already is taken."""
        known = next((e for e in self.entries.values() if choices.same_target(e.spec, spec)), None)
        name = known.name if known else choices.entry_name(spec, self.entries.keys() | self.statuses.keys())
        return self._take_entry(dataclasses.replace(known, spec=spec) if known else Entry(name, spec))

    def take_candidate(self, found: Candidate) -> None:
        """Run another of the applications that were found; beside the one in view, if that runs."""
        if self.current is None:
            return
        spec = dataclasses.replace(self.current.spec, target=found.target, cwd=found.cwd, factory=found.factory)
        if self.live:
            self.add_target(spec)
        else:
            self.set_spec(spec)

    def take_preset(self, preset: Preset) -> None:
        """Take what a table of the project says, all of it, under the table's own name."""
        home = self.current.project if self.current else preset.target.cwd
        known = next((e for e in self.entries.values() if e.preset == preset.name and e.project == home), None)
        name = known.name if known else choices.free_name(preset.name, self.entries.keys() | self.statuses.keys())
        if known is None or not self._is_live(name):
            self._choices[name], self._extras[name] = choices.of_preset(preset), beside.of_preset(preset)
        self._take_entry(Entry(name, preset.target, home=home, preset=preset.name))

    def set_spec(self, spec: TargetSpec) -> None:
        """Name the application in view otherwise, or other variables, folder or interpreter for it."""
        entry = self.current
        if entry is None or spec == entry.spec:
            return
        home = entry.home or ("" if entry.demo else entry.project)
        if entry.demo:
            self._kept.keep_demo(entry.name, spec)
        self._take_entry(dataclasses.replace(entry, spec=spec, home=home))

    def set_extras(self, extras: Extras) -> None:
        """Other options; they count from the next start."""
        if self.current is not None and extras != self.extras:
            self._extras[self.name] = extras
            self._kept.keep_extras(self.name, extras)
            self.changed.emit()

    def _take_entry(self, entry: Entry) -> Entry:
        self.entries[entry.name] = entry
        self._listed.pop(entry.name, None)
        for problems in (self._problems, self._unfound):
            problems.pop(entry.name, None)
        self._kept.remember(entry)
        self.entries_changed.emit()
        self.select(entry.name)
        return entry

    def forget(self, name: str) -> None:
        """Don't offer ``name`` any more. What runs stays."""
        if name in self.entries and name not in self.statuses:
            del self.entries[name]
            self._kept.forget(name)
            self.entries_changed.emit()

    def select(self, name: str) -> None:
        """Put ``name`` in view."""
        entry = self.entries[name]
        if entry == self.current and self.listed is not None:
            return
        self._rest.stop()
        self._kept.use_project(entry)
        if entry.demo and name not in self._choices:
            entry = self.entries[name] = self._kept.demo(entry)
        self.current = entry
        if name not in self._extras:
            self._extras[name] = self._kept.extras(name)
        if name not in self._choices:
            self._choices[name] = self._kept.choice(entry)
        self.selected.emit(entry)
        self.look_again()
        self._tell_trace()
        self.changed.emit()

    def look_again(self, then: Callable[[], None] | None = None) -> None:
        """Ask anew what the target is and which modes it can run in; ``then`` is done when it is known."""
        if self.current is None:
            return
        name, picked = self.name, self.choice
        if self._forget_failure(name):
            self.changed.emit()
        command = ListModes(id=0, target=self.current.spec, workers=picked.workers, threads=picked.threads)
        self._asked += 1
        number = self._asked

        def on_reply(reply: Reply) -> None:
            self._on_listed(name, number, reply)
            if then is not None and number == self._asked and name == self.name:
                then()

        self._link.send(command, on_reply)

    def look_and_switch(self) -> None:
        """Look again; what runs is switched to what is picked if that can be had now."""
        self.look_again(then=self._switch_if_running)

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
        """Do what a way out says: pick its mode (and switch or start), start what it names, or look again."""
        if way.mode or way.adapt:
            failed = self._problems.pop(self.name, None) is not None
            before = self.choice
            self.set_mode(way.mode or self.choice.mode, adapt=way.adapt)
            if failed and not self.live and self.choice != before:
                self.start()
        elif (start := start_of(way)) is not None:
            self.start_instead(start)
        else:
            self.look_again()

    def set_custom(self, command: str) -> None:
        """The user's own command as it is being typed; counts for what runs when ``use_custom`` says so."""
        if self.current is None or command == self.choice.custom:
            return
        self._choices[self.name] = picked = dataclasses.replace(self.choice, custom=command)
        self._problems.pop(self.name, None)
        self._kept.keep_choice(self.name, picked)
        self.changed.emit()

    def use_custom(self) -> None:
        """The command is typed: switch to it, or start with it."""
        if self.live:
            self._switch_if_running()
        else:
            self.start()

    def back_to_running(self) -> None:
        """Pick again what runs."""
        if self.status is not None:
            self._choices[self.name] = choices.of_status(self.status, self.listed, self.choice)
            self.changed.emit()

    def dismiss(self) -> None:
        """The user has read the problem."""
        self._problems.pop(self.name, None)
        self._failed.pop(self.name, None)
        if self.status is not None and self.status.problem is not None:
            self._dismissed[self.name] = self.status.problem
        self.changed.emit()

    # commands

    def start(self) -> None:
        """Start the application in view."""
        if self.current is None or not self.can_start:
            return
        picked, entry, extras = self._effective(), self.current, self.extras
        self._sent[entry.name] = self._tried[entry.name] = picked
        self._ran[entry.name] = (entry.spec, extras)
        self._commands[entry.name] = picked.custom
        self._tell(
            StartApp(
                id=0, target=entry.spec, mode=picked.mode, name=entry.name, workers=picked.workers,
                threads=picked.threads, adapt=picked.adapt, custom=_custom(picked), args=extras.args,
                root_path=extras.root_path, reload=extras.reload, listen=extras.listen,
            ),
            "starting",
        )  # fmt: skip

    def start_instead(self, start: Start) -> None:
        """Start the application in view as what ``start`` names."""
        if self.current is None:
            return
        spec = self.current.spec
        self._wanted = self.name
        self.set_spec(
            dataclasses.replace(
                spec, target=start.target or spec.target, cwd=start.cwd or spec.cwd,
                factory=spec.factory or start.factory,
            )
        )  # fmt: skip

    def try_again(self) -> None:
        """Once more what did not come up: switch to it, or start it."""
        failed = self._failed.pop(self.name, None)
        if failed is not None and self.live:
            self._choose(failed)
        elif self.can_start:
            self._choices[self.name] = failed or self.choice
            self.start()
        else:
            self._wanted = self.name
            self.look_again()

    def go_back(self) -> None:
        """Start in what the application in view served in before."""
        good = self._good.get(self.name)
        if good is not None and self.current is not None:
            self._choices[self.name] = good
            self.start()

    def restart(self) -> None:
        """End its processes, and start it with the options that are set now."""
        if not self.live:
            self.start()
        elif self.outdated:
            self._start_after.add(self.name)
            self._tell(StopApp(id=0, app=self.name), "restarting")
        else:
            self._tell(RestartApp(id=0, app=self.name), "restarting")

    def install(self, slug: str) -> None:
        """Put what the mode ``slug`` lacks into the environment of the application in view."""
        mode = choices.find_mode(self.listed, slug)
        if self.current is not None and mode is not None:
            self.installation.start(self.name, self.current.spec, mode)

    def start_when_ready(self) -> None:
        """Start the application in view as soon as it is known that it can be."""
        self._wanted = self.name
        self._start_wanted()

    def stop(self) -> None:
        """Stop it when its requests are answered; when that is under way, now."""
        self._tell(StopApp(id=0, app=self.name, now=self.state == "stopping"), "stopping")

    def reload(self) -> None:
        """Load its code anew."""
        self._tell(ReloadApp(id=0, app=self.name), "reloading")

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
        if now.state == "running" and now.name not in self._busy and now.problem is None:
            picked = self._choices.get(now.name, Choice())
            self._good[now.name] = choices.of_status(now, self._listed.get(now.name), picked)

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
            first = name not in self._listed
            self._listed[name] = reply
            self._forget_failure(name)
            picked = self._choices.get(name, Choice())
            if not picked.mode and not self._is_live(name):
                picked = self._as_the_project_says(name, reply, picked)
            status = self.statuses.get(name)
            if first and status is not None and self._is_live(name) and name not in self._busy:
                picked = choices.of_status(status, reply, picked)
            self._choices[name] = choices.settle(picked, reply)
        elif isinstance(reply, Refused) and self._link.state is LinkState.ON:
            self._problems[name] = self._unfound[name] = reply.problem
            self._wanted = ""
        self.changed.emit()
        self._start_wanted()

    def _as_the_project_says(self, name: str, listed: ModesListed, picked: Choice) -> Choice:
        """What its own table says of the application that was found, where the user has picked nothing yet."""
        preset = next((one for one in listed.presets if one.target.target == listed.target.target), None)
        if preset is None:
            return picked
        if self._extras.get(name, Extras()) == Extras():
            self._extras[name] = beside.of_preset(preset)
        return choices.of_preset(preset)

    def _on_installed(self, name: str, slug: str) -> None:
        """What was installed is looked at, then picked."""
        if name != self.name:
            self._listed.pop(name, None)
            return
        self._choices[name] = choices.choose_mode(self.choice, self.listed, slug)
        self.look_and_switch()

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
        tried = self._tried.pop(name, None) if told else None
        if told:
            self._busy.pop(name, None)
        match reply:
            case Refused() if self._link.state is LinkState.ON:
                self._problems[name] = reply.problem
                self._sent.pop(name, None)
                if tried is not None:
                    self._failed[name] = tried
                self._start_after.discard(name)
                status = self.statuses.get(name)
                if status is not None and status.state in ("running", "switching"):  # the news come after the reply
                    listed = self._listed.get(name)
                    self._choices[name] = choices.of_status(status, listed, self._choices.get(name, Choice()))
            case Finished(app=AppStatus() as status):
                if told:
                    self._failed.pop(name, None)
                self.on_app_changed(status)
            case _:
                pass
        if name in self._start_after and name == self.name:
            self._start_after.discard(name)
            self.start()
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
        self._kept.keep_choice(self.name, picked)
        self._switch_if_running()
        self.changed.emit()

    def _step(self, picked: Choice) -> None:
        if self.current is None or picked == self.choice:
            return
        self._choices[self.name] = picked
        self._kept.keep_choice(self.name, picked)
        self._rest.start()
        self.changed.emit()

    def _switch_if_running(self) -> None:
        status, picked = self.status, self._effective()
        if status is None or self.busy or self._rest.isActive() or status.state != "running":
            return
        if not self._to_switch(status) or not self.verdict.can_run:
            return
        self._sent[self.name] = self._tried[self.name] = picked
        self._commands[self.name] = picked.custom
        self._tell(
            SwitchMode(
                id=0,
                mode=picked.mode,
                app=self.name,
                workers=picked.workers,
                threads=picked.threads,
                adapt=picked.adapt,
                custom=_custom(picked),
            ),
            "switching",
        )

    def _to_switch(self, status: AppStatus) -> bool:
        """Whether something else is picked than what runs."""
        picked = self._effective()
        if not choices.runs(picked, status):
            return True
        return picked.mode == CUSTOM.slug and self._commands.get(self.name, picked.custom) != picked.custom

    def _is_live(self, name: str) -> bool:
        status = self.statuses.get(name)
        return status is not None and status.state in choices.LIVE_STATES

    def _tell(self, command: StartApp | StopApp | ReloadApp | RestartApp | SwitchMode, state: str) -> None:
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


def _custom(picked: Choice) -> str:
    """The command to send: only its own mode takes one."""
    return picked.custom if picked.mode == CUSTOM.slug else ""


def _mode_changed(before: AppStatus | None, now: AppStatus) -> bool:
    if before is None:
        return bool(now.mode)
    return (before.mode, before.workers, before.threads, before.adapted) != (
        now.mode, now.workers, now.threads, now.adapted
    )  # fmt: skip
