"""What the probe itself costs a call: some calls are measured, and told with the frame ``cost``.

Knows neither interface. A boundary asks ``Emitter.due`` for whether its next call is to be measured, and then uses a
subclass whose own steps are timed; the other calls pay for the question, and for nothing else. Wall time it is: the
processor's is a system call to ask for. Whoever reads the figures takes their median, since another thread or process
may have run meanwhile.
"""

import functools
import time

from .encode import encode

_clock = time.monotonic_ns

#: One call in so many is measured; of a worker's first calls more, so that a few requests by hand give a figure too.
EVERY = 256
_EARLY = 8


def due_after(number):
    """The number of the next call to measure, after call ``number``."""
    return number + min(EVERY, 1 + number // _EARLY)


def own_step(method):
    """``method`` of a ``Measured`` that is ours alone: the time in it counts, once where such methods call others."""

    @functools.wraps(method)
    def timed(self, *args, **kwargs):
        if self._timing:
            return method(self, *args, **kwargs)
        self._timing = True
        self._mark = _clock()
        try:
            return method(self, *args, **kwargs)
        finally:
            self.spent += _clock() - self._mark
            self._timing = False
            if self.over and not self._told:
                self._tell_cost()

    return timed


class Measured:
    """What the two kinds of call have in addition when they are measured.

    A call becomes one after it was opened, for which it did what every call does. Subclasses have ``over``, and
    ``_emitter``. ``spent``: nanoseconds in our steps so far.
    """

    _told = False
    _timing = False

    def opened(self, number, began, ended):
        """Call ``number`` was begun by us, from ``began`` to ``ended``."""
        self._call = number
        self._began = began
        self.spent = ended - began

    def theirs(self, function):
        """``function``, which is the server's, called within a step of ours: its time is not ours."""

        def away(*args, **kwargs):
            self.spent += _clock() - self._mark
            try:
                return function(*args, **kwargs)
            finally:
                self._mark = _clock()

        return away

    def _tell_cost(self):
        self._told = True
        now = _clock()
        self._emitter.now(encode(("cost", self._call, now, self.spent, now - self._began)))
