"""What a comparison comes to, in figures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inspector.export.comparison import (
    MEASURES,
    POINTS,
    Latency,
    ModeFigures,
    Spread,
    best,
    figures,
    named,
    record,
)
from inspector.model import NOT_REPLAYED, Instance, Trial
from inspector.store.rows import Replayed

MS = 1_000_000
BY_ID = {measure.id: measure for measure in MEASURES}


def trial(identity: int, mode: str = "uvicorn", *, run: int = 0, state: str = "finished", **fields: int) -> Trial:
    made = Trial(identity, mode, 1, 1, 1, 8, run=run, state=state, instance=identity)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def answer(number: int, took_ms: float, **fields: object) -> Replayed:
    usual: dict[str, object] = {
        "original": number, "exchange": number, "method": "GET", "target": f"/items/{number}?a=1", "status": 200,
        "opened_ns": 1_000 * MS + number, "took_ns": int(took_ms * MS), "same": 1, "error": "",
    }  # fmt: skip
    return Replayed(**{**usual, **fields})  # type: ignore[arg-type]


LEFT_OUT = answer(9, 0, exchange=0, status=0, same=0, error=f"{NOT_REPLAYED}lifespan")


def test_a_mode_in_figures() -> None:
    rows = [
        *(answer(number, number) for number in range(1, 11)),
        answer(11, 20, status=503, same=0, target="/broken"),
        answer(12, 30_000, exchange=0, status=0, same=0, error="it was not answered completely within 30 s"),
        LEFT_OUT,
    ]
    instance = Instance(1, "shop", "shop:app", "uvicorn", "ASGI3", 1, 1, adapted=True, command="uvicorn shop:app")
    done = trial(1, run=4, memory_peak=90, memory_mean=80, cpu_ns=24 * MS, deaths=1)
    [found] = figures([done], [instance], {4: rows})
    assert (found.name, found.state, found.rounds, found.command) == ("uvicorn", "finished", 1, "uvicorn shop:app")
    assert found.adapted
    assert (found.sent, found.errors, found.differing, found.left_out) == (12, 2, 2, 1)
    assert found.latency == Latency(11, 1 * MS, 6 * MS, 10 * MS, 20 * MS, 20 * MS)
    assert found.rate == pytest.approx(11 / 0.020, rel=1e-3)
    assert found.rates == Spread(found.rate, found.rate)
    assert (found.memory_peak, found.memory_mean, found.cpu_ns, found.deaths, found.runs) == (90, 80, 24 * MS, 1, (4,))
    assert found.cpu_per_request_ns == 2 * MS
    assert [(route, latency.count) for route, latency in found.routes] == [("GET /items/{}", 10), ("GET /broken", 1)]
    assert found.curve[0] == (1 * MS, pytest.approx(1 / 11))
    assert found.curve[-1] == (20 * MS, 1.0)


def test_rounds_count_together_and_their_spread_is_kept() -> None:
    trials = [trial(1, run=1, cpu_ns=2, memory_mean=10), trial(2, run=2, cpu_ns=4, memory_mean=20)]
    cancelled = trial(3, run=3, state="cancelled")
    rounds = {1: [answer(1, 2), answer(2, 2)], 2: [answer(1, 4), answer(2, 4)], 3: [answer(1, 99)]}
    [found] = figures([*trials, cancelled], [], rounds)
    assert (found.rounds, found.sent, found.latency.count, found.command) == (2, 4, 4, "")
    assert found.medians == Spread(2 * MS, 4 * MS)
    assert found.rates.least == pytest.approx(500, rel=1e-3)
    assert found.rates.greatest == pytest.approx(1000, rel=1e-3)
    assert found.rate == pytest.approx(4 / 0.006, rel=1e-3)
    assert (found.cpu_ns, found.memory_mean) == (3, 15)


def test_a_mode_that_was_never_measured() -> None:
    refused = trial(1, "gunicorn-sync", state="impossible")
    refused.problem = "It speaks WSGI."
    [found] = figures([refused], [], {})
    assert (found.state, found.problem, found.rounds, found.sent) == ("impossible", "It speaks WSGI.", 0, 0)
    assert (found.latency, found.curve, found.rate, found.cpu_per_request_ns) == (Latency(), (), 0, 0)
    assert found.rates == found.medians == Spread()


def test_a_run_without_an_answer() -> None:
    [found] = figures([trial(1, run=1)], [], {1: [answer(1, 0, opened_ns=0, took_ns=0, status=0, same=0)]})
    assert (found.sent, found.errors, found.rate, found.latency) == (1, 1, 0, Latency())


def test_a_curve_of_many_answers_has_only_so_many_points() -> None:
    [found] = figures([trial(1, run=1)], [], {1: [answer(number, number) for number in range(1, 1_001)]})
    assert len(found.curve) == POINTS
    assert found.curve[-1] == (1_000 * MS, 1.0)
    assert all(before <= after for before, after in zip(found.curve, found.curve[1:], strict=False))


@pytest.mark.parametrize(
    ("numbers", "name"), [((1, 1), "granian"), ((4, 1), "granian*4"), ((2, 8), "granian*2x8"), ((1, 4), "granian*1x4")]
)
def test_names_are_those_of_the_command_line(numbers: tuple[int, int], name: str) -> None:
    assert named("granian", *numbers) == name


def mode(name: str, *, rounds: int = 1, **fields: Any) -> ModeFigures:
    return ModeFigures(name, 1, 1, "finished", rounds=rounds, sent=9, **{"rate": 1.0, **fields})


def test_the_best_of_each_measure() -> None:
    rows = [mode("a", rate=10, errors=1), mode("b", rate=20), mode("c", rate=5)]
    assert best(rows, BY_ID["rate"]) == {"b"}
    assert best(rows, BY_ID["errors"]) == {"b", "c"}
    assert best(rows, BY_ID["deaths"]) == frozenset()
    assert best(rows[:1], BY_ID["rate"]) == best([], BY_ID["rate"]) == frozenset()
    assert best([*rows, ModeFigures("d", 1, 1, "impossible")], BY_ID["rate"]) == {"b"}


def test_what_rounds_cannot_tell_apart_is_as_good() -> None:
    near = mode("a", rate=19, rounds=2, rates=Spread(15, 21))
    top, far = mode("b", rate=20, rounds=2, rates=Spread(19, 22)), mode("c", rate=9, rounds=2, rates=Spread(8, 10))
    assert best([near, top, far], BY_ID["rate"]) == {"a", "b"}
    assert best([near, top], BY_ID["rate"]) == frozenset()
    wild = mode("d", rate=8, rounds=2, rates=Spread(1, 30))
    assert best([near, top, far, wild], BY_ID["rate"]) == {"a", "b"}
    assert best([mode("a", rate=19), top, far], BY_ID["rate"]) == {"b"}


def test_a_record_is_json_in_milliseconds() -> None:
    [found] = figures([trial(1, run=1, cpu_ns=1500 * MS)], [], {1: [answer(1, 2.5)]})
    made = json.loads(json.dumps(record(found)))
    assert (made["event"], made["name"], made["cpu_seconds"]) == ("mode", "uvicorn", 1.5)
    assert made["latency"] == {"count": 1, "min": 2.5, "median": 2.5, "p90": 2.5, "p99": 2.5, "max": 2.5}
    assert made["routes"] == {"GET /items/{}": made["latency"]}


def test_every_measure_has_a_value_for_every_mode() -> None:
    assert [measure.value(mode("a")) for measure in MEASURES] == [1.0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0]
    assert BY_ID["p50"].spread is not None
    assert BY_ID["p50"].spread(mode("a")) == Spread()
