"""The rules about ``wsgi.errors``, the stream for messages to whoever runs the server.

Pure. Source: PEP 3333, "Input and Error Streams".
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.contract.case import Event
from inspector.contract.rule import Rule
from inspector.contract.wsgi_call import Call, attributes, exception_name, looks, shown
from inspector.model import Fault, Finding, Severity
from inspector.tagged import Opaque

_STREAMS = "PEP 3333, Input and Error Streams"

TEXT = Rule(
    "WSGI-ER-01", "Something else than text was written to wsgi.errors",
    "wsgi.errors takes str. Some servers let bytes pass, others raise.",
    "Decode before you write, or use the logging module.",
    _STREAMS,
)  # fmt: skip
CLOSED = Rule(
    "WSGI-ER-02", "The application closes wsgi.errors",
    "The stream is the server's, which goes on using it: in some servers it is the process's standard error.",
    "Do not close it; give no library the stream that closes what it writes to.",
    _STREAMS,
)  # fmt: skip
FOREIGN = Rule(
    "WSGI-ER-03", "The application uses more of wsgi.errors than every server has",
    "Only write, writelines and flush may be used. Whatever else this server's stream can do, another's cannot.",
    "Keep to the three. Hand other code a stream of your own, or sys.stderr.",
    _STREAMS,
)  # fmt: skip
ENCODING = Rule(
    "WSGI-ER-04", "wsgi.errors cannot take some text",
    "Any str can be written to wsgi.errors: the server escapes or replaces what its encoding lacks.",
    "Start the server with PYTHONIOENCODING=utf-8:backslashreplace or a UTF-8 locale.",
    "PEP 3333, environ Variables", Severity.WARNING, Fault.SERVER,
)  # fmt: skip
UNFLUSHED = Rule(
    "WSGI-ER-05", "Messages to wsgi.errors were not flushed",
    "A server may gather what is written; flush() says that it is to appear now, in order with other processes' lines.",
    "Call environ['wsgi.errors'].flush() after the last line.",
    _STREAMS, Severity.NOTE,
)  # fmt: skip


@looks(TEXT, CLOSED, FOREIGN, ENCODING)
def errors(call: Call) -> Iterator[Finding]:
    """What the application does with the stream, and what the server makes of it."""
    for event, name in attributes(call, "errors."):
        rule = CLOSED if name == "close" else FOREIGN
        yield rule.broken(call.case, event, f"It takes wsgi.errors.{name}.")
    for event in call.of("errors.write", "errors.writelines", "errors.flush", "raise"):
        if event.type == "raise":
            if str(event.info.get("from", "")).startswith("errors.") and exception_name(event).startswith("Unicode"):
                yield ENCODING.broken(call.case, event, f"It raised {shown(event.info.get('exception'))}.")
        elif (wrong := _not_text(event)) is not None:
            yield TEXT.broken(call.case, event, f"It was given {wrong}.")


def _not_text(event: Event) -> str | None:
    """What ``event`` writes that is not text."""
    args = event.info.get("args")
    if not isinstance(args, list) or len(args) != 1:
        return None  # nothing, or what no stream takes: the server says so
    texts = args if event.type == "errors.write" else args[0] if isinstance(args[0], list | tuple) else ()
    # An object of another class may be a str of its own kind, which is as good.
    return next((shown(text) for text in texts if not isinstance(text, str | Opaque)), None)


@looks(UNFLUSHED)
def flushed(call: Call) -> Iterator[Finding]:
    """Whether the last line was followed by a flush."""
    said = call.of("errors.write", "errors.writelines", "errors.flush")
    if said and said[-1].type != "errors.flush" and call.returned and call.failure is None and call.case.complete:
        yield UNFLUSHED.broken(call.case, said[-1], "Nothing was flushed after this.")
