from __future__ import annotations

import time
from pathlib import Path

import pytest

from supervisor.target import applications
from supervisor.target.applications import equally_likely, find, in_file, mistakes


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
        ("app:made", False, "WSGI"),
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


def test_packages_below_and_folders_that_are_none(tmp_path: Path) -> None:
    files = {
        "backend/pkg/__init__.py": "",
        "backend/pkg/web/__init__.py": "",
        "backend/pkg/web/main.py": "import falcon\napp = falcon.App()",
        "service/main.py": "from routers import x\nfrom fastapi import FastAPI\napp = FastAPI()",
        "service/routers/x.py": "",
        "named/main.py": "from named.parts import x\nfrom fastapi import FastAPI\napp = FastAPI()",
        "relative/main.py": "from .parts import x\nfrom fastapi import FastAPI\napp = FastAPI()",
    }
    write(tmp_path, files)
    found = {(one.target, str(one.folder.relative_to(tmp_path)), one.where) for one in find(tmp_path)}
    assert found == {
        ("pkg.web.main:app", "backend", "backend/pkg/web/main.py"),
        ("main:app", "service", "service/main.py"),
        ("named.main:app", ".", "named/main.py"),
        ("relative.main:app", ".", "relative/main.py"),
    }


def test_what_other_modules_of_the_project_make(tmp_path: Path) -> None:
    files = {
        "src/shop/__init__.py": "from .factory import build\nfrom . import circle",
        "src/shop/factory.py": "import flask as f\ndef build() -> f.Flask: ...",
        "src/shop/circle.py": "from shop.wsgi import app\nother = app()\n",
        "src/shop/wsgi.py": "from shop.factory import build\nfrom shop.circle import other\napp = build()",
        "serve.py": "from shop import build\napplication = build()",
    }
    found = [(one.target, one.framework, one.factory) for one in find(write(tmp_path, files))]
    assert found == [
        ("shop.wsgi:app", "Flask", False),
        ("serve:application", "Flask", False),
        ("shop.factory:build", "Flask", True),
    ]


def test_django_in_a_folder_below(tmp_path: Path) -> None:
    files = {
        "site/manage.py": "",
        "site/conf/__init__.py": "",
        "site/conf/wsgi.py": "application = get_wsgi_application()",
    }
    [found] = find(write(tmp_path, files))
    assert (found.target, found.folder, found.framework) == ("conf.wsgi:application", tmp_path / "site", "Django")


def test_one_file(tmp_path: Path) -> None:
    text = "from quart import Quart\napp = Quart(1)"
    write(tmp_path, {"pkg/__init__.py": "", "pkg/run.py": text, "alone.py": text, "none.py": "x = 1"})
    [found] = in_file(tmp_path / "pkg" / "run.py")
    assert (found.target, found.folder) == ("pkg.run:app", tmp_path)
    assert [one.target for one in in_file(tmp_path / "alone.py")] == ["alone:app"]
    assert in_file(tmp_path / "none.py") == []


def test_the_folder_is_a_package_itself(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "from flask import Flask\napp = Flask(1)"})
    [found] = find(tmp_path / "shop")
    assert (found.target, found.folder) == ("shop:app", tmp_path)


def test_what_is_not_the_projects_is_passed_over(tmp_path: Path) -> None:
    text = "from flask import Flask\napp = Flask(1)"
    places = ("node_modules/x", ".hidden", "tests", "my_env/lib", "a/b/c/d/e/f")
    write(tmp_path, {f"{place}/main.py": text for place in places})
    (tmp_path / "my_env" / "pyvenv.cfg").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert find(tmp_path) == []


def test_a_big_folder_takes_no_longer_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "from flask import Flask\napp = Flask(1)\n" + "def f(x):\n    return [x, {x: 1}]\n" * 200
    write(tmp_path, {f"p{number}/m{number}.py": text for number in range(300)} | {"main.py": text})
    began = time.monotonic()
    found = find(tmp_path)
    assert found[0].target == "main:app"
    assert len(found) <= applications.MOST_FOUND
    assert time.monotonic() - began < applications.MOST_SECONDS + 2.0  # of which one file, and a busy machine
    monkeypatch.setattr(applications, "MOST_SECONDS", 0.0)
    assert find(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "interface", "expected"),
    [
        ("one = Flask()\ntwo = Flask()\n", "", ["one", "two"]),
        ("one = Flask()\ntwo = Flask()\n", "ASGI", []),
        ("app = Flask()\ntwo = Flask()\n", "WSGI", []),
        ("one = Flask()\ntwo = FastAPI()\n", "", ["one", "two"]),
        ("one = Flask()\ntwo = FastAPI()\n", "ASGI", []),
        ("one = Flask()\ndef create_app():\n    return Flask()\n", "", []),
    ],
)
def test_between_equals_there_is_nothing_to_choose(
    tmp_path: Path, text: str, interface: str, expected: list[str]
) -> None:
    write(tmp_path, {"main.py": f"from flask import Flask\nfrom fastapi import FastAPI\n{text}"})
    assert [one.target for one in equally_likely(find(tmp_path), interface)] == [f"main:{name}" for name in expected]
    assert equally_likely([]) == []


def test_where_a_module_is_not_python(tmp_path: Path) -> None:
    files = {"main.py": "import flask\napp = (\n", "notes.py": "not python (\n", "deep/app.py": "import Flask\n x"}
    found = mistakes(write(tmp_path, files))
    assert found == ["main.py, line 2: '(' was never closed", "deep/app.py, line 2: unexpected indent"]
    assert mistakes(tmp_path / "main.py") == found[:1]
    assert mistakes(tmp_path / "absent.py") == []
