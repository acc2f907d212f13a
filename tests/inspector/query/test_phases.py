"""SQL cuts an exchange as ``inspector.export.phases`` does, whatever its times."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.export.phases import lengths
from inspector.model import Exchange
from inspector.query.phases import PHASES

TIMES = ("opened", "forwarded", "called", "started", "first_byte", "last_app", "answered", "returned", "closed", "held")
_COLUMNS = ", ".join(f"{name}_ns INTEGER" for name in TIMES)
_times = st.lists(st.integers(0, 9) | st.just(0), min_size=len(TIMES), max_size=len(TIMES))


def asked(kind: str, times: list[int]) -> dict[str, int | None]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE exchange (kind TEXT, {_COLUMNS})")
        connection.execute(f"INSERT INTO exchange VALUES ({', '.join('?' * 11)})", (kind, *times))
        [found] = connection.execute(f"SELECT {', '.join(PHASES.values())} FROM exchange AS e")
    return dict(zip(PHASES, found, strict=True))


def told(kind: str, times: list[int]) -> dict[str, int]:
    exchange = Exchange(1, kind, **{f"{name}_ns": t for name, t in zip(TIMES, times, strict=True)})
    return {"application" if name == "app" else name: length for name, length in lengths(exchange).items()}


@pytest.mark.parametrize("inferred", [True, False])
@given(kind=st.sampled_from(["http", "sse", "websocket", "lifespan"]), times=_times, ordered=st.booleans())
def test_both_say_the_same(inferred: bool, kind: str, times: list[int], ordered: bool) -> None:
    if ordered:
        times = [*sorted(times[:9]), times[9]]
    if inferred:
        times[6] = 0
    known = told(kind, times)
    found = asked(kind, times)
    _, forwarded, called, *_, returned, closed, _ = times
    if not closed and not (called and not forwarded and returned):  # SQL tells how long it was held until now
        found.pop("held")
    assert {name: length or 0 for name, length in found.items()} == {name: known.get(name, 0) for name in found}


def test_what_is_not_over_is_not_known() -> None:
    assert asked("http", [1, 2, 3, 0, 0, 0, 0, 0, 0, 0]) == {
        "wait": 1, "queue": 1, "application": None, "sending": None, "buffered": None, "held": None, "after": None,
    }  # fmt: skip


def test_a_client_that_holds_up_is_found_while_it_does() -> None:
    found = asked("http", [1, 2, 3, 4, 5, 0, 0, 0, 0, 7])
    assert (found["held"], found["sending"]) == (7, None)
