from __future__ import annotations

import marshal
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.frames import FrameDecoder, FrameError
from inspector.probe.encode import encode

MESSAGE = (5, "out", "iterate", 3, b"abc", b"", "", None)
FRAMES: list[tuple[Any, ...]] = [
    ("hello", 1, "token", "worker", 10, 9, 5, {"python": "3.8.0"}),
    ("ready", 5),
    ("boot-error", 5, "Traceback"),
    ("call", 7, 1, 5, "WSGI", "http", {"a": "b"}, "MainThread"),
    ("msgs", 1, [MESSAGE, (*MESSAGE[:4], None, *MESSAGE[5:7], {"stop": True})]),
    ("done", 1, 5, "", [MESSAGE]),
    ("lost", 3),
    ("bell",),
    ("born", 10, 5),
    ("exited", 10, 9, 5),
    ("signal", 10, 15, 5),
    ("of a later probe", 1, 2, 3),
]


@given(st.lists(st.sampled_from(FRAMES), max_size=8), st.data())
def test_frames_come_out_however_the_bytes_arrive(frames: list[tuple[Any, ...]], data: st.DataObject) -> None:
    stream = b"".join(map(encode, frames))
    decoder = FrameDecoder()
    found = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += decoder.feed(stream[:size])
        stream = stream[size:]
    assert found == frames


def test_any_version_of_marshal_will_do() -> None:
    for version in range(5):
        body = marshal.dumps(("ready", 5), version)
        assert FrameDecoder().feed(struct.pack("<I", len(body)) + body) == [("ready", 5)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xff",
        marshal.dumps(["ready", 5]),
        marshal.dumps(()),
        marshal.dumps((1, 2)),
        marshal.dumps(("ready", "soon")),
        marshal.dumps(("ready", 5, 6)),
        marshal.dumps(("msgs", 1, ["not a message"])),
        marshal.dumps(("msgs", 1, [(1, 2)])),
        marshal.dumps(("done", 1, 5, "", [(*MESSAGE[:4], "text", *MESSAGE[5:])])),
    ],
)
def test_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(FrameError):
        FrameDecoder().feed(struct.pack("<I", len(body)) + body)


def test_a_frame_that_is_too_long_is_refused_before_it_has_come() -> None:
    decoder = FrameDecoder(longest=100)
    assert decoder.feed(b"\x64\x00") == []
    with pytest.raises(FrameError, match="101 bytes"):
        FrameDecoder(longest=100).feed(struct.pack("<I", 101))
