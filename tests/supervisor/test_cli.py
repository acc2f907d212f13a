from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supervisor.cli import ELSEWHERE, main, parser
from tests.support.program import gatescope

COMMANDS = ["open", "demo", "run", "modes", "install", "status", "switch", "reload", "stop", *ELSEWHERE]


def test_every_command_is_there() -> None:
    text = parser().format_help()
    assert all(command in text for command in COMMANDS)


def test_commands_of_other_modules_are_listed_as_they_are() -> None:
    """The list that help is made of is the one that the modules register."""
    listed = parser("-h").format_help()
    assert parser("ls").format_help() == listed


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert "usage: gatescope" in capsys.readouterr().out


def test_help_is_there_at_once() -> None:
    """Nothing heavy is imported for it: what takes long is loaded by the commands that need it."""
    code = "import sys; from supervisor.cli import parser; parser('-h'); print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {
        "asyncio",
        "httpx",
        "psutil",
        "uvloop",
        "PySide6",
        "websockets",
        "sqlite3",
        "inspector",
        "importlib.metadata",
    }
    assert heavy & set(loaded) == set()
    took = []
    for _ in range(3):
        began = time.monotonic()
        gatescope("--help")
        took.append(time.monotonic() - began)
    assert min(took) < 1.0  # an order of magnitude above what it takes; the machine is shared


def test_no_supervisor_to_drive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert main(["status"]) == 2
    assert "No supervisor is running" in capsys.readouterr().err
    assert main(["stop", "--control", str(tmp_path / "none"), "--json"]) == 1
    assert '"event":"failed"' in capsys.readouterr().out


def test_the_window_is_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def execv(path: str, arguments: list[str]) -> None:
        calls.append(arguments[1:])
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setenv("DISPLAY", ":99")
    assert [main(words) for words in ([], ["open"], ["open", "x.gatescope"], ["demo"])] == [130] * 4
    assert [call[:3] for call in calls] == [["-P", "-m", "app"]] * 4
    assert [call[3:] for call in calls] == [[], [], ["open", "x.gatescope"], ["demo"]]


def test_the_version_and_what_it_runs_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("gatescope ")
    assert f"Python {sys.version.split()[0]} ({sys.executable})" in text
    assert "PySide6-Essentials" in text
