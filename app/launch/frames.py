"""Where in a traceback the user's own code stands, and what is written there. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.traffic.tracebacks import innermost_own


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, and what is written there if the traceback says it."""

    file: str
    line: int
    code: str = ""

    @property
    def at(self) -> str:
        """``FILE:LINE``, as editors take it."""
        return f"{self.file}:{self.line}"


def last_line(detail: str) -> str:
    """The line of a traceback that says what it was; empty where ``detail`` is none."""
    if "Traceback (most recent call last)" not in detail:
        return ""
    lines = [line for line in detail.splitlines() if line.strip() and not line.startswith((" ", "Traceback"))]
    return lines[-1].strip() if lines else ""


def own_place(detail: str) -> Place | None:
    """The innermost line of a traceback that is the user's own."""
    frame = innermost_own(detail)
    if frame is None:
        return None
    lines = detail.splitlines()
    code = lines[frame.first + 1].strip() if frame.last > frame.first else ""
    return Place(frame.file, frame.line, code)
