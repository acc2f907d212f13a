from __future__ import annotations

import contextlib
import itertools
import random
import zlib
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.wire import frames
from inspector.wire.errors import BadFrame
from inspector.wire.frames import FrameReader, WebSocketMessage, close_frame, deflate_agreed

MASK = b"\x37\xfa\x21\x3d"  # the mask of RFC 6455 section 5.7's example


def frame(opcode: int, payload: bytes, *, final: bool = True, rsv1: bool = False, mask: bytes = b"") -> bytes:
    first = opcode | (0x80 if final else 0) | (0x40 if rsv1 else 0)
    size = len(payload)
    bit = 0x80 if mask else 0
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65536:
        head = bytes((first, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, bit | 127)) + size.to_bytes(8, "big")
    if mask:
        payload = bytes(byte ^ mask[index & 3] for index, byte in enumerate(payload))
    return head + mask + payload


def reader(*, deflate: bool = False, head: int = 1000, tail: int = 100) -> FrameReader:
    return FrameReader(head, tail, deflate=deflate)


def compress(deflater: zlib._Compress, data: bytes) -> bytes:
    return (deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


def seen(messages: list[WebSocketMessage]) -> list[tuple[str, bytes, int]]:
    return [(each.type, each.body.head + each.body.tail, each.frames) for each in messages]


def test_the_examples_of_the_rfc() -> None:
    """RFC 6455 section 5.7."""
    hello = b"Hello"
    assert seen(reader().feed(b"\x81\x05Hello")) == [("ws.text", hello, 1)]
    assert seen(reader().feed(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")) == [("ws.text", hello, 1)]
    assert seen(reader().feed(b"\x01\x03Hel\x80\x02lo")) == [("ws.text", hello, 2)]
    assert seen(reader().feed(b"\x89\x05Hello\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")) == [
        ("ws.ping", hello, 1),
        ("ws.pong", hello, 1),
    ]
    [message] = reader().feed(b"\x82\x7f" + (65536).to_bytes(8, "big") + bytes(65536))
    assert (message.type, message.body.size, message.wire_size) == ("ws.binary", 65536, 65536)


def test_the_example_of_the_deflate_rfc() -> None:
    """RFC 7692 section 7.2.3: twice the same message, the second by taking over the context."""
    watch = reader(deflate=True)
    first = bytes((0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00))
    second = bytes((0xC1, 0x05, 0xF2, 0x00, 0x11, 0x00, 0x00))
    [one, two] = watch.feed(first + second)
    assert (one.body.head, one.wire_size, two.body.head, two.wire_size) == (b"Hello", 7, b"Hello", 5)
    assert one.compressed
    assert one.inflated
    # section 7.2.3.5: DEFLATE blocks with the final bit set end a stream; the sender starts anew
    [three] = watch.feed(bytes((0xC1, 0x08, 0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00)))
    assert three.body.head == b"Hello"
    [four] = watch.feed(first)
    assert four.body.head == b"Hello"


def test_control_frames_come_between_the_frames_of_a_message() -> None:
    data = frame(1, b"a", final=False) + frame(9, b"?") + frame(0, b"b", final=False) + frame(0, b"c")
    assert seen(reader().feed(data)) == [("ws.ping", b"?", 1), ("ws.text", b"abc", 3)]


def test_close_frames_say_code_and_reason() -> None:
    watch = reader()
    [message] = watch.feed(close_frame(1001, "going away ☺", MASK))
    assert (message.type, message.code, message.reason) == ("ws.close", 1001, "going away ☺")
    assert watch.closed
    [message] = reader().feed(close_frame(1000, ""))
    assert (message.code, message.reason) == (1000, "")
    [message] = reader().feed(frame(8, b""))
    assert message.code == 1005


@given(st.lists(st.integers(0, 700), max_size=20))
def test_split_anywhere_it_says_the_same(cuts: list[int]) -> None:
    deflater = zlib.compressobj(wbits=-15)
    data = b"".join(
        (
            frame(1, compress(deflater, b"compressed " * 30), rsv1=True, mask=MASK),
            frame(2, bytes(range(256)), mask=MASK),
            frame(1, b"one ", final=False, mask=MASK),
            frame(10, b"", mask=MASK),
            frame(0, b"two", mask=MASK),
            frame(1, compress(deflater, b"compressed again"), rsv1=True),
            frame(8, b"\x03\xe8bye", mask=MASK),
        )
    )
    whole = reader(deflate=True).feed(data)
    assert len(whole) == 6
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    watch, found = reader(deflate=True), []
    for start, end in itertools.pairwise(edges):
        found.extend(watch.feed(data[start:end]))
    assert found == whole
    assert watch.between_frames


def test_where_a_frame_may_be_put_in() -> None:
    watch = reader()
    assert watch.between_frames
    watch.feed(b"\x81")
    assert not watch.between_frames
    watch.feed(b"\x02a")
    assert not watch.between_frames
    watch.feed(b"b")
    assert watch.between_frames


def test_of_a_large_message_the_ends_are_kept_and_the_hash() -> None:
    payload = random.Random(1).randbytes(70_000)
    [message] = reader(head=100, tail=10).feed(frame(2, payload, mask=MASK))
    assert (message.body.size, message.body.head, message.body.tail) == (70_000, payload[:100], payload[-10:])
    assert message.body.sha256 == sha256(payload).hexdigest()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (frame(3, b""), "opcode 3"),
        (frame(11, b""), "opcode 11"),
        (frame(9, b"", final=False), "control frame"),
        (frame(9, bytes(126)), "control frame"),
        (frame(0, b""), "continues nothing"),
        (frame(1, b"", final=False) + frame(1, b""), "before the last"),
        (frame(1, b"", rsv1=True), "reserved"),
        (b"\xa1\x00", "reserved"),
        (b"\x82\xff" + b"\xff" * 8 + MASK, "highest bit"),
    ],
)
def test_what_is_no_frame(data: bytes, why: str) -> None:
    with pytest.raises(BadFrame, match=why):
        reader().feed(data)


def test_control_frames_are_never_compressed() -> None:
    with pytest.raises(BadFrame, match="reserved"):
        reader(deflate=True).feed(frame(9, b"", rsv1=True))


def test_what_cannot_be_inflated_is_said_once_and_no_more_is_tried() -> None:
    watch = reader(deflate=True)
    with pytest.raises(BadFrame, match="inflated"):
        watch.feed(frame(1, b"\xff\xff\xff\xff", rsv1=True))


def test_a_bomb_is_not_inflated_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "INFLATE_LIMIT", 1_000_000)
    deflater = zlib.compressobj(wbits=-15)
    bomb = compress(deflater, bytes(20_000_000))
    watch = reader(deflate=True)
    [message] = watch.feed(
        frame(2, bomb[:100], final=False, rsv1=True) + frame(0, bomb[100:], final=False) + frame(0, b"?")
    )
    assert (message.inflated, message.wire_size) == (False, len(bomb) + 1)
    assert 1_000_000 < message.body.size < 2_000_000
    again = compress(deflater, b"after")
    [message] = watch.feed(frame(2, again, rsv1=True))
    assert (message.inflated, message.body.head) == (False, again)


@pytest.mark.parametrize(
    ("extensions", "agreed"),
    [
        ("", False),
        ("permessage-deflate", True),
        ("x; a=1, Permessage-Deflate ; server_no_context_takeover", True),
        ("permessage-deflate-more", False),
        ("x-permessage-deflate", False),
    ],
)
def test_whether_deflate_was_agreed(extensions: str, agreed: bool) -> None:
    assert deflate_agreed(extensions) is agreed


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_refused(data: bytes) -> None:
    watch = reader()
    with contextlib.suppress(BadFrame):
        found = watch.feed(data)
        assert sum(each.wire_size for each in found) <= len(data)
