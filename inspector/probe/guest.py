"""The probe in a process of a command that somebody wrote, where we are a guest: which of its processes serves, and
which only watches over one that does, shows when it does so.

Made by ``hook/sitecustomize.py`` when a module of a server is imported. Knows nothing of servers, whose hooks are in
``servers``.
"""

import json
import os
import time

from . import servers
from .encode import encode
from .family import die_with_parent
from .session import Session

_clock = time.monotonic_ns


def hook(module, heritage):
    """Put our hooks into what ``module``, just imported, defines."""
    if heritage.session is None:
        heritage.session = Guest(json.loads(heritage.word), heritage)
    servers.hook(module, heritage.session)


class Guest(Session):
    """What servers' hooks use. ``role`` is empty until the process serves, or starts the one that does."""

    def __init__(self, config, heritage):
        super().__init__(config)
        self.hooked = set()  # what of ours has put its hooks in
        self._heritage = heritage
        self._forks_serve = False
        self._parent = os.getppid()
        die_with_parent(self._parent)
        self._mind_forks()

    def be_worker(self):
        """This process will serve."""
        if not self.role:
            self._heritage.serving()
            self._mind_crashes()
            super().be_worker()

    def be_master(self):
        """This process will start workers; what it forks is one."""
        self._forks_serve = True
        self._watch_over()

    def be_reloader(self):
        """This process will start one that serves, again and again, by the same command."""
        self._watch_over()

    def reloading(self, pid=0):
        """The code has changed: ``pid``, or this process, is about to end for another to take its place."""
        if self.role and self.role != "bystander":
            self.emitter.now(encode(("reloading", pid or os.getpid(), _clock())))

    def serves_at(self, port):
        """Whether ``port`` is where the command was told to serve: an application may open others."""
        return port == self.config["port"]

    def known_as(self, slug):
        """The mode that the command turns out to be, for those hooks that go by it, here and in children."""
        self.config["server"] = slug
        self._heritage.word = json.dumps(self.config)

    def _watch_over(self):
        if not self.role:
            self._connect("master")
            self._watch.install(None)
            self._heritage.started = lambda pid: self.emitter.now(encode(("born", pid, _clock())))

    def _forked(self):
        if self.role == "master" and self._forks_serve:
            super()._forked()
        elif self.role in ("worker", "bystander"):
            super()._forked()
            self._heritage.end()
        else:  # its time may come
            self._watch.remove()
            self.emitter.abandon()
            self._heritage.started = None
            self.role = ""
            self._parent = self._forker
            die_with_parent(self._parent)
