from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.target.problems import TargetError
from supervisor.target.settings import load

FULL = """
[tool.gatescope.apps.shop]
target = "shop.main:make"
mode = "uvicorn"
workers = 2
threads = 3
adapt = true
factory = true
env = { B = "own", C = "3" }
env_file = [".env", "more.env"]
cwd = "src"
listen = "127.0.0.1:8000"
python = ".venv/bin/python"
args = ["--root-path", "/api"]

[tool.gatescope.apps.small]
target = "small:app"
env_file = ".env"
python = "python3"
"""


def written(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_all_that_can_be_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nB=2\n")
    (tmp_path / "more.env").write_text("A=one\n")
    shop = load(written(tmp_path, FULL))["shop"]
    assert (shop.name, shop.target, shop.mode, shop.workers, shop.threads) == (
        "shop",
        "shop.main:make",
        "uvicorn",
        2,
        3,
    )
    assert (shop.adapt, shop.factory, shop.listen) == (True, True, "127.0.0.1:8000")
    assert shop.args == ("--root-path", "/api")
    assert shop.place == tmp_path / "src"
    assert shop.interpreter == str(tmp_path / ".venv/bin/python")
    assert dict(shop.environment()) == {"A": "one", "B": "own", "C": "3"}


def test_what_is_not_said(tmp_path: Path) -> None:
    small = load(written(tmp_path, FULL))["small"]
    assert (small.mode, small.workers, small.adapt, small.args, small.env) == ("", None, False, (), ())
    assert (small.place, small.interpreter, small.env_file) == (tmp_path, "python3", (".env",))
    with pytest.raises(TargetError) as caught:
        small.environment()
    assert "No such file" in caught.value.problem.why


def test_a_command_stands_for_its_mode(tmp_path: Path) -> None:
    text = "[tool.gatescope.apps.dev]\ncommand = 'flask run -p {port}'\n"
    dev = load(written(tmp_path, text))["dev"]
    assert (dev.target, dev.mode, dev.command) == ("", "custom", "flask run -p {port}")


def test_without_a_file_or_a_table(tmp_path: Path) -> None:
    assert load(tmp_path) == {}
    assert load(written(tmp_path, "[tool.other]\nx = 1")) == {}
    assert load(written(tmp_path, "tool = 1")) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("target = 'a:b'\nworker = 2", ["key 'worker'", "Did you mean workers?", "The keys are: target"]),
        ("target = 'a:b'\nzzz = 2", ["key 'zzz'"]),
        ("mode = 'uvicorn'", ["has no target"]),
        ("target = 3", ["target = 3", "a text"]),
        ("target = 'a:b'\nworkers = true", ["workers = True", "a whole number"]),
        ("target = 'a:b'\nworkers = '2'", ["workers = '2'"]),
        ("target = 'a:b'\nadapt = 1", ["true or false"]),
        ("target = 'a:b'\nargs = '--x'", ["a list of texts"]),
        ("target = 'a:b'\nargs = [1]", ["a list of texts"]),
        ("target = 'a:b'\nenv = { A = 1 }", ["a table of texts"]),
        ("target = 'a:b'\nenv_file = 1", ["a text or a list of texts"]),
        ("target = ", ["cannot be read"]),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(TargetError) as caught:
        load(written(tmp_path, f"[tool.gatescope.apps.shop]\n{text}\n"))
    problem = caught.value.problem
    said = " ".join([problem.what, problem.why, *(way.text for way in problem.ways_out)])
    assert problem.usage
    assert "pyproject.toml" in said
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize("text", ["[tool.gatescope]\napps = 3", "[tool.gatescope.apps]\nshop = 3"])
def test_what_is_no_table(tmp_path: Path, text: str) -> None:
    with pytest.raises(TargetError, match="is not a table"):
        load(written(tmp_path, text))


@pytest.mark.parametrize(("content", "words"), [(b"A='", "not closed"), (b"\xff=1", "not UTF-8")])
def test_an_environment_file_that_cannot_be_used(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(TargetError) as caught:
        load(written(tmp_path, FULL))["small"].environment()
    assert words in caught.value.problem.why
