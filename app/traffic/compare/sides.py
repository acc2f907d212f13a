"""What is compared: two exchanges as they are in their traces, and how they are called above their columns.

Knows the trace's reader; no Qt.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.traffic import formats, secrecy
from app.traffic.compare.pairing import Half
from app.traffic.phases import total_ns
from inspector import diff
from inspector.model import Exchange, Message, by_time
from inspector.store.reader import TraceReader

#: Messages of one exchange that are laid beside the other's; a longer one is cut, and says so.
MOST = 2_000
#: Messages of two WebSockets that are compared within a frame: to align them takes quadratic time.
_MOST_COMPARED = 200
_SWITCHED = 101  #: the status with which a WebSocket begins


@dataclass(frozen=True, slots=True)
class Loaded:
    """One exchange with its first messages, and the mode of the instance that took it."""

    exchange: Exchange
    mode: str
    messages: list[Message]

    @property
    def wsgi(self) -> bool:
        """Whether the application was called over WSGI."""
        return self.exchange.interface == "WSGI"

    @property
    def half(self) -> Half:
        """For the pairing."""
        return Half(self.messages, self.wsgi)

    @property
    def title(self) -> str:
        """``ASGI · uvicorn``."""
        named = "ASGI" if self.exchange.interface.startswith("ASGI") else self.exchange.interface or "no probe"
        return f"{named} · {self.mode}" if self.mode else named

    @property
    def request(self) -> str:
        """``GET /json → 200``, or how it failed."""
        exchange = self.exchange
        answer = str(exchange.status) if exchange.status else formats.cell(exchange.error or "no answer yet", 80)
        return formats.cell(f"{secrecy.asked(exchange.method or exchange.kind, exchange.target)} → {answer}", 160)

    @property
    def cut(self) -> str:
        """What is left out, in a sentence; empty when nothing is."""
        if self.exchange.messages <= MOST:
            return ""
        return f"Only the first {formats.count(MOST)} of {formats.count(self.exchange.messages)} messages are shown."


def load(reader: TraceReader, *, identity: int) -> Loaded | None:
    """The exchange; None when the trace has no such."""
    exchange = reader.exchange(identity)
    if exchange is None:
        return None
    [row] = reader.rows([identity])
    return Loaded(exchange, row.mode, by_time(reader.messages(identity, limit=MOST)))


def load_replayed(reader: TraceReader) -> Loaded | str:
    """The one exchange that was replayed into a trace of its own, or why there is none."""
    runs = reader.replay_runs()
    results = reader.replay_results(runs[-1].id) if runs else []
    found = load(reader, identity=results[0].exchange) if results and results[0].exchange else None
    if found is not None:
        return found
    why = results[0].error if results else ""
    return f"The replay left nothing to compare: {why or 'nothing came back'}."


def verdict(left: Loaded, right: Loaded) -> str:
    """How the two answers compare, in a line."""
    sockets = left.exchange.status == right.exchange.status == _SWITCHED
    all_compared = max(left.exchange.messages, right.exchange.messages) <= _MOST_COMPARED
    found = diff.compare(_answer(left, with_messages=all_compared), _answer(right, with_messages=all_compared))
    telling = [one for one in found if not one.volatile]
    took = f"{_took(left)} and {_took(right)}"
    if telling:
        places = ", ".join(dict.fromkeys(f"{one.where} {one.path}".strip() for one in telling[:4]))
        return f"The answers differ in: {formats.cell(places, 160)}. They took {took}."
    if sockets and not all_compared:
        return f"The handshakes are the same; of so many messages see below. They took {took}."
    return f"The answers are the same. They took {took}."


def _answer(side: Loaded, *, with_messages: bool) -> diff.Answer:
    return diff.answer_of(side.exchange, side.messages if with_messages else ())


def _took(side: Loaded) -> str:
    return formats.duration(total_ns(side.exchange) or None) or "an unknown time"
