"""One module a server. Each that has a mode has two functions:

``install(session)`` puts our hooks into the server's classes. Called in the process that the supervisor started and in
every spawned child, before the server does anything. ``run(session)`` runs the server as its console script would.
Returns the exit status, or raises SystemExit.

And one for servers in a command that somebody wrote: ``hook(session)`` puts our hooks in when a module of the server
has been imported; ``session`` is a ``guest.Guest``. It has to find out by itself which process serves, and as what.
"""

import importlib

#: The module for each mode. Adding a server is adding a file and its modes here.
_MODULES = {
    "wsgiref": "wsgiref",
    "waitress": "waitress",
    "gunicorn-sync": "gunicorn",
    "gunicorn-gthread": "gunicorn",
    "gunicorn-gevent": "gunicorn",
    "gunicorn-uvicorn": "gunicorn",
    "gunicorn-asgi": "gunicorn",
    "uvicorn": "uvicorn",
    "hypercorn": "hypercorn",
    "hypercorn-wsgi": "hypercorn",
    "granian": "granian",
    "granian-wsgi": "granian",
    "daphne": "daphne",
}

#: For a command that somebody wrote: the module whose ``hook`` to call when this one was imported. The names stand in
#: ``hook/sitecustomize.py`` as well, where nothing of this can be loaded before.
HOOKED = {
    "daphne.server": "daphne",
    "django.utils.autoreload": "django",
    "granian.server.mp": "granian",
    "gunicorn.app.base": "gunicorn",
    "hypercorn.asyncio.run": "hypercorn",
    "hypercorn.run": "hypercorn",
    "uvicorn": "uvicorn",
    "waitress.server": "waitress",
    "werkzeug._reloader": "werkzeug_reloader",
    "werkzeug.serving": "werkzeug",
    "wsgiref.simple_server": "wsgiref",
}


def find(slug):
    """The module that runs the mode ``slug``. Raises KeyError."""
    return importlib.import_module("." + _MODULES[slug], __name__)


def hook(name, session):
    """Put our hooks into what the module ``name``, just imported, is a part of; once for each server."""
    ours = HOOKED[name]
    if ours not in session.hooked:
        session.hooked.add(ours)
        importlib.import_module("." + ours, __name__).hook(session)
