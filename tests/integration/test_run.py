"""``gatescope run``: every mode serves, what happens is told in lines, and it ends when told to."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from supervisor.tree.proc import session
from tests.support.apps import project
from tests.support.program import GATESCOPE, gatescope, running

LOUD = """
import os, sys
import wsgi, asgi


def say():
    for stream, name in ((sys.stdout, "stdout"), (sys.stderr, "stderr")):
        print(f"\\x1b[31mERROR\\x1b[0m said by {os.getpid()} on {name}", file=stream)


def app(environ, start_response):
    say()
    return wsgi.app(environ, start_response)


async def later(scope, receive, send):
    if scope["type"] == "http":
        say()
    await asgi.app(scope, receive, send)
"""


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as response:
        return bytes(response.read())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path / "project")


MODES = [
    ("wsgi:app", "wsgiref", 1),
    ("wsgi:app", "waitress", 1),
    ("wsgi:app", "gunicorn-sync", 2),
    ("wsgi:app", "gunicorn-gthread", 1),
    ("asgi:app", "uvicorn", 1),
    ("asgi:app", "uvicorn", 2),
    ("asgi:app", "gunicorn-uvicorn", 2),
]


@pytest.mark.parametrize(("target", "mode", "workers"), MODES)
def test_each_mode_serves_and_tells(folder: Path, target: str, mode: str, workers: int) -> None:
    with running(target, "--mode", mode, "--workers", workers, cwd=folder) as run:
        ready = run.lines[0]
        assert ready["event"] == "ready"
        assert (ready["app"], ready["mode"]) == (target.partition(":")[0], mode)
        answers = {get(f"{run.url}/?{number}") for number in range(4)}
        exchanges = run.finished(4)
        pids = {answer.split()[1] for answer in answers}
        assert {str(line["pid"]).encode() for line in exchanges} == pids
        for line in exchanges:
            assert (line["status"], line["state"], line["method"], line["mode"]) == (200, "done", "GET", mode)
            assert line["slot"] in range(1, workers + 1)
            assert line["generation"] == 1
            assert line["timings"]["total"] >= line["timings"]["app"] >= 0
            assert line["error"] == ""
        born = run.wait_for_count(lambda line: line.get("worker") == "ready", workers)
        assert {line["slot"] for line in born} == set(range(1, workers + 1))
        assert run.stop(signal.SIGTERM) == 0
        assert session(ready["server_pid"]) == []
        ended = [line for line in run.lines if line.get("worker") == "exited"]
        assert [line["cause"] for line in ended] == ["graceful"] * workers
        states = [line["state"] for line in run.lines if line["event"] == "app"]
        assert states[-1:] == ["stopped"]
    with sqlite3.connect(run.trace) as trace:
        assert trace.execute("SELECT count(*) FROM exchange WHERE kind = 'http'").fetchone() == (4,)
    trace.close()


@pytest.mark.parametrize(("target", "mode"), [("asgi:app", "gunicorn-sync"), ("wsgi:app", "uvicorn")])
def test_an_adapter_between(folder: Path, target: str, mode: str) -> None:
    with running(target, "--mode", mode, "--adapt", cwd=folder) as run:
        assert get(run.url).startswith(target[:4].encode())
        assert "a2wsgi" in run.lines[0]["command"]


def test_a_factory_and_the_environment(folder: Path) -> None:
    (folder / "told.py").write_text(
        "import os, wsgi\n\ndef make():\n    assert os.environ['TOLD'] == 'a=b'\n    return wsgi.app\n"
    )
    arguments = ["told:make", "--factory", "--env", "TOLD=a=b", "--mode", "gunicorn-sync"]
    with running(*arguments, "--cwd", folder, "--python", sys.executable, cwd=folder.parent) as run:
        assert get(run.url).startswith(b"wsgi")


def test_a_folder(folder: Path) -> None:
    (folder / "main.py").write_text(
        "import asgi\nasync def app(scope, receive, send):\n    await asgi.app(scope, receive, send)\n"
    )
    with running(folder, "--mode", "uvicorn") as run:
        assert get(run.url).startswith(b"asgi")


def test_a_request_in_hand_is_finished_before_the_end(folder: Path) -> None:
    with running("wsgi:app", "--mode", "gunicorn-sync", cwd=folder) as run:
        url, answers = run.url, []
        thread = threading.Thread(target=lambda: answers.append(get(f"{url}/slow?1.5")))
        thread.start()
        while "in_flight" not in (status := gatescope("status", "--control", run.control, "--json").stdout) or (
            '"in_flight":1' not in status
        ):
            pass
        assert run.stop() == 0
        thread.join(30)
        assert answers[0].startswith(b"wsgi")


def test_a_second_signal_does_not_wait(folder: Path) -> None:
    with running("wsgi:app", "--mode", "gunicorn-sync", cwd=folder) as run:
        with socket.create_connection(("127.0.0.1", urlsplit(run.url).port), timeout=30) as client:
            client.sendall(b"GET /slow?60 HTTP/1.1\r\nHost: x\r\n\r\n")
            while '"in_flight":1' not in gatescope("status", "--control", run.control, "--json").stdout:
                pass
            run.process.send_signal(signal.SIGINT)
            run.wait_for(lambda line: line.get("state") == "stopping")
            began = time.monotonic()
            run.stop(signal.SIGINT)
            assert time.monotonic() - began < 8
        assert session(run.lines[0]["server_pid"]) == []


def test_variables_that_meddle_are_shown_and_do_not_decide(folder: Path) -> None:
    env = {"WEB_CONCURRENCY": "3", "GUNICORN_CMD_ARGS": "--workers 4"}
    with running("wsgi:app", "--mode", "gunicorn-sync", cwd=folder, env=env) as run:
        get(run.url)
        run.finished(1)
        assert sum(line.get("worker") == "ready" for line in run.lines) == 1
        run.stop()
    with sqlite3.connect(run.trace) as trace:
        lines = [text for (text,) in trace.execute("SELECT text FROM log WHERE stream = 'gatescope'")]
    trace.close()
    assert any("GUNICORN_CMD_ARGS=--workers 4" in line for line in lines)


def test_the_control_socket_drives_it(folder: Path) -> None:
    with running("wsgi:app", "--mode", "wsgiref", cwd=folder) as run:
        control = ("--control", run.control)
        status = gatescope("status", *control)
        assert status.returncode == 0
        assert "wsgi: running, wsgiref" in status.stdout
        stopped = gatescope("stop", *control)
        assert stopped.returncode == 0
        assert "wsgi: stopped" in stopped.stdout
        assert run.process.wait(30) == 0  # it was the only one
    assert not Path(run.control).exists()


def test_output_of_the_application_is_shown_and_recorded(folder: Path) -> None:
    with running("wsgi:app", "--mode", "gunicorn-sync", cwd=folder) as run:
        get(f"{run.url}/printed")
        run.finished(1)
        run.stop()
    with sqlite3.connect(run.trace) as trace:
        lines = [text for (text,) in trace.execute("SELECT text FROM log WHERE stream = 'stdout'")]
    trace.close()
    assert "wsgi /printed" in lines


@pytest.mark.parametrize("redirection", ["| head -n 1", ">&-", ">&- 2>&- <&-"])
def test_it_goes_on_when_nobody_reads_any_more(folder: Path, redirection: str) -> None:
    """What is printed is for whoever listens; the application is not ended for want of one."""
    (folder / "private").mkdir(mode=0o700)
    control, trace = folder / "private" / "control", folder / "t.gatescope"
    gatescope_run = f"{GATESCOPE[0]} run wsgi:app --mode wsgiref --json --control {control} --trace {trace}"
    shell = subprocess.Popen(["/bin/sh", "-c", f"{gatescope_run} {redirection}"], cwd=folder, stdout=subprocess.DEVNULL)

    def status() -> subprocess.CompletedProcess[str]:
        return gatescope("status", "--control", control, "--json")

    deadline = time.monotonic() + 20
    while (found := status()).returncode or '"running"' not in found.stdout:
        assert time.monotonic() < deadline
    url = json.loads(found.stdout)["url"]
    for number in range(20):
        assert get(f"{url}/{number}").startswith(b"wsgi")
    assert json.loads(status().stdout)["state"] == "running"
    assert gatescope("stop", "--all", "--control", control).returncode == 0
    shell.wait(30)


@pytest.mark.parametrize(
    ("target", "mode", "workers"),
    [("loud:app", "gunicorn-sync", 2), ("loud:later", "uvicorn", 2), ("loud:later", "uvicorn", 1)],
)
def test_each_line_is_known_to_be_its_workers(folder: Path, target: str, mode: str, workers: int) -> None:
    (folder / "loud.py").write_text(LOUD)
    with running(target, "--mode", mode, "--workers", workers, cwd=folder) as run:
        for number in range(6):
            get(f"{run.url}/{number}")
        run.finished(6)
        pids = {line["pid"] for line in run.lines if line.get("worker") == "ready"}
        run.stop()
    with sqlite3.connect(run.trace) as trace:
        said = trace.execute(
            "SELECT stream, text, pid FROM log LEFT JOIN worker ON worker.id = log.worker WHERE text LIKE '%said by%'"
        ).fetchall()
        lines = [text for (text,) in trace.execute("SELECT text FROM log")]
    trace.close()
    assert len(said) == 12
    for stream, text, pid in said:
        assert text == f"\x1b[31mERROR\x1b[0m said by {pid} on {stream}"  # its colours, for those who show them
        assert pid in pids
    assert not any("\x1b" in re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines)
