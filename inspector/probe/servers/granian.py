"""Granian: wraps what a worker loads, and knows when it serves.

Facts of granian 2. Workers are forked, or with Python 3.14 spawned; what travels to a spawned one is found there by
name, so the hooks stand in the places, and under the names, of the functions they wrap.
"""

import functools

#: What each mode calls; of the third, granian's own RSGI, we see nothing.
_INTERFACES = {"granian": "ASGI3", "granian-wsgi": "WSGI"}


def install(session):
    """Hook granian's functions, in the modules that call them."""
    from importlib import metadata

    import granian._internal as internal
    from granian import asgi
    from granian.server import common, mp

    session.server_version = metadata.version("granian")
    _hook_load((internal, common), session)
    _hook_startup(asgi.LifespanProtocol, session)
    for name in ("ASGIWorker", "RSGIWorker", "WSGIWorker"):
        setattr(mp, name, functools.partial(_Worker, getattr(mp, name), session))


def hook(session):
    """In a command that somebody wrote: its interface, too, is known when it serves."""
    from granian.server.mp import MPServer

    install(session)
    original = MPServer.serve

    def serve(self, *args, **kwargs):
        session.known_as("granian" if self.interface == "asgi" else "granian-%s" % self.interface.value)
        session.be_master()
        return original(self, *args, **kwargs)

    MPServer.serve = serve


def run(session):
    """As the ``granian`` command."""
    from granian.cli import entrypoint

    session.be_master()
    return entrypoint()


def _hook_load(modules, session):
    original = modules[0].load_target

    @functools.wraps(original)  # it is pickled by this name
    def load_target(*args, **kwargs):
        session.settled()
        with session.booting():
            found = session.adapt(original(*args, **kwargs))
            interface = _INTERFACES.get(session.config["server"])
            return session.wrap(found, interface) if interface else found

    for module in modules:
        module.load_target = load_target


def _hook_startup(lifespan_class, session):
    original = lifespan_class.startup

    async def startup(self):
        await original(self)
        if self.interrupt:
            session.boot_error(session.lifespan.failure or self.exc or "The lifespan's startup failed.")

    lifespan_class.startup = startup


class _Worker:
    """In the place of granian's own, whose ``serve_...`` methods open the socket and return.

    Before 2.8 they return at the end. There the master has opened the socket for all its workers: connections wait.
    """

    def __init__(self, kind, session, *args, **kwargs):
        self._original = kind(*args, **kwargs)
        self._session = session
        self._returns = tuple(map(int, session.server_version.split(".")[:2])) >= (2, 8)

    def __getattr__(self, name):
        found = getattr(self._original, name)
        if not name.startswith("serve"):
            return found

        def serve(*args, **kwargs):
            if self._returns:
                result = found(*args, **kwargs)
                self._session.ready()
                return result
            self._session.ready()
            return found(*args, **kwargs)

        return serve
