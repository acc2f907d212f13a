"""Modules as frameworks' own tutorials write them; none of the frameworks is needed to read them."""

from __future__ import annotations

import pytest

from supervisor.target.frameworks import Kind
from supervisor.target.sources import Import, Maker, Module

CASES: dict[str, tuple[str, list[tuple[str, str, str, bool]]]] = {
    "fastapi": ("from fastapi import FastAPI\napp = FastAPI()", [("app", "ASGI", "FastAPI", False)]),
    "module under another name": (
        "import fastapi as f\napi: f.FastAPI = f.FastAPI(title='x')",
        [("api", "ASGI", "FastAPI", False)],
    ),
    "class under another name": (
        "from flask import Flask as F\napplication = F(__name__)",
        [("application", "WSGI", "Flask", False)],
    ),
    "defined deeper": (
        "import starlette.applications\nsite = starlette.applications.Starlette()",
        [("site", "ASGI", "Starlette", False)],
    ),
    "django wsgi": (
        "import os\nfrom django.core.wsgi import get_wsgi_application\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 's')\napplication = get_wsgi_application()",
        [("application", "WSGI", "Django", False)],
    ),
    "channels": (
        "from channels.routing import ProtocolTypeRouter\nfrom django.core.asgi import get_asgi_application\n"
        "inner = get_asgi_application()\napplication = ProtocolTypeRouter({'http': inner})",
        [("inner", "ASGI", "Django", False), ("application", "ASGI", "Channels", False)],
    ),
    "litestar": (
        "from litestar import Litestar, get\n@get('/')\nasync def index() -> str: ...\napp = Litestar([index])",
        [("app", "ASGI", "Litestar", False)],
    ),
    "falcon": ("import falcon\napp = falcon.App()", [("app", "WSGI", "Falcon", False)]),
    "falcon asgi": ("import falcon.asgi\napp = falcon.asgi.App()", [("app", "ASGI", "Falcon", False)]),
    "falcon asgi imported": ("from falcon.asgi import App\napp = App()", [("app", "ASGI", "Falcon", False)]),
    "quart": ("from quart import Quart\napp = Quart(__name__)", [("app", "ASGI", "Quart", False)]),
    "bottle": ("from bottle import Bottle, default_app\nfirst = Bottle()\nsecond = default_app()",
               [("first", "WSGI", "Bottle", False), ("second", "WSGI", "Bottle", False)]),
    "pyramid": (
        "from pyramid.config import Configurator\nwith Configurator() as config:\n"
        "    config.add_route('hello', '/')\n    app = config.make_wsgi_app()",
        [("app", "WSGI", "Pyramid", False)],
    ),
    "dash": ("import dash\napp = dash.Dash()\nserver = app.server", [("app", "WSGI", "Dash", False)]),
    "factory with an annotation": (
        "import flask\ndef build(config=None, *, debug=False) -> 'flask.Flask':\n    return something()",
        [("build", "WSGI", "Flask", True)],
    ),
    "factory by what it returns": (
        "def create_app():\n    from fastapi import FastAPI\n    app = FastAPI()\n    if 1:\n"
        "        app.mount('/', x)\n    return app",
        [("create_app", "ASGI", "FastAPI", True)],
    ),
    "factory of a plain application": (
        "def make():\n    def app(environ, start_response): ...\n    return app", [("make", "WSGI", "", True)],
    ),
    "factory by its name": ("def create_app(name='x'):\n    return unknown(name)", [("create_app", "", "", True)]),
    "factory that wraps": (
        "from quart import Quart\nfrom x import Middleware\ndef build():\n    app: Quart = Quart(1)\n"
        "    app = Middleware(app)\n    return app",
        [("build", "ASGI", "Quart", True)],
    ),
    "no factories": (
        "from flask import Flask\ndef build(needed) -> Flask: ...\ndef more(*, needed) -> Flask: ...\n"
        "def _hidden() -> Flask: ...\nasync def later() -> Flask: ...\ndef other() -> int: ...\n"
        "def odd() -> 'a b': ...\ndef again():\n    return again()\n"
        "def lost():\n    app = Flask()\n    app = 1\n    return app",
        [],
    ),
    "factory and what it made": (
        "from flask import Flask\ndef create_app() -> Flask: ...\napp = create_app()",
        [("create_app", "WSGI", "Flask", True), ("app", "WSGI", "Flask", False)],
    ),
    "wrapped at once": (
        "from starlette.middleware.sessions import SessionMiddleware\nfrom fastapi import FastAPI\n"
        "app = SessionMiddleware(FastAPI(), secret_key='x')",
        [("app", "ASGI", "FastAPI", False)],
    ),
    "wrapped under the same name": (
        "from flask import Flask\nfrom werkzeug.middleware.proxy_fix import ProxyFix\napp = Flask(__name__)\n"
        "app.wsgi_app = ProxyFix(app.wsgi_app)\napp = Tracing(app)",
        [("app", "WSGI", "Flask", False)],
    ),
    "around what another one serves": (
        "import dash\nfrom werkzeug.middleware.proxy_fix import ProxyFix\nboard = dash.Dash()\n"
        "site = ProxyFix(board.server)",
        [("site", "WSGI", "Dash", False), ("board", "WSGI", "Dash", False)],
    ),
    "what is inside comes last": (
        "from fastapi import FastAPI\nimport socketio\ninner = FastAPI()\nsub = FastAPI()\ninner.mount('/sub', sub)\n"
        "app = socketio.ASGIApp(sio, other_asgi_app=inner)",
        [("app", "ASGI", "FastAPI", False), ("inner", "ASGI", "FastAPI", False), ("sub", "ASGI", "FastAPI", False)],
    ),
    "of the other interface": (
        "from flask import Flask\nfrom asgiref.wsgi import WsgiToAsgi\nweb = Flask(1)\nlater = WsgiToAsgi(web)",
        [("later", "ASGI", "Flask", False), ("web", "WSGI", "Flask", False)],
    ),
    "extensions are none": (
        "from flask import Flask\napp = Flask(1)\ndb = SQLAlchemy(app)\nlimiter = Limiter(app=app)",
        [("app", "WSGI", "Flask", False)],
    ),
    "plain functions": (
        "def one(environ, start_response): ...\ndef two(env, sr, /): ...\nasync def three(scope, receive, send): ...\n"
        "async def no(environ, start_response): ...\ndef neither(environ, other): ...",
        [("one", "WSGI", "", False), ("two", "WSGI", "", False), ("three", "ASGI", "", False)],
    ),
    "classes of their own": (
        "class Wsgi:\n    def __call__(self, environ, start_response): ...\n"
        "class Asgi:\n    def __init__(self, app=None): ...\n    async def __call__(self, scope, receive, send): ...\n"
        "class Neither:\n    def __call__(self, x): ...\n"
        "one = Wsgi()\ntwo = Asgi()\nthree = Asgi(one)\nfour = Neither()",
        [("two", "ASGI", "", False), ("three", "ASGI", "", False), ("one", "WSGI", "", False)],
    ),
    "classes that are applications": (
        "class Iterated:\n    def __init__(self, environ, start_response): ...\n    def __iter__(self): ...\n"
        "class Twice:\n    def __init__(self, scope): ...\n    async def __call__(self, receive, send): ...\n"
        "class Neither:\n    def __init__(self, scope): ...",
        [("Iterated", "WSGI", "", False), ("Twice", "ASGI", "", False)],
    ),
    "a class that derives from one": (
        "from fastapi import FastAPI\nclass Shop(Base, FastAPI): ...\napp = Shop()",
        [("app", "ASGI", "FastAPI", False)],
    ),
    "werkzeug": (
        "from werkzeug import Request\n@Request.application\ndef app(request): ...",
        [("app", "WSGI", "Werkzeug", False)],
    ),
    "made on some way": (
        "try:\n    import fastapi\nexcept ImportError:\n    raise\nif DEBUG:\n    app = fastapi.FastAPI(debug=True)\n"
        "else:\n    app = fastapi.FastAPI()\nfor x in ():\n    pass\n"
        "if __name__ == '__main__':\n    other = fastapi.FastAPI()",
        [("app", "ASGI", "FastAPI", False)],
    ),
    "from who knows where": (
        "from web import *\napp = Flask(__name__)\nother = App()", [("app", "WSGI", "Flask", False)],
    ),
    "not what it is called": ("from mine import FastAPI\napp = FastAPI()", []),
    "annotated only": ("import flask\napp: flask.Flask = load()", [("app", "WSGI", "Flask", False)]),
    "nothing": ("x = 1\na.b = f()\n_app = FastAPI()\ny: int\nf()\nz = (lambda: 1)()", []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_a_module_makes(name: str) -> None:
    text, wanted = CASES[name]
    made = [(one.name, *one.kind, one.factory) for one in Module(text.encode()).made()]
    assert made == wanted


def test_what_another_module_makes() -> None:
    asked = []

    def outside(one: Import) -> Kind | Maker | None:
        asked.append((one.module, one.name, one.level))
        return Maker(Kind("WSGI", "Flask")) if one.name == "build" else None

    module = Module(b"from .factory import build as b\nfrom . import x\nimport os\napp = b()\ny = x(app)", outside)
    assert [(one.name, one.kind) for one in module.made()] == [("app", Kind("WSGI", "Flask"))]
    assert asked[0] == ("factory", "build", 1)
    assert module.thing("app") == Kind("WSGI", "Flask")
    assert module.thing("b") == Maker(Kind("WSGI", "Flask"))
    assert module.thing("os") is None
    assert {one.dotted for one in module.imports()} == {"factory.build", ".x", "os"}
