"""What a WSGI application returns, watched while the server iterates and closes it.

Source: PEP 3333, "The Application/Framework Side" and "Optional Platform-Specific File Handling". Servers look at what
they get: an instance of their own ``wsgi.file_wrapper`` is sent by ``sendfile``, a length of one becomes a
Content-Length, ``close`` is called if it is there. So the wrapper has ``close`` and a length only if the application's
object has, and a file wrapper is returned as it is.
"""

import time

from .encode import type_name

_clock = time.monotonic_ns
_TEXTS = (str, bytes, bytearray, memoryview)


class Result:
    """Iterates over the application's result, piece by piece as the server asks, never ahead.

    The call ends when there is no more.
    """

    __slots__ = ("_call", "_original")

    def __init__(self, original, call):
        self._original = original
        self._call = call

    def __iter__(self):
        call = self._call
        try:
            for data in self._original:
                call.produced("iterate", data)
                yield data
        except GeneratorExit:  # the server does not want the rest
            raise
        except BaseException as error:
            call.raised(error)
            self._ended()
            raise
        call.exhausted()
        self._ended()

    def __next__(self):  # of a server that does without iter()
        try:
            data = next(self._original)
        except StopIteration:
            self._call.exhausted()
            self._ended()
            raise
        except BaseException as error:
            self._call.raised(error)
            self._ended()
            raise
        self._call.produced("iterate", data)
        return data

    def __getattr__(self, name):
        return getattr(object.__getattribute__(self, "_original"), name)

    def __del__(self):
        if not self._call.over:  # a server that never closed it, or never came to its end
            self._call.finish()

    def _ended(self):
        self._call.finish()


class _Closing:
    """For results with a ``close``: the call ends with that."""

    __slots__ = ()

    def close(self):
        """The application's ``close``, as often as the server calls it."""
        _close(self._original.close, self._call)

    def _ended(self):
        pass


class _Sized:
    """For results with a length that works."""

    __slots__ = ()

    def __len__(self):
        return len(self._original)


class ClosingResult(_Closing, Result):
    """A result with a ``close``."""

    __slots__ = ()


class SizedResult(_Sized, Result):
    """A result with a length."""

    __slots__ = ()


class SizedClosingResult(_Sized, _Closing, Result):
    """A result with both."""

    __slots__ = ()


def _close(close, call):
    call.note(_clock(), "in", "close", {"raised": True} if call.failed else None)
    try:
        close()
    except BaseException as error:
        call.raised(error)
        raise
    finally:
        call.finish()


def recording_result(result, call, environ):
    """What the boundary returns for the application's ``result``, which is neither a list nor a tuple."""
    kind = type(result)
    size = _length(result)
    info = {"type": type_name(result)}
    if size is not None:
        info["len"] = size
    closes = hasattr(result, "close")
    if closes:
        info["close"] = True
    text = next((text for text in _TEXTS if isinstance(result, text)), None)
    if text is not None:
        info["text"] = text.__name__
    iterable = hasattr(kind, "__iter__") or hasattr(kind, "__getitem__")
    if not iterable:
        info["iterable"] = False
    wrapper = environ.get("wsgi.file_wrapper")
    is_file = isinstance(wrapper, type) and isinstance(result, wrapper)
    if is_file:
        info["file"] = True
    call.note(_clock(), "out", "return", info)
    if is_file:
        return _file(result, call)
    if text is not None or not iterable:
        call.finish()  # not what WSGI asks for: the server gets it, and says what it thinks of it
        return result
    if closes:
        return (ClosingResult if size is None else SizedClosingResult)(result, call)
    return (Result if size is None else SizedResult)(result, call)


def _length(result):
    try:
        return len(result)
    except Exception:
        return None


def _file(result, call):
    """Watch for the end of a file that the server sends by itself. Where that cannot be seen, the call ends here."""
    original = getattr(result, "close", None)
    try:
        if original is None:
            raise AttributeError
        result.close = lambda: _close(original, call)
    except Exception:
        call.finish()
    return result
