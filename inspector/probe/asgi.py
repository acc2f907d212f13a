"""The boundary of an ASGI application: records its calls and messages, and passes them on untouched.

Source: the ASGI specification 3.0, with the HTTP & WebSocket message format 2.5 and the lifespan protocol 2.0. ASGI 2
applications (called twice) are called twice. The scope, the messages, exceptions and cancellation pass through as the
very objects they are; nothing is awaited but what the application awaits.
"""

import asyncio
import threading
import time

from .boundary import Boundary, exception_text, next_call
from .cost import Measured, due_after, own_step
from .emitter import GATHER_COUNT
from .encode import encode, opaque, plain
from .payload import Kept
from .stalls import CALL, Loops

_clock = time.monotonic_ns
_get_ident = threading.get_ident
_current_task = asyncio.current_task
_set_call = CALL.set

_BODIES = frozenset(("http.request", "http.response.body", "websocket.http.response.body"))
_FRAMES = frozenset(("websocket.receive", "websocket.send"))
_REPEATABLE = frozenset((tuple, list))


def task_name():
    """The name of the task that runs, or of the thread where asyncio runs none (trio)."""
    try:
        return _current_task().get_name()
    except (RuntimeError, AttributeError):
        return threading.current_thread().name


def take_exchange_id(scope, settings):
    """Take the proxy's header out of ``scope["headers"]``; the exchange id it held, or 0.

    The list may be another one afterwards, of the same type: the server may share the old one. Only the header with our
    token goes; one that a client invented stays.
    """
    headers = scope.get("headers")
    if not headers:
        return 0
    name = settings.header
    if type(headers) is list:
        last = headers[-1]
        if last[0] == name:  # where the proxy puts it
            found = settings.exchange_id(last[1])
            if found:
                scope["headers"] = headers[:-1]
                return found
        elif not any(pair[0] == name for pair in headers):
            return 0
    pairs = list(headers)
    found = 0
    for index in range(len(pairs) - 1, -1, -1):
        if bytes(pairs[index][0]) == name:
            found = settings.exchange_id(bytes(pairs[index][1]))
            if found:
                del pairs[index]
                break
    if type(headers) is list or type(headers) is tuple:
        scope["headers"] = type(headers)(pairs)
    else:
        scope["headers"] = iter(pairs)  # a one-shot iterable has been used up
    return found


class Lifespan:
    """What an application said or raised instead of starting up: for the supervisor, should the server give up."""

    __slots__ = ("failure",)

    def __init__(self):
        self.failure = ""

    def sent(self, message):
        """A lifespan message went out."""
        kind = message.get("type")
        if kind == "lifespan.startup.failed":
            self.failure = str(message.get("message") or "lifespan.startup.failed, without a message")
        elif kind == "lifespan.startup.complete":
            self.failure = ""


class Channel:
    """``receive`` and ``send`` for the application during one call: they record, and pass everything on.

    Both are coroutine functions, since applications make tasks of what they return.
    """

    # No __slots__: what most calls never set is a class attribute, which costs a call nothing.
    _bodies = None  # of the request and the response, by type, once one turns out to come in pieces
    over = False

    def __init__(self, number, messages, emitter, settings, lifespan):
        self.number = number
        self._messages = messages
        self._emitter = emitter
        self._settings = settings
        self._lifespan = lifespan
        self._home = _get_ident()

    def between(self, receive, send):
        """These are the server's."""
        self._receive = receive
        self._send = send

    def close(self, error):
        """The call is over; ``error`` left it, or None."""
        text = "" if error is None else exception_text(error)
        self._emitter.finish(self.number, _clock(), text, self._messages)
        self.over = True

    async def receive(self):
        """The server's ``receive``."""
        try:
            message = await self._receive()
        except BaseException as error:
            self._note_raise("receive", error)
            raise
        self._note(_clock(), "in", message)
        return message

    async def send(self, message):
        """The server's ``send``."""
        t = _clock()
        if type(message) is dict and type(message.get("headers", ())) not in _REPEATABLE:
            message = _repeatable(message)
        self._note(t, "out", message)
        try:
            return await self._send(message)
        except BaseException as error:
            self._note_raise("send", error)
            raise

    def _note(self, t, direction, message):
        size, payload, tail, digest = 0, None, b"", ""
        try:
            info = message.copy()
            kind = info.pop("type")
            if kind in _BODIES:
                if type(info.get("body")) is bytes:
                    payload = info.pop("body")
                    size = len(payload)
                    if self._bodies is not None or info.get("more_body") or size > self._settings.body_head:
                        payload, tail, digest = self._body(kind).take(payload, not info.get("more_body"))
            elif kind == "http.response.start" and type(info.get("headers")) is list:
                info["headers"] = info["headers"][:]  # which the application may go on using
            elif kind in _FRAMES:
                size, payload, tail, digest = self._frame(info)
            else:
                info = plain(info)
            if self._lifespan is not None:
                self._lifespan.sent(message)
            if _get_ident() != self._home:
                info["gatescope.thread"] = threading.current_thread().name
            if type(kind) is not str:
                kind = repr(kind)
        except Exception:  # no dict, or no type: the server will say so
            kind, payload, info = "?", None, {"message": opaque(message)}
        self._tell((t, direction, kind, size, payload, tail, digest, info or None))

    def _tell(self, message):
        messages, emitter = self._messages, self._emitter
        messages.append(message)
        if self.over:  # of an application that goes on after it returned
            emitter.now(encode(("msgs", self.number, [message])))
        elif emitter.calm:
            emitter.rouse()
        elif len(messages) > GATHER_COUNT:
            emitter.flush()

    def _body(self, kind):
        if self._bodies is None:
            self._bodies = {}
        kept = self._bodies.get(kind)
        if kept is None:
            kept = self._bodies[kind] = Kept(self._settings.body_head, self._settings.body_tail)
        return kept

    def _frame(self, info):
        # A WebSocket message is a body of its own. Of bytes and text one is the payload, and leaves the rest.
        if type(info.get("bytes")) is bytes:
            data = info.pop("bytes")
        elif type(info.get("text")) is str:
            data = info.pop("text").encode("utf-8", "surrogatepass")
            info["payload"] = "text"
        else:
            return 0, None, b"", ""
        return (len(data),) + Kept(self._settings.body_head, self._settings.body_tail).take(data, True)

    def _note_raise(self, where, error):
        text = "%s: %s" % (type(error).__name__, error)
        self._tell((_clock(), "in", "raise", 0, None, b"", "", {"from": where, "exception": text}))


class MeasuredChannel(Measured, Channel):
    """A channel that tells what it costs. The server's part and the application's are between these steps."""

    close = own_step(Channel.close)
    _note = own_step(Channel._note)
    _note_raise = own_step(Channel._note_raise)


def _repeatable(message):
    """``message`` with headers that can be read twice, in place of an iterable that could be read once."""
    headers = message["headers"]
    if hasattr(headers, "__next__"):
        return dict(message, headers=list(headers))
    return message


def _opener(emitter, settings, lifespan, loops, interface):
    """A function that begins a call: for a scope, the Channel of the call, or None where it cannot be recorded."""
    loops = loops or Loops(emitter)

    def begin(scope):
        if not emitter.open:
            return None
        try:
            number = next_call()
            began = _clock() if number >= emitter.due else 0
            exchange = take_exchange_id(scope, settings)
            kind = scope["type"]
            data = encode(("call", exchange, number, _clock(), interface, kind, scope, task_name()))
            messages = emitter.begin(number, data)
            _set_call(number)
            if kind == "lifespan":
                loops.lifespan()
            if loops.asleep:
                loops.rouse()
        except Exception:  # no scope at all: the application will say so
            return None
        channel = Channel(number, messages, emitter, settings, lifespan if kind == "lifespan" else None)
        if began and kind == "http":  # the others last, and cost by the message
            ended, channel.__class__ = _clock(), MeasuredChannel
            channel.opened(number, began, ended)
            emitter.due = due_after(number)
        return channel

    return begin


def wrap3(application, emitter, settings, lifespan=None, loops=None):
    """An ASGI 3 application that records what ``application`` and its server say to each other."""
    begin = _opener(emitter, settings, lifespan, loops, "ASGI3")

    class Boundary3(Boundary):
        """An ASGI 3 application (the names of the parameters matter: daphne passes them by keyword)."""

        __slots__ = ()

        async def __call__(self, scope, receive, send):
            channel = begin(scope)
            if channel is None:
                return await application(scope, receive, send)
            channel.between(receive, send)
            try:
                result = await application(scope, channel.receive, channel.send)
            except BaseException as error:
                channel.close(error)
                raise
            channel.close(None)
            return result

    return Boundary3(application)


def wrap2(application, emitter, settings, lifespan=None, loops=None):
    """An ASGI 2 application that records what ``application`` and its server say to each other."""
    begin = _opener(emitter, settings, lifespan, loops, "ASGI2")

    class Boundary2(Boundary):
        """An ASGI 2 application: called with the scope, then what that gave with receive and send."""

        __slots__ = ()

        def __call__(self, scope):
            channel = begin(scope)
            if channel is None:
                return application(scope)
            try:
                instance = application(scope)
            except BaseException as error:
                channel.close(error)
                raise

            async def run(receive, send):
                channel.between(receive, send)
                try:
                    result = await instance(channel.receive, channel.send)
                except BaseException as error:
                    channel.close(error)
                    raise
                channel.close(None)
                return result

            return run

    return Boundary2(application)
