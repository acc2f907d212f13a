"""Lives, ends and switches out of what the store says."""

from __future__ import annotations

from app.traffic.lanes.marks import described, marks_of
from inspector.model import Instance, Stall, Worker, WorkerEvent


def instance(identity: int, mode: str, ready: int, workers: int = 1, threads: int = 1) -> Instance:
    return Instance(identity, "shop", "shop:app", mode, "WSGI", workers, threads, ready_ns=ready)


def test_modes_with_their_numbers() -> None:
    assert described(instance(1, "uvicorn", 1)) == "uvicorn, 1 worker"
    assert described(instance(1, "gunicorn-gthread", 1, 2, 4)) == "gunicorn-gthread, 2 workers, 4 threads"


def test_switches_say_what_serves_from_then_on() -> None:
    launched = [
        instance(1, "uvicorn", 10), instance(2, "uvicorn", 20), instance(3, "gunicorn-sync", 30),
        instance(4, "never", 0),
    ]  # fmt: skip
    found = marks_of(launched[::-1], []).switches
    assert [(switch.t_ns, switch.label) for switch in found] == [
        (10, "uvicorn, 1 worker"), (20, "reload"), (30, "gunicorn-sync, 1 worker"),
    ]  # fmt: skip
    assert [switch.tip for switch in found] == [
        "uvicorn, 1 worker serves", "uvicorn, 1 worker, loaded anew", "uvicorn, 1 worker → gunicorn-sync, 1 worker",
    ]  # fmt: skip


def test_lives_of_a_slot_and_which_ends_are_alarming() -> None:
    workers = [
        Worker(1, 1, 1, 1, 100, "exited", born_ns=1, ready_ns=2, ended_ns=5, cause="graceful"),
        Worker(3, 1, 1, 3, 102, "ready", born_ns=9),
        Worker(2, 1, 1, 2, 101, "exited", born_ns=5, ended_ns=9, cause="killed", outcome="killed by SIGKILL"),
        Worker(4, 1, 2, 1, 103, "exited", born_ns=1, ended_ns=3, cause="graceful", in_hand=(7,)),
    ]
    marks = marks_of([instance(1, "gunicorn-sync", 2, 2)], workers)
    assert [(life.pid, life.alarming) for life in marks.lives[1]] == [(100, False), (101, True), (102, False)]
    assert marks.lives[2][0].alarming
    newest = marks.newest(1)
    assert newest is not None
    assert (newest.pid, newest.mode) == (102, "gunicorn-sync")
    assert marks.newest(9) is None


def test_the_only_worker_of_an_instance_is_known_before_it_is_there() -> None:
    launched = [instance(1, "uvicorn", 1), instance(2, "uvicorn", 2), instance(3, "gunicorn-sync", 3, 2)]
    marks = marks_of(launched, [Worker(1, 2, 3, 1, 100, "ready"), Worker(2, 99, 1, 1, 101, "ready")])
    assert marks.alone == {1: 1, 2: 3}
    assert marks.lives[1][0].mode == ""


STACK = '  File "/srv/shop/main.py", line 42, in handler\n    time.sleep(0.3)\n'
MS = 1_000_000


def test_blocked_loops_by_slot_and_time() -> None:
    workers = [Worker(1, 1, 1, 1, 100, "exited", born_ns=1, ended_ns=900 * MS), Worker(2, 1, 2, 1, 101, "ready")]
    stalls = [
        Stall(1, 400 * MS, 0, 7), Stall(1, 100 * MS, 200 * MS, 7, STACK), Stall(2, 300 * MS, 0),
        Stall(9, 1, 2),
    ]  # fmt: skip
    marks = marks_of([], workers, stalls)
    assert {slot: [one.begin // MS for one in found] for slot, found in marks.blocked.items()} == {
        1: [100, 400],
        2: [300],
    }
    first, last = marks.blocked[1]
    lives_on = marks.blocked[2][0]
    assert first.words(0) == "event loop blocked 100 ms, in main.py:42 in handler"
    assert last.words(999 * MS) == "event loop blocked 500 ms", "it ended with its process"
    assert lives_on.words(999 * MS) == "event loop blocked 699 ms so far"
    assert marks.blocked_between(1, 150 * MS, 500 * MS, 999 * MS) == [first, last]
    assert marks.blocked_between(1, 201 * MS, 399 * MS, 999 * MS) == []
    assert marks.blocked_between(3, 0, 999 * MS, 999 * MS) == []
    assert marks.next_blocked(100 * MS) == lives_on
    assert marks.next_blocked(400 * MS) is None
    assert marks.next_blocked(300 * MS, back=True) == first
    assert marks.next_blocked(100 * MS, back=True) is None


def test_the_place_of_a_stack_without_a_function() -> None:
    worker = Worker(1, 1, 1, 1, 100, "ready")
    [blocked] = marks_of([], [worker], [Stall(1, 1, 2, 0, '  File "main.py", line 3\n')]).blocked[1]
    assert blocked.place == "main.py:3"


def test_pauses_of_a_life() -> None:
    happened = [(1, 5, "resumed"), (1, 10, "paused"), (1, 20, "resumed"), (1, 30, "paused"), (2, 5, "ready")]
    events = [WorkerEvent(worker, t_ns, event, {}) for worker, t_ns, event in happened]
    marks = marks_of([], [Worker(1, 1, 1, 1, 100, "paused"), Worker(2, 1, 2, 1, 101, "ready")], [], events)
    assert marks.lives[1][0].pauses == ((10, 20), (30, 0))
    assert marks.lives[2][0].pauses == ()
