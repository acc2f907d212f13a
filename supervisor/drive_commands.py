"""``gatescope status``, ``switch``, ``scale``, ``stop`` and the like: drive a supervisor that runs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from supervisor import wording
from supervisor.control.client import ControlClient, ControlError, connect
from supervisor.control.messages import (
    AppStatus,
    Command,
    DumpStacks,
    Finished,
    GetStatus,
    PauseWorker,
    Problem,
    ReloadApp,
    Reply,
    RestartApp,
    ResumeWorker,
    ScaleApp,
    SetCapture,
    Shutdown,
    SignalWorker,
    StacksDumped,
    StatusReported,
    StopApp,
    SwitchMode,
    TargetSpec,
    WayOut,
)
from supervisor.control.place import running
from supervisor.options import OptionError, fail, variables

#: Seconds that one of several supervisors has to say what it runs.
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class _Supervisor:
    """One of several: what it runs, or why it does not say."""

    apps: tuple[AppStatus, ...] = ()
    problem: Problem | None = None


def run(options: argparse.Namespace) -> int:
    """Send the command and print how things stand then; the exit status."""
    try:
        several = {} if options.control else _several()
        if several and options.drive == "status" and not options.app:
            _print_all(several, as_json=options.json)
            return 0
        with connect(str(_pick(several, options.app)) if several else options.control) as client:
            reply = client.ask(_command(options, client))
    except (ControlError, OptionError) as error:
        option = "gatescope switch " if options.drive == "switch" else "--mode "
        return fail(error.problem, as_json=options.json, option=option)
    if isinstance(reply, StacksDumped):
        print(wording.line(wording.plain(reply)) if options.json else wording.stacks(reply))  # noqa: T201
    for app in _apps(reply):
        print(wording.line(wording.plain(app)) if options.json else wording.status(app))  # noqa: T201
    return 0


def _several() -> dict[Path, _Supervisor]:
    """The supervisors that run and what they say, by their control sockets; empty unless there is more than one."""
    found = running()
    return {path: _asked(path) for path in found} if len(found) > 1 else {}


def _asked(path: Path) -> _Supervisor:
    try:
        with connect(str(path), PATIENCE) as client:
            return _Supervisor(_apps(client.ask(GetStatus(id=client.next_id()))))
    except ControlError as error:
        return _Supervisor(problem=error.problem)
    except OSError as error:
        why = f"{path}: {error.strerror or error}"
        return _Supervisor(problem=Problem(what="The supervisor does not answer.", why=why))


def _print_all(several: Mapping[Path, _Supervisor], *, as_json: bool) -> None:
    for path, supervisor in several.items():
        if as_json:
            for app in supervisor.apps:
                print(wording.line({"control": str(path), **wording.plain(app)}))  # noqa: T201
        else:
            print(f"supervisor --control {path}")  # noqa: T201
            told = [wording.problem(supervisor.problem)] if supervisor.problem else map(wording.status, supervisor.apps)
            lines = [f"  {line}" for text in told for line in text.splitlines()]
            print("\n".join(lines or ["  no application"]))  # noqa: T201


def _pick(several: Mapping[Path, _Supervisor], app: str) -> Path:
    """The one supervisor that has an application of that name. Raises ControlError."""
    having = [path for path, one in several.items() if app and any(status.name == app for status in one.apps)]
    if len(having) == 1:
        return having[0]
    offered = having or list(several)
    names = [status.name for one in several.values() for status in one.apps]
    ways = [
        WayOut(text=f"By its socket, with {_names(several[path])}:", command=f"--control {path}") for path in offered
    ]
    if having:
        what = f"{len(having)} supervisors have an application called {app}; say which one."
    elif app:
        what = f"None of the {len(several)} supervisors that are running has an application called {app}."
    else:
        what = f"{len(several)} supervisors are running; say which one."
        unique = [name for name in dict.fromkeys(names) if names.count(name) == 1]
        ways = [WayOut(text=f"By its application {name}:", command=f"--app {name}") for name in unique] + ways
    raise ControlError(Problem(what=what, ways_out=tuple(ways), usage=True))


def _names(supervisor: _Supervisor) -> str:
    return ", ".join(app.name for app in supervisor.apps) or "no application"


def _command(options: argparse.Namespace, client: ControlClient) -> Command:
    number = client.next_id()
    match options.drive:
        case "status":
            return GetStatus(id=number, app=options.app)
        case "switch":
            return _switch(options, client)
        case "reload":
            return ReloadApp(id=number, app=options.app)
        case "restart":
            return RestartApp(id=number, app=options.app)
        case "scale":
            return ScaleApp(id=number, workers=options.workers, app=options.app)
        case "kill-worker":
            return SignalWorker(id=number, slot=options.slot, app=options.app, signal=options.signal)
        case "pause":
            return PauseWorker(id=number, slot=options.slot, app=options.app)
        case "resume":
            return ResumeWorker(id=number, slot=options.slot, app=options.app)
        case "stacks":
            return DumpStacks(id=number, slot=options.slot, app=options.app)
        case "capture":
            return SetCapture(id=number, filter=" ".join(options.filter), app=options.app)
        case "stop":
            return Shutdown(id=number) if options.all else StopApp(id=number, app=options.app, now=options.now)
        case other:
            assert_never(other)


def _switch(options: argparse.Namespace, client: ControlClient) -> SwitchMode:
    """The command, its variables put to those that the application has. Raises OptionError."""
    said = (options.mode, options.workers, options.threads, options.custom, options.env, options.env_file)
    if not any(said) and (options.args, options.root_path, options.reload, options.drain) == (None,) * 4:
        way = WayOut(text="To load the code anew in the mode that it is in:", command="gatescope reload")
        why = "A mode, another number of workers, variables or the like."
        raise OptionError(Problem(what="Say what to switch to.", why=why, ways_out=(way,), usage=True))
    return SwitchMode(
        id=client.next_id(), mode=options.mode, app=options.app, workers=options.workers, threads=options.threads,
        adapt=options.adapt, custom=options.custom, target=_with_variables(options, client),
        args=None if options.args is None else tuple(options.args), root_path=options.root_path,
        reload=options.reload, drain=options.drain,
    )  # fmt: skip


def _with_variables(options: argparse.Namespace, client: ControlClient) -> TargetSpec | None:
    added = variables(options)
    apps = _apps(client.ask(GetStatus(id=client.next_id(), app=options.app))) if added else ()
    if len(apps) != 1:  # which one is for the supervisor to ask
        return None
    spec = apps[0].target
    return replace(spec, env=tuple({**dict(spec.env), **dict(added)}.items()))


def _apps(reply: Reply) -> tuple[AppStatus, ...]:
    if isinstance(reply, StatusReported):
        return reply.apps
    return (reply.app,) if isinstance(reply, Finished) and reply.app is not None else ()
