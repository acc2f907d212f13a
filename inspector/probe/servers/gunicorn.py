"""Gunicorn with its own workers or uvicorn's: wraps what a worker loads, and knows when it serves.

Facts of gunicorn 20 to 27. The user's own ``gunicorn.conf.py``, ``-c`` and ``GUNICORN_CMD_ARGS`` keep their effect: our
hooks are put around theirs after all of it was read, at a reload too.
"""

from ..session import VARIABLE


def install(session):
    """Hook gunicorn's classes, and uvicorn's where its worker serves."""
    import gunicorn
    from gunicorn.app.base import Application
    from gunicorn.app.wsgiapp import WSGIApplication

    mode = session.config["server"]
    session.server_version = gunicorn.__version__
    interface = _interface(mode)
    _hook_config(Application, session, _loaded(session))
    if interface:
        _hook_load(WSGIApplication, session, lambda application: session.wrap(session.adapt(application), interface))
    else:
        _hook_load(WSGIApplication, session, lambda application: application)
        _install_uvicorn(session)


def hook(session):
    """In a command that somebody wrote, or a ``BaseApplication`` of theirs: the configuration says which workers."""
    import gunicorn
    from gunicorn.app.base import BaseApplication
    from gunicorn.arbiter import Arbiter

    session.server_version = gunicorn.__version__
    setup_original, wsgi_original = Arbiter.setup, BaseApplication.wsgi

    def setup(self, app):
        session.known_as(_mode(app.cfg))
        session.be_master()
        _add_hook(app.cfg, session, _loaded(session))
        return setup_original(self, app)

    def wsgi(self):
        with session.booting():
            found = wsgi_original(self)
            interface = _interface(_mode(self.cfg))
            self.callable = session.wrap(found, interface) if interface else found
            return self.callable

    Arbiter.setup, BaseApplication.wsgi = setup, wsgi


def run(session):
    """As the ``gunicorn`` command."""
    from gunicorn.app.wsgiapp import run as run_gunicorn

    session.be_master()
    return run_gunicorn()


def _install_uvicorn(session):
    from . import uvicorn

    gunicorn_version = session.server_version
    uvicorn.install(session)
    session.server_version = "%s, uvicorn %s" % (gunicorn_version, session.server_version)


def _hook_config(application_class, session, loaded):
    """``loaded``, unless None, is called with each worker that has loaded the application."""
    original = application_class.load_config

    def load_config(self):
        original(self)
        _add_hook(self.cfg, session, loaded)
        self.cfg.env_orig[VARIABLE] = session.variable()  # for an upgrade in place (SIGUSR2)

    application_class.load_config = load_config


def _add_hook(cfg, session, loaded):
    users = cfg.post_worker_init

    def post_worker_init(worker):
        users(worker)
        session.settled()
        if loaded is not None:
            loaded(worker)

    cfg.set("post_worker_init", post_worker_init)


def _interface(mode):
    """What a mode's workers call, or None for uvicorn's, whose own hook wraps, closer to the application."""
    return {"gunicorn-uvicorn": None, "gunicorn-asgi": "ASGI3"}.get(mode, "WSGI")


def _loaded(session):
    """What to do with a worker that has loaded the application; None where uvicorn's hook tells when it is ready."""
    mode = session.config["server"]
    if mode == "gunicorn-uvicorn":
        return None
    if mode == "gunicorn-asgi":
        return lambda worker: _tell_when_serving(worker, session)
    return lambda _: session.ready()


def _mode(cfg):
    """The mode that the configuration amounts to."""
    kind = cfg.worker_class_str.lower()
    return "gunicorn-uvicorn" if "uvicorn" in kind else "gunicorn-asgi" if "asgi" in kind else "gunicorn-sync"


def _hook_load(application_class, session, wrap):
    original = application_class.load

    def load(self):
        with session.booting():
            return wrap(original(self))

    application_class.load = load


def _tell_when_serving(worker, session):
    """The ASGI worker gives the first sign of life (``notify``) when it serves, after the lifespan's startup."""
    serve = worker._serve
    notify = worker.notify

    async def watched():
        try:
            await serve()
        except SystemExit as error:
            if not worker.servers:
                session.boot_error(session.lifespan.failure or error)
            raise

    def first_notify():
        worker.notify = notify
        session.ready()
        notify()

    worker._serve = watched
    worker.notify = first_notify
