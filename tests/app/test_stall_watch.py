"""The watch on the window's own thread: work and waits are told, with the place; time that others took is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PySide6.QtCore import QTimer

from app import stall_watch
from app.stall_watch import Instant, StallWatch, WindowStall, slept

WAIT = 20_000


@pytest.fixture
def stalls(qapp) -> list[WindowStall]:
    watch, found = StallWatch(), []
    watch.stalled.connect(found.append)
    watch.start()
    yield found
    watch.stop()


def work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def wait() -> None:
    time.sleep(0.6)


@contextmanager
def busy_machine() -> Iterator[None]:
    """Twice as many processes as there are processors, each of which wants one for itself, while this is entered."""
    processors = len(os.sched_getaffinity(0))
    busy = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(2 * processors)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def names(stall: WindowStall) -> list[str]:
    return [frame.name for frame in stall.stack]


def test_work_in_a_slot_is_told_with_its_place(stalls, qtbot):
    QTimer.singleShot(0, lambda: work(0.15))
    qtbot.waitUntil(lambda: bool(stalls), timeout=WAIT)
    assert stalls[0].worked_ms >= 50
    assert names(stalls[0])[-1] == "work"
    assert "the window worked for" in str(stalls[0])
    assert "test_stall_watch.py" in str(stalls[0])


def test_a_wait_in_a_slot_is_told(stalls, qtbot):
    QTimer.singleShot(0, wait)
    qtbot.waitUntil(lambda: bool(stalls), timeout=WAIT)
    assert names(stalls[0])[-1] == "wait"
    assert "the window waited for" in str(stalls[0])


def test_beside_busy_processes_a_wait_is_told_too_and_they_are_not_blamed_on_the_window(stalls, qtbot):
    rounds = []
    timer = QTimer(interval=15)
    timer.timeout.connect(lambda: rounds.append(work(0.003)))
    with busy_machine():
        timer.start()
        qtbot.waitUntil(lambda: len(rounds) > 20, timeout=WAIT)
        timer.stop()
        assert stalls == []
        QTimer.singleShot(0, wait)
        qtbot.waitUntil(lambda: bool(stalls), timeout=WAIT)
    assert names(stalls[0])[-1] == "wait"
    assert stalls[0].worked_ms < 50


def looks(*seen: tuple[float, str, bool]) -> list[Instant]:
    """Of a thread that was at a time in a place, asleep or not."""
    return [Instant(at, (place, 0), asleep, ()) for at, place, asleep in seen]


def test_a_look_that_found_it_elsewhere_or_awake_says_nothing_of_the_others():
    seen = looks(
        (0.00, "before", False), (0.01, "wait", True), (0.02, "wait", True), (0.03, "wait", False),
        (0.04, "wait", True), (0.05, "wait", True), (0.06, "after", True), (0.07, "wait", True),
    )  # fmt: skip
    assert slept(seen) == {("wait", 0): pytest.approx(0.02)}


def test_of_two_looks_far_apart_little_is_known():
    seen = looks((0.0, "wait", True), (3.0, "wait", True), (3.01, "wait", True))
    assert slept(seen) == {("wait", 0): pytest.approx(0.06)}


def test_who_was_not_looked_at_twice_did_not_sleep():
    assert slept([]) == slept(looks((0.0, "wait", True))) == {}


def test_short_work_is_not_told(stalls, qtbot):
    rounds = []
    timer = QTimer(interval=15)
    timer.timeout.connect(lambda: rounds.append(work(0.003)))
    timer.start()
    qtbot.waitUntil(lambda: len(rounds) > 20, timeout=WAIT)
    timer.stop()
    assert stalls == []


def test_a_process_that_was_stopped_is_not_blamed(stalls, qtbot):
    """Stopped by a signal it gets no processor at all, as on a machine that has none to spare."""
    qtbot.wait(60)
    waker = f"import os, signal, time; time.sleep(0.5); os.kill({os.getpid()}, signal.SIGCONT)"
    child = subprocess.Popen([sys.executable, "-c", waker])
    os.kill(os.getpid(), signal.SIGSTOP)
    child.wait()
    qtbot.wait(100)
    assert [stall for stall in stalls if "wait" not in names(stall)] == []


def test_it_can_be_stopped_and_started_again(qapp, qtbot):
    watch, found = StallWatch(), []
    watch.stalled.connect(found.append)
    watch.stop()
    watch.start()
    watch.start()
    watch.stop()
    QTimer.singleShot(0, lambda: work(0.1))
    qtbot.wait(150)
    assert found == []
    watch.start()
    QTimer.singleShot(0, lambda: work(0.15))
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT)
    watch.stop()


def test_what_a_frame_alone_knew_ends_in_the_thread_it_is_of(stalls, qtbot, monkeypatch):
    ended_in, returned = [], threading.Event()
    look = stall_watch._is_asleep
    monkeypatch.setattr(stall_watch, "_is_asleep", lambda thread: returned.wait(WAIT / 1000) and look(thread))

    class Local:
        def __del__(self) -> None:
            ended_in.append(threading.get_ident())

    def slot() -> None:
        _known_here_alone = Local()
        work(0.15)

    def call() -> None:
        slot()
        returned.set()

    QTimer.singleShot(0, call)
    qtbot.waitUntil(lambda: bool(ended_in and stalls), timeout=WAIT)
    assert "slot" in names(stalls[0])
    assert ended_in == [threading.get_ident()]
