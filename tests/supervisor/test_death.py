from __future__ import annotations

import signal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.death import Cause, Evidence, Order, Remark, judge, name


def died(number: int) -> int:
    """The wait status of a process that a signal ended."""
    return int(number)


def left(code: int) -> int:
    """The wait status of a process that exited."""
    return code << 8


TERM = (signal.SIGTERM,)


@pytest.mark.parametrize(
    ("known", "cause", "outcome"),
    [
        ({"status": died(9), "master": True}, Cause.KILLED, "was killed by SIGKILL (not sent by its master)"),
        ({"status": died(9)}, Cause.KILLED, "was killed by SIGKILL"),
        (
            {"status": died(11), "crash_place": "shop.py:12, in total"},
            Cause.CRASH,
            "crashed with SIGSEGV (a fault in native code) at shop.py:12, in total",
        ),
        ({"status": died(15), "master": True}, Cause.KILLED, "was killed by SIGTERM (not sent by its master)"),
        (
            {"status": died(9), "oom_kills": 1},
            Cause.OUT_OF_MEMORY,
            "was killed by SIGKILL while the kernel was killing for want of memory",
        ),
        (
            {"status": died(9), "master": True, "from_master": (6, 9)},
            Cause.TIMEOUT,
            "was killed by SIGKILL, sent by its master (it had not answered in time)",
        ),
        (
            {"status": died(9), "master": True, "from_master": (9,)},
            Cause.TIMEOUT,
            "was killed by SIGKILL, sent by its master (it had not answered in time)",
        ),
        (
            {"status": left(1), "master": True, "from_master": (6,), "remarks": {Remark.TIMEOUT}},
            Cause.TIMEOUT,
            "exited with status 1 after its master had not heard from it in time",
        ),
        (
            {"status": died(9), "master": True, "from_master": (15, 9), "reason": Remark.RELOAD},
            Cause.FORCED,
            "was killed by SIGKILL, sent by its master (it had not ended in time)",
        ),
        (
            {"status": died(15), "master": True, "from_master": (15,), "reason": Remark.SCALE_DOWN},
            Cause.SCALE_DOWN,
            "ended when its master took a worker less, by SIGTERM",
        ),
        (
            {"status": left(0), "master": True, "from_master": (15,), "reason": Remark.RELOAD},
            Cause.RELOAD,
            "ended when its master loaded the code anew, with status 0",
        ),
        (
            {"status": left(0), "master": True, "from_master": (15,), "reason": Remark.LIFETIME},
            Cause.RECYCLED,
            "ended at its server's limit of a worker's life, with status 0",
        ),
        (
            {"status": left(0), "master": True, "remarks": {Remark.MAX_REQUESTS}},
            Cause.MAX_REQUESTS,
            "ended at its server's limit of requests, with status 0",
        ),
        (
            {"status": died(15), "master": True, "remarks": {Remark.MAX_REQUESTS}, "graceful_signals": TERM},
            Cause.MAX_REQUESTS,
            "ended at its server's limit of requests",
        ),
        (
            {"status": left(0), "master": True, "remarks": {Remark.MAX_REQUESTS}, "from_master": (15,)},
            Cause.MAX_REQUESTS,
            "ended at its server's limit of requests, with status 0",
        ),
        ({"status": left(1), "remarks": {Remark.MAX_REQUESTS}}, Cause.EXIT, "exited by itself with status 1"),
        (
            {"status": left(0), "master": True, "from_us": (15,)},
            Cause.GRACEFUL,
            "ended when Gatescope was asked to send it SIGTERM, with status 0",
        ),
        (
            {"status": died(11), "from_us": (11,)},
            Cause.KILLED,
            "was killed by SIGSEGV, which Gatescope was asked to send",
        ),
        (
            {"status": left(0), "order": Order.RELOAD},
            Cause.RELOAD,
            "ended when newer code had taken its place, with status 0",
        ),
        (
            {"status": died(15), "order": Order.SCALE, "from_master": (15,), "graceful_signals": TERM},
            Cause.SCALE_DOWN,
            "ended when another number of workers had taken its place (this server's workers end by SIGTERM)",
        ),
        ({"status": left(0), "order": Order.KILL}, Cause.GRACEFUL, "ended when it was told to, with status 0"),
        ({"status": died(15), "order": Order.KILL}, Cause.GRACEFUL, "ended when it was told to, by SIGTERM"),
        (
            {"status": died(15), "order": Order.KILL, "from_master": (15,)},
            Cause.GRACEFUL,
            "ended when it was told to, by SIGTERM",
        ),
        (
            {"status": died(15), "master": True, "from_master": (15,)},
            Cause.REPLACED,
            "was killed by SIGTERM, sent by its master",
        ),
        ({"status": died(11)}, Cause.CRASH, "crashed with SIGSEGV (a fault in native code)"),
        ({"status": died(11), "order": Order.STOP}, Cause.CRASH, "crashed with SIGSEGV (a fault in native code)"),
        ({"status": died(11) | 0x80}, Cause.CRASH, "crashed with SIGSEGV (a fault in native code)"),
        (
            {"status": died(15), "graceful_signals": TERM, "order": Order.STOP},
            Cause.GRACEFUL,
            "ended when it was told to (this server's workers end by SIGTERM)",
        ),
        (
            {"status": died(15), "graceful_signals": TERM, "from_master": (15,), "master": True},
            Cause.GRACEFUL,
            "ended when its master sent SIGTERM (this server's workers end by SIGTERM)",
        ),
        ({"status": died(15), "graceful_signals": TERM}, Cause.KILLED, "was killed by SIGTERM"),
        ({"status": died(15), "order": Order.STOP}, Cause.GRACEFUL, "ended when it was told to, by SIGTERM"),
        ({"status": died(9), "order": Order.KILL}, Cause.FORCED, "was killed, since it did not end when told to"),
        (
            {"status": died(15), "master": True, "master_gone": True},
            Cause.ORPHANED,
            "ended by SIGTERM after its master had died",
        ),
        (
            {"status": died(9), "master": True, "master_gone": True},
            Cause.ORPHANED,
            "was killed by SIGKILL, as is every worker whose master has died",
        ),
        ({"status": left(9)}, Cause.EXIT, "exited by itself with status 9"),
        ({"status": left(0)}, Cause.EXIT, "exited by itself with status 0"),
        (
            {"status": left(0), "master": True},
            Cause.GRACEFUL,
            "ended by itself with status 0 (as at a limit of requests, or when somebody tells it to)",
        ),
        (
            {"status": left(0), "master": True, "from_master": (15,)},
            Cause.GRACEFUL,
            "ended when its master sent SIGTERM, with status 0",
        ),
        ({"status": left(0), "order": Order.STOP}, Cause.GRACEFUL, "ended when it was told to, with status 0"),
        (
            {"status": left(0), "master": True, "master_gone": True},
            Cause.ORPHANED,
            "exited with status 0 after its master had died",
        ),
        (
            {"status": left(3), "boot_error": True, "ready": False},
            Cause.BOOT,
            "could not load the application and exited with status 3",
        ),
        ({"status": left(5), "ready": False}, Cause.BOOT, "exited with status 5 before it was ready"),
        ({"status": None, "order": Order.STOP}, Cause.GRACEFUL, "ended when it was told to"),
        (
            {"status": died(9), "boot_error": True, "ready": False, "order": Order.KILL},
            Cause.BOOT,
            "could not load the application and was ended by SIGKILL",
        ),
        ({"status": None, "boot_error": True, "ready": False}, Cause.BOOT, "could not load the application"),
        (
            {"status": left(0), "order": Order.AGAIN, "from_master": (15, 3)},
            Cause.FORCED,
            "ended only when it was told a second time, with status 0",
        ),
        (
            {"status": died(15), "order": Order.AGAIN},
            Cause.FORCED,
            "ended only when it was told a second time, by SIGTERM",
        ),
        ({"status": None, "order": Order.KILL}, Cause.FORCED, "was killed, since it did not end when told to"),
        ({"status": None, "master_gone": True}, Cause.ORPHANED, "ended after its master had died"),
        ({"status": None}, Cause.UNKNOWN, "ended, and nobody saw how"),
    ],
)
def test_the_cause(known: dict[str, Any], cause: Cause, outcome: str) -> None:
    verdict = judge(Evidence(**known))
    assert (verdict.cause, verdict.outcome) == (cause, outcome)


def test_the_verdict_keeps_the_status_apart_from_the_signal() -> None:
    assert (judge(Evidence(status=left(7))).exit_code, judge(Evidence(status=left(7))).signal) == (7, 0)
    assert (judge(Evidence(status=died(9))).exit_code, judge(Evidence(status=died(9))).signal) == (None, 9)
    assert judge(Evidence(status=None)).exit_code is None


@pytest.mark.parametrize(
    ("known", "outcome"),
    [
        ({"status": left(3)}, "ended when its code had changed, with status 3"),
        ({"status": died(15), "from_master": TERM}, "ended when its code had changed, by SIGTERM"),
        ({"status": None}, "ended when its code had changed"),
    ],
)
def test_newer_code(known: dict[str, Any], outcome: str) -> None:
    verdict = judge(Evidence(remarks=frozenset((Remark.RELOAD,)), **known))
    assert (verdict.cause, verdict.outcome) == (Cause.RELOAD, outcome)


def test_what_is_killed_as_its_code_changes_was_killed() -> None:
    assert judge(Evidence(status=died(9), remarks=frozenset((Remark.RELOAD,)))).cause is Cause.KILLED


def test_signals_without_a_name() -> None:
    assert name(signal.SIGHUP) == "SIGHUP"
    assert name(99) == "signal 99"


@given(
    status=st.none() | st.integers(0, 0xFFFF).filter(lambda status: status & 0x7F != 0x7F),
    order=st.sampled_from(Order),
    from_master=st.lists(st.integers(1, 31), max_size=3).map(tuple),
    remarks=st.frozensets(st.sampled_from(Remark)),
    reason=st.none() | st.sampled_from(Remark),
    flags=st.tuples(*[st.booleans()] * 4),
)
def test_there_is_always_an_answer_and_it_reads_after_a_noun(
    status: int | None,
    order: Order,
    from_master: tuple[int, ...],
    remarks: frozenset[Remark],
    reason: Remark | None,
    flags: tuple[bool, bool, bool, bool],
) -> None:
    master, master_gone, ready, boot_error = flags
    verdict = judge(
        Evidence(
            status=status,
            order=order,
            from_master=from_master,
            remarks=remarks,
            reason=reason,
            graceful_signals=(15,),
            master=master,
            master_gone=master_gone,
            ready=ready,
            boot_error=boot_error,
        )
    )
    assert verdict.outcome.split()[0] in {"was", "ended", "ended,", "exited", "crashed", "could"}
