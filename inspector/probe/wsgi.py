"""The boundary of a WSGI application: records its call, what it says through it, and passes everything on untouched.

Source: PEP 3333. The environ stays the server's own dict with a recording stream for input and errors put in. What the
instrumentation must not do to the contract it watches is listed in this package's tests.
"""

import threading
import time
from marshal import dumps as _dumps

from .boundary import Boundary, exception_text, next_call
from .cost import Measured, due_after, own_step
from .emitter import GATHER_COUNT
from .encode import OPAQUE, encode, length, plain, type_name
from .payload import Kept
from .result import recording_result
from .streams import watch

_clock = time.monotonic_ns
_current_thread = threading.current_thread
_ATOMS = frozenset((str, bytes, int, float, bool, type(None)))
_CONTAINERS = frozenset((tuple, list, dict))

#: More environ keys whose values are objects under this process's server, so that they need not be found by failing.
_object_keys = []
_MOST_OBJECT_KEYS = 64
_STREAMS = frozenset(("wsgi.input", "wsgi.errors"))
_MOST_SHAPES = 256
_shapes = {}  # what stands for an object, by type (by itself if it is one)


def take_exchange_id(environ, settings):
    """Take the proxy's header out of ``environ``; the exchange id it held, or 0. What a client invented stays."""
    key = settings.environ_key
    value = environ.get(key)
    if value is None:
        return 0
    prefix, _, digits = value.rpartition("-")
    if prefix == settings.token and digits.isdigit():
        del environ[key]
        return int(digits)
    found = 0
    parts = value.split(",")  # the server joined it with a client's
    for index in range(len(parts) - 1, -1, -1):
        found = settings.exchange_id(parts[index].strip())
        if found:
            del parts[index]
            environ[key] = ",".join(parts).strip()
            break
    return found


def _shape(value):
    """What stands for the server's object ``value``. Without calling its repr: that costs too much at each request."""
    kind = type(value)
    if kind in _ATOMS or kind in _CONTAINERS:
        return plain(value)
    name = type_name(value)
    shape = (OPAQUE, name, repr(value) if kind is type else "<%s object>" % name)
    if len(_shapes) < _MOST_SHAPES:
        _shapes[value if kind is type else kind] = shape
    return shape


def encode_call(environ, exchange, number):
    """The frame that begins a call.

    For as long as it is made, descriptions stand in ``environ`` for the server's objects: to copy it would cost more.
    Raises KeyError or ValueError for an unusual environ.
    """
    source, errors, wrapper = environ["wsgi.input"], environ["wsgi.errors"], environ.get("wsgi.file_wrapper")
    others = [(key, environ[key]) for key in _object_keys if key in environ] if _object_keys else ()
    try:
        environ["wsgi.input"] = _shapes.get(type(source)) or _shape(source)
        environ["wsgi.errors"] = _shapes.get(type(errors)) or _shape(errors)
        if type(wrapper) is type:
            environ["wsgi.file_wrapper"] = _shapes.get(wrapper) or _shape(wrapper)
        for key, value in others:
            environ[key] = _shapes.get(type(value)) or _shape(value)
        data = _dumps(("call", exchange, number, _clock(), "WSGI", "http", environ, _current_thread().name), 4)
    finally:
        environ["wsgi.input"] = source
        environ["wsgi.errors"] = errors
        if type(wrapper) is type:
            environ["wsgi.file_wrapper"] = wrapper
        if others:
            environ.update(others)
    return length(len(data)) + data


def _encode_slowly(environ, exchange, number):
    """The same, whatever there is in ``environ``; remembers which keys hold objects."""
    for key, value in list(environ.items()):
        kind = type(value)
        if kind in _ATOMS or kind in _CONTAINERS or kind is type or key in _object_keys or key in _STREAMS:
            continue
        if len(_object_keys) < _MOST_OBJECT_KEYS:
            _object_keys.append(key)
    try:
        return encode_call(environ, exchange, number)
    except (KeyError, ValueError):
        return encode(("call", exchange, number, _clock(), "WSGI", "http", dict(environ), _current_thread().name))


class Call:
    """One call of the application: its ``start_response`` and ``write``, and what its other parts record themselves
    by.
    """

    # No __slots__: what most calls never set is a class attribute, which costs a call nothing.
    _write = None  # the server's
    _response = None  # what was handed over: nothing yet, then the first piece, then a Kept
    _request = None
    _error = ""
    over = False

    def __init__(self, number, messages, emitter, settings, start_response):
        self._number = number
        self._messages = messages
        self._emitter = emitter
        self._settings = settings
        self._start = start_response

    def start_response(self, *args, **kwargs):
        """The server's ``start_response``."""
        t, info = _clock(), None
        try:
            if len(args) == 2 and not kwargs and type(args[1]) is list:
                info = {"status": args[0], "headers": args[1][:]}  # which the application may go on using
            else:
                info = plain(_start_info(args, kwargs))
            message = t, "out", "start_response", 0, None, b"", "", info
            if self.over or self._emitter.calm:
                self._tell(message)
            else:  # the common case, without a call of our own
                self._messages.append(message)
        except Exception:  # arguments of the strangest kind; the server will say so
            pass
        try:
            write = self._start(*args, **kwargs)
        except BaseException as error:
            self.refused("start_response", error)
            raise
        if not callable(write):
            if type(info) is dict:
                info["returned"] = type_name(write)  # into what was told and mostly has not left yet
            return write
        self._write = write
        return self.write

    def write(self, *args, **kwargs):
        """The server's ``write``."""
        if len(args) == 1 and not kwargs:
            self.produced("write", args[0])
        else:
            self.note(_clock(), "out", "write", plain({"args": list(args), "kwargs": kwargs}))
        try:
            return self._write(*args, **kwargs)
        except BaseException as error:
            self.refused("write", error)
            raise

    def _tell(self, message):
        messages, emitter = self._messages, self._emitter
        messages.append(message)
        if self.over:  # of an application that goes on after it returned
            emitter.now(encode(("msgs", self._number, [message])))
        elif emitter.calm:
            emitter.rouse()
        elif len(messages) > GATHER_COUNT:
            emitter.flush()

    def note(self, t, direction, kind, info):
        """A message without a payload."""
        self._tell((t, direction, kind, 0, None, b"", "", info))

    def produced(self, kind, data):
        """The application hands over ``data``, a piece of its response."""
        t = _clock()
        if type(data) is not bytes:
            self.note(t, "out", kind, {"data": plain(data)})
            return
        size = len(data)
        if self._response is None and size <= self._settings.body_head:
            self._response = data
            self._tell((t, "out", kind, size, data, b"", "", None))
            return
        self._response = self._kept(self._response)
        payload, tail, digest = self._response.take(data)
        self._tell((t, "out", kind, size, payload, tail, digest, None))

    def returned(self, pieces, kind):
        """The application returned ``pieces``, a list or tuple, and has nothing more to do."""
        t = _clock()
        count = len(pieces)
        tell = self._messages.append  # what waits here leaves at once
        tell((t, "out", "return", 0, None, b"", "", {"type": kind.__name__, "len": count}))
        data = pieces[0] if count == 1 and self._response is None else None
        if type(data) is bytes and len(data) <= self._settings.body_head:  # the common case, without detours
            tell((t, "out", "iterate", len(data), data, b"", "", {"stop": True}))
        else:
            for data in pieces:
                self.produced("iterate", data)
            self.exhausted()
        self.finish()

    def consumed(self, kind, data, began, args, kwargs):
        """The application took ``data`` from its input, by a call that began then."""
        t = _clock()
        info = {"args": list(args), "began": began}
        if kwargs:
            info["kwargs"] = kwargs
        if type(data) is list and all(type(line) is bytes for line in data):
            info["lines"] = len(data)
            data = b"".join(data)
        if type(data) is not bytes:
            self.note(t, "in", kind, plain(dict(info, result=data)))
            return
        self._request = self._kept(self._request)
        payload, tail, digest = self._request.take(data, not data)
        self._tell((t, "in", kind, len(data), payload, tail, digest, plain(info)))

    def _kept(self, body):
        """``body`` as a Kept: it has been nothing, or its first piece, so far."""
        if type(body) is Kept:
            return body
        kept = Kept(self._settings.body_head, self._settings.body_tail)
        if body is not None:
            kept.take(body)
        return kept

    def complained(self, kind, args, kwargs):
        """The application wrote to ``wsgi.errors``."""
        t = _clock()
        if len(args) == 1 and type(args[0]) is str and not kwargs:
            data = args[0].encode("utf-8", "surrogatepass")
            kept = Kept(self._settings.body_head, self._settings.body_tail).take(data, True)
            self._tell((t, "out", kind, len(data)) + kept + (None,))
        else:
            self.note(t, "out", kind, plain({"args": list(args), "kwargs": kwargs}) if args or kwargs else None)

    def exhausted(self):
        """The server asked for more and there was none."""
        tail, digest = self._response.end() if type(self._response) is Kept else (b"", "")
        self._tell((_clock(), "out", "iterate", 0, None, tail, digest, {"stop": True}))

    def raised(self, error):
        """``error`` left the application; the first one is the call's."""
        if not self._error:
            self._error = exception_text(error)

    @property
    def failed(self):
        """Whether an exception has left the application."""
        return bool(self._error)

    def refused(self, where, error, args=None):
        """``error`` came out of the server's ``where`` into the application, which gave ``args``."""
        info = {"from": where, "exception": "%s: %s" % (type(error).__name__, error)}
        if args is not None:
            info["args"] = plain(list(args))
        self.note(_clock(), "in", "raise", info)

    def finish(self):
        """Nothing more is to be expected of this call."""
        if not self.over:
            self.over = True
            self._emitter.finish(self._number, _clock(), self._error, self._messages)


class MeasuredCall(Measured, Call):
    """A call that tells what it costs."""

    def opened(self, number, began, ended):
        """Call ``number`` was begun by us, from ``began`` to ``ended``."""
        Measured.opened(self, number, began, ended)
        self._start = self.theirs(self._start)

    @own_step
    def write(self, *args, **kwargs):
        """The server's ``write``, which there is now: nobody has it who did not call ``start_response``."""
        server, self._write = self._write, self.theirs(self._write)
        try:
            return Call.write(self, *args, **kwargs)
        finally:
            self._write = server

    start_response = own_step(Call.start_response)
    note = own_step(Call.note)
    produced = own_step(Call.produced)
    returned = own_step(Call.returned)
    consumed = own_step(Call.consumed)
    complained = own_step(Call.complained)
    exhausted = own_step(Call.exhausted)
    raised = own_step(Call.raised)
    refused = own_step(Call.refused)
    finish = own_step(Call.finish)


def _start_info(args, kwargs):
    # No reference to the traceback may survive (PEP 3333, start_response): its text does.
    if kwargs or not 2 <= len(args) <= 3:
        return {"args": list(args), "kwargs": kwargs}
    if len(args) == 2:
        return {"status": args[0], "headers": args[1]}
    exc_info = args[2]
    info = {"status": args[0], "headers": args[1], "exc_info": exc_info}
    if type(exc_info) is tuple and len(exc_info) == 3 and isinstance(exc_info[1], BaseException):
        info["exc_info"] = exception_text(exc_info[1])
    elif exc_info is not None:
        info["exc_info_type"] = type_name(exc_info)
    return info


def wrap(application, emitter, settings):
    """A WSGI application that records what ``application`` and its server say to each other."""

    class BoundaryWSGI(Boundary):
        """A WSGI application."""

        __slots__ = ()

        def __call__(self, environ, start_response):
            call = _open(environ, start_response, emitter, settings) if emitter.open else None
            if call is None:
                return application(environ, start_response)
            try:
                result = application(environ, call.start_response)
            except BaseException as error:
                call.raised(error)
                call.finish()
                raise
            kind = type(result)
            if kind is list or kind is tuple:  # nothing of the application's runs while the server takes it apart
                call.returned(result, kind)
                return result
            return recording_result(result, call, environ)

    return BoundaryWSGI(application)


def _open(environ, start_response, emitter, settings):
    """A call begins. None when it cannot be recorded."""
    try:
        number = next_call()
        began = _clock() if number >= emitter.due else 0
        exchange = take_exchange_id(environ, settings)
        try:
            data = encode_call(environ, exchange, number)
        except (KeyError, ValueError):
            data = _encode_slowly(environ, exchange, number)
        call = Call(number, emitter.begin(number, data), emitter, settings, start_response)
        watch(environ, call)
        if began:
            ended, call.__class__ = _clock(), MeasuredCall
            call.opened(number, began, ended)
            emitter.due = due_after(number)
    except Exception:  # no environ at all: the application will say so
        return None
    return call
