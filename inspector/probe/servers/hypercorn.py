"""Hypercorn, one process or a master with several: wraps what it loads, and knows when it serves.

Facts of hypercorn 0.14 to 0.18, with its asyncio and uvloop workers. The application is wrapped where it is put behind
hypercorn's own adapter for its interface.
"""


def install(session):
    """Hook hypercorn's functions, in the modules that call them."""
    from importlib import metadata

    import hypercorn.asyncio.run as worker
    import hypercorn.run as command
    from hypercorn import utils

    session.server_version = metadata.version("hypercorn")
    _hook_roles(command, session)
    _hook_load(worker, utils, session)
    _hook_serve(worker, session)


def hook(session):
    """The same in a command that somebody wrote."""
    install(session)


def run(session):  # noqa: ARG001  (every server's has it)
    """As the ``hypercorn`` command."""
    from hypercorn.__main__ import main

    return main()


def _hook_roles(command, session):
    original = command.run

    def run(config):
        if config.workers:
            session.be_master()
        else:
            session.be_worker()
        return original(config)

    command.run = run


def _hook_load(worker, utils, session):
    load_original = worker.load_application

    def load_application(*args, **kwargs):
        session.be_worker()
        session.settled()
        with session.booting():
            return load_original(*args, **kwargs)

    worker.load_application = load_application
    wrap_original = utils.wrap_app

    def wrap_app(app, max_body_size, mode):
        app = session.adapt(app)
        if mode is None:
            mode = "asgi" if utils.is_asgi(app) else "wsgi"
        return wrap_original(session.wrap(app, "ASGI3" if mode == "asgi" else "WSGI"), max_body_size, mode)

    utils.wrap_app = wrap_app


def _hook_serve(worker, session):
    """Every socket is served when it begins to wait for the end (``raise_shutdown``)."""
    serve_original, wait_original = worker.worker_serve, worker.raise_shutdown
    serving = []

    async def worker_serve(*args, **kwargs):
        session.be_worker()  # it may have been called by somebody's own loop
        try:
            return await serve_original(*args, **kwargs)
        except BaseException as error:
            if not serving:
                session.boot_error(session.lifespan.failure or error)
            raise

    def raise_shutdown(*args):
        if not serving:
            serving.append(True)
            session.ready()
        return wait_original(*args)

    worker.worker_serve = worker_serve
    worker.raise_shutdown = raise_shutdown
