"""Werkzeug's development server (``flask run``, ``app.run()``), in a command that somebody wrote.

Facts of werkzeug 0.15 to 3.1. With its reloader, the parent makes and binds a server too, which it never runs.
"""


def hook(session):
    """Hook its server where it begins to serve."""
    from werkzeug.serving import BaseWSGIServer

    original = BaseWSGIServer.serve_forever

    def serve_forever(self, *args, **kwargs):
        if session.serves_at(self.server_address[1]):
            session.server_version = _version()
            session.be_worker()
            self.app = session.wrap(self.app, "WSGI")
            session.ready()
        return original(self, *args, **kwargs)

    BaseWSGIServer.serve_forever = serve_forever


def _version():
    try:
        from importlib import metadata

        return metadata.version("werkzeug")
    except ImportError:  # Python 3.7 had none; its metadata may be gone
        return ""
