"""What the boundaries of both interfaces share: the numbering of calls, and the text of an exception.

Knows nothing of either interface.
"""

import itertools
import traceback

#: The next call's number. Starts over in no process: a fork's child goes on counting, which keeps numbers unique in it.
next_call = itertools.count(1).__next__


class Boundary:
    """In the application's place, with the application's own attributes within reach.

    Subclasses are made one for each application and define ``__call__``; see ``asgi`` and ``wsgi``.
    """

    __slots__ = ("__wrapped__", "__weakref__")

    def __init__(self, application):
        object.__setattr__(self, "__wrapped__", application)

    def __getattr__(self, name):
        return getattr(object.__getattribute__(self, "__wrapped__"), name)

    def __setattr__(self, name, value):
        setattr(self.__wrapped__, name, value)

    def __delattr__(self, name):
        delattr(self.__wrapped__, name)

    def __repr__(self):
        return repr(self.__wrapped__)


def exception_text(error):
    """The traceback of ``error`` as Python prints it, without the frames of ours that it passed on its way out."""
    try:
        trace = error.__traceback__
        while trace is not None and _is_ours(trace.tb_frame.f_globals.get("__package__")):
            trace = trace.tb_next
        return "".join(traceback.format_exception(type(error), error, trace))
    except Exception:  # an exception class of the user's that cannot be printed
        return "%s (its traceback could not be formatted)" % type(error).__name__


def _is_ours(package):
    return package == __package__ or (type(package) is str and package.startswith(__package__ + "."))
