"""Screens that are there, are not, and turn us away; asked of real sockets and the real X library."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.display import missing_display, x_error

ROOT = Path(__file__).parents[2]
_X_SOCKETS = Path("/tmp/.X11-unix")


@pytest.mark.parametrize(
    ("environment", "platform", "words"),
    [({}, "linux", "neither DISPLAY"), ({"QT_QPA_PLATFORM": "offscreen"}, "linux", ""), ({}, "darwin", ""),
     ({"WAYLAND_DISPLAY": "/nowhere/wayland-0"}, "linux", "nothing answers at /nowhere"),
     ({"DISPLAY": ":98765"}, "linux", "nothing answers"), ({"DISPLAY": "unreadable"}, "linux", "DISPLAY=unreadable"),
     ({"QT_QPA_PLATFORM": "xcb"}, "linux", "neither DISPLAY")],
)  # fmt: skip
def test_screens(environment, platform, words):
    reason = missing_display(environment, platform)
    assert (words in reason) if words else not reason


def test_a_compositor_that_answers_will_do(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-0"))
        server.listen()
        given = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert missing_display(given, "linux") == ""


def test_without_the_x_library_qt_is_left_to_say_so():
    def absent(_name):
        raise OSError

    assert x_error(":98765", absent) == 0


@pytest.fixture
def refusing():
    """An X server that takes the connection and says no: the setup's answer begins with 0 (X11 protocol, section 8)."""
    number = next(n for n in range(4_100, 4_200) if not (_X_SOCKETS / f"X{n}").exists())
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"\0/tmp/.X11-unix/X{number}")
    server.listen()

    def refuse():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.recv(4096)
                client.sendall(bytes([0, 4, 11, 0, 0, 0, 1, 0]) + b"No! ")

    thread = threading.Thread(target=refuse)
    thread.start()
    yield f":{number}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_a_server_that_refuses_is_said_and_no_abort(refusing):
    assert "refuses" in missing_display({"DISPLAY": refusing}, "linux")
    kept = {key: value for key, value in os.environ.items() if key not in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    kept["DISPLAY"] = refusing
    done = subprocess.run([sys.executable, "-m", "app"], cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "refuses" in done.stderr
    assert "Traceback" not in done.stderr
