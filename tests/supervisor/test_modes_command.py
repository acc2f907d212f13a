"""``gatescope modes``: the answer at a glance, and at length when it is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supervisor.cli import main
from supervisor.servers.catalogue import MODES


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.py").write_text("def app(environ, start_response): pass\n")
    (tmp_path / "two.py").write_text(
        "class app:\n    def __init__(self, scope): pass\n    async def __call__(self, receive, send): pass\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_line_for_each_mode(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modes", "shop:app"]) == 0
    head, empty, *lines, _, hint = capsys.readouterr().out.splitlines()
    assert (head.startswith("shop:app in "), empty, "--why" in hint) == (True, "", True)
    assert [line.split()[0] for line in lines] == list(MODES)
    assert max(map(len, lines)) <= 80
    by_slug = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}
    assert by_slug["wsgiref"].startswith("ready ")
    assert by_slug["uvicorn"].split(maxsplit=1) == ["adaptable", "speaks ASGI, the application WSGI: with --adapt"]


def test_what_an_old_interface_cannot_have(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modes", "two:app"]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("wsgiref ")]
    assert line.split(maxsplit=1)[1].split(maxsplit=1) == ["impossible", "speaks WSGI, the application ASGI2"]


def test_the_reasons_of_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modes", "shop:app", "--why"]) == 0
    assert "missing 1 required positional argument" in " ".join(capsys.readouterr().out.split())


def test_the_reasons_of_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modes", "shop:app", "uvicorn"]) == 0
    _, _, first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("uvicorn ")
    assert "answer every request with status 500" in " ".join(map(str.strip, rest))
    assert all(line.startswith(" ") for line in rest)


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_it_fits_the_terminal(
    folder: Path, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["modes", "shop:app", "--why"]) == 0
    prose = [line for line in capsys.readouterr().out.splitlines()[1:] if not line.startswith("      ")]
    assert max(map(len, prose)) <= min(columns, 100)


def test_a_mode_that_there_is_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modes", "shop:app", "uvicron"]) == 2
    assert "Did you mean uvicorn?" in capsys.readouterr().err


def test_json_has_it_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modes", "shop:app", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["mode"] for line in lines] == list(MODES)
    assert all(line["reason"] for line in lines if line["state"] != "ready")


def test_a_folder_with_several(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pyproject.toml").write_text("[tool.gatescope.apps.daily]\ntarget = 'shop:app'\n")
    (folder / "back").mkdir()
    (folder / "back" / "main.py").write_text("import fastapi as f\ndef build() -> f.FastAPI: ...\n")
    assert main(["modes", "."]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].split() == ["*", "daily", "in", "[tool.gatescope.apps.daily]", "in", "pyproject.toml"]
    assert lines[-2].startswith("  main:build --factory --cwd back ")
    assert lines[-2].endswith(" FastAPI, made by a call, in back/main.py")
    assert lines[-1].split()[0] == "two:app"


def test_the_first_of_a_folder_is_broken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "main.py").write_text("from nowhere import x\ndef app(environ, start_response): ...\n")
    assert main(["modes", "."]) == 1
    assert "Or shop:app (WSGI, in shop.py)?" in capsys.readouterr().err
