"""What the window does beside its pages: it opens what is dropped, comes forward, tells its faults, pins details."""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, QProcess, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QApplication

from app.about import installed, versions
from app.actions import ActionRegistry
from app.crash import CrashReports, LastWords, left_behind, report
from app.desk import Desk
from app.feed import TraceFeed
from app.notice import Notice
from app.single import FirstWindow
from app.traffic.pinned import PinnedDetails
from tests.support.made_trace import MadeTrace

WAIT = 10_000


@pytest.fixture
def desk(qapp, link, settings, qtbot):
    made = Desk(qapp, settings, link)
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    made.feed.close()


def drop(desk: Desk, *paths: Path) -> None:
    """As a file manager does it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    entered = QDragEnterEvent(QPointF(50, 50).toPoint(), *how)
    QApplication.sendEvent(desk.window, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(desk.window, QDropEvent(QPointF(50, 50), *how))


def test_a_trace_dropped_is_opened(desk, tmp_path, qtbot):
    trace = MadeTrace(tmp_path / "a.gatescope")
    trace.exchange(1)
    trace.close()
    drop(desk, trace.path)
    qtbot.waitUntil(lambda: desk.traffic.model.rowCount() == 1, timeout=WAIT)
    assert desk.window.page == "traffic"


def test_a_folder_dropped_is_taken_for_a_project(desk, tmp_path):
    drop(desk, tmp_path)
    assert desk.controller.current.spec.cwd == str(tmp_path)


@pytest.mark.parametrize("name", ["notes.txt", "broken.gatescope"])
def test_what_is_no_trace_is_refused_in_place(desk, tmp_path, name):
    (tmp_path / name).write_text("just words")
    drop(desk, tmp_path / name)
    assert desk.window.notice.isVisible()
    assert desk.window.notice.what.text() == f"{name} can't be opened."
    assert "*.har" in desk.window.notice.why.text()
    desk.window.notice.dismiss.click()
    assert desk.window.notice.isHidden()


def test_what_can_not_be_read_is_said(desk, tmp_path):
    drop(desk, tmp_path / "gone.gatescope")
    assert desk.window.notice.what.text() == "gone.gatescope can't be read."


def test_about_says_all_versions(desk):
    desk.actions.run("window.about")
    text = desk.window.notice.details.toPlainText()
    assert all(f"{name} " in text for name in ("Gatescope", "Python", "Qt", "PySide6", "Platform"))
    assert desk.window.notice.copier.text_to_copy == text


def test_the_versions_of_an_environment_are_read_and_not_asked_for(tmp_path):
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    for name in ("uvicorn-0.30.1.dist-info", "uvicorn_worker-0.2.0.dist-info", "else-1.dist-info"):
        (packages / name).mkdir(parents=True)
    found = installed(str(tmp_path / "bin" / "python"))
    assert found == {"uvicorn": "0.30.1", "uvicorn-worker": "0.2.0"}
    assert "  uvicorn 0.30.1" in versions(found)


# one window for each project


def test_a_second_window_of_a_project_raises_the_first(tmp_path, qtbot, qapp):
    """The asker blocks, so it is a process of its own, as it is in life."""
    path = tmp_path / "p.window"
    first = FirstWindow(path)
    assert first.is_first()
    code = (
        "import sys; from pathlib import Path; from app.single import FirstWindow\n"
        "print(FirstWindow(Path(sys.argv[1])).is_first())"
    )
    second = QProcess()
    second.setWorkingDirectory(str(Path(__file__).parents[2]))
    with qtbot.waitSignal(first.raise_wanted, timeout=30_000), qtbot.waitSignal(second.finished, timeout=30_000):
        second.start(sys.executable, ["-c", code, str(path)])
    assert bytes(second.readAllStandardOutput().data()).strip() == b"False"
    assert not path.stat().st_mode & 0o077
    first.close()


def test_a_socket_that_a_dead_window_left_is_taken_over(tmp_path, qapp):
    path = tmp_path / "p.window"
    path.touch()
    first = FirstWindow(path)
    assert first.is_first()
    first.close()


@pytest.mark.parametrize(
    "question", [b"not json\n", json.dumps({"version": 99, "verb": "raise"}).encode() + b"\n", b"x" * 5000]
)
def test_what_it_does_not_understand_is_not_answered(tmp_path, qtbot, qapp, question):
    first = FirstWindow(tmp_path / "p.window")
    assert first.is_first()
    asker = QLocalSocket()
    with qtbot.assertNotEmitted(first.raise_wanted), qtbot.waitSignal(asker.disconnected, timeout=WAIT):
        asker.connected.connect(lambda: asker.write(question))
        asker.connectToServer(str(tmp_path / "p.window"))
    assert bytes(asker.readAll().data()) == b""
    first.close()


# faults of the window


def _fail(secret: str) -> None:
    raise ValueError(secret)


def test_a_fault_is_told_once_and_quotes_nothing(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", lambda *_: None)
    told: list[tuple[str, str]] = []
    reports = CrashReports(lambda what, text: told.append((what, text)), lambda: "Gatescope 1")
    for _ in range(2):
        try:
            _fail("the password")
        except ValueError as error:
            reports.on_exception(ValueError, error, error.__traceback__)
    [(what, text)] = told
    assert "ValueError" in what
    assert "in _fail" in text
    assert text.startswith("Gatescope 1")
    assert "password" not in text


def test_a_fault_in_a_slot_reaches_the_notice(desk, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", lambda *_: None)
    reports = CrashReports(lambda what, text: desk.window.notice.say(what, "", text), desk.versions)
    reports.install()
    try:
        sys.excepthook(KeyError, KeyError("x"), None)
    finally:
        reports.remove()
    assert desk.window.notice.isVisible()
    assert desk.window.notice.details.isHidden()
    desk.window.notice.toggle.click()
    assert "builtins.KeyError" in desk.window.notice.details.toPlainText()


def test_the_next_start_finds_what_a_killed_window_left(tmp_path):
    code = (
        "import sys, os; from pathlib import Path; from app.crash import LastWords; import ctypes\n"
        "LastWords(Path(sys.argv[1]), os.getpid()).begin(); ctypes.string_at(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parents[2], capture_output=True, timeout=60
    )
    assert done.returncode < 0
    text = left_behind(tmp_path, lambda _pid: False, lambda: "Gatescope 1")
    assert text.startswith("Gatescope 1")
    assert "Segmentation fault" in text
    assert left_behind(tmp_path, lambda _pid: False, lambda: "Gatescope 1") == ""


def test_a_window_that_ends_well_leaves_nothing(tmp_path):
    words = LastWords(tmp_path, os.getpid() + 1)
    words.begin()
    assert left_behind(tmp_path, lambda _pid: True, str) == ""
    words.end()
    assert list(tmp_path.iterdir()) == []
    faulthandler.enable()
    assert "at:" in report(ValueError, None, "")


def test_a_notice_is_put_away_and_read(qtbot):
    notice = Notice()
    qtbot.addWidget(notice)
    notice.say("It failed.", "Because.")
    assert notice.accessibleName() == "It failed. Because."
    assert notice.toggle.isHidden()


# details in windows of their own


def test_details_are_pinned_several_at_once_and_live(tmp_path, settings, qtbot, qapp):
    trace = MadeTrace(tmp_path / "a.gatescope")
    done, running = trace.exchange(1), trace.begin(7)
    assert trace.writer.flush()
    feed, current = TraceFeed(), [done.id]
    with qtbot.waitSignal(feed.opened, timeout=WAIT):
        feed.open(trace.path)
    actions = ActionRegistry()
    pinned = PinnedDetails(feed, lambda: current[0], actions, settings)
    actions.run("traffic.detach")
    current[0] = running.id
    actions.run("traffic.detach")
    actions.run("traffic.detach")
    one, other = pinned.windows
    qtbot.waitUntil(lambda: one.detail.shown == done.id and other.detail.shown == running.id, timeout=WAIT)
    feed.close()  # the main window looks elsewhere: these go on
    trace.finish(running)
    qtbot.waitUntil(lambda: "200" in other.windowTitle(), timeout=WAIT)
    assert "200" in one.windowTitle()
    qtbot.keyClick(other, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: pinned.windows == [one], timeout=WAIT)
    pinned.close_all()
    assert pinned.windows == []
    trace.close()


def test_an_archive_dropped_becomes_a_trace(desk, tmp_path, monkeypatch, qtbot):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    entry = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "request": {"method": "GET", "url": "http://shop.example/x"},
        "response": {"status": 204},
    }
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": [entry]}}))
    drop(desk, tmp_path / "a.har")
    qtbot.waitUntil(lambda: desk.traffic.model.rowCount() == 1, timeout=30_000)
    (tmp_path / "b.har").write_text("words")
    drop(desk, tmp_path / "b.har")
    qtbot.waitUntil(lambda: not desk.window.notice.isHidden(), timeout=30_000)
    assert "not JSON" in desk.window.notice.why.text()
