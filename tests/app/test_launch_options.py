"""Options, presets, candidates, commands of one's own and installations, on the launch area with a real socket."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QMainWindow, QPushButton, QVBoxLayout, QWidget

from app.actions import ActionRegistry
from app.launch.area import LaunchArea
from app.launch.controller import LaunchController
from app.launch.demos import demo_entries
from app.launch.extras import Extras
from app.launch.modes_list import SLUG
from app.link import LinkState
from supervisor.control.messages import (
    AppChanged,
    Candidate,
    InstallProgress,
    InstallServer,
    ListModes,
    Preset,
    Problem,
    Refused,
    RestartApp,
    SetCapture,
    StartApp,
    StopApp,
    SwitchMode,
    TargetSpec,
    WayOut,
    WorkerStatus,
)

WAIT = 10_000
SHOP = TargetSpec(target="shop:app", cwd="/srv/shop")
WEB = Preset(name="web", target=SHOP, mode="gunicorn-uvicorn", workers=4, args=("--timeout", "9"), root_path="/shop")
DEV = Preset(name="dev", target=TargetSpec(target="", cwd="/srv/shop"), custom="serve --port {port}")
ADMIN = Candidate(target="admin:make", framework="Flask", interface="WSGI", factory=True, file="admin.py", cwd="/srv/a")


@pytest.fixture
def controller(link, settings, backend, qtbot):
    backend.listed = dataclasses.replace(
        backend.listed, presets=(WEB, DEV), candidates=(ADMIN,), env_files=(".env", ".env.local")
    )
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.ON, timeout=WAIT)
    made = LaunchController(link, settings)
    yield made
    made.deleteLater()


@pytest.fixture
def area(controller, link, qtbot):
    window = QMainWindow()
    actions = ActionRegistry()
    actions.set_home(window)
    made = LaunchArea(controller, link, actions)
    controller.changed.connect(actions.refresh)
    middle = QWidget()
    column = QVBoxLayout(middle)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(made)
    column.addStretch(1)
    window.setCentralWidget(middle)
    qtbot.addWidget(window)
    window.resize(1024, 700)
    window.show()
    return made


@pytest.fixture
def shop(controller, area, qtbot):
    """The application is in view, looked at, and has a mode of the user's."""
    controller.add_target(dataclasses.replace(SHOP, target="other:app"))
    qtbot.waitUntil(lambda: controller.listed is not None, timeout=WAIT)
    controller.set_mode("uvicorn")
    return controller


def run(controller, qtbot):
    controller.start()
    qtbot.waitUntil(lambda: controller.state == "running" and not controller.busy, timeout=WAIT)


def menu_texts(area) -> list[str]:
    area.bar.picker._fill()
    return [action.text() for action in area.bar.picker.menu().actions()]


def press(area, text: str) -> None:
    area.bar.picker._fill()
    next(action for action in area.bar.picker.menu().actions() if action.text().startswith(text)).trigger()


def button(inside: QWidget, text: str) -> QPushButton:
    return next(found for found in inside.findChildren(QPushButton) if found.text() == text and not found.isHidden())


# what is captured


def test_what_is_captured_goes_with_the_start_and_can_be_another_one_at_once(shop, area, backend, qtbot):
    area.options.open_at("capture")
    line = area.options.capture.line
    assert line.hasFocus()
    QTest.keyClicks(line, "status:5xx")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert shop.extras.capture == "status:5xx"
    run(shop, qtbot)
    assert backend.of(StartApp)[0].capture == "status:5xx"
    line.selectAll()
    QTest.keyClicks(line, "-path:/health ")
    QTest.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(backend.of(SetCapture)), timeout=WAIT)
    assert (backend.of(SetCapture)[0].filter, backend.of(SetCapture)[0].app) == ("-path:/health", shop.name)
    assert not shop.outdated, "it counts without a restart"
    assert "captures only -path:/health" in area.bar.options.set_options
    assert line.history[:2] == ["-path:/health", "status:5xx"]


def test_a_filter_that_cannot_be_captured_by_is_refused_where_it_is_wrong_and_what_was_set_stays(shop, area, qtbot):
    run(shop, qtbot)
    area.options.open_at("capture")
    field = area.options.capture
    QTest.keyClicks(field.line, "status:5xx mark:red")
    field.line.offered.hide()
    QTest.keyClick(field.line, Qt.Key.Key_Return)
    assert field.error.isVisible()
    assert field.error.text().startswith("A mark is known only after")
    assert field.line._wrong == (11, 19)
    assert shop.extras.capture == ""
    area.options.args.setText("--timeout 5")
    area.options._take()
    assert (shop.extras.args, shop.extras.capture) == (("--timeout", "5"), "")
    assert field.text == "status:5xx mark:red", "what is typed stays"


def test_a_capture_that_somebody_else_set_is_shown(shop, area, backend, qtbot):
    run(shop, qtbot)
    status = dataclasses.replace(backend.apps[shop.name], capture="kind:ws")
    backend.tell(AppChanged(app=status))
    area.options.open_at("capture")
    qtbot.waitUntil(lambda: area.options.capture.text == "kind:ws", timeout=WAIT)


# presets and candidates


def test_the_picker_offers_what_the_project_names_and_what_was_found_in_it(shop, area):
    texts = menu_texts(area)
    assert "web    shop:app · gunicorn-uvicorn · 4 workers" in texts
    assert "dev    own command" in texts
    assert "admin:make    Flask · WSGI · factory" in texts


def test_a_preset_fills_everything(shop, area, backend, qtbot):
    press(area, "web")
    qtbot.waitUntil(lambda: shop.listed is not None, timeout=WAIT)
    assert (shop.name, shop.choice.mode, area.bar.workers.value()) == ("web", "gunicorn-uvicorn", 4)
    assert shop.extras == Extras(("--timeout", "9"), "/shop")
    run(shop, qtbot)
    [command] = backend.of(StartApp)
    assert (command.target, command.args, command.root_path) == (SHOP, ("--timeout", "9"), "/shop")
    press(area, "web")
    assert shop.name == "web", "it is the same one"


def test_a_preset_that_is_only_a_command(shop, area, backend, qtbot):
    backend.refusals[ListModes] = Problem(what="There is no target.")
    press(area, "dev")
    qtbot.waitUntil(lambda: shop.look_failed, timeout=WAIT)
    assert area.problem.isHidden(), "a command needs nothing to be found"
    assert area.strip.custom.line.text() == "serve --port {port}"
    run(shop, qtbot)
    assert (backend.of(StartApp)[0].mode, backend.of(StartApp)[0].custom) == ("custom", "serve --port {port}")


def test_the_projects_own_table_is_taken_for_a_folder_that_was_just_opened(controller, area, qtbot):
    controller.add_target(TargetSpec(target="/srv/shop", cwd="/srv/shop"))
    qtbot.waitUntil(lambda: controller.listed is not None, timeout=WAIT)
    assert (controller.choice.mode, controller.choice.workers) == ("gunicorn-uvicorn", 4)
    assert controller.extras.root_path == "/shop"


def test_another_application_that_was_found_takes_its_place_or_stands_beside_what_runs(shop, area, qtbot):
    press(area, "admin:make")
    assert shop.current.spec == TargetSpec(target="admin:make", cwd="/srv/a", factory=True)
    assert shop.current.project == "/srv/shop", "what is kept for the project stays"
    qtbot.waitUntil(lambda: shop.listed is not None, timeout=WAIT)
    run(shop, qtbot)
    name = shop.name
    shop.take_candidate(Candidate(target="blog:app", cwd="/srv/b"))
    assert shop.name != name
    assert shop.statuses[name].state == "running"


# a command of one's own


def test_a_command_is_checked_while_it_is_typed_and_remembered(shop, area, link, settings, backend, qtbot):
    area.bar.server.activated.emit(area.bar.server.findData("custom", SLUG))
    field = area.strip.custom
    assert (field.isHidden(), area.strip.command.isHidden()) == (False, True)
    field.take("flask run --port {prot}")
    assert "{prot} stands for nothing" in field.said.text()
    assert not area.bar.start.isEnabled()
    QTest.keyClick(field.line, Qt.Key.Key_Return)
    assert not backend.of(StartApp)
    field.take("flask run --port {port}")
    assert (field.said.isHidden(), area.bar.start.isEnabled()) == (True, True)
    again = LaunchController(link, settings)
    again.load_recent()
    again.select(shop.name)
    assert (again.choice.mode, again.choice.custom) == ("custom", "flask run --port {port}")


def test_another_command_is_switched_to_when_it_is_typed(shop, area, backend, qtbot):
    run(shop, qtbot)
    shop.set_custom("serve --port {port}")
    shop.set_mode("custom")
    qtbot.waitUntil(lambda: shop.status.mode == "custom" and not shop.busy, timeout=WAIT)
    field = area.strip.custom
    field.line.setText("")
    QTest.keyClicks(field.line, "serve --debug --port {port}")
    assert len(backend.of(SwitchMode)) == 1
    assert field.said.text() == "Enter switches to it"
    QTest.keyClick(field.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(backend.of(SwitchMode)) == 2 and not shop.busy, timeout=WAIT)
    assert backend.of(SwitchMode)[-1].custom == "serve --debug --port {port}"
    shop.set_mode("uvicorn")
    qtbot.waitUntil(lambda: shop.status.mode == "uvicorn", timeout=WAIT)
    assert backend.of(SwitchMode)[-1].custom == ""


def test_an_application_that_can_not_be_found_can_be_started_by_a_command(controller, area, backend, qtbot):
    backend.refusals[ListModes] = Problem(what="No application was found.")
    controller.add_target(TargetSpec(target="/srv/x", cwd="/srv/x"))
    qtbot.waitUntil(lambda: not area.problem.isHidden(), timeout=WAIT)
    button(area.problem, "Use your own command").click()
    assert area.problem.isHidden()
    assert area.window().focusWidget() is area.strip.custom.line
    assert "own command" in area.bar.picker.accessibleName()


# options


def test_options_are_typed_kept_and_sent(shop, area, backend, link, settings, qtbot):
    shop.set_extras(Extras())
    assert area.bar.options.set_options == ()
    QTest.mouseClick(area.bar.options, Qt.MouseButton.LeftButton)
    panel = area.options
    assert panel.isVisible()
    panel.variables.item(0, 0).setText("SECRET_KEY")
    panel.variables.item(0, 1).setText("s3cret")
    qtbot.waitUntil(lambda: ".env.local" in panel._boxes, timeout=WAIT)
    panel._boxes[".env"].click()
    for line, text in ((panel.args, "--timeout 5"), (panel.root_path, "/api")):
        line.setFocus()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)
    panel.reload.click()
    panel._typed_python.setFocus()
    panel._typed_python.selectAll()
    QTest.keyClicks(panel._typed_python, "/opt/python")
    QTest.keyClick(panel._typed_python, Qt.Key.Key_Return)
    spec = shop.current.spec
    assert (spec.env, spec.env_files, spec.python) == ((("SECRET_KEY", "s3cret"),), (".env",), "/opt/python")
    assert shop.extras == Extras(("--timeout", "5"), "/api", reload=True)
    assert "1 variable, .env, an interpreter" in area.bar.options.accessibleName()
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.isHidden()
    assert area.window().focusWidget() is area.bar.options
    qtbot.waitUntil(lambda: shop.listed is not None, timeout=WAIT)
    run(shop, qtbot)
    command = backend.of(StartApp)[0]
    assert (command.target, command.args, command.root_path, command.reload) == (
        spec, ("--timeout", "5"), "/api", True
    )  # fmt: skip
    again = LaunchController(link, settings)
    again.load_recent()
    again.select(shop.name)
    assert (again.current.spec, again.extras) == (spec, shop.extras)


def test_secrets_are_masked_until_they_are_asked_for(shop, area, qtbot):
    shop.set_spec(dataclasses.replace(shop.current.spec, env=(("API_TOKEN", "abc"), ("DEBUG", "1"))))
    area.options.open_at("variables")
    table = area.options.variables
    hidden = table.viewport().grab().toImage()
    area.options.reveal.setChecked(True)
    assert table.viewport().grab().toImage() != hidden
    table.setCurrentCell(1, 0)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert shop.current.spec.env == (("API_TOKEN", "abc"),)


def test_what_is_wrong_with_an_option_is_said_there(shop, area):
    area.options.open_at("variables")
    area.options.variables.item(0, 0).setText("1A")
    assert "no name of a variable" in area.options.error.text()
    assert shop.current.spec.env == ()
    area.options.variables.item(0, 0).setText("A")
    assert area.options.error.isHidden()
    assert shop.current.spec.env == (("A", ""),)


def test_what_runs_takes_options_by_a_switch(shop, area, backend, qtbot):
    run(shop, qtbot)
    area.options.open_at("cwd")
    assert area.options.apply.isHidden()
    shop.set_extras(Extras(root_path="/api", args=("--debug",)))
    assert not area.options.apply.isHidden()
    assert "what runs has other ones" in area.bar.options.accessibleName()
    backend.refusals[SwitchMode] = Problem(what="It did not come up.")
    area.options.apply.click()
    qtbot.waitUntil(lambda: len(backend.of(SwitchMode)) == 1 and not shop.busy, timeout=WAIT)
    assert shop.outdated
    del backend.refusals[SwitchMode]
    area.options.apply.click()
    qtbot.waitUntil(lambda: len(backend.of(SwitchMode)) == 2 and not shop.busy, timeout=WAIT)
    command = backend.of(SwitchMode)[1]
    assert (command.root_path, command.args, command.target) == ("/api", ("--debug",), shop.current.spec)
    assert not shop.outdated
    assert area.options.apply.isHidden()
    assert backend.of(StopApp) == []


def test_another_address_needs_a_start(shop, area, backend, qtbot):
    run(shop, qtbot)
    area.options.open_at("cwd")
    shop.set_extras(Extras(root_path="/api", listen="127.0.0.1:9876"))
    area.options.apply.click()
    qtbot.waitUntil(lambda: len(backend.of(StartApp)) == 2 and not shop.busy, timeout=WAIT)
    assert (len(backend.of(StopApp)), backend.of(SwitchMode)) == (1, [])
    assert backend.of(StartApp)[1].root_path == "/api"
    shop.restart()
    qtbot.waitUntil(lambda: bool(backend.of(RestartApp)), timeout=WAIT)


def test_a_demo_keeps_its_options_too(controller, area, link, settings, qtbot):
    controller.add_entries(demo_entries())
    controller.select("flask")
    controller.set_spec(dataclasses.replace(controller.current.spec, env=(("A", "1"),)))
    again = LaunchController(link, settings)
    again.add_entries(demo_entries())
    again.select("flask")
    assert again.current.spec.env == (("A", "1"),)
    assert again.current.demo


# installing


def test_an_installation_shows_what_it_does_and_what_came_of_it(shop, area, backend, qtbot):
    backend.held.add(InstallServer)
    shop.set_mode("hypercorn")
    button(area.problem, "Install").click()
    qtbot.waitUntil(lambda: bool(backend.of(InstallServer)), timeout=WAIT)
    [command] = backend.of(InstallServer)
    assert (command.mode, command.target) == ("hypercorn", shop.current.spec)
    assert area.install.command.text() == "$ pip install hypercorn"
    assert area.install.copy.text_to_copy == "pip install hypercorn"
    assert area.problem.isHidden(), "one thing at a time"
    backend.tell(InstallProgress(id=command.id, command="uv pip install hypercorn", lines=("Resolved 1", "Built")))
    qtbot.waitUntil(lambda: area.install.output.toPlainText() == "Resolved 1\nBuilt", timeout=WAIT)
    assert area.install.command.text() == "$ uv pip install hypercorn"
    backend.tell(Refused(id=command.id, problem=Problem(what="It failed.", why="No network.")))
    qtbot.waitUntil(lambda: shop.installation.state == "failed", timeout=WAIT)
    assert area.install.accessibleName() == "It failed.  No network."
    backend.held.clear()
    backend.listed = dataclasses.replace(
        backend.listed,
        modes=tuple(
            dataclasses.replace(m, state="ready") if m.slug == "hypercorn" else m for m in backend.listed.modes
        ),
    )
    area.install.again.click()
    qtbot.waitUntil(lambda: area.bar.start.isEnabled(), timeout=WAIT)
    assert shop.choice.mode == "hypercorn"
    assert area.install.isHidden()


def test_what_is_installed_while_something_runs_is_switched_to(shop, area, backend, qtbot):
    run(shop, qtbot)
    shop.set_mode("hypercorn")
    assert button(area.problem, "Stay with uvicorn")
    backend.listed = dataclasses.replace(
        backend.listed,
        modes=tuple(
            dataclasses.replace(m, state="ready") if m.slug == "hypercorn" else m for m in backend.listed.modes
        ),
    )
    button(area.problem, "Install").click()
    qtbot.waitUntil(lambda: shop.status.mode == "hypercorn" and not shop.busy, timeout=WAIT)


def test_an_installation_that_is_cancelled_hangs_up(shop, area, backend, qtbot):
    backend.held.add(InstallServer)
    shop.set_mode("hypercorn")
    button(area.problem, "Install").click()
    qtbot.waitUntil(lambda: bool(backend.of(InstallServer)), timeout=WAIT)
    area.install.cancel.click()
    assert shop.installation.state == "cancelled"
    assert "cancelled" in area.install.accessibleName()
    area.install.close_it.click()
    assert area.install.isHidden()
    assert not area.problem.isHidden()


# after a failure


def test_a_failed_start_can_be_tried_again_or_left(shop, area, backend, qtbot):
    run(shop, qtbot)
    shop.stop()
    qtbot.waitUntil(lambda: shop.state == "stopped" and not shop.busy, timeout=WAIT)
    shop.set_mode("gunicorn-uvicorn")
    backend.refusals[StartApp] = Problem(what="It did not come up.")
    shop.start()
    qtbot.waitUntil(lambda: shop.problem is not None, timeout=WAIT)
    button(area.problem, "Try again").click()
    qtbot.waitUntil(lambda: len(backend.of(StartApp)) == 3 and not shop.busy, timeout=WAIT)
    assert backend.of(StartApp)[-1].mode == "gunicorn-uvicorn"
    del backend.refusals[StartApp]
    button(area.problem, "Go back to uvicorn").click()
    qtbot.waitUntil(lambda: shop.state == "running" and not shop.busy, timeout=WAIT)
    assert shop.status.mode == "uvicorn"
    assert area.problem.isHidden()


def test_a_failed_switch_says_what_still_serves_and_can_be_tried_again(shop, area, backend, qtbot):
    run(shop, qtbot)
    backend.refusals[SwitchMode] = Problem(what="It did not come up.")
    shop.set_mode("gunicorn-uvicorn")
    qtbot.waitUntil(lambda: shop.problem is not None, timeout=WAIT)
    assert area.problem._note.text() == "uvicorn still serves, as before."
    del backend.refusals[SwitchMode]
    button(area.problem, "Try again").click()
    qtbot.waitUntil(lambda: shop.status.mode == "gunicorn-uvicorn" and not shop.busy, timeout=WAIT)
    assert area.problem.isHidden()


def test_a_server_that_is_held_can_be_started_now(shop, area, backend, qtbot):
    run(shop, qtbot)
    held = dataclasses.replace(shop.status, instance=2, problem=Problem(what="Its workers die, again and again."))
    backend.apps[shop.name] = held
    backend.tell(AppChanged(app=held))
    qtbot.waitUntil(lambda: area.bar.pill.state == "held", timeout=WAIT)
    assert button(area.problem, "Stop it").isVisible()
    button(area.problem, "Start it now").click()
    qtbot.waitUntil(lambda: bool(backend.of(RestartApp)), timeout=WAIT)


def test_workers_that_are_all_paused_are_said(shop, area, backend, qtbot):
    run(shop, qtbot)
    worker = WorkerStatus(slot=1, generation=1, pid=5, state="paused")
    backend.tell(AppChanged(app=dataclasses.replace(shop.status, processes=(worker,))))
    qtbot.waitUntil(lambda: area.bar.pill.state == "paused", timeout=WAIT)


def test_perhaps_is_taken_and_started(controller, area, backend, qtbot):
    way = WayOut(text="Perhaps main:app?", command="--cwd '/srv/my shop' main:app")
    backend.refusals[ListModes] = Problem(what="There is no application main:ap.", ways_out=(way,))
    controller.add_target(TargetSpec(target="main:ap", cwd="/srv/shop"))
    qtbot.waitUntil(lambda: not area.problem.isHidden(), timeout=WAIT)
    del backend.refusals[ListModes]
    button(area.problem, "Start main:app").click()
    qtbot.waitUntil(lambda: controller.state == "running", timeout=WAIT)
    assert backend.of(StartApp)[0].target == TargetSpec(target="main:app", cwd="/srv/my shop")


def test_a_look_that_failed_does_not_start_what_is_found_later(controller, area, backend, qtbot):
    way = WayOut(text="Perhaps main:app?", command="main:app")
    backend.refusals[ListModes] = Problem(what="There is no application main:ap.", ways_out=(way,))
    controller.add_target(TargetSpec(target="main:ap", cwd="/srv/shop"))
    qtbot.waitUntil(lambda: not area.problem.isHidden(), timeout=WAIT)
    button(area.problem, "Start main:app").click()
    qtbot.waitUntil(lambda: len(backend.of(ListModes)) == 2 and controller.look_failed, timeout=WAIT)
    del backend.refusals[ListModes]
    button(area.problem, "Look again").click()
    qtbot.waitUntil(lambda: controller.listed is not None, timeout=WAIT)
    assert not backend.of(StartApp)


@pytest.mark.parametrize(("command", "option"), [("--python .venv", "python"), ("--cwd DIR", "cwd")])
def test_a_way_out_that_leaves_something_open_opens_the_option(controller, area, backend, qtbot, command, option):
    way = WayOut(text="Name another.", command=command)
    backend.refusals[ListModes] = Problem(what="It could not be loaded.", ways_out=(way,))
    controller.add_target(SHOP)
    qtbot.waitUntil(lambda: not area.problem.isHidden(), timeout=WAIT)
    words = {"python": "Choose an interpreter", "cwd": "Choose the folder"}
    button(area.problem, words[option]).click()
    assert area.window().focusWidget() in (getattr(area.options, option), area.options._typed_python)


# room


@pytest.mark.parametrize(("width", "height"), [(1024, 700), (1440, 900)])
def test_nothing_is_clipped(shop, area, width, height, qtbot):
    area.window().resize(width, height)
    shop.set_mode("custom")
    area.options.open_at("variables")
    qtbot.waitUntil(lambda: area.bar.width() == width and not clipped(area), timeout=WAIT)
    assert area.window().rect().contains(area.options.geometry())


def clipped(area) -> list[QWidget]:
    """What of the area and its options can be used and is not all there."""
    shown = [*area.findChildren(QWidget), *area.options.findChildren(QWidget), area.options]
    usable = [
        found
        for found in shown
        if found.isVisible()
        and (found.focusPolicy() or found is area.options)
        and not isinstance(found.parentWidget(), QAbstractSpinBox | QComboBox)  # which lay out their own
    ]
    return [
        widget
        for widget in usable
        if not widget.parentWidget().rect().contains(widget.geometry())
        or (widget.width() < widget.minimumSizeHint().width() and not isinstance(widget, QAbstractSpinBox))
        or widget.height() < widget.minimumSizeHint().height()
    ]
