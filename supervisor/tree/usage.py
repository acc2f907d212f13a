"""What processes use: processor and memory, sampled.

psutil remembers the processor time of the sample before, hence the object. Cheap for a few processes (about 0.1 ms
each), so it runs on the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """``cpu`` in percent of one core since the sample before, ``rss`` in bytes."""

    cpu: float = 0.0
    rss: int = 0


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


def listener_of(port: int) -> str:
    """Who listens on TCP ``port`` here, as ``name (pid 1)``; empty when it cannot be seen."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.pid or not connection.laddr:
                continue
            if connection.laddr.port == port:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except (psutil.Error, OSError):
        pass
    return ""
