from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.probe import ring as writing
from inspector.ring import HEADER, RingError, RingReader


def ends(folder: Path, rung: list[int] | None = None) -> tuple[writing.RingWriter, RingReader]:
    path = str(folder / f"ring.{len(os.listdir(folder))}")
    writer = writing.RingWriter(path, lambda: (rung if rung is not None else []).append(1))
    return writer, RingReader(path)


def test_both_ends_agree_on_the_layout() -> None:
    assert (HEADER, writing._WRITTEN, writing._READ, writing._ASLEEP) == (writing.HEADER, 0, 8, 16)


def test_nobody_else_finds_the_file(tmp_path: Path) -> None:
    writer, reader = ends(tmp_path)
    assert os.listdir(tmp_path) == []
    assert writer.write(b"abc") == 3
    assert (reader.read(), reader.read()) == (b"abc", b"")
    reader.close()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 700_000)), max_size=20))
def test_bytes_come_out_in_order_and_whole(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
) -> None:
    writer, reader = ends(tmp_path_factory.mktemp("ring"))
    sent = got = b""
    for number, (reads, size) in enumerate(steps):
        data = bytes([number + 1]) * size
        sent += data[: writer.write(data)]
        for _ in range(reads):
            got += reader.read()
    got += reader.read()
    assert got == sent
    reader.close()


def test_no_more_is_taken_than_there_is_room_for(tmp_path: Path) -> None:
    writer, reader = ends(tmp_path)
    assert writer.write(b"x" * (writing.CAPACITY + 10)) == writing.CAPACITY
    assert writer.write(b"y") == 0
    assert len(reader.read()) == writing.CAPACITY
    assert writer.write(b"y") == 1
    reader.close()


def test_who_sleeps_is_woken_once(tmp_path: Path) -> None:
    rung: list[int] = []
    writer, reader = ends(tmp_path, rung)
    writer.write(b"a")
    assert not reader.sleep(), "there is something to read"
    reader.read()
    assert reader.sleep()
    writer.write(b"b")
    writer.write(b"c")
    assert rung == [1]
    reader.close()


def test_other_processors_get_a_fence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_ORDERED", False)
    writer, reader = ends(tmp_path)
    writer.write(b"abc")
    assert reader.read() == b"abc"
    reader.close()


def test_a_ring_is_not_taken_on_trust(tmp_path: Path) -> None:
    path = tmp_path / "ring"
    path.write_bytes(b"\xff" * (HEADER + 64))
    reader = RingReader(str(path))
    with pytest.raises(RingError):
        reader.read()
    reader.close()
    path.write_bytes(b"short")
    with pytest.raises(RingError):
        RingReader(str(path))
    path.symlink_to(tmp_path)
    with pytest.raises(OSError, match="ring"):
        RingReader(str(path))
