"""What the launch bar does, without a widget: the applications of the window, and the commands that they are sent.

What it shows is ``state``; where each application stands, and what follows from what arrives, is decided in
``standing``. Changing the choice of a running application is the switch; workers and threads wait a moment for the
next step first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer, Signal

from app.launch import choice as choices
from app.launch import extras as beside
from app.launch.choice import Choice, Entry
from app.launch.extras import Extras
from app.launch.installation import Installation
from app.launch.kept import Kept
from app.launch.state import LaunchState
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
    Preset,
    Refused,
    ReloadApp,
    Reply,
    RestartApp,
    SetCapture,
    StartApp,
    StopApp,
    SwitchMode,
    TargetSpec,
    WayOut,
)

#: How long a stepper must rest before its number counts.
DEBOUNCE_MS = 400


class LaunchController(LaunchState):
    """The applications of this window, and the one in view, which the user drives.

    Signals:
        entries_changed: the list of applications, or which of them run.
        selected: another application is in view (its ``Entry``).
        trace_changed: the trace of the application in view: path, and whether it still grows.
    """

    entries_changed = Signal()
    selected = Signal(object)
    trace_changed = Signal(str, bool)

    def __init__(self, link: SupervisorLink, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(link, parent)
        self._kept = Kept(settings)
        self.entries: dict[str, Entry] = {}
        self._wanted = ""  #: to be started when its modes are known
        self._asked = 0  #: id of the newest ListModes
        self._trace = ("", False)
        self._rest = QTimer(self, singleShot=True, interval=DEBOUNCE_MS)
        self._rest.timeout.connect(self._on_rested)
        self.installation = Installation(link, self)
        self.installation.installed.connect(self._on_installed)
        link.app_changed.connect(self.on_app_changed)
        link.state_changed.connect(self._on_link_changed)

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
        if known is None or not self._of(name).has_processes:
            self._of(name).choice, self._of(name).extras = choices.of_preset(preset), beside.of_preset(preset)
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
        """Other options; they count when they are applied, but for what is captured: that counts at once."""
        if self.current is not None and extras != self.extras:
            if extras.capture != self.extras.capture and self.status is not None:
                name = self.name
                command = SetCapture(id=0, filter=extras.capture, app=name)
                self._link.send(command, lambda reply: self._on_done(name, reply, told=False))
            self.here.extras = extras
            self._kept.keep_extras(self.name, extras)
            self.changed.emit()

    def _take_entry(self, entry: Entry) -> Entry:
        self.entries[entry.name] = entry
        standing = self._of(entry.name)
        standing.listed = standing.problem = standing.unfound = None
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
        standing = self._of(name)
        if entry.demo and standing.choice is None:
            entry = self.entries[name] = self._kept.demo(entry)
        self.current = entry
        if standing.extras is None:
            standing.extras = self._kept.extras(name)
        if standing.choice is None:
            standing.choice = self._kept.choice(entry)
        self.selected.emit(entry)
        self.look_again()
        self._tell_trace()
        self.changed.emit()

    def look_again(self, then: Callable[[], None] | None = None) -> None:
        """Ask anew what the target is and which modes it can run in; ``then`` is done when it is known."""
        if self.current is None:
            return
        name, picked = self.name, self.choice
        if self.here.forget_look():
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
            failed, self.here.problem = self.here.problem is not None, None
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
        self.here.choice = picked = dataclasses.replace(self.choice, custom=command)
        self.here.problem = None
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
            self.here.pick_what_runs(self.status)
            self._kept.keep_choice(self.name, self.choice)  # what could not run is not to come back with the window
            self.changed.emit()

    def dismiss(self) -> None:
        """The user has read the problem."""
        self.here.dismiss()
        self.changed.emit()

    # commands

    def start(self) -> None:
        """Start the application in view."""
        if self.current is None or not self.can_start:
            return
        self._tell(self.here.start(self.current), "starting")

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
        failed, self.here.failed = self.here.failed, None
        if failed is not None and self.live:
            self._choose(failed)
        elif self.can_start:
            self.here.choice = failed or self.choice
            self.start()
        else:
            self._wanted = self.name
            self.look_again()

    def go_back(self) -> None:
        """Start in what the application in view served in before."""
        if self.here.good is not None and self.current is not None:
            self.here.choice = self.here.good
            self._kept.keep_choice(self.name, self.choice)
            self.start()

    def restart(self) -> None:
        """End its processes, and start it with the options that are set now."""
        if not self.live:
            self.start()
        elif self.outdated:
            self.here.start_after = True
            self._tell(StopApp(id=0, app=self.name), "restarting")
        else:
            self._tell(RestartApp(id=0, app=self.name), "restarting")

    def apply_options(self) -> None:
        """Give what runs the options that are set now: by a switch, which loses no request, where that is enough."""
        entry, status = self.current, self.status
        running = status is not None and status.state == "running" and not self.busy and self.verdict.can_run
        if running and entry is not None and self.here.can_be_applied(entry.spec):
            self._tell(self.here.switch(entry), "switching")
        else:
            self.restart()

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
        before = self._of(status.name).see(status)
        if status.name not in self.entries:
            self.entries[status.name] = Entry(status.name, status.target, demo=status.target.target.startswith("demo:"))
        if before is None or before.state != status.state:
            self.entries_changed.emit()
        if self.current is None and status.state in choices.LIVE_STATES:
            self.select(status.name)
        elif status.name == self.name:
            self._tell_trace()
            self.changed.emit()

    def _on_link_changed(self, state: LinkState) -> None:
        if state is LinkState.ON and self.current is not None:
            self.look_again()
        elif state is LinkState.LOST:
            for standing in self._standings.values():
                standing.lose()
            self.entries_changed.emit()
            self._tell_trace()
        self.changed.emit()

    def _on_listed(self, name: str, number: int, reply: Reply) -> None:
        if number != self._asked and name == self.name:
            return  # a younger question is under way
        if isinstance(reply, ModesListed):
            self._of(name).take_listing(reply)
        elif isinstance(reply, Refused) and self._link.state is LinkState.ON:
            self._of(name).problem = self._of(name).unfound = reply.problem
            self._wanted = ""
        self.changed.emit()
        self._start_wanted()

    def _on_installed(self, name: str, slug: str) -> None:
        """What was installed is looked at, then picked."""
        if name != self.name:
            self._of(name).listed = None
            return
        self.here.choice = choices.choose_mode(self.choice, self.listed, slug)
        self.look_and_switch()

    def _start_wanted(self) -> None:
        if self._wanted and self._wanted == self.name and self.listed is not None:
            self._wanted = ""
            self.start()

    def _on_rested(self) -> None:
        self.look_again()
        self._switch_if_running()

    def _on_done(self, name: str, reply: Reply, *, told: bool = True) -> None:
        standing, tried = self._of(name), None
        if told:
            tried, standing.tried, standing.busy = standing.tried, None, ""
        match reply:
            case Refused() if self._link.state is LinkState.ON:
                standing.refused(reply.problem, tried)
            case Finished(app=AppStatus() as status):
                if told:
                    standing.done()
                self.on_app_changed(status)
            case _:
                pass
        if standing.start_after and name == self.name:
            standing.start_after = False
            self.start()
        self.entries_changed.emit()
        self.changed.emit()
        if told and isinstance(reply, Finished) and name == self.name:
            self._switch_if_running()  # what was picked in the meantime

    # helpers of the above

    def _choose(self, picked: Choice) -> None:
        if self.current is None or picked == self.choice:
            return
        self.here.choice, self.here.problem = picked, None
        self._kept.keep_choice(self.name, picked)
        self._switch_if_running()
        self.changed.emit()

    def _step(self, picked: Choice) -> None:
        if self.current is None or picked == self.choice:
            return
        self.here.choice = picked
        self._kept.keep_choice(self.name, picked)
        self._rest.start()
        self.changed.emit()

    def _switch_if_running(self) -> None:
        here, status = self.here, self.status
        if status is None or self.busy or self._rest.isActive() or status.state != "running":
            return
        if not here.to_switch(status) or not self.verdict.can_run:
            return
        assert self.current is not None
        self._tell(here.switch(self.current), "switching")

    def _tell(self, command: StartApp | StopApp | ReloadApp | RestartApp | SwitchMode, state: str) -> None:
        if not self.name:
            return
        name = self.name
        self.here.problem, self.here.busy = None, state
        self._link.send(command, lambda reply: self._on_done(name, reply))
        self.entries_changed.emit()
        self.changed.emit()

    def _tell_trace(self) -> None:
        status = self.status
        trace = (status.trace, status.state in choices.LIVE_STATES) if status else ("", False)
        if trace != self._trace:
            self._trace = trace
            self.trace_changed.emit(*trace)
