"""The standard library's server: one process, one request at a time.

It has no command line; this is what its documentation shows, on the inherited socket.
"""

from . import sockets

#: Seconds until the server notices that it is to stop.
POLL = 0.1


def install(session):
    """There is nothing to hook: we load the application ourselves."""
    session.server_version = ""


def hook(session):
    """In a command that somebody wrote: ``make_server``, Django's ``runserver``, and whoever else builds on them."""
    from wsgiref.simple_server import WSGIServer

    ready = []

    def serving(server):
        if not session.serves_at(server.server_port):
            return
        session.be_worker()
        server.set_app(session.wrap(server.get_app(), "WSGI"))
        if not ready:
            ready.append(True)
            session.ready()

    def before(original):
        def method(self, *args, **kwargs):
            serving(self)
            return original(self, *args, **kwargs)

        return method

    WSGIServer.serve_forever = before(WSGIServer.serve_forever)
    WSGIServer.handle_request = before(WSGIServer.handle_request)


def run(session):
    """Serve until told to stop; the request in hand is finished first."""
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

    from ..loading import load

    config = session.config
    session.be_worker()
    sock = sockets.listening(config)
    with session.booting():
        application = load(config["target"], config["factory"])
        application = session.wrap(session.adapt(application), "WSGI")
    server = WSGIServer(sock.getsockname()[:2], WSGIRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = sock
    server.server_name, server.server_port = sock.getsockname()[:2]
    server.setup_environ()
    server.set_app(application)
    stop = _Stop(server)
    sockets.on_stop(stop)
    session.ready()
    stop.serve()
    server.server_close()
    return 0


class _Stop:
    """Serves by turns, so that a signal's handler need not interrupt a request (which wsgiref would answer with a
    500).
    """

    def __init__(self, server):
        self._server = server
        self._stopping = False

    def __call__(self):
        self._stopping = True

    def serve(self):
        """One request after the other."""
        self._server.timeout = POLL
        while not self._stopping:
            self._server.handle_request()
