"""Gunicorn with its sync, threaded or uvicorn's workers: wraps what a worker loads, and knows when it serves.

Facts of gunicorn 20 to 27. The user's own ``gunicorn.conf.py``, ``-c`` and ``GUNICORN_CMD_ARGS`` keep their effect: our
hooks are put around theirs after all of it was read, at a reload too.
"""

from ..session import VARIABLE


def install(session):
    """Hook gunicorn's classes, and uvicorn's where its worker serves."""
    import gunicorn
    from gunicorn.app.base import Application
    from gunicorn.app.wsgiapp import WSGIApplication

    asgi = session.config["server"] == "gunicorn-uvicorn"
    session.server_version = gunicorn.__version__
    _hook_config(Application, session, asgi)
    _hook_load(WSGIApplication, session, asgi)
    if asgi:
        from . import uvicorn

        uvicorn.install(session)
        import uvicorn as uvicorn_package

        session.server_version += ", uvicorn " + uvicorn_package.__version__


def run(session):
    """As the ``gunicorn`` command."""
    from gunicorn.app.wsgiapp import run as run_gunicorn

    session.be_master()
    return run_gunicorn()


def _hook_config(application_class, session, asgi):
    original = application_class.load_config

    def load_config(self):
        original(self)
        users = self.cfg.post_worker_init

        def post_worker_init(worker):
            users(worker)
            session.settled()
            if not asgi:
                session.ready()

        self.cfg.set("post_worker_init", post_worker_init)
        self.cfg.env_orig[VARIABLE] = session.variable()  # for an upgrade in place (SIGUSR2)

    application_class.load_config = load_config


def _hook_load(application_class, session, asgi):
    original = application_class.load

    def load(self):
        with session.booting():
            application = original(self)
            if asgi:  # uvicorn's hook wraps it, closer to the application
                return application
            return session.wrap(session.adapt(application), "WSGI")

    application_class.load = load
