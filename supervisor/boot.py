"""The words for an instance that does not start, or ends when it should not.

Functions from what is known to a ``Problem``; nothing here looks for itself.
"""

from __future__ import annotations

from supervisor.control.messages import Problem, WayOut
from supervisor.launching import Plan

#: Lines of output to show where there is no traceback.
SHOWN = 20


def last_line(traceback: str) -> str:
    """The line of a traceback that says what it was: ``ModuleNotFoundError: No module named 'flask'``."""
    lines = [line for line in traceback.splitlines() if line.strip() and not line.startswith((" ", "Traceback"))]
    return lines[-1].strip() if lines else ""


def cannot_start(plan: Plan, error: OSError) -> Problem:
    """The interpreter itself could not be started."""
    why = f"{plan.python}: {error.strerror or error}"
    way = WayOut(text="Name an interpreter that works.", command="--python PATH")
    return Problem(what="The server could not be started.", why=why, ways_out=(way,))


def failed(plan: Plan, traceback: str, lines: list[str], outcome: str) -> Problem:
    """No worker got ready."""
    if traceback:
        what = f"{plan.launch.target} could not be loaded."
        return Problem(what=what, why=last_line(traceback), detail=traceback)
    what = f"{plan.mode.slug} did not start serving {plan.launch.target}."
    why = f"Its process {outcome}." if outcome else "No worker was ready in time."
    return Problem(what=what, why=why, detail="\n".join(lines[-SHOWN:]))


def aborted(app: str) -> Problem:
    """Somebody did not want to wait."""
    return Problem(what=f"{app} was stopped before it served.")


def looping(plan: Plan, traceback: str, lines: list[str]) -> Problem:
    """Workers die before they are ready, again and again."""
    what = f"The workers of {plan.launch.target} die before they are ready, again and again."
    return Problem(what=what, why=last_line(traceback), detail=traceback or "\n".join(lines[-SHOWN:]))


def restarting(plan: Plan, outcome: str, pause: float) -> Problem:
    """It died and will be started again."""
    when = f"in {pause:g} s" if pause else "now"
    together = plan.mode.ends_together and plan.mode.has_master(plan.launch.workers)
    why = "Its master ends, and all its workers with it, when one of them does." if together else ""
    return Problem(what=f"{plan.mode.slug} {outcome}; it is started again {when}.", why=why)


def gone(plan: Plan, outcome: str, traceback: str, lines: list[str]) -> Problem:
    """It served, died, and is not started again."""
    what = f"{plan.mode.slug} {outcome or 'ended'} and is not started again."
    why = last_line(traceback) or "It died too often in a row."
    way = WayOut(text="Mend what kills it, then start the application again.")
    return Problem(what=what, why=why, ways_out=(way,), detail=traceback or "\n".join(lines[-SHOWN:]))
