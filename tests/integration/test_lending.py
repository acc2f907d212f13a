"""A server that the user's environment lacks is lent from ours, and nothing else is."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect as connect_websocket

from supervisor.control.client import ControlClient
from supervisor.control.messages import AppStatus, Finished, SwitchMode
from supervisor.requirements import normalised
from tests.support.environments import bare, give, interpreter, packages
from tests.support.load import ask
from tests.support.program import GatescopeRun, gatescope, running

#: Tells what its worker could import, and where from; it does not import it.
TOLD = """
import importlib.metadata, importlib.util, json, os, pathlib, sys

NAMES = json.loads(pathlib.Path(__file__).with_name("names.json").read_text())


def told():
    where = {name: getattr(importlib.util.find_spec(name), "origin", None) for name in NAMES if name != "__main__"}
    return json.dumps({
        "where": {name: origin or "" for name, origin in where.items()},
        "path": sys.path,
        "variable": os.environ["PATH"],
        "versions": {name: importlib.metadata.version(name) for name in found_names()},
        "scripts": sorted({one.name for one in found_scripts()}),
    }).encode()


def found_names():
    return {one.metadata["Name"] for one in importlib.metadata.distributions()}


def found_scripts():
    points = importlib.metadata.entry_points()
    return points.select(group="console_scripts") if hasattr(points, "select") else points.get("console_scripts", ())


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [told()]


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": (await receive())["text"]})
        await receive()
        return
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told()})
"""

OURS = importlib.metadata.distribution("waitress").locate_file("")
#: What could be taken from our environment, and parts of ours itself.
EVERYTHING = sorted(filter(str.isidentifier, [*importlib.metadata.packages_distributions(), "app", "supervisor"]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    write_project(folder)
    bare(folder / ".venv")
    return folder


def write_project(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "told.py").write_text(TOLD)
    (folder / "names.json").write_text(json.dumps(EVERYTHING))


@contextlib.contextmanager
def controlled(folder: Path, target: str, mode: str) -> Iterator[tuple[GatescopeRun, ControlClient]]:
    with running(target, "--mode", mode, cwd=folder) as run, ControlClient(Path(run.control)) as client:
        yield run, client


def switched(client: ControlClient, mode: str, workers: int = 1) -> AppStatus:
    reply = client.ask(SwitchMode(id=client.next_id(), mode=mode, workers=workers))
    assert isinstance(reply, Finished)
    assert reply.app is not None
    assert (reply.app.mode, reply.app.state) == (mode, "running")
    return reply.app


def heard(url: str) -> dict[str, Any]:
    status, body = ask(url)
    assert status == 200, body
    return dict(json.loads(body))


def lent_names(lent: tuple[str, ...]) -> set[str]:
    return {text.split()[0] for text in lent}


def check_borrowed(told: dict[str, Any], lent: tuple[str, ...]) -> None:
    """What comes from our environment is what is said to be lent; it is found by its metadata too."""
    distributions = importlib.metadata.packages_distributions()
    of_ours = {name for name, origin in told["where"].items() if origin.startswith(str(OURS))}
    assert {normalised(distributions[name][0]) for name in of_ours} == lent_names(lent)
    assert {f"{normalised(name)} {version}" for name, version in told["versions"].items()} == set(lent)
    assert not [folder for folder in told["path"] if folder.startswith(str(OURS))]


def test_wsgi_servers_are_lent_and_nothing_else(made: Path) -> None:
    with controlled(made, "told:wsgi", "wsgiref") as (run, client):
        alone = heard(run.url)
        check_borrowed(alone, ())
        for mode, workers in (("gunicorn-sync", 2), ("waitress", 1), ("hypercorn-wsgi", 1)):
            status = switched(client, mode, workers)
            assert f"{mode.split('-')[0]} " in f"{status.lent[0]} "
            told = heard(run.url)
            check_borrowed(told, status.lent)
            assert set(told["path"]) - {"", "."} == set(alone["path"])  # some name the folder twice
            assert told["variable"] == alone["variable"]
            assert mode.split("-")[0] in " ".join(told["scripts"])
        with contextlib.closing(sqlite3.connect(run.trace)) as trace:
            lines = {text for (text,) in trace.execute("SELECT text FROM log WHERE stream = 'gatescope'")}
    waitress = importlib.metadata.version("waitress")
    assert f"gatescope: lent, since the target's environment lacks it: waitress {waitress}" in lines


def test_asgi_servers_are_lent_and_nothing_else(made: Path) -> None:
    with controlled(made, "told:asgi", "uvicorn") as (run, client):
        [ready] = [line for line in run.lines if line["event"] == "ready"]
        assert lent_names(tuple(ready["lent"])) >= {"uvicorn", "h11", "click"}
        for mode, workers in (("uvicorn", 2), ("gunicorn-uvicorn", 1), ("gunicorn-asgi", 1), ("hypercorn", 1)):
            status = switched(client, mode, workers)
            check_borrowed(heard(run.url), status.lent)
            with connect_websocket(f"ws://{urlsplit(run.url).netloc}/") as socket:
                socket.send(f"through {mode}")
                assert socket.recv() == f"through {mode}"
        assert "lent by Gatescope: hypercorn" in gatescope("status", "--control", run.control).stdout


def test_an_adapter_is_lent_with_the_server(made: Path) -> None:
    with running("told:wsgi", "--mode", "uvicorn", "--adapt", cwd=made) as run:
        ready = run.wait_for(lambda line: line.get("event") == "ready")
        assert lent_names(tuple(ready["lent"])) >= {"uvicorn", "a2wsgi"}
        check_borrowed(heard(run.url), tuple(ready["lent"]))


def test_what_the_user_has_goes_first(tmp_path: Path) -> None:
    write_project(tmp_path)
    python = bare(tmp_path / ".venv")
    give(python, "h11", "0.8.1")
    give(python, "click", "7.0")
    with running("told:asgi", "--mode", "uvicorn", cwd=tmp_path) as run:
        told = heard(run.url)
        ready = run.wait_for(lambda line: line.get("event") == "ready")
    assert lent_names(tuple(ready["lent"])) == {"uvicorn"}  # wsproto, for WebSockets, needs a newer h11
    assert all(told["where"][name].startswith(str(packages(python))) for name in ("h11", "click"))
    assert told["versions"] == {"uvicorn": importlib.metadata.version("uvicorn"), "h11": "0.8.1", "click": "7.0"}
    for path in packages(python).glob("h11*"):
        path.rename(path.with_name(path.name.replace("0.8.1", "0.7.0")))
    for metadata in packages(python).glob("h11-*/METADATA"):
        metadata.write_text(metadata.read_text().replace("Version: 0.8.1", "Version: 0.7.0"))
    outcome = gatescope("run", "told:asgi", "--mode", "uvicorn", cwd=tmp_path)
    assert outcome.returncode == 2
    assert "needs h11>=0.8; the target's environment has h11 0.7.0" in outcome.stderr


@pytest.mark.parametrize(
    ("version", "mode", "lent"),
    [("3.9", "waitress", "waitress"), ("3.10", "uvicorn", "uvicorn"), ("3.13", "gunicorn-uvicorn", "gunicorn")],
)
def test_other_interpreters(tmp_path: Path, version: str, mode: str, lent: str) -> None:
    found = interpreter(version)
    if found is None:
        pytest.skip(f"there is no CPython {version} here")
    write_project(tmp_path)
    bare(tmp_path / ".venv", found)
    target = "told:wsgi" if mode == "waitress" else "told:asgi"
    with running(target, "--mode", mode, cwd=tmp_path) as run:
        ready = run.wait_for(lambda line: line.get("event") == "ready")
        assert lent in lent_names(tuple(ready["lent"]))
        check_borrowed(heard(run.url), tuple(ready["lent"]))


def test_a_python_that_is_too_old_for_our_server(tmp_path: Path) -> None:
    found = interpreter("3.9")
    if found is None:
        pytest.skip("there is no CPython 3.9 here")
    needs = importlib.metadata.metadata("gunicorn")["Requires-Python"]
    if needs == ">=3.9" or sys.version_info < (3, 10):
        pytest.skip("our gunicorn runs on 3.9")
    write_project(tmp_path)
    bare(tmp_path / ".venv", found)
    outcome = gatescope("modes", "told:wsgi", "gunicorn-sync", "--json", cwd=tmp_path)
    mode = json.loads(outcome.stdout)
    assert mode["state"] != "lendable"
    assert f"needs Python {needs}; the target's is 3.9." in mode["reason"]
