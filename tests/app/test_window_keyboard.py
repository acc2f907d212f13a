"""A day's work by keyboard alone, with everything real behind the window: each path from the first start to the end."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.desk import Desk
from app.link import SupervisorLink
from app.link.place import secure
from app.link.process import SupervisorProcess
from app.request import Request
from app.settings import Settings

WAIT = 60_000
CTRL = Qt.KeyboardModifier.ControlModifier
pytest.importorskip("fastapi", reason="the demo applications are not installed")


@pytest.fixture
def desk(qapp, tmp_path, monkeypatch, qtbot):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    process = SupervisorProcess((sys.executable, "-m", "supervisor", "--linger", "15"))
    link = SupervisorLink(secure(tmp_path / "sockets") / "w1-1.sock", process)
    made = Desk(qapp, Settings(tmp_path / "s.ini"), link)
    made.window.resize(1280, 820)
    made.window.show()
    made.window.activateWindow()
    yield made
    made.window.close()
    qtbot.waitUntil(process.ended, timeout=WAIT)
    made.window.deleteLater()


class Keyboard:
    """Keys as the window system hands them over; what has the focus, or is open, gets them."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick((QApplication.activePopupWidget() or self._window).windowHandle(), key, modifier)

    def type(self, text: str) -> None:
        for letter in text:
            QTest.keyClick(self._window.windowHandle(), letter)

    def tab_to(self, wanted: QWidget) -> None:
        for _ in range(100):
            if QApplication.focusWidget() is wanted:
                return
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not lead to {wanted}")


def test_a_day_without_a_mouse(desk, qtbot) -> None:
    keys, traffic, controller = Keyboard(desk.window), desk.traffic, desk.controller

    def running() -> bool:
        return controller.state == "running" and not controller.busy

    desk.open(Request())  # the first start: the demo
    keys.tab_to(desk.welcome.demo)
    keys.press(Qt.Key.Key_Space)
    qtbot.waitUntil(running, timeout=WAIT)
    keys.press(Qt.Key.Key_M, CTRL)
    qtbot.waitUntil(lambda: traffic.model.rowCount() > 5, timeout=WAIT)

    keys.tab_to(desk.launch.bar.server)  # another server, while traffic flows
    before = controller.choice.mode
    keys.press(Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: controller.choice.mode != before and running(), timeout=WAIT)
    assert controller.status.mode == controller.choice.mode

    keys.press(Qt.Key.Key_F, CTRL)  # from the bar: filter, select, look at every tab
    assert QApplication.focusWidget() is traffic.filter.line
    keys.type("status:2xx")
    qtbot.waitUntil(lambda: traffic.listing.query is not None and traffic.model.rowCount() > 0, timeout=WAIT)
    keys.press(Qt.Key.Key_Return)
    if QApplication.focusWidget() is not traffic.table:  # the first one took what was proposed
        keys.press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is traffic.table and traffic.model.rowCount() > 0, timeout=WAIT)
    keys.press(Qt.Key.Key_Home, CTRL)
    keys.press(Qt.Key.Key_Down)
    chosen = traffic.table.current_id()
    assert chosen
    qtbot.waitUntil(lambda: traffic.detail._exchange is not None, timeout=WAIT)
    keys.press(Qt.Key.Key_Return)
    assert traffic.detail.isAncestorOf(QApplication.focusWidget())
    seen = set()
    for _ in range(traffic.detail.tabs.pages.count()):
        seen.add(traffic.detail.tabs.pages.currentIndex())
        keys.press(Qt.Key.Key_Tab, CTRL)
    assert len(seen) == traffic.detail.tabs.pages.count()
    keys.press(Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is traffic.table

    keys.press(Qt.Key.Key_R)  # send it again
    qtbot.waitUntil(lambda: desk.window.page == "replay", timeout=WAIT)
    for number, page in ((1, "traffic"), (2, "workers"), (3, "findings"), (4, "replay")):
        keys.press(Qt.Key(Qt.Key.Key_0 + number), CTRL)
        assert desk.window.page == page
    keys.press(Qt.Key.Key_3, CTRL)
    desk.findings.tree.setFocus()
    keys.press(Qt.Key.Key_Escape)  # nothing here to go back from: to the page before
    assert desk.window.page == "replay"

    keys.press(Qt.Key.Key_K, CTRL)  # the palette, the keys page
    keys.type("dark col")
    keys.press(Qt.Key.Key_Return)
    assert desk.theme.is_dark()
    keys.press(Qt.Key.Key_F1)
    page = desk.window.findChild(QWidget, "keysPage")
    assert page.isVisible()
    keys.type("quit")
    keys.press(Qt.Key.Key_Escape)
    assert not page.isVisible()
    with qtbot.waitSignal(desk.window.closed, timeout=WAIT):
        keys.press(Qt.Key.Key_Q, CTRL)
