"""A traceback as Python prints it: which frame is the user's own, and which lines it is on.

Pure. Reads text that may have come from anywhere and runs nothing of it. A frame is the user's unless its file is
installed: of the standard library, or of a package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FRAME = re.compile(r'^[ |+]*File "(?P<file>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<name>.+))?$', re.MULTILINE)
_INSTALLED = re.compile(
    r"[/\\](?:site-packages|dist-packages|lib[/\\]python\d[\d.]*)[/\\]|^<|[/\\]inspector[/\\]probe[/\\]"
)
_ABOVE = re.compile(r"^[ |+]*(?:Traceback \(most recent call last\)|Exception Group Traceback)")


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in the user's code. ``first`` to ``last`` are the lines of the traceback that tell of it, from 0."""

    file: str
    line: int
    name: str
    first: int
    last: int

    def __str__(self) -> str:
        where = f" in {self.name}" if self.name else ""
        return f"{self.file}:{self.line}{where}"


def innermost_own(text: str) -> Frame | None:
    """The last frame of the user's own code in the last traceback of ``text``; None when there is none."""
    frames = list(_FRAME.finditer(text))
    own = [at for at, frame in enumerate(frames) if not _INSTALLED.search(frame["file"])]
    if not own:
        return None
    frame = frames[own[-1]]
    first = text.count("\n", 0, frame.start())
    last = first
    for line in text[frame.end() :].split("\n")[1:]:
        indented = line.startswith("    ") or (line.startswith("  ") and not _FRAME.match(line))
        if not indented or _FRAME.match(line) or _ABOVE.match(line):
            break
        last += 1
    return Frame(frame["file"], int(frame["line"]), frame["name"] or "", first, last)
