"""Uvicorn, one process or a master with several: wraps what it loads, and knows when it serves.

Facts of uvicorn 0.20 to 0.54. The application is wrapped where ``Config.load`` loads it, so inside uvicorn's own
middleware (proxy headers, message logger, its ASGI 2 adapter).
"""

import inspect


def install(session):
    """Hook uvicorn's classes."""
    import uvicorn
    from uvicorn.config import Config
    from uvicorn.server import Server

    session.server_version = uvicorn.__version__
    _hook_load(Config, session)
    _hook_startup(Server, session)
    try:
        from uvicorn.supervisors import Multiprocess
    except ImportError:
        return
    _hook_master(Multiprocess, session)


def hook(session):
    """The same in a command that somebody wrote, which may reload."""
    from uvicorn.supervisors.basereload import BaseReload

    install(session)
    _hook_reload(BaseReload, session)


def run(session):  # noqa: ARG001  (every server's has it)
    """As the ``uvicorn`` command."""
    from uvicorn.main import main

    return main(prog_name="uvicorn")


def _hook_load(config_class, session):
    original = config_class.load

    def load(self):
        if not session.role and not session.serves_at(self.port):
            return original(self)
        session.be_worker()
        named = self.app
        with session.booting():
            self.app = _boundary(self, session)
            try:
                return original(self)
            finally:
                self.app = named

    config_class.load = load
    original_load_app = getattr(config_class, "load_app", None)
    if original_load_app is not None:

        def load_app(self):
            if self.workers == 1 and not self.reload and session.serves_at(self.port):
                session.be_worker()
            with session.booting():
                return original_load_app(self)

        config_class.load_app = load_app


def _boundary(config, session):
    """What uvicorn is to find in the application's place: our boundary, or a factory of it where it would find a
    factory.
    """
    from uvicorn.importer import ImportFromStringError, import_from_string

    try:
        found = import_from_string(config.app)
    except ImportFromStringError as error:
        session.boot_error(error)
        return config.app  # which uvicorn fails to import just so, and says so its own way
    if config.factory:
        return lambda: _wrap(found(), config, session)
    try:
        made = found()  # uvicorn's own test for a factory
    except TypeError:
        return _wrap(found, config, session)
    return lambda: _wrap(made, config, session)


def _wrap(application, config, session):
    application = session.adapt(application)
    return session.wrap(application, _called_as(application, config.interface))


def _called_as(application, interface):
    """What uvicorn will call ``application`` as: its option, or its own way of finding out."""
    if interface != "auto":
        return interface.upper()
    if inspect.isclass(application):
        is_3 = hasattr(application, "__await__")
    elif inspect.isfunction(application):
        is_3 = inspect.iscoroutinefunction(application)
    else:
        is_3 = inspect.iscoroutinefunction(getattr(application, "__call__", None))  # noqa: B004
    return "ASGI3" if is_3 else "ASGI2"


def _hook_startup(server_class, session):
    original = server_class.startup

    async def startup(self, *args, **kwargs):
        try:
            await original(self, *args, **kwargs)
        except (Exception, SystemExit) as error:
            session.boot_error(session.lifespan.failure or error)
            raise
        if self.should_exit or getattr(self.lifespan, "should_exit", False):
            session.boot_error(session.lifespan.failure or "The server gave up while it started; its log says why.")
        else:
            session.ready()

    server_class.startup = startup


def _hook_master(master_class, session):
    original = master_class.run

    def run(self, *args, **kwargs):
        session.be_master()
        return original(self, *args, **kwargs)

    master_class.run = run


def _hook_reload(reload_class, session):
    original_startup, original_restart = reload_class.startup, reload_class.restart

    def startup(self):
        session.be_reloader()
        return original_startup(self)

    def restart(self):
        session.reloading(self.process.pid)
        return original_restart(self)

    reload_class.startup = startup
    reload_class.restart = restart
