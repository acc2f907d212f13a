from __future__ import annotations

from pathlib import Path

from supervisor.target.applications import find


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def targets(folder: Path) -> list[tuple[str, bool, str]]:
    return [(one.target, one.factory, one.interface) for one in find(folder)]


def test_objects_of_known_classes(tmp_path: Path) -> None:
    files = {
        "main.py": "import fastapi\napp = fastapi.FastAPI()\nother: object = fastapi.FastAPI()\n",
        "web.py": "from flask import Flask\napplication = Flask(__name__)\nx = 1\n",
        "zoo.py": "from starlette.applications import Starlette\nzoo = Starlette()\n",
    }
    assert targets(write(tmp_path, files)) == [
        ("main:app", False, "ASGI"),
        ("main:other", False, "ASGI"),
        ("web:application", False, "WSGI"),
        ("zoo:zoo", False, "ASGI"),
    ]


def test_plain_callables_and_factories(tmp_path: Path) -> None:
    text = """
from flask import Flask
async def hello(scope, receive, send): ...
def old(environ, start_response): ...
def create_app(config=None) -> Flask: ...
def make_app(needed): ...
made = create_app()
"""
    assert targets(write(tmp_path, {"app.py": text})) == [
        ("app:hello", False, "ASGI"),
        ("app:old", False, "WSGI"),
        ("app:create_app", True, "WSGI"),
        ("app:made", False, ""),
    ]


def test_django(tmp_path: Path) -> None:
    files = {
        "manage.py": "",
        "shop/__init__.py": "",
        "shop/wsgi.py": "application = get_wsgi_application()\n",
        "shop/asgi.py": "application = get_asgi_application()\n",
    }
    assert targets(write(tmp_path, files)) == [
        ("shop.asgi:application", False, "ASGI"),
        ("shop.wsgi:application", False, "WSGI"),
    ]


def test_pyproject_comes_first(tmp_path: Path) -> None:
    text = """
[tool.gatescope.apps.api]
target = "pkg.web:make"
factory = true
[tool.gatescope.apps.broken]
mode = "uvicorn"
[tool.fastapi]
entrypoint = "main:app"
"""
    files = {"pyproject.toml": text, "main.py": "app = FastAPI()", "pkg/__init__.py": "", "src/lib/__init__.py": ""}
    found = find(write(tmp_path, files))
    assert [(one.target, one.name) for one in found] == [("pkg.web:make", "api"), ("main:app", "")]


def test_a_package_below_src(tmp_path: Path) -> None:
    [found] = find(write(tmp_path, {"src/pkg/__init__.py": "", "src/pkg/main.py": "app = FastAPI()"}))
    assert (found.target, found.folder) == ("pkg.main:app", tmp_path / "src")


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    files = {"main.py": "def (", "pyproject.toml": "[tool", "app.py": "app = Flask(__name__)"}
    (tmp_path / "api.py").write_bytes(b"\x00\xff")
    assert targets(write(tmp_path, files)) == [("app:app", False, "WSGI")]
    assert find(tmp_path / "nowhere") == []
    (tmp_path / "pyproject.toml").write_text("tool = 3")
    assert len(find(tmp_path)) == 1
