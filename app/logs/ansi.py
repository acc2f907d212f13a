"""The colours that a program asks a terminal for, as spans of the text that remains. Pure.

Understands SGR (ECMA-48 8.3.117): bold, faint, italic, underline, inverse, the 16 colours, the table of 256, and
24 bits. Everything else that a terminal would act on is taken out; other control characters are made visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from app.theme.roles import contrast

#: A colour: one of the terminal's sixteen, or ``#rrggbb``.
Ink = int | str

_ESCAPE = re.compile(r"\x1b(?:\[(?P<sgr>[0-9;:]*)m|\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_CUBE = (0, 95, 135, 175, 215, 255)
#: Letters of text on a surface that differ less cannot be read (WCAG 2.1, success criterion 1.4.3).
READABLE = 4.5

#: The sixteen colours as they can be read on our light and our dark surface; black and white are its text.
LIGHT = (
    "#1c2230", "#b3212d", "#14693c", "#8a4d00", "#2a5bd0", "#8e2a8b", "#0f6674", "#566072",
    "#566072", "#b3212d", "#14693c", "#8a4d00", "#2a5bd0", "#8e2a8b", "#0f6674", "#1c2230",
)  # fmt: skip
DARK = (
    "#9ca6b7", "#ff8a8a", "#63cf95", "#e8b05a", "#7aa2ff", "#e29aee", "#63c9d6", "#e4e7ed",
    "#9ca6b7", "#ffa3a3", "#84ddae", "#f2c784", "#9bb9ff", "#ecb6f5", "#8adbe5", "#ffffff",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dress:
    """How some letters look. None: as the rest."""

    ink: Ink | None = None
    back: Ink | None = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    underline: bool = False
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """``length`` letters from ``start`` on that are dressed."""

    start: int
    length: int
    dress: Dress


PLAIN = Dress()
_SWITCHES: dict[int, dict[str, bool]] = {
    1: {"bold": True}, 2: {"faint": True}, 3: {"italic": True}, 4: {"underline": True}, 7: {"inverse": True},
    22: {"bold": False, "faint": False}, 23: {"italic": False}, 24: {"underline": False}, 27: {"inverse": False},
}  # fmt: skip


def dressed(text: str) -> tuple[str, tuple[Span, ...]]:
    """``text`` as it is to be read, and its spans."""
    if text.isprintable():
        return text, ()
    pieces: list[str] = []
    spans: list[Span] = []
    length, at, dress = 0, 0, PLAIN
    for escape in (*_ESCAPE.finditer(text), None):
        piece = _visible(text[at : escape.start() if escape else len(text)])
        if piece and dress != PLAIN:
            spans.append(Span(length, len(piece), dress))
        pieces.append(piece)
        length += len(piece)
        if escape is not None:
            at = escape.end()
            dress = _after(dress, escape["sgr"]) if escape["sgr"] is not None else dress
    return "".join(pieces), tuple(spans)


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(chr(0x2400 + ord(c)) if c < " " and c != "\t" else c for c in text)


def _after(dress: Dress, codes: str) -> Dress:
    """``dress`` changed as the numbers of one SGR say; those that nobody knows are passed over."""
    numbers = iter([int(code or 0) for code in codes.replace(":", ";").split(";")])
    for number in numbers:
        if number == 0:
            dress = PLAIN
        elif number in _SWITCHES:
            dress = replace(dress, **_SWITCHES[number])
        elif number in (38, 48):
            ink = _extended(numbers)
            dress = replace(dress, ink=ink) if number == 38 else replace(dress, back=ink)
        elif number in (39, 49):
            dress = replace(dress, ink=None) if number == 39 else replace(dress, back=None)
        else:
            dress = _sixteen(dress, number)
    return dress


def _sixteen(dress: Dress, number: int) -> Dress:
    for first, bright in ((30, 0), (90, 8)):
        if first <= number < first + 8:
            return replace(dress, ink=number - first + bright)
        if first + 10 <= number < first + 18:
            return replace(dress, back=number - first - 10 + bright)
    return dress


def _extended(numbers: Iterator[int]) -> Ink | None:
    """The colour after 38 or 48: ``5;N`` of the table, or ``2;R;G;B``."""
    kind = next(numbers, 0)
    if kind == 5:
        number = min(next(numbers, 0), 255)
        if number < 16:
            return number
        if number >= 232:
            return _hex(*[8 + 10 * (number - 232)] * 3)
        number -= 16
        return _hex(_CUBE[number // 36], _CUBE[number // 6 % 6], _CUBE[number % 6])
    if kind == 2:
        return _hex(*(min(next(numbers, 0), 255) for _ in range(3)))
    return None


def _hex(red: int, green: int, blue: int) -> str:
    return f"#{red:02x}{green:02x}{blue:02x}"


@lru_cache(maxsize=1024)
def readable(ink: Ink, surface: str, *, dark: bool) -> str:
    """``ink`` as a colour that can be read on ``surface``: moved towards white or black as far as it must be."""
    asked = (DARK if dark else LIGHT)[ink] if isinstance(ink, int) else ink
    channels = [int(asked[at : at + 2], 16) for at in (1, 3, 5)]
    goal = 255 if dark else 0
    while contrast(_hex(*channels), surface) < READABLE and any(abs(goal - channel) > 1 for channel in channels):
        channels = [channel + round((goal - channel) * 0.15 + (0.5 if dark else -0.5)) for channel in channels]
        channels = [min(255, max(0, channel)) for channel in channels]
    return _hex(*channels)
