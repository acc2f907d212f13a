"""A server is installed into the user's environment, for real, from wheels that lie on this machine."""

from __future__ import annotations

import importlib.metadata
import json
import os
import select
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from supervisor.control import codec
from supervisor.control.client import ControlClient, ControlError
from supervisor.control.messages import (
    Finished,
    InstallProgress,
    InstallServer,
    ListModes,
    ModesListed,
    ModeStatus,
    SwitchMode,
    TargetSpec,
)
from supervisor.tree.proc import session
from tests.support.apps import project
from tests.support.environments import bare, give_pip, packages, wheel
from tests.support.load import ask
from tests.support.program import GATESCOPE, PATIENCE, gatescope, running

#: A tool that does not get on: it says so, and waits for ever. What it is asked to install does not matter.
SLOW_UV = """#!/bin/sh
echo "Resolving $$"
exec sleep 600
"""
#: Installs by our own pip, as uv would by itself: uv pip install --python PYTHON NAME.
UV = """#!/bin/sh
exec {pip} -m pip --python "$4" install "$5"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a bare environment; installers find what is in ``wheels``."""
    made = project(tmp_path / "project")
    bare(made / ".venv")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for variable in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_TARGET"):
        monkeypatch.delenv(variable, raising=False)
    return made


def python_of(folder: Path) -> Path:
    return folder / ".venv" / "bin" / "python"


def tool(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program called uv on the path."""
    made = tmp_path / "bin" / "uv"
    made.parent.mkdir(exist_ok=True)
    made.write_text(script)
    made.chmod(0o755)
    monkeypatch.setenv("PATH", f"{made.parent}{os.pathsep}{os.environ['PATH']}")


def modes_of(client: ControlClient, spec: TargetSpec) -> dict[str, ModeStatus]:
    reply = client.ask(ListModes(id=client.next_id(), target=spec))
    assert isinstance(reply, ModesListed)
    return {mode.slug: mode for mode in reply.modes}


def test_a_server_is_installed_and_taken(folder: Path, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "waitress")
    give_pip(python_of(folder))
    spec = TargetSpec(target="wsgi:app", cwd=str(folder))
    with running("wsgi:app", "--mode", "wsgiref", cwd=folder) as run, ControlClient(Path(run.control)) as client:
        before = modes_of(client, spec)["waitress"]
        assert before.state == "lendable"
        command = InstallServer(id=client.next_id(), target=spec, mode="waitress")
        assert client.ask(command) == Finished(id=command.id)
        told = [event for event in client.events if isinstance(event, InstallProgress)]
        assert {(event.id, event.command) for event in told} == {(command.id, before.ways_out[0].command)}
        lines = [line for event in told for line in event.lines]
        assert told[0].lines == ()
        assert lines[-1].startswith("Successfully installed waitress")
        assert modes_of(client, spec)["waitress"].state == "ready"
        switched = client.ask(SwitchMode(id=client.next_id(), mode="waitress"))
        assert isinstance(switched, Finished)
        assert switched.app is not None
        assert switched.app.lent == ()
        assert ask(run.url)[0] == 200
        again = InstallServer(id=client.next_id(), target=spec, mode="waitress")
        assert client.ask(again) == Finished(id=again.id)


def test_from_the_command_line(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = wheel(tmp_path / "wheels", "waitress")
    tool(tmp_path, UV.format(pip=sys.executable), monkeypatch)
    outcome = gatescope("install", "wsgi:app", "waitress", "--json", cwd=folder)
    assert outcome.returncode == 0, outcome.stderr
    first, *output, last = [json.loads(line) for line in outcome.stdout.splitlines()]
    typed = f"uv pip install --python {python_of(folder)} waitress"
    assert first == {"event": "installing", "command": typed}
    assert any(made.name in line["line"] for line in output)
    assert last == {"event": "installed", "mode": "waitress", "command": typed}
    assert importlib.metadata.distribution("waitress").version in str(
        list(packages(python_of(folder)).glob("*.dist-info"))
    )
    outcome = gatescope("install", "wsgi:app", "waitress", cwd=folder)
    assert outcome.stdout.startswith("All that waitress needs is already installed for wsgi:app")


def test_why_it_failed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    give_pip(python_of(folder))
    outcome = gatescope("install", "wsgi:app", "waitress", cwd=folder)
    assert outcome.returncode == 1
    assert outcome.stdout.splitlines()[0] == f"{python_of(folder)} -m pip install waitress"
    said = outcome.stderr.splitlines()
    assert said[0] == f"gatescope: {python_of(folder)} -m pip install waitress failed."
    assert said[1] == "  It ended with status 1: ERROR: No matching distribution found for waitress"
    outcome = gatescope("install", "wsgi:app", "waitres", cwd=folder)
    assert (outcome.returncode, "Did you mean waitress?" in outcome.stderr) == (2, True)


def test_the_tool_ends_with_the_client_that_asked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(tmp_path, SLOW_UV, monkeypatch)
    spec = TargetSpec(target="wsgi:app", cwd=str(folder))
    with running("wsgi:app", "--mode", "wsgiref", cwd=folder) as run:
        with ControlClient(Path(run.control)) as client:
            pid = begun(client, spec)
            with ControlClient(Path(run.control)) as other, pytest.raises(ControlError, match="already"):
                other.ask(InstallServer(id=1, target=spec, mode="waitress"))
        until_gone(pid)
        with ControlClient(Path(run.control)) as client:  # and with the supervisor
            pid = begun(client, spec)
            assert run.stop(signal.SIGTERM) == 0
            assert session(pid) == []


def begun(client: ControlClient, spec: TargetSpec) -> int:
    """Ask for an installation; the pid that its tool says it has."""
    client._socket.sendall(codec.encode(InstallServer(id=client.next_id(), target=spec, mode="waitress")))
    while True:
        message = client.receive()
        if isinstance(message, InstallProgress) and message.lines:
            return int(message.lines[0].split()[1])


def until_gone(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        assert poll.poll(PATIENCE * 1000)
    finally:
        os.close(descriptor)


def test_the_tool_ends_with_the_command(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(tmp_path, SLOW_UV, monkeypatch)
    command = [*GATESCOPE, "install", "wsgi:app", "waitress"]
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            pid = int(process.stdout.readline().split()[1])
            process.send_signal(number)
            assert process.wait(PATIENCE) == status
            assert session(pid) == []


def test_what_cannot_be_installed_is_said_beforehand(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    outcome = gatescope("install", "wsgi:app", "granian-wsgi", cwd=folder)
    if "there is no uv" not in outcome.stderr:
        pytest.skip("there is a uv in the system's own folders")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    [mode] = map(json.loads, gatescope("modes", "wsgi:app", "granian-wsgi", "--json", cwd=folder).stdout.splitlines())
    assert mode["state"] == "impossible"
    assert mode["ways_out"][0]["command"] == f"{python_of(folder)} -m ensurepip"


def test_an_interpreter_in_the_care_of_the_system(folder: Path, tmp_path: Path) -> None:
    """A copy of the standard library's folder, as links, with the file that says so."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = tmp_path / "system" / "lib" / version
    library.mkdir(parents=True)
    for entry in Path(sysconfig.get_path("stdlib")).iterdir():
        (library / entry.name).symlink_to(entry)
    (library / "site-packages").unlink()
    (library / "site-packages").mkdir()
    (library / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=No.\n")
    python = tmp_path / "system" / "bin" / version
    python.parent.mkdir()
    python.symlink_to(os.path.realpath(sys.executable))
    env = f"PYTHONHOME={tmp_path / 'system'}"
    outcome = gatescope("install", "wsgi:app", "granian-wsgi", "--python", python, "--env", env, cwd=folder)
    assert (outcome.returncode, "(PEP 668)" in outcome.stderr) == (2, True), outcome.stderr


def test_what_all_programs_would_get_is_asked_for(folder: Path) -> None:
    """Nothing goes into an interpreter that is no virtual environment unless the user says so."""
    python = os.path.realpath(sys.executable)
    outcome = gatescope("install", "wsgi:app", "granian-wsgi", "--python", python, cwd=folder)
    if "(PEP 668)" in outcome.stderr or "already installed" in outcome.stdout or "You may not" in outcome.stderr:
        pytest.skip("that interpreter takes nothing anyway")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert "no virtual environment" in outcome.stderr
    assert f"{python} -m venv {folder / '.venv'}" in outcome.stderr
    assert "--yes" in outcome.stderr


def test_a_command_of_ones_own_needs_nothing_that_is_known(folder: Path) -> None:
    outcome = gatescope("install", "wsgi:app", "custom", cwd=folder)
    assert (outcome.returncode, "nothing to install for custom" in outcome.stderr) == (2, True)
