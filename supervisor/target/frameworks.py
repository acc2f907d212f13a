"""What calls of known classes and functions make, by the names that they are imported under.

Pure. Nothing is imported to know it; what is imported, and what it is there, the probe says (``inspector/probe``).
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """What an application is: ``interface`` ``WSGI`` or ``ASGI``, empty if nobody can tell; likewise ``framework``."""

    interface: str = ""
    framework: str = ""


#: By top-level package and name; what lies between is where it happens to be defined.
KNOWN: dict[tuple[str, str], Kind] = {
    ("apiflask", "APIFlask"): Kind("WSGI", "Flask"),
    ("blacksheep", "Application"): Kind("ASGI", "BlackSheep"),
    ("bottle", "Bottle"): Kind("WSGI", "Bottle"),
    ("bottle", "app"): Kind("WSGI", "Bottle"),
    ("bottle", "default_app"): Kind("WSGI", "Bottle"),
    ("channels", "ProtocolTypeRouter"): Kind("ASGI", "Channels"),
    ("connexion", "App"): Kind("ASGI", "Connexion"),
    ("connexion", "AsyncApp"): Kind("ASGI", "Connexion"),
    ("connexion", "FlaskApp"): Kind("ASGI", "Connexion"),
    ("dash", "Dash"): Kind("WSGI", "Dash"),
    ("django", "get_asgi_application"): Kind("ASGI", "Django"),
    ("django", "get_wsgi_application"): Kind("WSGI", "Django"),
    ("falcon", "API"): Kind("WSGI", "Falcon"),
    ("falcon", "App"): Kind("WSGI", "Falcon"),
    ("fastapi", "FastAPI"): Kind("ASGI", "FastAPI"),
    ("flask", "Flask"): Kind("WSGI", "Flask"),
    ("litestar", "Litestar"): Kind("ASGI", "Litestar"),
    ("pyramid", "make_wsgi_app"): Kind("WSGI", "Pyramid"),
    ("quart", "Quart"): Kind("ASGI", "Quart"),
    ("sanic", "Sanic"): Kind("ASGI", "Sanic"),
    ("starlette", "Starlette"): Kind("ASGI", "Starlette"),
}
#: The same where nobody can tell where a name comes from (``from web import *``): those that mean one thing only.
BY_NAME = {name: kind for (_, name), kind in KNOWN.items() if name.lower() not in ("api", "app", "application")}

#: What is put around an application, or turns one into one of the other interface.
_WRAPPERS = {
    ("a2wsgi", "ASGIMiddleware"): "WSGI",
    ("a2wsgi", "WSGIMiddleware"): "ASGI",
    ("asgiref", "WsgiToAsgi"): "ASGI",
    ("engineio", "ASGIApp"): "ASGI",
    ("engineio", "WSGIApp"): "WSGI",
    ("socketio", "ASGIApp"): "ASGI",
    ("socketio", "WSGIApp"): "WSGI",
    ("werkzeug", "DispatcherMiddleware"): "WSGI",
    ("werkzeug", "ProxyFix"): "WSGI",
    ("whitenoise", "WhiteNoise"): "WSGI",
}

#: Names of functions that make an application, whatever is known of what they return.
FACTORIES = ("create_app", "make_app", "get_app", "build_app", "create_application", "application_factory")
#: What an application is mostly called.
USUAL = ("app", "application", "asgi", "wsgi", "asgi_app", "wsgi_app")

#: Bytes of which one at least is in a file that makes an application in a way that we know.
HINTS = tuple(
    name.encode()
    for name in (
        *sorted(BY_NAME), "falcon", "blacksheep", "connexion", "bottle", "start_response", "receive", "_app", "app = ",
        "application = ", "Request.application", "ASGI", "WSGI",
    )
)  # fmt: skip


def known(dotted: str) -> Kind | None:
    """What a call of ``dotted``, such as ``fastapi.applications.FastAPI``, gives."""
    parts = dotted.split(".")
    found = KNOWN.get((parts[0], parts[-1]))
    if found is not None and parts[0] == "falcon" and "asgi" in parts:
        return Kind("ASGI", "Falcon")
    return found


def wraps(dotted: str, inner: Kind | None) -> Kind | None:
    """What a call of ``dotted`` makes of the application ``inner`` that it is given; None if it is no such thing."""
    parts = dotted.split(".")
    interface = _WRAPPERS.get((parts[0], parts[-1]))
    if interface is not None:
        return Kind(interface, inner.framework if inner else "")
    if inner is not None and (parts[-1].endswith("Middleware") or "middleware" in parts[:-1]):
        return inner
    return None
