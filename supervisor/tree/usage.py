"""What processes use: processor and memory, sampled.

psutil remembers the processor time of the sample before, hence the object. Cheap for a few processes (about 0.1 ms
each), so it runs on the event loop.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from supervisor.tree import proc

_PAGE, _TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """``cpu`` in percent of one core since the sample before, ``rss`` in bytes."""

    cpu: float = 0.0
    rss: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What processes have, and have used since they were started, together.

    ``memory`` in bytes: what is theirs alone, and of what they share their part (proportional set size, proc(5)); where
    the kernel does not tell that, the resident set of each. ``cpu_ns`` counts children too that have ended.
    """

    memory: int = 0
    cpu_ns: int = 0


def spent(pids: Iterable[int]) -> Spent:
    """Of those of ``pids`` that still run. Reads files for each: about a millisecond."""
    memory = cpu_ns = 0
    for pid in pids:
        fields = proc.stat(pid)
        if fields is not None and not proc.is_over(fields):
            memory += _proportional(pid) or int(fields[21]) * _PAGE
            cpu_ns += sum(map(int, fields[11:15])) * 1_000_000_000 // _TICKS
    return Spent(memory, cpu_ns)


def _proportional(pid: int) -> int:
    """The proportional set size in bytes; 0 where that cannot be read."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class Sampler:
    """Samples the processes it is asked about."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    def sample(self, pids: set[int]) -> dict[int, Usage]:
        """Usage of each of ``pids`` that still runs; forgets all others."""
        self._known = {pid: process for pid, process in self._known.items() if pid in pids}
        found = {}
        for pid in pids:
            try:
                process = self._known.get(pid) or self._known.setdefault(pid, psutil.Process(pid))
                with process.oneshot():
                    found[pid] = Usage(process.cpu_percent(), process.memory_info().rss)
            except psutil.Error:
                self._known.pop(pid, None)
        return found
