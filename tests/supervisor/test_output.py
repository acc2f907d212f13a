from __future__ import annotations

import asyncio
import os

from supervisor.output import LONGEST_LINE, follow


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
