"""What users get wrong: a message that names cause and way out, the right exit status, no traceback of ours."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.apps import project
from tests.support.program import GATESCOPE, gatescope, running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("project"))


def refused(folder: Path, *arguments: object) -> tuple[int, str]:
    outcome = gatescope("run", *arguments, cwd=folder)
    assert "supervisor/" not in outcome.stderr  # no frame of ours
    assert outcome.stderr.startswith(("gatescope: ", "usage: "))
    return outcome.returncode, outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["nowhere:app", "--mode", "uvicorn"], 2, ["nowhere"]),
        (["asgi:app"], 2, ["Say in which mode", "--mode uvicorn", "--mode gunicorn-uvicorn", "gatescope modes"]),
        (
            ["wsgi:app", "--mode", "gunicorn-sync", "--", "--bogus"],
            1,
            ["usage: gunicorn", "gunicorn: error", "--bogus"],
        ),
        (["asgi:absent", "--mode", "uvicorn"], 2, ["absent", "asgi:app"]),
        (["asgi", "--mode", "uvicorn"], 2, ["module:attribute", "asgi:app"]),
        (["asgi:os", "--mode", "uvicorn"], 2, ["asgi:os"]),
        (["broken:app", "--mode", "uvicorn"], 1, ["RuntimeError: the sky is falling", "broken.py", "in load"]),
        (["asgi:app", "--mode", "uvicron"], 2, ["no mode called 'uvicron'", "Did you mean uvicorn?"]),
        (["asgi:app", "--mode", "gunicorn"], 2, ["gunicorn-sync"]),
        (["asgi:app", "--mode", "gunicorn-sync"], 2, ["'send'", "--mode gunicorn-uvicorn", "--adapt"]),
        (["wsgi:app", "--mode", "uvicorn"], 2, ["'start_response'", "--mode gunicorn-sync", "--adapt"]),
        (["wsgi:app", "--mode", "wsgiref", "--workers", "2"], 2, ["always one process", "gunicorn-sync"]),
        (["wsgi:app", "--mode", "gunicorn-sync", "--workers", "0"], 2, ["0 workers", "from 1"]),
        (["wsgi:app", "--mode", "gunicorn-sync", "--workers", "many"], 2, ["invalid int value"]),
        (["asgi:app", "--mode", "uvicorn", "--threads", "4"], 2, ["4 threads"]),
        (["asgi:app", "--mode", "uvicorn", "--python", "/nowhere/python"], 2, ["not a Python interpreter"]),
        (["asgi:app", "--mode", "uvicorn", "--python", "/bin/echo"], 2, ["/bin/echo", "not a Python"]),
        (["asgi:app", "--mode", "uvicorn", "--cwd", "/nowhere"], 2, ["no folder /nowhere"]),
        (["asgi:app", "--mode", "uvicorn", "--env", "novalue"], 2, ["NAME=VALUE"]),
        (["asgi:app", "--mode", "uvicorn", "--listen", "here"], 2, ["HOST:PORT"]),
        (["asgi:app", "--mode", "uvicorn", "--listen", "192.0.2.1:80"], 1, ["no address of this machine", "127.0.0.1"]),
        (["asgi:app", "--mode", "uvicorn", "--", "--interface", "wsgi"], 2, ["gatescope modes TARGET"]),
        (["asgi:app", "--mode", "uvicorn", "--trace", "/nowhere/x.gatescope"], 2, ["/nowhere/x.gatescope"]),
        (["demo:flaks", "--mode", "uvicorn"], 2, ["demo:flask"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_clear_message(folder: Path, arguments: list[str], status: int, words: list[str]) -> None:
    code, text = refused(folder, *arguments)
    assert (code, [word for word in words if word not in text]) == (status, []), text


def test_the_port_is_taken(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, text = refused(folder, "asgi:app", "--mode", "uvicorn", "--listen", address)
    assert code == 1
    assert f"Cannot listen on {address}" in text
    assert "(pid " in text


def test_a_trace_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "mine.gatescope"
    trace.write_text("precious")
    code, text = refused(folder, "asgi:app", "--mode", "uvicorn", "--trace", trace)
    assert code == 2
    assert str(trace) in text
    assert trace.read_text() == "precious"


def test_an_environment_without_the_server(folder: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    code, text = refused(folder, "wsgi:app", "--mode", "granian-wsgi", "--python", tmp_path / "env")
    assert code == 2
    assert "granian>=2.0 is not installed" in text
    assert "It cannot be lent: granian" in text
    assert ("uv pip install" if shutil.which("uv") else "-m ensurepip") in text
    assert str(tmp_path / "env") in text


def test_a_syntax_error_shows_the_line(folder: Path) -> None:
    (folder / "typo.py").write_text("def app(:\n    pass\n")
    code, text = refused(folder, "typo:app", "--mode", "uvicorn")
    assert code == 1
    assert "SyntaxError" in text
    assert "def app(:" in text


ONCE = """
import os, pathlib
seen = pathlib.Path(__file__).with_suffix(".seen")
if seen.exists():
    {fault}
seen.touch()
from {real} import app
"""

UNWILLING = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "the database is not there"})
"""


@pytest.mark.parametrize(
    ("real", "mode", "workers"),
    [
        ("asgi", "uvicorn", 1),
        ("asgi", "uvicorn", 2),
        ("asgi", "gunicorn-uvicorn", 2),
        ("wsgi", "gunicorn-sync", 1),
        ("wsgi", "gunicorn-gthread", 2),
        ("wsgi", "waitress", 1),
        ("wsgi", "wsgiref", 1),
    ],
)
def test_what_fails_only_inside_the_server(tmp_path: Path, real: str, mode: str, workers: int) -> None:
    """Some servers would start such workers for ever; it is told instead, with the application's own traceback."""
    folder = project(tmp_path)
    (folder / "once.py").write_text(ONCE.format(fault="raise RuntimeError('only once')", real=real))
    code, text = refused(folder, "once:app", "--mode", mode, "--workers", workers)
    assert code == 1
    assert "once:app could not be loaded.\n  RuntimeError: only once" in text
    assert "once.py" in text


@pytest.mark.parametrize(("real", "mode"), [("asgi", "uvicorn"), ("wsgi", "gunicorn-sync")])
def test_workers_that_die_again_and_again(tmp_path: Path, real: str, mode: str) -> None:
    folder = project(tmp_path)
    (folder / "once.py").write_text(ONCE.format(fault="os._exit(5)", real=real))
    code, text = refused(folder, "once:app", "--mode", mode, "--workers", "2")
    assert code == 1
    assert "die before they are ready, again and again" in text


@pytest.mark.parametrize(("mode", "workers"), [("uvicorn", 1), ("uvicorn", 2), ("gunicorn-uvicorn", 1)])
def test_an_application_that_refuses_to_start(tmp_path: Path, mode: str, workers: int) -> None:
    (tmp_path / "unwilling.py").write_text(UNWILLING)
    code, text = refused(tmp_path, "unwilling:app", "--mode", mode, "--workers", workers)
    assert code == 1
    assert "the database is not there" in text


def test_with_json_the_failure_is_an_object_too(folder: Path) -> None:
    outcome = gatescope("run", "asgi:app", "--mode", "gunicorn-sync", "--json", cwd=folder)
    assert outcome.returncode == 2
    [line] = map(json.loads, outcome.stdout.splitlines())
    assert line["event"] == "failed"
    assert [way["mode"] for way in line["ways_out"]] == ["gunicorn-uvicorn", "uvicorn", "gunicorn-sync"]


def test_no_command_that_exists() -> None:
    assert gatescope("frobnicate").returncode == 2


def test_modes_explains(folder: Path) -> None:
    outcome = gatescope("modes", "asgi:app", "--json", cwd=folder)
    assert outcome.returncode == 0
    modes = {line["mode"]: line for line in map(json.loads, outcome.stdout.splitlines())}
    assert modes["uvicorn"]["state"] == "ready"
    assert modes["gunicorn-sync"]["state"] == "adaptable"
    assert modes["uvicorn"]["interface"] == "ASGI"
    assert "'send'" in modes["gunicorn-sync"]["reason"]
    text = gatescope("modes", folder / "wsgi.py").stdout
    assert "gunicorn-sync      ready" in text


def test_too_few_files_may_be_open(folder: Path) -> None:
    words = "ulimit -n 24; exec " + " ".join([*GATESCOPE, "run", "wsgi:app", "--mode", "waitress"])
    outcome = subprocess.run(["sh", "-c", words], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (outcome.returncode, "ulimit -n 4096" in outcome.stderr) == (1, True), outcome.stderr


def test_a_folder_whose_module_is_mistaken(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("from flask import Flask\napp = Flask(\n")
    for target in (".", "main.py"):
        code, text = refused(tmp_path, target, "--mode", "waitress")
        assert code == 2
        assert "Python does not understand main.py, line 2: '(' was never closed." in text


def test_a_folder_with_equal_applications(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("from flask import Flask\none = Flask('1')\ntwo = Flask('2')\n")
    code, text = refused(tmp_path, ".", "--mode", "waitress")
    assert (code, "main:one" in text, "main:two" in text) == (2, True, True)
    (tmp_path / "app.py").write_text("from main import one as app\n")
    (tmp_path / "main.py").write_text("from flask import Flask\napp = Flask('1')\ntwo = Flask('2')\n")
    with running(".", "--mode", "waitress", cwd=tmp_path, output=subprocess.PIPE) as run:
        assert run.process.stderr is not None
        assert any("runs main:app; the folder also holds" in line for line in run.process.stderr)
        run.process.stderr.close()
