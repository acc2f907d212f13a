"""What the scribe does with the frames it gets, in this process and without the recorder."""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from inspector.model import Body, Exchange, LogLine, State
from inspector.store import session
from inspector.store.batch import BatchWriter
from inspector.store.reader import TraceReader
from inspector.store.scribe import Scribe, serve
from inspector.store.shape import EXCHANGE, Frame, pack, plain, read, unpack
from inspector.store.snapshot import Snapshots


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "t.gatescope"
    with closing(session.open_for_writing(path, append=False)) as connection:
        session.begin(connection, {}, "test", monotonic_ns=1, wall_ns=2)
    return path


@pytest.fixture
def answers() -> list[Frame]:
    return []


@pytest.fixture
def scribe(path: Path, answers: list[Frame]) -> Iterator[Scribe]:
    with closing(session.reopen(path)) as connection:
        yield Scribe(connection, 1 << 30, answers.append)


def batch(number: int, *exchanges: Exchange, dropped: int = 0) -> bytes:
    log = LogLine(number, 1, 1, "stdout", f"line {number}")
    logs = [(log.t_ns, log.instance, log.worker, log.stream, log.text, log.exchange, log.level)]
    rows = Snapshots().take(exchanges, 1)
    return pack(("batch", number, rows, [], {"log": logs}, {"events": dropped} if dropped else {}, ()))


def test_what_was_written_before_a_death_is_not_written_again(path, scribe, answers):
    first, second = batch(1, Exchange(1), dropped=2), batch(2, Exchange(2), dropped=3)
    scribe.batch(unpack(read(io.BytesIO(first)) or b""), len(first))  # and then it was killed
    with closing(session.reopen(path)) as connection:
        serve(Scribe(connection, 1 << 30, answers.append), io.BytesIO(first + second + pack(("end", 99))))
    assert answers == [("done", 1, {}), ("done", 1, {}), ("done", 2, {})]
    with TraceReader(path) as reader:
        assert [line.text for line in reader.logs()] == ["line 1", "line 2"]
        assert reader.counts().dropped == {"events": 5}
        assert [row.rev for row in reader.exchanges()] == [1, 2]
        assert reader.meta().sessions[-1].ended_ns == 99


def test_a_frame_that_broke_off_is_left_out_and_what_was_open_was_cut(path, scribe, answers):
    whole = batch(1, Exchange(1), Exchange(3, state=State.DONE))
    assert not serve(scribe, io.BytesIO(whole + batch(2, Exchange(2))[:-1]))
    assert answers == [("done", 1, {})]
    with TraceReader(path) as reader:
        assert [(row.id, row.state) for row in reader.exchanges()] == [(1, "failed"), (3, "done")]
        assert "interrupted" in reader.exchange(1).error
        assert not reader.meta().ended
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_full_disk_stops_it_and_nothing_of_the_batch_is_in_the_file(path, answers):
    with closing(session.reopen(path)) as connection:
        connection.execute("PRAGMA max_page_count = 1")  # a real SQLITE_FULL: the file may not grow any more
        full = Scribe(connection, 1 << 30, answers.append)
        large = Exchange(1, state=State.DONE, response_body=Body(500_000, os.urandom(500_000)))
        assert not serve(full, io.BytesIO(batch(1, large) + batch(2, Exchange(2))))
    assert answers == [("stopped", "The disk is full.")]
    with TraceReader(path) as reader:
        assert len(reader.ids()) == 0


def test_the_numbers_of_one_session_are_not_another_s(path):
    with closing(session.reopen(path)) as connection:
        BatchWriter(connection).write(7, [], [], {}, {})
        assert BatchWriter(connection).number == 7
    with closing(session.open_for_writing(path, append=True)) as connection:
        session.begin(connection, {}, "test", monotonic_ns=3, wall_ns=4)
        assert BatchWriter(connection).number == 0


def test_a_snapshot_has_what_the_shape_names():
    exchange = Exchange(5, state=State.DONE, response_body=Body(3, b"abc", b"", "hash"), context="{}")
    [row] = Snapshots().take([exchange], 1)
    made = dict(zip(EXCHANGE, row, strict=True))
    assert (made["id"], made["kind"], made["state"], made["response_size"]) == (5, "http", "done", 3)
    assert (made["response_body"], made["response_sha256"], made["context"]) == (b"abc", "hash", "{}")
    for name in set(EXCHANGE) & set(Exchange.__slots__) - {"request_body", "response_body"}:
        assert made[name] == getattr(exchange, name)


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((State.OPEN, [Text("a"), {"k": bytearray(b"x")}]), ("open", ["a", {"k": b"x"}])),
        (memoryview(b"y"), b"y"),
        (Path("p"), "p"),
        ((None, True, 1, 1.5, b"z", "s"), (None, True, 1, 1.5, b"z", "s")),
    ],
)
def test_anything_becomes_plain(value, expected):
    assert plain(value) == expected
    assert unpack(read(io.BytesIO(pack(("x", plain(value)))))) == ("x", expected)
    with pytest.raises(ValueError, match="unmarshallable"):
        pack(("x", Text("a"), Path("p")))


def test_a_busy_file_is_tried_again(path, answers):
    ticks = iter(range(0, 10**12, 3 * 10**9))
    with closing(session.reopen(path)) as connection, closing(sqlite3.connect(path, isolation_level=None)) as other:
        connection.execute("PRAGMA busy_timeout = 1")
        scribe = Scribe(connection, 1 << 30, answers.append, clock=lambda: next(ticks))
        other.execute("BEGIN IMMEDIATE")
        serve(scribe, io.BytesIO(batch(1, Exchange(1))))
    assert answers == [("stopped", "Another program has locked it.")]
