from __future__ import annotations

import asyncio
import os

from supervisor.output import LONGEST_LINE, MOST_WAITING, PAUSE, TURN, Output, follow, words_for


def lines_of(*chunks: bytes) -> list[str]:
    async def read() -> list[str]:
        seen: list[str] = []
        end, write = os.pipe()
        transport, output = await follow(os.fdopen(end, "rb", 0), seen.append)
        for chunk in chunks:
            os.write(write, chunk)
            await asyncio.sleep(0)
        os.close(write)
        await asyncio.wait_for(output.ended, 10)
        transport.close()
        return seen

    return asyncio.run(read())


def test_lines_however_they_come() -> None:
    assert lines_of(b"one\ntw", b"o\r\n", b"\xff three") == ["one", "two", "\N{REPLACEMENT CHARACTER} three"]
    assert lines_of() == []


def test_a_line_without_end_is_cut() -> None:
    assert [len(line) for line in lines_of(b"x" * (LONGEST_LINE + 10))] == [LONGEST_LINE, 10]


def test_a_flood_is_taken_in_turns_and_what_is_too_much_is_counted() -> None:
    """Whoever prints does not wait, and other work has its time between."""

    async def flood() -> tuple[list[str], list[int], int, float]:
        seen: list[str] = []
        left: list[int] = []
        output = Output(seen.append, left.append)
        chunk = b"".join(b"%d\n" % number for number in range(1000))
        longest, before = 0, 0
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(50):
            output.data_received(chunk)
            longest, before = max(longest, len(seen) - before), len(seen)
        output.data_received(b"half a ")
        while len(seen) < MOST_WAITING // 2:  # no more can be due than time has passed
            assert len(seen) <= (loop.time() - began) / PAUSE * TURN + 2 * TURN
            await asyncio.sleep(PAUSE / 2)
        output.data_received(b"line\n")
        output.connection_lost(None)
        await asyncio.wait_for(output.ended, 30)
        return seen, left, longest, loop.time()

    seen, left, longest, _ = asyncio.run(flood())
    assert longest <= TURN
    assert sum(left) + len(seen) == 50_001
    assert left[0] > 20_000
    assert seen[:3] == ["0", "1", "2"]


def test_what_few_print_is_there_at_once() -> None:
    async def few() -> None:
        seen: list[str] = []
        output = Output(seen.append)
        for number in range(TURN):
            output.data_received(b"line\n")
            assert len(seen) == number + 1

    asyncio.run(few())


def test_after_the_end_nobody_is_told() -> None:
    async def closed() -> int:
        seen: list[str] = []
        output = Output(seen.append)
        output.data_received(b"line\n" * 2 * MOST_WAITING)
        output.data_received(b"line\n")
        at_once = len(seen)
        output.close()
        output.connection_lost(None)
        await asyncio.wait_for(output.ended, 10)
        return len(seen) - at_once

    assert asyncio.run(closed()) == 0
    assert "3 lines" in words_for(3)
