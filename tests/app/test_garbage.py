"""A ring of references is collected in the window's thread, however much another thread allocates."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QTimer

from app.garbage import collect_in_this_thread


class Ring:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


def allocate() -> None:
    """More than enough for Python to look for garbage by itself."""
    kept = [[] for _ in range(10 * gc.get_threshold()[0])]
    assert kept


def test_garbage_is_collected_in_the_window_s_thread_alone(qapp, qtbot) -> None:
    collect_in_this_thread(qapp)
    collected_in: list[threading.Thread] = []
    gone = weakref.ref(Ring(), lambda _ring: collected_in.append(threading.current_thread()))
    other = threading.Thread(target=allocate)
    other.start()
    other.join()
    assert collected_in == []
    held = [[] for _ in range(2 * gc.get_threshold()[0])]  # so that a look is due
    qtbot.waitUntil(lambda: gone() is None, timeout=10_000)
    assert held
    assert collected_in == [threading.main_thread()]


def test_once_is_enough(qapp) -> None:
    collect_in_this_thread(qapp)
    collect_in_this_thread(qapp)
    assert not gc.isenabled()
    assert len(qapp.findChildren(QTimer, "garbage")) == 1
