"""Parents and children: dying with the parent, and in a master, watching what becomes of the children.

Knows nothing of servers. Linux has the death signal; elsewhere processes outlive a killed parent.
"""

import os
import signal
import sys
import time

from .encode import encode

_clock = time.monotonic_ns
_PR_SET_PDEATHSIG = 1


def _find_prctl():
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except Exception:  # an interpreter built without ctypes, a libc without prctl
        return None


_prctl = _find_prctl()  # now: not between a fork and its end


def die_with_parent(parent):
    """See to it that this process is killed when ``parent``, its parent's pid (0: unknown), ends; at once if it has."""
    if _prctl is None:
        return
    before = parent or os.getppid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != before:  # it ended before we asked
        os._exit(1)


def outlive_parent():
    """Take that back."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, 0, 0, 0, 0)


class Watch:
    """In a master: tells of every child born, reaped or signalled, by standing before the functions of ``os``.

    Not an audit hook: that would stay in every forked worker, and be called for each of its ``open`` and ``id``.
    Results and exceptions are the originals'. ``remove`` restores everything.
    """

    def __init__(self, emitter):
        self._emitter = emitter
        self._originals = []

    def install(self, spawning):
        """Begin. ``spawning`` is a context manager's maker: entered around each start of a multiprocessing child; None:
        whoever stands before these already tells of them.
        """
        self._replace(os, "waitpid", self._waitpid)
        self._replace(os, "kill", self._kill)
        self._replace(os, "fork", self._fork)
        if spawning is None:
            return
        try:
            import _posixsubprocess
        except ImportError:
            return
        self._replace(_posixsubprocess, "fork_exec", lambda original: self._fork_exec(original, spawning))

    def remove(self):
        """End, for instance in a child."""
        while self._originals:
            setattr(*self._originals.pop())

    def _replace(self, module, name, make):
        original = getattr(module, name)
        self._originals.append((module, name, original))
        setattr(module, name, make(original))

    def _tell(self, *frame):
        try:
            self._emitter.now(encode(frame))
        except Exception:
            pass

    def _waitpid(self, original):
        def waitpid(*args, **kwargs):
            result = original(*args, **kwargs)
            if result[0] > 0:
                self._tell("exited", result[0], result[1], _clock())
            return result

        return waitpid

    def _kill(self, original):
        def kill(*args, **kwargs):
            if len(args) == 2 and type(args[0]) is int and args[1]:
                self._tell("signal", args[0], int(args[1]), _clock())
            return original(*args, **kwargs)

        return kill

    def _fork(self, original):
        def fork():
            pid = original()
            if pid > 0:
                self._tell("born", pid, _clock())
            return pid

        return fork

    def _fork_exec(self, original, spawning):
        def fork_exec(*args, **kwargs):
            if not _is_spawn(args):
                return original(*args, **kwargs)
            with spawning():
                pid = original(*args, **kwargs)
            self._tell("born", pid, _clock())
            return pid

        return fork_exec


def _is_spawn(args):
    """Whether ``fork_exec`` starts a child of multiprocessing, and not its resource tracker or a subprocess."""
    try:
        words = [os.fsencode(word) for word in args[0]]
    except Exception:
        return False
    return b"--multiprocessing-fork" in words
