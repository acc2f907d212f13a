"""Facets: whatever way a filter on a header or key is answered, the answer is the same."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.query import parse, to_sql
from inspector.store import facets, field_order
from inspector.store.facets import SIZE, FacetBuilder
from inspector.store.reader import TraceReader
from tests.support.long_trace import LongTrace

FILTERS = (
    "header.user-agent:curl", "header.x-request-id:ab", "header.server:=uvicorn", "scope.client:=127.0.0.1:37768",
    "scope.asgi.version:3", "environ.REMOTE_ADDR:127", "environ.wsgi.url_scheme:~^h", "-header.user-agent:curl",
    "header.accept:json status:5xx", "header.nothing:x", "scope.path:/api or environ.PATH_INFO:/api",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    values=st.dictionaries(st.integers(0, SIZE - 1), st.text(max_size=3), max_size=40),
    many=st.booleans(),
)
def test_a_facet_says_of_each_place_whether_it_holds(values, many):
    if many:
        values = {**{place: f"v{place}" for place in range(400)}, **values}
    found = facets.mask(facets.pack(values), lambda text: "1" in text)
    assert found == bytes("1" in values.get(place, "") for place in range(SIZE))


def test_one_value_for_all_takes_no_numbers():
    data = facets.pack(dict.fromkeys(range(SIZE), "same"))
    assert len(zlib.decompress(data)) < 20
    assert facets.mask(data, bool) == b"\1" * SIZE


@pytest.mark.parametrize(
    "plain",
    [b"", b"\xff\xff\xff\xff", b"\2\0\0\0[]", b"\2\0\0\0{}" + bytes(SIZE), b"\3\0\0\0[1]" + bytes(3),
     b"\2\0\0\0[]" + b"\5\0" * SIZE, b"\x05\0\0\0[\"a\"]" + bytes(5)],
)  # fmt: skip
def test_what_is_no_facet_is_not_believed(plain):
    assert facets.mask(zlib.compress(plain), lambda text: text.startswith("a")) in (None, bytes(SIZE))
    assert facets.mask(plain, bool) is None


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("facets") / "long.gatescope"
    LongTrace(made).write(6 * SIZE)
    return made


def the_long_way(reader: TraceReader, text: str) -> list[int]:
    where, parameters = to_sql(parse(text))
    sql = f"SELECT e.id FROM exchange AS e WHERE {where} ORDER BY e.id"
    return [identity for (identity,) in reader._connection.execute(sql, parameters)]


@pytest.mark.parametrize("text", FILTERS)
def test_the_answer_is_that_of_the_long_way(path, text):
    with TraceReader(path) as reader:
        found = list(reader.ids(parse(text)))
        assert found == the_long_way(reader, text)
        assert bool(found) == ("nothing" not in text)
        assert reader._masks.find(parse("header.host:x").node) is not None


def test_a_search_in_slices_finds_the_same(path):
    with TraceReader(path) as reader:
        query, found, after = parse("header.x-request-id:ab"), [], 0
        while not (part := reader.search(query, after, 1000)).over:
            found, after = [*found, *part.ids], part.last
        assert [*found, *part.ids] == list(reader.ids(query))
        assert reader.search(query, part.last, 1000).over


def test_a_long_time_is_summed_by_slot_and_step(path):
    with TraceReader(path) as reader:
        every = [row for row in reader.exchanges() if row.kind != "lifespan"]
        begin, end = every[1000].opened_ns, every[5000].opened_ns
        inside = [row for row in every if begin <= row.opened_ns < end]
        loads = reader.loads(begin, end, 50)
        assert sum(load.exchanges for load in loads) == len(inside) == 4000
        assert {load.slot for load in loads} == {1, 2, 3, 4}
        assert {load.step for load in loads} == set(range(50))
        assert max(load.worst for load in loads) == max(row.status for row in inside)
        assert sum(load.busy_ns for load in loads) == round(sum((row.duration_ms or 0) * 1e6 for row in inside))


@pytest.mark.parametrize("most", [2, 5_000])
@pytest.mark.parametrize("name", ["header.user-agent", "header.x-request-id", "scope.path", "environ.REMOTE_PORT"])
def test_the_order_of_a_field_is_that_of_the_long_way(path, tmp_path, name, most, monkeypatch):
    monkeypatch.setattr(field_order, "_MOST_VALUES", most)
    partly = tmp_path / "partly.gatescope"
    shutil.copyfile(path, partly)
    with closing(sqlite3.connect(partly, isolation_level=None)) as connection:
        connection.execute("DELETE FROM facet_block WHERE block = 1")
        connection.execute("UPDATE facet SET data = x'00' WHERE block = 2")
        connection.execute("DELETE FROM exchange WHERE id % 7 = 0")
    for trace in (path, partly):
        with TraceReader(trace) as reader:
            query = parse("method:GET")
            expected = [row.id for row in reader.exchanges(query, order=name)]
            assert list(reader.ids(query, name)) == expected
            assert list(reader.ids(query, name, True)) == expected[::-1]
            assert list(reader.ids(query, name, limit=9)) == expected[:9]
            assert not reader.ids(parse("id:0"), name)


def test_columns_and_names_come_from_the_details(path):
    with TraceReader(path) as reader:
        assert {"header.user-agent", "header.server", "scope.path", "scope.asgi.version"} <= set(reader.field_names())
        names = ("header.server", "scope.asgi.version", "header.none")
        assert reader.fields([6 * SIZE - 5, 10**9], names) == {6 * SIZE - 5: ("uvicorn", "3.0", "")}
        assert reader.ids(order="header.x-request-id", limit=3)
        with pytest.raises(KeyError):
            reader.ids(order="header.'; DROP")


def test_what_changes_or_goes_takes_its_facets_along(path, tmp_path):
    copy = tmp_path / "copy.gatescope"
    copy.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        builder = FacetBuilder(connection)
        assert not builder.step()
        blocks = "SELECT group_concat(block) FROM facet_block"
        assert connection.execute(blocks).fetchone() == ("0,1,2,3,4,5",)
        connection.execute("UPDATE exchange SET state = 'open' WHERE id = ?", (2 * SIZE,))
        builder.wrote([2 * SIZE])
        builder.wrote([])
        assert not builder.step(), "an exchange of that block is in flight"
        assert connection.execute(blocks).fetchone() == ("0,1,3,4,5",)
        connection.execute("UPDATE exchange SET state = 'done' WHERE id = ?", (2 * SIZE,))
        builder.wrote([2 * SIZE])
        assert builder.step()
        builder.wrote([2 * SIZE + 1])  # while it is being made
        while builder.step():
            pass
        assert connection.execute(blocks).fetchone() == ("0,1,2,3,4,5",)
        builder.gone(3 * SIZE)
        assert builder._done == {4, 5}
