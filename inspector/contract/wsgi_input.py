"""The rules about ``wsgi.input``: what the application asks of it, and what the server gives.

Pure. How far the body was read is counted along; where the application took a way past us (``readinto`` and the like),
or messages are missing, nothing is said that hangs on that.

Source: PEP 3333, "Input and Error Streams", whose methods are those of the library's files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inspector.contract.case import Event
from inspector.contract.rule import Rule
from inspector.contract.wsgi_call import Call, attributes, exception_name, looks, number, shown
from inspector.model import Fault, Finding, Severity

_STREAMS = "PEP 3333, Input and Error Streams"
_FILES = f"{_STREAMS}; io.IOBase"
_SERVER_MENDS = "This is for the server to mend. Until then read the body at once, with read(int(CONTENT_LENGTH))."
_SECOND = 1_000_000_000
#: How long a read may take before somebody should know.
_LONG = 5 * _SECOND
#: How much of a body may be left unread before the connection is likely to be lost for it.
_MUCH = 64 * 1024

PAST_END = Rule(
    "WSGI-IN-01", "More was asked for than the body has",
    "An application reads no further than CONTENT_LENGTH. This server does not promise that the input ends there "
    "(wsgi.input_terminated): another one would wait for bytes that never come.",
    "Read at most what is left of int(environ.get('CONTENT_LENGTH') or 0).",
    _STREAMS, Severity.WARNING,
)  # fmt: skip
UNBOUNDED = Rule(
    "WSGI-IN-02", "The input was read to its end, which it need not have",
    "read() without a size waits for the end of the input. This server does not promise that there is one "
    "(wsgi.input_terminated): on some the call never returns.",
    "Read int(environ.get('CONTENT_LENGTH') or 0) bytes, unless wsgi.input_terminated is true.",
    _STREAMS, Severity.WARNING,
)  # fmt: skip
SLOW = Rule(
    "WSGI-IN-03", "The application waited long for the request's body",
    "Who reads waits until the client has sent: a thread or process is taken for that time.",
    "Put a proxy in front that takes in whole requests first, or let the server time out slow clients.",
    "practice", Severity.WARNING,
)  # fmt: skip
CLOSED = Rule(
    "WSGI-IN-04", "The application closes wsgi.input",
    "The stream is the server's, which closes it when it is done.",
    "Do not close it; give no library the stream that closes what it reads.",
    _STREAMS,
)  # fmt: skip
FOREIGN = Rule(
    "WSGI-IN-05", "The application uses more of wsgi.input than every server has",
    "Only read, readline, readlines and iteration may be used. One cannot seek in what comes from a socket.",
    "Read the body once and keep it; io.BytesIO(body) can do the rest.",
    _STREAMS,
)  # fmt: skip
REFUSES_ALL = Rule(
    "WSGI-IN-06", "wsgi.input does not take a size of -1 or None",
    "As with any file, read(-1) and read(None) mean the same as read().",
    "Leave the argument out, or give a real size.",
    _FILES, Severity.WARNING, Fault.SERVER,
)  # fmt: skip
NOT_BYTES = Rule(
    "WSGI-IN-07", "wsgi.input gave something else than bytes",
    "What is read is bytes, and of readlines() a list of bytes.",
    _SERVER_MENDS, f"{_STREAMS}; Unicode Issues", fault=Fault.SERVER,
)  # fmt: skip
TOO_MUCH = Rule(
    "WSGI-IN-08", "read() gave more than was asked for",
    "read(size) returns at most size bytes.",
    _SERVER_MENDS, _FILES, fault=Fault.SERVER,
)  # fmt: skip
CUT = Rule(
    "WSGI-IN-09", "The input ended before the body did",
    "An empty answer means that the body is complete. When the client has gone in the middle, the server raises an "
    "exception: the application must not take a part for the whole.",
    "Compare what you have read with CONTENT_LENGTH before you use it.",
    _STREAMS, Severity.WARNING, Fault.SERVER,
)  # fmt: skip
NO_END = Rule(
    "WSGI-IN-10", "The input does not end where the body ends",
    "After CONTENT_LENGTH bytes the server says that there is no more, at once: with more than that the application "
    "reads the next request, or waits for it.",
    "Never read past CONTENT_LENGTH.",
    _STREAMS, Severity.WARNING, Fault.SERVER,
)  # fmt: skip
LINES = Rule(
    "WSGI-IN-11", "A line of the input was cut short",
    "readline() and iteration give whole lines with their newline; only the last one may lack it, and nothing means "
    "the end.",
    _SERVER_MENDS, _FILES, fault=Fault.SERVER,
)  # fmt: skip
LINE_SIZE = Rule(
    "WSGI-IN-12", "readline() does not keep to its size",
    "readline(size) gives a line, but at most size bytes of it.",
    "Call readline() without a size, or read the body at once.",
    _STREAMS, Severity.WARNING, Fault.SERVER,
)  # fmt: skip
READLINES = Rule(
    "WSGI-IN-13", "readlines() does not give the lines of the body",
    "readlines() gives all lines that are left, each with its newline.",
    _SERVER_MENDS, _FILES, fault=Fault.SERVER,
)  # fmt: skip
UNREAD = Rule(
    "WSGI-IN-14", "The body was not read to its end",
    "What the application leaves the server has to read and throw away, or it must close the connection: the client "
    "may see a reset and not the response.",
    "Read the body, or refuse it early by its length.",
    "RFC 9112 section 9.3", Severity.NOTE,
)  # fmt: skip


@dataclass(slots=True)
class Read:
    """A read, with where in the body it began. ``asked``: the size given; None: as much as there is."""

    event: Event
    name: str
    begins: int
    asked: int | None
    given: bool  #: whether a size was given at all

    @property
    def ends(self) -> int:
        """Where it ended."""
        return self.begins + self.event.size

    @property
    def seconds(self) -> float:
        """How long it took."""
        began = self.event.info.get("began")
        return (self.event.t_ns - began) / _SECOND if isinstance(began, int) else 0.0


def reads(call: Call) -> list[Read]:
    """Every read that gave something, in order, as long as the call went on."""
    found: list[Read] = []
    position = 0
    for event in call.of(*_METHODS):
        if call.is_late(event):
            break
        asked, given = _size(event)
        found.append(Read(event, event.type.partition(".")[2], position, asked, given))
        position += event.size
    return found


_METHODS = frozenset(("input.read", "input.readline", "input.readlines", "input.iterate"))


def _size(event: Event) -> tuple[int | None, bool]:
    """The size that was asked for, None for all; and whether one was given."""
    args, keywords = event.info.get("args"), event.info.get("kwargs")
    values = [*(args if isinstance(args, list) else []), *(keywords.values() if isinstance(keywords, dict) else [])]
    if not values:
        return None, False
    size = values[0]
    return (size, True) if isinstance(size, int) and size >= 0 else (None, True)


def expected(call: Call) -> int | None:
    """How long the body is: 0 without CONTENT_LENGTH; None if it is chunked, or nobody knows."""
    length = call.environ.get("CONTENT_LENGTH")
    if length:
        return number(length)
    return None if is_chunked(call) or not call.environ else 0


def is_chunked(call: Call) -> bool:
    """Whether the request's body came in chunks, without a length."""
    told = str(call.environ.get("HTTP_TRANSFER_ENCODING", ""))
    told = told or (call.asked.get("transfer-encoding") if call.asked is not None else "")
    return "chunked" in told.lower()


@looks(PAST_END, UNBOUNDED, SLOW, CLOSED, FOREIGN)
def asked(call: Call) -> Iterator[Finding]:
    """What the application asks for."""
    for event, name in attributes(call, "input."):
        # Werkzeug takes it where it is there, and does without it where it is not: no harm in that.
        severity = Severity.NOTE if name == "readinto" else None
        rule = CLOSED if name == "close" else FOREIGN
        yield rule.broken(call.case, event, f"It takes wsgi.input.{name}.", severity=severity)
    found = reads(call)
    length, told = expected(call) if found else 0, False
    for read in found:
        if read.seconds * _SECOND > _LONG:
            yield SLOW.broken(call.case, read.event, f"{read.name}() took {read.seconds:.1f} s.")
        if told or length is None or call.environ.get("wsgi.input_terminated"):
            continue
        told = True  # once is enough
        if read.name == "read" and read.asked is None:
            yield UNBOUNDED.broken(call.case, read.event, f"The body has {length} bytes.")
        elif read.asked is not None and read.name in ("read", "readline") and read.begins + read.asked > length:
            detail = f"{read.asked} bytes from {read.begins} on, of {length}."
            yield PAST_END.broken(call.case, read.event, detail)
        else:
            told = False


@looks(REFUSES_ALL, LINE_SIZE)
def refused(call: Call) -> Iterator[Finding]:
    """Exceptions where none belongs."""
    for event in call.raised_by_server:
        where, args = event.info.get("from"), event.info.get("args")
        if not isinstance(args, list) or exception_name(event) not in ("TypeError", "ValueError", "OverflowError"):
            continue
        detail = f"{str(where).partition('.')[2]}({', '.join(map(shown, args))}) raised {event.info.get('exception')}."
        if where == "input.read" and args in ([-1], [None]):
            yield REFUSES_ALL.broken(call.case, event, detail)
        elif where == "input.readline" and len(args) == 1 and isinstance(args[0], int):
            yield LINE_SIZE.broken(call.case, event, detail)


@looks(NOT_BYTES, TOO_MUCH, CUT, NO_END, LINES, LINE_SIZE, READLINES)
def given(call: Call) -> Iterator[Finding]:
    """What the server gave."""
    found = reads(call)
    wrong = next((read for read in found if "result" in read.event.info), None)
    if wrong is not None:
        detail = f"{wrong.name}() gave {shown(wrong.event.info['result'])}."
        yield NOT_BYTES.broken(call.case, wrong.event, detail)
    if not found or wrong is not None or not call.case.complete or call.of("input.attribute"):
        return
    length = expected(call)
    end = found[-1].ends if length is None else length
    told: set[str] = set()
    for read in found:
        more = read.ends < end
        for rule, detail in _faults(read, length, more=more):
            if rule.id not in told:
                told.add(rule.id)
                yield rule.broken(call.case, read.event, detail)


def _faults(read: Read, length: int | None, *, more: bool) -> Iterator[tuple[Rule, str]]:
    """What is wrong with ``read``. ``more``: there is more of the body after it."""
    size, data = read.event.size, read.event.whole
    too_much = read.asked is not None and size > read.asked
    if length is not None and (read.ends > length > read.begins or (read.begins == length and size)):
        yield NO_END, f"It gave {read.ends} bytes, of {length}."
    elif read.begins == length and read.asked != 0 and read.seconds > 1:
        yield NO_END, f"{read.name}() took {read.seconds:.1f} s to say that there is no more."
    if read.name == "read":
        if too_much:
            yield TOO_MUCH, f"read({read.asked}) gave {size} bytes."
        if not size and more and read.asked != 0:
            yield CUT, f"read() gave nothing after {read.begins} of {length} bytes."
    elif read.name == "readlines":
        yield from _wrong_lines(read, length, data, more=more)
    elif too_much:
        yield LINE_SIZE, f"readline({read.asked}) gave {size} bytes."
    elif more and not size and read.asked != 0:
        yield (LINE_SIZE if read.asked else LINES), f"It gave nothing after {read.begins} bytes, before the end."
    elif more and data and not data.endswith(b"\n") and (read.asked is None or size < read.asked):
        yield LINES, f"It gave {shown(data)}, which is not the last line."


def _wrong_lines(read: Read, length: int | None, data: bytes | None, *, more: bool) -> Iterator[tuple[Rule, str]]:
    count = read.event.info.get("lines")
    if data is not None:
        lines = data.count(b"\n") + (data[-1:] not in (b"", b"\n"))
        if isinstance(count, int) and count != lines:
            yield READLINES, f"It gave {count} lines, and their bytes are those of {lines}."
            return
    if more and length is not None and not read.given:
        yield READLINES, f"It gave {read.event.size} bytes, and {length - read.begins} were left."


@looks(UNREAD)
def unread(call: Call) -> Iterator[Finding]:
    """Whether a part of the body was left."""
    if not call.returned or not call.case.complete or call.client_left_ns or call.of("input.attribute"):
        return
    if call.asked is not None and call.asked.get("expect"):
        return  # the client waits to be asked for it
    found, length = reads(call), expected(call)
    if length is None and not call.environ.get("wsgi.input_terminated"):
        return  # no application knows how to read that (WSGI-IN-16)
    body = call.exchange.request_body.size if call.asked is not None and length is None else length
    left = (body or 0) - sum(read.event.size for read in found)
    failed = any(str(event.info.get("from", "")).startswith("input.") for event in call.raised_by_server)
    if left > 0 and not failed and not any(given(call)):  # else it may not have been for want of reading
        severity = Severity.WARNING if left > _MUCH else None
        last = found[-1].event if found else None
        yield UNREAD.broken(call.case, last, f"{left} of {body} bytes were left.", severity=severity)
