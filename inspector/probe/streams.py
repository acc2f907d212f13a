"""``wsgi.input`` and ``wsgi.errors``, watched: everything is passed on, also what PEP 3333 does not provide for.

Source: PEP 3333, "Input and Error Streams". An attribute that the server's stream lacks, ours lacks too.
"""

import time

_clock = time.monotonic_ns


class _Stream:
    """What the two streams are made from; ``watch`` turns one into the real thing, which passes attributes on when set,
    too.
    """

    __slots__ = ("_original", "_call")

    def __getattr__(self, name):
        found = getattr(object.__getattribute__(self, "_original"), name)
        if not name.startswith("__"):
            self._call.note(_clock(), "out", self._prefix + "attribute", {"name": name})
        return found

    def __repr__(self):
        return repr(self._original)

    def __enter__(self):
        self._original.__enter__()
        return self

    def __exit__(self, *exc_info):
        return self._original.__exit__(*exc_info)


def _set(self, name, value):
    setattr(self._original, name, value)


class Input(_Stream):
    """An input that cannot be iterated over."""

    __slots__ = ()
    __setattr__ = _set
    _prefix = "input."

    @property
    def read(self):
        """``read([size])``."""
        return self._reader("read")

    @property
    def readline(self):
        """``readline([size])``."""
        return self._reader("readline")

    @property
    def readlines(self):
        """``readlines([hint])``."""
        return self._reader("readlines")

    def _reader(self, name):
        method = getattr(self._original, name)  # AttributeError if the server's has none

        def reader(*args, **kwargs):
            return self._watch(name, method, args, kwargs)

        return reader

    def _watch(self, name, method, args, kwargs):
        began = _clock()
        kind = "input." + name
        try:
            data = method(*args, **kwargs)
        except StopIteration:
            raise
        except BaseException as error:
            self._call.refused(kind, error, args)
            raise
        self._call.consumed(kind, data, began, args, kwargs)
        return data


class IterableInput(Input):
    """An input that can."""

    __slots__ = ()

    def __iter__(self):
        return _Lines(self, iter(self._original))


class IteratorInput(Input):
    """An input that is its own iterator, as files are."""

    __slots__ = ()

    def __iter__(self):
        iter(self._original)
        return self

    def __next__(self):
        return self._watch("iterate", self._original.__next__, (), {})


class _Lines:
    """The iterator of an ``IterableInput``."""

    __slots__ = ("_input", "_iterator")

    def __init__(self, stream, iterator):
        self._input = stream
        self._iterator = iterator

    def __iter__(self):
        return self

    def __next__(self):
        return self._input._watch("iterate", self._iterator.__next__, (), {})


class Errors(_Stream):
    """The stream for messages to whoever runs the server."""

    __slots__ = ()
    __setattr__ = _set
    _prefix = "errors."

    @property
    def write(self):
        """``write(text)``."""
        return self._writer("write")

    @property
    def writelines(self):
        """``writelines(texts)``. Recorded without the texts, which may be readable but once."""
        return self._writer("writelines")

    @property
    def flush(self):
        """``flush()``."""
        return self._writer("flush")

    def _writer(self, name):
        method = getattr(self._original, name)
        kind = "errors." + name

        def writer(*args, **kwargs):
            self._call.complained(kind, args, kwargs)
            try:
                return method(*args, **kwargs)
            except BaseException as error:
                self._call.refused(kind, error)
                raise

        return writer


_inputs = {}


def _input_class(kind):
    """By what the server's class can do, ours."""
    found = Input
    if hasattr(kind, "__iter__"):
        found = IteratorInput if hasattr(kind, "__next__") else IterableInput
    if len(_inputs) < 64:  # classes made on the fly must not pile up here
        _inputs[kind] = found
    return found


def watch(environ, call):
    """Put watched streams into ``environ``."""
    original = environ.get("wsgi.input")
    if original is not None:
        stream = _Stream()
        stream._original = original
        stream._call = call
        stream.__class__ = _inputs.get(type(original)) or _input_class(type(original))
        environ["wsgi.input"] = stream
    original = environ.get("wsgi.errors")
    if original is not None:
        stream = _Stream()
        stream._original = original
        stream._call = call
        stream.__class__ = Errors
        environ["wsgi.errors"] = stream
