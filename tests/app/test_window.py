"""The window's frame: pages, menus, keys, first page, closing; the command line; and that Qt keeps its references."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from app.actions import Action, ActionRegistry
from app.desk import Desk
from app.link import LinkState
from app.request import Request, parse
from app.theme import Scheme, Theme
from app.window import MainWindow, Page, Tools
from inspector.store.reader import TraceCounts
from supervisor.control.messages import Shutdown, StartApp

WAIT = 10_000
ROOT = Path(__file__).parents[2]


@pytest.fixture
def window(qapp, settings, qtbot):
    tools = Tools(ActionRegistry(), settings, Theme(qapp, Scheme.LIGHT))
    pages = [
        Page("one", "One", "traffic", cache(lambda: QLabel("1"))),
        Page("two", "Two", "logs", cache(lambda: QLabel("2"))),
    ]
    made = MainWindow(pages, QWidget(), lambda: QLabel("welcome"), tools)
    made.actions_ = tools.actions
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    return made


@pytest.fixture
def desk(qapp, link, settings, qtbot):
    made = Desk(qapp, settings, link)
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    made.feed.close()


def test_void_calls_keep_their_references(qtbot):
    """PySide6 6.12.0 on Python 3.10 and 3.11 loses a reference to None with each: the program aborts after seconds."""
    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for _ in range(1000):
        label.setText("x")
    assert sys.getrefcount(None) > before - 500


def test_pages_are_switched_by_key(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "two"
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "one"


def test_tabs_show_which_page_it_is(window, qtbot):
    tabs = {tab.objectName(): tab for tab in window._switcher._tabs.buttons()}
    qtbot.mouseClick(tabs["tab-two"], Qt.MouseButton.LeftButton)
    assert tabs["tab-two"].isChecked()
    assert not tabs["tab-one"].isChecked()


def test_keys_page_and_back(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert window._stack.currentWidget() is window._keys
    window.actions_.run("window.leave-keys")
    assert window._stack.currentWidget() is not window._keys


def test_the_palette_opens(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert not window.palette_view.isHidden()


def test_menus_hold_every_action_that_wants_to_be_there(window, qtbot):
    window.actions_.add(Action("late.one", "Late one", lambda: None, group="Late"))
    qtbot.waitUntil(lambda: "&Late" in [menu.title() for menu in window.menuBar().findChildren(QMenu)], timeout=WAIT)
    shown = {action.objectName() for menu in window.menuBar().findChildren(QMenu) for action in menu.actions()}
    assert {action.id for action in window.actions_ if action.menu} <= shown


def test_the_first_page_hides_the_rest_until_there_is_something(window):
    window.show_welcome()
    assert window._launch.isHidden()
    figures = (window.status.counts, window.status.flight, window.status.dropped)
    assert all(figure.isHidden() for figure in figures)
    window.leave_welcome()
    assert not window._launch.isHidden()
    assert not any(figure.isHidden() for figure in figures)
    assert window._stack.currentWidget() is window._pages["one"].widget


def test_the_status_bar(window):
    window.status.show_counts(12, 3456)
    window.status.show_recording(2, 0)
    window.show_trace("/srv/traces/a.gatescope")
    assert window.status.counts.text() == "12 of 3,456 exchanges"
    assert (window.status.flight.text(), window.status.dropped.text()) == ("2 in flight", "0 dropped")
    assert window.windowTitle() == "a.gatescope - Gatescope"
    window.status.show_counts(5, 5)
    window.status.show_recording(0, 3)
    window.show_trace("")
    assert window.status.counts.text() == "5 exchanges"
    assert window.status.dropped.property("look") == "error"
    assert window.windowTitle() == "Gatescope"
    window.status.show_volume(TraceCounts(5, 0, 10, {}, 1_500_000))
    assert window.status.volume.text() == "1.50 MB"
    window.status.show_live(on=True)
    assert not window.status.rate.isHidden()
    assert window.status.cost.isHidden()
    window.status.show_cost(21_000, 4_100_000)
    assert (window.status.cost.isHidden(), window.status.cost.text()) == (False, "probe 21 µs a call")
    assert "0.5 % of its 4.1 ms" in window.status.cost.toolTip()
    window.status.show_cost(0, 0)
    assert window.status.cost.isHidden()
    assert window.status.rate.text() == "0/s"
    window.status.show_live(on=False)
    assert window.status.rate.isHidden()
    window.say("Copied")
    assert window.statusBar().currentMessage() == "Copied"


def test_colours_are_chosen_and_kept(desk, settings, qapp):
    desk.actions.run("theme.dark")
    assert settings.option("theme") == "dark"
    assert desk.theme.is_dark()
    assert desk.actions.get("theme.dark").isChecked()
    desk.actions.run("theme.light")
    assert not desk.theme.is_dark()


def test_nothing_configured_is_two_clicks_from_traffic(desk, backend, qtbot):
    desk.open(Request())
    assert desk.window._stack.currentWidget() is desk.welcome
    qtbot.mouseClick(desk.welcome.demo, Qt.MouseButton.LeftButton)
    assert desk.window._stack.currentWidget() is desk.traffic
    qtbot.waitUntil(lambda: desk.controller.state == "running", timeout=WAIT)
    assert backend.of(StartApp)[0].target.target == "demo:fastapi"
    assert not desk.launch.strip.traffic.isHidden()


def test_pages_that_are_not_in_view_follow_and_then_the_supervisor_is_reached(desk, trace, qtbot):
    late = {"workers", "findings", "replay", "logs", "statistics", "compare", "comparison"}
    there = []
    desk.link.state_changed.connect(lambda state: there.append((state, late & vars(desk).keys())))
    desk.open(Request(trace=str(trace.path)))
    qtbot.waitUntil(lambda: desk.link.state is LinkState.ON, timeout=WAIT)
    assert there == [(LinkState.STARTING, set()), (LinkState.ON, late)]
    assert all(desk.window._stack.isAncestorOf(getattr(desk, page)) for page in late)
    assert desk.logs.reads_trace  # it was open before


def test_a_window_that_is_closed_at_once_makes_no_more_pages(desk, backend, qtbot):
    desk.open(Request(demo=True))
    desk.window.close()
    qtbot.wait(1)  # one turn in which they would come
    assert desk.link.state is LinkState.OFF
    assert "workers" not in vars(desk)
    assert backend.commands == []


def test_a_project_is_opened_and_remembered(desk, settings, tmp_path, qtbot):
    desk.open(Request(project=str(tmp_path)))
    assert desk.controller.current.spec.cwd == str(tmp_path)
    assert settings.shared("recent", [])[0]["target"] == str(tmp_path)
    qtbot.waitUntil(lambda: desk.controller.listed is not None, timeout=WAIT)


def test_no_supervisor_is_said_in_the_window(desk, backend, qtbot):
    desk.open(Request())
    qtbot.waitUntil(lambda: desk.link.state is LinkState.ON, timeout=WAIT)
    backend.die()
    qtbot.waitUntil(lambda: desk.link.state is LinkState.LOST, timeout=WAIT)
    assert not desk.launch.problem.isHidden()
    assert "supervisor" in desk.window.statusBar().currentMessage()


def test_closing_ends_the_supervisor_and_saves_the_layout(desk, backend, settings, qtbot):
    desk.open(Request())
    qtbot.waitUntil(lambda: desk.link.state is LinkState.ON, timeout=WAIT)
    desk.window.show_page("logs")
    desk.window.close()
    qtbot.waitUntil(lambda: bool(backend.of(Shutdown)), timeout=WAIT)
    assert settings.value("window.page", "") == "logs"


@pytest.mark.parametrize("size", [(1440, 900), (1024, 700)])
@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_nothing_is_clipped(desk, backend, qtbot, size, scheme):
    desk.theme.apply(scheme)
    desk.window.resize(*size)
    desk.open(Request())
    desk.try_demo()
    qtbot.waitUntil(lambda: desk.controller.state == "running", timeout=WAIT)
    assert (desk.window.width(), desk.window.height()) == size
    bar, strip = desk.launch.bar, desk.launch.strip
    shown = (bar.server, bar.start, bar.reload, bar.pill, strip.traffic, strip.address, strip.light)
    for widget in shown:
        assert widget.width() >= widget.minimumSizeHint().width(), widget
        assert widget.mapTo(desk.window, widget.rect().bottomRight()).x() < size[0], widget
    assert bar.picker.width() >= 150
    desk.theme.apply(Scheme.LIGHT)


# the command line


def test_what_can_be_asked_for(tmp_path, capsys):
    trace = tmp_path / "a.gatescope"
    trace.touch()
    assert parse([]) == Request()
    assert parse(["demo"]) == Request(demo=True)
    assert parse(["open"]) == Request()
    assert parse(["open", str(tmp_path)]) == Request(project=str(tmp_path))
    assert parse(["open", str(trace)]) == Request(trace=str(trace))
    with pytest.raises(SystemExit) as stopped:
        parse(["open", str(tmp_path / "absent")])
    assert stopped.value.code == 2
    assert "is not there" in capsys.readouterr().err
    assert len({request.session for request in (Request(), Request(demo=True), Request(project="/x"))}) == 3


def test_without_a_screen_it_says_so_and_exits_with_2():
    kept = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run([sys.executable, "-m", "app"], cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "no screen" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_signal_closes_the_window_and_its_supervisor(tmp_path):
    kept = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_RUNTIME_DIR": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    child = subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=kept, stderr=subprocess.PIPE, text=True)
    try:
        _wait_for(lambda: list((tmp_path / "gatescope").glob("*.sock")), child)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=20)
    finally:
        child.kill()
        child.wait()
    assert child.returncode == 0, err
    assert "Traceback" not in err
    _wait_for(lambda: not list((tmp_path / "gatescope").glob("*.sock")), None)


def _wait_for(condition, child) -> None:
    import time

    deadline = time.monotonic() + 30
    while not condition():
        assert child is None or child.poll() is None, child.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
