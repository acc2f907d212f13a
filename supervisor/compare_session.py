"""One comparison from the command line: from the arguments to the last figure.

It is carried out by a supervisor in this process, as the window's are by another; the figures are read from its trace.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import signal
import sys
from pathlib import Path

from inspector.export import comparison_text
from inspector.export.comparison import ModeFigures, figures, record
from inspector.export.listing import Style, visible
from inspector.store.errors import TraceError
from inspector.store.reader import TraceReader
from supervisor import serve, trials, wording
from supervisor.control.messages import (
    CancelComparison,
    ComparisonChanged,
    ComparisonStatus,
    Event,
    Finished,
    Problem,
    Refused,
    StartComparison,
    TrialStatus,
)
from supervisor.control.place import UnsafeDirectoryError
from supervisor.core import Supervisor
from supervisor.options import OptionError, fail, target_spec


def run(options: argparse.Namespace) -> int:
    """Compare; the exit status."""
    try:
        command = _command(options)
        status = serve.run(_compare(command, Progress(as_json=options.json)))
        rows = _figures(status.trace)
    except OptionError as error:
        return fail(error.problem, as_json=options.json)
    except TraceError as error:
        problem = Problem(what=error.what, why=f"{error.why} {error.next}".strip(), usage=True)
        return fail(problem, as_json=options.json)
    except UnsafeDirectoryError as error:
        return fail(Problem(what="The application could not be run.", why=str(error)), as_json=options.json)
    _say(rows, status, command, as_json=options.json)
    return _exit_status(rows, status, fail_on_diff=options.fail_on_diff)


def _command(options: argparse.Namespace) -> StartComparison:
    """What is asked for. Raises OptionError."""
    modes = trials.parse(options.modes)
    if isinstance(modes, Problem):
        raise OptionError(modes)
    if options.rounds < 0:
        raise OptionError(Problem(what="--rounds begins at 1.", usage=True))
    source = Path(options.source).absolute()
    return StartComparison(
        id=1, target=target_spec(options), source=str(source), modes=modes, filter=options.filter, speed=options.speed,
        concurrency=options.concurrency, rounds=options.rounds, adapt=options.adapt, ignore=tuple(options.ignore),
        trace=os.path.abspath(options.trace) if options.trace else str(results_path(source)),
    )  # fmt: skip


def results_path(source: Path) -> Path:
    """Beside the recording, under a name that is free."""
    stem = source.name.removesuffix(".gatescope")
    numbered = (source.with_name(f"{stem}.modes{f'-{n}' if n > 1 else ''}.gatescope") for n in itertools.count(1))
    return next(path for path in numbered if not path.exists())


async def _compare(command: StartComparison, progress: Progress) -> ComparisonStatus:
    """The end of it. Raises OptionError."""
    async with serve.supervising("", lambda _: None) as (supervisor, post, _):
        over: asyncio.Future[ComparisonStatus] = asyncio.get_running_loop().create_future()

        def told(event: Event) -> None:
            if isinstance(event, ComparisonChanged):
                progress.show(event.comparison)
                if event.comparison.state != "running" and not over.done():
                    over.set_result(event.comparison)

        post.listener = told
        reply = await supervisor.execute(command)
        if isinstance(reply, Refused):
            raise OptionError(reply.problem)
        assert isinstance(reply, Finished)
        assert reply.comparison is not None
        with _cancelled_by_signals(supervisor, reply.comparison.number):
            return await over


class _cancelled_by_signals:  # noqa: N801 -- used as a statement
    """SIGINT and SIGTERM end the comparison in good order while this is entered."""

    def __init__(self, supervisor: Supervisor, number: int) -> None:
        self._supervisor, self._number = supervisor, number
        self._tasks: set[asyncio.Task[object]] = set()

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._cancel)

    def __exit__(self, *exc: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)

    def _cancel(self) -> None:
        command = CancelComparison(id=2, comparison=self._number)
        self._tasks.add(asyncio.get_running_loop().create_task(self._supervisor.execute(command)))


def _figures(trace: str) -> list[ModeFigures]:
    with TraceReader(trace) as reader:
        tried = reader.trials()
        return figures(tried, reader.instances(), {trial.run: reader.replayed(trial.run) for trial in tried})


def _exit_status(rows: list[ModeFigures], status: ComparisonStatus, *, fail_on_diff: bool) -> int:
    if status.state == "cancelled":
        return 130
    done = [row for row in rows if row.rounds]
    unlike = any(row.differing or row.errors for row in done)
    return int(status.state == "failed" or not done or (fail_on_diff and unlike))


class Progress:
    """Says where a comparison is: a line for each turn that ends, to standard error where figures follow."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self._told: dict[int, str] = {}

    def show(self, status: ComparisonStatus) -> None:
        """Another state of it."""
        for number, trial in enumerate(status.trials):
            before = self._told.get(number, "waiting")
            if trial.state != before:
                self._told[number] = trial.state
                if trial.state not in ("starting", "running") and (trial.state, before) != ("cancelled", "waiting"):
                    self._print(trial)
                elif not self._json and sys.stderr.isatty():
                    sys.stderr.write(f"{_named(trial)}…\r")
                    sys.stderr.flush()

    def _print(self, trial: TrialStatus) -> None:
        if self._json:
            why = f"{trial.problem.what} {trial.problem.why}".strip() if trial.problem else ""
            fields = {
                "event": "trial", "mode": trial.mode, "workers": trial.workers, "threads": trial.threads,
                "round": trial.round, "state": trial.state, "total": trial.total, "sent": trial.sent,
                "different": trial.different, "failed": trial.failed, "problem": why,
            }  # fmt: skip
            _write(wording.line(fields))
            return
        text = f"{trial.sent} sent, {trial.different} different, {trial.failed} failed" if trial.sent else ""
        text = text or (visible(trial.problem.what) if trial.problem else "")
        _write(f"{_named(trial)}: {trial.state}{f', {text}' if text else ''}")


def _named(trial: TrialStatus) -> str:
    return f"round {trial.round}, {comparison_text.named(trial.mode, trial.workers, trial.threads)}"


def _say(rows: list[ModeFigures], status: ComparisonStatus, command: StartComparison, *, as_json: bool) -> None:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    paced = command.speed != "max"
    remarks = list(
        comparison_text.remarks(rows, processors=processors, paced=paced, at_once=0 if paced else command.concurrency)
    )
    if as_json:
        for row in rows:
            _write(wording.line(record(row)))
        summary = {
            "event": "summary", "state": status.state, "source": status.source, "trace": status.trace,
            "rounds": status.rounds, "speed": command.speed, "concurrency": command.concurrency,
            "processors": processors, "remarks": remarks, "error": status.error,
        }  # fmt: skip
        _write(wording.line(summary))
        return
    _write("", *comparison_text.lines(rows, Style()), "", *remarks)
    ended = f" The comparison was {status.state}{f': {status.error}' if status.error else ''}." * (
        status.state != "finished"
    )
    _write(f"Recorded in {visible(status.trace)}.{ended}")


def _write(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
