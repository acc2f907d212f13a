"""The rules about what the server made of the application's response on the wire.

Pure. Asked only where the response came through the proxy and is the server's. The clock is one for the whole machine,
so that what was on the wire before the application said it cannot have come from there.

Source: PEP 3333, "The start_response() Callable", "Buffering and Streaming" and "Error Handling".
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.contract.case import Event
from inspector.contract.rule import Rule
from inspector.contract.wsgi_call import HOP_BY_HOP, Call, Start, looks
from inspector.contract.wsgi_sequence import EARLY_RAISE as EARLY
from inspector.model import Fault, Finding, Severity

_START = "PEP 3333, The start_response() Callable"
_SECOND = 1_000_000_000

NOT_REPLACED = Rule(
    "WSGI-SR-21", "The server did not replace what had been announced",
    "start_response with exc_info replaces status and headers, all of them, as long as nothing was sent.",
    "Call start_response only when you know the outcome.",
    _START, Severity.WARNING, Fault.SERVER,
)  # fmt: skip
EMPTY_LOST = Rule(
    "WSGI-SR-28", "The server lost the response because it has no body",
    "A response without a body is sent with the status and headers that were announced, when the iterable ends.",
    "Until the server is mended, return [b''] or a body.",
    _START, fault=Fault.SERVER,
)  # fmt: skip
LATE_LOST = Rule(
    "WSGI-IT-10", "The server did not wait for start_response",
    "An application may call start_response as late as when its first piece is asked for, as generators do. The server "
    "sent the response without it.",
    "Call start_response before you return, and let a second function be the generator.",
    "PEP 3333, Specification Details", fault=Fault.SERVER,
)  # fmt: skip
FOR_NOBODY = Rule(
    "WSGI-IT-15", "The server went on for a client that was gone",
    "When the client leaves, the server closes the result, so that nothing is produced for nobody.",
    "Bound what a response may take; a server that notices will save you the rest.",
    "PEP 3333, Specification Details", Severity.WARNING, Fault.SERVER,
)  # fmt: skip
HELD_BACK = Rule(
    "WSGI-WR-07", "The server held a piece of the body back",
    "Each piece goes out before the application is asked for the next, or while it works on that.",
    "Look for buffering in the server or its worker class.",
    "PEP 3333, Buffering and Streaming", fault=Fault.SERVER,
)  # fmt: skip
ERROR_HIDDEN = Rule(
    "WSGI-APP-12", "The client cannot see that the response failed",
    "An exception in the middle ends the response so that the client notices, by an end without the last chunk; one "
    "before the beginning is a status of 500 or above.",
    "Read the server's log for such errors; clients will not report them.",
    "PEP 3333, Error Handling; RFC 9112 section 8", Severity.WARNING, Fault.SERVER,
)  # fmt: skip

#: What servers add, replace or leave out by themselves.
_SERVERS_OWN = HOP_BY_HOP | {"date", "server", "content-length", "content-type"}
#: How long a piece may be on its way before we say that it is held back: much longer than any of us takes.
_PROMPT = _SECOND


@looks(NOT_REPLACED, EMPTY_LOST, LATE_LOST)
def head(call: Call) -> Iterator[Finding]:
    """Whether status and headers are the application's."""
    start, answered = call.announced, call.answered
    if start is None or answered is None or not start.code or call.failure is not None or not call.case.complete:
        return
    if not call.all_bytes or any(event.info.get("from") == "start_response" for event in call.raised_by_server):
        return  # it answers as it likes then
    if start.has_exc_info and not start.committed and len(call.starts) > 1:
        detail = _replaced(call, start) or _lacking(call, start)
        if detail:
            yield NOT_REPLACED.broken(call.case, start.event, detail)
    elif call.exhausted is not None and not call.data:
        if call.exchange.status != start.code:
            yield EMPTY_LOST.broken(call.case, start.event, _lacking(call, start))
    elif start.within and not start.committed and (detail := _lacking(call, start)):
        yield LATE_LOST.broken(call.case, start.event, detail)


def _lacking(call: Call, start: Start) -> str:
    """What of ``start`` is not on the wire; empty: nothing."""
    if call.exchange.status != start.code:
        return f"The status is {call.exchange.status} on the wire, and {start.code} was announced."
    there = {name.lower() for name, _ in call.answer.headers}
    missing = [name for name, _ in start.pairs if name not in there and name not in _SERVERS_OWN]
    return f"{', '.join(missing)} is missing on the wire." if missing else ""


def _replaced(call: Call, start: Start) -> str:
    """What of the starts before ``start`` is on the wire, though it is not of ``start``."""
    names = {name for name, _ in start.pairs} | _SERVERS_OWN
    earlier = call.starts[: call.starts.index(start)]
    old = {(name, value) for each in earlier for name, value in each.pairs if name not in names}
    kept = [name for name, value in call.answer.headers if (name.lower(), value) in old]
    return f"{', '.join(kept)} of the one before is still there." if kept else ""


@looks(EARLY)
def early(call: Call) -> Iterator[Finding]:
    """Whether the head was held back until there was a body."""
    answered, start = call.answered, call.announced
    first = next((event for event in call.pieces if event.size), None) or call.exhausted
    if answered is None or first is None or start is None or not call.case.complete:
        return
    if ("content-length", "0") in start.pairs:
        return  # PEP 3333 names it as the one exception: there is nothing to wait for
    if start.event.t_ns < answered.t_ns < first.t_ns and call.exchange.status == start.code:
        early_ms = (first.t_ns - answered.t_ns) / 1e6
        detail = f"They were on the wire {early_ms:.2g} ms before the first piece of the body, or its end."
        yield EARLY.broken(call.case, answered, detail)


@looks(FOR_NOBODY)
def abandoned(call: Call) -> Iterator[Finding]:
    """Whether the server stops when the client goes."""
    gone = next((event.t_ns for event in call.case.wire if event.type == "client.gone"), 0)
    after = [event for event in call.pieces if gone and event.t_ns > gone + _SECOND]
    if after:
        seconds = (after[-1].t_ns - gone) / _SECOND
        detail = f"{len(after)} pieces were asked for more than a second later, the last after {seconds:.1f} s."
        yield FOR_NOBODY.broken(call.case, after[0], detail)


@looks(HELD_BACK)
def buffering(call: Call) -> Iterator[Finding]:
    """Whether pieces go out as they come."""
    if call.answered is None or not call.case.complete or call.is_head or call.client_left_ns:
        return
    if call.exchange.response_body.size < sum(event.size for event in call.data):
        return  # cut, for whatever reason: what is missing was not held back
    body = [event for event in call.case.wire if event.type == "response.body"]
    handed = arrived = index = 0
    for piece, following in zip(call.pieces, call.pieces[1:], strict=False):
        handed += piece.size
        while index < len(body) and body[index].t_ns <= following.t_ns:
            arrived += body[index].size
            index += 1
        if following.t_ns - piece.t_ns > _PROMPT and arrived < handed:
            seconds = (following.t_ns - piece.t_ns) / _SECOND
            detail = f"{handed - arrived} bytes were not out when the next piece came, {seconds:.1f} s later."
            yield HELD_BACK.broken(call.case, piece, detail)
            return


@looks(ERROR_HIDDEN)
def failure(call: Call) -> Iterator[Finding]:
    """Whether the client could see that the application failed."""
    answered, failed = call.answered, call.failure
    if answered is None or failed is None or (call.closed is not None and "raised" not in call.closed.info):
        return
    if call.data:
        if _ended_in_chunks(call, call.case.wire):
            yield ERROR_HIDDEN.broken(call.case, failed, "The response has its last chunk, as if it were complete.")
    elif call.exchange.status < 500 and not call.passed_on:
        detail = f"The status is {call.exchange.status}, and nothing had been handed over before."
        yield ERROR_HIDDEN.broken(call.case, failed, detail, severity=Severity.NOTE)


def _ended_in_chunks(call: Call, wire: list[Event]) -> bool:
    chunks = "chunked" in call.answer.get("transfer-encoding").lower()
    cut = any(event.type in ("upstream.gone", "client.gone") for event in wire)
    return chunks and not cut and call.exchange.closed_ns > 0
