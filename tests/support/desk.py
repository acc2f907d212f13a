"""The real window as a test has it: supervisor, servers, workers, proxy and trace are the real ones, and end with it.

Also what a hand does: a click on what is visible and enabled, and a wait for what comes of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from app.desk import Desk
from app.link import SupervisorLink
from app.link.place import secure
from app.link.process import SupervisorProcess
from app.settings import Settings
from inspector.store.reader import ExchangeRow

WAIT_MS = 60_000


def wait_for(condition: Callable[[], object], what: str = "", *, patience_ms: int = WAIT_MS) -> None:
    """Let Qt run until it is so. For fixtures of any scope, where no ``qtbot`` reaches."""
    deadline = QDeadlineTimer(patience_ms)
    while not condition():
        assert not deadline.hasExpired(), f"never came: {what or condition}"
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)


@contextmanager
def real_desk(application: QApplication, folder: Path, *, size: tuple[int, int] = (1440, 900)) -> Iterator[Desk]:
    """A window with nothing configured and a supervisor of its own; at the end both are gone, as after Quit."""
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_STATE_HOME", str(folder / "state"))
    process = SupervisorProcess((sys.executable, "-m", "supervisor", "--linger", "15"))
    link = SupervisorLink(secure(folder / "sockets") / "window-1.sock", process)
    desk = Desk(application, Settings(folder / "settings.ini"), link)
    desk.window.resize(*size)
    desk.window.show()
    desk.window.activateWindow()
    try:
        yield desk
    finally:
        desk.window.close()
        wait_for(lambda: process.ended() or not process.started, "the supervisor's end")
        desk.window.deleteLater()
        patch.undo()


def serves(desk: Desk, mode: str = "") -> bool:
    """Whether the application serves, in that mode, and nothing is under way."""
    status = desk.controller.status
    running = status is not None and status.state == "running" and not desk.controller.busy
    return running and mode in ("", status.mode)


def click(button: QAbstractButton) -> None:
    """What a mouse can do: only to what is there."""
    assert button.isVisible(), f"{button.text() or button.accessibleName()} is not on the screen"
    assert button.isEnabled(), f"{button.text() or button.accessibleName()} is greyed"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def button_named(parent: QWidget, text: str) -> QAbstractButton:
    """The visible button that shows ``text``, or is called so."""
    shown = {one: (_plain(one.text()), one.accessibleName()) for one in parent.findChildren(QAbstractButton)
             if one.isVisible()}  # fmt: skip
    named = [one for one, names in shown.items() if text in names]
    assert len(named) == 1, f"{len(named)} buttons {text!r} among {list(shown.values())}"
    return named[0]


def _plain(text: str) -> str:
    """A button's words without its mnemonic and a count in brackets."""
    return text.replace("&", "").partition(" (")[0]


def press(desk: Desk, keys: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key for whatever has the focus, as a keyboard has it."""
    QTest.keyClick(QApplication.focusWidget() or desk.window, keys, modifiers)


def type_text(text: str) -> None:
    """Letters for whatever has the focus."""
    focused = QApplication.focusWidget()
    assert focused is not None, f"nothing has the focus; active is {QApplication.activeWindow()}"
    QTest.keyClicks(focused, text)


def rows(desk: Desk) -> list[ExchangeRow]:
    """The exchanges that the table shows."""
    model = desk.traffic.model
    found = (model.row_at(number) for number in range(model.rowCount()))
    return [row for row in found if row is not None]
