"""Werkzeug's reloader (``flask run --debug``): a parent that starts the same command again, and a child that serves,
watches the files, and ends with status 3 when one changes.
"""


def hook(session):
    """Hook the class that all its ways of watching have in common."""
    from werkzeug._reloader import ReloaderLoop

    restart_original, log_original = ReloaderLoop.restart_with_reloader, ReloaderLoop.log_reload

    def restart_with_reloader(self):
        session.be_reloader()
        return restart_original(self)

    def log_reload(self, filename):
        session.reloading()
        return log_original(self, filename)

    ReloaderLoop.restart_with_reloader = restart_with_reloader
    ReloaderLoop.log_reload = log_reload
