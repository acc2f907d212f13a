"""The words of the filter language: its fields, what sort of value each takes, and what each is for.

Pure, and only tables: the parser refuses by them, the window completes and explains by them, and the documentation
lists them. ``GUIDE`` is the one place where a field is described.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

#: Fields that hold a number, and the units each takes (the factor to what the trace holds).
_PLAIN: dict[str, int] = {"": 1}
_LONG = {"us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}
_DURATION = {"": 10**6, **_LONG}
_AGE = {"": 10**9, **_LONG, "d": 86400 * 10**9}
_SIZE = {"": 1, "b": 1, "k": 2**10, "kb": 2**10, "m": 2**20, "mb": 2**20, "g": 2**30, "gb": 2**30}
NUMBERS: dict[str, dict[str, int]] = {
    "id": _PLAIN,
    "status": _PLAIN,
    "duration": _DURATION,
    "age": _AGE,
    "size": _SIZE,
    "request-size": _SIZE,
    "worker": _PLAIN,
    "pid": _PLAIN,
    "generation": _PLAIN,
    "instance": _PLAIN,
    "messages": _PLAIN,
    "replay": _PLAIN,
    "original": _PLAIN,
}
#: Fields that hold text, and how a plain value is compared.
TEXTS = {
    "target": "contains",
    "path": "contains",
    "method": "equals",
    "app": "prefix",
    "mode": "prefix",
    "interface": "prefix",
    "client": "prefix",
    "type": "contains",
    "task": "contains",
    "error": "contains",
    "exception": "contains",
    "finding": "prefix",
    "mark": "equals",
    "comment": "contains",
    "body": "contains",
    "request-body": "contains",
    "response-body": "contains",
}
#: Fields with a name of their own after a dot: of a header (either side's, or one's), of a key in scope or environ.
KEYED = ("header", "scope", "environ", "request", "response")
#: How those are written.
KEYED_FORMS = ("header.NAME", "request.header.NAME", "response.header.NAME", "scope.NAME", "environ.NAME")
#: What is only in the wide part of a trace and has no side table: a long trace is looked through in slices.
HEAVY = ("body", "request-body", "response-body")
CHOICES: dict[str, dict[str, str]] = {
    "kind": {"http": "http", "sse": "sse", "ws": "websocket", "websocket": "websocket", "lifespan": "lifespan"},
    "state": {"open": "open", "done": "done", "failed": "failed"},
}
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
FLAGS = ("open", "done", "failed", "error", "exception", "replay", "dropped", "marked", "commented")
FIELDS = tuple(sorted([*NUMBERS, *TEXTS, *CHOICES, "header", "is", "time", *KEYED_FORMS]))

#: A value that an error shows.
EXAMPLES = {"duration": "200ms", "age": "5m", "size": "10k", "request-size": "10k", "status": "404"}

#: What people write for a field of ours, to be told its name.
_OTHER_NAMES = {
    "url": "target", "uri": "target", "query": "target", "code": "status", "ip": "client", "host": "header.host",
    "latency": "duration", "took": "duration", "length": "size", "content-type": "type", "verb": "method",
    "server": "mode", "traceback": "exception", "request-header": "request.header.NAME",
    "response-header": "response.header.NAME", "cookie": "header.cookie", "thread": "task", "slot": "worker",
    "at": "time", "text": "body", "note": "comment", "color": "mark", "colour": "mark", "rule": "finding",
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


@dataclass(frozen=True, slots=True)
class Entry:
    """A field as people read of it: its name, what it is, and a filter with it."""

    name: str
    meaning: str
    example: str


#: Every field, in the order in which one learns them, under headings.
GUIDE: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "The request",
        (
            Entry("method", "Its method", "method:POST"),
            Entry("path", "Its path without the query; from the start if it begins with a slash", "path:/api"),
            Entry("target", "Path and query; a bare word looks here too", 'target:"page=2"'),
            Entry("client", "The client's address", "client:127.0.0.1"),
            Entry("request-size", "The size of its body", "request-size:>1MB"),
            Entry("kind", "http, sse, ws or lifespan", "kind:ws"),
        ),
    ),
    (
        "The response",
        (
            Entry("status", "Its status: a code, a class, a range or several", "status:5xx"),
            Entry("type", "Its content type", "type:json"),
            Entry("size", "The size of its body", "size:10k..1MB"),
            Entry("duration", "From the first byte of the request to the last of the response", "duration:>200ms"),
            Entry("time", "The time of day it began, or a date", "time:10:30..10:35"),
            Entry("age", "How long ago it began", "age:<5m"),
        ),
    ),
    (
        "What it carried",
        (
            Entry("header.NAME", "A header of the request or the response", "header.user-agent:curl"),
            Entry("request.header.NAME", "A header of the request", "request.header.accept:json"),
            Entry("response.header.NAME", "A header of the response", "response.header.server:uvicorn"),
            Entry("header", "Anywhere in either head", "header:gzip"),
            Entry("scope.NAME", "A key of the ASGI scope; dots go further down", "scope.client:127.0.0.1"),
            Entry("environ.NAME", "A key of the WSGI environ", "environ.SCRIPT_NAME:/shop"),
            Entry("body", "Text in either body, or in a WebSocket's messages; gzip is undone", 'body:"out of stock"'),
            Entry("request-body", "Text in the request's body", "request-body:~^{"),
            Entry("response-body", "Text in the response's body", "response-body:error"),
        ),
    ),
    (
        "Who served it",
        (
            Entry("app", "The application's name", "app:shop"),
            Entry("mode", "The server mode", "mode:gunicorn"),
            Entry("interface", "WSGI, ASGI2 or ASGI3", "interface:ASGI"),
            Entry("worker", "The worker's slot", "worker:3"),
            Entry("pid", "The worker's process id", "pid:4101"),
            Entry("generation", "Which process of its slot the worker is", "generation:1"),
            Entry("instance", "Which launch it went to", "instance:2"),
            Entry("task", "The thread or asyncio task", "task:MainThread"),
        ),
    ),
    (
        "How it went",
        (
            Entry("state", "open, done or failed", "state:open"),
            Entry("is", ", ".join(FLAGS), "is:error"),
            Entry("error", "How it failed", 'error:"closed the connection"'),
            Entry("exception", "The traceback that left the application", "exception:KeyError"),
            Entry("finding", "A rule of WSGI or ASGI that was broken; any, none, violation, application, server, ...",
                  "finding:ASGI-HTTP"),
            Entry("messages", "How many messages it has", "messages:>100"),
            Entry("replay", "The replay it belongs to", "replay:1"),
            Entry("original", "The exchange that it repeats", "original:17"),
        ),
    ),
    (
        "Yours",
        (
            Entry("mark", "The colour you marked it with", "mark:red"),
            Entry("comment", "What you wrote to it", 'comment:"look again"'),
            Entry("id", "Its number", "id:100..200"),
        ),
    ),
)  # fmt: skip

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

MEANINGS: dict[str, str] = {entry.name: entry.meaning for _title, entries in GUIDE for entry in entries}
