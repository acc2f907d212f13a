"""The words of the filter language: its fields, what sort of value each takes, and what each is for.

Pure, and only tables: the parser refuses by them, the window completes and explains by them, and the documentation
lists them. ``GUIDE`` is the one place where a field is described; all else follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, StrEnum

Units = Mapping[str, int]
_LONG = {"us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}
#: Units of numbers, each with its factor to what the trace holds; an empty one is what a bare number has.
_COUNT: Units = {"": 1}
_DURATION: Units = {"": 10**6, **_LONG}
_AGE: Units = {"": 10**9, **_LONG, "d": 86400 * 10**9}
_SIZE: Units = {"": 1, "b": 1, "k": 2**10, "kb": 2**10, "m": 2**20, "mb": 2**20, "g": 2**30, "gb": 2**30}

_KINDS = {"http": "http", "sse": "sse", "ws": "websocket", "websocket": "websocket", "lifespan": "lifespan"}
_STATES = {"open": "open", "done": "done", "failed": "failed"}
FLAGS = ("open", "done", "failed", "error", "exception", "replay", "dropped", "marked", "commented")
#: What ``finding`` takes beside the beginning of a rule's id, and what each means.
FINDINGS = {
    "any": "breaks a rule",
    "none": "was judged, breaks none",
    "unjudged": "is over and was not judged",
    "violation": "against a MUST",
    "warning": "against a SHOULD, or at another server's mercy",
    "note": "good to know",
    "application": "the application's fault",
    "server": "the server's fault",
}


class Text(StrEnum):
    """How the plain value of a text is compared. ``searched``: as ``contains``, in what has no index: it takes long."""

    CONTAINS = "contains"
    PREFIX = "prefix"
    EQUALS = "equals"
    SEARCHED = "searched"


class Special(Enum):
    """What a field takes that is neither a number, a text nor one of a few words."""

    FLAG = "one of FLAGS"
    TIME = "a time of day or a date"
    NAMED = "a text, behind the name of a header or key"
    ANY_HEADER = "a text, searched in both heads"


@dataclass(frozen=True, slots=True)
class Choices:
    """One of a few words, each with what the trace holds for it."""

    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A field: its name, what it takes (units of a number, a comparison of text, words that stand for others, something
    special), what it is, and a filter with it.
    """

    name: str
    takes: Units | Text | Choices | Special
    meaning: str
    example: str


_IS, _HAS, _BEGINS, _LOOKED_FOR = Text.EQUALS, Text.CONTAINS, Text.PREFIX, Text.SEARCHED

#: Every field, in the order in which one learns them, under headings.
GUIDE: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("The request", (
        Entry("method", _IS, "Its method", "method:POST"),
        Entry("path", _HAS, "Its path without the query; from the start if it begins with a slash", "path:/api"),
        Entry("target", _HAS, "Path and query; a bare word looks here too", 'target:"page=2"'),
        Entry("client", _BEGINS, "The client's address", "client:127.0.0.1"),
        Entry("request-size", _SIZE, "The size of its body", "request-size:>1MB"),
        Entry("kind", Choices(_KINDS), "http, sse, ws or lifespan", "kind:ws"),
    )),
    ("The response", (
        Entry("status", _COUNT, "Its status: a code, a class, a range or several", "status:5xx"),
        Entry("type", _HAS, "Its content type", "type:json"),
        Entry("size", _SIZE, "The size of its body", "size:10k..1MB"),
        Entry("duration", _DURATION, "From the first byte of the request to the last of the response",
              "duration:>200ms"),
        Entry("time", Special.TIME, "The time of day it began, or a date", "time:10:30..10:35"),
        Entry("age", _AGE, "How long ago it began", "age:<5m"),
    )),
    ("Where its time went", (
        Entry("wait", _DURATION, "Until its head was sent on to the server", "wait:>50ms"),
        Entry("queue", _DURATION, "In the server, before the application was called", "queue:>50ms"),
        Entry("application", _DURATION, "In the application, until its response began", "application:>200ms"),
        Entry("sending", _DURATION, "The application handing over its response", "sending:>1s"),
        Entry("buffered", _DURATION, "The server finishing when the application was done", "buffered:>20ms"),
        Entry("held", _DURATION, "The client slow to take what there was for it", "held:>100ms"),
        Entry("after", _DURATION, "The application going on after the response", "after:>1s"),
    )),
    ("What it carried", (
        Entry("header.NAME", Special.NAMED, "A header of the request or the response", "header.user-agent:curl"),
        Entry("request.header.NAME", Special.NAMED, "A header of the request", "request.header.accept:json"),
        Entry("response.header.NAME", Special.NAMED, "A header of the response", "response.header.server:uvicorn"),
        Entry("header", Special.ANY_HEADER, "Anywhere in either head", "header:gzip"),
        Entry("scope.NAME", Special.NAMED, "A key of the ASGI scope; dots go further down",
              "scope.client:127.0.0.1"),
        Entry("environ.NAME", Special.NAMED, "A key of the WSGI environ", "environ.SCRIPT_NAME:/shop"),
        Entry("body", _LOOKED_FOR, "Text in either body, or in a WebSocket's messages; gzip, br and zstd are undone",
              'body:"out of stock"'),
        Entry("request-body", _LOOKED_FOR, "Text in the request's body", "request-body:~^{"),
        Entry("response-body", _LOOKED_FOR, "Text in the response's body", "response-body:error"),
        Entry("message", _LOOKED_FOR, "The type of a message between server and application, or on the wire",
              "message:http.disconnect"),
    )),
    ("Who served it", (
        Entry("app", _BEGINS, "The application's name", "app:shop"),
        Entry("mode", _BEGINS, "The server mode", "mode:gunicorn"),
        Entry("interface", _BEGINS, "WSGI, ASGI2 or ASGI3", "interface:ASGI"),
        Entry("worker", _COUNT, "The worker's slot", "worker:3"),
        Entry("pid", _COUNT, "The worker's process id", "pid:4101"),
        Entry("generation", _COUNT, "Which process of its slot the worker is", "generation:1"),
        Entry("instance", _COUNT, "Which launch it went to", "instance:2"),
        Entry("task", _HAS, "The thread or asyncio task", "task:MainThread"),
    )),
    ("How it went", (
        Entry("state", Choices(_STATES), "open, done or failed", "state:open"),
        Entry("is", Special.FLAG, ", ".join(FLAGS), "is:error"),
        Entry("error", _HAS, "How it failed", 'error:"closed the connection"'),
        Entry("exception", _HAS, "The traceback that left the application", "exception:KeyError"),
        Entry("cause", _HAS, "Why its worker ended with it in hand: timeout, killed, crash, out of memory, ...",
              "cause:timeout"),
        Entry("finding", _BEGINS,
              "A rule of WSGI or ASGI that was broken; any, none, violation, application, server, ...",
              "finding:ASGI-HTTP"),
        Entry("messages", _COUNT, "How many messages it has", "messages:>100"),
        Entry("replay", _COUNT, "The replay it belongs to", "replay:1"),
        Entry("original", _COUNT, "The exchange that it repeats", "original:17"),
    )),
    ("Yours", (
        Entry("mark", _IS, "The colour you marked it with", "mark:red"),
        Entry("comment", _HAS, "What you wrote to it", 'comment:"look again"'),
        Entry("id", _COUNT, "Its number", "id:100..200"),
    )),
)  # fmt: skip

_ALL = tuple(entry for _title, entries in GUIDE for entry in entries)
MEANINGS = {entry.name: entry.meaning for entry in _ALL}
FIELDS = tuple(sorted(MEANINGS))
#: Fields that hold a number, and the units each takes.
NUMBERS: dict[str, Units] = {entry.name: entry.takes for entry in _ALL if isinstance(entry.takes, Mapping)}
#: Fields that hold text, and how a plain value is compared.
TEXTS = {
    entry.name: str(_HAS if entry.takes is _LOOKED_FOR else entry.takes)
    for entry in _ALL
    if isinstance(entry.takes, Text)
}
#: What is only in the wide part of a trace and has no side table: a long trace is looked through in slices.
HEAVY = tuple(entry.name for entry in _ALL if entry.takes is _LOOKED_FOR)
#: Fields that take one of a few words.
CHOICES = {entry.name: entry.takes.words for entry in _ALL if isinstance(entry.takes, Choices)}
#: Fields with a name of their own after a dot: of a header (either side's, or one's), of a key in scope or environ.
KEYED = tuple(dict.fromkeys(entry.name.partition(".")[0] for entry in _ALL if entry.takes is Special.NAMED))

#: A value that an error shows.
EXAMPLES = {"duration": "200ms", "age": "5m", "size": "10k", "request-size": "10k", "status": "404"}

#: What people write for a field of ours, to be told its name.
_OTHER_NAMES = {
    "url": "target", "uri": "target", "query": "target", "code": "status", "ip": "client", "host": "header.host",
    "latency": "duration", "took": "duration", "length": "size", "content-type": "type", "verb": "method",
    "server": "mode", "traceback": "exception", "request-header": "request.header.NAME",
    "response-header": "response.header.NAME", "cookie": "header.cookie", "thread": "task", "slot": "worker",
    "at": "time", "text": "body", "note": "comment", "color": "mark", "colour": "mark", "rule": "finding",
    "death": "cause", "outcome": "cause",
}  # fmt: skip


def other_name(word: str) -> str:
    """The field that others call ``word``; empty if none is."""
    return _OTHER_NAMES.get(word, "")


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """The one of ``known`` that was probably meant, as a sentence with a space before it; else empty."""
    word = word.lower()
    meant = other_name(word) if known == FIELDS else ""
    if not meant:
        close = get_close_matches(word, known, 1, 0.6)
        meant = close[0] if close else ""
    return f" Did you mean {meant}?" if meant else ""


#: How terms are put together, with an example each.
SYNTAX: tuple[tuple[str, str], ...] = (
    ("status:5xx path:/api", "both hold; the same as with and between them"),
    ("status:404 or status:410", "one of them holds"),
    ("-path:/static", "the others; the same as not path:/static"),
    ("(kind:ws or kind:sse) worker:2", "brackets"),
    ('path:"/a b"', "quotes keep spaces, colons and brackets; a backslash stands before a quote"),
    ("path:=/api/items", "equal, not only a part of it"),
    ("path:~^/v[12]/", "a regular expression; the case of letters never counts"),
    ("duration:>200ms  size:>=1MB", "comparisons, with units: us ms s m h, b k MB GB"),
    ("status:400..499  duration:100ms..1s", "ranges, both ends included"),
    ("status:404,410  kind:ws,sse", "one of several"),
    ("items", "a word without a field is looked for in path and query"),
)
