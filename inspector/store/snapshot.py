"""Exchanges as plain tuples, the form in which they go to the process that writes them.

Knows the model and no tables. Exchanges are live objects that traffic goes on changing; whatever changes after the
snapshot is touched again and sent again. A large body that still grows is not sent each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from inspector.model import Exchange, State
from inspector.store.shape import NARROW, Row

#: A live body beyond this is sent at most every ``LATE_NS``, not with every event that adds to it.
LARGE_BODY = 64 << 10
LATE_NS = 500_000_000

_OPEN = State.OPEN
_plain = str.__str__  # members of our enums are strings, but not plain ones
#: All of ``shape.EXCHANGE`` but id, kind and state.
_REST = attrgetter(
    "instance", "worker", "client", "method", "target", "http_version", "status", "opened_ns", "forwarded_ns",
    "called_ns", "started_ns", "first_byte_ns", "last_app_ns", "returned_ns", "closed_ns", "interface", "task", "error",
    "replay_of", "replay_run", "messages", "dropped", "request_body.size", "response_body.size", "response_head",
    "exception", "answered_ns", "held_ns", "request_head", "request_body.head", "request_body.tail",
    "request_body.sha256", "response_body.head", "response_body.tail", "response_body.sha256", "context",
)  # fmt: skip

Signature = tuple[object, ...]


@dataclass(slots=True)
class _Sent:
    """What of an open exchange's detail was sent, and when."""

    signature: Signature
    at_ns: int


class Snapshots:
    """Takes them, and knows what of each open exchange has been sent. Belongs to one thread at a time."""

    def __init__(self) -> None:
        self.late: dict[int, Exchange] = {}  #: open exchanges whose large body waits for ``LATE_NS`` to pass
        self._sent: dict[int, _Sent] = {}

    def take(self, exchanges: Sequence[Exchange], now_ns: int) -> list[Row]:
        """A row for each, shorter where the detail is as it was. One that is not as the model says is left out."""
        rows: list[Row] = []
        for exchange in exchanges:
            exchange.dirty = False  # before the snapshot: a change after it is announced anew
            state = exchange.state
            try:
                row = (exchange.id, _plain(exchange.kind), _plain(state), *_REST(exchange))
                if state != _OPEN:
                    if self._sent:
                        self._sent.pop(exchange.id, None)
                        self.late.pop(exchange.id, None)
                elif not self._wants_detail(exchange, now_ns):
                    row = row[:NARROW]
                rows.append(row)
            except (AttributeError, TypeError, ValueError):
                continue
        return rows

    def take_late(self, now_ns: int) -> list[Exchange]:
        """The exchanges whose body has waited long enough."""
        if not self.late:
            return []
        due = [e for i, e in self.late.items() if i not in self._sent or now_ns - self._sent[i].at_ns >= LATE_NS]
        for exchange in due:
            del self.late[exchange.id]
        return due

    def _wants_detail(self, exchange: Exchange, now_ns: int) -> bool:
        """Whether there is something new in it; a large body that still grows is put off to ``late``."""
        signature = _signature(exchange)
        sent = self._sent.get(exchange.id)
        if sent is None:
            self._sent[exchange.id] = _Sent(signature, now_ns)
            return True
        if signature == sent.signature:
            return False
        large = len(exchange.request_body.head) + len(exchange.response_body.head) > LARGE_BODY
        if large and now_ns - sent.at_ns < LATE_NS:
            self.late[exchange.id] = exchange
            return False
        sent.signature, sent.at_ns = signature, now_ns
        return True


def _signature(exchange: Exchange) -> Signature:
    return (
        len(exchange.request_head),
        len(exchange.response_head),
        exchange.request_body.size,
        exchange.response_body.size,
        len(exchange.context),
        len(exchange.exception),
    )
