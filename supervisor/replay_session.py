"""One replay from the command line: from the arguments to the last line of results.

The answers come from a server that runs already, or from an application that is run for it by a supervisor in this
process.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspector import diff
from inspector.export.listing import visible
from inspector.model import Exchange, ReplayRun
from inspector.query import Query, QueryError, parse
from inspector.recording import Recorder
from inspector.replay.connecting import Address
from inspector.replay.landing import Arrivals, Foreign, Landing, Proxied
from inspector.replay.plan import Summary
from inspector.replay.run import Compared, Options, ReplayOutcome, ReplayTask
from inspector.store.errors import TraceError
from inspector.store.writer import TraceWriter
from supervisor import serve, wording
from supervisor.control.messages import Problem, Refused, StartApp, WayOut
from supervisor.control.place import UnsafeDirectoryError
from supervisor.options import OptionError, fail, target_spec
from supervisor.replaying import Originals, ReplayRefusedError, check
from supervisor.servers.catalogue import MODES

#: Differences that are printed of one exchange without ``--json``.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where requests go and where results are recorded."""

    url: str
    trace: Path
    recorder: Recorder
    landing: Callable[[int], Landing]  #: for a run's number


def run(options: argparse.Namespace) -> int:
    """Replay; the exit status."""
    options.source = str(Path(options.source).absolute())
    try:
        return serve.run(_replay(options))
    except (OptionError, ReplayRefusedError) as error:
        return fail(error.problem, as_json=options.json)
    except TraceError as error:
        problem = Problem(what=error.what, why=f"{error.why} {error.next}".strip(), usage=True)
        return fail(problem, as_json=options.json)
    except UnsafeDirectoryError as error:
        return fail(Problem(what="The application could not be run.", why=str(error)), as_json=options.json)


async def _replay(options: argparse.Namespace) -> int:
    _check_usage(options)
    originals = Originals(options.source)
    await originals.open()
    try:
        chosen = await originals.choose(query=_query(options.filter))
        check(chosen, options.speed, replays_too=options.replays_too)
        async with _place(options) as place:
            return await _send(options, originals, chosen, place)
    finally:
        await originals.close()


def _check_usage(options: argparse.Namespace) -> None:
    if options.target and not options.mode:
        way = WayOut(text="See what can run it.", command=f"gatescope modes {options.target}")
        raise OptionError(Problem(what="--target needs --mode.", ways_out=(way,), usage=True))
    if options.url:
        try:
            Address(options.url)
        except ValueError as error:
            why = "The form is http://HOST:PORT or https://HOST:PORT; paths are those of the recording."
            raise OptionError(Problem(what=f"{error}.", why=why, usage=True)) from None
    if options.concurrency < 1:
        raise OptionError(Problem(what="--concurrency begins at 1.", usage=True))


def _query(text: str) -> Query | None:
    try:
        return parse(text) if text else None
    except QueryError as error:
        raise OptionError(Problem(what=f"The filter cannot be read: {error}", usage=True)) from None


async def _send(options: argparse.Namespace, originals: Originals, chosen: Sequence[Summary], place: Place) -> int:
    printer = Printer(as_json=options.json)
    run = ReplayRun(place.recorder.new_id("replay_run"), options.source, place.url, options.speed, 0)
    task = ReplayTask(
        run=run,
        originals=chosen,
        landing=place.landing(run.id),
        recorder=place.recorder,
        options=Options(
            speed=options.speed,
            concurrency=options.concurrency,
            rules=diff.rules(options.ignore, header_order=options.header_order),
            host=Address(place.url).authority if options.own_host else "",
            timeout=options.timeout,
            replays_too=options.replays_too,
        ),
        load=originals.load,
        load_messages=originals.messages,
        on_progress=printer.progress,
    )
    with _cancelled_by_signals(task):
        outcome = await task.run()
    printer.summary(outcome, place)
    return _exit_status(outcome, fail_on_diff=options.fail_on_diff)


def _exit_status(outcome: ReplayOutcome, *, fail_on_diff: bool) -> int:
    if outcome.run.state == "cancelled":
        return 130
    nothing = outcome.failed == outcome.sent
    return int(outcome.run.state == "failed" or nothing or (fail_on_diff and outcome.same < outcome.sent))


class _cancelled_by_signals:  # noqa: N801 -- used as a statement
    """SIGINT and SIGTERM end the run in good order while this is entered."""

    def __init__(self, task: ReplayTask) -> None:
        self._task = task

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._task.cancel)

    def __exit__(self, *exc: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)


# --- where to ---------------------------------------------------------------------------------------------------------


def _place(options: argparse.Namespace) -> Any:
    trace = Path(options.trace) if options.trace else results_path(Path(options.source))
    return _application(options, trace) if options.target else _server(options.url, trace)


def results_path(source: Path) -> Path:
    """Beside the recording, under a name that is free."""
    stem = source.name.removesuffix(".gatescope")
    for number in itertools.count(1):
        path = source.with_name(f"{stem}.replay{'' if number == 1 else f'-{number}'}.gatescope")
        if not path.exists():
            return path
    raise AssertionError("unreachable")


@asynccontextmanager
async def _server(url: str, trace: Path) -> AsyncIterator[Place]:
    """A server that runs already."""
    recorder = await asyncio.to_thread(TraceWriter, trace)
    try:
        yield Place(url, trace, recorder, lambda run: Foreign(recorder, run))
    finally:
        await asyncio.to_thread(recorder.close)


@asynccontextmanager
async def _application(options: argparse.Namespace, trace: Path) -> AsyncIterator[Place]:
    """An application that is run for this replay, behind our own proxy. Raises OptionError when it cannot be run."""
    mode = MODES.get(options.mode)
    command = StartApp(
        id=1,
        target=target_spec(options),
        mode=options.mode,
        workers=options.workers,
        threads=options.threads or (mode.default_threads if mode else 1),
        adapt=options.adapt,
        trace=str(trace),
    )
    async with serve.supervising("", lambda _: None) as (supervisor, _, _):
        reply = await supervisor.execute(command)
        if isinstance(reply, Refused):
            raise OptionError(reply.problem)
        app = supervisor.app("")
        arrivals = Arrivals.of(app.live)
        yield Place(app.url, trace, app.writer, lambda run: Proxied(arrivals, app.proxy.replay_token, run))


# --- what is printed --------------------------------------------------------------------------------------------------


class Printer:
    """Prints each result as it comes, and the sum at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self._skipped = 0

    def progress(self, outcome: ReplayOutcome, compared: Compared | None) -> None:
        """One more request has its outcome, or was skipped."""
        if compared is not None:
            self._print(_fields(compared), *_lines(compared))
        elif self._json:  # in words they are counted by reason, in the summary
            skipped = outcome.skipped[-1]
            self._print({"event": "skipped", "original": skipped.original.id, "reason": skipped.reason})

    def summary(self, outcome: ReplayOutcome, place: Place) -> None:
        """The run is over."""
        run = outcome.run
        fields = {
            "event": "summary", "run": run.id, "state": run.state, "url": run.url, "trace": str(place.trace),
            "total": run.total, "sent": outcome.sent, "same": outcome.same, "different": outcome.different,
            "failed": outcome.failed, "skipped": len(outcome.skipped), "error": run.error,
        }  # fmt: skip
        lines = [
            f"{outcome.sent} of {run.total} sent to {run.url}: {outcome.same} same, {outcome.different} different, "
            f"{outcome.failed} failed. Recorded in {place.trace}"
        ]
        reasons = Counter(skipped.reason for skipped in outcome.skipped)
        lines += [f"  {count} not sent: {reason}" for reason, count in reasons.most_common()]
        if run.state != "finished":
            lines.append(f"  The replay was {run.state}{f': {run.error}' if run.error else ''}.")
        self._print(fields, *lines)

    def _print(self, fields: dict[str, Any], *lines: str) -> None:
        """Recorded text passes here on its way to a terminal, which it must not drive."""
        shown = [wording.line(fields)] if self._json else [visible(line) for line in lines]
        sys.stdout.write("\n".join(shown) + "\n")
        sys.stdout.flush()


def _fields(compared: Compared) -> dict[str, Any]:
    original, replay, result = compared.original, compared.replay, compared.result
    return {
        "event": "result",
        "exchange": result.exchange,
        "original": original.id,
        "method": original.method,
        "target": original.target,
        "status": replay.status if replay is not None else 0,
        "original_status": original.status,
        "same": result.same,
        "differences": [difference.plain() for difference in compared.differences],
        "timings": wording.timings(replay) if replay is not None else {},
        "original_timings": wording.timings(original),
        "error": result.error,
    }


def _lines(compared: Compared) -> list[str]:
    original, replay, result = compared.original, compared.replay, compared.result
    verdict = "same" if result.same else "FAIL" if result.error else "DIFF"
    status = replay.status if replay is not None else 0
    statuses = f"{original.status or '-'}" + (f" -> {status or '-'}" if status != original.status else "")
    times = " -> ".join(_total(exchange) for exchange in (original, replay) if exchange is not None)
    lines = [f"{verdict}  {original.id:>5}  {original.method} {original.target}  {statuses}  {times}"]
    if result.error:
        lines.append(f"         {result.error}")
    counted = [difference for difference in compared.differences if not difference.volatile]
    lines += [f"         {difference_words(difference)}" for difference in counted[:_SHOWN]]
    if len(counted) > _SHOWN:
        lines.append(f"         and {len(counted) - _SHOWN} more")
    return lines


def _total(exchange: Exchange) -> str:
    total = wording.timings(exchange).get("total")
    return f"{total:.1f} ms" if total is not None else "-"


def difference_words(difference: diff.Difference) -> str:
    """One difference in a line."""
    name = f"{difference.where} {difference.path}".rstrip()
    match difference.change:
        case "added":
            return f"{name}: added {_value(difference.replay)}"
        case "removed":
            return f"{name}: removed {_value(difference.original)}"
        case _:
            return f"{name}: {_value(difference.original)} -> {_value(difference.replay)}"


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"
