"""Notices when the window's own thread does not get to its events for too long, and records what it was doing.

A thread asks the window's to answer, again and again, and looks where that is while no answer comes. Time for which the
machine gave the processor to somebody else does not count: what counts is the processor time that the window's thread
itself used, and the time for which look after look found it asleep in one and the same place. A look at which it was
elsewhere, was just waking, or waited for a processor says nothing of the others. Knows Qt's signals and Python's
frames; knows no widget.

Off unless somebody starts it: the tests with live traffic do, and ``GATESCOPE_WATCH_STALLS=1`` in the program.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QObject, Qt, Signal

Stack = tuple[traceback.FrameSummary, ...]  #: outermost call first

LIMIT_MS = 50.0  #: of work in one go, the user notices more than that
ASLEEP_MS = 250.0  #: without work: a wait for something, not the machine's other processes
_PING_S = 0.02
_LOOK_S = 0.01
_GAP_S = 0.05  #: two looks that are further apart tell only of so much: the watch itself was not let run
_DEEP = 60  #: frames of a stack


@dataclass(frozen=True, slots=True)
class WindowStall:
    """One time that the window did not answer.

    ``took_ms`` on the clock, ``worked_ms`` of the thread's own processor time. ``stack``: where it was seen most
    often, or slept longest if it did not work, outermost call first; ``instants``: how often it was looked at.
    """

    took_ms: float
    worked_ms: float
    stack: Stack
    instants: int

    def __str__(self) -> str:
        why = "worked" if self.worked_ms >= LIMIT_MS else "waited"
        told = "".join(traceback.format_list(self.stack))
        return f"the window {why} for {self.took_ms:.0f} ms ({self.worked_ms:.0f} ms of processor time) here:\n{told}"


class StallWatch(QObject):
    """Watches the thread it is made in, from ``start`` to ``stop``.

    Signals: ``stalled(WindowStall)``, in the window's thread, when it answers again.
    """

    stalled = Signal(object)
    _pinged = Signal(int)
    _noticed = Signal(object)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        limit_ms: float = LIMIT_MS,
        counts: Callable[[Stack], bool] = lambda _stack: True,
    ) -> None:
        """``limit_ms``: of work at once. ``counts``: whether what is done at such a place is the window's own doing."""
        super().__init__(parent)
        self._counts = counts
        self._limit, self._watched = limit_ms / 1000, threading.get_ident()
        self._native = threading.get_native_id()
        self._answered = threading.Event()
        self._end = threading.Event()
        self._answer = (0, 0.0, 0.0)
        self._looked_at: deque[list[FrameType]] = deque()  # stacks, to be let go in the thread that they are of
        self._thread: threading.Thread | None = None
        self._pinged.connect(self._on_pinged, Qt.ConnectionType.QueuedConnection)
        self._noticed.connect(self.stalled, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Watch from now on."""
        if self._thread is None:
            self._end.clear()
            self._thread = threading.Thread(target=self._watch, name="stall-watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Watch no longer; waits for the thread."""
        self._end.set()
        self._answered.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._let_go()

    def _on_pinged(self, number: int) -> None:
        self._let_go()
        self._answer = (number, time.monotonic(), _processor_time(self._watched))
        self._answered.set()

    def _let_go(self) -> None:
        """A frame that has ended meanwhile takes what it alone knew with it, and widgets must end in this thread."""
        while self._looked_at:
            self._looked_at.popleft().clear()

    def _watch(self) -> None:
        number = 0
        while not self._end.wait(_PING_S):
            number += 1
            self._answered.clear()
            sent, used = time.monotonic(), _processor_time(self._watched)
            self._pinged.emit(number)
            seen = self._look()
            answered, when, until = self._answer
            if answered == number and (stall := self._judge(when - sent, until - used, seen)):
                self._noticed.emit(stall)

    def _look(self) -> list[Instant]:
        """Wait for the answer; where the thread was seen meanwhile."""
        seen: list[Instant] = []
        while not self._answered.wait(_LOOK_S) and not self._end.is_set():
            frames = _frames(self._watched)
            if frames:
                seen.append(Instant.of(frames, asleep=_is_asleep(self._native)))
                self._looked_at.append(frames)
        return seen

    def _judge(self, took: float, worked: float, seen: list[Instant]) -> WindowStall | None:
        looks, seen = len(seen), [one for one in seen if self._counts(one.stack)]
        worked *= len(seen) / max(looks, 1)
        counted = Counter(one.place for one in seen) if worked >= self._limit else slept(seen)
        place, count = max(counted.items(), key=itemgetter(1), default=(None, 0.0))
        if place is None or (worked < self._limit and count * 1000 < ASLEEP_MS):
            return None
        stack = next(one.stack for one in seen if one.place == place)
        return WindowStall(took * 1000, worked * 1000, stack, len(seen))


@dataclass(frozen=True, slots=True)
class Instant:
    """Where the window's thread was at a look, ``at`` in seconds; ``place`` tells two steps of one line apart."""

    at: float
    place: tuple[object, int]
    asleep: bool
    stack: Stack

    @classmethod
    def of(cls, frames: Sequence[FrameType], *, asleep: bool) -> Instant:
        """That of a thread in ``frames``, the innermost first, now."""
        place = (frames[0].f_code, frames[0].f_lasti)
        lines = traceback.StackSummary.extract(((each, each.f_lineno) for each in frames), lookup_lines=False)
        return cls(time.monotonic(), place, asleep, tuple(reversed(lines)))


def _frames(thread: int) -> list[FrameType]:
    """Where the thread is, the innermost frame first."""
    found: list[FrameType] = []
    frame = sys._current_frames().get(thread)
    while frame is not None and len(found) < _DEEP:
        found.append(frame)
        frame = frame.f_back
    return found


def slept(seen: Iterable[Instant]) -> dict[tuple[object, int], float]:
    """Seconds by place: from each look that found it asleep to the next, if that found it so in the same place."""
    found: dict[tuple[object, int], float] = {}
    for before, after in pairwise(seen):
        if before.asleep and after.asleep and before.place == after.place:
            found[before.place] = found.get(before.place, 0.0) + min(after.at - before.at, _GAP_S)
    return found


def _processor_time(thread: int) -> float:
    """Seconds that the thread has worked; where nobody counts that, seconds on the clock."""
    clock_of = getattr(time, "pthread_getcpuclockid", None)
    return time.clock_gettime(clock_of(thread)) if clock_of else time.monotonic()


def _is_asleep(thread: int) -> bool:
    """Whether it waits for something other than a processor; yes where the system does not tell."""
    try:
        state = Path(f"/proc/self/task/{thread}/stat").read_bytes().rpartition(b") ")[2]
    except OSError:
        return True
    return state[:1] in (b"S", b"D")
