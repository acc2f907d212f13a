"""What targets are found to be, by the script that runs in their own interpreter."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import a2wsgi
import fastapi
import flask
import pytest
import starlette.applications
import starlette.middleware.cors
from werkzeug.middleware.proxy_fix import ProxyFix

from inspector.probe.interface import classify
from tests.support.probed import PROBE


def examine(folder: Path, target: str, **more: Any) -> dict[str, Any]:
    question = json.dumps({"target": target, "cwd": str(folder), **more})
    outcome = subprocess.run(
        [sys.executable, "-B", str(PROBE / "examine.py"), question], capture_output=True, text=True, timeout=60
    )
    assert outcome.returncode == 0, outcome.stderr
    answer: dict[str, Any] = json.loads(outcome.stdout)
    return answer


def wsgi(environ: Any, start_response: Any) -> Any: ...
def wsgi_by_count(one: Any, two: Any) -> Any: ...
async def asgi(scope: Any, receive: Any, send: Any) -> None: ...
async def asgi_by_count(a: Any, b: Any, c: Any) -> None: ...
def asgi_sync(scope: Any, receive: Any, send: Any) -> Any: ...
def asgi_sync_by_count(a: Any, b: Any, c: Any) -> Any: ...
async def asgi_of_anything(*args: Any) -> None: ...
async def asgi_with_more(extra: Any, scope: Any, receive: Any, send: Any) -> None: ...
def asgi2(scope: Any) -> Any: ...
def view(request: Any) -> Any: ...
def one(something: Any) -> Any: ...
def four(a: Any, b: Any, c: Any, d: Any) -> Any: ...
def create_app() -> Any: ...
def thing() -> Any: ...
async def make_app() -> Any: ...


def typed_factory() -> Any: ...


typed_factory.__annotations__["return"] = flask.Flask


class Asgi2Class:
    def __init__(self, scope: Any) -> None: ...
    async def __call__(self, receive: Any, send: Any) -> None: ...


class WsgiClass:
    def __init__(self, environ: Any, start_response: Any) -> None: ...
    def __iter__(self) -> Any: ...


class Asgi3Class:
    def __init__(self, scope: Any, receive: Any, send: Any) -> None: ...
    def __await__(self) -> Any: ...


class OtherClass:
    pass


class AnyCall:
    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...


class AsyncAnyCall(AnyCall):
    async def __call__(self, *args: Any, **kwargs: Any) -> Any: ...


class Declared:
    _asgi_single_callable = True

    def __call__(self, *args: Any) -> Any: ...


class Rsgi:
    async def __rsgi__(self, scope: Any, protocol: Any) -> None: ...
    def __call__(self, *args: Any) -> Any: ...


def wrapped() -> Any:
    @functools.wraps(asgi)
    def inner(*args: Any, **kwargs: Any) -> Any: ...

    return inner


def recursive() -> Any:
    made = AnyCall(None)
    made.app = AnyCall(made)
    return made


@pytest.mark.parametrize(
    ("found", "interface", "confidence"),
    [
        (flask.Flask("x"), "WSGI", "certain"),
        (flask.Flask("x").wsgi_app, "WSGI", "certain"),
        (ProxyFix(flask.Flask("x")), "WSGI", "certain"),
        (fastapi.FastAPI(), "ASGI3", "certain"),
        (starlette.applications.Starlette(), "ASGI3", "certain"),
        (starlette.middleware.cors.CORSMiddleware(fastapi.FastAPI()), "ASGI3", "certain"),
        (fastapi.FastAPI, "class", "certain"),
        (a2wsgi.WSGIMiddleware(wsgi), "ASGI3", "certain"),
        (wsgi, "WSGI", "certain"),
        (wsgi_by_count, "WSGI", "likely"),
        (asgi, "ASGI3", "certain"),
        (asgi_by_count, "ASGI3", "certain"),
        (asgi_sync, "ASGI3", "certain"),
        (asgi_sync_by_count, "ASGI3", "likely"),
        (asgi_of_anything, "ASGI3", "likely"),
        (functools.partial(asgi_with_more, 1), "ASGI3", "certain"),
        (functools.partial(asgi), "ASGI3", "certain"),
        (wrapped(), "ASGI3", "certain"),
        (asgi2, "ASGI2", "certain"),
        (Asgi2Class, "ASGI2", "likely"),
        (functools.partial(Asgi2Class), "ASGI2", "likely"),
        (WsgiClass, "WSGI", "likely"),
        (Asgi3Class, "ASGI3", "likely"),
        (OtherClass, "class", "likely"),
        (view, "view", "certain"),
        (one, "unknown", ""),
        (four, "unknown", ""),
        (create_app, "factory", "certain"),
        (typed_factory, "factory", "certain"),
        (thing, "factory", "likely"),
        (make_app, "factory", "likely"),
        (AnyCall(wsgi), "WSGI", "likely"),
        (AnyCall(AnyCall(fastapi.FastAPI())), "ASGI3", "likely"),
        (AnyCall(None), "unknown", ""),
        (AnyCall(one), "unknown", ""),
        (recursive(), "unknown", ""),
        (AsyncAnyCall(None), "ASGI3", "likely"),
        (Declared(), "ASGI3", "certain"),
        (Rsgi(), "RSGI", "certain"),
        (5, "unknown", "certain"),
        (print, "unknown", ""),
    ],
)
def test_what_an_object_is(found: Any, interface: str, confidence: str) -> None:
    result = classify(found)
    assert (result.interface, result.confidence) == (interface, confidence), result


@pytest.mark.parametrize(
    ("found", "framework"),
    [
        (flask.Flask("x"), ("Flask", "flask")),
        (flask.Flask("x").wsgi_app, ("Flask", "flask")),
        (ProxyFix(flask.Flask("x")), ("Flask", "flask")),
        (AnyCall(AnyCall(fastapi.FastAPI())), ("FastAPI", "fastapi")),
        (fastapi.FastAPI, ("FastAPI", "fastapi")),
        (recursive(), ("", "")),
        (wsgi, ("", "")),
    ],
)
def test_whose_application_it_is(found: Any, framework: tuple[str, str]) -> None:
    result = classify(found)
    assert (result.framework, result.distribution) == framework


def test_what_a_factory_or_class_makes() -> None:
    assert classify(typed_factory).of == "WSGI"
    assert classify(fastapi.FastAPI).of == "ASGI3"
    assert repr(classify(typed_factory)).startswith("<factory of WSGI, certain: ")


def test_the_whole_answer(tmp_path: Path) -> None:
    tmp_path.joinpath("site_app.py").write_text(
        "import flask\nprint('{\"python\": \"lies\"}')\nimport os; os.write(1, b'more')\napp = flask.Flask('x')\n"
    )
    answer = examine(tmp_path, "site_app:app", distributions=["Flask", "python_multipart", "no-such"])
    assert answer["error"] is None
    assert answer["interface"] == "WSGI"
    assert answer["framework"] == "Flask"
    assert answer["framework_version"] == answer["distributions"]["flask"]
    assert set(answer["distributions"]) <= {"flask", "python-multipart"}
    assert answer["python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")


def test_factories_are_called_when_asked(tmp_path: Path) -> None:
    tmp_path.joinpath("site_app.py").write_text("def make():\n    return lambda environ, start_response: []\n")
    assert examine(tmp_path, "site_app:make")["interface"] == "factory"
    for target, factory in (("site_app:make", True), ("site_app:make()", False)):
        answer = examine(tmp_path, target, factory=factory)
        assert (answer["interface"], answer["factory"], answer["target"]) == ("WSGI", True, "site_app:make")


def test_an_attribute_left_out_is_found(tmp_path: Path) -> None:
    tmp_path.joinpath("site_app.py").write_text("def application(environ, start_response): return []\n")
    assert examine(tmp_path, "site_app")["target"] == "site_app:application"


SITE = """
import sys
from wsgiref.simple_server import demo_app as app
_hidden = app
value = 5
def fail():
    raise LookupError("inside")
def nothing():
    return None
def leave():
    sys.exit(3)
"""


@pytest.mark.parametrize(
    ("target", "kind", "words"),
    [
        ("no_such_module:app", "no-module", "no_such_module"),
        ("site_app.sub:app", "no-module", "site_app"),
        ("broken:app", "raised", "missing_dependency"),
        ("syntax:app", "raised", "SyntaxError"),
        ("leaving:app", "raised", "SystemExit"),
        ("site_app:nope", "no-attribute", "nope"),
        ("site_app:value", "not-callable", "int"),
        ("site_app:fail()", "raised", "inside"),
        ("site_app:leave()", "raised", "SystemExit"),
        ("site_app:nothing()", "not-callable", "returned None"),
    ],
)
def test_why_a_target_cannot_be_had(tmp_path: Path, target: str, kind: str, words: str) -> None:
    tmp_path.joinpath("site_app.py").write_text(SITE)
    tmp_path.joinpath("broken.py").write_text("def at_import():\n    import missing_dependency\nat_import()\n")
    tmp_path.joinpath("syntax.py").write_text("def (:\n")
    tmp_path.joinpath("leaving.py").write_text("import sys\nsys.exit('no')\n")
    error = examine(tmp_path, target)["error"]
    assert error["kind"] == kind
    assert words in error["message"]
    assert str(PROBE) not in error["traceback"]
    assert "importlib" not in error["traceback"]
    if kind in ("no-attribute", "not-callable") and "()" not in target:
        assert error["candidates"] == ["app"]
    if target == "broken:app":
        assert "broken.py" in error["traceback"]
