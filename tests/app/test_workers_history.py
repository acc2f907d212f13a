"""Lives and events out of instances and workers, and for how long exchanges are in hand. No Qt."""

from __future__ import annotations

import pytest

from app.workers.history import KEPT, InHand, events_of, lives_of
from app.workers.words import cpu, duration, memory
from inspector.model import Instance, Worker
from supervisor.control.messages import AppStatus, TargetSpec, WorkerStatus

S = 1_000_000_000
UVICORN = Instance(1, "shop", "x:y", "uvicorn", "ASGI3", 2, 1, pid=90, started_ns=S, ready_ns=3 * S)
GONE = Instance(2, "shop", "x:y", "wsgiref", "WSGI", 1, 1, pid=91, started_ns=S, ended_ns=9 * S, outcome="was stopped")


def wall(t_ns: int) -> int:
    return t_ns + 100 * S


def worker(**more: object) -> Worker:
    usual: dict[str, object] = {"id": 1, "instance": 1, "slot": 1, "generation": 1, "pid": 100, "state": "ready",
                                "born_ns": S, "ready_ns": 2 * S}  # fmt: skip
    return Worker(**{**usual, **more})  # type: ignore[arg-type]


DEAD = worker(
    id=2, pid=101, ended_ns=5 * S, state="exited", cause="killed", outcome="killed by SIGKILL", in_hand=(7, 8)
)
PEACEFUL = worker(id=3, pid=102, ended_ns=5 * S, state="exited", cause="graceful", outcome="ended gracefully")


def test_lives_come_newest_first_with_times_of_day():
    dead, living = lives_of([UVICORN], [worker(), DEAD], wall)
    assert (dead.pid, dead.began, dead.ended, dead.outcome, dead.in_hand) == (
        101,
        101,
        105,
        "killed by SIGKILL",
        (7, 8),
    )
    assert (living.app, living.mode, living.ended, living.state) == ("shop", "uvicorn", 0.0, "ready")


@pytest.mark.parametrize(
    ("made", "alarming"),
    [(worker(), False), (DEAD, True), (PEACEFUL, False), (worker(ended_ns=S, in_hand=(1,)), True),
     (worker(ended_ns=S, cause="crash"), True)],
)  # fmt: skip
def test_what_is_alarming(made, alarming):
    assert lives_of([UVICORN], [made], wall)[0].alarming is alarming


def test_a_worker_of_an_instance_that_is_not_there():
    [life] = lives_of([], [worker()], wall)
    assert (life.app, life.mode) == ("", "")


def test_events_come_newest_first():
    events = events_of([UVICORN, GONE], [DEAD, PEACEFUL], wall)
    assert events[0].at == 109
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
    told = {(event.kind, event.text) for event in events}
    assert told == {
        ("ended", "wsgiref was stopped"), ("started", "wsgiref with 1 worker starts"),
        ("started", "uvicorn with 2 workers starts"), ("ready", "uvicorn serves"), ("ready", "serves"),
        ("born", "process 101 began, generation 1"), ("born", "process 102 began, generation 1"),
        ("failed", "killed by SIGKILL, with #7, #8 in hand"), ("exited", "ended gracefully"),
    }  # fmt: skip


def test_an_end_without_words():
    [event] = events_of([], [worker(born_ns=0, ready_ns=0, ended_ns=S)], wall)
    assert (event.text, event.app) == ("ended", "")


def test_a_crash_loop_does_not_fill_the_window():
    workers = [worker(id=number, generation=number) for number in range(1, KEPT + 50)]
    assert len(lives_of([UVICORN], workers, wall)) == KEPT
    assert len(events_of([UVICORN], workers, wall)) == KEPT


def held(*exchanges: int, name: str = "shop") -> AppStatus:
    one = WorkerStatus(slot=1, generation=1, pid=100, state="ready", in_hand=exchanges)
    return AppStatus(name=name, target=TargetSpec(target="x:y"), processes=(one,))


def test_elapsed_counts_from_the_first_sight():
    hand = InHand()
    hand.see(held(7), 10.0)
    hand.see(held(7, 8), 12.0)
    assert (hand.held_for("shop", 7, 13.0), hand.held_for("shop", 8, 13.0)) == (3.0, 1.0)
    hand.see(held(7, name="blog"), 12.5)
    assert hand.held_for("blog", 7, 13.0) == 0.5
    hand.see(held(), 14.0)
    assert hand.held_for("shop", 7, 15.0) == 0.0
    assert hand.held_for("unknown", 7, 15.0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0.0 s"), (0.34, "0.3 s"), (9.96, "10 s"), (59.4, "59 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_figures():
    assert (memory(0), memory(57_671_680), memory(1_610_612_736)) == ("", "55.0 MiB", "1,536 MiB")
    assert (cpu(0.0), cpu(12.34), cpu(250.0)) == ("0.0 %", "12 %", "250 %")
