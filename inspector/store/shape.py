"""What passes between the recorder and the scribe: frames on two pipes, and the shapes of what is in them.

A frame is its length (4 bytes, little-endian) and a marshalled tuple whose first item is its name. Both ends run the
same interpreter and the pipes are theirs alone, so marshal's format is known and nothing hostile can come.

To the scribe:
    ("batch", number, exchanges, messages, others, dropped, mesh)   written in one transaction; numbers count up from 1
    ("spooled", start, length)                                      a whole frame lies there in the spool
    ("end", monotonic_ns)                                           close the session; nothing follows
From the scribe:
    ("done", number, lost)      the batch is in the file; what had to go meanwhile, counted by kind
    ("stopped", why)            nothing more will be written

``exchanges`` are rows as ``EXCHANGE`` names them, cut after ``NARROW`` items where the detail has not changed;
``messages`` are ``recording.MessageRow``; ``others`` has rows by table; ``dropped`` counts by kind what is new;
``mesh`` says what of them is not to stay, see ``sieve``: with each batch, so that a scribe that takes over has it too.

Knows neither processes nor SQLite, and imports next to nothing: it is on the way of the scribe's start.
"""

from __future__ import annotations

import marshal
from struct import Struct
from typing import Any, BinaryIO

Row = tuple[Any, ...]
Frame = tuple[Any, ...]

_LENGTH = Struct("<I")
#: Bytes before a frame's body.
PREFIX = _LENGTH.size

#: An exchange's items: the narrow ones in the order of its table, two from which columns are worked out, two
#: that the table has at its end, the detail.
EXCHANGE = (
    "id", "kind", "state", "instance", "worker", "client", "method", "target", "http_version", "status", "opened_ns",
    "forwarded_ns", "called_ns", "started_ns", "first_byte_ns", "last_app_ns", "returned_ns", "closed_ns", "interface",
    "task", "error", "replay_of", "replay_run", "messages", "dropped", "request_size", "response_size",
    "response_head", "exception", "answered_ns", "held_ns",
    "request_head", "request_body", "request_tail", "request_sha256", "response_body", "response_tail",
    "response_sha256", "context",
)  # fmt: skip
NARROW = EXCHANGE.index("request_head")


def pack(frame: Frame) -> bytes:
    """``frame`` as bytes. Raises ValueError when there is more in it than plain values."""
    body = marshal.dumps(frame)
    return _LENGTH.pack(len(body)) + body


def read(stream: BinaryIO) -> bytes | None:
    """The next frame's bytes; None at the end, also in the middle of a frame: then its writer was killed."""
    length = _exactly(stream, _LENGTH.size)
    if length is None:
        return None
    [size] = _LENGTH.unpack(length)
    return _exactly(stream, size)


def _exactly(stream: BinaryIO, size: int) -> bytes | None:
    """A pipe that is read without a buffer gives what is in it, which may be less than was asked for."""
    body = stream.read(size)
    if len(body) == size:
        return body
    pieces, held = [body], len(body)
    while held < size:
        piece = stream.read(size - held)
        if not piece:
            return None
        pieces.append(piece)
        held += len(piece)
    return b"".join(pieces)


def unpack(body: bytes) -> Frame:
    """The frame of what ``read`` gave."""
    frame: Frame = marshal.loads(body)  # noqa: S302 - from the other end of our own pipe
    return frame


def plain(value: Any) -> Any:
    """``value`` as something that can be marshalled and that SQLite can hold; a sequence with each of its items."""
    if value is None or type(value) in (int, str, bytes, float, bool):
        return value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple([plain(item) for item in value])
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str):
        return str.__str__(value)
    return int(value) if isinstance(value, int) else float(value) if isinstance(value, float) else str(value)
