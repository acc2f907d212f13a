"""Tells what an object is to a server: a WSGI or ASGI application, a factory of one, or something else. It looks, and
calls nothing.

Knows frameworks by the qualified names of their classes, so without importing any. The order of the questions is that
of certainty; names are looked at last.
"""

import functools
import inspect

from .boundary import Boundary

#: Known classes by qualified name: interface, framework, the distribution whose version is the framework's.
KNOWN = {
    "aiohttp.web_app.Application": ("aiohttp", "aiohttp", "aiohttp"),
    "a2wsgi.asgi.ASGIMiddleware": ("WSGI", "", ""),
    "a2wsgi.wsgi.WSGIMiddleware": ("ASGI3", "", ""),
    "asgiref.wsgi.WsgiToAsgi": ("ASGI3", "", ""),
    "bottle.Bottle": ("WSGI", "Bottle", "bottle"),
    "channels.routing.ProtocolTypeRouter": ("ASGI3", "Channels", "channels"),
    "connexion.apps.asynchronous.AsyncApp": ("ASGI3", "Connexion", "connexion"),
    "connexion.apps.flask.FlaskApp": ("ASGI3", "Connexion", "connexion"),
    "dash.dash.Dash": ("WSGI", "Dash", "dash"),
    "django.core.handlers.asgi.ASGIHandler": ("ASGI3", "Django", "django"),
    "django.core.handlers.wsgi.WSGIHandler": ("WSGI", "Django", "django"),
    "falcon.app.App": ("WSGI", "Falcon", "falcon"),
    "falcon.asgi.app.App": ("ASGI3", "Falcon", "falcon"),
    "fastapi.applications.FastAPI": ("ASGI3", "FastAPI", "fastapi"),
    "flask.app.Flask": ("WSGI", "Flask", "flask"),
    "litestar.app.Litestar": ("ASGI3", "Litestar", "litestar"),
    "pyramid.config.Configurator": ("unknown", "Pyramid", "pyramid"),
    "pyramid.router.Router": ("WSGI", "Pyramid", "pyramid"),
    "quart.app.Quart": ("ASGI3", "Quart", "quart"),
    "sanic.app.Sanic": ("ASGI3", "Sanic", "sanic"),
    "starlette.applications.Starlette": ("ASGI3", "Starlette", "starlette"),
    "tornado.web.Application": ("tornado", "Tornado", "tornado"),
}

#: Packages all of whose callable classes are middleware of one interface.
KNOWN_PACKAGES = {"werkzeug.middleware.": "WSGI", "starlette.middleware.": "ASGI3"}

INNER = ("wsgi_app", "asgi_app", "app", "application", "_app", "wrapped")
DEEPEST_INNER = 5
DEEPEST_WRAPPED = 8

_FIRST_WSGI = frozenset(("environ", "env", "e"))
_SECOND_WSGI = frozenset(("start_response", "sr", "start"))
_FACTORY_VERBS = ("create", "make", "get", "build")


class Classification:
    """What an object is.

    Attributes: ``interface``: ``WSGI ASGI3 ASGI2 RSGI aiohttp tornado factory class view unknown``; ``of``: what a
    factory or a class makes, as far as that is known; ``confidence``: ``certain``, ``likely`` or empty; ``evidence``:
    one sentence; ``framework`` and its ``distribution``, or empty.
    """

    def __init__(self, interface, confidence="", evidence="", of=""):
        self.interface = interface
        self.confidence = confidence
        self.evidence = evidence
        self.of = of
        self.framework = ""
        self.distribution = ""

    def __repr__(self):
        return "<%s%s, %s: %s>" % (self.interface, self.of and " of " + self.of, self.confidence, self.evidence)


def classify(found):
    """What ``found`` is."""
    while isinstance(found, Boundary):
        found = found.__wrapped__
    result = _classify(found, 0)
    result.framework, result.distribution = _framework(found, 0)
    return result


def _classify(found, depth):
    if not callable(found):
        known = _known(type(found))
        if known is not None:
            return Classification(known[0], "certain", "it is a %s, which is not an application" % known[3])
        return Classification("unknown", "certain", "it is not callable: %s" % type(found).__name__)
    if inspect.isclass(found):
        return _classify_class(found)
    known = _known(type(found))
    if known is not None:
        return Classification(known[0], "certain", "its class is %s" % known[3])
    for attribute, interface in (
        ("_asgi_single_callable", "ASGI3"),
        ("_asgi_double_callable", "ASGI2"),
        ("__rsgi__", "RSGI"),
    ):
        if _has(found, attribute):
            return Classification(interface, "certain", "it has %s" % attribute)
    return _classify_callable(found, depth)


def _known(kind):
    """The row of the most specific class of ``kind`` that is known, with its qualified name, or None."""
    for base in getattr(kind, "__mro__", ()):
        name = "%s.%s" % (base.__module__, base.__qualname__)
        if name in KNOWN:
            return KNOWN[name] + (name,)
        for prefix, interface in KNOWN_PACKAGES.items():
            if name.startswith(prefix):
                return (interface, "", "", name)
    return None


def _has(found, attribute):
    # Not hasattr on the instance: there are classes that answer to every name.
    return attribute in getattr(found, "__dict__", ()) or hasattr(type(found), attribute)


def _classify_class(kind):
    known = _known(kind)
    if known is not None:
        return Classification("class", "certain", "it is the class %s, not an instance" % known[3], known[0])
    names = _required(kind)
    if names is None:
        return Classification("unknown")
    count = len(names)
    if count == 2 and hasattr(kind, "__iter__"):
        return Classification("WSGI", "likely", "it is a class that takes two arguments, whose instances are iterable")
    call = kind.__dict__.get("__call__")
    if count == 1 and inspect.iscoroutinefunction(call):
        return Classification(
            "ASGI2", "likely", "it is a class that takes the scope, whose instances are coroutine functions"
        )
    if count == 3 and hasattr(kind, "__await__"):
        return Classification(
            "ASGI3", "likely", "it is a class that takes three arguments, whose instances are awaitable"
        )
    return Classification("class", "likely", "it is a class, not an instance")


def _unwrapped(found):
    """The function or object that ``found`` ends up calling, and the number of positional arguments bound on the
    way.
    """
    bound = 0
    for _ in range(DEEPEST_WRAPPED):
        if isinstance(found, functools.partial):
            bound += len(found.args)
            found = found.func
        elif "__wrapped__" in getattr(found, "__dict__", ()):
            found = found.__dict__["__wrapped__"]
        else:
            break
    return found, bound


def _called(found):
    """What runs when ``found`` is called: itself if it is a function or a method, else its ``__call__``."""
    return found if inspect.isroutine(found) else type(found).__call__.__get__(found)


def _required(found):
    """The names of the positional parameters without defaults; None if that cannot be known."""
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional and p.default is p.empty]


def _takes_anything(found):
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(p.kind == inspect.Parameter.VAR_POSITIONAL for p in parameters)


def _classify_callable(found, depth):
    inner, bound = _unwrapped(found)
    if inspect.isclass(inner):
        return _classify_class(inner)
    called = _called(inner)
    names = _required(called)
    is_async = inspect.iscoroutinefunction(called)
    if names is None or (not names and _takes_anything(called)):
        return _classify_by_inner(found, is_async, depth)
    return _by_parameters(found, names[bound:], is_async)


def _by_parameters(found, names, is_async):
    count = len(names)
    listed = "(%s)" % ", ".join(names)
    if count >= 2 and names[0] in _FIRST_WSGI and names[1] in _SECOND_WSGI and not is_async:
        return Classification("WSGI", "certain", "it takes %s" % listed)
    if names[:3] == ["scope", "receive", "send"] or count == 3:
        sure = is_async or names[:3] == ["scope", "receive", "send"]
        how = "is a coroutine function and takes" if is_async else "takes"
        return Classification("ASGI3", "certain" if sure else "likely", "it %s %s" % (how, listed))
    if count == 2 and not is_async:
        return Classification("WSGI", "likely", "it takes two arguments: %s" % listed)
    if count == 1 and names[0] == "scope":
        return Classification("ASGI2", "certain", "it takes %s" % listed)
    if count == 1 and names[0] in ("request", "req"):
        return Classification("view", "certain", "it takes %s: a view, not an application" % listed)
    if count == 0:
        return _factory(found, is_async)
    return Classification("unknown", "", "it takes %s" % listed)


def _factory(found, is_async):
    name = getattr(found, "__name__", "")
    if is_async:
        return Classification(
            "factory", "likely", "it is a coroutine function without arguments; no server awaits a factory"
        )
    annotation = getattr(found, "__annotations__", {}).get("return")
    known = _known(annotation) if inspect.isclass(annotation) else None
    if known is not None:
        return Classification("factory", "certain", "it takes no argument and returns a %s" % known[3], known[0])
    verb = name.partition("_")[0]
    if verb in _FACTORY_VERBS and "app" in name:
        return Classification("factory", "certain", "it takes no argument and is called %s" % name)
    return Classification("factory", "likely", "it takes no argument")


def _inner_of(found):
    """What ``found`` seems to be wrapped around, or None."""
    attributes = getattr(found, "__dict__", {})
    for name in INNER:
        inner = attributes.get(name)
        if callable(inner) and inner is not found:
            return name, inner
    return None


def _classify_by_inner(found, is_async, depth):
    if is_async:
        return Classification("ASGI3", "likely", "it is a coroutine function of any arguments")
    inner = _inner_of(found)
    if inner is None or depth == DEEPEST_INNER:
        return Classification("unknown", "", "it takes any arguments")
    result = _classify(inner[1], depth + 1)
    evidence = "it takes any arguments, and its %s: %s" % (inner[0], result.evidence)
    return Classification(result.interface, "likely" if result.confidence else "", evidence, result.of)


def _framework(found, depth):
    """The framework of ``found``, or of what it is wrapped around."""
    kind = found if inspect.isclass(found) else type(found)
    known = _known(kind)
    if known is not None and known[1]:
        return known[1], known[2]
    if depth == DEEPEST_INNER:
        return "", ""
    inner, _ = _unwrapped(found)
    owner = getattr(inner, "__self__", None)  # a bound method, such as Flask.wsgi_app
    for candidate in (inner, owner, (_inner_of(found) or ("", None))[1]):
        if candidate is not None and candidate is not found:
            named = _framework(candidate, depth + 1)
            if named[0]:
                return named
    return "", ""
