"""Frames of the probe's protocol out of a byte stream: lengths and marshalled tuples.

Pure: bytes in, tuples out; knows neither sockets nor what a frame means. ``inspector/probe/PROTOCOL.md`` says.
"""

from __future__ import annotations

import marshal
from struct import Struct
from typing import Any

PROTOCOL = 1

#: The longest frame or batch we take: beyond it the sender is not a probe.
LONGEST = 64 << 20

_LENGTH = Struct("<I")

Frame = tuple[Any, ...]

_NONE = type(None)

#: What the items of a message may be.
MESSAGES = {(int, str, str, int, payload, bytes, str, info) for payload in (bytes, _NONE) for info in (dict, _NONE)}

#: What the items of each frame may be. Frames of other names are of a later probe, and pass.
SHAPES: dict[str, set[tuple[type, ...]]] = {
    "hello": {(str, int, str, str, int, int, int, dict)},
    "ready": {(str, int)},
    "boot-error": {(str, int, str)},
    "call": {(str, int, int, int, str, str, context, str) for context in (dict, tuple)},
    "msgs": {(str, int, list)},
    "done": {(str, int, int, str, list)},
    "lost": {(str, int)},
    "stall": {(str, int, int, int, str)},
    "cost": {(str, int, int, int, int)},
    "bell": {(str,)},
    "born": {(str, int, int)},
    "exited": {(str, int, int, int)},
    "signal": {(str, int, int, int)},
}


class FrameError(ValueError):
    """The bytes are not frames; nothing that follows can be trusted."""


class FrameDecoder:
    """Cuts a stream into frames, however the bytes arrive."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._rest = bytearray()
        self._longest = longest

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that ``data`` completes. Raises FrameError."""
        if self._rest:
            self._rest += data
            frames, used = self._cut(self._rest)
            del self._rest[:used]
        else:
            frames, used = self._cut(data)
            self._rest += data[used:]
        return frames

    def _cut(self, data: bytes | bytearray) -> tuple[list[Frame], int]:
        frames: list[Frame] = []
        start, end = 0, len(data)
        with memoryview(data) as view:
            while end - start >= 4:
                (length,) = _LENGTH.unpack_from(data, start)
                if length > self._longest:
                    raise FrameError(f"a frame of {length} bytes")
                if end - start - 4 < length:
                    break
                frames.append(_decode(view[start + 4 : start + 4 + length]))
                start += 4 + length
        return frames, start


def _decode(data: memoryview) -> Frame:
    try:
        frame = marshal.loads(data)  # noqa: S302  (from a process of the user's own, that knew the token or is refused)
    except (ValueError, EOFError, TypeError) as error:
        raise FrameError(f"not marshalled: {error}") from error
    if type(frame) is not tuple or not frame or type(frame[0]) is not str:
        raise FrameError("not a frame")
    shapes = SHAPES.get(frame[0])
    if shapes is None:
        return frame
    if tuple(map(type, frame)) not in shapes:
        raise FrameError(f"an ill-formed {frame[0]!r}")
    if type(frame[-1]) is list:
        for message in frame[-1]:
            if type(message) is not tuple or tuple(map(type, message)) not in MESSAGES:
                raise FrameError("an ill-formed message")
    return frame
