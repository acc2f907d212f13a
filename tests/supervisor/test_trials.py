"""How modes to compare are written, and in what order they are tried."""

from __future__ import annotations

import pytest

from supervisor.control.messages import Problem, TrialMode
from supervisor.trials import parse, rounds, schedule


def test_modes_with_their_numbers() -> None:
    assert parse("gunicorn-sync*2, uvicorn,gunicorn-gthread*2x8,,uvicorn") == (
        TrialMode(mode="gunicorn-sync", workers=2),
        TrialMode(mode="uvicorn"),
        TrialMode(mode="gunicorn-gthread", workers=2, threads=8),
    )


@pytest.mark.parametrize("text", ["uvicorn*0", "uvicorn*x", "uvicorn*2x", "a b", "uvicorn*2*3"])
def test_what_is_no_mode_is_told(text: str) -> None:
    found = parse(f"granian,{text}")
    assert isinstance(found, Problem)
    assert text in found.what
    assert found.usage


@pytest.mark.parametrize("text", ["", " , "])
def test_no_mode_at_all(text: str) -> None:
    found = parse(text)
    assert isinstance(found, Problem)
    assert found.ways_out


def test_rounds_that_nobody_asked_for() -> None:
    assert (rounds(0, "max"), rounds(0, "original"), rounds(0, "2"), rounds(5, "2")) == (3, 1, 1, 5)


def test_rounds_take_turns_and_every_other_goes_backwards() -> None:
    one, other = TrialMode(mode="a"), TrialMode(mode="b")
    assert schedule((one, other), 3) == [(1, one), (1, other), (2, other), (2, one), (3, one), (3, other)]
