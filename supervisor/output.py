"""What servers and applications print, line by line as it comes. Knows nothing of who prints.

The event loop that reads it carries requests too. So a flood is taken in turns with pauses between them, and what comes
faster than that for long is left out and counted: whoever prints never waits for us.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import IO

#: A longer line is cut here and goes on in the next.
LONGEST_LINE = 16 * 1024
#: Lines in one turn, some two milliseconds' work, and the seconds that so many stand for: 20,000 lines a second.
TURN = 200
PAUSE = 0.01
#: Lines, and bytes of them, that may wait for their turn; once it was as many, none are taken in until half are gone.
MOST_WAITING = 20_000
MOST_BYTES = 8 << 20


class Output(asyncio.Protocol):
    """Reads one pipe; ``line(text)`` is called for each line, without its end.

    ``left_out(count)`` is called where lines had to be left out; by default that is a line too.
    """

    def __init__(self, line: Callable[[str], None], left_out: Callable[[int], None] | None = None) -> None:
        self._line = line
        self._tell_left_out = left_out or (lambda count: line(words_for(count)))
        self._rest = b""
        self._waiting: deque[bytes | int] = deque()  #: lines, and how many are left out between them
        self._bytes = 0
        self._full = False
        self._left_out = 0
        self._paid = 0.0  #: until when the lines taken so far have used up our time
        self._turn: asyncio.TimerHandle | None = None
        self._over = False
        self._loop = asyncio.get_running_loop()
        self.ended = self._loop.create_future()

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        if self._full:  # to count them is all that there is time for
            self._left_out += data.count(b"\n")
            self._rest = (self._rest + data).rpartition(b"\n")[2][:LONGEST_LINE]
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        while len(self._rest) > LONGEST_LINE:
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]
        self._take_in(lines)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """The last process that held the pipe is gone."""
        self._over = True
        rest, self._rest = self._rest, b""
        self._take_in([rest] if rest else [])

    def close(self) -> None:
        """Nobody listens any more."""
        self._waiting.clear()
        self._left_out = 0

    def _take_in(self, lines: list[bytes]) -> None:
        self._say_left_out()
        self._waiting += lines
        self._bytes += sum(map(len, lines))
        self._full = len(self._waiting) >= MOST_WAITING or self._bytes >= MOST_BYTES
        if self._turn is None:
            self._take_turn()

    def _take_turn(self) -> None:
        """Pass on what is due; the rest when other work has had its time."""
        self._turn = None
        now, number = self._loop.time(), 0
        while self._waiting and number < TURN and (self._over or self._paid < now + PAUSE):
            self._emit(self._waiting.popleft())
            number += 1
        self._paid = max(self._paid, now) + PAUSE * number / TURN
        if self._full and len(self._waiting) <= MOST_WAITING // 2 and self._bytes <= MOST_BYTES // 2:
            self._full = False
            self._say_left_out()
        if self._waiting:
            self._turn = self._loop.call_later(0.0 if self._over else PAUSE, self._take_turn)
        elif self._over and not self.ended.done():
            self.ended.set_result(None)

    def _say_left_out(self) -> None:
        if self._left_out:
            self._waiting.append(self._left_out)
            self._left_out = 0

    def _emit(self, item: bytes | int) -> None:
        if isinstance(item, int):
            self._tell_left_out(item)
        else:
            self._bytes -= len(item)
            self._line(item.rstrip(b"\r").decode(errors="replace"))


def words_for(count: int) -> str:
    """What is said in the place of lines that were left out."""
    return f"gatescope: {count} lines came faster than they can be kept and are left out"


async def follow(
    pipe: IO[bytes], line: Callable[[str], None], left_out: Callable[[int], None] | None = None
) -> tuple[asyncio.ReadTransport, Output]:
    """Read ``pipe`` to its end; it is closed with the transport."""
    return await asyncio.get_running_loop().connect_read_pipe(lambda: Output(line, left_out), pipe)
