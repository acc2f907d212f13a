"""What the probe costs a call, from what it measured of some calls in one worker.

Pure. The median is what counts: a call during which another thread or process ran looks dear, and the first few of a
process are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from statistics import median_low

from inspector.model import ProbeCost

#: As many measured calls as the figure is of.
RECENT = 63


class CostMeter:
    """The latest measured calls of one worker. ``measured``: how many there were in all."""

    def __init__(self) -> None:
        self.measured = 0
        self._spent: deque[int] = deque(maxlen=RECENT)
        self._whole: deque[int] = deque(maxlen=RECENT)

    def take(self, spent: int, whole: int) -> ProbeCost:
        """One more call: ``spent`` by the probe of its ``whole`` time, nanoseconds both. What it comes to."""
        self.measured += 1
        self._spent.append(max(0, spent))
        self._whole.append(max(0, spent, whole))
        return ProbeCost(median_low(self._spent), median_low(self._whole), self.measured)

    @property
    def worth_writing(self) -> bool:
        """Whether the figure is to be written now: often at first, then each time that it is of twice as many calls."""
        return self.measured & (self.measured - 1) == 0


def together(costs: Iterable[ProbeCost | None]) -> ProbeCost | None:
    """The figure for several workers: that of the middle one. None where none has one."""
    known = sorted((cost for cost in costs if cost is not None), key=lambda cost: cost.probe_ns)
    if not known:
        return None
    middle = known[(len(known) - 1) // 2]
    return ProbeCost(middle.probe_ns, middle.call_ns, sum(cost.measured for cost in known))
