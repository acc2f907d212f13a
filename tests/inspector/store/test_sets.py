"""Sets: whatever indexes, facets and gaps a trace has, a filter's answer is that of the long way, of one moment."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.query import Query, parse, to_sql
from inspector.query.language import And, Not, Or
from inspector.store import schema, sets
from inspector.store.facets import SIZE
from inspector.store.reader import TraceReader
from tests.support.long_trace import LongTrace

LEAVES = (
    "status:200", "status:5xx", "status:<300", "status:404,500", "method:GET", "method:post", "kind:http", "kind:ws",
    "worker:3", "worker:1..2", "pid:4011", "is:done", "is:open", "is:error", "is:dropped", "is:exception", "is:failed",
    "duration:>10ms", "duration:<1s", "path:/api", "path:/api/items", "path:=/events", "path:/nowhere", "id:700..3500",
    "id:<100", "id:>=4000", "id:1500", "id:<=0", "finding:any", "finding:none", "finding:unjudged", "finding:HTTP",
    "finding:violation", "is:marked", "mark:red", "header.user-agent:curl", "scope.client:127.0.0.1",
    "environ.REMOTE_ADDR:127", "size:>40", "type:json", "items", "request-size:0", "replay:>0", "original:<1",
)  # fmt: skip
trees = st.recursive(
    st.sampled_from(LEAVES).map(lambda text: parse(text).node),
    lambda parts: (
        st.builds(Not, parts)
        | st.lists(parts, max_size=3).map(tuple).flatmap(lambda made: st.sampled_from([And(made), Or(made)]))
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace at rest, with facets, in which some were judged, some break rules and some are marked."""
    path = tmp_path_factory.mktemp("sets") / "whole.gatescope"
    LongTrace(path).write(4 * SIZE)
    chance = random.Random(3)
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("BEGIN")
        for name, what in schema.AT_REST.items():
            made.execute(f"CREATE INDEX {name} ON {what}")
        # Some of what is told of is not in the trace, as a file from elsewhere may have it.
        judged = [(identity, int(chance.random() < 0.95)) for identity in range(-3, 4 * SIZE + 9)]
        made.executemany("INSERT INTO judged VALUES (?, ?)", judged)
        broken = [(chance.randrange(-3, 4 * SIZE + 9), chance.choice(["HTTP-01", "WSGI-02"])) for _ in range(900)]
        made.executemany("INSERT INTO finding VALUES (NULL, ?, ?, 'violation', 'server', 0, 0, '')", broken)
        made.executemany("INSERT INTO annotation VALUES (?, 'red', '', ?)", [(5 * n, n % 9 == 0) for n in range(300)])
        made.execute("COMMIT")
    return path


#: What is done to it: SQL, for traces of every shape.
SHAPES = {
    "as it is": "",
    "judged in part": "DELETE FROM judged WHERE exchange % 5 = 0",
    "without facets": "DELETE FROM facet; DELETE FROM facet_block",
    "with gaps": "DELETE FROM exchange WHERE id % 7 IN (0, 3) OR id BETWEEN 2000 AND 2600",
    "its oldest gone": "DELETE FROM exchange WHERE id < 3000 AND id NOT IN (17, 1900)",
    "while somebody records": "".join(f"DROP INDEX {name};" for name in schema.AT_REST),
    "of one": "DELETE FROM exchange WHERE id <> 4321",
    "empty": "DELETE FROM exchange",
    "cleared": "INSERT INTO meta VALUES ('cleared', 2500), ('annotated', 7)",
    "far apart": "UPDATE exchange SET id = 30000000000 + id WHERE id > 3000",
    "late": "UPDATE exchange SET id = 70000000 + id WHERE id % 2",
}


@pytest.fixture(scope="module")
def readers(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, TraceReader]]:
    folder = tmp_path_factory.mktemp("shapes")
    made: dict[str, TraceReader] = {}
    for number, (name, script) in enumerate(SHAPES.items()):
        path = folder / f"{number}.gatescope"
        shutil.copyfile(whole, path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript(f"PRAGMA synchronous = OFF; BEGIN; {script}; COMMIT")
        made[name] = TraceReader(path)
    yield made
    for reader in made.values():
        reader.close()


def the_long_way(reader: TraceReader, query: Query) -> list[int]:
    where, values = to_sql(query)
    shown = reader._annotations.condition()
    sql = f"SELECT e.id FROM exchange AS e WHERE ({where}) AND {shown} ORDER BY e.id"
    return [identity for (identity,) in reader._connection.execute(sql, values)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_term_and_its_others(readers, shape, monkeypatch):
    reader = readers[shape]
    every = reader.ids().tolist()
    assert every == the_long_way(reader, parse(""))
    for leaf in LEAVES:
        passing = the_long_way(reader, parse(leaf))
        others = sorted(set(every).difference(passing))
        for text, expected, sampled in ((leaf, passing, 0), (leaf, passing, 10**6), (f"-{leaf}", others, 0)):
            monkeypatch.setattr(sets, "_SAMPLED", sampled)
            assert reader.ids(parse(text)).tolist() == expected, text
    assert not reader._connection.in_transaction


@settings(max_examples=100, deadline=None)
@given(shape=st.sampled_from(sorted(SHAPES)), node=trees, few=st.sampled_from([0, 100, 10_000]), sampled=st.booleans())
def test_terms_put_together(readers, shape, node, few, sampled):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sets, "_FEW", few)
        patch.setattr(sets, "_SAMPLED", 0 if sampled else 10**6)
        assert readers[shape].ids(Query("", node)).tolist() == the_long_way(readers[shape], Query("", node))


@pytest.mark.parametrize("order", ["duration", "size", "path", "header.user-agent"])
def test_sorted_are_the_same(readers, order, monkeypatch):
    for shape, few in (("with gaps", 0), ("cleared", 30_000), ("far apart", 0), ("empty", 0)):
        monkeypatch.setattr(sets, "_FEW", few)
        reader = readers[shape]
        for text in ("", "status:200 size:>40"):
            query = parse(text)
            expected = [row.id for row in reader.exchanges(query, order=order, descending=True)]
            assert reader.ids(query, order, descending=True).tolist() == expected, (shape, text)
            assert reader.ids(query, order, descending=True, limit=7).tolist() == expected[:7], (shape, text)


def changing(path: Path, changes: list[str]) -> Callable[[str], None]:
    """Makes a change with each statement of a reader that it hears of."""
    connection = sqlite3.connect(path, isolation_level=None)
    left = list(changes)

    def change(_statement: str) -> None:
        if left:
            connection.execute(left.pop(0))
        else:
            connection.close()

    return change


@pytest.mark.parametrize("text", ["status:200 worker:1", "-(status:200 or method:GET)", "size:>40 status:200", ""])
def test_an_answer_is_of_one_moment(whole, tmp_path, text):
    path = tmp_path / "live.gatescope"
    shutil.copyfile(whole, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    copied = "INSERT INTO exchange SELECT {} FROM exchange WHERE id = {}"
    columns = ", ".join(schema.COLUMNS["exchange"][1:])
    changes = []
    for number in range(20):
        changes += [
            copied.format(f"{4 * SIZE + 1 + number}, {columns}", 9 + number),
            f"DELETE FROM exchange WHERE id = {1 + number}",
            f"UPDATE exchange SET status = 600 - status, worker = worker + 1 WHERE id % 20 = {number}",
        ]
    query = parse(text)
    with TraceReader(path) as reader:
        change = changing(path, changes)
        moments = [the_long_way(reader, query)]
        for _ in range(3):
            reader._connection.set_trace_callback(change)
            found = reader.ids(query).tolist()
            reader._connection.set_trace_callback(None)
            moments.append(found)
        # What was found between two changes is what the trace was at one of them.
        with closing(sqlite3.connect(whole)) as again:
            again.create_function("gs_regex", 2, lambda *_: 0)
            where, values = to_sql(query)
            deleted = "SELECT exchange FROM annotation WHERE deleted"
            sql = f"SELECT e.id FROM exchange AS e WHERE {where} AND e.id NOT IN ({deleted})"
            known = [[i for (i,) in again.execute(f"{sql} ORDER BY e.id", values)]]
            for one in changes:
                again.execute(one)
                known.append([i for (i,) in again.execute(f"{sql} ORDER BY e.id", values)])
            again.rollback()
        places = [known.index(moment) for moment in moments]
        assert places == sorted(places)
        assert places[-1] > places[0]
