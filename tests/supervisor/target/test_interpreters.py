from __future__ import annotations

import sys
from pathlib import Path

import pytest

from supervisor.target.interpreters import choose
from supervisor.target.problems import TargetError


def python(path: Path) -> str:
    """An executable file at ``path``."""
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_the_one_that_was_asked_for(tmp_path: Path) -> None:
    assert choose(sys.executable, tmp_path, {}) == sys.executable
    assert choose("sh", tmp_path, {}).endswith("/sh")
    inside = python(tmp_path / "env" / "bin" / "python")
    assert choose(str(tmp_path / "env"), tmp_path, {}) == inside


def test_what_is_none(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")
    for asked, why in ((tmp_path / "none", "no such file"), (tmp_path / "text", "executed"), (tmp_path, "no such")):
        with pytest.raises(TargetError) as caught:
            choose(str(asked), tmp_path, {})
        assert why in caught.value.problem.why
        assert caught.value.problem.usage
    with pytest.raises(TargetError):
        choose("no-such-python", tmp_path, {})


def test_the_projects_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    below = tmp_path / "src" / "pkg"
    below.mkdir(parents=True)
    assert choose("", below, {}) == sys.executable
    second = python(tmp_path / "venv" / "bin" / "python")
    assert choose("", below, {}) == second
    first = python(tmp_path / ".venv" / "bin" / "python")
    assert choose("", below, {}) == first
    uv = python(tmp_path / "custom" / "bin" / "python")
    assert choose("", below, {"UV_PROJECT_ENVIRONMENT": "custom"}) == uv


def test_an_environment_of_another_project_is_not_taken(tmp_path: Path) -> None:
    python(tmp_path / ".venv" / "bin" / "python")
    project = tmp_path / "project"
    project.mkdir()
    (project / ".git").mkdir()
    assert choose("", project, {}) == sys.executable


def test_poetry_keeps_them_elsewhere(tmp_path: Path) -> None:
    project = tmp_path / "my_shop"
    project.mkdir()
    (project / "poetry.lock").touch()
    cache = tmp_path / "cache"
    found = python(cache / "pypoetry" / "virtualenvs" / "my-shop-Ab3dEf-py3.11" / "bin" / "python")
    assert choose("", project, {"XDG_CACHE_HOME": str(cache)}) == found
    assert choose("", project, {"POETRY_VIRTUALENVS_PATH": str(tmp_path / "none")}) == sys.executable


def test_the_active_one(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    conda = python(tmp_path / "conda" / "bin" / "python")
    assert choose("", tmp_path, {"CONDA_PREFIX": str(tmp_path / "conda")}) == conda
    active = python(tmp_path / "active" / "bin" / "python")
    assert choose("", tmp_path, {"VIRTUAL_ENV": str(tmp_path / "active"), "CONDA_PREFIX": conda}) == active
