"""What is put into the spool lies there, in one piece to whoever reads, until it is given back."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.store.spool import Spool, fetch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not inherited there")


@pytest.fixture
def spool() -> Iterator[Spool]:
    with closing(Spool(100)) as spool:
        yield spool


def test_what_was_put_in_lies_there(spool: Spool) -> None:
    assert spool.put(b"first") == 0
    place = spool.put(b"second")
    assert place == 5
    assert fetch(spool.descriptor, 0, 5) == b"first"
    assert fetch(spool.descriptor, place, 6) == b"second"


def test_a_frame_may_go_over_the_end(spool: Spool) -> None:
    spool.put(bytes(60))
    spool.put(bytes(30))
    spool.give_back(60)
    place = spool.put(b"over the end")
    assert place == 90
    assert fetch(spool.descriptor, place, 12) == b"over the end"


def test_what_has_no_room_is_not_taken(spool: Spool) -> None:
    assert spool.put(bytes(101)) == -1
    assert spool.half_empty
    assert spool.put(bytes(100)) == 0
    assert not spool.half_empty
    assert spool.put(b"x") == -1
    spool.give_back(100)
    assert spool.put(b"x") == 0


def test_once_empty_it_begins_at_the_front_again_and_touches_no_more_memory() -> None:
    with closing(Spool(1 << 20)) as spool:
        for _ in range(1000):
            assert spool.put(bytes(4096)) == 0
            spool.give_back(4096)
        assert os.fstat(spool.descriptor).st_blocks * 512 <= 64 << 10


def test_without_one_nothing_fits(spool: Spool) -> None:
    spool.close()
    spool.close()
    assert spool.descriptor == -1
    assert spool.put(b"x") == -1
    assert not spool.half_empty


@given(st.lists(st.one_of(st.binary(min_size=1, max_size=60), st.none()), max_size=60))
def test_in_whatever_order_frames_come_and_go(steps: list[bytes | None]) -> None:
    """None: the oldest is read and given back."""
    inside: deque[tuple[int, bytes]] = deque()
    with closing(Spool(100)) as spool:
        for step in steps:
            if step is None:
                if inside:
                    place, data = inside.popleft()
                    assert fetch(spool.descriptor, place, len(data)) == data
                    spool.give_back(len(data))
                continue
            place = spool.put(step)
            assert (place < 0) == (sum(len(data) for _, data in inside) + len(step) > 100)
            if place >= 0:
                inside.append((place, step))
        for place, data in inside:
            assert fetch(spool.descriptor, place, len(data)) == data
