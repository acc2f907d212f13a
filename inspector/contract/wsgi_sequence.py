"""The rules about the order of what application and server do in a call: one state machine, in two tables.

Pure. ``LEGAL`` has what may follow what, ``OFFENCES`` which rule each other step breaks; together they name every step
at every state. What has to be said besides, of an error after the beginning, is asked of ``start_response`` alone.

Source: PEP 3333, "Specification Details" and "The start_response() Callable".
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from itertools import islice

from inspector.contract.case import Event
from inspector.contract.rule import Rule
from inspector.contract.wsgi_call import Call, Start, exception_name, is_piece, looks
from inspector.model import Fault, Finding, Severity

_DETAILS = "PEP 3333, Specification Details"
_START = "PEP 3333, The start_response() Callable"


class State(enum.Enum):
    """Where a call stands."""

    IDLE = enum.auto()  #: nothing was announced
    SET = enum.auto()  #: status and headers are announced
    COMMITTED = enum.auto()  #: a part of the body was handed over
    DRAINED = enum.auto()  #: there is no more of it
    CLOSING = enum.auto()  #: the result's close() runs
    CLOSED = enum.auto()  #: it has run, and the call is over
    OVER = enum.auto()  #: the call is over without that
    LOST = enum.auto()  #: the beginning was wrong, and what follows from that is not told


class Step(enum.Enum):
    """What somebody does."""

    START = enum.auto()  #: start_response without exc_info
    RESTART = enum.auto()  #: with it
    EMPTY = enum.auto()  #: an empty piece of the body
    DATA = enum.auto()
    WRITE = enum.auto()  #: write(), while the application's callable runs
    LATE_WRITE = enum.auto()  #: write(), when it has returned
    READ = enum.auto()  #: of wsgi.input
    STOP = enum.auto()  #: the iterable is exhausted
    CLOSE = enum.auto()


TWICE = Rule(
    "WSGI-SR-16", "start_response was called twice",
    "It is called once. An error handler that has to replace what was announced passes exc_info as the third argument, "
    "which says that it is on purpose.",
    "In the except block: start_response('500 Internal Server Error', headers, sys.exc_info()).",
    _START,
)  # fmt: skip
TRAPPED = Rule(
    "WSGI-SR-19", "The application went on after it was too late for an error page",
    "When a part of the response is out, start_response with exc_info raises the exception again; the application lets "
    "that pass, so that the server cuts the response and nobody takes it for complete.",
    "Do not catch what start_response raises.",
    _START,
)  # fmt: skip
NOT_RAISED = Rule(
    "WSGI-SR-20", "The server did not raise though the response had begun",
    "start_response with exc_info raises the exception when headers are out already. Here the application was let go "
    "on, and its error page becomes a part of the first response.",
    "Begin the body only when nothing can fail any more; tell the server's makers.",
    _START, fault=Fault.SERVER,
)  # fmt: skip
EARLY_RAISE = Rule(
    "WSGI-SR-23", "The headers were out before there was a body",
    "A server keeps status and headers back until the first piece of the body that is not empty: until then the "
    "application may replace them.",
    "Do not yield empty pieces before the first real one.",
    _START, fault=Fault.SERVER,
)  # fmt: skip
TOO_LATE = Rule(
    "WSGI-SR-24", "The body began before start_response was called",
    "start_response is called before the first piece of the body is handed over: status and headers go first.",
    "Call start_response before you return or yield; in a generator, before the first yield.",
    _DETAILS,
)  # fmt: skip
NEVER = Rule(
    "WSGI-SR-25", "start_response was never called",
    "Each call announces a status and headers, also where there is no body.",
    "Call start_response in every branch before you return.",
    _DETAILS,
)  # fmt: skip
AFTERWARDS = Rule(
    "WSGI-APP-10", "start_response was called when the request was over",
    "start_response belongs to one request and ends with it. Depending on the server nothing happens, or another "
    "request is hit.",
    "Do not hand start_response to threads that outlive the request.",
    _START, Severity.WARNING,
)  # fmt: skip
WRITE_LATE = Rule(
    "WSGI-WR-04", "write() was called after the application had returned",
    "write() is for the time before the application returns its iterable; what is written later may get between or "
    "before what is yielded.",
    "Yield everything.",
    "PEP 3333, The write() Callable",
)  # fmt: skip
WRITE_AFTERWARDS = Rule(
    "WSGI-WR-05", "write() was called when the request was over",
    "write() belongs to one request and ends with it: then the connection may be closed, or carry another response.",
    "Do not hand write() to threads that outlive the request.",
    "PEP 3333, The write() Callable",
)  # fmt: skip
READ_AFTERWARDS = Rule(
    "WSGI-IN-15", "wsgi.input was read when the request was over",
    "The input belongs to one request and ends with it: later there is nothing to read, or another request's body.",
    "Read the body before you return, and give threads the bytes and not the stream.",
    "PEP 3333, Input and Error Streams", Severity.WARNING,
)  # fmt: skip
CLOSED_TWICE = Rule(
    "WSGI-IT-05", "The result was closed twice",
    "The server calls close() once, at the end of the request.",
    "Let close() bear it: do nothing the second time.",
    _DETAILS, Severity.WARNING, Fault.SERVER,
)  # fmt: skip
NEXT_AFTER_CLOSE = Rule(
    "WSGI-IT-06", "The server goes on iterating over a closed result",
    "After close() the server does not ask for more.",
    "This is for the server to mend.",
    _DETAILS, fault=Fault.SERVER,
)  # fmt: skip
NEXT_AFTER_STOP = Rule(
    "WSGI-IT-13", "The server asks for more after the end",
    "An iterator that has said that there is no more says so again, or ought to; some do not.",
    "Let the iterator raise StopIteration each time.",
    "PEP 234", Severity.NOTE, Fault.SERVER,
)  # fmt: skip

_ALWAYS = {Step.READ: None, Step.CLOSE: State.CLOSING}  # None: the state stays
_BODY = {Step.EMPTY: None, Step.DATA: State.COMMITTED, Step.WRITE: State.COMMITTED, Step.STOP: State.DRAINED}
_STARTS = (Step.START, Step.RESTART)

#: What may be done at each state, and where it leads.
LEGAL: dict[State, dict[Step, State | None]] = {
    State.IDLE: {**_ALWAYS, Step.START: State.SET, Step.RESTART: State.SET, Step.WRITE: None, Step.LATE_WRITE: None},
    State.SET: {**_ALWAYS, **_BODY, Step.RESTART: None},
    State.COMMITTED: {**_ALWAYS, **_BODY, Step.RESTART: None},
    State.DRAINED: {**_ALWAYS, Step.RESTART: None, Step.WRITE: None},
    State.CLOSING: {Step.READ: None},
    State.CLOSED: {},
    State.OVER: {},
    State.LOST: dict.fromkeys(Step) | {Step.CLOSE: State.CLOSING},
}  # fmt: skip

_AT_THE_END = {
    Step.START: AFTERWARDS, Step.RESTART: AFTERWARDS, Step.WRITE: WRITE_AFTERWARDS, Step.LATE_WRITE: WRITE_AFTERWARDS,
    Step.CLOSE: CLOSED_TWICE,
}  # fmt: skip
_AFTER_ALL = {**_AT_THE_END, Step.READ: READ_AFTERWARDS}
_MORE = (Step.EMPTY, Step.DATA, Step.STOP)

#: What else is done breaks these.
OFFENCES: dict[State, dict[Step, Rule]] = {
    State.IDLE: {Step.EMPTY: TOO_LATE, Step.DATA: TOO_LATE, Step.STOP: NEVER},
    State.SET: {Step.START: TWICE, Step.LATE_WRITE: WRITE_LATE},
    State.COMMITTED: {Step.START: TWICE, Step.LATE_WRITE: WRITE_LATE},
    State.DRAINED: {Step.START: TWICE, Step.LATE_WRITE: WRITE_LATE, **dict.fromkeys(_MORE, NEXT_AFTER_STOP)},
    State.CLOSING: {**_AT_THE_END, **dict.fromkeys(_MORE, NEXT_AFTER_CLOSE)},
    State.CLOSED: {**_AFTER_ALL, **dict.fromkeys(_MORE, NEXT_AFTER_CLOSE)},
    State.OVER: {**_AFTER_ALL, **dict.fromkeys(_MORE, NEXT_AFTER_STOP)},
    State.LOST: {},
}
#: Where an offence leads, if the state does not stay.
_LEADS = {TOO_LATE.id: State.LOST, NEVER.id: State.LOST}

_WORDS = {
    AFTERWARDS: "It was called when the server had been told that all is done.",
    TWICE: "It was called again, without exc_info.",
    TOO_LATE: "The first piece of the body was handed over before it.",
    NEVER: "The iterable ended without it.",
    WRITE_LATE: "The application had returned its iterable before.",
    WRITE_AFTERWARDS: "The call had ended before.",
    READ_AFTERWARDS: "The call had ended before.",
    CLOSED_TWICE: "close() had been called before.",
    NEXT_AFTER_CLOSE: "close() had been called before.",
    NEXT_AFTER_STOP: "The iterable had ended before.",
}


@looks(*_WORDS)
def order(call: Call) -> Iterator[Finding]:
    """Steps that are not to be made where they are."""
    state, within = State.IDLE, False
    for event in call.events:
        if call.is_late(event):
            state = State.CLOSED if state in (State.CLOSING, State.CLOSED) else State.OVER
        for step in _steps(event, within):
            rule = OFFENCES[state].get(step)
            if rule is not None:
                yield rule.broken(call.case, event, _WORDS[rule])
                state = _LEADS.get(rule.id, state)
            else:
                state = LEGAL[state][step] or state
        within = within or event.type == "return"


def _steps(event: Event, within: bool) -> list[Step]:
    """What ``event`` does: nothing, one thing, or for the last piece of a list two."""
    kind = event.type
    if kind == "start_response":
        return [Step.RESTART if event.info.get("exc_info") is not None else Step.START]
    if kind == "close":
        return [Step.CLOSE]
    if kind.startswith("input.") and kind != "input.attribute":
        return [Step.READ]
    steps: list[Step] = []
    if is_piece(event):
        if kind == "write":
            steps.append(Step.LATE_WRITE if within else Step.WRITE)
        else:
            steps.append(Step.DATA if event.size or "data" in event.info else Step.EMPTY)
    if kind == "iterate" and event.info.get("stop"):
        steps.append(Step.STOP)
    return steps


@looks(TRAPPED, NOT_RAISED, EARLY_RAISE)
def too_late_for_an_error_page(call: Call) -> Iterator[Finding]:
    """start_response with exc_info: what the server made of it, and the application of that."""
    for start in call.starts:
        if not start.has_exc_info or start.event.info.get("exc_info_type"):
            continue
        if start.committed and not start.raised and call.case.complete and _followed(call, start):
            yield NOT_RAISED.broken(call.case, start.event, "It returned as if nothing had been sent.")
        elif start.committed and start.raised and _trapped(call, start):
            yield TRAPPED.broken(call.case, start.event, f"It raised {start.raised}, and the application went on.")
        elif start.raised and not start.committed and call.case.complete and _replaces(call, start):
            detail = f"It raised {start.raised}, though nothing but empty pieces had been handed over."
            yield EARLY_RAISE.broken(call.case, start.event, detail)


def _followed(call: Call, start: Start) -> bool:
    """Whether start_response is known to have come back."""
    return call.returned or call.events[-1] is not start.event


def _trapped(call: Call, start: Start) -> bool:
    after = islice(call.events, start.index + 2, None)  # but for what it raised
    if any(is_piece(event) or event.type == "start_response" for event in after):
        return True
    return call.returned and call.case.complete and call.failure is None


def _replaces(call: Call, start: Start) -> bool:
    """Whether ``start`` would replace an earlier one, with the server raising the application's own exception again:
    not refusing its arguments.
    """
    given = str(start.event.info.get("exc_info")).rstrip().rpartition("\n")[2].partition(":")[0].rpartition(".")[2]
    replaces = start.begun and start is not call.starts[0]
    return replaces and exception_name(call.events[start.index + 1]) == given
