"""``gatescope status``, ``switch``, ``scale``, ``stop`` and the like: drive a supervisor that runs."""

from __future__ import annotations

import argparse
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
    ReloadApp,
    Reply,
    RestartApp,
    ResumeWorker,
    ScaleApp,
    Shutdown,
    SignalWorker,
    StacksDumped,
    StatusReported,
    StopApp,
    SwitchMode,
)
from supervisor.options import fail


def run(options: argparse.Namespace) -> int:
    """Send the command and print how things stand then; the exit status."""
    try:
        with connect(options.control) as client:
            reply = client.ask(_command(options, client))
    except ControlError as error:
        return fail(error.problem, as_json=options.json)
    if isinstance(reply, StacksDumped):
        print(wording.line(wording.plain(reply)) if options.json else wording.stacks(reply))  # noqa: T201
    for app in _apps(reply):
        print(wording.line(wording.plain(app)) if options.json else wording.status(app))  # noqa: T201
    return 0


def _command(options: argparse.Namespace, client: ControlClient) -> Command:
    number = client.next_id()
    match options.drive:
        case "status":
            return GetStatus(id=number, app=options.app)
        case "switch":
            return SwitchMode(
                id=number, mode=options.mode, app=options.app, workers=options.workers, threads=options.threads,
                adapt=options.adapt,
            )  # fmt: skip
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
        case "stop":
            return Shutdown(id=number) if options.all else StopApp(id=number, app=options.app)
        case other:
            assert_never(other)


def _apps(reply: Reply) -> tuple[AppStatus, ...]:
    if isinstance(reply, StatusReported):
        return reply.apps
    return (reply.app,) if isinstance(reply, Finished) and reply.app is not None else ()
