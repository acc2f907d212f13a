"""The probe in one process: who it is, whom it tells, and how it wraps the application. Servers' hooks are made from
this.

One for each process, made by ``launch.py``. A fork's child gets a connection of its own; a spawned child starts
over with the configuration that travelled in its environment.
"""

import json
import os
import sys
import time
from contextlib import contextmanager

from . import asgi, wsgi
from .adapt import adapt
from .attend import attend
from .boundary import Boundary, exception_text
from .emitter import Emitter
from .encode import encode
from .family import Watch, die_with_parent, outlive_parent
from .lend import lend
from .settings import Settings
from .stalls import Loops

VARIABLE = "GATESCOPE_LAUNCH"
PROTOCOL = 1

_clock = time.monotonic_ns


class Session:
    """What servers' hooks use.

    Attributes: ``config`` the decoded ``GATESCOPE_LAUNCH``; ``role`` ``""`` until the process is a ``master`` or a
    ``worker``, or ``bystander``: a child of a worker, which is the user's own business.
    """

    def __init__(self, config):
        self.config = config
        self.role = ""
        self.server_version = ""
        self.emitter = Emitter()
        self.settings = Settings.from_config(config)
        self.lifespan = asgi.Lifespan()
        self.loops = Loops(self.emitter)
        self._watch = Watch(self.emitter)
        self._boot_failed = False
        self._forker = 0
        self._parent = 0  # whom to die with
        lend(config.get("lend") or {})

    # --- who we are ---------------------------------------------------------------------------------------------------

    def begin(self):
        """In the process that the supervisor started."""
        if "GUNICORN_PID" in os.environ:  # a gunicorn upgraded in place: it must outlive the old master
            outlive_parent()
        else:
            self._parent = self.config.get("parent") or os.getppid()
            die_with_parent(self._parent)
        self._mind_crashes()
        self._mind_forks()

    def begin_spawned(self):
        """In a child that multiprocessing started anew: a worker if the master is its parent."""
        if os.getppid() == self.config.get("master"):
            self._parent = self.config["master"]
            die_with_parent(self._parent)
            self._mind_crashes()
            self._mind_forks()
            self.be_worker()
        else:
            self.role = "bystander"

    def be_master(self):
        """This process will start workers."""
        if not self.role:
            self._connect("master")
            self._watch.install(self._spawning)

    def be_worker(self):
        """This process will serve."""
        if not self.role:
            self._connect("worker")

    def serves_at(self, port):  # noqa: ARG002  (it is for commands that are not ours, see ``guest``)
        """Whether a server on ``port`` is the one that we are here for."""
        return True

    def _connect(self, role):
        self.role = role
        info = {
            "python": sys.version.split()[0],
            "argv": list(sys.argv),
            "server": self.server_version,
            "name": self.config["server"],
        }
        pid, parent = os.getpid(), os.getppid()
        ring = "%s.%d" % (self.config["socket"], pid) if role == "worker" else ""
        hello = ("hello", PROTOCOL, self.config["token"], role, pid, parent, _clock(), info)
        self.emitter.connect(self.config["socket"], hello, ring)
        if role == "worker" and self.config.get("attend"):
            attend(self.config["attend"], self.config["token"], own_output=parent != self.config.get("parent"))

    def _mind_crashes(self):
        # A fault in native code then prints the stacks before it ends the process, by the same signal as ever. Forks'
        # children inherit that. Whoever has a way of their own with it keeps it.
        try:
            import faulthandler

            if not faulthandler.is_enabled():
                faulthandler.enable(file=2)
        except Exception:  # an interpreter without it
            pass

    def _mind_forks(self):
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._forking, after_in_child=self._forked)

    def _forking(self):
        self._forker = os.getpid()

    def _forked(self):
        was_master = self.role == "master"
        self._watch.remove()
        self.emitter.abandon()
        self.loops.forget()
        if was_master:
            self._parent = self._forker
            die_with_parent(self._parent)
            self.role = ""
            self.be_worker()
        else:
            self.role = "bystander"

    @contextmanager
    def _spawning(self):
        # The configuration is in the environment only for a moment: the application, which may show it to
        # anybody as part of its environ (wsgiref does), is not to see the token.
        os.environ[VARIABLE] = self.variable()
        try:
            yield
        finally:
            del os.environ[VARIABLE]

    def settled(self):
        """The server has changed user, if it was to: that took the death signal away."""
        if self.role == "worker" and self._parent:
            die_with_parent(self._parent)

    def variable(self):
        """``GATESCOPE_LAUNCH`` for a child of this master, or for what replaces it."""
        return json.dumps(dict(self.config, master=os.getpid()))

    # --- what we tell -------------------------------------------------------------------------------------------------

    def ready(self):
        """This worker can serve."""
        if self.role == "worker":
            self.emitter.now(encode(("ready", _clock())))

    def boot_error(self, error):
        """The application could not be loaded: ``error`` is the exception, or a text. Told once for each process."""
        if self._boot_failed or self.role == "bystander":
            return
        self._boot_failed = True
        self.be_worker()
        if isinstance(error, SystemExit) and error.__context__ is not None:
            error = error.__context__  # a server's way out: what it caught says more
        text = error if isinstance(error, str) else exception_text(error)
        self.emitter.now(encode(("boot-error", _clock(), text)))

    @contextmanager
    def booting(self):
        """Around whatever loads the application: a failure is told, and goes on its way."""
        try:
            yield
        except (Exception, SystemExit) as error:
            self.boot_error(error)
            raise

    # --- what we wrap -------------------------------------------------------------------------------------------------

    def wrap(self, application, interface):
        """``application``, adapted where that was asked for, behind our boundary. Idempotent.

        ``interface``: what the server will call it as, ``WSGI``, ``ASGI3`` or ``ASGI2``.
        """
        if isinstance(application, Boundary):
            return application
        if not callable(application):
            return application  # the server has words for that
        if interface == "WSGI":
            return wsgi.wrap(application, self.emitter, self.settings)
        wrapper = asgi.wrap2 if interface == "ASGI2" else asgi.wrap3
        return wrapper(application, self.emitter, self.settings, self.lifespan, self.loops)

    def adapt(self, application):
        """``application`` in the interface that the server speaks."""
        if isinstance(application, Boundary):
            return application
        return adapt(application, self.config.get("adapt"))
