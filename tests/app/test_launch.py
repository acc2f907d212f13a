"""The launch area against a supervisor on a real socket: start, switch, explain, fail, stop, several at once."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from app.actions import ActionRegistry
from app.launch.area import LaunchArea
from app.launch.choice import Entry
from app.launch.controller import LaunchController
from app.launch.kept import Kept
from app.link import LinkState
from app.palette import PaletteModel
from supervisor.control.messages import (
    AppChanged,
    AppStatus,
    Finished,
    ListModes,
    MakeTraffic,
    Problem,
    ReloadApp,
    StartApp,
    StopApp,
    SwitchMode,
    TargetSpec,
    WayOut,
)

WAIT = 10_000
SHOP = TargetSpec(target="shop:app", cwd="/srv/shop")


@pytest.fixture
def controller(link, settings, qtbot):
    link.start()
    qtbot.waitUntil(lambda: link.state is LinkState.ON, timeout=WAIT)
    made = LaunchController(link, settings)
    yield made
    made.deleteLater()


@pytest.fixture
def area(controller, link, qtbot):
    actions = ActionRegistry()
    made = LaunchArea(controller, link, actions)
    controller.changed.connect(actions.refresh)
    qtbot.addWidget(made)
    made.resize(1000, 300)
    made.show()
    return made


@pytest.fixture
def shop(controller, area, qtbot):
    """The application is in view and looked at."""
    controller.add_target(SHOP)
    qtbot.waitUntil(lambda: controller.listed is not None, timeout=WAIT)
    return controller


@pytest.fixture
def running(shop, area, backend, qtbot):
    qtbot.mouseClick(area.bar.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shop.state == "running" and not shop.busy, timeout=WAIT)
    return shop


def buttons(widget: QWidget) -> dict[str, QPushButton]:
    return {found.text(): found for found in widget.findChildren(QPushButton) if not found.isHidden()}


def test_a_target_is_looked_at_and_the_bar_filled(shop, area):
    assert area.bar.picker.accessibleName().startswith("Application: shop. shop:app · FastAPI")
    assert area.bar.server.currentText() == "uvicorn"
    assert area.strip.command.text() == "$ uvicorn x"
    assert area.bar.start.isEnabled()
    assert not area.bar.threads.isEnabled()
    assert area.bar.pill.state == "stopped"
    assert area.problem.isHidden()


def test_start_says_what_it_does_while_it_does_it(shop, area, backend, qtbot):
    backend.held.add(StartApp)
    qtbot.mouseClick(area.bar.start, Qt.MouseButton.LeftButton)
    assert area.bar.pill.state == "starting"
    assert area.bar.start.text() == "Stop"
    qtbot.waitUntil(lambda: bool(backend.of(StartApp)), timeout=WAIT)
    [command] = backend.of(StartApp)
    assert (command.target, command.mode, command.name, command.workers) == (SHOP, "uvicorn", "shop", 1)
    backend.release(StartApp)
    qtbot.waitUntil(lambda: area.bar.pill.state == "running", timeout=WAIT)
    assert area.strip.address.text() == "http://127.0.0.1:8123"
    assert not area.strip.copy_address.isHidden()
    assert area.strip.command.text() == "$ run shop"


def test_another_mode_while_it_runs_is_the_switch(running, area, backend, qtbot):
    backend.held.add(SwitchMode)
    row = area.bar.server.findText("gunicorn with uvicorn workers")
    area.bar.server.activated.emit(row)
    assert area.bar.pill.state == "switching"
    qtbot.waitUntil(lambda: bool(backend.of(SwitchMode)), timeout=WAIT)
    backend.release(SwitchMode)
    qtbot.waitUntil(lambda: running.status.mode == "gunicorn-uvicorn" and not running.busy, timeout=WAIT)
    assert area.bar.pill.state == "running"


def test_steppers_rest_before_they_count(running, area, backend, qtbot):
    for count in (2, 3, 4):
        area.bar.workers.setValue(count)
    qtbot.waitUntil(lambda: running.status.workers == 4, timeout=WAIT)
    assert [command.workers for command in backend.of(SwitchMode)] == [4]


def test_what_is_picked_during_a_switch_is_switched_to_afterwards(running, backend, qtbot):
    backend.held.add(SwitchMode)
    running.set_mode("gunicorn-uvicorn")
    qtbot.waitUntil(lambda: bool(backend.of(SwitchMode)), timeout=WAIT)
    running.set_mode("uvicorn")
    running.set_mode("gunicorn-uvicorn")
    running.set_workers(3)
    backend.release(SwitchMode)
    qtbot.waitUntil(lambda: running.status.workers == 3, timeout=WAIT)
    assert running.status.mode == "gunicorn-uvicorn"


def test_what_is_picked_during_a_switch_survives_the_news_that_come_after_it(running, backend, qtbot):
    backend.held.add(SwitchMode)
    running.set_mode("gunicorn-uvicorn")
    qtbot.waitUntil(lambda: bool(backend.of(SwitchMode)), timeout=WAIT)
    running.set_workers(3)
    [command] = backend.of(SwitchMode)
    backend.held.discard(SwitchMode)
    backend.tell(Finished(id=command.id))
    backend.apps["shop"] = dataclasses.replace(running.status, mode="gunicorn-uvicorn")
    backend.tell(AppChanged(app=backend.apps["shop"]))
    qtbot.waitUntil(lambda: running.status.workers == 3, timeout=WAIT)
    assert running.status.mode == "gunicorn-uvicorn"


def test_wsgi_for_an_asgi_application_is_explained_and_the_application_runs_on(running, area, backend, qtbot):
    wsgi = next(made for made in area.bar.interfaces.buttons() if made.text() == "WSGI")
    qtbot.mouseClick(wsgi, Qt.MouseButton.LeftButton)
    assert not area.problem.isHidden()
    assert "speaks WSGI" in area.problem._what.text()
    assert not backend.of(SwitchMode)
    offered = buttons(area.problem)
    assert {"Use gunicorn with uvicorn workers", "Run it through the adapter (a2wsgi)", "Copy the pip command"} <= set(
        offered
    )
    qtbot.mouseClick(offered["Run it through the adapter (a2wsgi)"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: running.status.adapted and not running.busy, timeout=WAIT)
    assert running.status.mode == "gunicorn-sync"
    assert area.problem.isHidden()


def test_wsgi_and_asgi_are_commands_too(running, area, qtbot):
    actions = area._actions
    assert (actions.get("launch.asgi").isChecked(), actions.get("launch.wsgi").isChecked()) == (True, False)
    palette = PaletteModel(actions)
    palette.filter("wsgi")
    assert palette.shown[0].id == "launch.wsgi"
    actions.run("launch.wsgi")
    assert running.choice.interface == "WSGI"
    actions.run("launch.asgi")
    assert running.choice.mode == "uvicorn"


def test_closing_the_explanation_goes_back_to_what_runs(running, area, settings):
    running.set_interface("WSGI")
    area.problem.dismissed.emit()
    assert running.choice.mode == "uvicorn"
    assert area.problem.isHidden()
    assert Kept(settings).choice(running.current).mode == "uvicorn"  # or the next window began with the explanation


def test_the_pip_command_is_copied(shop, area, qtbot, qapp):
    shop.set_mode("hypercorn")
    assert not area.bar.start.isEnabled()
    qtbot.mouseClick(buttons(area.problem)["Copy the pip command"], Qt.MouseButton.LeftButton)
    assert qapp.clipboard().text() == "pip install hypercorn"


def test_looking_again_asks_again(shop, area, backend, qtbot):
    shop.set_mode("hypercorn")
    before = len(backend.of(ListModes))
    qtbot.mouseClick(buttons(area.problem)["Look again"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(backend.of(ListModes)) > before, timeout=WAIT)


def test_a_look_that_failed_is_said_and_can_be_tried_again(controller, area, backend, qtbot, qapp):
    way = WayOut(text="Name another folder.", command="--cwd DIR")
    backend.refusals[ListModes] = Problem(what="It could not be loaded.", why="No module named 'x'.", ways_out=(way,))
    controller.add_target(SHOP)
    assert "looking" in area.bar.picker.accessibleName()
    qtbot.waitUntil(lambda: not area.problem.isHidden(), timeout=WAIT)
    assert area.bar.picker.accessibleName().endswith("shop:app · could not be loaded")
    assert "Copy the command" not in buttons(area.problem)
    backend.held.add(ListModes)
    qtbot.mouseClick(buttons(area.problem)["Look again"], Qt.MouseButton.LeftButton)
    assert "looking" in area.bar.picker.accessibleName()
    assert area.problem.isHidden()
    qtbot.waitUntil(lambda: len(backend.of(ListModes)) == 2, timeout=WAIT)
    del backend.refusals[ListModes]
    backend.release(ListModes)
    qtbot.waitUntil(lambda: controller.listed is not None, timeout=WAIT)
    assert area.bar.picker.accessibleName().startswith("Application: shop. shop:app · FastAPI")
    assert area.problem.isHidden()
    assert area.bar.start.isEnabled()


def test_a_look_that_failed_without_a_way_out_can_be_tried_again(controller, area, backend, qtbot):
    backend.refusals[ListModes] = Problem(what="It could not be loaded.", why="ImportError: x.")
    controller.add_target(SHOP)
    qtbot.waitUntil(lambda: "Look again" in buttons(area.problem), timeout=WAIT)
    before = len(backend.of(ListModes))
    qtbot.mouseClick(buttons(area.problem)["Look again"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(backend.of(ListModes)) > before, timeout=WAIT)
    qtbot.waitUntil(lambda: not area.problem.isHidden(), timeout=WAIT)


def test_a_folder_is_no_import_string(controller, area, tmp_path):
    area.open_folder(str(tmp_path))
    area.ask_import()
    assert (area.form.target.text(), area.form.folder.text()) == ("", str(tmp_path))


def test_a_failed_start_shows_the_users_own_line_in_place(shop, area, backend, qtbot):
    detail = 'Traceback (most recent call last):\n  File "/srv/shop/main.py", line 3, in <module>\n    import nope\n'
    backend.refusals[StartApp] = Problem(what="It can't be imported.", why="No module named 'nope'", detail=detail)
    shop.start()
    qtbot.waitUntil(lambda: not area.problem.isHidden(), timeout=WAIT)
    assert area.problem._own.text() == "/srv/shop/main.py:3   import nope"
    assert area.problem._copy_place.text_to_copy == "/srv/shop/main.py:3"
    assert area.problem._text.isHidden()
    qtbot.mouseClick(area.problem._details, Qt.MouseButton.LeftButton)
    assert not area.problem._text.isHidden()
    assert area.bar.pill.state == "stopped"
    area.problem.dismissed.emit()
    assert area.problem.isHidden()


def test_a_refused_switch_goes_back_to_what_runs(running, area, backend, qtbot):
    backend.refusals[SwitchMode] = Problem(what="It did not come up.")
    running.set_mode("gunicorn-uvicorn")
    qtbot.waitUntil(lambda: running.problem is not None, timeout=WAIT)
    assert running.choice.mode == "uvicorn"
    assert area.bar.pill.state == "running"


def test_a_crash_is_said_with_its_problem(running, area, backend, qtbot):
    crashed = dataclasses.replace(running.status, state="crashed", problem=Problem(what="Workers keep dying."))
    backend.tell(AppChanged(app=crashed))
    qtbot.waitUntil(lambda: area.bar.pill.state == "crashed", timeout=WAIT)
    assert area.problem._what.text() == "Workers keep dying."
    assert area.bar.start.text() == "Start"


def test_a_problem_of_recording_is_said_while_it_runs_and_once_read_not_again(running, area, backend, qtbot):
    full = dataclasses.replace(running.status, problem=Problem(what="The disk is full: nothing is recorded."))
    backend.tell(AppChanged(app=full))
    qtbot.waitUntil(lambda: area.problem._what.text() == full.problem.what, timeout=WAIT)
    assert area.bar.pill.state == "running"
    area.problem.dismissed.emit()
    backend.tell(AppChanged(app=dataclasses.replace(full, recorded=7)))
    qtbot.waitUntil(lambda: running.status.recorded == 7, timeout=WAIT)
    assert area.problem.isHidden()
    backend.tell(AppChanged(app=dataclasses.replace(full, problem=None, recorded=8)))
    qtbot.waitUntil(lambda: running.status.recorded == 8, timeout=WAIT)
    backend.tell(AppChanged(app=full))
    qtbot.waitUntil(lambda: not area.problem.isHidden(), timeout=WAIT)


def test_the_strip_shows_one_line_and_copies_all(running, area, backend, qtbot):
    long = "# adapted.py:\n#   app = x\ngunicorn adapted:app"
    backend.tell(AppChanged(app=dataclasses.replace(running.status, command=long)))
    qtbot.waitUntil(lambda: "adapted:app" in area.strip.command.text(), timeout=WAIT)
    assert "\n" not in area.strip.command.text()
    assert area.strip.command.toolTip() == area.strip.copy_command.text_to_copy == long


def test_reload_and_stop(running, area, backend, qtbot):
    qtbot.mouseClick(area.bar.reload, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(backend.of(ReloadApp)) and not running.busy, timeout=WAIT)
    qtbot.mouseClick(area.bar.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(backend.of(StopApp)) and running.state == "stopped", timeout=WAIT)
    assert area.strip.address.text() == ""


def test_a_switch_from_elsewhere_is_followed(running, area, backend, qtbot):
    other = dataclasses.replace(running.status, mode="gunicorn-uvicorn", workers=3)
    backend.tell(AppChanged(app=other))
    qtbot.waitUntil(lambda: area.bar.workers.value() == 3, timeout=WAIT)
    assert running.choice.mode == "gunicorn-uvicorn"


def test_several_applications_each_keep_their_choice(running, area, backend, qtbot):
    running.add_target(TargetSpec(target="blog:app", cwd="/srv/blog"))
    qtbot.waitUntil(lambda: running.listed is not None, timeout=WAIT)
    assert area.bar.pill.state == "stopped"
    running.set_mode("gunicorn-uvicorn")
    running.select("shop")
    assert area.bar.pill.state == "running"
    assert running.choice.mode == "uvicorn"
    area.bar.picker._fill()
    texts = [action.text() for action in area.bar.picker.menu().actions()]
    assert any(text.startswith("shop") and "running" in text for text in texts)
    assert "blog" in texts


def test_the_trace_follows_the_application_in_view(running, backend, qtbot):
    with qtbot.waitSignal(running.trace_changed, timeout=WAIT) as caught:
        backend.apps["shop"] = dataclasses.replace(running.status, trace="/srv/t.gatescope")
        backend.tell(AppChanged(app=backend.apps["shop"]))
    assert caught.args == ["/srv/t.gatescope", True]
    with qtbot.waitSignal(running.trace_changed, timeout=WAIT) as caught:
        running.stop()
    assert caught.args == ["/srv/t.gatescope", False]


def test_the_supervisors_death_is_said_with_a_way_out(running, area, backend, link, qtbot):
    backend.die()
    qtbot.waitUntil(lambda: link.state is LinkState.LOST, timeout=WAIT)
    assert area.bar.pill.state == "no supervisor"
    assert "Start a new one" in buttons(area.problem)
    assert running.status.state == "stopped"


def test_a_restarted_window_finds_what_runs(link, backend, settings, qtbot):
    backend.held.add(ListModes)
    link.start()
    controller = LaunchController(link, settings)
    qtbot.waitUntil(lambda: link.state is LinkState.ON, timeout=WAIT)
    backend.release(ListModes)
    status = _running("shop")
    backend.tell(AppChanged(app=status))
    qtbot.waitUntil(lambda: controller.name == "shop" and controller.listed is not None, timeout=WAIT)
    assert controller.state == "running"
    assert controller.choice.workers == 2


def test_demo_applications_make_traffic(controller, area, backend, qtbot):
    controller.add_entries([Entry("flask", TargetSpec(target="demo:flask"), title="Flask", demo=True)])
    controller.select("flask")
    controller.start_when_ready()
    qtbot.waitUntil(lambda: controller.state == "running" and not controller.busy, timeout=WAIT)
    assert not area.strip.traffic.isHidden()
    qtbot.mouseClick(area.strip.traffic, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(backend.of(MakeTraffic)), timeout=WAIT)
    assert backend.of(MakeTraffic)[0].app == "flask"


def test_recent_applications_come_back(controller, link, settings):
    controller.add_target(TargetSpec(target="main:app", cwd="/srv/shop", env=(("A", "1"),)))
    settings.set_shared("recent", [*settings.shared("recent", []), {"nonsense": 1}, 5])
    again = LaunchController(link, settings)
    again.load_recent()
    assert again.entries["shop"].spec == TargetSpec(target="main:app", cwd="/srv/shop", env=(("A", "1"),))
    again.forget("shop")
    assert not again.entries


def test_typing_an_import_string(controller, area, backend, qtbot):
    area.ask_import()
    assert not area.form.isHidden()
    qtbot.mouseClick(area.form._use, Qt.MouseButton.LeftButton)
    assert "main:app" in area.form._error.text()
    qtbot.keyClicks(area.form.target, "main:app")
    area.form.folder.setText("/srv/x")
    area.form.env.setText("A")
    qtbot.keyClick(area.form.target, Qt.Key.Key_Return)
    assert "NAME=value" in area.form._error.text()
    area.form.env.setText("A=1")
    qtbot.keyClick(area.form.target, Qt.Key.Key_Return)
    assert controller.current.spec == TargetSpec(target="main:app", cwd="/srv/x", env=(("A", "1"),))
    assert area.form.isHidden()
    area.ask_import()
    assert area.form.target.text() == area.form.target.selectedText() == "main:app"
    qtbot.keyClick(area.form.target, Qt.Key.Key_Escape)
    assert area.form.isHidden()


def test_every_control_can_be_reached_and_named(running, area):
    """By keyboard, and by a screen reader."""
    controls = [area.bar.picker, *area.bar.interfaces.buttons(), area.bar.server, area.bar.workers, area.bar.start,
                area.bar.reload, area.strip.copy_command, area.strip.copy_address, area.strip.open_address]  # fmt: skip
    for control in controls:
        assert control.accessibleName(), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control


def _running(name: str):
    return AppStatus(name=name, target=SHOP, mode="uvicorn", workers=2, state="running", url="http://127.0.0.1:1")
