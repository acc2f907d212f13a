"""What the user's code starts in a session of its own, or a command without Python, ends with what started it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.tree import proc
from tests.integration.test_switch import command
from tests.support.apps import project
from tests.support.load import ask
from tests.support.probed import until
from tests.support.program import GatescopeRun, running

#: Starts a process in a session of its own, one by a daemon's double fork, and names them.
STARTING = """
import os, pathlib, subprocess
from wsgi import app as inner

SLEEP = ["sleep", "300"]
DAEMON = '''
import os
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execvp("sleep", ["sleep", "300"])
'''


def app(environ, start_response):
    if environ["PATH_INFO"] == "/start":
        subprocess.Popen(SLEEP, start_new_session=True)
    if environ["PATH_INFO"] == "/daemon":
        subprocess.run(["python3", "-c", DAEMON], check=True)
    return inner(environ, start_response)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = project(tmp_path)
    (made / "starting.py").write_text(STARTING)
    yield made
    for pid in sleeping(made):  # of a test that failed
        os.kill(pid, signal.SIGKILL)


def sleeping(folder: Path) -> list[int]:
    """The processes that were started there and do nothing else."""
    found = []
    for pid in proc.pids():
        try:
            here = os.readlink(f"/proc/{pid}/cwd") == str(folder)
        except OSError:
            continue
        if here and proc.name(pid) == "sleep":
            found.append(pid)
    return found


def begin(run: GatescopeRun, folder: Path, *paths: str) -> list[int]:
    """Have a stray started for each path."""
    for path in paths:
        assert ask(f"{run.url}/{path}")[0] == 200
    until(lambda: len(sleeping(folder)) == len(paths), "the strays")
    return sleeping(folder)


def cared_for(run: GatescopeRun) -> bool:
    """Whether there is a caretaker: it is started when something is seen that needs one."""
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in proc.children(run.process.pid)]
    return any(b"supervisor.tree.caretaker" in words for words in commands)


def test_an_instance_ends_with_all_that_came_from_it(folder: Path) -> None:
    with running("starting:app", "--mode", "gunicorn-sync", cwd=folder) as run:
        begin(run, folder, "start", "daemon")
        command(run, "reload")
        until(lambda: len(sleeping(folder)) <= 1, "what is known to be the old instance's is gone")
        assert ask(run.url)[0] == 200
    assert sleeping(folder) == []  # and the daemon with the supervisor


def test_a_killed_supervisor_leaves_none_that_was_known(folder: Path) -> None:
    with running("starting:app", "--mode", "waitress", cwd=folder) as run:
        [stray] = begin(run, folder, "start")
        until(lambda: cared_for(run), "a caretaker")
        run.process.kill()
        run.process.wait(30)
        until(lambda: stray not in sleeping(folder), "the stray is gone")


def test_a_command_without_python_ends_with_a_killed_supervisor(folder: Path) -> None:
    line = "sh -c 'sleep 300 & exec python -m wsgiref_here {port}'"
    (folder / "wsgiref_here.py").write_text(
        "import sys\nfrom wsgiref.simple_server import make_server\nfrom wsgi import app\n"
        "make_server('127.0.0.1', int(sys.argv[1]), app).serve_forever()\n"
    )
    with running(folder, "--mode", "custom", "--command", line, cwd=folder) as run:
        assert ask(run.url)[0] == 200
        assert len(sleeping(folder)) == 1
        until(lambda: cared_for(run), "a caretaker")
        run.process.kill()
        run.process.wait(30)
        until(lambda: sleeping(folder) == [], "nothing is left")
