"""Switching modes under load: nothing is lost, and what does not boot changes nothing."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from supervisor.policy import DRAIN_LIMIT
from tests.support.apps import project
from tests.support.load import Asking, Load, ask
from tests.support.probed import until
from tests.support.program import gatescope, running


def command(run: Any, *arguments: object) -> dict[str, Any]:
    outcome = gatescope(*arguments, "--control", run.control, "--json")
    assert outcome.returncode == 0, outcome.stderr
    return dict(json.loads(outcome.stdout))


@pytest.mark.parametrize(
    ("target", "modes"),
    [
        (
            "wsgi:app",
            [("gunicorn-sync", 1), ("gunicorn-gthread", 2), ("waitress", 1), ("wsgiref", 1), ("gunicorn-sync", 2)],
        ),
        ("asgi:app", [("uvicorn", 1), ("gunicorn-uvicorn", 2), ("uvicorn", 2), ("uvicorn", 1)]),
    ],
)
def test_no_request_is_lost(tmp_path: Path, target: str, modes: list[tuple[str, int]]) -> None:
    folder = project(tmp_path)
    with running(target, "--mode", modes[0][0], cwd=folder) as run:
        load = Load(run.url)
        try:
            for mode, workers in modes[1:]:
                load.more()
                status = command(run, "switch", mode, "--workers", workers)
                assert (status["mode"], status["workers"], status["state"]) == (mode, workers, "running")
            load.more()
        finally:
            load.stop()
        assert load.failures == []
        served = run.finished(load.answers.total())
        assert {line["mode"] for line in served} == {mode for mode, _ in modes}
        assert all(line["state"] == "done" for line in served)


def test_what_does_not_boot_leaves_the_old_serving(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with running("asgi:app", "--mode", "uvicorn", cwd=folder) as run:
        before = command(run, "status")
        (folder / "asgi.py").write_text("raise RuntimeError('newly broken')")
        for arguments in (["reload"], ["switch", "uvicorn", "--workers", "2"], ["switch", "gunicorn-uvicorn"]):
            outcome = gatescope(*arguments, "--control", run.control)
            assert outcome.returncode == 1
            assert "RuntimeError: newly broken" in outcome.stderr
            after = command(run, "status")
            assert (after["state"], after["pid"], after["mode"]) == ("running", before["pid"], "uvicorn")
        load = Load(run.url, threads=1)
        load.more(3)
        load.stop()
        assert load.failures == []


def test_a_switch_that_cannot_be_says_why(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with running("asgi:app", "--mode", "uvicorn", cwd=folder) as run:
        control = ("--control", run.control)
        refused = gatescope("switch", "gunicorn-sync", *control)
        assert refused.returncode == 2
        assert "missing 1 required positional argument: 'send'" in refused.stderr
        assert "gatescope switch gunicorn-uvicorn" in refused.stderr
        assert gatescope("switch", "gunicorn-sync", "--adapt", *control).returncode == 0
        assert gatescope("switch", "uvicron", *control).returncode == 2
        assert gatescope("switch", "uvicorn", "--app", "nobody", *control).returncode == 2


def test_without_a_place_for_another_the_old_one_serves_on(tmp_path: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as runtime,  # short enough for the address of a socket
        running("asgi:app", "--mode", "uvicorn", cwd=project(tmp_path), env={"XDG_RUNTIME_DIR": runtime}) as run,
    ):
        (first,) = Path(runtime).glob("gatescope/*/*/1")
        first.with_name("2").touch()  # where the second instance would have its folder
        refused = gatescope("switch", "hypercorn", "--control", run.control)
        assert refused.returncode == 1
        assert "There is no place to start the server in. File exists" in " ".join(refused.stderr.split())
        assert (command(run, "status")["state"], command(run, "status")["mode"]) == ("running", "uvicorn")
        assert command(run, "switch", "hypercorn")["mode"] == "hypercorn"


def test_how_long_the_old_one_may_take_is_for_the_user_to_say(tmp_path: Path) -> None:
    with running("asgi:app", "--mode", "uvicorn", "--drain", "1", cwd=project(tmp_path)) as run:
        hanging = Asking(f"{run.url}/slow?300")
        until(lambda: command(run, "status")["in_flight"], "a request in flight")
        begun = time.monotonic()
        assert command(run, "switch", "hypercorn")["mode"] == "hypercorn"
        hanging.join(60)
        assert time.monotonic() - begun < DRAIN_LIMIT / 2
        assert hanging.answer[0] != 200
        assert gatescope("run", "asgi:app", "--mode", "uvicorn", "--drain", "-1", cwd=project(tmp_path)).returncode == 2


def test_other_options_lose_no_request(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "told.py").write_text(
        "import os\n\n\nasync def app(scope, receive, send):\n"
        "    if scope['type'] == 'lifespan':\n        return\n"
        '    body = f\'{os.environ.get("COLOUR")} {os.environ.get("SIZE")} {scope.get("root_path")}\'.encode()\n'
        "    await send({'type': 'http.response.start', 'status': 200,\n"
        "                'headers': [(b'content-length', b'%d' % len(body))]})\n"
        "    await send({'type': 'http.response.body', 'body': body})\n"
    )
    with running("told:app", "--mode", "uvicorn", "--env", "SIZE=9", cwd=folder) as run:
        load = Load(run.url)
        try:
            load.more()
            assert ask(run.url)[1] == b"None 9 "
            arguments = ("--env", "COLOUR=red", "--root-path", "api/", "--drain", "7", "--control", run.control)
            outcome = gatescope("switch", *arguments, "--json", "--", "--log-level", "warning")
            assert outcome.returncode == 0, outcome.stderr
            status = json.loads(outcome.stdout)
            assert (status["root_path"], status["args"]) == ("/api", ["--log-level", "warning"])
            assert status["target"]["env"] == [["SIZE", "9"], ["COLOUR", "red"]]
            assert status["command"].endswith("--log-level warning")
            load.more()
            assert ask(run.url)[1] == b"red 9 /api"
            assert command(run, "switch", "--workers", 2)["args"] == ["--log-level", "warning"]  # as it was
            assert command(run, "switch", "hypercorn", "--root-path", "", "--env", "SIZE=8")["args"] == []
            assert ask(run.url)[1] == b"red 8 "
        finally:
            load.stop()
        assert load.failures == []
        refused = gatescope("switch", "--env", "=1", "--control", run.control)
        assert (refused.returncode, "sets nothing" in refused.stderr) == (2, True)
        refused = gatescope("switch", "--control", run.control)
        assert (refused.returncode, "Say what to switch to" in refused.stderr) == (2, True)


def test_what_cannot_be_had_changes_no_option(tmp_path: Path) -> None:
    """The next reload is with the options that serve, not with those that did not."""
    folder = project(tmp_path)
    (folder / "choosy.py").write_text("import os\nfrom asgi import app\nassert 'BAD' not in os.environ, 'told so'\n")
    with running("choosy:app", "--mode", "uvicorn", cwd=folder) as run:
        refused = gatescope("switch", "--env", "BAD=1", "--control", run.control)
        assert refused.returncode == 1
        assert "told so" in refused.stderr
        assert command(run, "status")["target"]["env"] == []
        assert command(run, "reload")["state"] == "running"
