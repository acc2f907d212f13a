"""Waitress: one process, a pool of threads. Its command line cannot take an inherited socket, its function can."""

from . import sockets


def install(session):
    """There is nothing to hook: we load the application ourselves."""
    from importlib import metadata

    try:
        session.server_version = metadata.version("waitress")
    except metadata.PackageNotFoundError:
        session.server_version = ""


def hook(session):
    """In a command that somebody wrote: wrap what it is given to serve."""
    from waitress import server

    original = server.create_server
    install(session)

    def create_server(application, *args, **kwargs):
        session.be_worker()
        made = original(session.wrap(application, "WSGI"), *args, **kwargs)
        run_original = made.run

        def run():
            session.ready()
            return run_original()

        made.run = run
        return made

    server.create_server = create_server


def run(session):
    """As ``waitress-serve``, until told to stop; requests in hand are finished first."""
    import waitress

    from ..loading import load

    config = session.config
    session.be_worker()
    sock = sockets.listening(config)
    with session.booting():
        application = load(config["target"], config["factory"])
        application = session.wrap(session.adapt(application), "WSGI")
    session.ready()
    sockets.on_stop(_stop)
    waitress.serve(
        application,
        sockets=[sock],
        threads=config["threads"],
        url_prefix=config.get("root_path", ""),
        clear_untrusted_proxy_headers=True,
    )
    return 0


def _stop():
    raise KeyboardInterrupt  # which waitress takes for the order to finish and go
