"""The rules about what a WSGI application returns or raises, and what becomes of it: iteration, ``close()``, and
``write()``.

Pure. Source: PEP 3333, "Specification Details", "The write() Callable", "Buffering and Streaming" and "Error Handling".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inspector.contract.rule import Rule
from inspector.contract.wsgi_call import Call, looks, shown
from inspector.contract.wsgi_start_response import shown_type
from inspector.model import Fault, Finding, Kind, Severity

_DETAILS = "PEP 3333, Specification Details"
_BYTES = f"{_DETAILS}; Unicode Issues"
_WRITE = "PEP 3333, The write() Callable"
_ERRORS = "PEP 3333, Error Handling"

SIGNATURE = Rule(
    "WSGI-APP-02", "The application does not take environ and start_response",
    "A WSGI application is called with two arguments by position: environ and start_response. What takes a request is "
    "a view, what takes scope, receive and send is an ASGI application, what takes nothing makes applications.",
    "Name the application itself as the target, run an ASGI one in an ASGI mode, or say that it is a factory.",
    _DETAILS,
)  # fmt: skip
NOT_ITERABLE = Rule(
    "WSGI-APP-04", "The application returned nothing to iterate over",
    "An application returns an iterable of bytes, which may be empty. None is what a function returns that forgets to.",
    "Return a list, such as [body] or [], in every branch.",
    _DETAILS,
)  # fmt: skip
AWAITABLE = Rule(
    "WSGI-APP-05", "The application is asynchronous, its server is not",
    "A WSGI server calls a plain function and takes what it returns. A coroutine would have to be awaited, which no "
    "WSGI server does: no line of it has run.",
    "Make it a plain function, or an ASGI application in an ASGI mode.",
    _DETAILS,
)  # fmt: skip
STR_RETURNED = Rule(
    "WSGI-APP-06", "The application returned a str",
    "The body is an iterable of bytes. A str is an iterable of its characters, and they are not bytes.",
    "Return [text.encode('utf-8')].",
    _BYTES,
)  # fmt: skip
BYTES_RETURNED = Rule(
    "WSGI-APP-07", "The application returned bytes without a list around them",
    "The body is an iterable of bytes. One bytes object is an iterable of numbers.",
    "Return [body] where body stands.",
    _DETAILS,
)  # fmt: skip
RAISED = Rule(
    "WSGI-APP-08", "An exception left the application",
    "An application handles its errors and answers with a page of its own. What the client gets otherwise is for the "
    "server to choose.",
    "Mend what raised, or catch it at the outside and answer with a status of 500.",
    _ERRORS, Severity.WARNING,
)  # fmt: skip
RAISED_MIDWAY = Rule(
    "WSGI-APP-09", "An exception left the application in the middle of the response",
    "The status is out, so that all the server can do is to cut the response off.",
    "Do what may fail before the first piece is yielded.",
    _ERRORS, Severity.WARNING,
)  # fmt: skip
NOT_BYTES = Rule(
    "WSGI-IT-01", "A piece of the body is not bytes",
    "Each item of the iterable is exactly bytes; no str, bytearray, memoryview, number or None.",
    "Encode text before you yield it, and turn other buffers into bytes().",
    _BYTES,
)  # fmt: skip
NOT_CLOSED = Rule(
    "WSGI-IT-04", "The result was not closed",
    "A result that has close() is closed by the server when the request ends, however it ends: that is where files, "
    "sessions and connections are given back.",
    "Run the application under a server that closes; until then free resources when the iterable ends.",
    _DETAILS, fault=Fault.SERVER,
)  # fmt: skip
CLOSE_RAISED = Rule(
    "WSGI-IT-07", "close() of the result raised an exception",
    "close() only gives things back. The response is complete when it runs: nobody can be told of an error any more.",
    "Catch and log inside close().",
    _DETAILS, Severity.WARNING,
)  # fmt: skip
WRONG_LENGTH = Rule(
    "WSGI-IT-08", "len() of the result is wrong",
    "If a result has a length, it is the number of its items: servers make a Content-Length of a length of one.",
    "Take __len__ away, or let it count the items.",
    _DETAILS,
)  # fmt: skip
TINY = Rule(
    "WSGI-IT-11", "The body came in very many very small pieces",
    "Each piece is sent by itself, with all that this costs.",
    "Join small pieces: yield some kilobytes at a time, or return [b''.join(pieces)].",
    "PEP 3333, Buffering and Streaming", Severity.NOTE,
)  # fmt: skip
FILE = Rule(
    "WSGI-IT-12", "A file is returned as it is",
    "A file is iterated line by line: pieces are as long as its lines, short or endless.",
    "Return environ['wsgi.file_wrapper'](file) if the server has one, or yield blocks read with file.read(65536).",
    "PEP 3333, Optional Platform-Specific File Handling", Severity.NOTE,
)  # fmt: skip
UNFINISHED = Rule(
    "WSGI-IT-14", "The server did not want all of the body",
    "A server may close a result before its end, for instance when Content-Length is reached.",
    "Put what has to run in any case into close() or a finally block, not after the last yield.",
    _DETAILS, Severity.NOTE,
)  # fmt: skip
WRITES = Rule(
    "WSGI-WR-01", "The application uses write()",
    "write() is there for code that was made before WSGI. It cannot be streamed by all servers, and middleware "
    "has to look after it by itself.",
    "Yield or return the body.",
    _WRITE, Severity.NOTE,
)  # fmt: skip
WRITES_OTHER = Rule(
    "WSGI-WR-02", "Something else than bytes was given to write()",
    "write() takes bytes.",
    "Encode text before you write it.",
    f"{_WRITE}; Unicode Issues",
)  # fmt: skip
WRITE_ARGUMENTS = Rule(
    "WSGI-WR-03", "write() was called with the wrong arguments",
    "write() takes one argument, by position.",
    "Call write(data) once for each piece.",
    _DETAILS,
)  # fmt: skip
WRITES_ONLY = Rule(
    "WSGI-WR-06", "The application used write() and returned nothing",
    "Also an application that has written all of its body returns an iterable.",
    "Return [] at the end.",
    _WRITE,
)  # fmt: skip

_CALLED_WRONGLY = re.compile(r"TypeError: .*(missing \d+ required|takes .*positional argument|unexpected keyword)")
_AWAITABLES = frozenset(("coroutine", "async_generator", "_asyncio.Task", "_asyncio.Future"))
_FILES = frozenset((
    "_io.BufferedReader", "_io.BufferedRandom", "_io.FileIO", "_io.TextIOWrapper", "tempfile._TemporaryFileWrapper",
    "tempfile.SpooledTemporaryFile",
))  # fmt: skip
_BODILESS = frozenset((204, 304))
_MANY, _SMALL = 200, 64


@looks(SIGNATURE, RAISED, RAISED_MIDWAY, CLOSE_RAISED)
def exception(call: Call) -> Iterator[Finding]:
    """What left the application that was not a result."""
    failure = call.failure
    if failure is None or call.passed_on:
        return
    said = str(failure.info.get("exception", ""))
    never_ran = not call.exchange.exception.startswith("Traceback")
    if never_ran and _CALLED_WRONGLY.match(said) and not call.starts:
        yield SIGNATURE.broken(call.case, failure, f"{said}.")
        return
    if "not callable" in said and any("returned" in start.event.info for start in call.starts):
        return  # there was no write() to call, which is the server's doing
    if call.closed is not None and "raised" not in call.closed.info:
        rule = CLOSE_RAISED
    else:
        rule = RAISED_MIDWAY if call.data else RAISED
    yield rule.broken(call.case, failure, f"It was {said[:300].rstrip('.')}.")


@looks(NOT_ITERABLE, AWAITABLE, STR_RETURNED, BYTES_RETURNED, WRITES_ONLY, FILE)
def result(call: Call) -> Iterator[Finding]:
    """What was returned."""
    returned = call.result
    if returned is None:
        return
    kind, text = str(returned.info.get("type", "")), returned.info.get("text")
    rule = None
    if kind in _AWAITABLES:
        rule = AWAITABLE
    elif text is not None:
        rule = STR_RETURNED if text == "str" else BYTES_RETURNED
    elif returned.info.get("iterable") is False:
        rule = WRITES_ONLY if kind == "NoneType" and call.of("write") else NOT_ITERABLE
    elif kind in _FILES:
        rule = FILE
    if rule is not None:
        yield rule.broken(call.case, returned, f"It is {shown_type(kind)}.")


@looks(NOT_BYTES, WRONG_LENGTH, TINY)
def items(call: Call) -> Iterator[Finding]:
    """The pieces that the iterable gave."""
    given = [event for event in call.pieces if event.type == "iterate"]
    wrong = [event for event in given if "data" in event.info]
    if wrong:
        more = f", and there are {len(wrong) - 1} more" if len(wrong) > 1 else ""
        yield NOT_BYTES.broken(call.case, wrong[0], f"It is {shown(wrong[0].info['data'])}{more}.")
    returned = call.result
    if returned is None or call.exhausted is None or not call.case.complete:
        return
    length = returned.info.get("len")
    if isinstance(length, int) and length != len(given):
        detail = f"len() is {length}, and there were {len(given)} items."
        yield WRONG_LENGTH.broken(call.case, returned, detail)
    if len(given) > _MANY and call.exchange.kind != Kind.SSE:
        mean = sum(event.size for event in given) // len(given)
        if mean < _SMALL:
            yield TINY.broken(call.case, returned, f"There were {len(given)} pieces, of {mean} bytes on average.")


@looks(NOT_CLOSED, UNFINISHED)
def close(call: Call) -> Iterator[Finding]:
    """Whether the server closed the result, and whether it had taken all of it."""
    returned = call.result
    if returned is None or not call.returned or not call.case.complete:
        return
    closed = call.closed
    iterable = "text" not in returned.info and "iterable" not in returned.info
    if returned.info.get("close") and iterable and closed is None:
        yield NOT_CLOSED.broken(call.case, returned, "The request ended without a call of its close().")
    if closed is not None and call.exhausted is None and not returned.info.get("file") and _wanted_whole(call):
        yield UNFINISHED.broken(call.case, closed, f"It was closed after {_times(len(call.data), 'piece')}.")


def _wanted_whole(call: Call) -> bool:
    """Whether the application's own response is what the client got, with a body."""
    start = call.announced
    if start is None or start.code != call.exchange.status or start.code in _BODILESS or call.is_head:
        return False
    return call.all_bytes and not call.exchange.error


@looks(WRITES, WRITES_OTHER, WRITE_ARGUMENTS)
def write(call: Call) -> Iterator[Finding]:
    """What went through ``write()``."""
    written = call.of("write")
    if written:
        yield WRITES.broken(call.case, written[0], f"It was called {_times(len(written), 'time')}.")
    for event in written:
        if "args" in event.info:
            yield WRITE_ARGUMENTS.broken(call.case, event, f"It was called with {_arguments(event.info)}.")
        elif "data" in event.info:
            yield WRITES_OTHER.broken(call.case, event, f"It is {shown(event.info['data'])}.")


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _arguments(info: dict[str, object]) -> str:
    args, keywords = info["args"], info.get("kwargs")
    named = [f"{name}=..." for name in keywords] if isinstance(keywords, dict) else []
    return f"({', '.join([*map(shown, args if isinstance(args, list) else []), *named])})"
