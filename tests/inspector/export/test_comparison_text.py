"""Compared modes as they are printed."""

from __future__ import annotations

from inspector.export.comparison import MEASURES, Latency, ModeFigures, Spread
from inspector.export.comparison_text import figure, lines, remarks
from inspector.export.listing import Style

MS = 1_000_000
BY_ID = {measure.id: measure for measure in MEASURES}


def mode(name: str, **fields: object) -> ModeFigures:
    usual: dict[str, object] = {
        "mode": name, "workers": 2, "threads": 1, "state": "finished", "rounds": 1, "sent": 1200, "rate": 1234.5,
        "latency": Latency(1200, 1 * MS, 2 * MS, 3 * MS, 4 * MS, 5 * MS), "memory_peak": 3 * 2**20,
        "command": f"run {name}\nfor ever", "routes": (("GET /", Latency(1200, 1, 2 * MS, 3 * MS, 4 * MS, 5 * MS)),),
    }  # fmt: skip
    return ModeFigures(**{**usual, **fields})  # type: ignore[arg-type]


def printed(*rows: ModeFigures) -> list[str]:
    return list(lines(rows, Style()))


def test_a_table_with_the_best_starred() -> None:
    slow = mode("slow", rate=10.0, errors=3)
    text = printed(mode("quick"), slow)
    head, quick, second = text[:3]
    assert head.split()[:3] == ["Mode", "Requests/s", "Median"]
    assert quick.split()[:2] == ["quick*2", "*1,234.5"]
    assert second.split()[:2] == ["slow*2", "10.0"]
    assert len({len(line) for line in (head, quick, second)}) == 1
    assert "  run quick" in text
    assert "  for ever" in text
    assert any(line.startswith("  GET /  1,200: median 2.0 ms") for line in text)


def test_rounds_and_many_routes() -> None:
    routes = tuple((f"GET /{number}", Latency(1)) for number in range(7))
    text = printed(mode("a", rounds=3, rates=Spread(9, 11), medians=Spread(MS, 2 * MS), routes=routes))
    assert "  3 rounds: 9.0 to 11.0 requests/s, median 1.0 ms to 2.0 ms" in text
    assert text[-1] == "  and 2 more routes"


def test_a_mode_that_could_not_be_tried_says_why_on_one_line() -> None:
    refused = mode("b", rounds=0, state="impossible", problem="It speaks\nWSGI.")
    assert printed(refused) == [r"b*2: impossible. It speaks\nWSGI."]
    assert printed(mode("b", rounds=0, state="cancelled", problem="")) == ["b*2: cancelled"]


def test_figures_as_people_read_them() -> None:
    assert figure(BY_ID["memory_peak"], 3 * 2**20) == "3.0M"
    assert figure(BY_ID["cpu"], 1500 * MS) == "1.50 s"
    assert figure(BY_ID["deaths"], 1234) == "1,234"


def told(*rows: ModeFigures, paced: bool = False, at_once: int = 8, processors: int = 2) -> str:
    return " ".join(remarks(rows, processors=processors, paced=paced, at_once=at_once))


def test_what_figures_are_worth() -> None:
    assert "shared this machine's 2 processors" in told(mode("a"))
    assert "this machine's 1 processor:" in told(mode("a"), processors=1)
    assert "recorded pace" in told(mode("a"), paced=True, at_once=0)
    assert "nothing to do" in told(mode("a"), at_once=1)
    assert "not known" in told(mode("a"))
    assert "not known" not in told(mode("a", rounds=2))
    assert "A star" in told(mode("a", rounds=2))
    assert "order" in told(mode("a", differing=1))
    assert "order" not in told(mode("a", differing=1), at_once=1)
