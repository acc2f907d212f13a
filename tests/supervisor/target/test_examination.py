"""Targets and interpreters as users name them, asked of the real interpreters."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from supervisor.control.messages import Problem, TargetSpec
from supervisor.target.examination import Examination, examine
from supervisor.target.problems import TargetError
from supervisor.target.resolve import resolve
from tests.support.program import GATESCOPE, PATIENCE

HANGS = """
import pathlib, os, threading
folder = pathlib.Path(__file__).parent
(folder / "writing").write_text(str(os.getpid()))
(folder / "writing").rename(folder / "pid")
threading.Event().wait()
"""


def asked(folder: Path, target: str, python: str = sys.executable) -> Examination:
    return asyncio.run(examine(python, target, cwd=str(folder), env=os.environ, factory=False))


def refused(folder: Path, target: str, python: str = sys.executable) -> Problem:
    with pytest.raises(TargetError) as caught:
        asked(folder, target, python)
    return caught.value.problem


def old_pythons() -> Iterator[Path]:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for version in ("2.7", "3.6", "3.7"):
        yield from root.glob(f"{version}*/bin/python")


@pytest.mark.parametrize("python", list(old_pythons()), ids=lambda path: path.parent.parent.name)
def test_a_python_that_is_too_old(tmp_path: Path, python: Path) -> None:
    (tmp_path / "main.py").write_text("def app(environ, start_response): pass\n")
    problem = refused(tmp_path, "main:app", str(python))
    version = ".".join(python.parent.parent.name.split(".")[:2])
    assert problem.what == f"Python {version} is too old for the probe; 3.8 or newer is needed."
    assert (problem.detail, problem.usage) == ("", True)


@pytest.mark.parametrize("program", ["cat", "false", "true", "echo"])
def test_a_program_that_is_no_python(tmp_path: Path, program: str) -> None:
    problem = refused(tmp_path, "main:app", f"/bin/{program}")
    assert problem.what == f"/bin/{program} is not a Python interpreter."
    assert problem.usage


def test_importing_ends_the_process(tmp_path: Path) -> None:
    (tmp_path / "ends.py").write_text("import os\nos._exit(7)\n")
    problem = refused(tmp_path, "ends:app")
    assert (problem.what, "ended with status 7" in problem.why) == ("ends:app could not be examined.", True)


def package(root: Path) -> Path:
    """The layout of FastAPI's tutorial on bigger applications."""
    folder = root / "app"
    folder.mkdir()
    for name, text in {
        "__init__.py": "",
        "store.py": "items = []",
        "main.py": "from .store import items\ndef app(environ, start_response): return items\n",
    }.items():
        (folder / name).write_text(text)
    return folder


def test_from_inside_a_package_the_way_out_is_the_folder_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = package(tmp_path)
    [way] = refused(folder, "main:app").ways_out
    assert way.command == f"--cwd {tmp_path} app.main:app"
    monkeypatch.chdir(folder)
    [way] = refused(folder, "main:app").ways_out
    assert way.command == "--cwd .. app.main:app"
    assert asked(tmp_path, "app.main:app").subject.interface == "WSGI"


def test_two_packages_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    folder = package(tmp_path / "shop")
    monkeypatch.chdir(folder)
    [way] = refused(folder, "main:app").ways_out
    assert way.command == "--cwd ../.. shop.app.main:app"


def test_a_relative_import_without_a_package_has_no_such_way_out(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("from .store import items\n")
    assert refused(tmp_path, "main:app").ways_out == ()


@pytest.mark.parametrize(("value", "words"), [("1", "an int"), ("'x'", "a str"), ("None", "None")])
def test_what_is_no_application_is_named(tmp_path: Path, value: str, words: str) -> None:
    (tmp_path / "notapp.py").write_text(f"app = {value}\n")
    assert refused(tmp_path, "notapp:app").why == f"notapp:app is {words}, which cannot be called."


@pytest.mark.parametrize("target", ["main.py", "/nonexistent", "sub/folder"])
def test_a_path_that_is_not_there(tmp_path: Path, target: str) -> None:
    with pytest.raises(TargetError) as caught:
        asyncio.run(resolve(TargetSpec(target=target, cwd=str(tmp_path))))
    assert caught.value.problem.what == f"There is no such file or folder: {target}."


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT])
def test_a_target_that_hangs_ends_with_the_command(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "hang.py").write_text(HANGS)
    command = subprocess.Popen([*GATESCOPE, "modes", "hang:app"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        child = psutil.Process(wait_for_pid(tmp_path / "pid", command))
        command.send_signal(number)
        _, errors = command.communicate(timeout=PATIENCE)
    finally:
        command.kill()
        command.wait()
    psutil.wait_procs([child], timeout=PATIENCE)
    assert not child.is_running()
    assert errors == ""
    if number != signal.SIGKILL:
        assert command.returncode == 128 + number


def wait_for_pid(path: Path, command: subprocess.Popen[str]) -> int:
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        assert command.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(path.read_text())


def test_where_nothing_can_be_installed(tmp_path: Path) -> None:
    """The interpreter's word for it, changed on its way: who runs the tests may write everywhere."""
    (tmp_path / "main.py").write_text("def app(environ, start_response): pass\n")
    python = tmp_path / "python"
    changed = 'sed \'s/"writable": true/"writable": false/\''
    python.write_text(f"""#!/bin/bash\nexec '{sys.executable}' "$@" > >({changed})\n""")
    python.chmod(0o755)
    assert asked(tmp_path, "main:app").subject.closed == ""
    closed = asked(tmp_path, "main:app", str(python)).subject.closed
    assert closed == f"You may not write to {sysconfig.get_path('purelib')}."
