"""Who blocked an event loop while an exchange was under way, out of a real trace."""

from __future__ import annotations

from pathlib import Path

from app.traffic.blocked import blocked_words
from inspector.model import Exchange, Stall
from inspector.store.reader import TraceReader
from tests.support.made_trace import MadeTrace

MS = 1_000_000
STACK = '  File "/srv/shop/main.py", line 42, in handler\n    time.sleep(0.3)\n'


def test_the_blocker_and_the_victim_are_told(tmp_path: Path) -> None:
    trace = MadeTrace(tmp_path / "a.gatescope")
    try:
        blocker, victim = trace.traffic(2)
        victim.worker, victim.opened_ns, victim.closed_ns = blocker.worker, 50 * MS, 500 * MS
        for until in (0, 340 * MS):
            trace.writer.stall(Stall(blocker.worker, 100 * MS, until, blocker.id, STACK))
        for number in range(1, 4):
            trace.writer.stall(Stall(blocker.worker, (400 + number) * MS, (402 + number) * MS))
        trace.writer.stall(Stall(blocker.worker, 450 * MS, 0))
        assert trace.writer.flush()
        with TraceReader(trace.path) as reader:
            words = blocked_words(reader, victim)
            assert words == [
                "The event loop was blocked and has not come back while this was under way.",
                f"The event loop was blocked by {blocker.method} {blocker.target} (#{blocker.id}) for 240 ms"
                " while this was under way, in handler main.py:42.",
                "The event loop was blocked for 2.00 ms while this was under way.",
                "And 2 shorter times.",
            ]
            blocker.opened_ns, blocker.closed_ns, blocker.returned_ns = 90 * MS, 360 * MS, 360 * MS
            [own] = [line for line in blocked_words(reader, blocker) if line.startswith("It ")]
            assert own == "It blocked the event loop for 240 ms, in handler main.py:42: all others on it waited."
            assert blocked_words(reader, Exchange(99)) == []
    finally:
        trace.close()
