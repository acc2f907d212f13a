"""Text as numbered lines that are made when they are looked at: what a view of any size draws from.

Pure. A body of 50 MB is not decoded, copied or laid out: an array says where its lines begin, and a line becomes text
when it comes into view. Lines above ``LONGEST`` are broken, for a line is drawn whole.
"""

from __future__ import annotations

import codecs
import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from app.cancel import Abandoned, Cancelled, never
from app.theme.roles import Role
from app.traffic import formats

LONGEST = 2_000  #: bytes or characters of one line on the screen
_ROW = 16  #: bytes in a line of a hex dump
_SEARCHED = 2**18  #: bytes searched between two questions whether anybody still waits
_BLOCK = 2**16  #: bytes that are cut into lines at once
_LOOK_UP = 4_096

#: A stretch of a line in a colour: first character, length, role.
Span = tuple[int, int, Role]


class Lines(Protocol):
    """Lines to look at. ``longest`` is the most characters that one of them may have."""

    longest: int

    def __len__(self) -> int:
        """How many lines."""

    def line(self, number: int) -> str:
        """One line, fit for the screen."""

    def spans(self, number: int) -> Sequence[Span]:
        """What of a line is in another colour than text."""

    def find(self, wanted: str, start: int, cancelled: Cancelled = never) -> int:
        """The first line from ``start`` on that has ``wanted``, whatever its case; -1 for none."""


@dataclass(slots=True)
class ListLines:
    """Few lines, made and coloured beforehand."""

    lines: list[str]
    colored: list[list[Span]] | None = None
    longest: int = 0

    def __post_init__(self) -> None:
        self.longest = max(map(len, self.lines), default=0)

    def __len__(self) -> int:
        return len(self.lines)

    def line(self, number: int) -> str:
        """One line."""
        return self.lines[number]

    def spans(self, number: int) -> Sequence[Span]:
        """Its colours."""
        return self.colored[number] if self.colored else ()

    def find(self, wanted: str, start: int, cancelled: Cancelled = never) -> int:
        """The next line with ``wanted``."""
        return _find_by_line(self, wanted, start, cancelled)


def plain(text: str, role: Role | None = None) -> ListLines:
    """``text`` as lines, all in one colour if ``role`` says so."""
    lines = formats.fold(formats.lines(text), LONGEST).split("\n")
    return ListLines(lines, [[(0, len(line), role)] for line in lines] if role else None)


class ByteLines:
    """Bytes of a charset in which a line feed is one byte 0x0A: UTF-8, Latin-1 and the like.

    Kept is how many lines each block of some 64 kB has; a block is cut into lines when one of them is looked at.
    """

    def __init__(self, content: bytes, charset: str = "utf-8", cancelled: Cancelled = never) -> None:
        self._content = content
        self._charset = charset
        self._starts, self._numbers = _blocks(content, cancelled)  # where each begins, and its first line's number
        self._cut: tuple[int, list[bytes]] = (-1, [])
        self.longest = min(LONGEST, len(content))

    def __len__(self) -> int:
        return self._numbers[-1]

    def _block(self, at: int) -> list[bytes]:
        if self._cut[0] != at:
            self._cut = (at, _LINE.findall(self._content, self._starts[at], self._starts[at + 1]))
        return self._cut[1]

    def line(self, number: int) -> str:
        """One line; what does not decode becomes escapes."""
        at = bisect_right(self._numbers, number) - 1
        raw = self._block(at)[number - self._numbers[at]].rstrip(b"\r\n")
        return formats.lines(raw.decode(self._charset, "backslashreplace"))

    def spans(self, number: int) -> Sequence[Span]:  # noqa: ARG002  all lines are alike
        """None."""
        return ()

    def find(self, wanted: str, start: int, cancelled: Cancelled = never) -> int:
        """The next line with ``wanted``; found among the bytes, a piece at a time."""
        if start >= len(self):
            return -1
        block = bisect_right(self._numbers, start) - 1
        before = self._block(block)[: start - self._numbers[block]]
        begin = self._starts[block] + sum(map(len, before))
        at = find_bytes(self._content, wanted, begin, self._charset, cancelled)
        return -1 if at < 0 else self._line_at(at)

    def _line_at(self, offset: int) -> int:
        """The line that the byte at ``offset`` is in."""
        block = bisect_right(self._starts, offset) - 1
        ends = accumulate(map(len, self._block(block)), initial=self._starts[block])
        return self._numbers[block] + sum(end <= offset for end in ends) - 1


def _blocks(content: bytes, cancelled: Cancelled) -> tuple[array[int], array[int]]:
    starts, numbers = array("q", [0]), array("q", [0])
    at = 0
    while at < len(content):
        if cancelled():
            raise Abandoned
        edge = content.find(b"\n", at + _BLOCK, at + _BLOCK + LONGEST) + 1
        end = min(edge or _before_character(content, at + _BLOCK), len(content))
        if _SHORT.fullmatch(content, at, end):
            count = content.count(b"\n", at, end) + (content[end - 1] != 0x0A)
        else:
            count = sum(1 for _line in _LINE.finditer(content, at, end))
        starts.append(end)
        numbers.append(numbers[-1] + count)
        at = end
    return starts, numbers


def _before_character(content: bytes, at: int) -> int:
    """``at``, or up to three bytes before it where it is within a character of UTF-8."""
    tail = content[at - 3 : at + 1]
    back = next((back for back in range(len(tail)) if tail[-1 - back] & 0xC0 != 0x80), 0)
    return at - back


# A line that is broken is not broken within a character of UTF-8: what continues one is taken along.
_LINE = re.compile(rb"[^\n]{1,%d}[\x80-\xbf]{0,3}\n?|\n" % (LONGEST - 3))
#: A block without a line that is broken.
_SHORT = re.compile(rb"(?:[^\n]{0,%d}+\n)*+[^\n]{0,%d}+" % (LONGEST - 4, LONGEST - 4))


def find_bytes(content: bytes, wanted: str, start: int, charset: str = "utf-8", cancelled: Cancelled = never) -> int:
    """Where ``wanted`` is next, from ``start`` on; ASCII letters match in either case. -1 for nowhere.

    Raises Abandoned.
    """
    needle = wanted.encode(charset, "ignore")
    if not needle:
        return -1
    pattern = re.compile(re.escape(needle), re.IGNORECASE)
    for at in range(start, len(content), _SEARCHED):
        if cancelled():
            raise Abandoned
        found = pattern.search(content, at, min(at + _SEARCHED + len(needle) - 1, len(content)))
        if found is not None:
            return found.start()
    return -1


def text_lines(content: bytes, charset: str = "utf-8", cancelled: Cancelled = never) -> Lines:
    """``content`` as lines. Charsets of wider units, and those that Python does not know, take a way of their own."""
    try:
        name = codecs.lookup(charset or "utf-8").name
    except LookupError:
        name = "utf-8"
    if name.startswith(("utf-16", "utf-32", "utf-7")):
        content, name = content.decode(name, "backslashreplace").encode(), "utf-8"
    if not _reads(name):
        name = "utf-8"
    return ByteLines(content, name, cancelled)


def _reads(name: str) -> bool:
    """Whether it is a charset at all: Python has codecs that do not give text."""
    try:
        return b"\n".decode(name, "backslashreplace") == "\n"
    except (LookupError, ValueError, TypeError):
        return False


class HexLines:
    """A hex dump: offset, sixteen bytes, and the printable ASCII of them. ``first`` is the first byte's offset."""

    longest = 78

    def __init__(self, content: bytes, first: int = 0) -> None:
        self._content = content
        self._first = first

    def __len__(self) -> int:
        return (len(self._content) + _ROW - 1) // _ROW

    def line(self, number: int) -> str:
        """One line."""
        at = number * _ROW
        return hex_line(self._content[at : at + _ROW], self._first + at)

    def spans(self, number: int) -> Sequence[Span]:  # noqa: ARG002  all lines are alike
        """The offset stands back."""
        return ((0, 8, Role.MUTED),)

    def find(self, wanted: str, start: int, cancelled: Cancelled = never) -> int:
        """The next line where ``wanted`` begins: as text, or as bytes in hex."""
        begin = start * _ROW
        places = [find_bytes(self._content, wanted, begin, "utf-8", cancelled)]
        digits = wanted.replace(" ", "")
        if len(digits) % 2 == 0 and re.fullmatch("[0-9a-fA-F]+", digits):
            places.append(self._content.find(bytes.fromhex(digits), begin))
        found = [place for place in places if place >= 0]
        return min(found) // _ROW if found else -1


def hex_line(chunk: bytes, offset: int) -> str:
    """One line of a hex dump."""
    left, right = chunk[:8].hex(" "), chunk[8:].hex(" ")
    printable = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in chunk)
    return f"{offset:08x}  {left:<23}  {right:<23}  {printable}"


class JoinedLines:
    """One after the other: what is kept of a body's head, a line that says what is missing, and its tail."""

    def __init__(self, parts: Sequence[Lines]) -> None:
        self._parts = parts
        self._starts: list[int] = []
        count = 0
        for part in parts:
            self._starts.append(count)
            count += len(part)
        self._count = count
        self.longest = max((part.longest for part in parts), default=0)

    def __len__(self) -> int:
        return self._count

    def _part(self, number: int) -> tuple[Lines, int]:
        at = bisect_right(self._starts, number) - 1
        return self._parts[at], number - self._starts[at]

    def line(self, number: int) -> str:
        """One line."""
        part, at = self._part(number)
        return part.line(at)

    def spans(self, number: int) -> Sequence[Span]:
        """Its colours."""
        part, at = self._part(number)
        return part.spans(at)

    def find(self, wanted: str, start: int, cancelled: Cancelled = never) -> int:
        """The next line with ``wanted``."""
        for begin, part in zip(self._starts, self._parts, strict=True):
            if begin + len(part) > start:
                found = part.find(wanted, max(0, start - begin), cancelled)
                if found >= 0:
                    return begin + found
        return -1


def _find_by_line(lines: ListLines, wanted: str, start: int, cancelled: Cancelled) -> int:
    folded = wanted.casefold()
    for number in range(start, len(lines)):
        if not number % _LOOK_UP and cancelled():
            raise Abandoned
        if folded and folded in lines.line(number).casefold():
            return number
    return -1
