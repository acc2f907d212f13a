"""What a test of the window must not leave behind: threads, processes, timers without owners, windows, Qt's warnings.

``no_leaks`` looks before and after each test; what is on its way out gets some seconds to go. A fixture of a wider
scope may keep what it has: what was there before the test is nobody's fault. ``no_stalls``, for tests with live
traffic, fails those in which the window did not answer for too long. Knows Qt, and of the window only who watches it.
"""

from __future__ import annotations

import dataclasses
import gc
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from PySide6.QtCore import (
    QCoreApplication,
    QDeadlineTimer,
    QEvent,
    QObject,
    QThread,
    QThreadPool,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import getCppPointer, isValid

from app.garbage import collect_in_this_thread
from app.stall_watch import Stack, StallWatch, WindowStall

PATIENCE_MS = 5000  #: for what is ending when the test is over
#: What the offscreen platform says of what it cannot do.
HARMLESS = ("propagateSizeHints", "does not support raise")

_OUTSIDE = re.compile("/pytestqt/|/tests/|/_pytest/|/pluggy/")


@dataclasses.dataclass(frozen=True, slots=True)
class Before:
    """What was there before a test. Objects of Qt by their addresses, so that nothing is kept alive by looking."""

    threads: frozenset[threading.Thread]
    children: frozenset[int]
    roots: frozenset[int]  #: windows, and the topmost owners of timers
    workers: frozenset[int]  #: Qt's threads and pools, which may be put to work by who made them


def look() -> Before:
    """What is there now."""
    timers, threads, pools = _objects()
    roots = {_address(_root(timer)) for timer in timers} | {_address(window) for window in _windows()}
    workers = {_address(one) for one in (*threads, *pools)}
    return Before(frozenset(threading.enumerate()), frozenset(_children()), frozenset(roots), frozenset(workers))


def left_over(before: Before, patience_ms: int = PATIENCE_MS) -> list[str]:
    """What is there that was not before, in words; what goes by itself within the patience is not told."""
    deadline = QDeadlineTimer(patience_ms)
    while found := _found(before):
        if deadline.hasExpired():
            break
        gc.collect()  # a window in a ring of references is no leak
        _let_go()
        QThread.msleep(10)
    return found


def _found(before: Before) -> list[str]:
    _let_go()
    return [*_left_threads(before), *_left_children(before), *_left_objects(before), *_left_windows(before)]


def _left_threads(before: Before) -> list[str]:
    known = before.threads
    mine = (one for one in threading.enumerate() if one not in known and not isinstance(one, threading._DummyThread))
    return [f"the thread {one.name!r} still runs" for one in mine]


def _left_children(before: Before) -> list[str]:
    return [f"the process {pid} still runs: {command}" for pid, command in _children().items()
            if pid not in before.children]  # fmt: skip


def _left_objects(before: Before) -> list[str]:
    timers, threads, pools = _objects()
    found = [f"{one!r} is still at work" for one in (*threads, *pools)
             if _at_work(one) and _address(one) not in before.workers]  # fmt: skip
    for timer in timers:
        if not timer.isActive():
            continue
        root = _root(timer)
        if root is timer:
            found.append(f"a timer of {timer.interval()} ms is active and nobody owns it")
        elif _address(root) not in before.roots and root is not QCoreApplication.instance():
            found.append(f"a timer of {timer.interval()} ms is active in {timer.parent()!r}, which is still there")
    return found


def _left_windows(before: Before) -> list[str]:
    new = [one for one in _windows() if _address(one) not in before.roots]
    return [f"the window {one!r} ({one.metaObject().className()}) is still there" for one in new]


def _windows() -> list[QWidget]:
    """Those that belong to nothing else, as menus and lists that unfold do."""
    return [one for one in QApplication.topLevelWidgets() if one.parentWidget() is None]


def _children() -> dict[int, str]:
    found = {}
    for child in psutil.Process().children():
        try:
            if child.status() != psutil.STATUS_ZOMBIE:
                found[child.pid] = " ".join(child.cmdline())
        except psutil.NoSuchProcess:
            pass
    return found


def _objects() -> tuple[list[QTimer], list[QThread], list[QThreadPool]]:
    """The timers, threads and pools that Python knows of, which are all that the window makes."""
    kinds = (QTimer, QThread, QThreadPool)
    types = {kind: _with_subclasses(kind) for kind in kinds}
    every = set().union(*types.values())
    made = [one for one in gc.get_objects() if type(one) in every and isValid(one)]
    timers, threads, pools = ([one for one in made if type(one) in types[kind]] for kind in kinds)
    return timers, threads, pools  # type: ignore[return-value]


def _with_subclasses(kind: type) -> set[type]:
    return {kind}.union(*(_with_subclasses(one) for one in kind.__subclasses__()))


def _at_work(one: QThread | QThreadPool) -> bool:
    if isinstance(one, QThreadPool):
        return one.activeThreadCount() > 0
    return one.isRunning() and one is not QCoreApplication.instance().thread()


def _root(one: QObject) -> QObject:
    while (parent := one.parent()) is not None:
        one = parent
    return one


def _address(one: QObject) -> int:
    return int(getCppPointer(one)[0])


def _let_go() -> None:
    """Let Qt do what it has put off: deletions above all."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@contextmanager
def warnings_of_qt() -> Iterator[list[str]]:
    """What Qt complains of meanwhile; the list grows."""
    said: list[str] = []

    def take(kind: QtMsgType, _context: object, message: str) -> None:
        grave = kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg)
        if grave and not any(re.search(pattern, message) for pattern in HARMLESS):
            said.append(message)

    before = qInstallMessageHandler(take)
    try:
        yield said
    finally:
        qInstallMessageHandler(before)


@pytest.fixture(scope="session")
def quick_to_look(qapp: QApplication) -> None:
    """What is there when the first window is tested stays: not to be looked through each time."""
    collect_in_this_thread(qapp)
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves something behind fails, and says what."""
    if not {"qapp", "qtbot"} & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("quick_to_look")
    before = look()
    yield
    if found := left_over(before):
        pytest.fail("left behind:\n  " + "\n  ".join(found), pytrace=False)


@contextmanager
def watched() -> Iterator[list[WindowStall]]:
    """The times meanwhile that the window itself did not get to its events; the list is complete at the end."""
    watch, found = StallWatch(counts=is_the_windows_own), []
    watch.stalled.connect(found.append)
    watch.start()
    try:
        yield found
    finally:
        watch.stop()
        _let_go()


def come_up(window: QWidget) -> None:
    """Show a window with its first frame, as the test's own work: a start has a bound of its own (``tests.bench``)."""
    window.show()
    QTest.qWaitForWindowExposed(window)
    QCoreApplication.processEvents()


def is_the_windows_own(stack: Stack) -> bool:
    """Whether Qt's loop was in the window's code or its own; a test works in the same thread, and may take its time."""
    for frame in reversed(stack):
        if "/pytestqt/" in frame.filename:
            return True
        if "/tests/" in frame.filename or "/_pytest/" in frame.filename:
            return False
    return True


@pytest.fixture
def no_stalls(qapp: QApplication) -> Iterator[None]:
    """A test fails if the window does not answer for too long, and says where it was."""
    with watched() as stalls:
        yield
    if stalls:
        pytest.fail(f"the window stalled {len(stalls)} times:\n" + "\n".join(map(_told, stalls)), pytrace=False)


def _told(stall: WindowStall) -> str:
    """Without the frames of the test and of those who run it."""
    outer = [at for at, frame in enumerate(stall.stack) if _OUTSIDE.search(frame.filename)]
    return str(dataclasses.replace(stall, stack=stall.stack[outer[-1] if outer else 0 :]))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Qt's warnings while things are taken down; pytest-qt looks at those before."""
    with warnings_of_qt() as said:
        result = yield
    if said:
        pytest.fail("Qt warned while the test was taken down:\n  " + "\n  ".join(said), pytrace=False)
    return result
