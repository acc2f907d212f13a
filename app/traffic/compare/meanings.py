"""What a message means, whichever interface said it, and what to say where two of the same meaning stand together.

Pure. WSGI is PEP 3333, ASGI its specification's HTTP & WebSocket and Lifespan documents. A meaning is what the two have
in common: ``start_response`` and ``http.response.start`` are both the start of the response.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.traffic.sequence import said
from inspector.model import Message, Side


class Meaning(enum.StrEnum):
    """What the application's side of an exchange consists of."""

    CALL = "call"
    READ = "read"
    START = "start"
    PIECE = "piece"
    EMPTY = "empty"
    END = "end"
    HANDED = "handed"
    FINISHED = "finished"
    RAISE = "raise"
    GONE = "gone"
    LOG = "log"
    EXTRA = "extra"
    SOCKET = "socket"
    LIFESPAN = "lifespan"
    WIRE = "wire"


_MEANINGS = {
    "call": Meaning.CALL, "raise": Meaning.RAISE, "close": Meaning.FINISHED, "errors.write": Meaning.LOG,
    "start_response": Meaning.START, "http.response.start": Meaning.START, "http.request": Meaning.READ,
    "http.disconnect": Meaning.GONE,
}  # fmt: skip
_FAMILIES = {
    "input.": Meaning.READ, "websocket.": Meaning.SOCKET, "lifespan.": Meaning.LIFESPAN, "http.": Meaning.EXTRA,
}  # fmt: skip
_PIECES = frozenset({"write", "iterate", "http.response.body", "http.response.zerocopysend", "http.response.pathsend"})
_FILES = frozenset({"http.response.zerocopysend", "http.response.pathsend"})


def meaning(message: Message, *, wsgi: bool) -> Meaning:
    """What ``message`` is for; ``wsgi`` says whether its exchange is one of WSGI."""
    if message.side == Side.WIRE:
        return Meaning.WIRE
    if message.type == "return":
        return Meaning.HANDED if wsgi else Meaning.FINISHED
    if message.type in _PIECES:
        return _piece(message)
    if message.type in _MEANINGS:
        return _MEANINGS[message.type]
    return next((found for family, found in _FAMILIES.items() if message.type.startswith(family)), Meaning.EXTRA)


def _piece(message: Message) -> Meaning:
    if message.size or message.type in _FILES:
        return Meaning.PIECE
    return Meaning.END if is_last(message) else Meaning.EMPTY


def is_last(message: Message) -> bool:
    """Whether a piece of the body says that no other follows."""
    keys = said(message)
    if message.type == "http.response.body":
        return not keys.get("more_body")  # absent means false
    return bool(keys.get("stop"))


@dataclass(frozen=True, slots=True)
class Words:
    """One meaning in a sentence: where both interfaces stand side by side, and where only one of them has it."""

    both: str
    wsgi: str = ""
    asgi: str = ""
    same: str = ""  #: where both sides are of the same interface; empty: as ``both``


WORDS = {
    Meaning.CALL: Words(
        "One call each. The environ is one dict of strings and streams; the scope has bytes, and no body in it.",
        same="The server calls the application.",
    ),
    Meaning.READ: Words(
        "The application asks for the body: a read() that blocks its thread, a receive() that is awaited.",
        "Only here the body is read. Nobody has to: what is not asked for stays with the server.",
        "Only here the body is awaited. Nobody has to: what is not asked for stays with the server.",
        "A part of the request's body is taken in.",
    ),
    Meaning.START: Words(
        "Status and headers. WSGI calls a function, with a reason phrase; ASGI sends a message, without.",
        same="Status and headers of the response.",
    ),
    Meaning.PIECE: Words(
        "A piece of the body: yielded or written in WSGI, an http.response.body in ASGI.",
        "A piece of the body that the other side sent as part of another one, or not at all.",
        "A piece of the body that the other side sent as part of another one, or not at all.",
        "A piece of the response's body.",
    ),
    Meaning.EMPTY: Words(
        "An empty piece: nothing goes out for it on either side.",
        "An empty piece: WSGI allows it as a sign of life, and nothing goes out.",
        "An empty message with more_body: nothing goes out for it.",
    ),
    Meaning.END: Words(
        "The end of the body: the iterator is used up in WSGI, more_body is false in ASGI.",
        "The iterator is used up. ASGI had said so with its last piece already.",
        "The end in a message of its own. WSGI had said so with its last piece, or stops without a word.",
        "The end of the response's body.",
    ),
    Meaning.HANDED: Words(
        "The call returns the iterable.",
        "The call returns an iterable, and the body follows when the server iterates. ASGI has no such step.",
        same="The call returns the iterable that makes the body.",
    ),
    Meaning.FINISHED: Words(
        "The work is over: the server has called close() in WSGI, the coroutine has returned in ASGI.",
        "close() ends the work. On the other side nothing tells of that moment.",
        "The coroutine returns: the work is over. This WSGI result has no close() to tell of that moment.",
        "The application's work is over.",
    ),
    Meaning.RAISE: Words(
        "The exception leaves the application; the server answers 500 if nothing was sent before.",
        "Only here an exception leaves the application.",
        "Only here an exception leaves the application.",
    ),
    Meaning.GONE: Words(
        "The application learns that nobody listens any more.",
        asgi="ASGI tells that the client is gone, or will be. WSGI learns of it only when it sends.",
    ),
    Meaning.LOG: Words(
        "A line for the server's log.",
        "wsgi.errors is the server's log. ASGI has no such stream: its applications log by themselves.",
    ),
    Meaning.EXTRA: Words(
        "The same message on both sides.",
        "WSGI only: the other interface has nothing like it.",
        "An extension of ASGI: the other side has nothing like it.",
    ),
    Meaning.SOCKET: Words(
        "The same step of the WebSocket on both sides.", asgi="WSGI has no WebSockets: nothing stands opposite."
    ),
    Meaning.LIFESPAN: Words(
        "The same step of the lifespan on both sides.",
        asgi="WSGI has no lifespan: what must be ready is made when the module is imported.",
    ),
    Meaning.WIRE: Words(
        "The same on the wire.",
        "On the wire only here: where pieces are cut is the server's, the connection's and the moment's.",
        "On the wire only here: where pieces are cut is the server's, the connection's and the moment's.",
    ),
}
#: For what is on one side only though both interfaces are the same, or the meaning's own words are about the other.
ALONE = "Only here: the other side did not do that."
CROSSED = "The other side does it too, but at another point of its sequence."
