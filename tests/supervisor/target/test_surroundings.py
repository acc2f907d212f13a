from __future__ import annotations

from pathlib import Path

from supervisor.control.messages import Candidate, TargetSpec
from supervisor.target.surroundings import Surroundings, around

SETTINGS = """
[tool.gatescope.apps.shop]
target = "web:make"
factory = true
mode = "gunicorn-sync"
workers = 3
cwd = "src"
env = { A = "1" }
env_file = ["common.env"]
root_path = "/shop"
reload = true
[tool.gatescope.apps.dev]
command = "flask run -p {port}"
listen = "127.0.0.1:8000"
"""


def project(folder: Path) -> Path:
    (folder / "src").mkdir()
    (folder / "src" / "main.py").write_text("import fastapi as f\ndef build() -> f.FastAPI: ...")
    (folder / "pyproject.toml").write_text(SETTINGS)
    for name in (".env", ".env.local", ".env.example", ".envrc", ".environment"):
        (folder / name).touch()
    (folder / ".env-folder").mkdir()
    return folder


def test_all_of_it(tmp_path: Path) -> None:
    found = around(TargetSpec(target=str(project(tmp_path))))
    shop, dev = found.presets
    assert (shop.name, shop.mode, shop.workers, shop.root_path, shop.reload) == (
        "shop",
        "gunicorn-sync",
        3,
        "/shop",
        True,
    )
    assert shop.target == TargetSpec(
        target="web:make", cwd=str(tmp_path / "src"), env=(("A", "1"),), factory=True,
        env_files=(str(tmp_path / "common.env"),),
    )  # fmt: skip
    assert (dev.mode, dev.custom, dev.target.target, dev.listen) == (
        "custom",
        "flask run -p {port}",
        "",
        "127.0.0.1:8000",
    )
    assert found.candidates == (
        Candidate(
            target="main:build", interface="ASGI", framework="FastAPI", factory=True, file="src/main.py",
            cwd=str(tmp_path / "src"),
        ),
    )  # fmt: skip
    assert found.env_files == (".env", ".env.local")


def test_by_module_and_by_file(tmp_path: Path) -> None:
    project(tmp_path)
    wanted = around(TargetSpec(target=str(tmp_path)))
    assert around(TargetSpec(target="main:app", cwd=str(tmp_path))) == wanted
    assert around(TargetSpec(target="src/main.py", cwd=str(tmp_path))).candidates[0].file == "main.py"


def test_what_is_mistaken_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gatescope.apps]\nx = 3")
    assert around(TargetSpec(target=".", cwd=str(tmp_path))) == Surroundings()
    assert around(TargetSpec(target="x:y", cwd=str(tmp_path / "none"))) == Surroundings()
    assert around(TargetSpec(target="demo:flask")) == Surroundings()
