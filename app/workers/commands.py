"""What the user can do to applications and workers: actions in the registry, and the commands that follow.

Knows the link and what is aimed at; no widget. A refusal leaves as a signal, for the page to show in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.actions import Action, ActionRegistry, keys_text
from app.link import LinkState, SupervisorLink
from app.workers import means
from app.workers.means import Aim, Can
from supervisor.control.messages import (
    Command,
    DumpStacks,
    Finished,
    PauseWorker,
    Refused,
    ReloadApp,
    Reply,
    RestartApp,
    ResumeWorker,
    ScaleApp,
    SignalWorker,
    StacksDumped,
    StopApp,
)

_GROUP = "Workers"
#: What ends processes.
_ENDING = ("stop", "restart", *means.SIGNALS)
#: Verb, title in the palette, key, icon.
_APP_ACTIONS = (
    ("reload", "Reload the workers' code", "Ctrl+F5", "reload"),
    ("restart", "Restart the workers", "Ctrl+Shift+F5", "replay"),
    ("fewer", "One worker less", "Ctrl+Down", "minus"),
    ("more", "One worker more", "Ctrl+Up", "plus"),
    ("stop", "Stop the workers", "Shift+F5", "stop"),
)
_WORKER_ACTIONS = (
    ("pause", "Pause the worker, or let it go on", "P", "pause"),
    ("stacks", "Take the worker's stacks", "S", "lanes"),
)
_SIGNAL_TITLES = {
    "SIGTERM": ("Ask the worker to end (SIGTERM)", "Del"),
    "SIGKILL": ("Kill the worker (SIGKILL)", "Shift+Del"),
    "SIGSEGV": ("Crash the worker (SIGSEGV)", "Ctrl+Shift+Del"),
}


class WorkerCommands(QObject):
    """Commands for what ``aim`` is at.

    Signals:
        refused(Problem): a command was not carried out.
        told(str): what is being done, or was; empty when there is nothing to say any more.
        asked_stacks(): a worker was asked for its stacks.
        stacks(StacksDumped): it answered.
        stacks_refused(Problem): it did not.
        changed(): what can be done may be another.
        stands(AppStatus): how an application stands after a command; the event that says so too comes later.
    """

    refused = Signal(object)
    told = Signal(str)
    asked_stacks = Signal()
    stacks = Signal(object)
    stacks_refused = Signal(object)
    changed = Signal()
    stands = Signal(object)

    def __init__(self, link: SupervisorLink, actions: ActionRegistry, scope: QWidget) -> None:
        super().__init__(scope)
        self._link, self._actions = link, actions
        self._busy: dict[str, str] = {}  #: application -> what it was told and has not answered yet
        self._aim = Aim()
        self._stacks_of = 0  #: the newest question for stacks
        for action in self._make(scope):
            actions.add(action)
        actions.rebound.connect(lambda _id: self.render())
        link.state_changed.connect(lambda _state: self.aim_at(self._aim))

    @property
    def aim(self) -> Aim:
        """What is acted on."""
        return self._aim

    def aim_at(self, aim: Aim) -> None:
        """Act on this from now on."""
        on = self._link.state is LinkState.ON
        self._aim = Aim(aim.status, aim.worker, on, self._busy.get(aim.app, ""))
        self.render()
        self.changed.emit()

    def can(self, verb: str) -> Can:
        """Whether ``verb`` makes sense now, and its words."""
        of_app = any(verb == known for known, *_ in _APP_ACTIONS)
        return means.of_app(verb, self._aim) if of_app else means.of_worker(verb, self._aim)

    def render(self) -> None:
        """Dress the actions for what is aimed at."""
        for action in self._actions:
            verb = action.id.removeprefix("workers.")
            if verb == action.id or verb in ("kill", "details", "copy-stacks", "timeline", "fit"):
                continue
            made, can = self._actions.get(action.id), self.can(verb)
            keys = f"  ({keys_text(action)})" if action.shortcut else ""
            made.setEnabled(can.be_done)
            made.setToolTip(f"{can.words}{keys}")
            if verb not in means.SIGNALS:
                made.setIconText(means.title(verb, self._aim))

    # what the actions do

    def reload(self) -> None:
        """Load the code anew."""
        self._drive(ReloadApp(id=0, app=self._aim.app), "reloading the code")

    def restart(self) -> None:
        """End all, start all."""
        self._drive(RestartApp(id=0, app=self._aim.app), "restarting")

    def scale(self, by: int) -> None:
        """More workers, or fewer."""
        if self._aim.status is not None:
            workers = self._aim.status.workers + by
            self._drive(ScaleApp(id=0, workers=workers, app=self._aim.app), f"scaling to {workers}")

    def stop(self) -> None:
        """End all."""
        self._drive(StopApp(id=0, app=self._aim.app), "stopping")

    def pause(self) -> None:
        """Pause the worker, or let it go on."""
        node = self._aim.worker
        if node is not None and node.state == "paused":
            self.resume()
        elif node is not None:
            self._tell(PauseWorker(id=0, slot=node.slot, app=node.app), f"SIGSTOP sent to worker {node.slot}")

    def resume(self) -> None:
        """Let the worker go on."""
        node = self._aim.worker
        if node is not None:
            self._tell(ResumeWorker(id=0, slot=node.slot, app=node.app), f"SIGCONT sent to worker {node.slot}")

    def signal(self, name: str) -> None:
        """Send the worker a signal."""
        node = self._aim.worker
        if node is not None:
            said = f"{name} sent to worker {node.slot}, pid {node.pid}"
            self._tell(SignalWorker(id=0, slot=node.slot, app=node.app, signal=name), said)

    def take_stacks(self) -> None:
        """Ask the worker what it is doing."""
        node = self._aim.worker
        if node is None or not self.can("stacks").be_done:
            return
        self._stacks_of += 1
        number = self._stacks_of
        self.asked_stacks.emit()
        self._link.send(
            DumpStacks(id=0, slot=node.slot, app=node.app), lambda reply: self._on_stacks(number, node.pid, reply)
        )

    # within

    def _drive(self, command: ReloadApp | RestartApp | ScaleApp | StopApp, doing: str) -> None:
        name = command.app
        self._busy[name] = doing
        self.told.emit(f"{name}: {doing}…")

        def done(reply: Reply) -> None:
            if self._busy.get(name) == doing:
                del self._busy[name]
            self._answered(reply, f"{name}: {doing} is done")
            self.aim_at(self._aim)

        self._link.send(command, done)
        self.aim_at(self._aim)

    def _tell(self, command: Command, said: str) -> None:
        self._link.send(command, lambda reply: self._answered(reply, said))

    def _answered(self, reply: Reply, said: str) -> None:
        if isinstance(reply, Refused):
            self.told.emit("")
            if self._link.state is LinkState.ON:  # else the page says so once for all
                self.refused.emit(reply.problem)
            return
        if isinstance(reply, Finished) and reply.app is not None:
            self.stands.emit(reply.app)
        self.told.emit(said)

    def _on_stacks(self, number: int, pid: int, reply: Reply) -> None:
        node = self._aim.worker
        if number != self._stacks_of or node is None or node.pid != pid:
            return  # a younger question is under way, or another worker is chosen
        if isinstance(reply, StacksDumped):
            self.stacks.emit(reply)
        elif isinstance(reply, Refused):
            self.stacks_refused.emit(reply.problem)

    def _make(self, scope: QWidget) -> list[Action]:
        runs: dict[str, Callable[[], object]] = {
            "reload": self.reload, "restart": self.restart, "stop": self.stop, "pause": self.pause,
            "stacks": self.take_stacks, "more": lambda: self.scale(1), "fewer": lambda: self.scale(-1),
        }  # fmt: skip
        made = [
            self._action(verb, title, runs[verb], key, icon, scope)
            for verb, title, key, icon in (*_APP_ACTIONS, *_WORKER_ACTIONS)
        ]
        for name, (title, key) in _SIGNAL_TITLES.items():
            made.append(self._action(name, title, partial(self.signal, name), key, "", scope))
        return made

    def _action(self, verb: str, title: str, run: Callable[[], object], key: str, icon: str, scope: QWidget) -> Action:
        return Action(
            f"workers.{verb}", title, run, shortcut=key, group=_GROUP, icon=icon, scope=scope,
            enabled_when=lambda: self.can(verb).be_done, menu=False, destructive=verb in _ENDING,
        )  # fmt: skip
