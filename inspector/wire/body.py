"""Where a message's body ends, whatever its framing (RFC 9112 section 6.3). Of heads it knows the length they state."""

from __future__ import annotations

from inspector.wire.chunked import ChunkedBody
from inspector.wire.errors import WireError

#: Lengths of a body in chunks, and of one that ends with the connection.
CHUNKED = -1
UNTIL_CLOSE = -2


class BodyReader:
    """One body. ``feed`` it as it comes; ``done`` once its last byte was passed.

    ``error`` is the class of error that malformed chunks raise.
    """

    __slots__ = ("_chunks", "_left", "done")

    def __init__(self, length: int, error: type[WireError]) -> None:
        self.done = length == 0
        self._left = length
        self._chunks = ChunkedBody(error) if length == CHUNKED else None

    @property
    def ends_with_connection(self) -> bool:
        """Whether only the end of the connection tells where it ends."""
        return self._left == UNTIL_CLOSE

    def feed(self, data: bytes) -> tuple[bytes, list[bytes], bytes]:
        """Bytes to pass on, pieces of content, and what follows the body."""
        if self._chunks is not None:
            fed = self._chunks.feed(data)
            self.done = self._chunks.done
            return fed
        if self._left == UNTIL_CLOSE:
            return data, [data], b""
        passed = data[: self._left]
        self._left -= len(passed)
        self.done = self._left == 0
        return passed, [passed] if passed else [], data[len(passed) :]
