"""What options add to a start, what is kept of them, and interpreters to offer. No Qt."""

from __future__ import annotations

import json

import pytest

from app.launch import extras
from app.launch.extras import Extras
from app.launch.interpreters import found
from supervisor.control.messages import Preset, TargetSpec


@pytest.mark.parametrize(
    ("name", "secret"),
    [("SECRET_KEY", True), ("AWS_SECRET_ACCESS_KEY", True), ("GITHUB_TOKEN", True), ("DB_PASSWORD", True),
     ("DATABASE_URL", True), ("STRIPE_API_KEY", True), ("DEBUG", False), ("MONKEY", False), ("PORT", False)],
)  # fmt: skip
def test_secrets_are_known_by_their_names(name, secret):
    assert extras.is_secret(name) is secret


def test_rows_of_variables_become_variables():
    assert extras.variables([(" A ", "1"), ("", ""), ("B", " two ")]) == (("A", "1"), ("B", " two "))
    for rows in ([("1A", "x")], [("", "x")], [("A", "1"), ("A", "2")]):
        with pytest.raises(ValueError, match=r"no name of a variable|there twice"):
            extras.variables(rows)


def test_arguments_and_root_path():
    assert extras.arguments("--timeout 5 --name 'my shop'") == ("--timeout", "5", "--name", "my shop")
    assert extras.root_path(" /api/ ") == "/api"
    assert extras.root_path("/") == ""
    with pytest.raises(ValueError, match="not closed"):
        extras.arguments("'open")
    with pytest.raises(ValueError, match="slash"):
        extras.root_path("api")


def test_what_is_set_is_said_in_a_few_words():
    spec = TargetSpec(target="a:b", cwd="/x")
    assert extras.summary(spec, Extras()) == ()
    full = TargetSpec(target="a:b", cwd="/y", python="/p", env=(("A", "1"), ("B", "2")), env_files=(".env",))
    assert extras.summary(full, Extras(("--x", "1"), "/api", reload=True), spec) == (
        "2 variables", ".env", "an interpreter", "a working folder", "--x 1", "mounted at /api", "reloads on change",
    )  # fmt: skip


def test_what_is_kept_comes_back_and_what_somebody_else_wrote_does_not():
    set_now = Extras(("--x", "1"), "/api", reload=True, listen="127.0.0.1:9")
    assert extras.from_kept(json.loads(json.dumps(extras.as_kept(set_now)))) == set_now
    assert extras.from_kept({"args": [1], "reload": "yes"}) == Extras()
    assert extras.from_kept({"args": 5}) == Extras()


def test_a_preset_brings_its_own():
    preset = Preset(name="web", target=TargetSpec(target="a:b"), args=("-x",), root_path="/api", reload=True)
    assert extras.of_preset(preset) == Extras(("-x",), "/api", reload=True)


def test_interpreters_of_the_project_come_first(tmp_path):
    for place in (tmp_path / "shop" / ".venv" / "bin", tmp_path / "bin"):
        place.mkdir(parents=True)
    for name in ("shop/.venv/bin/python", "bin/python3", "bin/python3.12"):
        made = tmp_path / name
        made.write_text("#!/bin/sh\n")
        made.chmod(0o755)
    environment = {"PATH": str(tmp_path / "bin"), "VIRTUAL_ENV": str(tmp_path / "absent")}
    names = [path.removeprefix(f"{tmp_path}/") for path in found(str(tmp_path / "shop"), environment)]
    assert names == ["shop/.venv/bin/python", "bin/python3", "bin/python3.12"]
