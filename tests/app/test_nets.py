"""The nets under the window's tests hold: each is shown what it must find, and what it must let pass."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
from PySide6.QtCore import QObject, QThread, QThreadPool, QTimer, qWarning
from PySide6.QtWidgets import QWidget

from tests.support.nets import left_over, look, warnings_of_qt, watched

#: Of a net that is expected to find something.
SHORT_MS = 20


class Works(QThread):
    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def run(self) -> None:
        self.over.wait(60)


def work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_they_are_under_every_test_with_a_window(qapp, request):
    assert "no_leaks" in request.fixturenames


def test_a_thread_is_found(qapp):
    before, over = look(), threading.Event()
    thread = threading.Thread(target=over.wait, name="forgotten", daemon=True)
    thread.start()
    assert left_over(before, SHORT_MS) == ["the thread 'forgotten' still runs"]
    over.set()
    assert left_over(before) == []


def test_a_thread_of_qt_is_found(qapp):
    before, thread = look(), Works()
    thread.start()
    (found,) = left_over(before, SHORT_MS)
    assert "Works" in found
    thread.over.set()
    assert left_over(before) == []


def test_a_pool_at_work_is_found(qapp):
    before, pool, over = look(), QThreadPool(), threading.Event()
    pool.start(lambda: over.wait(60))
    (found,) = left_over(before, SHORT_MS)
    assert "QThreadPool" in found
    over.set()
    assert left_over(before) == []


def test_a_process_is_found(qapp):
    before = look()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        (found,) = left_over(before, SHORT_MS)
        assert str(child.pid) in found
        assert "input()" in found
        child.communicate(b"\n")
    assert left_over(before) == []


def test_a_timer_that_nobody_owns_is_found(qapp):
    before, timer = look(), QTimer(interval=1000)
    timer.start()
    assert left_over(before, SHORT_MS) == ["a timer of 1000 ms is active and nobody owns it"]
    timer.stop()
    assert left_over(before) == []


def test_a_timer_in_what_is_still_there_is_found(qapp):
    before, owner = look(), QObject()
    inner = QObject(owner)
    timer = QTimer(inner, interval=1000)
    timer.start()
    (found,) = left_over(before, SHORT_MS)
    assert "a timer of 1000 ms is active in <PySide6.QtCore.QObject" in found
    owner.deleteLater()
    assert left_over(before) == []


def test_a_window_is_found(qapp):
    before, window = look(), QWidget()
    (found,) = left_over(before, SHORT_MS)
    assert "QWidget" in found
    window.deleteLater()
    assert left_over(before) == []


def test_what_was_there_before_is_not_blamed(qapp):
    window = QWidget()
    QTimer(window, interval=1000)
    before = look()
    again = QTimer(window, interval=50)
    again.start()
    assert left_over(before, SHORT_MS) == []
    window.deleteLater()


def test_what_only_waits_for_the_search_for_garbage_is_let_go(qapp):
    before = look()
    window = QWidget()
    window.ring = window
    del window
    assert left_over(before) == []


def test_warnings_are_heard(qapp):
    with warnings_of_qt() as said:
        qWarning("something is odd")
        qWarning("This plugin does not support raise()")
    assert said == ["something is odd"]


def test_a_stall_is_found(qtbot):
    with watched() as stalls:
        QTimer.singleShot(0, partial(hashlib.pbkdf2_hmac, "sha512", b"", b"", 400_000))
        qtbot.waitUntil(lambda: len(stalls) > 0, timeout=10_000)
    assert "/pytestqt/" in stalls[0].stack[-1].filename, "in Qt's loop"


@pytest.mark.usefixtures("no_stalls")
def test_the_work_of_the_test_itself_is_no_stall(qtbot):
    qtbot.wait(50)
    time.sleep(0.4)
    qtbot.waitUntil(lambda: work(0.1) is None)
    work(0.1)
    qtbot.wait(50)
