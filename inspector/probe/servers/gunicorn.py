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
    if mode == "gunicorn-uvicorn":
        _hook_config(Application, session, None)  # uvicorn's hook tells when it is ready
        _hook_load(WSGIApplication, session, lambda application: application)  # and wraps, closer to the application
        _install_uvicorn(session)
    elif mode == "gunicorn-asgi":
        _hook_config(Application, session, lambda worker: _tell_when_serving(worker, session))
        _hook_load(WSGIApplication, session, lambda application: session.wrap(session.adapt(application), "ASGI3"))
    else:
        _hook_config(Application, session, lambda _: session.ready())
        _hook_load(WSGIApplication, session, lambda application: session.wrap(session.adapt(application), "WSGI"))


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
        users = self.cfg.post_worker_init

        def post_worker_init(worker):
            users(worker)
            session.settled()
            if loaded is not None:
                loaded(worker)

        self.cfg.set("post_worker_init", post_worker_init)
        self.cfg.env_orig[VARIABLE] = session.variable()  # for an upgrade in place (SIGUSR2)

    application_class.load_config = load_config


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
