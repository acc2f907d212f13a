"""Every mode there is, by slug, in the order they are shown. Adding a server is adding a file and a line here.

Pure.
"""

from __future__ import annotations

import difflib

from supervisor.servers import daphne, granian, gunicorn, hypercorn, uvicorn, waitress, wsgiref
from supervisor.servers.base import Mode

MODES: dict[str, Mode] = {
    mode.slug: mode
    for mode in (
        wsgiref.WSGIREF,
        waitress.WAITRESS,
        gunicorn.SYNC,
        gunicorn.GTHREAD,
        gunicorn.GEVENT,
        granian.WSGI,
        hypercorn.WSGI,
        uvicorn.UVICORN,
        gunicorn.UVICORN,
        gunicorn.ASGI,
        hypercorn.ASGI,
        granian.ASGI,
        daphne.DAPHNE,
    )
}

#: What people type for these modes.
ALIASES = {
    "gunicorn": "gunicorn-sync",
    "gthread": "gunicorn-gthread",
    "sync": "gunicorn-sync",
    "gevent": "gunicorn-gevent",
    "asgi": "gunicorn-asgi",
    "uvicorn-worker": "gunicorn-uvicorn",
    "uvicornworker": "gunicorn-uvicorn",
    "simple_server": "wsgiref",
}


def nearest(slug: str) -> str:
    """The mode somebody may have meant by ``slug``, or an empty string."""
    wanted = slug.lower()
    if wanted in ALIASES:
        return ALIASES[wanted]
    found = difflib.get_close_matches(wanted, MODES, n=1, cutoff=0.5)
    return found[0] if found else ""
