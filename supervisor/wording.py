"""Values as lines of text and as JSON, for the command line.

Functions from values; what prints them is elsewhere.
"""

from __future__ import annotations

import dataclasses
import json
import textwrap
from typing import Any

from inspector.export import cost_words
from inspector.export.timings import timings as timings
from inspector.model import Exchange, Worker
from supervisor.control.messages import AppStatus, ModeStatus, Problem, StacksDumped, TargetSpec


def line(fields: dict[str, Any]) -> str:
    """``fields`` as one line of JSON."""
    return json.dumps(fields, separators=(",", ":"), default=str)


def exchange(found: Exchange, worker: Worker | None, mode: str) -> dict[str, Any]:
    """A finished exchange for ``--json``."""
    return {
        "event": "exchange",
        "exchange": found.id,
        "method": found.method,
        "target": found.target,
        "status": found.status,
        "kind": str(found.kind),
        "state": str(found.state),
        "slot": worker.slot if worker else 0,
        "pid": worker.pid if worker else 0,
        "generation": worker.generation if worker else 0,
        "mode": mode,
        "timings": timings(found),
        "error": found.error,
    }


def worker(found: Worker, event: str) -> dict[str, Any]:
    """Something that happened to a worker, for ``--json``."""
    fields: dict[str, Any] = {
        "event": "worker",
        "worker": event,
        "slot": found.slot,
        "generation": found.generation,
        "pid": found.pid,
    }
    if event == "exited":
        fields |= {
            "cause": found.cause,
            "outcome": found.outcome,
            "exit_code": found.exit_code,
            "signal": found.signal,
            "in_hand": list(found.in_hand),
        }
    return fields


def problem(found: Problem, option: str = "--mode ") -> str:
    """A problem for a terminal: what, why, what to do, and the details below. ``option``: what a mode stands behind."""
    lines = [found.what]
    if found.why:
        lines.append(f"  {found.why}")
    for way in found.ways_out:
        lines.append(f"  - {way.text}")
        extra = f"{option}{way.mode}" if way.mode else ""
        if way.adapt:
            extra += " --adapt"
        lines.extend(f"      {hint}" for hint in (extra.strip(), way.command) if hint)
    if found.detail:
        lines += ["", *(f"    {text}" for text in found.detail.rstrip().splitlines())]
    return "\n".join(lines)


def status(app: AppStatus) -> str:
    """An application for a terminal."""
    size = f", {app.workers} workers" if app.workers > 1 else ""
    lines = [f"{app.name}: {app.state}, {app.mode}{size}, {app.url}"]
    lines += [f"  lent by Gatescope: {', '.join(app.lent)}"] if app.lent else []
    lines += [f"  mounted at {app.root_path}"] if app.root_path else []
    lines += ["  its files are watched; changed code is loaded anew"] if app.reload else []
    for process in app.processes:
        rss = f", {process.rss / 1e6:.0f} MB" if process.rss else ""
        hand = f", {len(process.in_hand)} in hand" if process.in_hand and process.state != "exited" else ""
        last = f" (before: {process.last_outcome})" if process.last_outcome else ""
        lines.append(
            f"  worker {process.slot}.{process.generation}: pid {process.pid}, {process.state}{rss}{hand}{last}"
        )
    lines += [f"  the probe costs {cost_words.of_a_call(app.probe_ns, app.call_ns)}"] if app.probe_ns else []
    left = f", {app.not_captured} not captured" if app.not_captured else ""
    lines.append(f"  {app.recorded} exchanges in {app.trace}{left}")
    lines += [f"  captures only {app.capture}"] if app.capture else []
    if app.problem:
        lines += [f"  {text}" for text in problem(app.problem).splitlines()]
    return "\n".join(lines)


def stacks(dump: StacksDumped) -> str:
    """A dump for a terminal: as a traceback, the call in progress last."""
    lines = [f"worker {dump.slot}.{dump.generation} of {dump.app}, pid {dump.pid}"]
    for stack in dump.stacks:
        state = f", {stack.state}" if stack.state else ""
        request = f", exchange {stack.exchange}" if stack.exchange else ""
        lines += ["", f"{stack.kind} {stack.name}{state}{request}:"]
        for frame in stack.frames:
            lines.append(f'  File "{frame.file}", line {frame.line}, in {frame.function}')
            lines += [f"    {frame.code}"] if frame.code else []
    return "\n".join(lines)


def mode(found: ModeStatus, width: int) -> str:
    """A mode for a terminal of ``width`` columns. Commands stay whole, to be copied."""
    lines = [f"{found.slug:18} {found.state}", *_folded(found.reason, width, "  ")]
    for way in found.ways_out:
        lines += _folded(way.text, width, "  - ")
        lines += [f"      {text}" for text in way.command.splitlines()]
    return "\n".join(lines)


def _folded(text: str, width: int, first: str) -> list[str]:
    rest = " " * len(first)
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def plain(value: Any) -> dict[str, Any]:
    """A message's dataclass as a dictionary."""
    return dataclasses.asdict(value)


def target(spec: TargetSpec) -> str:
    """A completed target on one line."""
    return f"{spec.target} in {spec.cwd}, run by {spec.python}"
