"""A worker's dump of stacks, as it comes from its probe, made ready for people: source lines, and whose request it is.

What comes is taken with suspicion: the worker is the user's.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Mapping
from typing import Any

from supervisor.control.messages import Frame, Problem, Stack, WayOut
from supervisor.crew import Life
from supervisor.tree.watch import kernel_function, stopped


def understood(dump: list[dict[str, Any]], cwd: str, in_hand: Mapping[str, int]) -> tuple[Stack, ...]:
    """The stacks in ``dump``. ``in_hand``: the exchange that a thread or task of that name works on."""
    linecache.checkcache()
    found = []
    for one in dump:
        try:
            name, kind, state = str(one["name"]), str(one["kind"]), str(one["state"])
            frames = tuple(_frame(*entry, cwd=cwd) for entry in one["frames"])
            found.append(Stack(kind=kind, name=name, state=state, exchange=in_hand.get(name, 0), frames=frames))
        except (KeyError, TypeError, ValueError):
            continue
    return tuple(found)


def _frame(file: str, line: int, function: str, *, cwd: str) -> Frame:
    path = os.path.join(cwd, str(file))
    return Frame(
        file=str(file), line=int(line), function=str(function), code=linecache.getline(path, int(line)).strip()
    )


def silent(life: Life, why: str) -> Problem:
    """A worker did not say what it does."""
    worker = life.worker
    what = f"Worker {worker.slot} (pid {worker.pid}) does not say what it is doing."
    if stopped(worker.pid):
        way = WayOut(text="Let it go on first.", command=f"gatescope resume {worker.slot}")
        return Problem(what=what, why="It is paused.", ways_out=(way,))
    place = kernel_function(worker.pid)
    where = f" Its main thread is in the kernel's {place}." if place else ""
    reason = (
        f"{why[:1].upper()}{why[1:]}: native code probably holds the interpreter's lock, so that no Python runs in it."
    )
    return Problem(what=what, why=reason + where)
