"""Marks, comments and what is deleted: written beside a real recorder, read back by the real reader."""

from __future__ import annotations

import os
import stat
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.model import State
from inspector.query import parse
from inspector.store.annotations import Field, Note, clear, without, write
from inspector.store.errors import TraceError
from inspector.store.reader import TraceReader
from tests.support.made_trace import MadeTrace


@pytest.fixture
def trace(tmp_path: Path) -> Iterator[MadeTrace]:
    """Eleven that are over and one in flight, while the recorder has the file."""
    made = MadeTrace(tmp_path / "a.gatescope")
    made.traffic(11)
    made.exchange(1, state=State.OPEN)
    assert made.writer.flush()
    yield made
    made.close()


def listed(reader: TraceReader, text: str = "") -> list[int]:
    return list(reader.ids(parse(text) if text else None))


def test_a_mark_is_set_found_and_given_back(trace: MadeTrace) -> None:
    with TraceReader(trace.path) as reader:
        first, second, *_ = listed(reader)
        assert write(trace.path, Field.MARK, {first: "red", second: "blue"}) == {first: "", second: ""}
        before = write(trace.path, Field.MARK, {first: "green"})
        write(trace.path, Field.COMMENT, {first: "look again"})
        assert before == {first: "red"}
        assert reader.annotations() == {first: Note("green", "look again"), second: Note("blue")}
        assert listed(reader, "mark:green") == listed(reader, 'comment:"again"') == [first]
        write(trace.path, Field.MARK, before)
        write(trace.path, Field.COMMENT, {first: ""})
        write(trace.path, Field.MARK, {second: ""})
        assert reader.annotations() == {first: Note("red")}  # nothing is left of what says nothing


def test_the_deleted_are_left_out_everywhere_and_come_back(trace: MadeTrace) -> None:
    with TraceReader(trace.path) as reader, TraceReader(trace.path, deleted=True) as whole:
        everything = listed(reader)
        gone = [everything[0], everything[4], everything[-1]]  # the last is in flight
        left = [identity for identity in everything if identity not in gone]
        assert write(trace.path, Field.DELETED, dict.fromkeys(gone, 1)) == dict.fromkeys(gone, 0)
        for text in ("", "id:>0"):
            assert listed(reader, text) == left
        assert [row.id for row in reader.exchanges()] == left
        assert sorted(row.id for row in reader.changes(0, 1000)) == left
        assert list(reader.search(parse("id:>0"), 0, 1000).ids) == left
        assert list(reader.ids(None, "duration")) == list(reader.ids(None, "duration", limit=99))
        assert sorted(reader.ids(None, "duration")) == left
        assert list(reader.ids(None, descending=True)) == left[::-1]
        assert (reader.counts().exchanges, reader.counts().open) == (len(left), 0)
        assert sum(load.exchanges for load in reader.loads(1, 2**62, 4)) <= len(left)
        assert reader.exchange(gone[0]) is not None  # asked for by its number it is there
        assert listed(whole) == everything
        assert (whole.counts().exchanges, whole.counts().open) == (len(everything), 1)
        write(trace.path, Field.DELETED, dict.fromkeys(gone, 0))
        assert listed(reader) == everything
        assert reader.annotations() == {}


def test_clear_leaves_out_what_there_is_and_shows_what_comes(trace: MadeTrace) -> None:
    with TraceReader(trace.path) as reader:
        everything = listed(reader)
        deleted = {everything[2]: 1}
        write(trace.path, Field.DELETED, deleted)
        before, through = clear(trace.path)
        assert (before, through) == (0, everything[-1])
        assert listed(reader) == listed(reader, "id:>0") == list(reader.ids(None, "status")) == []
        assert (reader.counts().exchanges, reader.counts().open) == (0, 0)
        trace.exchange(2)
        assert trace.writer.flush()
        assert len(listed(reader)) == reader.counts().exchanges == 1
        assert clear(trace.path, before) == (through, 0)
        assert reader.counts().exchanges == len(listed(reader)) == len(everything)


def test_many_are_written_while_the_recorder_writes(trace: MadeTrace) -> None:
    many = range(1, 12_001)  # more than one transaction
    done = threading.Event()

    def record() -> None:
        while not done.is_set():
            trace.exchange(0)
            assert trace.writer.flush()

    recording = threading.Thread(target=record)
    recording.start()
    try:
        write(trace.path, Field.MARK, dict.fromkeys(many, "red"))
    finally:
        done.set()
        recording.join()
    assert not trace.writer.problem
    with TraceReader(trace.path) as reader:
        assert len(reader.annotations()) == len(many)
        assert reader.annotations_version() == 3


def test_what_is_written_travels_with_the_file(trace: MadeTrace, tmp_path: Path) -> None:
    trace.close()
    with TraceReader(trace.path):  # a window has it open
        write(trace.path, Field.COMMENT, {1: "mind this"})
        copy = tmp_path / "copy.gatescope"
        copy.write_bytes(trace.path.read_bytes())
    with TraceReader(copy) as reader:
        assert reader.annotations() == {1: Note("", "mind this")}


def test_a_file_that_is_not_to_be_written_says_why(
    trace: MadeTrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace.close()
    with pytest.raises(TraceError, match="not there any more"):
        write(tmp_path / "none", Field.MARK, {1: "red"})
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)
    with pytest.raises(TraceError, match="read-only"):
        write(trace.path, Field.MARK, {1: "red"})
    monkeypatch.setattr(os, "geteuid", lambda: trace.path.stat().st_uid + 1)
    with pytest.raises(TraceError, match="another user"):
        clear(trace.path)
    assert stat.S_IMODE(trace.path.stat().st_mode) == 0o600


def test_what_is_no_trace_is_not_written_to(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a database, but long enough to be taken for one by its size alone" * 20)
    with pytest.raises(TraceError, match="not an SQLite database"):
        write(other, Field.MARK, {1: "red"})
    assert "not a database" in other.read_text()


@pytest.mark.parametrize("gone", [[], [1], [10], [3, 4, 5], [1, 10, 99], list(range(1, 11))])
def test_ids_without_some(gone: list[int]) -> None:
    held = array("q", range(1, 11))
    left = without(held, array("q", gone))
    assert list(left) == [identity for identity in held if identity not in gone]
