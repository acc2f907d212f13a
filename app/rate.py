"""How many of something come a second, over the last few seconds.

Pure: clocks are arguments.
"""

from __future__ import annotations

from collections import deque

WINDOW_S = 4.0  #: long enough for a calm figure, short enough to follow a change


class Rate:
    """Fed with a count that grows, as often as one likes."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def see(self, count: int, now: float) -> None:
        """There are ``count`` at ``now`` seconds of any one clock; one that is less than before begins anew."""
        if self._seen and count < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, count))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_S:
            self._seen.popleft()

    def per_second(self, now: float) -> float:
        """So many came a second lately; 0 as long as that can't be said."""
        if len(self._seen) < 2:
            return 0.0
        begin = now - WINDOW_S
        before, after = self._seen[0], self._seen[1]
        first = before[1] if before[0] >= begin else _between(before, after, begin)
        return max(0.0, self._seen[-1][1] - first) / max(min(WINDOW_S, now - before[0]), 1e-3)


def _between(before: tuple[float, int], after: tuple[float, int], at: float) -> float:
    """The count at a time between two that were seen; what the later one saw, from then on."""
    span = after[0] - before[0]
    share = min(1.0, (at - before[0]) / span) if span > 0 else 1.0
    return before[1] + share * (after[1] - before[1])
