"""Recording only what the table's filter shows, by an action, and everything again."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QMainWindow

from app.actions import ActionRegistry
from app.capturing import Capturing
from app.launch.controller import LaunchController
from app.link import LinkState
from supervisor.control.messages import SetCapture, TargetSpec

WAIT = 10_000


@pytest.fixture
def controller(link, settings, backend, qtbot):
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.ON, timeout=WAIT)
    made = LaunchController(link, settings)
    made.add_target(TargetSpec(target="shop:app", cwd="/srv/shop"))
    qtbot.waitUntil(lambda: made.listed is not None, timeout=WAIT)
    made.set_mode("uvicorn")
    made.start()
    qtbot.waitUntil(lambda: made.state == "running" and not made.busy, timeout=WAIT)
    yield made
    made.deleteLater()


def test_the_filter_of_the_table_becomes_that_of_the_recording(controller, backend, qtbot):
    window, actions = QMainWindow(), ActionRegistry()
    qtbot.addWidget(window)
    actions.set_home(window)
    shown, said = [""], []
    Capturing(controller, lambda: shown[0], actions, said.append)
    actions.refresh()
    assert not actions.get("launch.capture").isEnabled()
    assert not actions.get("launch.capture_all").isEnabled()
    shown[0] = "status:5xx mark:red"
    actions.refresh()
    actions.run("launch.capture")
    assert said.pop().startswith("Nothing can be captured by this filter: a mark is known only after")
    shown[0] = "status:5xx"
    actions.run("launch.capture")
    qtbot.waitUntil(lambda: controller.status.capture == "status:5xx", timeout=WAIT)
    assert controller.extras.capture == "status:5xx"
    assert "Only what passes status:5xx" in said.pop()
    actions.refresh()
    actions.run("launch.capture_all")
    qtbot.waitUntil(lambda: controller.status.capture == "", timeout=WAIT)
    assert [command.filter for command in backend.of(SetCapture)] == ["status:5xx", ""]
    assert said == ["Everything is recorded from now on"]
