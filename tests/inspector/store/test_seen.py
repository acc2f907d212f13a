"""Values for completion, and filters for what is on the screen, out of a real trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.model import Worker
from inspector.query import parse
from inspector.query.completion import SEEN
from inspector.store.reader import TraceReader
from tests.support.made_trace import MadeTrace


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[TraceReader]:
    made = MadeTrace(tmp_path / "a.gatescope")
    for route in (1, 1, 4, 2, 1):
        made.exchange(route)
    worker = Worker(made.writer.new_id("worker"), made.instance, 3, 1, 1, cause="out of memory", in_hand=(2, 3))
    made.writer.worker(worker)
    made.close()
    with TraceReader(made.path) as opened:
        yield opened


def test_values_the_most_frequent_first(reader: TraceReader) -> None:
    assert reader.seen("status") == [("200", 3), ("201", 1), ("404", 1)]
    assert reader.seen("path", "API") == [("/api/items", 3), ("/api/basket", 1)]
    assert reader.seen("path", limit=1) == [("/api/items", 3)]
    assert reader.seen("app") == [("shop", 5)]
    assert reader.seen("mark") == []
    assert reader.seen("message", "http.response") == [("http.response.body", 5), ("http.response.start", 5)]
    assert reader.seen("cause", "MEM") == [("out of memory", 2)]
    assert reader.seen("duration") == []
    for field in SEEN:
        reader.seen(field)


def test_values_of_headers_and_keys(reader: TraceReader) -> None:
    assert reader.seen("header.content-type", "json") == [("application/json", 5)]
    assert reader.seen("request.header.content-type") == [("application/x-www-form-urlencoded", 1)]
    assert reader.seen("response.header.Server") == [("uvicorn", 5)]
    assert reader.seen("scope.client") == [("127.0.0.1:51324", 5)]
    assert reader.seen("environ.REMOTE_ADDR") == []


def test_which_of_some_exchanges_pass(reader: TraceReader) -> None:
    ids = list(reader.ids())
    assert reader.passing(parse("status:404"), ids) == {ids[2]}
    assert reader.passing(parse("status:404"), ids[:2]) == set()
    assert reader.passing(parse("body:items header.host:shop age:<1h"), ids) == {ids[0], ids[1], ids[4]}
    assert reader.passing(parse("status:200"), []) == set()
