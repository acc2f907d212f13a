"""One call of a WSGI application as its rules look at it, and the register of what looks at it.

Pure. Knows PEP 3333's words, and no rule. ``Call`` is made once for each case; every look of the modules ``environ``
and ``wsgi_*`` gets the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from inspector.contract.case import Case, Event
from inspector.contract.rule import Rule
from inspector.heads import Head, parse_head
from inspector.model import Finding

#: What no application and no server is to blame for: the process was told to end.
_ENDINGS = frozenset(("SystemExit", "KeyboardInterrupt", "GreenletExit"))
#: What a server raises when there is nobody to send to, or to read from, any more.
_BROKEN = frozenset(("BrokenPipeError", "ConnectionResetError", "ConnectionAbortedError", "ClientDisconnected"))

#: Headers about one connection and not about what is sent through it (RFC 9110 section 7.6.1, RFC 2616 13.5.1).
HOP_BY_HOP = frozenset((
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "trailers", "transfer-encoding", "upgrade",
))  # fmt: skip


@dataclass(slots=True)
class Start:
    """A call of ``start_response``."""

    event: Event
    index: int  #: of the event among the call's
    raised: str  #: what the server raised from it: "ValueError: ..."; empty: nothing
    begun: bool  #: whether a part of the body had been handed over before, be it empty
    committed: bool  #: whether one was that is not
    within: bool  #: whether the application had returned its iterable before

    @property
    def status(self) -> Any:
        """As given; None if it was not given in its place."""
        return self.event.info.get("status")

    @property
    def headers(self) -> Any:
        """As given."""
        return self.event.info.get("headers")

    @property
    def has_exc_info(self) -> bool:
        """Whether there is a third argument; None as the third is the same as none."""
        return self.event.info.get("exc_info") is not None

    @property
    def code(self) -> int:
        """The status as a number; 0 if it is none."""
        status = self.status
        return int(status[:3]) if isinstance(status, str) and status[:3].isascii() and status[:3].isdigit() else 0

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Its headers as far as they are what they should be, names in lower case."""
        given = self.headers if isinstance(self.headers, list) else []
        return [
            (item[0].lower(), item[1])
            for item in given
            if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], str)
        ]


class Call:
    """One call. ``events`` are what application and server said to each other, in order; times are nanoseconds. What
    was said when the call was over is in ``events`` alone.

    ``starts``: every call of start_response. ``result``: the application returned something. ``pieces``: the parts of
    the body, ``data`` those that hold something. ``all_bytes``: whether all of them are what they should be; else the
    server answers as it likes. ``exhausted``: the server had asked for more, and there was none. ``closed``: it closed
    the result. ``raised_by_server``: what it raised into the application. ``failure``: the exception that left the
    application, unless that is how a process is told to end.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.exchange = case.exchange
        self.events = case.app
        self.environ = case.context
        self.starts: list[Start] = []
        self.result: Event | None = None
        self.pieces: list[Event] = []
        self.data: list[Event] = []
        self.all_bytes = True
        self.exhausted: Event | None = None
        self.closed: Event | None = None
        self.raised_by_server: list[Event] = []
        self.failure: Event | None = None
        self.types: set[str] = set()
        # One pass, and no lazy properties: most of this is asked for in every call, and there are very many calls.
        for index, event in enumerate(self.events):
            self.types.add(event.type)
            take = _TAKES.get(event.type)
            if take is not None and not self.is_late(event):
                take(self, index, event)

    def is_late(self, event: Event) -> bool:
        """Whether the call was over by then: no part of it any more."""
        return event.t_ns > self.exchange.returned_ns > 0

    def of(self, *types: str) -> list[Event]:
        """The events of these types."""
        return [] if self.types.isdisjoint(types) else [event for event in self.events if event.type in types]

    # --- what was said ------------------------------------------------------------------------------------------------

    def _started(self, index: int, event: Event) -> None:
        committed = bool(self.data) or not self.all_bytes
        within = self.result is not None
        self.starts.append(Start(event, index, self._raised_by(index), bool(self.pieces), committed, within))

    def _raised_by(self, index: int) -> str:
        """What the server raised when it was called by the event at ``index``."""
        after = self.events[index + 1] if index + 1 < len(self.events) else None
        if after is None or after.type != "raise" or after.info.get("from") != self.events[index].type:
            return ""
        return str(after.info.get("exception", "")) or "an exception"

    def _returned(self, index: int, event: Event) -> None:  # noqa: ARG002  (one form for all)
        self.result = self.result or event

    def _produced(self, index: int, event: Event) -> None:  # noqa: ARG002
        if is_piece(event):
            self.pieces.append(event)
            if event.size:
                self.data.append(event)
            self.all_bytes = self.all_bytes and "data" not in event.info
        if event.type == "iterate" and event.info.get("stop"):
            self.exhausted = self.exhausted or event

    def _closed(self, index: int, event: Event) -> None:  # noqa: ARG002
        self.closed = self.closed or event

    def _raised(self, index: int, event: Event) -> None:  # noqa: ARG002
        if event.direction == "in":
            self.raised_by_server.append(event)
        elif exception_name(event) not in _ENDINGS:
            self.failure = self.failure or event

    @property
    def announced(self) -> Start | None:
        """The ``start_response`` that counts: the last one that the server took."""
        return next((start for start in reversed(self.starts) if not start.raised), None)

    # --- how it ended -------------------------------------------------------------------------------------------------

    @property
    def returned(self) -> bool:
        """Whether the call is over, and was seen to be: its worker did not go in the middle of it."""
        return self.exchange.returned_ns > 0 and not self.exchange.error.startswith("its worker ")

    @property
    def passed_on(self) -> bool:
        """Whether what left the application is what the server had raised into it."""
        failure = self.failure
        return failure is not None and exception_name(failure) in map(exception_name, self.raised_by_server)

    @property
    def client_left_ns(self) -> int:
        """When the client went away before the end; 0 if it did not."""
        broken = (event.t_ns for event in self.raised_by_server if exception_name(event) in _BROKEN)
        return self.case.client_left_ns or next(broken, 0)

    # --- the wire -----------------------------------------------------------------------------------------------------

    @cached_property
    def asked(self) -> Head | None:
        """The request's head; None if the request did not come through the proxy."""
        return parse_head(self.exchange.request_head) if self.exchange.request_head else None

    @cached_property
    def answered(self) -> Event | None:
        """The server's head of the response has come; None also for an answer that the proxy gave in its place."""
        heads = (event for event in self.case.wire if event.type == "response.head")
        return next((event for event in heads if "from" not in event.info), None)

    @cached_property
    def answer(self) -> Head:
        """That head."""
        return parse_head(self.exchange.response_head)

    @property
    def is_head(self) -> bool:
        """Whether the request asks for the head alone (RFC 9110 section 9.3.2)."""
        return self.exchange.method == "HEAD"


_TAKES = {
    "start_response": Call._started, "return": Call._returned, "iterate": Call._produced, "write": Call._produced,
    "close": Call._closed, "raise": Call._raised,
}  # fmt: skip


def is_piece(event: Event) -> bool:
    """Whether ``event`` hands over a part of the body: an item of the iterable, or a ``write()``."""
    if event.type not in ("iterate", "write") or event.direction != "out":
        return False
    return event.payload is not None or "data" in event.info


def exception_name(event: Event) -> str:
    """The class of the exception of a ``raise``, without its module."""
    return str(event.info.get("exception", "")).partition(":")[0].strip().rpartition(".")[2]


def attributes(call: Call, prefix: str) -> Iterator[tuple[Event, str]]:
    """Attributes of a stream that PEP 3333 does not provide for: the first event of each, and its name."""
    told: set[str] = set()
    for event in call.of(prefix + "attribute"):
        name = str(event.info.get("name", ""))
        if name not in told:
            told.add(name)
            yield event, name


def shown(value: Any) -> str:
    """``value`` as one would write it in Python, short enough for a sentence."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def number(value: Any) -> int | None:
    """The number of bytes that a CONTENT_LENGTH says, or None."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19 else None


Look = Callable[[Call], Iterator[Finding]]

#: The rules for WSGI, and who looks for what breaks them.
WSGI_RULES: list[Rule] = []
LOOKS: list[Look] = []


def looks(*rules: Rule) -> Callable[[Look], Look]:
    """Register ``rules`` and the function that looks for what breaks them in a call."""

    def register(look: Look) -> Look:
        WSGI_RULES.extend(rules)
        LOOKS.append(look)
        return look

    return register
