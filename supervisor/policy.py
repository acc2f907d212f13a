"""When an instance is ready, when it has failed, and when what died is started again.

Pure: values and the time are handed in, decisions come back; all times are seconds. The defaults follow the field:
a pause that grows with each quick death, and an end to trying (Erlang's intensity, supervisord's FATAL).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

#: A process that lived this long was well; its death is not one of a series.
STEADY = 10.0
#: Quick deaths in a row after which nothing is started again.
ENOUGH = 5
#: The pause after the first quick death; it doubles.
PAUSE = 1.0
LONGEST_PAUSE = 15.0
#: How long an instance may take until its workers are ready.
BOOT_LIMIT = 60.0
#: How long requests in flight may take to finish on an instance that is being replaced, and WebSockets.
DRAIN_LIMIT = 30.0
WEBSOCKET_LIMIT = 5.0
#: A worker that dies this soon after it was ready, with no request in hand, died young: its start is what kills it.
YOUNG = 2.0
#: Deaths of young workers within so many seconds that make a crash loop.
LOOP_DEATHS = 5
LOOP_WINDOW = 10.0


class Readiness(enum.Enum):
    """What to do about an instance that is starting."""

    WAIT = "wait"
    SERVE = "serve"
    FAIL = "fail"


def readiness(*, workers: int, ready: int, boot_error: bool, alive: bool, waited: float) -> Readiness:
    """Whether an instance can take requests: when all its workers can, or at the limit those that can.

    A worker that could not load the application fails the whole instance: the others load the same one.
    """
    if boot_error or not alive:
        return Readiness.FAIL
    if ready >= workers:
        return Readiness.SERVE
    if waited < BOOT_LIMIT:
        return Readiness.WAIT
    return Readiness.SERVE if ready else Readiness.FAIL


@dataclass(slots=True)
class Backoff:
    """Remembers the quick deaths in a row of one process that the supervisor itself starts again."""

    quick: int = 0

    def died(self, lived: float) -> float | None:
        """Seconds to wait before it is started again after it ``lived`` so long; None: it is not."""
        if lived >= STEADY:
            self.quick = 0
            return 0.0
        return self.looped()

    def looped(self) -> float | None:
        """The same for one that lives, and whose workers do not: it is held for so long, or for good."""
        self.quick += 1
        if self.quick >= ENOUGH:
            return None
        return min(PAUSE * 2.0 ** (self.quick - 1), LONGEST_PAUSE)


@dataclass(slots=True)
class CrashLoop:
    """Notices a master that starts workers again and again which die young."""

    deaths: list[float] = field(default_factory=list)

    def died_young(self, now: float) -> bool:
        """A worker did; whether that makes a loop."""
        self.deaths = [at for at in self.deaths if now - at < LOOP_WINDOW] + [now]
        return len(self.deaths) >= LOOP_DEATHS

    def over(self, now: float) -> bool:
        """Whether the last such death is long ago."""
        return not self.deaths or now - self.deaths[-1] >= LOOP_WINDOW

    def forget(self) -> None:
        """What comes now is another try."""
        self.deaths.clear()
