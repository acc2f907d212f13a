"""The words for an instance that does not start, or ends when it should not.

Functions from what is known to a ``Problem``; nothing here looks for itself.
"""

from __future__ import annotations

import errno
import re

from inspector.model import Worker
from supervisor.control.messages import Problem, WayOut
from supervisor.death import Cause
from supervisor.launching import Plan

#: Lines of output to show where there is no traceback.
SHOWN = 20

MORE_FILES = WayOut(text="Let it open more files, then start it again.", command="ulimit -n 4096")
_MEND = WayOut(text="Mend what kills it, then start the application again.")


def last_line(traceback: str) -> str:
    """The line of a traceback that says what it was: ``ModuleNotFoundError: No module named 'flask'``."""
    lines = [line for line in traceback.splitlines() if line.strip() and not line.startswith((" ", "Traceback"))]
    return lines[-1].strip() if lines else ""


def cannot_start(plan: Plan, error: OSError) -> Problem:
    """The interpreter itself could not be started."""
    why = f"{plan.python}: {error.strerror or error}."
    way = WayOut(text="Name an interpreter that works.", command="--python PATH")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        why, way = f"{error.strerror}: this process may not have more.", MORE_FILES
    elif error.errno in (errno.EAGAIN, errno.ENOMEM):
        why = f"{error.strerror}: the machine has no room for another process, or you may not have more (ulimit -u)."
        way = WayOut(text="Stop something else, or take fewer workers.")
    return Problem(what="The server could not be started.", why=why, ways_out=(way,))


def no_place(error: OSError) -> Problem:
    """There is no socket, address or folder for another instance."""
    what = "There is no place to start the server in."
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return Problem(what=what, why=f"{error.strerror}: this process may not have more.", ways_out=(MORE_FILES,))
    named = f" ({error.filename})" if error.filename else ""
    return Problem(what=what, why=f"{error.strerror or error}{named}.")


def failed(plan: Plan, traceback: str, lines: list[str], outcome: str) -> Problem:
    """No worker got ready."""
    if traceback:
        what = f"{plan.launch.target} could not be loaded."
        return Problem(what=what, why=last_line(traceback), detail=traceback)
    what = f"{plan.mode.slug} did not start serving {plan.launch.target}."
    why = f"Its process {outcome}." if outcome else "No worker was ready in time."
    return Problem(what=what, why=why, detail="\n".join(_as_its_own(line, plan) for line in lines[-SHOWN:]))


def _as_its_own(line: str, plan: Plan) -> str:
    """What a server says of its command line, with its own name for that of our launcher."""
    return re.sub(r"^(usage: )?launch\.py\b", lambda found: f"{found[1] or ''}{plan.argv[0]}", line)


def aborted(app: str) -> Problem:
    """Somebody did not want to wait."""
    return Problem(what=f"{app} was stopped before it served.")


def looping(plan: Plan, outcome: str, traceback: str, lines: list[str], *, ready: bool) -> Problem:
    """Workers die young, again and again; the last one's ``outcome``. ``ready``: they get ready before they die."""
    when = "right after they are ready" if ready else "before they are ready"
    what = f"The workers of {plan.launch.target} die {when}, again and again."
    if ready:
        return Problem(what=what, why=f"The last one {outcome}.", detail="\n".join(lines[-SHOWN:]))
    return Problem(what=what, why=last_line(traceback), detail=traceback or "\n".join(lines[-SHOWN:]))


def unseen() -> Problem:
    """A command that somebody wrote serves, and no probe has been heard of."""
    why = (
        "No process of the command has said that it serves: it is not Python, is kept from importing anything at its "
        "start (-I, -S, -E), or its server is none that the probe knows. What passes on the wire is recorded, not what "
        "server and application say to each other, nor what becomes of workers."
    )
    return Problem(what="The probe is not inside: only the wire is seen.", why=why)


def away(worker: Worker) -> Problem:
    """The only worker of a command is gone, or about to go."""
    if not worker.cause or worker.cause == Cause.RELOAD:
        return Problem(what="Its code has changed and is being loaded.")
    return Problem(what="Nothing serves at the moment.", why=f"The worker {worker.outcome}.")


def deserted(worker: Worker) -> Problem:
    """A command's worker died, and the command did nothing about it."""
    why = f"Its worker {worker.outcome}, and it has started no other."
    return Problem(what="The command goes on without serving; it is started anew.", why=why)


def restarting(plan: Plan, outcome: str, pause: float) -> Problem:
    """It died and will be started again."""
    when = f"in {pause:g} s" if pause else "now"
    together = plan.mode.ends_together and plan.mode.has_master(plan.launch.workers)
    why = "Its master ends, and all its workers with it, when one of them does." if together else ""
    return Problem(what=f"{plan.mode.slug} {outcome}; it is started again {when}.", why=why)


def held(reason: Problem, pause: float) -> Problem:
    """Its workers die young, so it is kept down for a while."""
    why = f"{reason.why} Its server would go on for ever, so it is held and started again in {pause:g} s.".strip()
    return Problem(what=reason.what, why=why, detail=reason.detail)


def given_up(reason: Problem) -> Problem:
    """It was held and started again often enough."""
    why = f"{reason.why} It is not started again.".strip()
    return Problem(what=reason.what, why=why, ways_out=(_MEND,), detail=reason.detail)


def deaf(plan: Plan, signal_name: str) -> Problem:
    """The server did not do what a signal asks for."""
    why = f"{plan.mode.slug} was sent {signal_name}, and nothing came of it within ten seconds."
    return Problem(what="The number of workers did not change.", why=why)


def gone(plan: Plan, outcome: str, traceback: str, lines: list[str]) -> Problem:
    """It served, died, and is not started again."""
    what = f"{plan.mode.slug} {outcome or 'ended'} and is not started again."
    why = last_line(traceback) or "It died too often in a row."
    return Problem(what=what, why=why, ways_out=(_MEND,), detail=traceback or "\n".join(lines[-SHOWN:]))
