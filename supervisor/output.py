"""What servers and applications print, line by line as it comes. Knows nothing of who prints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import IO

#: A longer line is cut here and goes on in the next.
LONGEST_LINE = 16 * 1024


class Output(asyncio.Protocol):
    """Reads one pipe; ``line(text)`` is called for each line, without its end."""

    def __init__(self, line: Callable[[str], None]) -> None:
        self._line = line
        self._rest = b""
        self.ended = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._emit(line)
        while len(self._rest) > LONGEST_LINE:
            self._emit(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """The last process that held the pipe is gone."""
        if self._rest:
            self._emit(self._rest)
            self._rest = b""
        if not self.ended.done():
            self.ended.set_result(None)

    def _emit(self, line: bytes) -> None:
        self._line(line.rstrip(b"\r").decode(errors="replace"))


async def follow(pipe: IO[bytes], line: Callable[[str], None]) -> tuple[asyncio.ReadTransport, Output]:
    """Read ``pipe`` to its end; it is closed with the transport."""
    return await asyncio.get_running_loop().connect_read_pipe(lambda: Output(line), pipe)
