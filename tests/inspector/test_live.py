from __future__ import annotations

import pytest

from inspector.live import NEVER_CALLED_NS, LiveExchanges
from inspector.model import Exchange, Kind, State


class Touches:
    """The part of a recorder that ``LiveExchanges`` uses."""

    def __init__(self) -> None:
        self.touched: list[int] = []

    def touch(self, exchange: Exchange) -> None:
        self.touched.append(exchange.id)


class Setting:
    def __init__(self) -> None:
        self.touches = Touches()
        self.finished: list[Exchange] = []
        self.live = LiveExchanges(self.touches, self.finished.append)  # type: ignore[arg-type]

    def add(self, number: int = 1, *, expects_app: bool = True) -> Exchange:
        exchange = Exchange(number)
        self.live.add(exchange, expects_app=expects_app)
        return exchange


@pytest.fixture
def setting() -> Setting:
    return Setting()


def test_without_a_probe_the_wire_alone_decides(setting: Setting) -> None:
    exchange = setting.add(expects_app=False)
    assert setting.live.by_id == {1: exchange}
    setting.live.wire_closed(exchange, 5)
    assert (exchange.state, exchange.closed_ns, setting.finished) == (State.DONE, 5, [exchange])
    assert setting.live.by_id == {}
    assert setting.touches.touched == [1, 1]


@pytest.mark.parametrize("wire_first", [True, False])
def test_both_sides_must_be_over(setting: Setting, wire_first: bool) -> None:
    exchange = setting.add()
    if wire_first:
        setting.live.wire_closed(exchange, 5)
    else:
        setting.live.app_returned(exchange, 6)
    assert (exchange.state, setting.finished) == (State.OPEN, [])
    if wire_first:
        setting.live.app_returned(exchange, 6)
    else:
        setting.live.wire_closed(exchange, 5)
    assert (exchange.state, setting.finished) == (State.DONE, [exchange])


def test_the_first_error_stays(setting: Setting) -> None:
    exchange = setting.add()
    exchange.closed_ns = 4
    setting.live.wire_closed(exchange, 5, "cut")
    setting.live.app_returned(exchange, 6, "raised")
    assert (exchange.state, exchange.error, exchange.closed_ns) == (State.FAILED, "cut", 4)


def test_what_comes_after_the_end_is_written_but_finishes_nothing_twice(setting: Setting) -> None:
    exchange = setting.add(expects_app=False)
    setting.live.wire_closed(exchange, 5)
    setting.live.app_returned(exchange, 6)
    assert setting.finished == [exchange]
    assert exchange.returned_ns == 6


def test_nobody_need_listen() -> None:
    live = LiveExchanges(Touches())  # type: ignore[arg-type]
    exchange = Exchange(1)
    live.add(exchange, expects_app=False)
    live.wire_closed(exchange, 1)
    assert exchange.state == State.DONE


def test_a_dead_worker_returns_nothing(setting: Setting) -> None:
    held, other, waiting, over = (setting.add(number) for number in (1, 2, 3, 4))
    held.worker, held.called_ns = 9, 1
    other.worker, other.called_ns = 8, 1
    waiting.worker = 9
    over.worker, over.called_ns, over.app_done = 9, 1, True
    lifespan = setting.add(5)
    lifespan.kind, lifespan.worker, lifespan.called_ns, lifespan.app_done = Kind.LIFESPAN, 9, 1, False
    assert setting.live.in_hand(9) == (1,)
    setting.live.worker_gone(9, 7, "was killed")
    assert (held.app_done, held.error) == (True, "its worker was killed")
    assert not other.app_done
    assert lifespan.app_done


def test_what_a_worker_had_in_hand_at_a_moment(setting: Setting) -> None:
    before, returned, still, later, lifespan = (setting.add(number) for number in range(1, 6))
    for exchange, called in ((before, 1), (returned, 2), (still, 3), (later, 50), (lifespan, 1)):
        exchange.worker, exchange.called_ns, exchange.app_done = 9, called, False
    lifespan.kind = Kind.LIFESPAN
    setting.live.app_returned(before, 5)
    setting.live.app_returned(returned, 11)
    assert setting.live.in_hand_at(9, 10) == [returned, still]


def test_an_answer_without_a_call_is_settled_after_a_while(setting: Setting) -> None:
    never, called, unanswered = (setting.add(number) for number in (1, 2, 3))
    setting.live.wire_closed(never, 10)
    setting.live.wire_closed(called, 10)
    called.called_ns = 5
    setting.live.sweep(10 + NEVER_CALLED_NS)
    assert setting.finished == []
    setting.live.sweep(11 + NEVER_CALLED_NS)
    assert setting.finished == [never]
    assert unanswered.state == State.OPEN


def test_who_waits_for_a_clients_request_is_told_once_before_it_is_recorded(setting: Setting) -> None:
    told: list[tuple[int, list[int]]] = []
    setting.live.awaited["127.0.0.1:9"] = lambda exchange: told.append((exchange.id, list(setting.touches.touched)))
    for number, client in ((1, "127.0.0.1:8"), (2, "127.0.0.1:9"), (3, "127.0.0.1:9")):
        setting.live.add(Exchange(number, client=client), expects_app=False)
    assert told == [(2, [1])]
    assert setting.live.awaited == {}
