"""Why a worker ended, as a sign to recognise and words to read. Pure.

The causes are the supervisor's (``Worker.cause``). A peaceful end has the small grey sign that the lanes give it; what
nobody wished for has a disc in the colour of its gravity, and a shape in it that tells one cause from the other without
the colour.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

from app.theme.roles import Role
from inspector.model import PEACEFUL_CAUSES


@dataclass(frozen=True, slots=True)
class Sign:
    """How an end is drawn: ``shape`` (a name that the painter knows), a colour, and the word for the legend."""

    shape: str
    role: Role
    word: str


ALIVE = Sign("", Role.OK, "alive")
#: The state of a worker whose recording ended before it did, and the sign of that.
CUT_OFF = "cut off"
UNSEEN = Sign("open", Role.MUTED, "not seen to end")
_SIGNS = {
    "graceful": Sign("cap", Role.MUTED, "told to end"),
    "scale-down": Sign("less", Role.MUTED, "one worker less"),
    "reload": Sign("again", Role.MUTED, "newer code"),
    "max-requests": Sign("full", Role.MUTED, "limit of requests"),
    "recycled": Sign("full", Role.MUTED, "limit of its life"),
    "timeout": Sign("clock", Role.CLIENT_ERROR, "timeout"),
    "forced": Sign("cross", Role.CLIENT_ERROR, "did not end when told to"),
    "killed": Sign("cross", Role.SERVER_ERROR, "killed"),
    "replaced": Sign("cross", Role.CLIENT_ERROR, "killed by its master"),
    "crash": Sign("bolt", Role.SERVER_ERROR, "crash"),
    "exit": Sign("door", Role.SERVER_ERROR, "exited by itself"),
    "boot error": Sign("bang", Role.SERVER_ERROR, "could not load"),
    "parent gone": Sign("cross", Role.CLIENT_ERROR, "its master died"),
    "out of memory": Sign("memory", Role.SERVER_ERROR, "out of memory"),
    "unknown": Sign("what", Role.CLIENT_ERROR, "nobody saw how"),
}


def sign_of(cause: str, *, held: bool = False) -> Sign:
    """The sign of an end. ``held``: it had requests in hand, and then no end is peaceful."""
    found = _SIGNS.get(cause, _SIGNS["unknown"])
    if held and cause in PEACEFUL_CAUSES:
        return Sign("lost", Role.SERVER_ERROR, f"{found.word}, with requests in hand")
    return found


def exit_words(exit_code: int | None, number: int) -> str:
    """``signal 11, SIGSEGV`` or ``exit status 3``; empty where neither is known."""
    if number:
        return f"signal {number}, {signal_name(number)}" if signal_name(number) else f"signal {number}"
    return f"exit status {exit_code}" if exit_code is not None else ""


def signal_name(number: int) -> str:
    """``SIGKILL`` for 9; empty for a number without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def sentence(outcome: str, state: str) -> str:
    """``The worker was killed by SIGKILL.``, from what the supervisor says of its end, or from its state."""
    said = outcome.strip().rstrip(".")
    if said and state != CUT_OFF:
        return f"The worker {said}."
    return _STATES.get(state, f"The worker is {state}." if state else "")


_STATES = {
    "starting": "The worker loads the application; it takes no requests yet.",
    "ready": "The worker serves.",
    "paused": "The worker is paused (SIGSTOP): requests that reach it wait until it goes on.",
    "stopping": "The worker was told to end and finishes what it has in hand.",
    "exited": "The worker has ended.",
    CUT_OFF: "The recording ends before the worker does.",
}
