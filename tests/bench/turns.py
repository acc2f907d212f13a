"""What the turns of the window's event loop are made of, for ``window_child``: processor time by named step.

A step is a method of ours, watched from before the window is made; what it calls of the others is theirs. What Qt does
by itself between them is "Qt". A turn is what happens between two beats.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any

from app import garbage
from app.feed import TraceFeed
from app.traffic.lanes.bars import Lanes
from app.traffic.lanes.canvas import LanesCanvas
from app.traffic.lanes.panel import LanesPanel
from app.traffic.listing import Listing
from app.traffic.page import TrafficPage
from app.traffic.table_model import ExchangeTableModel
from app.traffic.table_view import ExchangeTable

#: The steps by name.
STEPS: dict[str, tuple[Any, str]] = {
    "an answer taken": (TraceFeed, "_on_answered"),
    "a poll taken": (TraceFeed, "_on_polled"),
    "a list made anew": (Listing, "_on_listed"),
    "rows fetched": (ExchangeTableModel, "fill"),
    "counts shown": (TrafficPage, "_on_counts_changed"),
    "marks of lanes": (LanesPanel, "_on_marks"),
    "sums of lanes": (LanesPanel, "_on_older"),
    "garbage": (garbage, "collect"),
    "lanes take rows": (Lanes, "take"),
    "table takes rows": (ExchangeTableModel, "take_changes"),
    "lanes tick": (LanesPanel, "_on_frame"),
    "lanes drawn": (LanesCanvas, "_draw"),
    "lanes painted": (LanesCanvas, "paintEvent"),
    "table painted": (ExchangeTable, "paintEvent"),
    "page tick": (TrafficPage, "_on_tick"),
}
_LONGEST = 3


class Turns:
    """Gathers the steps of the turn that goes on; ``end_turn`` at each beat."""

    def __init__(self) -> None:
        self._running: list[float] = []  # of each step under way: what the steps within it took
        self._turn: dict[str, float] = defaultdict(float)
        self._all: dict[str, list[float]] = defaultdict(list)
        self._longest: list[tuple[float, dict[str, float]]] = []
        self._since = time.thread_time()

    def watch(self) -> None:
        """From now on, in every object that is made later."""
        for name, (owner, method) in STEPS.items():
            setattr(owner, method, self._watched(name, getattr(owner, method)))

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def step(*arguments: Any) -> Any:
            begun = time.thread_time()
            self._running.append(0.0)
            try:
                return call(*arguments)
            finally:
                took = (time.thread_time() - begun) * 1e3
                within = self._running.pop()
                if self._running:
                    self._running[-1] += took
                self._turn[name] += took - within
                self._all[name].append(took - within)

        return step

    def begin(self) -> None:
        """Forget what was."""
        self._turn.clear()
        self._all.clear()
        self._longest.clear()
        self._since = time.thread_time()

    def end_turn(self) -> None:
        """A beat."""
        now = time.thread_time()
        took, self._since = (now - self._since) * 1e3, now
        steps, self._turn = dict(self._turn), defaultdict(float)
        self._all["a turn"].append(took)
        if len(self._longest) < _LONGEST or took > self._longest[-1][0]:
            steps["Qt"] = took - sum(steps.values())
            self._longest = sorted([*self._longest, (took, steps)], key=lambda one: -one[0])[:_LONGEST]

    def told(self) -> list[str]:
        """Lines for people: each step, then the longest turns."""
        lines = []
        for name, every in sorted(self._all.items(), key=lambda one: -max(one[1])):
            ordered = sorted(every)
            p99, middle = ordered[round(len(ordered) * 0.99) - 1], ordered[len(ordered) // 2]
            lines.append(f"{name}: max {ordered[-1]:.1f}, p99 {p99:.1f}, median {middle:.1f} ms, {len(every)} times")
        for took, steps in self._longest:
            parts = ", ".join(
                f"{name} {ms:.1f}" for name, ms in sorted(steps.items(), key=lambda s: -s[1]) if ms >= 0.1
            )
            lines.append(f"longest turn {took:.1f} ms: {parts}")
        return lines
