"""``gatescope run``: one application without a window, and what happens to it as lines of text or JSON."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from inspector.export.cost_words import of_a_call
from inspector.export.timings import timings
from inspector.model import Exchange, Worker
from supervisor import modes, serve, wording
from supervisor.application import Application
from supervisor.control.messages import (
    Event,
    Finished,
    OutputWritten,
    Problem,
    Refused,
    StartApp,
    TargetSpec,
    WayOut,
)
from supervisor.control.place import UnsafeDirectoryError
from supervisor.core import Supervisor
from supervisor.lifecycle import AppState
from supervisor.options import OptionError, fail, target_spec
from supervisor.printing import Lines
from supervisor.target.applications import Candidate, equally_likely, typed
from supervisor.target.resolve import found_in

#: Applications of a folder to name.
MOST_OFFERED = 5


def run(options: argparse.Namespace) -> int:
    """Serve until a signal; the exit status."""
    try:
        spec = target_spec(options)
        found = found_in(spec)
        if problem := _ambiguous(spec, found, options.mode):
            return fail(problem, as_json=options.json)
        command = StartApp(
            id=1, target=spec, mode=options.mode, name=options.name, workers=options.workers,
            threads=options.threads, adapt=options.adapt, listen=options.listen, trace=options.trace,
            args=tuple(options.args), custom=options.custom, root_path=options.root_path, reload=options.reload,
            drain=options.drain, capture=options.capture,
        )  # fmt: skip
        return serve.run(_serve(command, options, found))
    except OptionError as error:
        return fail(error.problem, as_json=options.json)
    except UnsafeDirectoryError as error:
        print(f"gatescope: the control socket could not be made: {error}", file=sys.stderr)  # noqa: T201
        return 1


def _ambiguous(spec: TargetSpec, found: list[Candidate], slug: str) -> Problem | None:
    """A folder with applications among which there is nothing to choose; None where one is to be taken."""
    mode = modes.find(slug) if slug else None
    if isinstance(mode, Problem) or (mode is not None and mode.unknown) or any(one.name for one in found):
        return None
    likely = equally_likely(found, mode.interface if mode else "")
    ways = tuple(WayOut(text=f"{one.target} ({one.described}):", command=typed(one)) for one in likely[:MOST_OFFERED])
    what = f"{spec.target} holds {len(likely)} applications that are equally likely; say which one."
    return Problem(what=what, why="As TARGET:", ways_out=ways, usage=True) if likely else None


async def _serve(command: StartApp, options: argparse.Namespace, found: list[Candidate]) -> int:
    async with serve.supervising(options.control, lambda _: None) as (supervisor, post, control):
        tasks: set[asyncio.Task[None]] = set()
        serve.on_signals(supervisor, force=lambda: tasks.add(asyncio.create_task(supervisor.force())))
        lines = Lines()
        printer = Printer(lines, as_json=options.json)
        supervisor.on_exchange, supervisor.on_worker = printer.exchange, printer.worker
        reply = await _unless_stopped(supervisor, command)
        if reply is None:
            return 0
        if isinstance(reply, Refused):
            return fail(reply.problem, as_json=options.json)
        assert isinstance(reply, Finished)
        assert reply.app is not None
        app = supervisor.app(reply.app.name)
        printer.ready(app, control)
        printer.others(app, found)

        def changed(which: Application) -> None:
            printer.state(which)
            # Another may have been started here since, and one that died is about to be started again.
            left = app.state is not AppState.STOPPED or any(other.serving for other in supervisor.apps.values())
            if not left and not supervisor.shut_down.is_set():
                printer.nothing_left(app)
                supervisor.shut_down.set()

        post.listener, supervisor.on_state = printer.event, changed
        await supervisor.shut_down.wait()
        await supervisor.close()
        printer.summary(supervisor)
        await asyncio.to_thread(lines.close)
        return printer.exit_status


async def _unless_stopped(supervisor: Supervisor, command: StartApp) -> Any:
    """The reply to ``command``, or None when a signal came first."""
    starting = asyncio.create_task(supervisor.execute(command))
    stopping = asyncio.create_task(supervisor.shut_down.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if starting.done():
        return starting.result()
    await supervisor.close()
    await asyncio.wait({starting}, timeout=1.0)
    starting.cancel()
    return None


class Printer:
    """Prints what happens. Lines of before the ready line are kept until it is out: it is the first."""

    def __init__(self, lines: Lines, *, as_json: bool) -> None:
        self.exit_status = 0
        self._lines = lines
        self._json = as_json
        self._workers: dict[int, Worker] = {}
        self._early: list[tuple[dict[str, Any], str]] | None = []

    def ready(self, app: Application, control: Path) -> None:
        """The application serves."""
        status = app.status()
        fields = {
            "event": "ready", "url": status.url, "app": status.name, "mode": status.mode, "pid": os.getpid(),
            "server_pid": status.pid, "workers": status.workers, "trace": status.trace, "control": str(control),
            "command": status.command, "lent": list(status.lent),
        }  # fmt: skip
        lent = f", lent: {', '.join(status.lent)}" if status.lent else ""
        text = f"{status.name} serves at {status.url} ({status.mode}{lent}), recording to {status.trace}"
        early, self._early = self._early or [], None
        self._print(fields, text)
        for kept, words in early:
            self._print(kept, words)

    def others(self, app: Application, found: list[Candidate]) -> None:
        """A folder was named that holds more than what is run: which that is, and the others."""
        target = app.resolved.subject.target
        others = [one for one in found if (one.target, str(one.folder)) != (target, app.resolved.cwd)]
        if others:
            listed = "; ".join(f"{typed(one)} ({one.described})" for one in others[:MOST_OFFERED])
            more = f" and {len(others) - MOST_OFFERED} more" if len(others) > MOST_OFFERED else ""
            self._lines.error(f"gatescope: runs {target}; the folder also holds {listed}{more}")

    def nothing_left(self, app: Application) -> None:
        """Somebody else has stopped the application, and no other serves."""
        self._lines.error(f"gatescope: {app.name} was stopped by another command, and nothing else is run here.")

    def exchange(self, app: Application, exchange: Exchange) -> None:
        """A request is over."""
        worker = self._workers.get(exchange.worker)
        instance = app.mode_of(exchange.instance)
        where = f" worker {worker.slot}.{worker.generation}" if worker else ""
        total = timings(exchange).get("total", 0.0)
        error = f" {exchange.error}" if exchange.error else ""
        what = (
            f"{exchange.method} {exchange.target} {exchange.status or '-'}" if exchange.method else str(exchange.kind)
        )
        text = f"{what} {total:.1f} ms{where}{error}"
        self._print(wording.exchange(exchange, worker, instance), text)

    def worker(self, app: Application, worker: Worker, event: str) -> None:  # noqa: ARG002
        """A worker was born, got ready or exited."""
        self._workers[worker.id] = worker
        text = f"worker {worker.slot}.{worker.generation} (pid {worker.pid}) {event}"
        if event == "exited":
            text = f"worker {worker.slot}.{worker.generation} (pid {worker.pid}) {worker.outcome}"
        self._print(wording.worker(worker, event), text)

    def state(self, app: Application) -> None:
        """An application's state changed."""
        status = app.status()
        self.exit_status = {"crashed": 1, "running": 0}.get(status.state, self.exit_status)
        text = f"{status.name}: {status.state} ({status.mode})"
        if status.problem:
            text += f"\n{wording.problem(status.problem)}"
        fields = {
            "event": "app", "app": status.name, "state": status.state, "mode": status.mode,
            "problem": wording.plain(status.problem) if status.problem else None,
        }  # fmt: skip
        self._print(fields, text)

    def summary(self, supervisor: Supervisor) -> None:
        """All is over and in the file: what recording cost, and what was left out since the user wanted it so."""
        for app in supervisor.apps.values():
            status = app.status()
            if status.probe_ns:
                spent = {"event": "cost", "app": status.name, "probe_ns": status.probe_ns, "call_ns": status.call_ns}
                self._print(spent, f"{status.name}: the probe cost {of_a_call(status.probe_ns, status.call_ns)}")
            if status.capture:
                fields = {
                    "event": "captured", "app": status.name, "capture": status.capture,
                    "recorded": status.recorded, "not_captured": status.not_captured,
                }  # fmt: skip
                kept = f"{status.recorded} exchanges recorded, {status.not_captured} not captured"
                self._print(fields, f"{status.name}: {kept} ({status.capture})")

    def event(self, event: Event) -> None:
        """Something was printed: it goes where the server itself would print it."""
        if isinstance(event, OutputWritten):
            for line in event.lines:
                self._lines.error(f"{event.app} | {line}")

    def _print(self, fields: dict[str, Any], text: str) -> None:
        if self._early is not None:
            self._early.append((fields, text))
            return
        self._lines.out(wording.line(fields) if self._json else text)
