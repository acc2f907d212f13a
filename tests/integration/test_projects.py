"""Settings of a project, environment files, and arguments for the server's own command line."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from supervisor.control.client import ControlClient
from supervisor.control.messages import Finished, ListModes, ModesListed, StartApp, TargetSpec
from tests.integration.test_switch import command
from tests.support.apps import project
from tests.support.program import gatescope, running

SETTINGS = """
[tool.gatescope.apps.shop]
target = "told:make"
factory = true
mode = "gunicorn-gthread"
workers = 2
threads = 3
env_file = ".env"
env = { OWN = "project" }
cwd = "src"
args = ["--timeout", "7"]

[tool.gatescope.apps.sky]
target = "told:later"
mode = "uvicorn"
cwd = "src"
args = ["--root-path", "/api"]
"""

TOLD = """
import json, os


def make():
    def app(environ, start_response):
        start_response("200 OK", [])
        return [json.dumps({name: os.environ.get(name) for name in ("OWN", "SECRET", "GIVEN")}).encode()]

    return app


async def later(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("none")
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": json.dumps(scope["root_path"]).encode()})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    (place / "src").mkdir(parents=True)
    (place / "src" / "told.py").write_text(TOLD)
    (place / "pyproject.toml").write_text(SETTINGS)
    (place / ".env").write_text("SECRET='s p a c e'\nOWN=file\nGIVEN=file\n")
    return place


def answer(url: str) -> object:
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.loads(response.read())


@pytest.mark.parametrize("way", ["name", "folder"])
def test_an_application_by_its_name_or_folder(folder: Path, way: str) -> None:
    arguments, cwd = (["shop"], folder) if way == "name" else ([str(folder)], folder.parent)
    with running(*arguments, "--env", "GIVEN=here", cwd=cwd) as run:
        ready = run.lines[0]
        assert (ready["app"], ready["mode"], ready["workers"]) == ("shop", "gunicorn-gthread", 2)
        assert ready["command"].endswith("--threads 3 'told:make()' --timeout 7")
        assert answer(run.url) == {"OWN": "project", "SECRET": "s p a c e", "GIVEN": "here"}
        assert command(run, "switch", "gunicorn-sync")["command"].endswith("--timeout 7")
        assert "--timeout" not in command(run, "switch", "waitress")["command"]


def test_the_command_line_says_it_better(folder: Path) -> None:
    (folder / "extra.env").write_text("OWN=extra")
    arguments = ["shop", "--mode", "gunicorn-sync", "--workers", 1, "--env-file", folder / "extra.env"]
    with running(*arguments, cwd=folder) as run:
        assert (run.lines[0]["mode"], run.lines[0]["workers"]) == ("gunicorn-sync", 1)
        assert answer(run.url) == {"OWN": "extra", "SECRET": "s p a c e", "GIVEN": "file"}


def test_what_somebody_who_chooses_is_told(folder: Path) -> None:
    """The presets, the applications and the files of variables; and starting what was chosen."""
    (folder / "src" / "other.py").write_text("import told\ndef create_app(): return told.make()\n")
    with (
        running("told:later", "--mode", "uvicorn", cwd=folder / "src") as run,
        ControlClient(Path(run.control)) as client,
    ):
        reply = client.ask(ListModes(id=client.next_id(), target=TargetSpec(target=str(folder))))
        assert isinstance(reply, ModesListed)
        assert [(preset.name, preset.workers, preset.mode) for preset in reply.presets] == [
            ("shop", 2, "gunicorn-gthread"), ("sky", None, "uvicorn"),
        ]  # fmt: skip
        found = [(one.target, one.interface, one.factory, one.file, one.cwd) for one in reply.candidates]
        assert found == [
            ("other:create_app", "", True, "src/other.py", str(folder / "src")),
            ("told:make", "WSGI", True, "src/told.py", str(folder / "src")),
            ("told:later", "ASGI", False, "src/told.py", str(folder / "src")),
        ]
        assert reply.env_files == (".env",)
        where, env = str(folder / "src"), (("GIVEN", "x"),)
        spec = TargetSpec(target="other:create_app", cwd=where, env=env, env_files=("../.env",), factory=True)
        trace = str(folder / "other.gatescope")
        started = client.ask(StartApp(id=client.next_id(), target=spec, mode="wsgiref", trace=trace))
        assert isinstance(started, Finished)
        assert started.app is not None
        assert answer(started.app.url) == {"OWN": "file", "SECRET": "s p a c e", "GIVEN": "x"}


def test_arguments_reach_the_server(folder: Path) -> None:
    with running("sky", cwd=folder) as run:
        assert answer(run.url) == "/api"
        assert run.lines[0]["command"].endswith("told:later --root-path /api")


def test_arguments_after_two_dashes(tmp_path: Path) -> None:
    outcome = gatescope("run", "asgi:app", "--mode", "uvicorn", "--", "--port", "80", cwd=project(tmp_path))
    assert outcome.returncode == 2
    assert "--port cannot be given to uvicorn" in outcome.stderr
    outcome = gatescope("run", "asgi:app", "--mode", "uvicorn", "--json", "--", "--no-such-option", cwd=tmp_path)
    assert outcome.returncode == 1
    assert "No such option" in outcome.stderr


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        (("workers = 2", "worker = 2"), ["shop"], ["key 'worker'", "Did you mean workers?"]),
        (("mode = ", "# "), ["shop"], ["Say in which mode", "gatescope modes"]),
        (('".env"', '"none.env"'), ["shop"], ["none.env", "No such file"]),
        (("", ""), ["shpo"], ["'shpo' does not name", "shop, sky"]),
        (('"gunicorn-gthread"', '"gunicron"'), ["shop"], ["no mode called 'gunicron'"]),
        (('cwd = "src"', 'cwd = "gone"'), ["shop"], ["There is no folder"]),
        (("", ""), ["shop", "--env-file", "/nowhere/.env"], ["/nowhere/.env", "No such file"]),
    ],
)
def test_mistakes(folder: Path, change: tuple[str, str], arguments: list[str], words: list[str]) -> None:
    (folder / "pyproject.toml").write_text(SETTINGS.replace(*change) if change[0] else SETTINGS)
    outcome = gatescope("run", *arguments, cwd=folder)
    assert outcome.returncode == 2, outcome.stderr
    assert [word for word in words if word not in outcome.stderr] == [], outcome.stderr
