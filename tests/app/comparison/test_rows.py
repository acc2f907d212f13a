"""The modes of a comparison as rows."""

from __future__ import annotations

from app.comparison.rows import Row, as_text, figure, progress, rows, spread, text, words
from inspector.export.comparison import MEASURES, Latency, ModeFigures, Spread
from supervisor.control.messages import ComparisonStatus, Problem, TargetSpec, TrialStatus

MS = 1_000_000
BY_ID = {measure.id: measure for measure in MEASURES}


def trial(mode: str = "uvicorn", state: str = "waiting", round: int = 1, **fields: object) -> TrialStatus:
    return TrialStatus(mode=mode, workers=1, threads=1, round=round, state=state, **fields)  # type: ignore[arg-type]


def status(*trials: TrialStatus, state: str = "running", error: str = "") -> ComparisonStatus:
    return ComparisonStatus(
        number=1, target=TargetSpec(target="shop:app"), source="a", trace="b", state=state, rounds=2, trials=trials,
        error=error,
    )  # fmt: skip


def figures(mode: str = "uvicorn", **fields: object) -> ModeFigures:
    usual: dict[str, object] = {
        "mode": mode, "workers": 1, "threads": 1, "state": "finished", "rounds": 1, "sent": 4, "rate": 12.34,
        "latency": Latency(4, MS, 2 * MS, 3 * MS, 4 * MS, 5 * MS), "command": "uvicorn\nshop:app",
    }  # fmt: skip
    return ModeFigures(**{**usual, **fields})  # type: ignore[arg-type]


def states(*trials: TrialStatus) -> str:
    [row] = rows(status(*trials), [])
    return row.state


def test_a_mode_stands_where_its_turn_does() -> None:
    assert states(trial()) == "waiting"
    assert states(trial(state="starting")) == "round 1: starting"
    assert states(trial(state="finished"), trial(state="running", round=2, sent=3, total=9)) == "round 2: 3 of 9"
    assert states(trial(state="finished"), trial(round=2)) == "1 of 2 rounds"
    assert states(trial(state="finished"), trial(state="cancelled", round=2)) == "1 of 2 rounds"
    assert states(trial(state="finished")) == "finished"
    assert states(trial(state="cancelled"), trial(state="cancelled", round=2)) == "cancelled"
    assert states(trial(state="something new")) == "something new"


def test_why_a_mode_is_impossible() -> None:
    problem = Problem(what="It cannot.", why="It is WSGI.")
    [row] = rows(status(trial(state="impossible", problem=problem)), [figures(state="impossible", rounds=0)])
    assert (row.state, row.problem, row.measured) == ("impossible", "It cannot. It is WSGI.", False)
    assert text(row, BY_ID["rate"]) == ""


def test_what_a_trace_alone_tells() -> None:
    one, other = rows(None, [figures(rounds=3), figures("granian", rounds=0, state="failed", problem="Oh.")])
    assert (one.name, one.state, one.measured) == ("uvicorn", "3 rounds", True)
    assert (other.state, other.problem) == ("failed", "Oh.")
    assert rows(None, [figures()])[0].state == "finished"


def test_modes_stay_in_their_order_and_the_best_is_known() -> None:
    found = rows(status(trial("granian"), trial()), [figures(rate=5.0), figures("granian")])
    assert [row.name for row in found] == ["granian", "uvicorn"]
    assert found[0].wins == {"rate"}
    assert found[1].wins == frozenset()


def test_figures_for_cells() -> None:
    row = Row("uvicorn", "finished", figures=figures(memory_peak=41_000_000, deaths=2))
    assert [text(row, BY_ID[name]) for name in ("rate", "p50", "memory_peak", "deaths", "errors")] == [
        "12.3", "2.00 ms", "41.0 MB", "2", "",
    ]  # fmt: skip
    assert figure(BY_ID["rate"], 12_345.6) == "12\N{NARROW NO-BREAK SPACE}346"
    assert text(Row("a", "waiting"), BY_ID["rate"]) == ""


def test_the_spread_of_rounds() -> None:
    row = Row("uvicorn", "", figures=figures(rounds=2, rates=Spread(9, 11)))
    assert spread(row, BY_ID["rate"]) == "9.0 to 11.0 in 2 rounds"
    assert spread(row, BY_ID["p99"]) == ""
    assert spread(Row("uvicorn", "", figures=figures()), BY_ID["rate"]) == ""
    assert spread(Row("uvicorn", ""), BY_ID["rate"]) == ""


def test_progress_in_figures_and_words() -> None:
    going = status(trial(state="finished"), trial("granian", "running", sent=1, total=4), trial(round=2))
    assert progress(going) == (1250, 3000)
    assert words(going) == "Turn 2 of 3: granian, round 1, 1 of 4 sent"
    assert words(status(trial(state="starting"))) == "Turn 1 of 1: uvicorn, round 1, starting"
    assert words(status(trial(state="finished"), state="finished")) == "Finished. 1 of 1 turns"
    assert words(status(trial(state="failed"), state="failed", error="No.")) == "Failed. 1 of 1 turns. No."
    assert words(status(trial())) == "Under way. 0 of 1 turns"


def test_the_table_as_text() -> None:
    head, line, waiting = as_text([Row("uvicorn", "", figures=figures()), Row("granian", "waiting")]).splitlines()
    assert head.split("\t")[:2] == ["Mode", "Requests/s"]
    assert line.split("\t")[:2] == ["uvicorn", "12.3"]
    assert line.split("\t")[-1] == "uvicorn shop:app"
    assert waiting.split("\t")[0] == "granian"
