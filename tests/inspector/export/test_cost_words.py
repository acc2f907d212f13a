"""The probe's own cost in words."""

from __future__ import annotations

import pytest

from inspector.export.cost_words import of_a_call, share, short


@pytest.mark.parametrize(
    ("ns", "words"),
    [(800, "0.8 µs"), (9_949, "9.9 µs"), (20_600, "21 µs"), (994_000, "994 µs"), (996_000, "1.0 ms"),
     (4_100_000, "4.1 ms"), (41_000_000, "41 ms"), (996_000_000, "1.0 s"), (2_340_000_000, "2.3 s")],
)  # fmt: skip
def test_times_are_short(ns: int, words: str) -> None:
    assert short(ns) == words


def test_a_share_says_no_more_than_is_known() -> None:
    assert share(21_000, 4_100_000) == "0.5 %"
    assert share(45_000, 90_000) == "50 %"
    assert share(20_000, 2_000_000_000) == "under 0.1 %"
    assert share(20_000, 0) == ""


def test_a_call() -> None:
    assert of_a_call(21_000, 4_100_000) == "21 µs a call, 0.5 % of its 4.1 ms"
    assert of_a_call(21_000, 0) == "21 µs a call"
    assert of_a_call(0, 0) == ""
