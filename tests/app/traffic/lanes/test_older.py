"""Sums of what is no longer kept as bars."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from app.traffic.lanes.bars import TONES
from app.traffic.lanes.cells import LEVELS
from app.traffic.lanes.older import Older, Sum, began_between, older_of
from inspector.query import parse


def load(slot: int, step: int, **more: Any) -> Any:
    return SimpleNamespace(slot=slot, step=step, **{"exchanges": 3, "worst": 200, "failed": 0, "busy_ns": 0, **more})


def test_steps_become_stretches_of_time() -> None:
    older = older_of(1000, 2000, 10, [load(2, 0), load(1, 9, worst=503, busy_ns=500), load(1, 3, busy_ns=50)])
    assert older.of(2) == (Sum(1000, 1100, 3, TONES.index("ok"), 1),)
    assert older.of(1) == (
        Sum(1900, 2000, 3, TONES.index("server_error"), LEVELS), Sum(1300, 1400, 3, TONES.index("ok"), 3),
    )  # fmt: skip
    assert older.of(3) == ()
    assert older.at(2, 1050) == older.of(2)[0]
    assert older.at(2, 1100) is None
    assert Older().of(1) == ()


def test_the_worst_gives_the_colour() -> None:
    told = [load(1, 0, failed=1), load(1, 1, worst=0), load(1, 2, worst=404), load(1, 3, worst=302)]
    tones = [TONES[one.tone] for one in older_of(0, 4, 4, told).of(1)]
    assert tones == ["failed", "neutral", "client_error", "redirect"]


def test_a_stretch_of_time_as_a_filter_that_holds_its_ends() -> None:
    begin = 1_700_000_000_123_999_999
    assert began_between(begin, begin + 2) == "time:2023-11-14T22:13:20.123..2023-11-14T22:13:20.125"
    parse(began_between(begin, begin + 86_400_000_000_000))
