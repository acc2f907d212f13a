"""Watches one direction of a WebSocket (RFC 6455 section 5): what passes is read, never changed.

Bytes in, whole messages out. Payloads are unmasked and, where permessage-deflate was agreed, inflated (RFC 7692), piece
by piece, so that memory stays bounded however large a message is. Knows nothing of the connection; after a BadFrame the
rest of the direction stays unread.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field

from inspector.model import Body
from inspector.wire.capture import Capture
from inspector.wire.errors import BadFrame

_DATA = {1: "ws.text", 2: "ws.binary"}
_CONTROL = {8: "ws.close", 9: "ws.ping", 10: "ws.pong"}
_CLOSE = 8
#: Most bytes that one message may inflate to before we stop looking into this direction's payloads.
INFLATE_LIMIT = 64 * 1024 * 1024
_STEP = 256 * 1024
_SYNC = b"\x00\x00\xff\xff"  # what permessage-deflate leaves off each message (RFC 7692 section 7.2.1)


@dataclass(slots=True)
class WebSocketMessage:
    """A whole message or control frame. ``wire_size``: payload bytes on the wire, before inflating."""

    type: str
    body: Body
    wire_size: int
    frames: int = 1
    compressed: bool = False
    inflated: bool = True  #: false: compressed, and the payload is as on the wire
    code: int = 0  #: of a close frame; 1005 when it has none
    reason: str = ""


@dataclass(slots=True)
class _Partial:
    """A data message whose last frame has not come."""

    type: str
    compressed: bool
    capture: Capture
    wire_size: int = 0
    frames: int = 0
    produced: int = 0  #: bytes it has inflated to


@dataclass(slots=True)
class _Frame:
    """The frame whose payload is being read."""

    opcode: int
    final: bool
    left: int
    mask: bytes
    capture: Capture | None = None  #: of a control frame
    size: int = 0
    offset: int = field(default=0)  #: into the mask


def deflate_agreed(extensions: str) -> bool:
    """Whether a response's ``Sec-WebSocket-Extensions`` agrees to permessage-deflate (RFC 7692 section 5)."""
    return re.search(r"(?:^|,)\s*permessage-deflate\s*(?:[;,]|$)", extensions, re.IGNORECASE) is not None


class FrameReader:
    """One direction. ``feed`` it bytes as they pass."""

    __slots__ = ("_deflate", "_frame", "_head_limit", "_held", "_inflater", "_message", "_tail_limit", "closed")

    def __init__(self, head_limit: int, tail_limit: int, *, deflate: bool = False) -> None:
        self._head_limit = head_limit
        self._tail_limit = tail_limit
        self._deflate = deflate
        self._inflater = zlib.decompressobj(-15) if deflate else None
        self._held = b""
        self._frame: _Frame | None = None
        self._message: _Partial | None = None
        self.closed = False  #: a close frame has passed

    @property
    def between_frames(self) -> bool:
        """Whether a frame of our own could be put in here."""
        return self._frame is None and not self._held

    def feed(self, data: bytes) -> list[WebSocketMessage]:
        """The messages that ``data`` completes. Raises BadFrame."""
        if self._held:
            data = self._held + data
            self._held = b""
        found: list[WebSocketMessage] = []
        position = 0
        while True:
            frame = self._frame
            if frame is None:
                begun = self._begin(data, position)
                if begun < 0:
                    self._held = data[position:]
                    return found
                position = begun
                frame = self._frame
                assert frame is not None
            piece = data[position : position + frame.left]
            if piece:
                position += len(piece)
                self._take(frame, piece)
            if frame.left:
                return found
            self._frame = None
            message = self._end_frame(frame)
            if message is not None:
                found.append(message)

    def _begin(self, data: bytes, position: int) -> int:
        """Read a frame's header; returns where its payload starts, -1 if more bytes are needed."""
        if len(data) < position + 2:
            return -1
        first, second = data[position], data[position + 1]
        left = second & 0x7F
        extra = {126: 2, 127: 8}.get(left, 0)
        masked = 4 if second & 0x80 else 0
        start = position + 2 + extra + masked
        if len(data) < start:
            return -1
        if extra:
            left = int.from_bytes(data[position + 2 : position + 2 + extra], "big")
        mask = data[start - masked : start]
        self._check(first, left)
        self._open(first, left, mask)
        return start

    def _check(self, first: int, left: int) -> None:
        opcode = first & 0x0F
        if opcode in _CONTROL:
            if left > 125 or not first & 0x80:
                raise BadFrame("a control frame is longer than 125 bytes or in fragments")
        elif opcode == 0:
            if self._message is None:
                raise BadFrame("a continuation frame continues nothing")
        elif opcode not in _DATA:
            raise BadFrame(f"a frame has the unknown opcode {opcode}")
        elif self._message is not None:
            raise BadFrame("a message starts before the last one is complete")
        allowed = 0x40 if opcode in _DATA and self._deflate else 0
        if first & 0x70 & ~allowed:
            raise BadFrame("a frame has reserved bits set that no agreed extension explains")
        if left >> 63:
            raise BadFrame("a frame's length has its highest bit set")

    def _open(self, first: int, left: int, mask: bytes) -> None:
        opcode = first & 0x0F
        self._frame = _Frame(opcode, bool(first & 0x80), left, mask)
        if opcode in _CONTROL:
            self._frame.capture = Capture(125, 0)
            return
        if self._message is None:
            capture = Capture(self._head_limit, self._tail_limit)
            self._message = _Partial(_DATA[opcode], bool(first & 0x40), capture)
        self._message.frames += 1

    def _take(self, frame: _Frame, piece: bytes) -> None:
        """Payload bytes, as on the wire."""
        frame.left -= len(piece)
        frame.size += len(piece)
        if frame.mask:
            piece = _unmask(piece, frame.mask, frame.offset)
            frame.offset = (frame.offset + len(piece)) & 3
        if frame.capture is not None:
            frame.capture.add(piece)
            return
        message = self._message
        assert message is not None
        message.wire_size += len(piece)
        if message.compressed and self._inflater is not None:
            self._inflate(message, piece)
        elif not message.produced:  # else it was a bomb, and what is left of it is not looked at
            message.capture.add(piece)

    def _inflate(self, message: _Partial, piece: bytes) -> None:
        inflater = self._inflater
        assert inflater is not None
        try:
            while piece:
                out = inflater.decompress(piece, _STEP)
                message.capture.add(out)
                message.produced += len(out)
                piece = inflater.unconsumed_tail
                if message.produced > INFLATE_LIMIT:
                    self._inflater = None  # a bomb: from here on payloads stay as they are
                    return
                if inflater.eof:  # a sender may end its stream and start anew
                    piece = inflater.unused_data
                    inflater = self._inflater = zlib.decompressobj(-15)
        except zlib.error as error:
            self._inflater = None
            raise BadFrame("a compressed message cannot be inflated") from error

    def _end_frame(self, frame: _Frame) -> WebSocketMessage | None:
        if frame.capture is not None:
            return self._control(frame, frame.capture)
        message = self._message
        if message is None or not frame.final:
            return None
        self._message = None
        if message.compressed and self._inflater is not None:
            self._inflate(message, _SYNC)
        inflated = not message.compressed or self._inflater is not None
        whole = WebSocketMessage(message.type, Body(), message.wire_size, message.frames, message.compressed, inflated)
        message.capture.settle(whole.body)
        return whole

    def _control(self, frame: _Frame, capture: Capture) -> WebSocketMessage:
        whole = WebSocketMessage(_CONTROL[frame.opcode], Body(), frame.size)
        capture.settle(whole.body)
        if frame.opcode == _CLOSE:
            self.closed = True
            payload = whole.body.head
            whole.code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else 1005
            whole.reason = payload[2:].decode(errors="replace")
        return whole


def _unmask(piece: bytes, mask: bytes, offset: int) -> bytes:
    """RFC 6455 section 5.3, as one exclusive or of two large integers."""
    size = len(piece)
    key = (mask[offset:] + mask[:offset]) * (size // 4 + 1)
    return (int.from_bytes(piece, "little") ^ int.from_bytes(key[:size], "little")).to_bytes(size, "little")


def close_frame(code: int, reason: str, mask: bytes = b"") -> bytes:
    """A close frame (RFC 6455 section 5.5.1), masked when it goes to a server. ``reason``: at most 123 bytes."""
    payload = code.to_bytes(2, "big") + reason.encode()
    if mask:
        return bytes((0x88, 0x80 | len(payload))) + mask + _unmask(payload, mask, 0)
    return bytes((0x88, len(payload))) + payload
