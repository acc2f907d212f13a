"""What no specification forbids and hurts all the same: slow starts, tiny pieces, work that goes on. Both interfaces.

Pure. Limits are constants here.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.contract.answer import answer_of
from inspector.contract.case import Case
from inspector.contract.rule import Rule, checks
from inspector.model import Finding, Kind, Severity

SECOND = 1_000_000_000
#: Seconds of work after a response was complete: worth a note, worth a warning.
AFTER, LONG_AFTER = 1, 10
#: Seconds of work after the client had left.
IN_VAIN = 5
#: Seconds until the response starts.
SLOW = 2
#: Seconds that a WSGI request may hold its thread.
HELD = 30
#: Pieces of a body, and how many bytes they have on average: more of them, and smaller ones, cost more than they carry.
MANY, TINY = 200, 64
#: Bytes of one message.
HUGE = 10 * 1024 * 1024

PRAC_03 = Rule(
    "PRAC-03", "The application worked on after its response was complete",
    "Work after the response holds a task or thread of the worker, and is lost when the worker ends.",
    "Leave long work to a queue or another process.",
    "practice", Severity.NOTE,
)  # fmt: skip
PRAC_04 = Rule(
    "PRAC-04", "The application worked on for a client that had left",
    "Nobody receives the result any more.",
    "Look for http.disconnect between steps (ASGI), or limit the time that a request may take.",
    "practice", Severity.WARNING,
)  # fmt: skip
PRAC_07 = Rule(
    "PRAC-07", "The response started late",
    "A client sees nothing until the response starts.",
    "Look at what the application did in the meantime: a slow query, a call to another service.",
    "practice", Severity.NOTE,
)  # fmt: skip
PRAC_08 = Rule(
    "PRAC-08", "The body was sent in a great many small pieces",
    "Each piece costs a system call or more, and goes out as a packet of its own.",
    "Gather pieces until there are some kilobytes, or some milliseconds have passed.",
    "practice", Severity.NOTE,
)  # fmt: skip
PRAC_09 = Rule(
    "PRAC-09", "A very large piece of a body was sent at once",
    "All of it is in memory, often several times over.",
    "Send it in pieces of 64 KiB or so.",
    "practice", Severity.NOTE,
)  # fmt: skip
PRAC_10 = Rule(
    "PRAC-10", "A request held its thread for a long time",
    "A WSGI server has one thread, or a few, and others wait while one streams or polls.",
    "Serve long streams by ASGI, or with many threads (gthread, gevent).",
    "practice", Severity.NOTE,
)  # fmt: skip


@checks(PRAC_03, PRAC_04, PRAC_07, PRAC_10, on=("http", "WSGI"))
def takes_its_time(case: Case) -> Iterator[Finding]:
    """How long did each part take?"""
    exchange = case.exchange
    if exchange.started_ns - exchange.called_ns > SLOW * SECOND:
        yield PRAC_07.broken(case, None, f"It started after {_seconds(exchange.started_ns - exchange.called_ns)}.")
    if not exchange.returned_ns:
        return
    answer = case.view(answer_of)
    held = exchange.returned_ns - exchange.called_ns
    after = exchange.returned_ns - exchange.last_app_ns
    left = case.client_left_ns
    if case.wsgi and held > HELD * SECOND:
        yield PRAC_10.broken(case, None, f"It was held for {_seconds(held)}.")
    if answer is not None and answer.whole and exchange.last_app_ns and after > AFTER * SECOND:
        severity = Severity.WARNING if after > LONG_AFTER * SECOND else None
        yield PRAC_03.broken(case, answer.end, f"It returned {_seconds(after)} later.", severity=severity)
    elif left and exchange.returned_ns - left > IN_VAIN * SECOND:
        severity = Severity.NOTE if case.wsgi else None  # which nothing tells that the client has left
        detail = f"It returned {_seconds(exchange.returned_ns - left)} after the client had left."
        yield PRAC_04.broken(case, None, detail, severity=severity)


@checks(PRAC_08, PRAC_09, on=("http", "WSGI"))
def sends_fair_pieces(case: Case) -> Iterator[Finding]:
    """Are the pieces of the body neither tiny nor huge?"""
    answer = case.view(answer_of)
    if answer is None or not answer.body:
        return
    pieces = answer.body
    if len(pieces) > MANY and answer.size < TINY * len(pieces) and case.is_kind(Kind.HTTP):
        yield PRAC_08.broken(case, pieces[0], f"{len(pieces):,} pieces, of {answer.size // len(pieces)} bytes each.")
    largest = max(pieces, key=lambda piece: piece.size)
    if largest.size > HUGE:
        yield PRAC_09.broken(case, largest, f"It has {largest.size / 1024 / 1024:.0f} MiB.")


def _seconds(t_ns: int) -> str:
    return f"{t_ns / SECOND:.1f} s"
