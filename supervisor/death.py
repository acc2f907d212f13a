"""From the evidence about a dead worker to the cause of its end.

Pure. The evidence comes from all sides: what the master saw (``waitpid``, the signals it sent), what the server's log
said, and what the supervisor saw and did. The same status means different things to different servers: a uvicorn
worker ends gracefully *by* SIGTERM, since it raises the signal again when it has cleaned up, while for gunicorn the
same status is a killing.
"""

from __future__ import annotations

import enum
import signal
from dataclasses import dataclass


class Cause(enum.StrEnum):
    """Why a worker ended, in a word or two."""

    GRACEFUL = "graceful"  #: it was told to, by us or by its master, and did
    SCALE_DOWN = "scale-down"  #: there are to be fewer workers
    RELOAD = "reload"  #: one with newer code takes its place
    MAX_REQUESTS = "max-requests"  #: it had served as many as its server lets one serve
    RECYCLED = "recycled"  #: it had lived as long as its server lets one live
    TIMEOUT = "timeout"  #: its master had not heard from it in time
    FORCED = "forced"  #: it was killed since it did not end when told to
    KILLED = "killed"  #: by a signal from outside
    REPLACED = "replaced"  #: its master killed it, and nobody knows why
    CRASH = "crash"  #: a signal that a fault in native code raises
    EXIT = "exit"  #: it ended itself with a status
    BOOT = "boot error"  #: it could not load the application
    ORPHANED = "parent gone"  #: its master died
    OUT_OF_MEMORY = "out of memory"  #: the kernel killed it to free memory
    UNKNOWN = "unknown"


class Order(enum.StrEnum):
    """What the supervisor had ordered when the worker died."""

    NONE = ""
    STOP = "stop"
    SWITCH = "switch"  #: an instance in another mode takes its place
    RELOAD = "reload"  #: an instance with newer code takes its place
    SCALE = "scale"  #: an instance with another number of workers takes its place
    HOLD = "hold"  #: its workers died again and again; it is started anew after a pause
    AGAIN = "again"  #: to end, once more and harder, since it had not when it was first told to
    KILL = "kill"


class Remark(enum.StrEnum):
    """What a server's log said about a worker, or about why its master does what it does."""

    TIMEOUT = "timeout"
    MAX_REQUESTS = "max requests"
    LIFETIME = "lifetime"
    RELOAD = "reload"
    SCALE_DOWN = "scale down"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about a death.

    ``status`` is as ``os.waitpid`` gives it, None when nobody saw it. ``from_master`` are the signals its master sent
    to it, ``from_us`` those that the user had us send. ``reason`` is why the master last began to end workers.
    ``remarks`` are what the log said about this worker. ``master`` says whether it had one. ``oom_kills`` counts the
    kernel's out-of-memory killings around here during the worker's last second. ``crash_place`` is where in the
    application a fault happened, as far as its process could say.
    """

    status: int | None
    order: Order = Order.NONE
    from_master: tuple[int, ...] = ()
    from_us: tuple[int, ...] = ()
    reason: Remark | None = None
    remarks: frozenset[Remark] = frozenset()
    graceful_signals: tuple[int, ...] = ()
    master: bool = False
    master_gone: bool = False
    ready: bool = True
    boot_error: bool = False
    oom_kills: int = 0
    crash_place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a worker ended. ``outcome`` reads after "the worker": "was killed by SIGKILL ..."."""

    cause: Cause
    outcome: str
    exit_code: int | None = None
    signal: int = 0


#: Signals that the processor or the C library raise when native code goes wrong.
FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}

#: Ends that nobody wished for: a worker that comes to one right after its start will do so again.
BAD = frozenset({Cause.CRASH, Cause.EXIT, Cause.BOOT, Cause.KILLED, Cause.OUT_OF_MEMORY})

_ORDERED = {
    Order.STOP: (Cause.GRACEFUL, "ended when it was told to"),
    Order.SWITCH: (Cause.GRACEFUL, "ended when another mode had taken its place"),
    Order.RELOAD: (Cause.RELOAD, "ended when newer code had taken its place"),
    Order.SCALE: (Cause.SCALE_DOWN, "ended when another number of workers had taken its place"),
    Order.HOLD: (Cause.GRACEFUL, "ended when its server was held, for workers that died again and again"),
    Order.AGAIN: (Cause.FORCED, "ended only when it was told a second time"),
    Order.KILL: (Cause.FORCED, "was killed, since it did not end when told to"),
}

_REASONS = {
    Remark.RELOAD: (Cause.RELOAD, "ended when its master loaded the code anew"),
    Remark.SCALE_DOWN: (Cause.SCALE_DOWN, "ended when its master took a worker less"),
    Remark.LIFETIME: (Cause.RECYCLED, "ended at its server's limit of a worker's life"),
    Remark.STOP: (Cause.GRACEFUL, "ended when its master was told to stop"),
}

_CODE_CHANGED = "ended when its code had changed"
_MAX_REQUESTS = (Cause.MAX_REQUESTS, "ended at its server's limit of requests")


def judge(evidence: Evidence) -> Verdict:
    """The most likely cause, given ``evidence``."""
    if evidence.status is None:
        return Verdict(cause=(found := _unseen(evidence))[0], outcome=found[1])
    # A wait status as Linux and the BSDs lay it out: the signal in the low seven bits, else the exit status above them.
    if number := evidence.status & 0x7F:
        cause, outcome = _signalled(evidence, number)
        return Verdict(cause=cause, outcome=outcome, signal=number)
    code = evidence.status >> 8 & 0xFF
    cause, outcome = _exited(evidence, code)
    return Verdict(cause=cause, outcome=outcome, exit_code=code)


def name(number: int) -> str:
    """``SIGKILL`` for 9; numbers without a name as they are."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _unseen(evidence: Evidence) -> tuple[Cause, str]:
    if _reloaded(evidence):
        return Cause.RELOAD, _CODE_CHANGED
    if evidence.boot_error:
        return Cause.BOOT, "could not load the application"
    if evidence.order is not Order.NONE:
        return _ORDERED[evidence.order]
    if evidence.master_gone:
        return Cause.ORPHANED, "ended after its master had died"
    return Cause.UNKNOWN, "ended, and nobody saw how"


def _exited(evidence: Evidence, code: int) -> tuple[Cause, str]:
    with_status = f", with status {code}"
    if _reloaded(evidence):
        return Cause.RELOAD, _CODE_CHANGED + with_status
    if evidence.boot_error:
        return Cause.BOOT, f"could not load the application and exited with status {code}"
    if evidence.order is not Order.NONE:
        cause, outcome = _ORDERED[Order.STOP if evidence.order is Order.KILL else evidence.order]
        return cause, outcome + with_status
    if evidence.master_gone:
        return Cause.ORPHANED, f"exited with status {code} after its master had died"
    if _timed_out(evidence):
        return Cause.TIMEOUT, f"exited with status {code} after its master had not heard from it in time"
    if evidence.from_master:
        return _told_by_master(evidence, with_status)
    if Remark.MAX_REQUESTS in evidence.remarks and code == 0:
        cause, outcome = _MAX_REQUESTS
        return cause, outcome + with_status
    if not evidence.ready:
        return Cause.BOOT, f"exited with status {code} before it was ready"
    if code == 0 and evidence.from_us:
        return Cause.GRACEFUL, f"ended when Gatescope was asked to send it {name(evidence.from_us[-1])}{with_status}"
    if code == 0 and evidence.master:
        words = "ended by itself with status 0 (as at a limit of requests, or when somebody tells it to)"
        return Cause.GRACEFUL, words
    return Cause.EXIT, f"exited by itself with status {code}"


def _signalled(evidence: Evidence, number: int) -> tuple[Cause, str]:
    sent = name(number)
    if evidence.boot_error and evidence.order is not Order.NONE:  # that is why we ended it
        return Cause.BOOT, f"could not load the application and was ended by {sent}"
    if number == signal.SIGKILL and evidence.order is Order.KILL:
        return _ORDERED[Order.KILL]
    if number in evidence.from_master and _reloaded(evidence):
        return Cause.RELOAD, f"{_CODE_CHANGED}, by {sent}"
    if number in evidence.from_master:
        return _killed_by_master(evidence, number)
    if number in evidence.from_us:
        return Cause.KILLED, f"was killed by {sent}, which Gatescope was asked to send"
    if number in FAULTS:
        where = f" at {evidence.crash_place}" if evidence.crash_place else ""
        return Cause.CRASH, f"crashed with {sent} (a fault in native code){where}"
    if evidence.order is not Order.NONE:
        return _ordered_by_signal(evidence, number)
    if evidence.master_gone and number == signal.SIGKILL:  # each worker asks the kernel for that (PR_SET_PDEATHSIG)
        return Cause.ORPHANED, "was killed by SIGKILL, as is every worker whose master has died"
    if evidence.master_gone:
        return Cause.ORPHANED, f"ended by {sent} after its master had died"
    if number == signal.SIGKILL and evidence.oom_kills:
        return Cause.OUT_OF_MEMORY, "was killed by SIGKILL while the kernel was killing for want of memory"
    if Remark.MAX_REQUESTS in evidence.remarks and number in evidence.graceful_signals:
        return _MAX_REQUESTS
    whose = " (not sent by its master)" if evidence.master else ""
    return Cause.KILLED, f"was killed by {sent}{whose}"


def _ordered_by_signal(evidence: Evidence, number: int) -> tuple[Cause, str]:
    cause, outcome = _ORDERED[Order.STOP if evidence.order is Order.KILL else evidence.order]
    if number in evidence.graceful_signals:
        return cause, f"{outcome} (this server's workers end by {name(number)})"
    return cause, f"{outcome}, by {name(number)}"


def _killed_by_master(evidence: Evidence, number: int) -> tuple[Cause, str]:
    sent = name(number)
    if number in evidence.graceful_signals:
        return _told_by_master(evidence, f" (this server's workers end by {sent})")
    if _timed_out(evidence):
        return Cause.TIMEOUT, f"was killed by {sent}, sent by its master (it had not answered in time)"
    if number == signal.SIGKILL and len(evidence.from_master) > 1:
        return Cause.FORCED, "was killed by SIGKILL, sent by its master (it had not ended in time)"
    if evidence.reason is not None or evidence.order is not Order.NONE:
        return _told_by_master(evidence, f", by {sent}")
    return Cause.REPLACED, f"was killed by {sent}, sent by its master"


def _told_by_master(evidence: Evidence, how: str) -> tuple[Cause, str]:
    """Its master ended it, and it ended as it should; ``how`` closes the sentence."""
    if evidence.order is not Order.NONE:
        cause, outcome = _ORDERED[Order.STOP if evidence.order is Order.KILL else evidence.order]
    elif evidence.reason in _REASONS:
        cause, outcome = _REASONS[evidence.reason]
    elif Remark.MAX_REQUESTS in evidence.remarks:
        cause, outcome = _MAX_REQUESTS
    else:
        cause, outcome = Cause.GRACEFUL, f"ended when its master sent {name(evidence.from_master[-1])}"
    return cause, outcome + how


def _reloaded(evidence: Evidence) -> bool:
    """Whether it ends for newer code, as itself or its master said, while nobody wants more."""
    return Remark.RELOAD in evidence.remarks and evidence.order is Order.NONE


def _timed_out(evidence: Evidence) -> bool:
    """Whether its master had given it up: the log says so, or the signal does.

    Masters send SIGABRT for nothing else (gunicorn), and SIGKILL without a gentler signal before it (uvicorn).
    """
    sent = evidence.from_master
    quiet = signal.SIGABRT in sent or (sent and set(sent) == {signal.SIGKILL})
    return bool(sent) and bool(Remark.TIMEOUT in evidence.remarks or (quiet and evidence.order is Order.NONE))
