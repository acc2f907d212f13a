"""Every Python that is here, in an environment with nothing in it: the standard library's server, and servers lent."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.control.messages import AppStatus, Problem, StartApp, SwitchMode, TargetSpec
from tests.integration.interpreters import __main__ as command
from tests.integration.interpreters.environments import Environment, reason
from tests.integration.interpreters.staying import Stay, slugs
from tests.integration.lifecycle.observing import Cell
from tests.integration.lifecycle.scene import Scene
from tests.support.apps import project
from tests.support.environments import VERSIONS, bare, interpreter
from tests.support.load import ask
from tests.support.program import running


def check_record(scene: Scene, url: str, body: bytes, interface: str, types: list[str]) -> None:
    """A request is answered, and its record has the context, the messages, and the worker."""
    status, answer = ask(f"{url}/{scene.status().mode}")
    assert (status, answer.split()[0]) == (200, body)
    exchange = scene.over(f"/{scene.status().mode}")
    assert (exchange.state, exchange.interface, exchange.error) == ("done", interface, "")
    assert f"/{scene.status().mode}" in exchange.context
    found = [message.type for message in scene.messages(exchange)]
    assert [one for one in types if one not in found] == []
    assert exchange.worker in [worker.id for worker in scene.ready()]


def is_lent(reply: AppStatus | Problem, version: str) -> bool:
    """Whether the server was lent; our own may be too new for an old Python, which is then said."""
    if isinstance(reply, AppStatus):
        assert reply.python_version.startswith(f"{version}.")
        assert reply.lent
        return True
    assert int(version.split(".")[1]) < 11, reply
    assert "It cannot be lent: " in reply.why
    return False


@pytest.mark.parametrize("version", VERSIONS)
def test_each_interpreter(version: str, tmp_path: Path) -> None:
    found = interpreter(version)
    if found is None:
        pytest.skip(f"there is no CPython {version} here")
    folder = project(tmp_path / "project")
    python = bare(tmp_path / "env", found)
    start = ["wsgi:app", "--mode", "wsgiref", "--python", python]
    with running(*start, cwd=folder) as run, Scene(run.control, "wsgi", run.trace, "") as scene:
        wanted = ["start_response", "iterate"]
        check_record(scene, run.url, b"wsgi", "WSGI", wanted)
        if is_lent(scene.tell(SwitchMode, mode="gunicorn-sync"), version):
            check_record(scene, run.url, b"wsgi", "WSGI", wanted)
        trace = tmp_path / "asgi.gatescope"
        spec = TargetSpec(target="asgi:app", cwd=str(folder), python=str(python))
        reply = scene.tell(StartApp, target=spec, mode="uvicorn", trace=str(trace))
        if is_lent(reply, version):
            assert isinstance(reply, AppStatus)
            with Scene(run.control, reply.name, trace, "") as other:
                check_record(other, reply.url, b"asgi", "ASGI3", ["http.response.start", "http.response.body"])


def test_what_differs_and_what_is_left_out_is_named() -> None:
    cell = Cell({"state": "running"}, {"state": "crashed"})
    found = Stay("3.12", "wsgiref", cells={"start": cell, "stop": Cell({"exit status": 0}, {"exit status": 0})})
    assert found.differences == ["3.12, wsgiref, start: state: expected 'running', seen 'crashed'"]
    assert command.line(found).split()[:6] == ["3.12", "wsgiref", "1", "DIFFER", "ok", "1"]
    assert command.line(Stay("3.9", "hypercorn", "no wheel")).split(maxsplit=2)[2] == "left out: no wheel"
    head = next(iter(command.table([found])))
    assert head.split() == ["start", "serve", "switch", "2", "workers", "kill", "-9", "worker", "stop"]
    assert slugs(["uvicorn"]) == ["uvicorn"]


def test_why_pip_did_not_install() -> None:
    ignored = (
        "ERROR: Ignored the following versions that require a different python version: 0.18.0 Requires-Python >=3.10"
    )
    missing = "ERROR: No matching distribution found for hypercorn"
    assert reason(f"{ignored}\n{missing}") == "hypercorn: 0.18.0 needs Python >=3.10"
    assert reason(missing) == "hypercorn: no wheel"
    assert reason("ERROR: something else\nmore") == "ERROR: something else"
    assert reason("") == "pip failed"


def test_an_environment_remembers(tmp_path: Path) -> None:
    from supervisor.servers.catalogue import MODES

    here = Environment("3.12", tmp_path / "env" / "bin" / "python")
    assert here.lacks(MODES["wsgiref"]) == ""
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "uvicorn.done").write_text("no wheel")
    assert here.lacks(MODES["uvicorn"]) == "no wheel"
