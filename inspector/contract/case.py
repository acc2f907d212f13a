"""What is judged: one exchange, its messages read and parted by side. Pure; built once, looked at by each check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from inspector import tagged
from inspector.contract import stages
from inspector.contract.event import Event, read
from inspector.contract.fields import Field, pairs
from inspector.contract.stages import Walk
from inspector.model import CLIENT_LEFT, Exchange, Kind, Message, Side, State, by_time

__all__ = ["Case", "Event"]

View = TypeVar("View")
_PROTOCOLS: dict[str, str] = {Kind.WEBSOCKET: "websocket", Kind.LIFESPAN: "lifespan"}


@dataclass(frozen=True)
class Case:
    """``exchange`` and its messages. ``mode``: the slug of the server that ran it, empty if unknown.

    An exchange that is still open may be judged: what only shows at the end is asked of ``over`` ones.
    """

    exchange: Exchange
    messages: Iterable[Message]
    mode: str = ""
    app: list[Event] = field(init=False)  #: as the application saw it, in order of time
    wire: list[Event] = field(init=False)  #: as the proxy saw it
    _views: dict[Callable[..., Any], Any] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        sides: dict[str, list[Event]] = {Side.APP: [], Side.WIRE: []}
        for message in by_time(self.messages):
            sides[message.side].append(read(message))
        object.__setattr__(self, "app", sides[Side.APP])
        object.__setattr__(self, "wire", sides[Side.WIRE])

    def view(self, make: Callable[[Case], View]) -> View:
        """``make(self)``, made once for all checks that ask: what several of them have to work out first."""
        views = self._views
        if make not in views:
            views[make] = make(self)
        found: View = views[make]
        return found

    @cached_property
    def context(self) -> dict[str, Any]:
        """The environ or scope; empty when no probe told it."""
        try:
            context = tagged.loads(self.exchange.context) if self.exchange.context else {}
        except ValueError:
            context = {}
        return context if isinstance(context, dict) else {}

    @cached_property
    def request_fields(self) -> list[Field]:
        """The headers in an ASGI scope, as far as they are pairs of bytes."""
        return pairs(self.context.get("headers"))

    @cached_property
    def wsgi(self) -> bool:
        """Whether the application was called as PEP 3333 says."""
        return self.exchange.interface == "WSGI"

    @cached_property
    def asgi(self) -> bool:
        """Whether it was called as ASGI says, in either version."""
        return self.exchange.interface.startswith("ASGI")

    def is_kind(self, *kinds: Kind) -> bool:
        """Whether the exchange is one of ``kinds``."""
        return self.exchange.kind in kinds

    @cached_property
    def protocol(self) -> str:
        """``http``, ``websocket`` or ``lifespan``: the type of an ASGI scope; empty for WSGI."""
        return _PROTOCOLS.get(self.exchange.kind, "http") if self.asgi else ""

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.exchange.state != State.OPEN

    @property
    def complete(self) -> bool:
        """Whether every message was recorded: what is missing otherwise may only have been dropped."""
        return not self.exchange.dropped

    @cached_property
    def ended(self) -> Event | None:
        """How an ASGI call ended: ``return`` or ``raise``; None while it runs, or if nobody saw its end."""
        for event in reversed(self.app):
            if event.type in ("return", "raise") and event.direction == "out":
                return event
        return None

    @property
    def returned(self) -> bool:
        """Whether an ASGI call ended by returning, and every message of it was recorded."""
        return self.ended is not None and self.ended.type == "return" and self.complete

    @cached_property
    def refused(self) -> dict[int, str]:
        """What the server raised from an ASGI ``send``, by the number of the message that was sent.

        A cancellation is no refusal: the message may well be on its way.
        """
        refused: dict[int, str] = {}
        sent = -1
        for event in self.app:
            if event.type == "raise" and event.direction == "in" and event.info.get("from") == "send":
                text = str(event.info.get("exception", ""))
                if sent >= 0 and not text.startswith("CancelledError"):
                    refused[sent] = text
                sent = -1
            elif event.direction == "out":
                sent = event.seq
        return refused

    @cached_property
    def walk(self) -> Walk:
        """The stages that an ASGI call went through."""
        return stages.walk(self.protocol, self.app, self.refused)

    @cached_property
    def client_left_ns(self) -> int:
        """When the client cut the exchange, or an ASGI application was told so before it had answered; else 0."""
        for event in self.wire:
            if event.type == "client.gone":
                return event.t_ns
        if self.exchange.error.startswith(CLIENT_LEFT):
            return self.exchange.closed_ns
        return self.walk.gone_ns if self.asgi else 0

    @property
    def deserted(self) -> bool:
        """Whether the client was gone before an ASGI call ended."""
        return self.client_left_ns > 0 and (self.ended is None or self.client_left_ns <= self.ended.t_ns)
