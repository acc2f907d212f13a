"""One module a server. Each has two functions:

``install(session)`` puts our hooks into the server's classes. Called in the process that the supervisor started and in
every spawned child, before the server does anything. ``run(session)`` runs the server as its console script would.
Returns the exit status, or raises SystemExit.
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


def find(slug):
    """The module that runs the mode ``slug``. Raises KeyError."""
    return importlib.import_module("." + _MODULES[slug], __name__)
