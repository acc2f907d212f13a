"""A project's own gunicorn.conf.py: its settings hold, and each of its hooks runs, as without us."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.integration.lifecycle.scene import Scene, until
from tests.support.apps import project
from tests.support.load import ask
from tests.support.program import running

#: Every hook that a worker's life calls, with the number of its parameters, as gunicorn wants them.
HOOKS = {
    "on_starting": 1, "when_ready": 1, "pre_fork": 2, "post_fork": 2, "post_worker_init": 1, "pre_request": 2,
    "post_request": 4, "worker_int": 1, "worker_abort": 1, "worker_exit": 2, "child_exit": 2, "nworkers_changed": 3,
    "on_exit": 1,
}  # fmt: skip

CONFIG = """
import os

timeout = 41
raw_env = ["SAID_BY=the config"]
workers = 7
max_requests = 1000


def _note(name):
    with open(os.path.join(os.path.dirname(__file__), "notes"), "a") as notes:
        notes.write("%s %d\\n" % (name, os.getpid()))
"""

WSGI = """
import json, os


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([os.environ.get("SAID_BY"), os.getpid()]).encode()]
"""


def write(folder: Path) -> Path:
    project(folder)
    (folder / "wsgi.py").write_text(WSGI)
    hooks = "".join(
        f"\n\ndef {name}({', '.join('abcd'[:count])}):\n    _note('{name}')\n" for name, count in HOOKS.items()
    )
    told = "    _note('timeout=%d,workers=%d' % (a.cfg.timeout, a.cfg.workers))\n"
    hooks = hooks.replace("_note('when_ready')\n", f"_note('when_ready')\n{told}")
    (folder / "gunicorn.conf.py").write_text(CONFIG + hooks)
    return folder


def notes(folder: Path) -> dict[str, set[int]]:
    """The processes that each hook ran in."""
    found: dict[str, set[int]] = {}
    for line in (folder / "notes").read_text().splitlines():
        name, pid = line.split()
        found.setdefault(name, set()).add(int(pid))
    return found


@pytest.mark.parametrize("way", ["by itself", "named"])
def test_hooks_run_and_settings_hold(tmp_path: Path, way: str) -> None:
    folder = write(tmp_path / "project")
    arguments = ["wsgi:app", "--mode", "gunicorn-sync", "--workers", "2"]
    if way == "named":
        (folder / "gunicorn.conf.py").rename(folder / "mine.py")
        arguments += ["--", "-c", "mine.py"]
    with running(*arguments, cwd=folder) as run, Scene(run.control, "wsgi", run.trace, "") as scene:
        status, body = ask(run.url)
        said, pid = json.loads(body)
        assert (status, said) == (200, "the config")
        workers = {worker.pid for worker in until(lambda: scene.ready() if len(scene.ready()) == 2 else [], "both")}
        assert pid in workers
        master = scene.status().pid
        until(lambda: "post_request" in notes(folder), "what comes after the answer")
        os.kill(pid, signal.SIGKILL)
        until(lambda: len(notes(folder).get("post_worker_init", ())) == 3, "the hook of its successor")
        heir = notes(folder)["post_worker_init"] - workers
        until(lambda: heir <= {worker.pid for worker in scene.ready()}, "the successor")
    found = notes(folder)
    assert "timeout=41,workers=2" in found  # the number of workers is ours: it decides what is watched
    everyone = workers | heir
    for name in ("on_starting", "when_ready", "pre_fork", "child_exit", "on_exit"):
        assert found[name] == {master}, name
    assert found["post_fork"] == found["post_worker_init"] == everyone
    assert found["pre_request"] == found["post_request"] == {pid}
    assert found["worker_exit"] == everyone - {pid}
