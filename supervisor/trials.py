"""Which modes are compared, how they are written, and in what order they are tried.

Pure.
"""

from __future__ import annotations

import re

from supervisor.control.messages import Problem, TrialMode, WayOut

#: Rounds where nobody says how many: one says nothing of how much figures vary. At a recorded pace one takes long.
ROUNDS = 3
_WRITTEN = re.compile(r"([A-Za-z0-9-]+)(?:\*(\d{1,4})(?:x(\d{1,4}))?)?")


def parse(text: str) -> tuple[TrialMode, ...] | Problem:
    """``gunicorn-sync*2,uvicorn,gunicorn-gthread*2x8``: modes with workers, and threads of each; or what is wrong."""
    modes: list[TrialMode] = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        found = _WRITTEN.fullmatch(word)
        if found is None or found[2] == "0":
            why = "Write a mode, with workers behind a star and threads behind an x: gunicorn-gthread*2x8."
            return Problem(what=f"{word!r} is not a mode to compare.", why=why, usage=True)
        mode = TrialMode(mode=found[1], workers=int(found[2] or 1), threads=int(found[3] or 0))
        if mode not in modes:
            modes.append(mode)
    if not modes:
        way = WayOut(text="See what there is.", command="gatescope modes TARGET")
        return Problem(what="Say which modes to compare.", ways_out=(way,), usage=True)
    return tuple(modes)


def rounds(asked: int, speed: str) -> int:
    """How often each mode is tried, where ``asked`` says or leaves it open (0)."""
    return asked or (ROUNDS if speed == "max" else 1)


def schedule(modes: tuple[TrialMode, ...], rounds: int) -> list[tuple[int, TrialMode]]:
    """Round by round, so that what changes on the machine meanwhile hits no mode alone. Every other round goes
    backwards: none is always the first.
    """
    found: list[tuple[int, TrialMode]] = []
    for number in range(1, rounds + 1):
        found += [(number, mode) for mode in (modes if number % 2 else reversed(modes))]
    return found
