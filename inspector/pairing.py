"""Which exchanges of two recordings belong together: the first that asks the same with the first, and so on.

Pure; knows of exchanges only what a list of them tells.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from inspector.model import Kind


class Asked(Protocol):
    """What pairs are made by: an ``inspector.model.Exchange`` or a row of a trace."""

    @property
    def id(self) -> int:
        """Its number in its trace."""
        ...

    @property
    def kind(self) -> str:
        """An ``inspector.model.Kind``."""
        ...

    @property
    def method(self) -> str:
        """Of the request."""
        ...

    @property
    def target(self) -> str:
        """Of the request."""
        ...

    @property
    def opened_ns(self) -> int:
        """When its first byte came."""
        ...


@dataclass(frozen=True, slots=True)
class Pair:
    """Two exchanges that ask the same; None where one recording has no more of them."""

    one: Asked | None
    other: Asked | None

    @property
    def asked(self) -> Asked:
        """Either of them: they ask the same."""
        found = self.one or self.other
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs in the order of the first recording, then what only the other has. ``left_out``: what is no answer."""

    pairs: tuple[Pair, ...]
    left_out: int


def pair(one: Iterable[Asked], other: Iterable[Asked]) -> Pairs:
    """Pair by method and target, in the order in which the exchanges began."""
    mine, unfit = _in_order(one)
    theirs, unfit_there = _in_order(other)
    waiting: dict[tuple[str, str], deque[Asked]] = defaultdict(deque)
    for exchange in theirs:
        waiting[exchange.method, exchange.target].append(exchange)
    pairs = [Pair(exchange, _next(waiting[exchange.method, exchange.target])) for exchange in mine]
    taken = {pair.other.id for pair in pairs if pair.other is not None}
    alone = [Pair(None, exchange) for exchange in theirs if exchange.id not in taken]
    return Pairs((*pairs, *alone), unfit + unfit_there)


def _next(waiting: deque[Asked]) -> Asked | None:
    return waiting.popleft() if waiting else None


def _in_order(exchanges: Iterable[Asked]) -> tuple[list[Asked], int]:
    """Those that have one request and one answer, and how many have not: WebSockets, lifespans, what was not read."""
    found = list(exchanges)
    fit = [exchange for exchange in found if exchange.kind in (Kind.HTTP, Kind.SSE) and exchange.method]
    return sorted(fit, key=lambda exchange: (exchange.opened_ns, exchange.id)), len(found) - len(fit)
