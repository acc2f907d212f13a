"""The mode ``custom``: frameworks' own commands and any other, with the probe inside what they start."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from supervisor.tree.proc import session
from tests.integration.test_orphans import gone
from tests.support.apps import project
from tests.support.load import ask
from tests.support.program import GatescopeRun, Line, gatescope, running

FLASK = """
import os
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return f"version 1 {os.getpid()} {sorted(name for name in os.environ if 'GATESCOPE' in name)}"
"""

FASTAPI = """
import os
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/", response_class=PlainTextResponse)
def index():
    return f"version 1 {os.getpid()} {sorted(name for name in os.environ if 'GATESCOPE' in name)}"
"""

DJANGO = """
import os, sys
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

settings.configure(
    DEBUG=True, SECRET_KEY="x", ROOT_URLCONF="views", ALLOWED_HOSTS=["*"], WSGI_APPLICATION=None, INSTALLED_APPS=[]
)
execute_from_command_line(sys.argv)
"""

VIEWS = """
import os
from django.http import HttpResponse
from django.urls import path


def index(request):
    return HttpResponse(f"version 1 {os.getpid()} {sorted(name for name in request.META if 'GATESCOPE' in name)}")


urlpatterns = [path("", index)]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project for each framework, and the plain applications."""
    files = {"hello": FLASK, "main": FASTAPI, "manage": DJANGO, "views": VIEWS}
    project(tmp_path)
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def custom(folder: Path, command: str, *more: str) -> Any:
    return running(folder, "--mode", "custom", "--command", command, *more)


def body(run: GatescopeRun) -> str:
    with urllib.request.urlopen(run.url, timeout=30) as response:
        return str(response.read().decode())


def lives(run: GatescopeRun, event: str) -> list[Line]:
    return [line for line in run.lines if line.get("worker") == event]


def ready(run: GatescopeRun, generation: int) -> Line:
    return run.wait_for(lambda line: line.get("worker") == "ready" and line["generation"] == generation)


def exited(run: GatescopeRun, generation: int) -> Line:
    return run.wait_for(lambda line: line.get("worker") == "exited" and line["generation"] == generation)


def changed(run: GatescopeRun, path: Path, text: str) -> Line:
    """Write ``text`` and see the first worker go. Once more if need be: a reloader may not have looked before."""
    for _ in range(20):
        path.write_text(text)
        with contextlib.suppress(AssertionError):
            return run.wait_for(lambda line: line.get("worker") == "exited" and line["generation"] == 1, 3.0)
    return exited(run, 1)


def stopped(run: GatescopeRun) -> bool:
    """End it; whether nothing of it is left."""
    root = run.lines[0]["server_pid"]
    assert run.stop() == 0
    return session(root) == []


def shown(run: GatescopeRun) -> Line:
    """The first HTTP exchange, whole."""
    number = run.finished(1)[0]["exchange"]
    return dict(json.loads(gatescope("show", run.trace, number, "--json").stdout))


SERVERS = [
    ("flask --app hello run -h {host} -p {port}", "environ"),
    ("python manage.py runserver --noreload {host}:{port}", "environ"),
    ("NAME=x fastapi run main.py --host {host} --port {port}", "scope"),
    ("sh -c 'gunicorn -w 2 -b {host}:{port} wsgi:app; true'", "environ"),
    ("hypercorn -b {host}:{port} asgi:app", "scope"),
    ("granian --interface wsgi --host {host} --port {port} wsgi:app", "environ"),
    ("daphne -b {host} -p {port} asgi:app", "scope"),
]


@pytest.mark.parametrize(("command", "context"), SERVERS, ids=lambda value: re.sub(r"\W+", "-", value)[:20])
def test_a_command_serves_with_the_probe_inside(folder: Path, command: str, context: str) -> None:
    with custom(folder, command) as run:
        told = run.lines[0]
        assert told["mode"] == "custom"
        assert told["command"] == command.format(host="127.0.0.1", port=run.url.rpartition(":")[2])
        text = body(run)
        assert "GATESCOPE" not in text  # nobody is shown what led the probe there
        whole = shown(run)
        assert whole[context]
        assert str(whole["pid"]) in text
        assert not [name for name in whole[context] if "GATESCOPE" in name]
        assert stopped(run)
        assert {line["cause"] for line in lives(run, "exited")} == {"graceful"}


RELOADERS = [
    ("flask --app hello --debug run -h {host} -p {port}", "hello.py"),
    ("python manage.py runserver {host}:{port}", "views.py"),
    ("fastapi dev main.py --host {host} --port {port}", "main.py"),
]


@pytest.mark.parametrize(("command", "file"), RELOADERS, ids=["flask", "django", "fastapi"])
def test_a_reloader_is_a_slot_with_generations(folder: Path, command: str, file: str) -> None:
    with custom(folder, command) as run:
        assert body(run).startswith("version 1")
        first = ready(run, 1)
        end = changed(run, folder / file, (folder / file).read_text().replace("version 1", "version 2"))
        assert (end["slot"], end["pid"], end["cause"]) == (1, first["pid"], "reload")
        assert body(run).startswith("version 2")  # it waited in the proxy until there was a worker
        second = ready(run, 2)
        os.kill(second["pid"], signal.SIGKILL)
        end = exited(run, 2)
        assert (end["pid"], end["cause"], end["signal"]) == (second["pid"], "killed", 9)
        third = ready(run, 3)  # the command itself ends, or goes on without serving: it is started anew
        assert body(run).split()[2] == str(third["pid"])
        root = run.lines[0]["server_pid"]
        assert session(root) == []
        state = json.loads(gatescope("status", "--control", run.control, "--json").stdout)
        assert stopped(run)
        assert session(state["pid"]) == []


def test_nothing_outlives_the_supervisor(folder: Path) -> None:
    command, _ = RELOADERS[0]
    with custom(folder, f"sh -c '{command}; true'") as run:  # a process more that is none of ours
        body(run)
        run.process.kill()
        run.process.wait(30)
        assert gone(run.lines[0]["server_pid"])


def test_broken_code_is_told_and_mended(folder: Path) -> None:
    with custom(folder, "uvicorn main:app --reload --host {host} --port {port}") as run:
        good = (folder / "main.py").read_text()
        changed(run, folder / "main.py", "def broken(:\n")
        told = run.wait_for(lambda line: line.get("event") == "worker" and line.get("cause") == "boot error")
        assert told["generation"] == 2
        problem = json.loads(gatescope("status", "--control", run.control, "--json").stdout)["problem"]
        assert "SyntaxError" in problem["why"]
        (folder / "main.py").write_text(good)
        ready(run, 3)
        assert body(run).startswith("version 1")
        assert json.loads(gatescope("status", "--control", run.control, "--json").stdout)["problem"] is None


def test_code_that_is_broken_from_the_start(folder: Path) -> None:
    (folder / "views.py").write_text("raise RuntimeError('the sky is falling')\n")
    command = "python manage.py runserver {host}:{port}"
    outcome = gatescope("run", folder, "--mode", "custom", "--command", command)
    assert outcome.returncode == 1
    assert "the sky is falling" in outcome.stderr


def test_what_no_probe_is_in_is_seen_on_the_wire(folder: Path) -> None:
    with custom(folder, "python -I -m http.server -b {host} {port}") as run:
        assert ask(run.url)[0] == 200
        [exchange] = run.finished(1)
        assert (exchange["status"], exchange["pid"], lives(run, "born")) == (200, 0, [])
        problem = json.loads(gatescope("status", "--control", run.control, "--json").stdout)["problem"]
        assert "only the wire" in problem["what"]
        os.kill(run.lines[0]["server_pid"], signal.SIGKILL)
        assert gone(run.lines[0]["server_pid"])
        assert ask(run.url)[0] == 200  # it waited until the command had been started anew
        assert stopped(run)


ALONE = """
import socket, sys
server = socket.socket()
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen()
while True:
    client, _ = server.accept()
    if client.recv(9999):
        client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nhi")
    client.close()
"""


def test_a_command_that_shares_no_port_gets_it_alone(folder: Path) -> None:
    (folder / "alone.py").write_text(ALONE)
    with custom(folder, "python alone.py {port}") as run:
        assert body(run) == "hi"


def test_from_the_projects_settings_and_back_and_forth(folder: Path) -> None:
    text = "[tool.gatescope.apps.dev]\ntarget = 'wsgi:app'\ncommand = 'waitress-serve --port {port} wsgi:app'\n"
    (folder / "pyproject.toml").write_text(text)
    with running("dev", cwd=folder) as run:
        assert run.lines[0]["mode"] == "custom"
        assert body(run).startswith("wsgi")

        def switch(*words: str) -> tuple[int, str]:
            outcome = gatescope("switch", *words, "--control", run.control)
            return outcome.returncode, outcome.stdout + outcome.stderr

        assert switch("gunicorn-sync")[0] == 0
        assert body(run).startswith("wsgi")
        command = "gunicorn -b {host}:{port} wsgi:app"
        assert switch("custom", "--command", command)[0] == 0
        assert (
            "gunicorn -b 127.0.0.1"
            in json.loads(gatescope("status", "--control", run.control, "--json").stdout)["command"]
        )
        refused = switch("wsgiref", "--command", command)
        assert refused[0] == 2
        assert "takes no command" in refused[1]
        assert switch("custom", "--command", "uvicorn {prt}")[0] == 2
        assert body(run).startswith("wsgi")
        assert stopped(run)


BAD = [
    ("", "Say which command"),
    ("uvicorn main:app", "It has no {port}"),
    ("uvicorn main:app --port {port} --host {hots}", "{hots} stands for nothing"),
    ("nosuchprogram {port}", "There is no program nosuchprogram"),
    ("./nosuchprogram {port}", "There is no program ./nosuchprogram"),
    ("python 'x {port}", "cannot be taken apart"),
    ("X=1 Y={port}", "names nothing to run"),
    ("python x.py {port} && echo", "&& is for a shell"),
]


@pytest.mark.parametrize(("command", "words"), BAD)
def test_what_cannot_be_run_is_refused_at_once(tmp_path: Path, command: str, words: str) -> None:
    outcome = gatescope("run", tmp_path, "--mode", "custom", "--command", command)
    assert outcome.returncode == 2
    assert words in outcome.stderr
    assert "Traceback" not in outcome.stderr


CHAIN = """
import os, pathlib, sys
pathlib.Path(os.environ["SAID"]).write_text(" ".join(sys.path) + " " + os.environ.get("PYTHONPATH", "none"))
"""


def test_the_users_own_sitecustomize_runs(folder: Path) -> None:
    (folder / "own").mkdir()
    (folder / "own" / "sitecustomize.py").write_text(CHAIN)
    said = folder / "said"
    more = ["--env", f"PYTHONPATH={folder / 'own'}", "--env", f"SAID={said}", "--python", sys.executable]
    with custom(folder, "python -m uvicorn main:app --port {port}", *more) as run:
        assert body(run).startswith("version 1")
        assert said.read_text().endswith(f" {folder / 'own'}")
        assert "/hook" not in said.read_text()
