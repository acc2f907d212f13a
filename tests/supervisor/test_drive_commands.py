"""Driving one of several supervisors: they are told apart by their applications, or by their sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from supervisor.cli import main
from tests.support.apps import project
from tests.support.program import GatescopeRun, running

Runs = dict[str, GatescopeRun]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def runs(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Two supervisors with an application each, and a third with one of the same name as the second's."""
    folder = project(tmp_path_factory.mktemp("project"))
    with ExitStack() as stack:
        yield {
            key: stack.enter_context(
                running("wsgi:app", "--mode", "wsgiref", "--name", name, cwd=folder,
                        env={"XDG_RUNTIME_DIR": str(directory)})
            )
            for key, name in (("shop", "shop"), ("blog", "blog"), ("other", "blog"))
        }  # fmt: skip


@pytest.fixture(autouse=True)
def here(runs: Runs, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for run in runs.values():
        assert run.url
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))


def test_status_is_of_all(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    text = capsys.readouterr().out
    for run in runs.values():
        assert f"--control {run.control}\n" in text
        assert run.url in text
    assert text.count(": running, wsgiref, http://") == 3


def test_status_of_all_as_json_says_where(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(line["control"], line["url"]) for line in lines} == {(run.control, run.url) for run in runs.values()}


def test_an_application_picks_its_supervisor(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--app", "shop", "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["url"] == runs["shop"].url
    assert main(["reload", "--app", "shop"]) == 0
    assert capsys.readouterr().out.startswith("shop: running")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["reload"], "3 supervisors are running; say which one."),
        (["reload", "--app", "blog"], "2 supervisors have an application called blog; say which one."),
        (["status", "--app", "nope"], "None of the 3 supervisors that are running has an application called nope."),
    ],
)
def test_which_one_has_to_be_said(
    runs: Runs, capsys: pytest.CaptureFixture[str], arguments: list[str], what: str
) -> None:
    assert main(arguments) == 2
    text = capsys.readouterr().err
    assert text.startswith(f"gatescope: {what}\n")
    assert f"--control {runs['other'].control}" in text
    assert ("--app shop" in text) == (arguments == ["reload"])
    assert "--app blog" not in text


def test_a_socket_says_which_one(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--control", runs["other"].control, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["url"] == runs["other"].url
