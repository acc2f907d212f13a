"""What is judged: one exchange, its messages read and parted by side. Pure; built once, looked at by each check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from inspector import tagged
from inspector.model import Exchange, Kind, Message, Side, State, by_time

View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class Event:
    """A message with its info read. Fields as in ``inspector.model.Message``."""

    seq: int
    t_ns: int
    direction: str
    type: str
    size: int
    payload: bytes | None
    tail: bytes
    info: dict[str, Any]

    @property
    def whole(self) -> bytes | None:
        """The payload, if all of it was kept."""
        return self.payload if self.payload is not None and len(self.payload) == self.size else None


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
            sides[message.side].append(_event(message))
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

    @property
    def wsgi(self) -> bool:
        """Whether the application was called as PEP 3333 says."""
        return self.exchange.interface == "WSGI"

    @property
    def asgi(self) -> bool:
        """Whether it was called as ASGI says, in either version."""
        return self.exchange.interface.startswith("ASGI")

    def is_kind(self, *kinds: Kind) -> bool:
        """Whether the exchange is one of ``kinds``."""
        return self.exchange.kind in kinds

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.exchange.state != State.OPEN

    @property
    def complete(self) -> bool:
        """Whether every message was recorded: what is missing otherwise may only have been dropped."""
        return not self.exchange.dropped


def _event(message: Message) -> Event:
    try:
        info = tagged.loads(message.info) if message.info else {}
    except ValueError:
        info = {}
    return Event(
        message.seq, message.t_ns, message.direction, message.type, message.size, message.payload, message.tail,
        info if isinstance(info, dict) else {},
    )  # fmt: skip
