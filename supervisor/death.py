"""From the evidence about a dead worker to the cause of its end.

Pure. The evidence comes from both sides: what the master saw (``waitpid``, the signals it sent) and what the supervisor
saw and did. The same status means different things to different servers: a uvicorn worker ends gracefully *by* SIGTERM,
since it raises the signal again when it has cleaned up, while for gunicorn the same status is a killing.
"""

from __future__ import annotations

import enum
import signal
from dataclasses import dataclass


class Cause(enum.StrEnum):
    """Why a worker ended, in a word or two."""

    GRACEFUL = "graceful"  #: it was told to, by us or by its master, and did
    FORCED = "forced"  #: we killed it since it did not end when told to
    KILLED = "killed"  #: by a signal from outside
    REPLACED = "replaced"  #: its master killed it, for a timeout or to put another in its place
    CRASH = "crash"  #: a signal that a fault in native code raises
    EXIT = "exit"  #: it ended itself with a status
    BOOT = "boot failed"  #: it could not load the application
    ORPHANED = "orphaned"  #: its master died
    OUT_OF_MEMORY = "out of memory"  #: the kernel killed it to free memory
    UNKNOWN = "unknown"


class Order(enum.StrEnum):
    """What the supervisor had ordered when the worker died."""

    NONE = ""
    STOP = "stop"
    KILL = "kill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about a death.

    ``status`` is as ``os.waitpid`` gives it, None when nobody saw it. ``from_master`` are the signals its master sent
    to it. ``master`` says whether it had one. ``oom_kills`` counts the kernel's out-of-memory killings of any process
    on the machine during the worker's last second.
    """

    status: int | None
    order: Order = Order.NONE
    from_master: tuple[int, ...] = ()
    graceful_signals: tuple[int, ...] = ()
    master: bool = False
    master_gone: bool = False
    ready: bool = True
    boot_error: bool = False
    oom_kills: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a worker ended. ``outcome`` reads after "the worker": "was killed by SIGKILL ..."."""

    cause: Cause
    outcome: str
    exit_code: int | None = None
    signal: int = 0


#: Signals that the processor or the C library raise when native code goes wrong.
FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}


def judge(evidence: Evidence) -> Verdict:
    """The most likely cause, given ``evidence``."""
    if evidence.status is None:
        return _unseen(evidence)
    # A wait status as Linux and the BSDs lay it out: the signal in the low seven bits, else the exit status above them.
    if number := evidence.status & 0x7F:
        return _signalled(evidence, number)
    return _exited(evidence, evidence.status >> 8 & 0xFF)


def name(number: int) -> str:
    """``SIGKILL`` for 9; numbers without a name as they are."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _unseen(evidence: Evidence) -> Verdict:
    if evidence.order is Order.KILL:
        return Verdict(cause=Cause.FORCED, outcome="was killed, since it did not end when told to")
    if evidence.order is Order.STOP:
        return Verdict(cause=Cause.GRACEFUL, outcome="ended when it was told to")
    if evidence.master_gone:
        return Verdict(cause=Cause.ORPHANED, outcome="ended after its master had died")
    return Verdict(cause=Cause.UNKNOWN, outcome="ended, and nobody saw how")


def _exited(evidence: Evidence, code: int) -> Verdict:
    def verdict(cause: Cause, outcome: str) -> Verdict:
        return Verdict(cause=cause, outcome=outcome, exit_code=code)

    if evidence.boot_error:
        return verdict(Cause.BOOT, f"could not load the application and exited with status {code}")
    if evidence.order is not Order.NONE:
        return verdict(Cause.GRACEFUL, f"ended when it was told to, with status {code}")
    if evidence.master_gone:
        return verdict(Cause.ORPHANED, f"exited with status {code} after its master had died")
    if evidence.from_master:
        sent = name(evidence.from_master[-1])
        return verdict(Cause.GRACEFUL, f"ended when its master sent {sent}, with status {code}")
    if not evidence.ready:
        return verdict(Cause.BOOT, f"exited with status {code} before it was ready")
    if code == 0 and evidence.master:
        return verdict(
            Cause.GRACEFUL, "ended by itself with status 0 (as at a limit of requests, or when somebody tells it to)"
        )
    return verdict(Cause.EXIT, f"exited by itself with status {code}")


def _signalled(evidence: Evidence, number: int) -> Verdict:
    def verdict(cause: Cause, outcome: str) -> Verdict:
        return Verdict(cause=cause, outcome=outcome, signal=number)

    sent = name(number)
    if number in evidence.graceful_signals and (evidence.order is not Order.NONE or number in evidence.from_master):
        return verdict(Cause.GRACEFUL, f"ended gracefully (this server's workers end by {sent})")
    if number == signal.SIGKILL and evidence.order is Order.KILL:
        return verdict(Cause.FORCED, "was killed, since it did not end when told to")
    if number in evidence.from_master:
        return verdict(Cause.REPLACED, f"was killed by {sent}, sent by its master{_suspicion(evidence)}")
    if evidence.order is not Order.NONE and number not in FAULTS:
        return verdict(Cause.GRACEFUL, f"ended when it was told to, by {sent}")
    if number in FAULTS:
        return verdict(Cause.CRASH, f"crashed with {sent} (a fault in native code)")
    if evidence.master_gone and number == signal.SIGKILL:  # each worker asks the kernel for that (PR_SET_PDEATHSIG)
        return verdict(Cause.ORPHANED, "was killed by SIGKILL, as is every worker whose master has died")
    if evidence.master_gone:
        return verdict(Cause.ORPHANED, f"ended by {sent} after its master had died")
    if number == signal.SIGKILL and evidence.oom_kills:
        return verdict(Cause.OUT_OF_MEMORY, "was killed by SIGKILL while the kernel was killing for want of memory")
    whose = " (not sent by its master)" if evidence.master else ""
    return verdict(Cause.KILLED, f"was killed by {sent}{whose}")


def _suspicion(evidence: Evidence) -> str:
    """A master kills a worker of its own with SIGABRT or SIGKILL when it has not heard from it in time."""
    if signal.SIGABRT in evidence.from_master or signal.SIGKILL in evidence.from_master:
        return " (it had not answered in time)"
    return ""
