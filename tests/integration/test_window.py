"""The real window, with a mouse: WSGI and ASGI are clicked while traffic flows, and the table tells who answered."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from app.desk import Desk
from app.link import SupervisorLink
from app.link.place import secure
from app.link.process import SupervisorProcess
from app.request import Request
from app.settings import Settings
from tests.support.nets import HARMLESS, come_up, no_leaks, no_stalls, pytest_runtest_teardown, quick_to_look

__all__ = ["no_leaks", "no_stalls", "pytest_runtest_teardown", "quick_to_look"]

WAIT_MS = 60_000
pytestmark = [
    pytest.mark.usefixtures("no_stalls"),
    pytest.mark.qt_log_level_fail("WARNING"),
    pytest.mark.qt_log_ignore(*HARMLESS, extend=True),
]


class Visitor(threading.Thread):
    """Asks for a page again and again until told to stop; counts what came."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.answers: Counter[int] = Counter()
        self.errors: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        with httpx.Client(base_url=self.url, timeout=60, trust_env=False) as client:
            while not self.enough.is_set():
                try:
                    self.answers[client.get("/json").status_code] += 1
                except httpx.HTTPError as error:
                    self.errors.append(f"{type(error).__name__}: {error}")
                self.enough.wait(0.01)


@pytest.fixture
def desk(qapp, qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    process = SupervisorProcess((sys.executable, "-m", "supervisor", "--linger", "15"))
    link = SupervisorLink(secure(tmp_path / "sockets") / "window-1.sock", process)
    made = Desk(qapp, Settings(tmp_path / "settings.ini"), link)
    made.window.resize(1280, 850)
    come_up(made.window)
    yield made
    made.window.close()
    qtbot.waitUntil(process.ended, timeout=WAIT_MS)
    made.window.deleteLater()


def test_wsgi_and_asgi_are_clicked_while_traffic_flows(desk: Desk, qtbot) -> None:
    controller, bar = desk.controller, desk.launch.bar

    def serving(mode: str) -> bool:
        status = controller.status
        return status is not None and status.mode == mode and status.state == "running" and not controller.busy

    def click_interface(text: str) -> None:
        button = next(made for made in bar.interfaces.buttons() if made.text() == text)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def answered_by(mode: str) -> int:
        model = desk.traffic.model
        rows = (model.row_at(position) for position in range(model.rowCount()))
        return sum(row.mode == mode and row.status == 200 for row in rows if row is not None)

    desk.open(Request(demo=True))
    qtbot.waitUntil(lambda: serving("uvicorn"), timeout=WAIT_MS)
    visitors = [Visitor(controller.status.url) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    qtbot.waitUntil(lambda: answered_by("uvicorn") > 10, timeout=WAIT_MS)

    click_interface("WSGI")  # FastAPI does not speak it: explained, and nothing is switched
    qtbot.waitUntil(desk.launch.problem.isVisible, timeout=WAIT_MS)
    assert serving("uvicorn")
    ways = desk.launch.problem.findChildren(QPushButton)
    adapter = next(way for way in ways if "adapter" in way.text())
    qtbot.mouseClick(adapter, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: serving("gunicorn-sync"), timeout=WAIT_MS)
    assert controller.status.adapted
    qtbot.waitUntil(lambda: answered_by("gunicorn-sync") > 10, timeout=WAIT_MS)

    before = answered_by("uvicorn")
    click_interface("ASGI")
    qtbot.waitUntil(lambda: serving("uvicorn"), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: answered_by("uvicorn") > before + 10, timeout=WAIT_MS)

    for visitor in visitors:
        visitor.enough.set()
    for visitor in visitors:
        visitor.join(60)
    assert [error for visitor in visitors for error in visitor.errors] == []
    assert {status for visitor in visitors for status in visitor.answers} == {200}
