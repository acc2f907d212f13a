"""Learning of the end of a process, child of ours or not, within milliseconds, and how it ended.

A pidfd becomes readable when its process ends. How it ended stands in ``/proc/PID/stat`` while nobody has reaped it,
and after that in the pidfd itself, on kernels that keep it (Linux 6.15 and newer). Linux only: see pidfd_open(2),
proc_pid_stat(5) and ``struct pidfd_info`` in the kernel's ``uapi/linux/pidfd.h``.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from supervisor.tree.proc import is_over, stat

# struct pidfd_info: u64 mask, u64 cgroupid, 11 u32 (pid, tgid, ppid, and ids of user and group), s32 exit_code
_INFO = struct.Struct("=QQ11Ii")
_GET_INFO = 0xC0000000 | _INFO.size << 16 | 0xFF << 8 | 11  # _IOWR(PIDFS_IOCTL_MAGIC, 11, struct pidfd_info)
_INFO_EXIT = 1 << 3


class Watch:
    """Calls ``ended(status)`` once, when the process is gone; ``status`` as waitpid gives it, None if nobody can say.

    Raises ProcessLookupError when there is no such process. Belongs to the running event loop.
    """

    def __init__(self, pid: int, ended: Callable[[int | None], None]) -> None:
        self.pid = pid
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._fd = os.pidfd_open(pid)
        self._loop.add_reader(self._fd, self._readable)

    def close(self) -> None:
        """Stop watching."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def status(self) -> int | None:
        """How it ended, as far as can be seen from here and now."""
        status = zombie_status(self.pid)
        return _kept_status(self._fd) if status is None and self._fd >= 0 else status

    def _readable(self) -> None:
        status = self.status()
        self.close()
        self._ended(status)


def zombie_status(pid: int) -> int | None:
    """The wait status of a process that ended and was not reaped yet, else None."""
    fields = stat(pid)
    if fields is None or not is_over(fields):
        return None
    return int(fields[49])


def _kept_status(fd: int) -> int | None:
    asked = _INFO.pack(_INFO_EXIT, *([0] * 13))
    try:
        answer = _INFO.unpack(fcntl.ioctl(fd, _GET_INFO, asked))
    except OSError:  # an older kernel
        return None
    return int(answer[-1]) if answer[0] & _INFO_EXIT else None


def parent_of(pid: int) -> int:
    """The parent's pid, 0 when there is no such process."""
    fields = stat(pid)
    return 0 if fields is None else int(fields[1])


def stopped(pid: int) -> bool:
    """Whether the process is stopped, as by SIGSTOP."""
    fields = stat(pid)
    return fields is not None and fields[0] == "T"


def kernel_function(pid: int) -> str:
    """The function of the kernel that the process's main thread waits in; empty if it runs or nobody may know."""
    try:
        found = Path(f"/proc/{pid}/wchan").read_text().strip("\0\n ")
    except OSError:
        return ""
    return "" if found == "0" else found


class OomKills:
    """How many processes the kernel kills for want of memory around process ``pid``: in its control group where that is
    counted, else on the whole machine. Where it is counted is found out now: of a dead process it cannot be.

    See cgroup-v2.rst (``memory.events``), cgroup-v1/memory.rst (``memory.oom_control``), proc_vmstat(5).
    """

    def __init__(self, pid: int | str, proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> None:
        self._counters = (*_group_counters(proc / str(pid), groups), proc / "vmstat")
        self._before = self._now = self.count()

    def count(self) -> int:
        """All of them so far."""
        for counter in self._counters:
            with contextlib.suppress(OSError, ValueError):
                for line in counter.read_text().splitlines():
                    name, _, count = line.partition(" ")
                    if name == "oom_kill":
                        return int(count)
        return 0

    def second_passed(self) -> None:
        """To be called once a second: what was before the last one is not counted any more."""
        self._before, self._now = self._now, self.count()

    @property
    def lately(self) -> int:
        """Those of the last second or two."""
        return self.count() - self._before


def _group_counters(process: Path, groups: Path) -> Iterator[Path]:
    """Where the killings in its control group may be counted. A container may see its own group as the root."""
    with contextlib.suppress(OSError):
        for line in (process / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield groups / path.lstrip("/") / "memory.events"
                yield groups / "memory.events"
            elif controllers == "memory":
                yield groups / "memory" / path.lstrip("/") / "memory.oom_control"
                yield groups / "memory" / "memory.oom_control"
