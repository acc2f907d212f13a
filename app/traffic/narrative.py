"""What happened in one exchange, in a few plain lines.

Pure. Says only what the recorded values show: a time that is 0 has not been seen, which is not the same as not having
happened.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.traffic import formats, secrecy
from app.traffic.phases import phases, total_ns
from app.traffic.tracebacks import innermost_own
from inspector.export import cost_words
from inspector.model import Exchange, Kind, ProbeCost, State

_RAISED = "the application raised "  #: how ``Exchange.error`` begins where its exception says the same


@dataclass(frozen=True, slots=True)
class Placed:
    """An exchange with who served it, as the table's row knows it; zeros and empty text are unknown."""

    slot: int = 0
    pid: int = 0
    generation: int = 0
    mode: str = ""
    cost: ProbeCost | None = None  #: what the probe costs a call in that worker


def headline(exchange: Exchange) -> str:
    """One line: what was asked and what came of it."""
    if exchange.kind == Kind.LIFESPAN:
        return f"Lifespan of a worker: {_ending(exchange)}"
    asked = secrecy.asked(exchange.method, exchange.target, 200)
    if exchange.status:
        return f"{asked} → {formats.status(exchange.status)}"
    return f"{asked} → {_ending(exchange)}"


def _ending(exchange: Exchange) -> str:
    if exchange.state == State.OPEN:
        return "still running"
    return "failed" if exchange.state == State.FAILED else "ended"


def story(exchange: Exchange, placed: Placed, now: int = 0) -> list[str]:
    """The lines under the headline, each a sentence."""
    return [
        line
        for line in (
            _served_by(exchange, placed),
            _how_long(exchange, now),
            _longest(exchange, now),
            _after(exchange),
            _probe(exchange, placed.cost),
            _raised(exchange),
            _failed(exchange),
            _replay(exchange),
            exchange.dropped
            and f"Not everything was recorded: {formats.count(exchange.dropped)} messages or payloads"
            " were dropped so that the request did not have to wait.",
        )
        if line
    ]


def _served_by(exchange: Exchange, placed: Placed) -> str:
    if not exchange.called_ns:
        if exchange.state == State.OPEN:
            return "The application has not been called yet: the request waits at the client or in the server."
        return "The application was not seen to be called for this request."
    interface = exchange.interface or "the application"
    where = f"worker {placed.slot} (pid {placed.pid}, generation {placed.generation})" if placed.slot else "a worker"
    under = f" under {placed.mode}" if placed.mode else ""
    task = f", in {exchange.task}" if exchange.task else ""
    return f"Served through {interface} by {where}{under}{task}."


def _how_long(exchange: Exchange, now: int) -> str:
    total = total_ns(exchange, now if exchange.state == State.OPEN else 0)
    if exchange.state == State.OPEN:
        return f"Running for {formats.duration(total)} so far." if total else "Still open when recording stopped."
    if exchange.kind not in (Kind.HTTP, Kind.SSE):
        return f"Took {formats.duration(total)}."
    sizes = f"{formats.size(exchange.request_body.size)} in, {formats.size(exchange.response_body.size)} out"
    return f"Took {formats.duration(total)}; bodies: {sizes}."


def _longest(exchange: Exchange, now: int) -> str:
    found = phases(exchange, now if exchange.state == State.OPEN else 0)
    total = sum(phase.length_ns for phase in found)
    if len(found) < 2:
        return ""
    longest = max(found, key=lambda phase: phase.length_ns)
    if longest.name == "buffered" and exchange.state == State.FAILED:
        return ""  # there was nothing to finish: how it was cut is told
    share = round(100 * longest.length_ns / total)
    return f"{share} % of it was {WHERE[longest.name]}." if share >= 50 else ""


#: Each phase in a sentence.
WHERE = {
    "wait": "waiting for the client to send its request, or for a server to take it",
    "queue": "queueing in the server before the application was called",
    "app": "the application, before it answered",
    "server": "between server and application",
    "sending": "the application handing over its response",
    "buffered": "the server, when the application was done with its response",
    "held": "the client being slow to take the response",
    "connected": "the open connection",
    "after": "work after the response had been sent",
}


def _after(exchange: Exchange) -> str:
    if exchange.closed_ns and exchange.returned_ns > exchange.closed_ns:
        held = formats.duration(exchange.returned_ns - exchange.closed_ns)
        return f"The application held its worker for another {held} after the last byte."
    return ""


def _probe(exchange: Exchange, cost: ProbeCost | None) -> str:
    """Not of what goes on and on: there it costs by the message."""
    took = exchange.returned_ns - exchange.called_ns
    if cost is None or exchange.kind != Kind.HTTP or not exchange.called_ns or took <= cost.probe_ns:
        return ""
    part = cost_words.share(cost.probe_ns, took)
    return f"The probe's share: about {cost_words.short(cost.probe_ns)} of the call's {cost_words.short(took)}, {part}."


def _raised(exchange: Exchange) -> str:
    if not exchange.exception:
        return ""
    last = exchange.exception.rstrip().rsplit("\n", 1)[-1]
    moment = "after its response had begun" if exchange.started_ns else "before it had answered"
    frame = innermost_own(exchange.exception)
    stop = "" if last.endswith(".") else "."
    where = f"{stop} It came from {formats.cell(str(frame), 300)}." if frame else ""
    return f"An exception left the application {moment}: {formats.cell(last, 300)}{where}"


def _failed(exchange: Exchange) -> str:
    told = exchange.exception and exchange.error.startswith(_RAISED)
    return f"It failed: {exchange.error}.".replace("..", ".") if exchange.error and not told else ""


def _replay(exchange: Exchange) -> str:
    if not exchange.replay_of:
        return ""
    if not exchange.replay_run:
        return f"An edited request, made of exchange {exchange.replay_of}."
    return f"A replay of exchange {exchange.replay_of}, in run {exchange.replay_run}."
