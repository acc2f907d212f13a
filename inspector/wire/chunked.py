"""Follows a body in chunks (RFC 9112 section 7.1): where it ends, what it says, and which bytes may be sent on.

Strict in both directions: a chunk's size line is a hexadecimal number and extensions, ended by CR LF, and is only
passed on once it is complete, so that what is refused was never sent on. Knows nothing of heads.
"""

from __future__ import annotations

import enum
import re

from inspector.wire.errors import WireError

#: Bytes of one size line with its extensions, and of all trailer fields together.
LINE_LIMIT = 8 * 1024
TRAILER_LIMIT = 32 * 1024

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15}+)(?:[ \t]*+;[\t\x20-\x7e\x80-\xff]*+)?\r\n")
#: A start of such a line that may still become one.
_SIZE_START = re.compile(rb"[0-9A-Fa-f]{0,15}+(?:[ \t]*+(?:;[\t\x20-\x7e\x80-\xff]*+)?)?\r?")
_NAME = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_VALUE = rb"[\t\x20-\x7e\x80-\xff]"
_TRAILER = re.compile(rb"(?:%b++:%b*+\r\n)*+\r\n" % (_NAME, _VALUE))
_TRAILER_START = re.compile(rb"(?:%b++:%b*+\r\n)*+(?:%b++(?::%b*+)?)?\r?" % (_NAME, _VALUE, _NAME, _VALUE))
#: Fields that frame or route must not come after the body (RFC 9110 section 6.5.1).
_FORBIDDEN = re.compile(rb"(?im:^(?:content-length|transfer-encoding|host|connection|upgrade|expect):)")


class _Stage(enum.IntEnum):
    SIZE = 0
    DATA = 1
    AFTER = 2  # the CR LF behind a chunk's data
    TRAILER = 3
    DONE = 4


class ChunkedBody:
    """One body. ``feed`` it as it comes; ``done`` once its last byte was passed.

    ``error`` is the class of error it raises: BadRequest or BadResponse.
    """

    __slots__ = ("_error", "_held", "_left", "_stage")

    def __init__(self, error: type[WireError]) -> None:
        self._error = error
        self._held = b""
        self._left = 0
        self._stage = _Stage.SIZE

    @property
    def done(self) -> bool:
        """Whether the last chunk and the trailer were seen."""
        return self._stage is _Stage.DONE

    def feed(self, data: bytes) -> tuple[bytes, list[bytes], bytes]:
        """Bytes to pass on, pieces of content (one for each chunk or part of one), and what follows the body."""
        if self._held:
            data = self._held + data
            self._held = b""
        pieces: list[bytes] = []
        position = 0
        size = len(data)
        while self._stage is not _Stage.DONE:
            if self._stage is _Stage.DATA:
                if position == size:
                    break
                end = min(size, position + self._left)
                pieces.append(data[position:end])
                self._left -= end - position
                position = end
                if self._left == 0:
                    self._stage = _Stage.AFTER
                continue
            end = self._line(data, position)
            if end < 0:
                self._held = data[position:]
                break
            position = end
        if self._stage is _Stage.DONE:
            return data[:position], pieces, data[position:]
        return (data if position == size else data[:position]), pieces, b""

    def _line(self, data: bytes, position: int) -> int:
        """Take what is not content; returns where it ends, -1 if it is incomplete."""
        if self._stage is _Stage.SIZE:
            return self._size_line(data, position)
        if self._stage is _Stage.AFTER:
            return self._line_end(data, position)
        return self._trailer(data, position)

    def _size_line(self, data: bytes, position: int) -> int:
        match = _SIZE.match(data, position)
        if match is None:
            if _SIZE_START.fullmatch(data, position) is None or len(data) - position > LINE_LIMIT:
                raise self._error("a chunk of its body does not start with a size line of hexadecimal digits")
            return -1
        self._left = int(match[1], 16)
        self._stage = _Stage.DATA if self._left else _Stage.TRAILER
        return match.end()

    def _line_end(self, data: bytes, position: int) -> int:
        found = data[position : position + 2]
        if found == b"\r\n":
            self._stage = _Stage.SIZE
            return position + 2
        if found in (b"", b"\r"):
            return -1
        raise self._error("a chunk of its body is not as long as it says")

    def _trailer(self, data: bytes, position: int) -> int:
        match = _TRAILER.match(data, position)
        if match is None:
            if _TRAILER_START.fullmatch(data, position) is None or len(data) - position > TRAILER_LIMIT:
                raise self._error("the trailer after its last chunk is malformed or too large")
            return -1
        if _FORBIDDEN.search(match[0]):
            raise self._error("the trailer after its last chunk has a field that belongs into the head")
        self._stage = _Stage.DONE
        return match.end()
