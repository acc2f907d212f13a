"""The call of an ASGI application as a whole: how it ended, and who called what from where.

Pure. What an exception means depends on what had been said until then.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.contract.case import Case, Event
from inspector.contract.rule import ASGI, Rule, checks
from inspector.contract.stages import COMPLETE, Stage
from inspector.model import Fault, Finding, Severity

_APPLICATIONS = "ASGI specification 3.0, Applications"
_ERRORS = "ASGI specification 3.0, Error Handling"

SECOND = 1_000_000_000
#: Seconds that a connection may stay open after the application has failed.
LINGER = 5

APP_02 = Rule(
    "ASGI-APP-02", "What the server called is no ASGI application",
    "An application takes scope, receive and send, and gives something to await.",
    "Look at the import string: a WSGI application needs a WSGI server or an adapter, a factory has to be called, and "
    "a class needs an instance.",
    _APPLICATIONS,
)  # fmt: skip
APP_03 = Rule(
    "ASGI-APP-03", "The application speaks ASGI 2",
    "Since ASGI 3 an application is called once, with scope, receive and send. Most servers no longer call it twice.",
    "Write it as async def app(scope, receive, send).",
    "ASGI specification 3.0, Legacy Applications", Severity.NOTE,
)  # fmt: skip
APP_06 = Rule(
    "ASGI-APP-06", "An exception left the application before it had answered",
    "The server answers for it, with status 500, or refuses the WebSocket.",
    "Catch it and answer yourself, so that the client learns what is wrong.",
    _ERRORS, Severity.WARNING,
)  # fmt: skip
APP_07 = Rule(
    "ASGI-APP-07", "An exception cut the response short",
    "The response had begun, so the client cannot be told: the connection is cut.",
    "Do what may fail before the response starts; the traceback says where it failed.",
    _ERRORS, Severity.WARNING,
)  # fmt: skip
APP_08 = Rule(
    "ASGI-APP-08", "An exception left the application after its response was complete",
    "The client has a complete response, and sees no error; only the server's log has it.",
    "Look at what runs after the response: background tasks, middleware that cleans up.",
    _ERRORS, Severity.WARNING,
)  # fmt: skip
APP_11 = Rule(
    "ASGI-APP-11", "receive or send was called from another thread",
    "Both belong to the event loop that called the application, and are not safe to use from elsewhere.",
    "From a thread, hand it over: asyncio.run_coroutine_threadsafe(send(message), loop).",
    "ASGI specification 3.0, Overview",
)  # fmt: skip
APP_13 = Rule(
    "ASGI-APP-13", "A message was sent after the application had returned",
    "receive and send are over when the call is.",
    "Await the task that sends before you return.",
    _APPLICATIONS,
)  # fmt: skip
APP_15 = Rule(
    "ASGI-APP-15", "The application was done, and the server left the client waiting",
    "When an application ends without a complete response, the server closes the connection.",
    "This is the server's to mend; an application that always answers does not meet it.",
    _ERRORS, fault=Fault.SERVER,
)  # fmt: skip

#: Not errors of an application: it is being ended.
_ENDED = ("CancelledError", "KeyboardInterrupt", "GeneratorExit", "SystemExit")


@checks(APP_02, on=ASGI)
def is_an_application(case: Case) -> Iterator[Finding]:
    """Could it be called at all?"""
    ended = case.ended
    if ended is None or ended.type != "raise" or len(case.app) > 2:
        return
    error = str(ended.info.get("exception", ""))
    if error.startswith("TypeError") and "\n  File " not in case.exchange.exception:  # no line of it was run
        yield APP_02.broken(case, ended, f"Calling it raised {error[:300]}")


@checks(APP_03, on=("lifespan",))
def is_up_to_date(case: Case) -> Iterator[Finding]:
    """Is it of version 3? Said once in its life."""
    if case.exchange.interface == "ASGI2":
        yield APP_03.broken(case, None, "It was called twice: with the scope, then with receive and send.")


@checks(APP_06, APP_07, APP_08, on=("http", "websocket"))
def keeps_its_exceptions(case: Case) -> Iterator[Finding]:
    """Did an exception leave it that was not the server's own?"""
    ended = case.ended
    if ended is None or ended.type != "raise" or not case.complete:
        return
    error = str(ended.info.get("exception", "an exception"))
    if error.partition(":")[0].rpartition(".")[2] in _ENDED or case.deserted or _the_servers(case):
        return
    stage = case.walk.last
    if stage in (Stage.NEW, Stage.CONNECTING):
        # To raise at once is how an application says that it does not speak WebSockets.
        severity = Severity.NOTE if case.protocol == "websocket" and stage is Stage.NEW else None
        yield APP_06.broken(case, ended, error[:300], severity=severity)
    elif stage in COMPLETE or stage in (Stage.CLOSED, Stage.GONE):
        start = case.walk.start
        status = start.info.get("status") if start is not None else 0
        if isinstance(status, int) and status >= 500:
            detail = f"{error[:300]} (It had answered {status}: frameworks do that to have the server log the error.)"
            yield APP_08.broken(case, ended, detail, severity=Severity.NOTE)
        else:
            yield APP_08.broken(case, ended, error[:300])
    else:
        yield APP_07.broken(case, ended, error[:300])


@checks(APP_11, on=ASGI)
def stays_in_its_thread(case: Case) -> Iterator[Finding]:
    """Were receive and send called by the event loop's thread?"""
    for event in case.app:
        if "gatescope.thread" in event.info:
            detail = f"{event.type} came from the thread {event.info['gatescope.thread']}."
            yield APP_11.broken(case, event, detail)


@checks(APP_13, on=ASGI)
def is_silent_afterwards(case: Case) -> Iterator[Finding]:
    """Was anything sent when the call was over?"""
    ended = case.ended
    if ended is None:
        return
    for event in case.app:
        if event.t_ns > ended.t_ns and event.direction == "out":
            late = (event.t_ns - ended.t_ns) / 1_000_000
            yield APP_13.broken(case, event, f"{event.type} was sent {late:.0f} ms after the call had ended.")


@checks(APP_15, on=("http",))
def is_followed_by_an_end(case: Case) -> Iterator[Finding]:
    """Did the server end what the application did not?"""
    ended, exchange = case.ended, case.exchange
    if ended is None or case.walk.last in COMPLETE or not case.complete:
        return
    for event in case.wire:
        if (
            event.type == "client.gone"
            and event.t_ns - ended.t_ns > LINGER * SECOND
            and not exchange.response_body.size
        ):
            waited = (event.t_ns - ended.t_ns) / SECOND
            yield APP_15.broken(case, event, f"The client gave up {waited:.0f} s after the application had ended.")


def _the_servers(case: Case) -> bool:
    """Whether what left the application is what the server had raised at it, or came of that."""
    texts = [_raised(event) for event in case.app if event.type == "raise" and event.direction == "in"]
    return any(text and text in case.exchange.exception for text in texts)


def _raised(event: Event) -> str:
    return str(event.info.get("exception", "")).strip().rstrip(":")
