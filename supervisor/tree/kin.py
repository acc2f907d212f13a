"""What came from a process and left its session: daemons, and whatever was started with ``setsid``.

Kept by descent while it can be seen: a child is its parent's as long as that lives, and an orphan comes to us where we
are the subreaper of what we start (prctl(2), PR_SET_CHILD_SUBREAPER), so that nothing of ours gets lost among others.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time

from supervisor.tree import proc

_PR_SET_CHILD_SUBREAPER = 36


class Kin:
    """The descendants of the process ``root``, which leads a session of its own. ``strays`` are outside of that.

    They are remembered by pid and start, so that one that got an old number is never taken for them; ``root`` is a bare
    number, which may be another's once its process was ``buried``. Several threads may look.
    """

    def __init__(self, root: int) -> None:
        self.root = root
        self.strays: dict[int, int] = {}
        self.buried = False
        self._looking = threading.Lock()  # what one look has just seen another must not forget

    def look(self, *, thorough: bool = False) -> dict[int, int]:
        """The strays that live now. ``thorough``: also those of orphans of the session, for which all are looked at."""
        with self._looking:
            self.strays = self._look(thorough=thorough)
            return self.strays

    def _look(self, *, thorough: bool) -> dict[int, int]:
        known = {pid: since for pid, since in self.strays.items() if _lives(pid, since)}
        todo = list(known)
        if not self.buried:
            todo += [self.root, *(proc.session(self.root) if thorough else ())]
        seen = set(todo)
        while todo:
            for pid in proc.children(todo.pop()):
                fields = proc.stat(pid)
                if pid in seen or fields is None:
                    continue
                seen.add(pid)
                todo.append(pid)
                if not proc.is_over(fields) and proc.session_of(fields) != self.root:
                    known[pid] = proc.started(fields)
        return known

    def signal(self, number: int) -> None:
        """Send a signal to all strays."""
        for pid, since in self.strays.items():
            proc.kill(pid, since, number)


def _lives(pid: int, since: int) -> bool:
    fields = proc.stat(pid)
    return fields is not None and not proc.is_over(fields) and proc.started(fields) == since


def _be_subreaper(*, on: bool) -> bool:
    """Whether the kernel has taken note."""
    try:
        return int(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)) == 0
    except (OSError, AttributeError):  # a libc without prctl
        return False


class Orphanage:
    """This process as the parent of all orphans among its descendants.

    Only a process that has no children yet, and is not the machine's or container's first, can tell that each orphan
    that comes to it is from what it starts: ``open`` is False for any other, and nothing is done.
    """

    def __init__(self) -> None:
        self.open = False
        self._over: set[int] = set()  #: children that had ended when we looked last

    def begin(self) -> None:
        """Be the parent from now on, where that can be had."""
        if sys.platform.startswith("linux") and os.getpid() != 1 and not proc.children(os.getpid()):
            self.open = _be_subreaper(on=True)

    def reap(self, own: set[int]) -> None:
        """Bury orphans that ended before the last call: whoever started a child of ours buries it sooner.

        ``own``: children that somebody will bury later than that.
        """
        over = set()
        for pid in proc.children(os.getpid()) if self.open else ():
            fields = proc.stat(pid)
            if fields is not None and proc.is_over(fields) and pid not in own:
                if pid in self._over:
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)
                over.add(pid)
        self._over = over

    def end(self, patience: float = 5.0) -> None:
        """Kill what is left. All that was started knowingly has to be gone: whatever is there, is there by adoption."""
        deadline = time.monotonic() + patience
        while self.open and time.monotonic() < deadline:
            left = proc.children(os.getpid())
            if not left:
                self.open = not _be_subreaper(on=False)
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)  # a child of ours keeps its number until we bury it
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.01)
