"""Routes, percentiles and how one exchange stands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.traffic.timing import BINS, Standing, percentile, query_of, route_of, scale, sentence, standing
from inspector.query import parse

MS = 1_000_000


def took(ns: int) -> Any:
    """An exchange whose application took all of its time."""
    times = dict.fromkeys(("opened_ns", "forwarded_ns", "called_ns"), 1000)
    ends = dict.fromkeys(("started_ns", "first_byte_ns", "returned_ns", "closed_ns"), 1000 + ns)
    return SimpleNamespace(kind="http", answered_ns=0, last_app_ns=0, held_ns=0, **times, **ends)


@pytest.mark.parametrize(
    ("path", "route"),
    [("/", "/"), ("/items/41/tags", "/items/{}/tags"), ("/v2/items", "/v2/items"),
     ("/u/123e4567-e89b-42d3-a456-426614174000", "/u/{}"), ("/blob/deadbeefcafe0123", "/blob/{}"), ("/cafe", "/cafe")],
)  # fmt: skip
def test_routes(path: str, route: str) -> None:
    assert route_of(path) == route


def test_the_query_finds_the_route_and_no_more() -> None:
    assert query_of("GET", "/json", 7) == "method:GET path:=/json -is:open id:>=0"
    assert query_of("", "/ws", 250_000) == "path:=/ws -is:open id:>=150000"
    found = query_of("GET", "/a.b/4 1/7", 1)
    assert '"~^/a\\\\.b/' in found
    parse(found)


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 5), (90, 9), (99, 10), (100, 10)])
def test_percentiles_are_by_nearest_rank(percent: int, value: int) -> None:
    assert percentile(range(1, 11), percent) == value


def test_a_route_nobody_asked_for() -> None:
    found = standing("GET /x", 5, [])
    assert (found, found.position(7)) == (Standing("GET /x", 0), 0.5)
    assert "Only 0 answered requests" in sentence(found)


def test_how_one_stands() -> None:
    found = standing("GET /x", 75 * MS, [took(n * MS) for n in range(1, 101)])
    assert (found.count, found.slower_than, found.p50, found.p90, found.p99) == (100, 0.74, 50 * MS, 90 * MS, 99 * MS)
    assert sum(found.bins) == 100
    assert len(found.bins) == BINS
    assert (found.usual, found.most) == ({"app": 50 * MS}, {"app": 90 * MS})
    assert (found.position(MS), found.position(100 * MS), found.position(0), found.position(10**12)) == (0, 1, 0, 1)
    assert sentence(found) == "Slower than 74 % of the 100 answered requests of GET /x."


def test_who_has_no_such_phase_counts_as_none() -> None:
    """A client that is slow once in twenty is not usual."""
    rows = [took(n * MS) for n in range(1, 21)]
    rows[7].held_ns = rows[7].closed_ns = rows[7].closed_ns + 50 * MS
    found = standing("R", MS, rows)
    assert (found.usual["held"], found.most["held"]) == (0, 0)


def test_the_ends_of_the_scale_are_said_in_words() -> None:
    rows = [took(n * MS) for n in range(1, 11)]
    assert sentence(standing("R", MS, rows)) == "The fastest of the 10 answered requests of R."
    assert sentence(standing("R", 10 * MS, rows)) == "The slowest of the 10 answered requests of R."
    assert sentence(standing("R", MS, rows[:1])).startswith("Only 1 answered request of R")


@given(st.lists(st.integers(0, 10**12), min_size=1), st.integers(0, 10**12))
def test_every_one_is_counted_and_nothing_leaves_the_axis(lengths: list[int], total: int) -> None:
    found = standing("R", total, [took(ns) for ns in lengths])
    assert sum(found.bins) == len(lengths)
    assert 0 <= found.position(total) <= 1
    assert found.p50 <= found.p90 <= found.p99
    sentence(found)


@given(st.integers(1, 10**15), st.integers(2, 20))
def test_axes_have_a_few_round_steps(total: int, most: int) -> None:
    found = scale(total, most)
    assert found[0] == 0
    assert found[-1] <= total
    assert len(found) <= most + 1


def test_an_axis_of_nothing() -> None:
    assert scale(0, 5) == [0]
