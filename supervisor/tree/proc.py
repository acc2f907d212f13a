"""What the kernel says of processes: ``/proc/PID/stat`` and the children of each thread. Linux only; see proc(5).

Nothing but the standard library's lightest modules: the caretaker, a process of its own, lives on it.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def stat(pid: int) -> list[str] | None:
    """The fields of ``/proc/PID/stat`` from the third, the state, on. The second, the name, may hold anything."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def name(pid: int) -> str:
    """What the kernel calls the process: the beginning of its program's name."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def is_over(fields: list[str]) -> bool:
    """Whether a process has ended, and waits at most to be reaped."""
    return fields[0] in ("Z", "X")


def session_of(fields: list[str]) -> int:
    """The session that a process is in."""
    return int(fields[3])


def started(fields: list[str]) -> int:
    """When a process was started, in ticks since the machine was: with its pid that is one process and no other."""
    return int(fields[19])


def pids() -> list[int]:
    """All processes there are."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def session(sid: int) -> list[int]:
    """Processes of the session ``sid`` that still run; those that ended and wait to be reaped do not count."""
    return list(members(sid))


def members(sid: int) -> dict[int, int]:
    """The same with when each was ``started``. All processes of the machine are looked at: not for an event loop."""
    found = ((pid, stat(pid)) for pid in pids())
    return {
        pid: started(fields) for pid, fields in found if fields and not is_over(fields) and session_of(fields) == sid
    }


def children(pid: int) -> list[int]:
    """The children of a process, those that ended and were not reaped too."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return found


def kill(pid: int, since: int, number: int = signal.SIGKILL) -> bool:
    """Send a signal to the process that was started at ``since`` (``started``), and to no other that got its number.

    Whether it was there, or still is.
    """
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        fields = stat(pid)  # of the process that the descriptor is for, if it has not ended since
        if fields is None or is_over(fields) or started(fields) != since:
            return False
        signal.pidfd_send_signal(fd, number)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
