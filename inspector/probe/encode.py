"""Frames as bytes: a length and one marshalled tuple, with a description in place of whatever cannot travel.

Knows nothing of sockets or servers. See ``PROTOCOL.md``.

Of ``marshal``'s versions, 4 is the fastest to write for text, and no slower for the rest.
"""

from marshal import dumps as _dumps
from struct import Struct

#: First item of the 3-tuple that stands for an object: this, its type's name, a short form of it.
OPAQUE = "\x00gatescope.object"

SHORT_FORM = 200
DEEPEST = 12

#: The length that goes before a frame.
length = Struct("<I").pack
_ATOMS = frozenset((str, bytes, int, float, bool, type(None)))


def encode(frame):
    """``frame``, a tuple, as it goes over the socket. Objects in it are described."""
    try:
        data = _dumps(frame, 4)
    except ValueError:
        data = _dumps(plain(frame), 4)
    return length(len(data)) + data


def type_name(value):
    """The type's name as one would write it: ``module.Name``, without the module for a built-in one."""
    kind = type(value)
    module = getattr(kind, "__module__", "")
    name = getattr(kind, "__qualname__", "?")
    return name if module == "builtins" else "%s.%s" % (module, name)


def opaque(value):
    """What stands for ``value``. Calls its ``__repr__``, whose failure is part of the description."""
    try:
        text = repr(value)
    except Exception as error:
        text = "<repr() raised %s>" % type(error).__name__
    return (OPAQUE, type_name(value), text[:SHORT_FORM])


def plain(value, depth=0):
    """``value`` with everything in it described that has another type than those which travel."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if depth < DEEPEST:
        try:
            if kind is tuple:
                return tuple([plain(item, depth + 1) for item in list(value)])
            if kind is list:
                return [plain(item, depth + 1) for item in list(value)]
            if kind is dict:
                return {_key(key): plain(item, depth + 1) for key, item in list(value.items())}
        except RuntimeError:  # changed by another thread while we looked
            pass
    return opaque(value)


def _key(key):
    # A description is a tuple of strings, so it can be a key where the object was.
    return key if type(key) in _ATOMS else opaque(key)
