"""Daphne: wraps what it loads, and knows when it serves.

Facts of daphne 4. Its command line has no option for a factory; we call one where it would find the application.
"""


def install(session):
    """Hook daphne's classes."""
    from importlib import metadata

    from daphne.cli import CommandLineInterface
    from daphne.server import Server

    session.server_version = metadata.version("daphne")
    _hook_load(CommandLineInterface, session)
    _hook_run(Server, session)


def hook(session):
    """In a command that somebody wrote: its own, or Django's ``runserver`` with daphne in it."""
    from importlib import metadata

    from daphne.server import Server

    session.server_version = metadata.version("daphne")
    _hook_run(Server, session)
    original = Server.run

    def run(self):
        session.be_worker()
        self.application = session.wrap(self.application, "ASGI3")
        return original(self)

    Server.run = run


def run(session):
    """As the ``daphne`` command."""
    from daphne.cli import CommandLineInterface

    session.be_worker()
    return CommandLineInterface.entrypoint()


def _hook_load(command_class, session):
    original = command_class.load_asgi_app

    def load_asgi_app(self, path):
        from asgiref.compatibility import is_double_callable

        with session.booting():
            found = original(self, path)
            found = session.adapt(found() if session.config["factory"] else found)
            return session.wrap(found, "ASGI2" if is_double_callable(found) else "ASGI3")

    command_class.load_asgi_app = load_asgi_app


def _hook_run(server_class, session):
    """Its ``ready_callable`` is called when it listens, just before the event loop runs."""
    original = server_class.run

    def run(self):
        users = self.ready_callable

        def ready():
            session.ready()
            if users is not None:
                users()

        self.ready_callable = ready
        return original(self)

    server_class.run = run
