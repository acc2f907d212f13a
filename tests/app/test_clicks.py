"""How many clicks it takes, on the real window with a real supervisor, server and worker behind it."""

from __future__ import annotations

import os
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QPushButton, QWidget

from app.desk import Desk
from app.launch.modes_list import SLUG
from app.link import SupervisorLink
from app.link.place import secure
from app.link.process import SupervisorProcess
from app.request import Request
from app.settings import Settings
from tests.support.environments import bare, give_pip, wheel

WAIT = 60_000
pytest.importorskip("fastapi", reason="the demo applications are not installed")

FASTAPI = """
from fastapi import FastAPI
app = FastAPI()

@app.get("/")
async def root() -> dict[str, str]:
    return {"hello": "world"}
"""
WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ.get("SCRIPT_NAME", "").encode() or b"hello"]
"""
#: Serves from its own command, and knows nothing of Gatescope.
SERVE = "import os, sys; from wsgiref.simple_server import make_server; from main import app\n"
SERVE += "make_server('127.0.0.1', int(sys.argv[1]), app).serve_forever()\n"


@pytest.fixture
def desk(qapp, tmp_path, monkeypatch, qtbot) -> Iterator[Desk]:
    """The window as it is when Gatescope is started for the first time; installers look into ``wheels``."""
    for name, value in (("XDG_STATE_HOME", tmp_path / "state"), ("PIP_NO_INDEX", "1"),
                        ("PIP_FIND_LINKS", tmp_path / "wheels"), ("PIP_CONFIG_FILE", os.devnull),
                        ("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    process = SupervisorProcess((sys.executable, "-m", "supervisor", "--linger", "15"))
    link = SupervisorLink(secure(tmp_path / "sockets") / "w.sock", process)
    made = Desk(qapp, Settings(tmp_path / "s.ini"), link)
    made.window.resize(1024, 700)
    made.window.show()
    made.open(Request())
    yield made
    made.window.close()
    qtbot.waitUntil(process.ended, timeout=WAIT)
    made.window.deleteLater()


def slow_uv(path: Path) -> None:
    """A tool that does not get on: it says so, and waits for ever."""
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho Resolving\nexec sleep 600\n")
    path.chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty project's folder."""
    made = tmp_path / "shop"
    made.mkdir()
    return made


def look_at(desk: Desk, folder: Path, qtbot) -> None:
    """Open ``folder``, and wait until it was looked at."""
    desk.launch.open_folder(str(folder))
    qtbot.waitUntil(lambda: desk.controller.listed is not None or desk.controller.look_failed, timeout=WAIT)


def click(widget: QWidget) -> None:
    """A click of the mouse, on what can be seen and pressed."""
    assert widget.isVisible(), widget
    assert widget.isEnabled(), widget
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def button(inside: QWidget, text: str) -> QPushButton:
    QApplication.processEvents()  # what was just added is shown by the layout's next turn
    return next(found for found in inside.findChildren(QPushButton) if found.text() == text and found.isVisible())


def ask(url: str) -> None:
    """A request from elsewhere."""

    def send() -> None:
        with urllib.request.urlopen(url, timeout=30) as answer:
            answer.read()

    threading.Thread(target=send, daemon=True).start()


def serves(desk: Desk) -> bool:
    return desk.controller.state == "running" and not desk.controller.busy


def settle(desk: Desk, qtbot) -> None:
    qtbot.waitUntil(lambda: serves(desk) or desk.controller.problem is not None, timeout=WAIT)
    assert desk.controller.problem is None, desk.controller.problem


def test_from_nothing_to_live_traffic_in_two_clicks(desk, qtbot):
    click(desk.welcome.demo)
    settle(desk, qtbot)
    click(desk.launch.strip.traffic)
    qtbot.waitUntil(lambda: desk.traffic.model.rowCount() > 3, timeout=WAIT)
    assert desk.launch.bar.pill.state == "running"


def test_from_a_projects_folder_to_live_traffic_in_three_clicks(desk, folder, qtbot):
    (folder / "main.py").write_text(FASTAPI)
    click(desk.welcome.folder)
    dialog = desk.window.findChild(QFileDialog)
    dialog.setDirectory(str(folder.parent))
    dialog.selectFile(str(folder))
    qtbot.waitUntil(lambda: dialog.selectedFiles() == [str(folder)], timeout=WAIT)
    choose = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open)
    click(choose)
    qtbot.waitUntil(lambda: desk.launch.bar.start.isEnabled(), timeout=WAIT)
    assert "main:app · FastAPI · ASGI3" in desk.launch.bar.picker.accessibleName()
    click(desk.launch.bar.start)
    settle(desk, qtbot)
    ask(desk.controller.status.url)
    qtbot.waitUntil(lambda: desk.traffic.model.rowCount() > 0, timeout=WAIT)


def test_a_server_is_installed_where_it_is_picked_and_then_runs(desk, folder, tmp_path, qtbot):
    (folder / "main.py").write_text(WSGI)
    python = bare(folder / ".venv")
    slow_uv(tmp_path / "bin" / "uv")
    look_at(desk, folder, qtbot)
    cancel_an_installation(desk, qtbot)
    give_pip(python)
    wheel(tmp_path / "wheels", "waitress")
    look_at(desk, folder, qtbot)
    bar, install = desk.launch.bar, desk.launch.install
    qtbot.waitUntil(lambda: desk.controller.listed is not None, timeout=WAIT)
    bar.server.activated.emit(bar.server.findData("waitress", SLUG))
    assert desk.launch.strip.lent.text().startswith("lent: waitress")
    assert bar.start.isEnabled()
    click(desk.launch.strip.lent)
    assert "pip install waitress" in install.command.text()
    qtbot.waitUntil(lambda: not desk.controller.installation.running, timeout=WAIT)
    assert desk.controller.installation.problem is None
    assert "Successfully installed waitress" in install.output.toPlainText()
    qtbot.waitUntil(lambda: desk.controller.mode is not None and desk.controller.mode.state == "ready", timeout=WAIT)
    assert desk.controller.choice.mode == "waitress"
    assert install.isHidden()
    click(bar.start)
    settle(desk, qtbot)
    assert desk.controller.status.lent == ()


def cancel_an_installation(desk: Desk, qtbot) -> None:
    desk.controller.set_mode("waitress")
    click(desk.launch.strip.lent)
    qtbot.waitUntil(lambda: "Resolving" in desk.launch.install.output.toPlainText(), timeout=WAIT)
    click(desk.launch.install.cancel)
    assert desk.controller.installation.state == "cancelled"
    assert button(desk.launch.install, "Try again").isVisible()
    click(desk.launch.install.close_it)
    assert desk.launch.install.isHidden()
    assert desk.launch.bar.start.isEnabled(), "it is lent all the same"


def test_a_broken_application_is_told_of_mended_and_tried_again(desk, folder, qtbot):
    (folder / "main.py").write_text("import no_such_thing\n" + WSGI)
    look_at(desk, folder, qtbot)
    problem = desk.launch.problem
    assert problem._last.text() == "ModuleNotFoundError: No module named 'no_such_thing'"
    assert problem._copy_place.text_to_copy == f"{folder}/main.py:1"
    (folder / "main.py").write_text(WSGI)
    click(button(problem, "Look again"))
    qtbot.waitUntil(lambda: desk.launch.bar.start.isEnabled(), timeout=WAIT)
    click(desk.launch.bar.start)
    settle(desk, qtbot)
    (folder / "main.py").write_text("1 / 0\n" + WSGI)
    desk.controller.set_workers(2)
    desk.controller.set_mode("gunicorn-sync" if desk.controller.choice.mode != "gunicorn-sync" else "gunicorn-gthread")
    qtbot.waitUntil(lambda: desk.controller.failed is not None, timeout=WAIT)
    assert problem._last.text() == "ZeroDivisionError: division by zero"
    assert "still serves" in problem._note.text()
    assert desk.controller.choice.mode == desk.controller.status.mode, "what serves is picked again"
    qtbot.waitUntil(lambda: desk.launch.bar.pill.state == "running", timeout=WAIT)
    click(desk.launch.bar.start)
    qtbot.waitUntil(lambda: desk.controller.state == "stopped", timeout=WAIT)
    click(desk.launch.bar.start)
    qtbot.waitUntil(lambda: problem.isVisible() and not desk.controller.busy, timeout=WAIT)
    (folder / "main.py").write_text(WSGI)
    click(button(problem, "Try again"))
    settle(desk, qtbot)


def test_perhaps_is_a_button_that_starts_and_a_command_of_ones_own_is_switched_to(desk, folder, qtbot):
    (folder / "main.py").write_text(WSGI)
    look_at(desk, folder, qtbot)
    desk.launch.ask_import()
    desk.launch.form.target.setText("main:ap")
    desk.launch.form.folder.setText(str(folder))
    click(desk.launch.form._use)
    qtbot.waitUntil(lambda: desk.controller.problem is not None, timeout=WAIT)
    click(button(desk.launch.problem, "Start main:app"))
    settle(desk, qtbot)
    assert desk.controller.current.spec.target == "main:app"
    (folder / "serve.py").write_text(SERVE)
    bar, field = desk.launch.bar, desk.launch.strip.custom
    bar.server.activated.emit(bar.server.findData("custom", SLUG))
    assert field.isVisible()
    QTest.keyClicks(field.line, f"{sys.executable} serve.py")
    assert "{port} is missing" in field.said.text()
    QTest.keyClicks(field.line, " {port}")
    assert field.said.text() == "Enter switches to it"
    QTest.keyClick(field.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.controller.status.mode == "custom", timeout=WAIT)
    settle(desk, qtbot)
    ask(desk.controller.status.url)
    qtbot.waitUntil(lambda: desk.traffic.model.rowCount() > 0, timeout=WAIT)


def test_options_count_from_the_next_start(desk, folder, qtbot):
    (folder / "main.py").write_text(WSGI.replace('environ.get("SCRIPT_NAME", "")', '__import__("os").environ["GREET"]'))
    look_at(desk, folder, qtbot)
    qtbot.waitUntil(lambda: desk.launch.bar.start.isEnabled(), timeout=WAIT)
    click(desk.launch.bar.start)
    settle(desk, qtbot)
    click(desk.launch.bar.options)
    options = desk.launch.options
    options.variables.item(0, 0).setText("GREET")
    options.variables.item(0, 1).setText("a good day")
    assert desk.launch.bar.options.set_options == ("1 variable",)
    assert options.apply.isVisible()
    qtbot.waitUntil(lambda: desk.controller.listed is not None, timeout=WAIT)
    click(options.apply)
    qtbot.waitUntil(lambda: desk.controller.state == "switching", timeout=WAIT)
    settle(desk, qtbot)
    assert not options.apply.isVisible()
    with urllib.request.urlopen(desk.controller.status.url, timeout=30) as answer:
        assert answer.read() == b"a good day"
